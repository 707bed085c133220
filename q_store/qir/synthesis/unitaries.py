"""A unitary matrix as gates of the table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from q_store.qir.diagnostics import Span, error
from q_store.qir.ops import Step
from q_store.qir.synthesis.diagonals import diagonal_parts
from q_store.qir.synthesis.emission import steps_of, with_diagonals_moved
from q_store.qir.synthesis.shannon import parts_of
from q_store.qir.synthesis.spectra import Complex, Real, nearest_unitary
from q_store.qir.synthesis.states import state_parts

MOST_QUBITS: Final = 10
MOST_DIAGONAL: Final = 16
ATOL: Final = 1e-8
"""How far U†U may be from the identity in any entry."""
_EXACT: Final = 1e-15


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


def state_steps(amplitudes: Complex) -> tuple[Step, ...]:
    """Gates that make a normalized state (2**n,) of |0...0> on wires 0 to n-1."""
    wires = range(len(amplitudes).bit_length() - 1)
    return steps_of(with_diagonals_moved(state_parts(amplitudes, wires)))


def checked_unitary(
    matrix: Any,
    name: str = "unitary",
    wires: int | None = None,
    *,
    atol: float = ATOL,
    span: Span | None = None,
) -> Complex:
    """The unitary matrix (2**n, 2**n), complex128, nearest to the given numbers; `wires` is n where
    it is known, `atol` how far U†U may be from the identity. Raises `QS329` and `QS307`, in the
    name of the method `name` and at the place `span`."""
    given: Complex = _numbers(matrix, np.complex128, f"`{name}` takes a matrix of numbers", span)
    size = given.shape[0] if given.ndim else 0
    square = given.ndim == 2 and given.shape == (size, size)
    if not square or size < 2 or size & (size - 1) or size > 1 << MOST_QUBITS:
        wanted = f"a matrix (2**n, 2**n) with n from 1 to {MOST_QUBITS}"
        got = f"an array of shape {given.shape}"
        raise error("QS329", f"`{name}` takes {wanted}, got {got}", span=span)
    if wires is not None and size != 1 << wires:
        wanted = f"a matrix ({1 << wires}, {1 << wires})"
        message = f"`{name}` on {wires} qubits takes {wanted}, got ({size}, {size})"
        raise error("QS329", message, span=span)
    if not np.isfinite(given).all():
        raise error("QS307", f"the matrix of `{name}` has numbers that are not finite", span=span)
    far = float(np.abs(given.conj().T @ given - np.eye(size)).max())
    if far > atol:
        message = (
            f"the matrix of `{name}` is not unitary: U†U differs from the identity by {far:.2g}, "
            f"more than {atol:g}"
        )
        raise error("QS329", message, span=span)
    return nearest_unitary(given) if far > _EXACT else given


def checked_phases(phases: Any, wires: int, span: Span | None = None) -> Real:
    """Phases (2**wires,), float64. Raises `QS329` and `QS307`, in the name of `diagonal`."""
    given: Real = _numbers(phases, np.float64, "`diagonal` takes real numbers of radians", span)
    if given.shape != (1 << wires,) or not 1 <= wires <= MOST_DIAGONAL:
        message = (
            f"`diagonal` on {wires} qubits, 1 to {MOST_DIAGONAL}, takes 2**{wires} phases, got an "
            f"array of shape {given.shape}"
        )
        raise error("QS329", message, span=span)
    if not np.isfinite(given).all():
        raise error("QS307", "the phases of `diagonal` have numbers that are not finite", span=span)
    return given


def checked_state(amplitudes: Any, wires: int, span: Span | None = None) -> Complex:
    """Amplitudes (2**wires,), complex128, of norm 1. Raises `QS329` and `QS307`, in the name of
    `prepare_state`."""
    name = "`prepare_state`"
    given: Complex = _numbers(amplitudes, np.complex128, f"{name} takes numbers", span)
    if given.shape != (1 << wires,) or not 1 <= wires <= MOST_DIAGONAL:
        message = (
            f"{name} on {wires} qubits, 1 to {MOST_DIAGONAL}, takes 2**{wires} amplitudes, got an "
            f"array of shape {given.shape}"
        )
        raise error("QS329", message, span=span)
    if not np.isfinite(given).all():
        raise error(
            "QS307", f"the amplitudes of {name} have numbers that are not finite", span=span
        )
    norm = float(np.linalg.norm(given))
    if abs(norm - 1) > ATOL:
        raise error("QS329", f"the amplitudes of {name} have norm {norm:.9g}, not 1", span=span)
    return given / norm


def _numbers(given: Any, kind: Any, wanted: str, span: Span | None) -> Any:
    try:
        return np.array(given, kind)
    except (TypeError, ValueError) as problem:
        raise error("QS329", f"{wanted}: {problem}", span=span) from problem
