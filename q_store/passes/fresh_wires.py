"""Qubits that are known to be 0 or 1 need no controls, and rotate nothing but a phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass, Relation
from q_store.passes.ionq.emission import Emission, rewritten
from q_store.qir import dialects
from q_store.qir.ops import Gate, Op, Trait
from q_store.qir.registry import all_gates

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value

_ISING: Final = frozenset({"q.rzz", "ionq.zz"})
_FLIPS: Final = frozenset({"q.x", "q.y", "ionq.gpi"})


@dataclass(frozen=True, slots=True)
class FreshWires(FuncPass):
    """Follows the known state of fresh and reset qubits, and drops what does nothing to it.

    A control that is 0 takes its gate away, one that is 1 only itself; a diagonal gate on known
    qubits is a global phase. Functions that observe nothing stay as they are, because they stand
    for an operator on any state.
    """

    name: ClassVar[str] = "fresh-wires"
    relation: ClassVar[Relation] = "observed"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; the observed results stay the same, global phases do not."""
        return func if func.observe is None else rewritten(func, _Emission())


class _Emission(Emission):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Value, int] = {}
        """Basis states of wires of the source."""

    def take(self, op: Op) -> None:
        row = op.defn
        if row is dialects.ALLOC or row is dialects.RESET:
            self.known.update(dict.fromkeys(op.results, 0))
            self.keep(op)
        elif isinstance(row, Gate) and op.operands:
            self.gate_op(op, row)
        else:
            self.keep(op)
            if row is dialects.BARRIER or row is dialects.MEASURE:
                self.carry(op)

    def gate_op(self, op: Op, row: Gate) -> None:
        states = [self.known.get(value) for value in op.operands]
        if row.has(Trait.DIAGONAL) and None not in states:
            self.passes(op)
            self.carry(op)
        elif row.controls and any(state is not None for state in states[: row.controls]):
            self.controlled(op, row, states)
        elif row.name in _ISING and any(state is not None for state in states):
            self.ising(op, states)
        elif row.name == "q.swap":
            self.keep(op)
            for value, state in zip(reversed(op.results), states, strict=True):
                if state is not None:
                    self.known[value] = state
        else:
            self.keep(op)
            if row.name in _FLIPS and states[0] is not None:
                self.known[op.results[0]] = 1 - states[0]
            elif row.has(Trait.DIAGONAL):
                self.carry(op)

    def carry(self, op: Op) -> None:
        """What the wires were, they still are."""
        for before, after in zip(op.operands, op.results, strict=False):
            if before in self.known:
                self.known[after] = self.known[before]

    def controlled(self, op: Op, row: Gate, states: list[int | None]) -> None:
        """Drop the gate, or the controls that are 1."""
        controls = states[: row.controls]
        if 0 in controls:
            self.passes(op)
            self.carry(op)
            return
        kept = [p for p in range(len(states)) if p >= row.controls or states[p] is None]
        smaller = _with_controls(row, controls.count(None))
        if smaller is None or (smaller.wires or 0) != len(kept):
            self.keep(op)
            return
        wires = [self.wire(op.operands[p]) for p in kept]
        self.passes(op)
        self.carry(op)
        given = self.gate(smaller.mnemonic, wires, op.angles, op.loc)
        for place, wire in zip(kept, given, strict=True):
            result = op.results[place]
            self.now[result] = wire
            known = self.known.pop(result, None)
            if known is not None and smaller.name in _FLIPS:
                self.known[result] = 1 - known
            elif known is not None and smaller.has(Trait.DIAGONAL):
                self.known[result] = known

    def ising(self, op: Op, states: list[int | None]) -> None:
        """Z on a known wire is a sign."""
        place = 0 if states[0] is not None else 1
        sign = -1.0 if states[place] else 1.0
        self.passes(op)
        self.carry(op)
        wire = self.wire(op.operands[1 - place])
        self.now[op.results[1 - place]] = self.gate("rz", (wire,), (op.angles[0] * sign,), op.loc)[
            0
        ]


def _with_controls(row: Gate, controls: int) -> Gate | None:
    """The row with the same base and so many controls."""
    if controls == 0:
        return all_gates().get(row.base or "")
    for candidate in all_gates().values():
        if candidate.base == row.base and candidate.controls == controls:
            return candidate
    return None
