"""Programs of trapped-ion machines: every gate native, as few of them as we know how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from q_store.passes.analysis import all_ops
from q_store.passes.base import Relation
from q_store.passes.choose_axes import Entangler
from q_store.passes.pipeline import Pipeline
from q_store.qir.func import Module

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func

Device = Literal["aria", "forte", "forte-enterprise", "tempo", "harmony"]
ENTANGLERS: Final[dict[str, Entangler]] = {
    "aria": "ms",
    "forte": "zz",
    "forte-enterprise": "zz",
    "tempo": "zz",
    "harmony": "ms",
}
"""What each machine entangles with."""

_SIMPLIFY: Final = "canonicalize,fixpoint(cancel,merge-rotations)"
_START: Final = "expand-entanglers,relabel-swaps"
_PLAY: Final = (
    "fold-angles,choose-axes{{entangler={}}},pulses,phase-track,pulses,phase-track,fold-angles"
)


def start(level: int) -> str:
    """Rotations of one and two wires: level 0 translates, the others simplify as well."""
    if level == 0:
        return _START
    return f"{_SIMPLIFY},fold-conjugations,{_START},fixpoint(cancel,merge-rotations)"


def finish(entangler: Entangler, level: int, *, equal: bool = False, ordered: bool = False) -> str:
    """Native gates from rotations: from level 2 on numeric blocks are taken apart, with `equal`
    also where that saves no entangler. `ordered` exchanges commuting rotations."""
    parts = []
    if level >= 2:
        parts = [
            "resynthesize-pairs" + "{equal}" * equal,
            "relabel-swaps,fixpoint(cancel,merge-rotations)",
        ]
    return ",".join([*parts, *["order-rotations"] * ordered, _PLAY.format(entangler)])


_SHARE: Final = "share-gadgets,fixpoint(cancel,merge-rotations)"
_WAYS: Final[tuple[dict[str, bool], ...]] = (
    {},
    {"equal": True},
    {"ordered": True},
    {"equal": True, "ordered": True},
)
"""What level 3 tries, with shared gadgets and without."""


@dataclass(frozen=True, slots=True)
class IonqNative:
    """Compiles to the native gates of an IonQ machine: `gpi`, `gpi2` and `ms` or `zz`.

    Swaps become a new order of wires, Ising and controlled rotations one entangler of any angle,
    and Z rotations phases of later pulses; what is left of those stands at the end as `rz`.
    Parameters stay: phases and angles of pulses are affine in them.
    """

    name: ClassVar[str] = "ionq-native"
    relation: ClassVar[Relation] = "exact"
    idempotent: ClassVar[bool] = False

    device: Device = "forte"
    level: Literal["0", "1", "2", "3"] = "3"
    """How hard to try; 3 compiles in several ways, with shared gadgets too, and keeps the
    cheapest."""
    entangler_weight: float = 8.0
    """What an entangler costs, counted in pulses."""

    def run(self, module: Module, ctx: Context) -> Module:
        """The module in native gates; noise channels, measurements and barriers stay."""
        entangler, level = ENTANGLERS[self.device], int(self.level)
        begun = ctx.apply(Pipeline.parse(start(level)), module)
        if level < 3:
            return ctx.apply(Pipeline.parse(finish(entangler, level)), begun)
        shared = ctx.apply(Pipeline.parse(_SHARE), begun)
        results = [
            ctx.apply(Pipeline.parse(finish(entangler, level, **how)), origin)
            for origin in (begun, shared)[: 1 + (shared is not begun)]
            for how in _WAYS
        ]
        versions = zip(*[result.funcs for result in results], strict=True)
        return Module(tuple([min(choices, key=self.price) for choices in versions]))

    def price(self, func: Func) -> float:
        """Gates, entanglers counted by their weight."""
        names = [op.defn.name for op in all_ops(func.ops) if op.is_gate and op.operands]
        entanglers = sum([len(op.operands) > 1 for op in all_ops(func.ops) if op.is_gate])
        pulses = len(names) - entanglers - names.count("q.rz")
        return pulses + self.entangler_weight * entanglers
