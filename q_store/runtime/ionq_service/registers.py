"""OpenQASM 3 with measurements anywhere: every measured bit gets a qubit that nothing follows on.

A qubit that is measured and goes on hands its bit to a fresh qubit by a CX, which is no gate of the
machine and has no noise. What is measured last is its own qubit (the principle of deferred
measurement).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from q_store.qir import dialects
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func
from q_store.qir.ops import Op
from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class Deferred:
    """A circuit that measures nothing before its end, on the job's qubits and fresh ones."""

    func: Func
    wires: tuple[int, ...]
    """The bit of an outcome that each qubit is: that of the job's qubit, or one above those."""
    registers: dict[str, list[int | None]]
    """The bits of an outcome in each register."""


def deferred(func: Func, registers: Mapping[str, Sequence[str | None]]) -> Deferred:
    """Take the measurements out of a function that returns all its wires; `registers` names the
    measured bits, which have the names of the function's."""
    walk = _Walk(func)
    for op in func.ops:
        walk.take(op)
    homes = [walk.places[value] for value in func.results]
    wires = [homes.index(place) for place in range(func.n_qubits)]
    wires += range(func.n_qubits, len(walk.builder.wires))
    found = {
        name: [None if bit not in walk.bits else wires[walk.bits[bit]] for bit in bits]
        for name, bits in registers.items()
    }
    return Deferred(walk.builder.finish(), tuple(wires), found)


@dataclass(slots=True)
class _Walk:
    func: Func
    builder: FuncBuilder = field(init=False)
    places: dict[Value, int] = field(default_factory=dict)
    """The qubit of each wire."""
    bits: dict[str | None, int] = field(default_factory=dict)
    """The qubit that each measured bit is read from at the end."""
    middle: dict[Op, int] = field(init=False)
    """Measurements that something follows, and the fresh qubit of each."""

    def __post_init__(self) -> None:
        users = {value: op for op in self.func.ops for value in op.operands}
        measured = [op for op in self.func.ops if op.defn is dialects.MEASURE]
        n = self.func.n_qubits
        again = [op for op in measured if _goes_on(op, users)]
        self.middle = {op: n + k for k, op in enumerate(again)}
        self.builder = FuncBuilder(self.func.name, n + len(again))

    def take(self, op: Op) -> None:
        if op.defn is dialects.ALLOC:
            self.places |= {value: len(self.places) + k for k, value in enumerate(op.results)}
            return
        at = [self.places[value] for value in op.operands]
        self.places.update(zip(op.results, at, strict=False))
        if op.defn is not dialects.MEASURE:
            self.builder.gate(op.defn, at, op.angles)
            return
        home = self.middle.get(op, at[0])
        if home != at[0]:
            self.builder.gate("cx", (at[0], home))
        self.bits[op.results[1].name] = home


def _goes_on(op: Op, users: Mapping[Value, Op]) -> bool:
    """Whether anything but a barrier follows on the measured qubit."""
    value = op.results[0]
    while value in users:
        follower = users[value]
        if follower.defn is not dialects.BARRIER:
            return True
        value = follower.results[follower.operands.index(value)]
    return False
