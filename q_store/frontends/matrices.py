"""Unitary matrices of other libraries as steps of a circuit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from q_store.frontends.instruction import Instruction
from q_store.qir.ops import Step
from q_store.qir.registry import all_gates
from q_store.qir.synthesis.unitaries import (
    MOST_QUBITS,
    checked_phases,
    checked_state,
    checked_unitary,
    diagonal_steps,
    state_steps,
    synthesised,
)

__all__ = [
    "MOST_CONTROLLED",
    "MOST_QUBITS",
    "diagonal_instructions",
    "matrix_instructions",
    "state_instructions",
]

MOST_CONTROLLED: Final = 6
"""A matrix under control is a matrix on so many qubits at most; others are put under control gate
by gate."""
_ATOL: Final = 1e-4
"""Other libraries have checked their matrices, some of them in single precision."""


def matrix_instructions(matrix: Any, wires: Sequence[int]) -> list[Instruction]:
    """Steps equal to the unitary nearest to a matrix (2**n, 2**n), the global phase included; the
    first wire is the most significant. Raises `QS329` and `QS307`."""
    unitary = checked_unitary(matrix, "unitary", len(wires), atol=_ATOL)
    return _placed(synthesised(unitary), wires)


def diagonal_instructions(values: Any, wires: Sequence[int]) -> list[Instruction]:
    """Steps equal to the diagonal matrix of numbers (2**n,) of modulus 1, whose moduli are not
    looked at. Raises `QS329` and `QS307`."""
    import numpy as np

    phases = np.angle(np.asarray(values, np.complex128))
    return _placed(diagonal_steps(checked_phases(phases, len(wires))), wires)


def state_instructions(amplitudes: Any, wires: Sequence[int]) -> list[Instruction]:
    """Steps that make a state (2**n,), which is normalized first, of |0...0>. Raises `QS329`, for
    the zero vector too, and `QS307`."""
    import numpy as np

    given = np.asarray(amplitudes, np.complex128)
    norm = float(np.linalg.norm(given)) or 1.0
    return _placed(state_steps(checked_state(given / norm, len(wires))), wires)


def _placed(steps: Sequence[Step], wires: Sequence[int]) -> list[Instruction]:
    rows = all_gates()
    return [
        Instruction(rows[name], tuple([wires[place] for place in at]), angles)
        for name, at, angles in steps
    ]
