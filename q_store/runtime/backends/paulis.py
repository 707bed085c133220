"""Expectation values of Pauli sums from state vectors or probabilities, many samples at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.targets.executable import Executable

Array = NDArray[Any]
_TABLE_NUMBERS: Final = 1 << 22


def signs(z: int, n_qubits: int) -> Array:
    """(-1)**parity(index & z) for every index, float64 (2**n,)."""
    found = np.ones(1)
    for bit in range(n_qubits):
        found = np.concatenate([found, -found if z >> bit & 1 else found])
    return found


class Observables:
    """The Pauli sums of an executable."""

    def __init__(self, executable: Executable) -> None:
        self.n_qubits = executable.n_qubits
        self.count = executable.n_observables
        self.output_of = np.repeat(np.arange(self.count), np.diff(executable.term_ptr))
        self.coefs: Array = executable.term_coef
        self.words = [
            (int(x), int(z)) for x, z in zip(executable.term_x, executable.term_z, strict=True)
        ]
        self._tables: dict[int, Array] = {}

    def letters(self, word: int) -> list[tuple[int, str]]:
        """The qubits and letters of a word."""
        x, z = self.words[word]
        found = []
        for qubit in range(self.n_qubits):
            bit = 1 << (self.n_qubits - 1 - qubit)
            code = bool(x & bit) + 2 * bool(z & bit)
            if code:
                found.append((qubit, " XZY"[code]))
        return found

    def gathered(self, words: Array) -> Array:
        """Expectation values (B, E) of the sums from those of the words (B, T)."""
        found = np.zeros((len(words), self.count))
        for term, output in enumerate(self.output_of.tolist()):
            found[:, output] += self.coefs[term] * words[:, term]
        return found

    def word_weights(self, cotangent: Array) -> Array:
        """Weights (B, T) of the words in the sum of cotangent times observable."""
        return np.asarray(cotangent[:, self.output_of] * self.coefs, np.float64)

    def of_states(self, states: Array) -> Array:
        """Expectation values (B, E) in states (B, 2**n)."""
        found = np.empty((len(states), len(self.words)))
        chances: Array | None = None
        for term, (x, z) in enumerate(self.words):
            if x:
                found[:, term] = self._with_x(states, x, z)
            else:
                if chances is None:
                    chances = states.real**2 + states.imag**2
                found[:, term] = chances @ self._signs(z).astype(chances.dtype)
        return self.gathered(found)

    def applied(self, states: Array, cotangent: Array) -> Array:
        """The sum of cotangent (B, E) times observable, applied to states (B, 2**n)."""
        weights = self.word_weights(cotangent)
        index = np.arange(1 << self.n_qubits)
        total = np.zeros_like(states)
        for term, (x, z) in enumerate(self.words):
            factor = 1j ** (x & z).bit_count()
            image = (factor * self._signs(z)).astype(states.dtype) * states
            total += weights[:, term, None].astype(states.real.dtype) * image[:, index ^ x]
        return total

    def _with_x(self, states: Array, x: int, z: int) -> Array:
        """<psi| word |psi>: the word takes index i to i ^ x with the sign of z."""
        index = np.arange(1 << self.n_qubits) ^ x
        factor = 1j ** (x & z).bit_count()
        image = self._signs(z).astype(states.real.dtype) * states
        found: Array = (factor * np.einsum("bi,bi->b", states[:, index].conj(), image)).real
        return found

    def _signs(self, z: int) -> Array:
        found = self._tables.get(z)
        if found is None:
            found = signs(z, self.n_qubits)
            if (len(self._tables) + 1) << self.n_qubits <= _TABLE_NUMBERS:
                self._tables[z] = found
        return found


def marginal(probabilities: Array, qubits: tuple[int, ...], n_qubits: int) -> Array:
    """Probabilities (B, 2**k) of some qubits, the first most significant, from all (B, 2**n)."""
    if qubits == tuple(range(n_qubits)):
        return probabilities
    tensor = probabilities.reshape((-1,) + (2,) * n_qubits)
    rest = tuple([q + 1 for q in range(n_qubits) if q not in qubits])
    summed = tensor.sum(axis=rest) if rest else tensor
    kept = sorted(qubits)
    order = [0, *[kept.index(q) + 1 for q in qubits]]
    return np.ascontiguousarray(summed.transpose(order)).reshape(len(probabilities), -1)


def spread(cotangent: Array, qubits: tuple[int, ...], n_qubits: int) -> Array:
    """The transpose of `marginal`: (B, 2**k) over all outcomes (B, 2**n)."""
    if qubits == tuple(range(n_qubits)):
        return cotangent
    order = np.argsort(qubits)
    tensor = cotangent.reshape((-1,) + (2,) * len(qubits)).transpose([0, *(order + 1)])
    shape = [len(cotangent), *[2 if q in qubits else 1 for q in range(n_qubits)]]
    full = np.broadcast_to(tensor.reshape(shape), (len(cotangent),) + (2,) * n_qubits)
    return np.ascontiguousarray(full).reshape(len(cotangent), -1)
