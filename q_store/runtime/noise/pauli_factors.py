"""Circuits on density matrices: the factors of an executable in the Pauli basis.

The state is the real vector r_P = Tr(P rho) over Pauli words P: one digit of size 4 for each qubit,
qubit 0 most significant, behind one digit of size 2 for each measured bit that is still needed. An
expectation value is one number of this vector, so observing costs nothing, and Hermitian matrices
take half the memory that they take as matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np

from q_store.qir.dialects import Channel
from q_store.qir.registry import op_def
from q_store.runtime.batched.affine import Row
from q_store.runtime.noise.blocks import Tape, make_tape
from q_store.runtime.noise.factors import Event, Factor, GateWriter, controlled, events
from q_store.runtime.noise.harmonics import Harmonic, Matrix, constant
from q_store.runtime.noise.representations import transfer_matrix
from q_store.targets.executable import MEASURE, RESET, Executable

_LOWER: Final = np.array([[0, 1], [0, 0]], np.complex128)
_ZERO, _ONE = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])


@cache
def _measure() -> Harmonic:
    """From bit 0 to the measured bit, each with its part of the qubit."""
    matrix = np.zeros((8, 8))
    matrix[:4, :4] = transfer_matrix([_ZERO])
    matrix[4:, :4] = transfer_matrix([_ONE])
    return constant(matrix)


@cache
def _forget() -> Harmonic:
    """A bit that nobody asks for any more: both parts together, and bit 0 again."""
    return constant(np.array([[1.0, 1.0], [0.0, 0.0]]))


class BitRoom:
    """Digits for measured bits: one digit serves several bits, one after the other."""

    def __init__(self, listed: Sequence[Event]) -> None:
        measured = [at for at, event in enumerate(listed) if event.name == MEASURE]
        self.last: dict[int, int] = {}
        """For each bit that is asked for, where that happens last."""
        for at, event in enumerate(listed):
            self.last.update(dict.fromkeys([bit for bit, _ in event.conditions], at))
        self.digit: dict[int, int] = {}
        busy: dict[int, int] = {}
        for bit, start in enumerate(measured):
            if bit in self.last:
                free = (d for d in range(len(busy) + 1) if busy.get(d, -1) < start)
                self.digit[bit] = next(free)
                busy[self.digit[bit]] = self.last[bit]
        self.count = len(busy)


class DensityWriter:
    """The factors of an executable on Pauli vectors."""

    def __init__(self, executable: Executable) -> None:
        self.events = events(executable)
        self.bits = BitRoom(self.events)
        self.sizes = (2,) * self.bits.count + (4,) * executable.n_qubits
        self.gates = GateWriter(_of_unitary, lambda wire: (self.bits.count + wire,))

    def factors(self) -> Iterator[Factor]:
        """All of them, in time order."""
        measured = 0
        for at, event in enumerate(self.events):
            asked = dict(event.conditions)
            conditions = [(self.bits.digit[bit], value) for bit, value in asked.items()]
            # An op that asks for both values of a bit never runs.
            if len(asked) == len(set(event.conditions)):
                for item in self.event(event, measured):
                    yield controlled(item, conditions) if conditions else item
            measured += event.name == MEASURE
            for bit, digit in self.bits.digit.items():
                if self.bits.last[bit] == at:
                    yield Factor((digit,), _forget())

    def event(self, event: Event, bit: int) -> Iterable[Factor]:
        """The factors of one op; `bit` is the next to be measured."""
        if event.is_gate:
            return self.gates.write(event.name, event.wires, event.rows)
        digits = self.gates.digits(event.wires)
        if event.name == MEASURE and bit in self.bits.digit:
            return [Factor((self.bits.digit[bit], *digits), _measure())]
        return [Factor(digits, constant(transfer_of(event)))]


def density_tape(executable: Executable) -> Tape:
    """The tape of an executable."""
    writer = DensityWriter(executable)
    return make_tape([writer.factors()], writer.sizes, skewed=True)[0]


def _of_unitary(matrix: Any) -> Matrix:
    return transfer_matrix([matrix])


def kraus_operators(event: Event) -> Sequence[Any]:
    """Kraus operators of an op that is no gate; a measurement's are its outcomes, 0 first."""
    if event.name == RESET:
        return [_ZERO, _LOWER]
    if event.name == MEASURE:
        return [_ZERO, _ONE]
    row = op_def(event.name)
    assert isinstance(row, Channel)
    return row.kraus(*event.probabilities)


def transfer_of(event: Event) -> Matrix:
    """The Pauli transfer matrix of an op that is no gate, whatever a measurement gives."""
    return _transfer(event.name, event.probabilities)


@lru_cache(maxsize=1024)
def _transfer(name: str, probabilities: tuple[float, ...]) -> Matrix:
    rows = tuple([Row(number) for number in probabilities])
    return transfer_matrix(kraus_operators(Event(name, (), rows, ())))
