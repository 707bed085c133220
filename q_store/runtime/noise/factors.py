"""Factors: sparse real matrices on a few digits of a state, and the gates written as such.

A `Factor` is one step in the life of a state. Its matrix may depend on one angle, and it may hold
only where certain digits or bits have certain values; what it leaves alone is not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error
from q_store.qir.dialects import Channel
from q_store.qir.registry import gate, op_def
from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.plan import parameter_positions, slot_rows
from q_store.runtime.noise.harmonics import Harmonic, Matrix, constant, harmonic, joined
from q_store.targets.executable import Executable

Represent = Callable[[Any], Matrix]
"""From a unitary matrix to the real matrix that acts on the state."""

NO_ANGLE: Final = Row()
_MOST_WIRES: Final = 2
"""Gates on more wires are written out in smaller ones, where the gate table knows how."""


@dataclass(frozen=True, eq=False)
class Factor:
    """A matrix on some digits, the first digit most significant in its row and column numbers.

    `parts` says how it depends on the angle, an affine row. Where it `varies`, its values may be
    exchanged while a circuit runs, in each lane for other ones, among them the identity's.
    """

    digits: tuple[int, ...]
    parts: Harmonic
    angle: Row = NO_ANGLE
    varies: bool = False

    @cached_property
    def pattern(self) -> NDArray[np.bool_]:
        """Where the matrix has entries that are not those of the identity's zeros."""
        found: NDArray[np.bool_] = np.any([part != 0 for part in self.parts[:3]], axis=0)
        return found | np.eye(len(found), dtype=bool) if self.varies else found

    @cached_property
    def groups(self) -> list[tuple[int, ...]]:
        """The smallest sets of indices that the matrix does not mix with others, without those
        on which it is the identity."""
        mixed = self.pattern | self.pattern.T
        left, found = set(range(len(mixed))), []
        while left:
            group, grown = set[int](), {min(left)}
            while group != grown:
                group = grown
                grown = group | set(np.flatnonzero(mixed[sorted(group)].any(axis=0)).tolist())
            left -= group
            if group != {min(group)} or not self._is_one(min(group)):
                found.append(tuple(sorted(group)))
        return found

    def _is_one(self, index: int) -> bool:
        constant, cosine, sine, _ = self.parts
        return bool(constant[index, index] == 1 and not cosine[index, index]) and not bool(
            sine[index, index]
        )

    @cached_property
    def cost(self) -> float:
        """Products for each number of the state; large groups cost more each."""
        total = 0.0
        for group in self.groups:
            entries = int(self.pattern[np.ix_(group, group)].sum())
            total += entries if len(group) <= 2 else 2 * entries
        return total / len(self.pattern)

    def on(self, digits: tuple[int, ...], sizes: Sequence[int]) -> Harmonic:
        """The parts on more digits, in another order."""
        rest = [digit for digit in digits if digit not in self.digits]
        other = np.eye(prod([sizes[digit] for digit in rest]))
        now = (*self.digits, *rest)
        shape = tuple([sizes[digit] for digit in now])
        order = [now.index(digit) for digit in digits]
        axes = (*order, *[len(now) + k for k in order])
        size = prod(shape)
        wide = [
            np.kron(part, other).reshape(shape + shape).transpose(axes).reshape(size, size)
            for part in self.parts[:3]
        ]
        return joined(wide, self.parts.frequency)


class Event(NamedTuple):
    """One op of an executable: what, on which qubits, with which angles, under which bits."""

    name: str
    wires: tuple[int, ...]
    rows: tuple[Row, ...]
    conditions: tuple[tuple[int, int], ...]

    @property
    def is_gate(self) -> bool:
        return "." not in self.name

    @property
    def channel(self) -> Channel | None:
        """The row of a noise channel."""
        row = None if self.is_gate else op_def(self.name)
        return row if isinstance(row, Channel) else None

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The constants of a channel."""
        return tuple([row.const for row in self.rows])


def events(executable: Executable) -> list[Event]:
    """The ops in order. Angles are rows over [inputs | derived | weights], as the engine's
    arguments have them."""
    slots = slot_rows(executable, parameter_positions(executable))
    wires, wire_ptr = executable.wires.tolist(), executable.wire_ptr.tolist()
    slot_ptr = executable.slot_ptr.tolist()
    return [
        Event(
            executable.op_names[code],
            tuple(wires[wire_ptr[k] : wire_ptr[k + 1]]),
            tuple(slots[slot_ptr[k] : slot_ptr[k + 1]]),
            executable.conditions.of(k),
        )
        for k, code in enumerate(executable.opcode.tolist())
    ]


def controlled(inner: Factor, bits: Sequence[tuple[int, int]]) -> Factor:
    """A factor that holds where digits of size 2 have given values; they come first."""
    start = 0
    for _, value in bits:
        start = 2 * start + value
    size = len(inner.parts.constant)
    own = slice(start * size, (start + 1) * size)
    wide = [np.zeros((size << len(bits), size << len(bits))) for _ in range(3)]
    np.fill_diagonal(wide[0], 1.0)
    for part, into in zip(inner.parts[:3], wide, strict=True):
        into[own, own] = part
    digits = (*[digit for digit, _ in bits], *inner.digits)
    return Factor(digits, joined(wide, inner.parts.frequency), inner.angle)


class GateWriter:
    """Gates as factors in one representation of states."""

    def __init__(
        self,
        represent: Represent,
        digits_of: Callable[[int], tuple[int, ...]],
        tail: tuple[int, ...] = (),
    ) -> None:
        """`digits_of` gives the digits of a wire, `tail` those that every factor has last."""
        self.represent, self.digits_of, self.tail = represent, digits_of, tail

    def digits(self, wires: Sequence[int]) -> tuple[int, ...]:
        """The digits of a factor on some wires."""
        return (*[digit for wire in wires for digit in self.digits_of(wire)], *self.tail)

    def write(self, name: str, wires: Sequence[int], rows: Sequence[Row]) -> Iterator[Factor]:
        """The factors of one gate, in time order. Raises `QS502`."""
        if name == "phase":
            return
        parts = self._parts(name, rows) if len(wires) <= _MOST_WIRES else None
        if parts is not None:
            yield Factor(self.digits(wires), parts, rows[0] if parts.frequency else NO_ANGLE)
            return
        decompose = gate(name).decompose
        if decompose is None:
            raise error("QS502", f"gate `{name}` has no decomposition that the engine can run")
        for inner, positions, angles in decompose(*rows):
            places = [wires[position] for position in positions]
            yield from self.write(inner, places, [_as_row(angle) for angle in angles])

    def _parts(self, name: str, rows: Sequence[Row]) -> Harmonic | None:
        if not rows:
            return _fixed(self.represent, name)
        if not any(angle.terms for angle in rows):
            numbers = [angle.const for angle in rows]
            return constant(self.represent(gate(name).matrix(*numbers)))
        return _turning(self.represent, name) if len(rows) == 1 else None


@cache
def _fixed(represent: Represent, name: str) -> Harmonic:
    return constant(represent(gate(name).matrix()))


@cache
def _turning(represent: Represent, name: str) -> Harmonic | None:
    row = gate(name)
    return harmonic(lambda angle: represent(row.matrix(angle)))


def _as_row(angle: Any) -> Row:
    return angle if isinstance(angle, Row) else Row(float(angle))
