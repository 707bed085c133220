"""Errors of reading: of measurements that end a circuit, and of those in the middle.

At the end they are `n.readout` and `n.confusion`. In the middle the bit is wrong and the qubit is
not: the qubits are measured, brought to what is read by a random choice that depends on the
outcome, measured again into the bits, and brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.frontends.channels import checked, pauli_step
from q_store.frontends.instruction import Instruction
from q_store.qir import dialects
from q_store.qir.channels import KRAUS, kraus_numbers
from q_store.qir.diagnostics import error
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import OpDef
from q_store.qir.registry import gate, op_def

_MOST_IN_THE_MIDDLE: Final = len(KRAUS)
Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Misreading:
    """The error of some bits that are read together: rows are outcomes, columns what is read."""

    bits: tuple[str, ...]
    matrix: Matrix

    def inverted(self, inverted: set[str]) -> Misreading:
        """The same of qubits that are flipped before they are measured instead of after."""
        mask = 0
        for bit in self.bits:
            mask = 2 * mask + (bit in inverted)
        order = np.arange(len(self.matrix)) ^ mask
        return Misreading(self.bits, self.matrix[np.ix_(order, order)])


def misreadings(bits: Sequence[str], confusion: Mapping[Any, Any]) -> list[Misreading]:
    """The errors of one measurement; keys are positions of bits. Raises `QS350`."""
    positions = [position % len(bits) for key in confusion for position in key]
    if len(set(positions)) != len(positions):
        raise error("QS350", "errors of reading that share a qubit have no counterpart")
    found = []
    for key, given in confusion.items():
        matrix = np.asarray(given, np.float64)
        checked(dialects.CONFUSION, matrix.ravel().tolist(), len(key), "QS350")
        found.append(Misreading(tuple([bits[position] for position in key]), matrix))
    return found


def at_the_end(misreading: Misreading, qubits: Sequence[int]) -> Instruction:
    """The op for qubits that are observed next."""
    if len(qubits) == 1:
        rates = (float(misreading.matrix[0, 1]), float(misreading.matrix[1, 0]))
        return Instruction(dialects.READOUT, (qubits[0],), rates)
    chances = tuple(misreading.matrix.ravel().tolist())
    return Instruction(dialects.CONFUSION, tuple(qubits), chances)


def in_the_middle(
    steps: Iterable[Instruction], errors: Iterable[Misreading], last: Mapping[str, int]
) -> list[Instruction]:
    """The steps with errors of reading bits that are measured on the way.

    The qubits of the bits in `last` are not used any more and stay as they are read; there need be
    no step that measures them. Raises `QS350` for more than three bits read together.
    """
    steps = list(steps)
    for misreading in errors:
        measured = {s.bit: s.wires[0] for s in steps if s.row is dialects.MEASURE and s.bit}
        wire_of = {**last, **measured}
        if len(misreading.bits) > _MOST_IN_THE_MIDDLE:
            raise error(
                "QS350",
                f"errors of reading {len(misreading.bits)} bits together in the middle of a "
                f"circuit: at most {_MOST_IN_THE_MIDDLE} are read",
            )
        wires = tuple([wire_of[bit] for bit in misreading.bits])
        own = [
            at
            for at, step in enumerate(steps)
            if step.row is dialects.MEASURE and step.bit in misreading.bits
        ]
        others = [step for at, step in enumerate(steps[own[0] : own[-1]], own[0]) if at not in own]
        written = _written_out(misreading, wires, set(last), {step.bit for step in steps})
        steps[own[0] : own[-1] + 1] = [*others, *written]
    return steps


def _written_out(
    misreading: Misreading, wires: tuple[int, ...], last: set[str], taken: set[str | None]
) -> list[Instruction]:
    true = [_free(f"{bit}_true", taken) for bit in misreading.bits]
    flips = [
        _flips(row, outcome, wires)
        for outcome, row in zip(product((0, 1), repeat=len(wires)), misreading.matrix, strict=True)
    ]
    made = [
        Instruction(dialects.MEASURE, (wire,), bit=bit)
        for wire, bit in zip(wires, true, strict=True)
    ]
    made += _chosen(true, flips, wires)
    for wire, before, bit in zip(wires, true, misreading.bits, strict=True):
        made.append(Instruction(dialects.MEASURE, (wire,), bit=bit))
        if bit not in last:
            made.append(_restored(wire, before, bit))
    return made


def _free(wish: str, taken: set[str | None]) -> str:
    """A name like the wish that no bit has."""
    while wish in taken:
        wish += "_"
    return wish


def _flips(row: Matrix, outcome: tuple[int, ...], wires: tuple[int, ...]) -> Instruction:
    """The random choice of what an outcome is read as: words of I and X."""
    chances = {
        "".join("IX"[a ^ b] for a, b in zip(outcome, read, strict=True)): float(chance)
        for read, chance in zip(product((0, 1), repeat=len(wires)), row, strict=True)
    }
    if len(wires) == 1:
        return Instruction(_row("bit_flip"), wires, (chances["X"],))
    if len(wires) == 2:
        name, _, numbers = pauli_step(chances)
        return Instruction(_row(name), wires, numbers)
    operators = [sqrt(chance) * pauli_word(word) for word, chance in chances.items()]
    return Instruction(KRAUS[len(wires) - 1], wires, kraus_numbers(np.array(operators)))


def _chosen(
    bits: Sequence[str], leaves: Sequence[Instruction], wires: tuple[int, ...]
) -> list[Instruction]:
    """The leaf of the values of some bits, the first most significant."""
    if not bits:
        return [leaves[0]]
    half = len(leaves) // 2
    bodies = [_chosen(bits[1:], part, wires) for part in (leaves[half:], leaves[:half])]
    return [Instruction(dialects.IF, wires, (), None, bits[0], tuple(map(tuple, bodies)))]


def _restored(wire: int, before: str, after: str) -> Instruction:
    """Flip the qubit where two bits differ."""
    flip = (Instruction(gate("x"), (wire,)),)
    differs = Instruction(dialects.IF, (wire,), (), None, after, (flip, ()))
    agrees = Instruction(dialects.IF, (wire,), (), None, after, ((), flip))
    return Instruction(dialects.IF, (wire,), (), None, before, ((agrees,), (differs,)))


def _row(name: str) -> OpDef:
    return op_def(f"n.{name}")
