"""What is read from a final Pauli vector: linear maps to outputs, and back.

A state is (size, lanes); `order` says where the Pauli words are in it, first those of all measured
bits forgotten, which at the end is all there is. An output is (numbers, lanes).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from q_store.targets.executable import Executable

Array = NDArray[Any]


class Reading(Protocol):
    """A map from final states to outputs."""

    width: int
    """Real numbers for each sample."""

    def read(self, state: Array) -> Array:
        """Outputs (width, lanes) of a state (size, lanes)."""

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        """Add to `into` the derivative of sum(cotangent * outputs) by the state, at a state."""


def word_place(x: int, z: int, n_qubits: int) -> int:
    """Where the word of two bit masks is: I, X, Y, Z are the digits 0 to 3 of each qubit."""
    place = 0
    for bit in range(n_qubits - 1, -1, -1):
        has_x, has_z = x >> bit & 1, z >> bit & 1
        place = 4 * place + (1 + has_z if has_x else 3 * has_z)
    return place


class ExpvalReading:
    """Expectation values of all observables of an executable."""

    def __init__(self, executable: Executable, order: Array) -> None:
        masks = zip(executable.term_x.tolist(), executable.term_z.tolist(), strict=True)
        self.places = np.array([word_place(x, z, executable.n_qubits) for x, z in masks], np.int64)
        self.places = order[self.places]
        self.width = executable.n_observables
        self.matrix = np.zeros((self.width, len(self.places)))
        for row in range(self.width):
            own = slice(executable.term_ptr[row], executable.term_ptr[row + 1])
            self.matrix[row, own] = executable.term_coef[own]

    def read(self, state: Array) -> Array:
        return np.asarray(self.matrix @ state[self.places])

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        np.add.at(into, self.places, (self.matrix.T @ cotangent).astype(into.dtype))


class ProbsReading:
    """Probabilities of some qubits, the first listed most significant."""

    def __init__(self, n_qubits: int, qubits: Sequence[int], order: Array) -> None:
        self.width = 1 << len(qubits)
        places = np.zeros(1, np.int64)
        for qubit in qubits:
            digit = np.array([0, 3 * 4 ** (n_qubits - 1 - qubit)])
            places = (places[:, None] + digit).ravel()
        self.places = order[places]

    def read(self, state: Array) -> Array:
        return self._transform(state[self.places].astype(np.float64))

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        into[self.places] += self._transform(cotangent.astype(np.float64)).astype(into.dtype)

    def _transform(self, rows: Array) -> Array:
        """The symmetric matrix of entries (-1)**(a . b) / 2**k, by k butterflies."""
        k = self.width.bit_length() - 1
        tensor = rows.reshape((2,) * k + rows.shape[1:])
        for axis in range(k):
            zero, one = np.moveaxis(tensor, axis, 0)
            tensor = np.stack([zero + one, zero - one], axis=axis) / 2
        return np.asarray(tensor.reshape(rows.shape))


class MatrixReading:
    """The density matrix, 2 * 4**n real numbers: row, column, then real and imaginary part."""

    def __init__(self, n_qubits: int, order: Array) -> None:
        self.n_qubits = n_qubits
        self.places = order[: 4**n_qubits]
        self.width = 2 * 4**n_qubits

    @cached_property
    def _letters(self) -> Array:
        """Entries [row, column, letter] of I, X, Y, Z."""
        from q_store.runtime.noise.representations import words

        return np.moveaxis(words(1), 0, -1)

    def read(self, state: Array) -> Array:
        n, lanes = self.n_qubits, state.shape[1]
        tensor: Array = state[self.places].reshape((4,) * n + (lanes,)).astype(np.complex128) / 2**n
        for _ in range(n):
            # The letter of the first qubit left becomes a row and a column at the end.
            tensor = np.tensordot(tensor, self._letters, axes=([0], [2]))
        rows_first = [1 + 2 * k for k in range(n)] + [2 + 2 * k for k in range(n)]
        matrix = tensor.transpose([*rows_first, 0]).reshape(4**n, lanes)
        return np.stack([matrix.real, matrix.imag], axis=1).reshape(self.width, lanes)

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        n, lanes = self.n_qubits, cotangent.shape[1]
        parts = cotangent.reshape(4**n, 2, lanes)
        tensor: Array = (parts[:, 0] + 1j * parts[:, 1]).reshape((2,) * (2 * n) + (lanes,))
        tensor = tensor.transpose([axis for k in range(n) for axis in (k, n + k)] + [2 * n])
        for _ in range(n):
            tensor = np.tensordot(tensor, self._letters.conj(), axes=([0, 1], [0, 1]))
        vector = tensor.transpose([*range(1, n + 1), 0]).reshape(4**n, lanes).real / 2**n
        into[self.places] += vector.astype(into.dtype)
