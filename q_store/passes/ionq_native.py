"""Programs of trapped-ion machines: every gate native, as few of them as we know how."""

from __future__ import annotations

from collections.abc import Iterator
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
_PAIRS: Final = "resynthesize-pairs{},relabel-swaps,fixpoint(cancel,merge-rotations)"
_PLAY: Final = (
    "fold-angles,choose-axes{{entangler={}}},pulses,phase-track,pulses,phase-track,fold-angles"
)


def stages(entangler: Entangler, level: int, *, equal: bool = False, ordered: bool = False) -> str:
    """The pipeline for a level: 0 translates, 1 simplifies first, 2 and 3 also take numeric blocks
    apart; `equal` also where that saves no entangler. `ordered` exchanges commuting rotations."""
    start = "expand-entanglers,relabel-swaps"
    if level >= 1:
        start = f"{_SIMPLIFY},fold-conjugations,{start},fixpoint(cancel,merge-rotations)"
    if level >= 2:
        start = f"{start},{_PAIRS.format('{equal}' if equal else '')}"
    order = ",order-rotations" if ordered else ""
    return f"{start}{order},{_PLAY.format(entangler)}"


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
    """How hard to try; 3 compiles in several ways and keeps the cheapest."""
    entangler_weight: float = 8.0
    """What an entangler costs, counted in pulses."""

    def run(self, module: Module, ctx: Context) -> Module:
        """The module in native gates; noise channels, measurements and barriers stay."""
        entangler = ENTANGLERS[self.device]
        results = [
            ctx.apply(Pipeline.parse(text), module) for text in self._alternatives(entangler)
        ]
        if len(results) == 1:
            return results[0]
        versions = zip(*[result.funcs for result in results], strict=True)
        return Module(tuple([min(choices, key=self.price) for choices in versions]))

    def _alternatives(self, entangler: Entangler) -> Iterator[str]:
        level = int(self.level)
        yield stages(entangler, level)
        if level >= 3:
            yield stages(entangler, level, equal=True)
            yield stages(entangler, level, ordered=True)
            yield stages(entangler, level, equal=True, ordered=True)

    def price(self, func: Func) -> float:
        """Gates, entanglers counted by their weight."""
        names = [op.defn.name for op in all_ops(func.ops) if op.is_gate and op.operands]
        entanglers = sum([len(op.operands) > 1 for op in all_ops(func.ops) if op.is_gate])
        pulses = len(names) - entanglers - names.count("q.rz")
        return pulses + self.entangler_weight * entanglers
