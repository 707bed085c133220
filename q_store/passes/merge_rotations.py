"""Rotations about the same axis add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.facts import is_additive
from q_store.passes.look_back import find_earlier
from q_store.passes.rewrite import Answer, RuleSet, Sweep, gates_where, rule, sweep
from q_store.qir.ops import Gate, Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func

_PLACES: Final = tuple(range(32))


def _any(earlier: Op, later: Op) -> bool:
    return True


@rule(where=gates_where(lambda row: bool(row.wires) and is_additive(row)))
def add_angles(s: Sweep, op: Op) -> Answer:
    """U(b) after U(a) is U(a + b), placed where the later one stood, or nothing when a + b is
    exactly zero. Gates between that commute do not matter."""
    row = op.defn
    assert isinstance(row, Gate)
    partner = find_earlier(s, op, row, _PLACES[: len(op.operands)], _any)
    if partner is None:
        return None
    s.retract(partner)
    total = partner.angles[0] + op.angles[0]
    return op.operands if total.is_zero else op.replace(angles=(total,))


RULES: Final = RuleSet([add_angles])


@dataclass(frozen=True, slots=True)
class MergeRotations(FuncPass):
    """Adds the angles of equal rotations or phase gates on the same wires, past commuting gates.

    Angles may be symbolic. A sum that is exactly zero removes both.
    """

    name: ClassVar[str] = "merge-rotations"

    look_back: int = 32
    """How many commuting gates a gate may look past."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep, more only when `look-back` cut a search short."""
        return sweep(func, RULES, ctx, look_back=self.look_back)
