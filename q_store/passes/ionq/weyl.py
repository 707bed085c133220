"""Two-qubit unitaries as local rotations around exp(-i/2 (a XX + b YY + c ZZ)).

The decomposition is that of Kraus and Cirac, 2001, arXiv:quant-ph/0011050: in the magic basis local
rotations are real orthogonal, so U^T U has the angles as eigenphases.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, Final

from q_store.passes.ionq.turns import Turn
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import Step
from q_store.qir.unitary import steps_matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Complex = NDArray[np.complex128]
    Real = NDArray[np.float64]

_ZERO: Final = 1e-9
"""Rotations by less count as none."""
_ROWS: Final = ("rxx", "ryy", "rzz")
_ATTEMPTS: Final = 16


@dataclass(frozen=True, slots=True)
class PairForm:
    """Steps equal to a two-qubit unitary, the global phase included, and how many entangle."""

    steps: tuple[Step, ...]
    entanglers: int


def pair_form(unitary: Complex) -> PairForm | None:
    """The fewest partial-angle rotations for a unitary (4, 4), first wire most significant.

    A swap in front is free, so the mirror image is taken where that needs fewer. `None` when the
    numbers do not come out, which a unitary never causes.
    """
    import numpy as np

    swap = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]
    plain, mirrored = _form(unitary, ()), _form(unitary @ swap, (("swap", (0, 1), ()),))
    forms = [form for form in (plain, mirrored) if form is not None]
    return min(forms, key=lambda form: form.entanglers, default=None)


def _form(unitary: Complex, before: tuple[Step, ...]) -> PairForm | None:
    import numpy as np

    parts = _decompose(unitary)
    if parts is None:
        return None
    after, angles, first = parts
    rotations, flips = [], []
    for row, angle in zip(_ROWS, angles, strict=True):
        half_turns = round(angle / pi)
        rest = float(angle - half_turns * pi)
        if half_turns % 2:
            flips += [(f"r{row[1]}", (wire,), (pi,)) for wire in (0, 1)]
        if abs(rest) > _ZERO:
            rotations.append((row, (0, 1), (rest,)))
    inner = (*_local_steps(first), *rotations, *flips, *_local_steps(after))
    made = steps_matrix(inner, 2)
    phase = float(np.angle(np.vdot(made, unitary)))
    if np.abs(made * np.exp(1j * phase) - unitary).max() > _ZERO:
        return None
    steps: tuple[Step, ...] = (*before, *inner, ("phase", (), (phase,)))
    return PairForm(steps, len(rotations))


def _magic() -> Complex:
    import numpy as np

    columns = [[1, 0, 0, 1], [-1j, 0, 0, 1j], [0, 1, -1, 0], [0, -1j, -1j, 0]]
    return np.asarray(np.array(columns).T / np.sqrt(2), np.complex128)


def _decompose(unitary: Complex) -> tuple[Complex, Real, Complex] | None:
    """(after, angles, first): the local unitaries (4, 4) and the angles of XX, YY, ZZ, up to a
    global phase."""
    import numpy as np

    magic = _magic()
    special = unitary / np.linalg.det(unitary) ** 0.25
    inside = magic.conj().T @ special @ magic
    basis = _real_eigenvectors(inside.T @ inside)
    if basis is None:
        return None
    phases = np.angle(np.diag(basis.T @ inside.T @ inside @ basis)) / 2
    left = inside @ basis @ np.diag(np.exp(-1j * phases))
    if np.linalg.det(left.real) < 0:
        phases[0] += pi
        left[:, 0] *= -1
    words = np.array([np.diag(magic.conj().T @ pauli_word(w) @ magic).real for w in _words()])
    angles = np.asarray(-0.5 * (words @ phases), np.float64)
    after = magic @ left.real @ magic.conj().T
    return after, angles, magic @ basis.T @ magic.conj().T


def _words() -> tuple[str, str, str]:
    return ("XX", "YY", "ZZ")


def _real_eigenvectors(symmetric: Complex) -> Real | None:
    """A rotation whose columns diagonalise the real and the imaginary part of a symmetric unitary;
    a generic combination of both has no more coincidences than they have in common."""
    import numpy as np

    rng = np.random.default_rng(4)
    for _ in range(_ATTEMPTS):
        mix = rng.normal(size=2)
        vectors = np.linalg.eigh(mix[0] * symmetric.real + mix[1] * symmetric.imag)[1]
        diagonal = vectors.T @ symmetric @ vectors
        if np.abs(diagonal - np.diag(np.diag(diagonal))).max() < 1e-11:
            if np.linalg.det(vectors) < 0:
                vectors[:, 0] *= -1
            return np.asarray(vectors, np.float64)
    return None


def _local_steps(local: Complex) -> tuple[Step, ...]:
    """Rotations on either wire equal to a tensor product, up to a global phase."""
    import numpy as np

    blocks = local.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    row, column = np.unravel_index(np.argmax(np.abs(blocks)), blocks.shape)
    steps: list[Step] = []
    for wire, matrix in enumerate((blocks[:, column], blocks[row])):
        square = matrix.reshape(2, 2)
        special = square / np.sqrt(np.linalg.det(square))
        steps += _turn_steps(_as_turn(special), wire)
    return tuple(steps)


def _as_turn(special: Complex) -> Turn:
    a, b = special[0, 0], special[1, 0]
    return (float(a.real), float(-b.imag), float(b.real), float(-a.imag))


def _turn_steps(turn: Turn, wire: int) -> list[Step]:
    from q_store.passes.ionq.turns import euler

    a, b, c = euler(turn)
    steps: list[Step] = [("rz", (wire,), (c,)), ("ry", (wire,), (b,)), ("rz", (wire,), (a,))]
    return [step for step in steps if step[2][0] != 0.0]
