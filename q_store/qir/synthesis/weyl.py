"""Two-qubit unitaries as local ones around exp(-i/2 (a XX + b YY + c ZZ)).

The decomposition is that of Kraus and Cirac, 2001, arXiv:quant-ph/0011050: in the magic basis local
unitaries are real orthogonal, so U^T U has the angles as eigenphases.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from q_store.qir.gates.matrices import pauli_word
from q_store.qir.synthesis.spectra import Complex, Real, symmetric_eigenbasis

_WORDS: Final = ("XX", "YY", "ZZ")


def canonical_form(unitary: Complex) -> tuple[Complex, Real, Complex]:
    """(after, angles, first): `unitary` (4, 4) up to a global phase as the local unitary `after`
    (4, 4), the rotations by `angles` (3,) about XX, YY and ZZ, and the local unitary `first`."""
    magic, signs = _magic()
    special = unitary / np.linalg.det(unitary) ** 0.25
    inside = magic.conj().T @ special @ magic
    square = inside.T @ inside
    basis = symmetric_eigenbasis(square)
    if np.linalg.det(basis) < 0:
        basis[:, 0] *= -1
    phases = np.angle(np.diag(basis.T @ square @ basis)) / 2
    left = inside @ basis @ np.diag(np.exp(-1j * phases))
    if np.linalg.det(left.real) < 0:
        phases[0] += np.pi
        left[:, 0] *= -1
    after = magic @ left.real @ magic.conj().T
    return after, np.asarray(-0.5 * (signs @ phases)), magic @ basis.T @ magic.conj().T


@cache
def _magic() -> tuple[Complex, Real]:
    """The magic basis as columns, and the eigenvalues of XX, YY, ZZ on them, a row each."""
    columns = [[1, 0, 0, 1], [-1j, 0, 0, 1j], [0, 1, -1, 0], [0, -1j, -1j, 0]]
    basis = np.asarray(np.array(columns).T / np.sqrt(2), np.complex128)
    signs = [np.diag(basis.conj().T @ pauli_word(word) @ basis).real for word in _WORDS]
    return basis, np.array(signs)


def local_factors(local: Complex) -> tuple[Complex, Complex]:
    """Two unitaries (2, 2) of which a local unitary (4, 4) is the tensor product, up to phase."""
    return tensor_factors(local, 2)


def tensor_factors(matrix: Complex, size: int) -> tuple[Complex, Complex]:
    """(left, right), left of `size` rows, whose tensor product is the matrix, if it is one.

    `left` is scaled to be unitary and the product is exact, the phase included.
    """
    rest = len(matrix) // size
    by_pairs = matrix.reshape(size, rest, size, rest).transpose(0, 2, 1, 3)
    blocks = by_pairs.reshape(size * size, rest * rest)
    column = int(np.argmax(np.abs(blocks))) % (rest * rest)
    left = blocks[:, column].reshape(size, size)
    left = left * np.sqrt(size) / np.linalg.norm(left)
    right = np.einsum("a,ab->b", left.conj().ravel(), blocks).reshape(rest, rest) / size
    return left, right
