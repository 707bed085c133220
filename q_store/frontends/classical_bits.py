"""Measured bits of other libraries' circuits: which measurements end a circuit, and conditions.

Here a circuit ends by observing qubits, and the bits of measurements in the middle steer `q.if`.
Other libraries measure anywhere into any bit; these functions sort the two uses out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from q_store.frontends.instruction import Instruction
from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.ops import OpDef

Steps = tuple[Instruction, ...]

MAX_CONDITION_BITS: Final = 12
"""A condition is read by trying every value of its bits."""


def split_measurements(
    steps: Sequence[Instruction], order: Iterable[str]
) -> tuple[list[Instruction], list[int]]:
    """Take the measurements out that end the circuit.

    Returns the other steps, and the qubits measured at the end in the order of their bits. A
    measurement ends the circuit when nothing but barriers follows on its qubit and its bit is not
    written again. Such a measurement is kept as a step too when a condition reads its bit.
    Raises `QS353` where a bit is written under a condition and used elsewhere.
    """
    if not any(step.bit for step in steps):
        return list(steps), []
    kept: list[Instruction] = []
    final: dict[str, int] = {}
    touched: set[int] = set()
    written: set[str] = set()
    read: set[str] = set()
    for step in reversed(steps):
        if step.row is dialects.MEASURE and step.bit is not None:
            ends = step.wires[0] not in touched and step.bit not in written
            written.add(step.bit)
            if ends:
                final[step.bit] = step.wires[0]
            if not ends or step.bit in read:
                kept.append(step)
        else:
            kept.append(step)
            if step.bodies:
                read |= _read_bits(step)
        if step.row is not dialects.BARRIER:
            touched.update(step.wires)
    _check_bodies(steps)
    kept.reverse()
    return kept, [final[bit] for bit in order if bit in final]


def _read_bits(step: Instruction) -> set[str]:
    return {bit for bit, row in _uses([step]) if row is dialects.IF}


def _uses(steps: Iterable[Instruction]) -> Iterator[tuple[str, OpDef]]:
    """Every bit that a step or a body in it reads or writes, with the row that does."""
    for step in steps:
        if step.bit is not None:
            yield step.bit, step.row
        for body in step.bodies:
            yield from _uses(body)


def _check_bodies(steps: Sequence[Instruction]) -> None:
    """Bits that a body of a conditional measures are known in that body only."""
    bodies = list(_bodies(steps))
    everywhere = Counter(bit for bit, _ in _uses(steps)) if bodies else Counter()
    for body in bodies:
        uses = list(_uses(body))
        inside = Counter(bit for bit, _ in uses)
        for bit, row in uses:
            if row is dialects.MEASURE and everywhere[bit] > inside[bit]:
                raise error(
                    "QS353",
                    f"the bit `{bit}` is measured under a condition and used outside of it",
                    help="measure before the condition, or into a bit of its own",
                )


def _bodies(steps: Iterable[Instruction]) -> Iterator[Steps]:
    for step in steps:
        for body in step.bodies:
            yield body
            yield from _bodies(body)


def drop_idle_resets(steps: Iterable[Instruction]) -> list[Instruction]:
    """Without resets of qubits nothing has touched, which are in |0> already."""
    steps = list(steps)
    if not any(step.row is dialects.RESET for step in steps):
        return steps
    touched: set[int] = set()
    kept = []
    for step in steps:
        if step.row is dialects.RESET and touched.isdisjoint(step.wires):
            continue
        kept.append(step)
        if step.row is not dialects.BARRIER:
            touched.update(step.wires)
    return kept


# --- conditions -------------------------------------------------------------------------------


def decide(
    bits: Sequence[str],
    choose: Callable[[Mapping[str, int]], Hashable],
    bodies: Mapping[Hashable, Steps],
) -> Steps:
    """Nested conditionals that run `bodies[choose(values)]` for the values of some bits.

    A bit that makes no difference is not asked for. Raises `QS354` for too many bits.
    """
    if len(bits) > MAX_CONDITION_BITS:
        raise error(
            "QS354",
            f"a condition reads {len(bits)} bits; at most {MAX_CONDITION_BITS} are supported",
        )
    return _steps(_tree(bits, {}, choose), bodies)


class _Choice:
    """An inner node of a decision tree: which of two nodes by one bit."""

    __slots__ = ("bit", "one", "zero")

    def __init__(self, bit: str, zero: Hashable, one: Hashable) -> None:
        self.bit, self.zero, self.one = bit, zero, one

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Choice) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, Hashable, Hashable]:
        return self.bit, self.zero, self.one


def _tree(
    bits: Sequence[str], known: dict[str, int], choose: Callable[[Mapping[str, int]], Hashable]
) -> Hashable:
    if not bits:
        return choose(known)
    first, rest = bits[0], bits[1:]
    zero = _tree(rest, known | {first: 0}, choose)
    one = _tree(rest, known | {first: 1}, choose)
    return zero if zero == one else _Choice(first, zero, one)


def _steps(node: Hashable, bodies: Mapping[Hashable, Steps]) -> Steps:
    if not isinstance(node, _Choice):
        return bodies[node]
    branches = (_steps(node.one, bodies), _steps(node.zero, bodies))
    wires = tuple(sorted({wire for body in branches for step in body for wire in step.wires}))
    if not any(branches):
        return ()
    return (Instruction(dialects.IF, wires, (), None, node.bit, branches),)
