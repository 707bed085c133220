"""One way to write the same thing, and nothing that does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.facts import exchange_groups, is_identity_at_zero, periods
from q_store.passes.phases import collect_phases, global_phase, wrap
from q_store.passes.rewrite import Answer, RuleSet, Sweep, gates_where, rule, sweep
from q_store.passes.scalars import drop_dead_scalars, simplify_scalars
from q_store.qir.angle import Angle
from q_store.qir.dialects import Channel
from q_store.qir.ops import Gate, Op, Trait

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func

_FULL_TURN: Final = 2 * pi


@rule("q.id")
def drop_identity(s: Sweep, op: Op) -> Answer:
    """id -> nothing."""
    return op.operands


@rule(where=lambda row: isinstance(row, Channel))
def drop_silent_noise(s: Sweep, op: Op) -> Answer:
    """A channel whose probabilities are all zero -> nothing."""
    return op.operands if all(angle.is_zero for angle in op.angles) else None


@rule(where=gates_where(lambda row: bool(row.wires and row.angle_names)))
def simplify_numbers(s: Sweep, op: Op) -> Answer:
    """Zero angles -> nothing; rotation by a full turn -> phase pi; other numbers into one period:
    (-2 pi, 2 pi] where it is 4 pi, (-pi, pi] where it is 2 pi."""
    row = op.defn
    assert isinstance(row, Gate)
    if all(angle.is_const for angle in op.angles):
        if all(angle.const == 0.0 for angle in op.angles) and is_identity_at_zero(row):
            return op.operands
        if row.has(Trait.ROTATION) and abs(op.angles[0].const) == _FULL_TURN:
            s.emit(global_phase(Angle(pi)))
            return op.operands
    wrapped = _wrapped(row, op.angles)
    return None if wrapped == op.angles else op.replace(angles=wrapped)


def _wrapped(row: Gate, angles: tuple[Angle, ...]) -> tuple[Angle, ...]:
    # Numbers this small are in range for either period, so most gates need no look at the row.
    if all(angle.terms or -pi < angle.const <= pi for angle in angles):
        return angles
    return tuple(
        [
            angle if angle.terms or period == inf else Angle(wrap(angle.const, period))
            for angle, period in zip(angles, periods(row), strict=True)
        ]
    )


@rule(where=gates_where(lambda row: bool(exchange_groups(row))))
def order_wires(s: Sweep, op: Op) -> Answer:
    """Wires that the row lets exchange -> in the order of their qubits."""
    row = op.defn
    assert isinstance(row, Gate)
    order = list(range(len(op.operands)))
    for group in exchange_groups(row):
        ranked = sorted(group, key=lambda place: s.qubit(op.operands[place]))
        for place, source in zip(group, ranked, strict=True):
            order[place] = source
    if order == sorted(order):
        return None
    return op.replace(
        operands=tuple([op.operands[place] for place in order]),
        results=tuple([op.results[place] for place in order]),
    )


RULES: Final = RuleSet([drop_identity, drop_silent_noise, simplify_numbers, order_wires])


@dataclass(frozen=True, slots=True)
class Canonicalize(FuncPass):
    """Writes equal programs alike: folds classical ops, drops what does nothing, orders wires.

    Numbers go into one period, exactly: a rotation repeats after 4 pi, a phase after 2 pi. Global
    phases become at most one op at the end.
    """

    name: ClassVar[str] = "canonicalize"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """Scalars first, then gates, then phases and the scalars nothing reads any more."""
        func = simplify_scalars(func)
        func = sweep(func, RULES, ctx)
        return drop_dead_scalars(collect_phases(func))
