"""A gate followed by its inverse is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.facts import inverse_row, is_additive
from q_store.passes.look_back import find_earlier
from q_store.passes.rewrite import Answer, RuleSet, Sweep, gates_where, rule, sweep
from q_store.qir.ops import Gate, Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func


def _inverts(earlier: Op, later: Op) -> bool:
    """Whether the angles are those of the inverse."""
    if not earlier.angles:
        return True
    row = earlier.defn
    assert isinstance(row, Gate)
    if is_additive(row):
        before, after = earlier.angles[0], later.angles[0]
        return before.const == -after.const and (before + after).is_zero
    ((_, _, angles),) = row.inverse(*earlier.angles)
    return bool(angles == later.angles)


@rule(where=gates_where(lambda row: bool(row.wires) and inverse_row(row) is not None))
def cancel_inverse(s: Sweep, op: Op) -> Answer:
    """U⁻¹ after U: both go. The inverse gate sits on the same wires, in any order that the row
    allows; gates between that commute with it do not matter."""
    row = op.defn
    assert isinstance(row, Gate)
    found = inverse_row(row)
    assert found is not None
    inverse, at = found
    partner = find_earlier(s, op, inverse, at, _inverts)
    if partner is None:
        return None
    s.retract(partner)
    return op.operands


RULES: Final = RuleSet([cancel_inverse])


@dataclass(frozen=True, slots=True)
class Cancel(FuncPass):
    """Removes gates that are followed by their inverse, past gates that commute.

    Symmetric gates and controls match in any wire order; symbolic angles match when they are equal.
    """

    name: ClassVar[str] = "cancel"

    look_back: int = 32
    """How many commuting gates a gate may look past."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep, more only when `look-back` cut a search short."""
        return sweep(func, RULES, ctx, look_back=self.look_back)
