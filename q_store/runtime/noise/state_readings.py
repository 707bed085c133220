"""What is read from a state vector, (2**n, 2, lanes) with real and imaginary parts apart.

Expectation values and probabilities are quadratic in the state, so their derivative is a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.targets.executable import Executable

Array = NDArray[Any]


class StateExpvalReading:
    """Expectation values of all observables of an executable."""

    def __init__(self, executable: Executable) -> None:
        self.words = list(zip(executable.term_x.tolist(), executable.term_z.tolist(), strict=True))
        self.width = executable.n_observables
        self.matrix = np.zeros((self.width, len(self.words)))
        for row in range(self.width):
            own = slice(executable.term_ptr[row], executable.term_ptr[row + 1])
            self.matrix[row, own] = executable.term_coef[own]

    def read(self, state: Array) -> Array:
        psi = as_complex(state)
        values = [np.sum(psi.conj() * applied(word, psi), axis=0).real for word in self.words]
        return np.asarray(self.matrix @ np.reshape(values, (len(values), psi.shape[1])))

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        psi = as_complex(state)
        total = np.zeros_like(psi)
        for weight, word in zip(self.matrix.T @ cotangent, self.words, strict=True):
            total += weight * applied(word, psi)
        add_complex(into, 2 * total)


class StateProbsReading:
    """Probabilities of some qubits, the first listed most significant."""

    def __init__(self, n_qubits: int, qubits: Sequence[int]) -> None:
        self.width = 1 << len(qubits)
        index = np.arange(1 << n_qubits)
        self.outcome = np.zeros_like(index)
        for qubit in qubits:
            self.outcome = 2 * self.outcome + (index >> (n_qubits - 1 - qubit) & 1)
        self.order = np.argsort(self.outcome, kind="stable")

    def read(self, state: Array) -> Array:
        psi = as_complex(state)
        squares = (psi.real**2 + psi.imag**2)[self.order]
        return np.asarray(squares.reshape(self.width, -1, squares.shape[1]).sum(axis=1))

    def seed(self, cotangent: Array, into: Array, state: Array) -> None:
        add_complex(into, 2 * cotangent[self.outcome] * as_complex(state))


def as_complex(state: Array) -> Array:
    """Amplitudes (2**n, lanes)."""
    parts = state.reshape(-1, 2, state.shape[-1])
    return np.asarray(parts[:, 0] + 1j * parts[:, 1])


def add_complex(into: Array, amplitudes: Array) -> None:
    """Add amplitudes to a state of real numbers."""
    parts = into.reshape(-1, 2, into.shape[-1])
    parts[:, 0] += amplitudes.real
    parts[:, 1] += amplitudes.imag


def applied(word: tuple[int, int], psi: Array) -> Array:
    """P |psi> for the Pauli word of two bit masks; both set mean Y."""
    x, z = word
    index = np.arange(len(psi))
    signs = 1 - 2 * (np.bitwise_count(index & z) & 1).astype(psi.real.dtype)
    phase = psi.dtype.type(1j ** (x & z).bit_count())
    return np.asarray((phase * signs[:, None] * psi)[index ^ x])
