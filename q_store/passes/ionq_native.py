"""Programs of trapped-ion machines: every gate native, as few of them as we know how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from q_store.passes.analysis import all_ops
from q_store.passes.base import Relation
from q_store.passes.choose_axes import Entangler
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import Diagnostic
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


def start(level: int, *, placed: bool = False) -> str:
    """Rotations of one and two wires: level 0 translates, the others simplify as well. Where
    qubits are `placed`, swaps are rotations too."""
    expand = "expand-entanglers{placed}" if placed else _START
    if level == 0:
        return expand
    return f"{_SIMPLIFY},fold-conjugations,{expand},fixpoint(cancel,merge-rotations)"


def combine(level: int, *, equal: bool = False, ordered: bool = False, placed: bool = False) -> str:
    """Fewer rotations: from level 2 on numeric blocks are taken apart, with `equal` also where
    that saves no entangler. `ordered` exchanges commuting rotations."""
    parts = []
    if level >= 2:
        options = " ".join(["equal"] * equal + ["placed"] * placed)
        parts = [
            "resynthesize-pairs" + f"{{{options}}}" * bool(options),
            *["relabel-swaps"] * (not placed),
            "fixpoint(cancel,merge-rotations)",
        ]
    return ",".join([*parts, *["order-rotations"] * ordered])


_SHARE: Final = "share-gadgets,fixpoint(cancel,merge-rotations)"
_WAYS: Final[tuple[dict[str, bool], ...]] = (
    {},
    {"equal": True},
    {"ordered": True},
    {"equal": True, "ordered": True},
)
"""What level 3 tries, with shared gadgets and without."""


def _described(how: dict[str, bool], shared: bool) -> str:
    return ", ".join([*["shared gadgets"] * shared, *how]) or "plain"


@dataclass(frozen=True, slots=True)
class IonqNative:
    """Compiles to the native gates of an IonQ machine: `gpi`, `gpi2` and `ms` or `zz`.

    Swaps become a new order of wires unless qubits are placed, Ising and controlled rotations one
    entangler of any angle, and Z rotations phases of later pulses; what is left of those stands at
    the end as `rz`. Parameters stay: phases and angles of pulses are affine in them.
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
    placed: bool = False
    """Whether qubits have places on the machine, as after `route`: gates stay on their pairs, and
    swaps are played."""

    def run(self, module: Module, ctx: Context) -> Module:
        """The module in native gates; noise channels, measurements and barriers stay."""
        entangler, level = ENTANGLERS[self.device], int(self.level)
        begun = ctx.apply(Pipeline.parse(start(level, placed=self.placed)), module)
        play = Pipeline.parse(_PLAY.format(entangler))
        if level < 3:
            way = Pipeline.parse(combine(level, placed=self.placed))
            return ctx.apply(play, ctx.apply(way, begun))
        shared = begun if self.placed else ctx.apply(Pipeline.parse(_SHARE), begun)
        candidates = [
            (origin, how)
            for origin in (begun, shared)[: 1 + (shared is not begun)]
            for how in _WAYS
        ]
        texts = [_described(how, origin is not begun) for origin, how in candidates]
        played: dict[Module, Module] = {}
        results = []
        for number, (origin, how) in enumerate(candidates):
            with ctx.stage(f"candidate {number + 1} of {len(candidates)} ({texts[number]})"):
                way = Pipeline.parse(combine(level, placed=self.placed, **how))
                combined = ctx.apply(way, origin)
                if combined not in played:  # ways often lead to the same
                    played[combined] = ctx.apply(play, combined)
                results.append(played[combined])
        versions = zip(*[result.funcs for result in results], strict=True)
        return Module(tuple([self.cheapest(choices, texts, ctx) for choices in versions]))

    def cheapest(self, choices: tuple[Func, ...], texts: list[str], ctx: Context) -> Func:
        """The first function of the lowest price; the note `QS413` says which one it is."""
        prices = [self.price(func) for func in choices]
        best = prices.index(min(prices))
        ctx.report(
            Diagnostic(
                "QS413",
                f"`{self.name}` kept candidate {best + 1} of {len(choices)} ({texts[best]}) for "
                f"@{choices[best].name}: it costs {prices[best]:g} pulses",
                severity="note",
                notes=(f"the candidates cost {', '.join(f'{price:g}' for price in prices)}",),
            )
        )
        return choices[best]

    def price(self, func: Func) -> float:
        """Gates, entanglers counted by their weight."""
        names = [op.defn.name for op in all_ops(func.ops) if op.is_gate and op.operands]
        entanglers = sum([len(op.operands) > 1 for op in all_ops(func.ops) if op.is_gate])
        pulses = len(names) - entanglers - names.count("q.rz")
        return pulses + self.entangler_weight * entanglers
