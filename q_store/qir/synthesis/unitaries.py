"""A unitary matrix as gates of the table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from q_store.qir.diagnostics import error
from q_store.qir.ops import Step
from q_store.qir.synthesis.diagonals import diagonal_parts
from q_store.qir.synthesis.emission import steps_of, with_diagonals_moved
from q_store.qir.synthesis.shannon import parts_of
from q_store.qir.synthesis.spectra import Complex, Real, nearest_unitary

MOST_QUBITS: Final = 10
ATOL: Final = 1e-8
"""How far U†U may be from the identity in any entry."""


def unitary_steps(matrix: Any) -> tuple[Step, ...]:
    """Gates equal to a unitary matrix (2**n, 2**n), its global phase included, on wires 0 to n-1,
    the first most significant.

    One qubit is one gate, two take at most three CX, n take at most (22/48) 4**n - (3/2) 2**n + 5/3
    entanglers, fewer where the matrix has structure: qubits left alone, tensor products, controls
    whose operations commute, diagonals, CX and X. Entanglers are `cx`, `cz`, `swap` and `rzz`. The
    gates do the unitary nearest to the matrix. Raises `QS329` for what is no such matrix or
    not unitary to 1e-8, and `QS307` for numbers that are not finite.
    """
    return synthesised(checked_unitary(matrix))


def synthesised(unitary: Complex) -> tuple[Step, ...]:
    """`unitary_steps` of a matrix that is checked."""
    wires = range(len(unitary).bit_length() - 1)
    return steps_of(with_diagonals_moved(parts_of(unitary, wires)))


def diagonal_steps(phases: Real) -> tuple[Step, ...]:
    """exp(i phases[k]) on basis state k, phases of shape (2**n,), as gates on wires 0 to n-1."""
    return steps_of(diagonal_parts(phases, range(len(phases).bit_length() - 1)))


def checked_unitary(matrix: Any, name: str = "unitary", wires: int | None = None) -> Complex:
    """The unitary matrix (2**n, 2**n), complex128, nearest to the given numbers; `wires` is n where
    it is known. Raises `QS329` and `QS307`, in the name of the method `name`."""
    try:
        given = np.array(matrix, np.complex128)
    except (TypeError, ValueError) as problem:
        raise error("QS329", f"`{name}` takes a matrix of numbers: {problem}") from problem
    size = given.shape[0] if given.ndim else 0
    square = given.ndim == 2 and given.shape == (size, size)
    if not square or size < 2 or size & (size - 1) or size > 1 << MOST_QUBITS:
        raise error(
            "QS329",
            f"`{name}` takes a matrix (2**n, 2**n) with n from 1 to {MOST_QUBITS}, got an array of "
            f"shape {given.shape}",
        )
    if wires is not None and size != 1 << wires:
        raise error(
            "QS329",
            f"`{name}` on {wires} qubits takes a matrix ({1 << wires}, {1 << wires}), got "
            f"({size}, {size})",
        )
    if not np.isfinite(given).all():
        raise error("QS307", f"the matrix of `{name}` has numbers that are not finite")
    far = float(np.abs(given.conj().T @ given - np.eye(size)).max())
    if far > ATOL:
        raise error(
            "QS329",
            f"the matrix of `{name}` is not unitary: U†U differs from the identity by {far:.2g}, "
            f"more than {ATOL:g}",
        )
    return nearest_unitary(given) if far > 1e-15 else given


def checked_phases(phases: Any, wires: int) -> Real:
    """Phases (2**wires,), float64. Raises `QS329` and `QS307`, in the name of `diagonal`."""
    try:
        given = np.array(phases, np.float64)
    except (TypeError, ValueError) as problem:
        raise error("QS329", f"`diagonal` takes real numbers of radians: {problem}") from problem
    if given.shape != (1 << wires,):
        raise error(
            "QS329",
            f"`diagonal` on {wires} qubits takes {1 << wires} phases, got an array of shape "
            f"{given.shape}",
        )
    if not np.isfinite(given).all():
        raise error("QS307", "the phases of `diagonal` have numbers that are not finite")
    return given
