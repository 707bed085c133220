"""How gates and channels act on the two kinds of state, as real matrices.

A density matrix is the vector of r_P = Tr(P rho) over Pauli words P, one digit 0..3 (I, X, Y, Z)
for each qubit, the first wire most significant. A channel acts on it by its Pauli transfer matrix,
which is real, and diagonal for Pauli noise (Greenbaum, arXiv:1509.02921). A state vector has one
digit 0..1 for each qubit and a last one for real and imaginary part.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.gates.matrices import pauli_word
from q_store.runtime.noise.harmonics import Matrix

Complex = NDArray[np.complex128]


@cache
def words(wires: int) -> Complex:
    """All Pauli words, (4**wires, 2**wires, 2**wires), in order of their digits."""
    return np.stack([pauli_word("".join(letters)) for letters in product("IXYZ", repeat=wires)])


def transfer_matrix(kraus: Sequence[Any]) -> Matrix:
    """R with R[P, Q] = Tr(P E(Q)) / 2**wires for the channel E of these Kraus operators."""
    operators = np.asarray(kraus, np.complex128)
    dimension = operators.shape[-1]
    basis = words(dimension.bit_length() - 1)
    images = np.einsum("kab,qbc,kdc->qad", operators, basis, operators.conj(), optimize=True)
    matrix = np.einsum("pba,qab->pq", basis, images, optimize=True).real / dimension
    return np.where(np.abs(matrix) < 1e-15, 0.0, matrix)


def real_matrix(operator: Any) -> Matrix:
    """A complex matrix as the real one on pairs of real and imaginary part."""
    complex_one = np.asarray(operator, np.complex128)
    one, turn = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    return np.kron(complex_one.real, one) + np.kron(complex_one.imag, turn)
