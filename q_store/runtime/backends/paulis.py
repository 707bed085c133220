"""Expectation values of Pauli sums from state vectors or probabilities, many samples at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.targets.executable import Executable

Array = NDArray[Any]
_TABLE_QUBITS: Final = 10
"""Up to here signs of whole words are kept in tables."""


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
        self._diagonal = [term for term, (x, _) in enumerate(self.words) if not x]
        self._others = [term for term, (x, _) in enumerate(self.words) if x]
        self._images: dict[int, tuple[Array, Array]] = {}
        self._signs: Array | None = None
        if self._diagonal and self.n_qubits <= _TABLE_QUBITS:
            tables = [signs(self.words[term][1], self.n_qubits) for term in self._diagonal]
            self._signs = np.array(tables)

    @property
    def is_diagonal(self) -> bool:
        """Whether every word is made of Z alone."""
        return not self._others

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
        if self._diagonal:
            found[:, self._diagonal] = self._of_chances(states.real**2 + states.imag**2)
        for term in self._others:
            for row, state in enumerate(states):
                found[row, term] = np.vdot(state, self._image(term, state)).real
        return self.gathered(found)

    def _of_chances(self, chances: Array) -> Array:
        """Words of Z in probabilities (B, 2**n): a product with a table of signs, or for many
        qubits one walk over the amplitudes for all single ones."""
        if self._signs is not None:
            found: Array = chances @ self._signs.T.astype(chances.dtype)
            return found
        found = np.empty((len(chances), len(self._diagonal)))
        for row, probabilities in enumerate(chances):
            singles = _means(probabilities, self.n_qubits)
            for column, term in enumerate(self._diagonal):
                z = self.words[term][1]
                single = z.bit_count() == 1
                found[row, column] = (
                    singles[z.bit_length() - 1]
                    if single
                    else probabilities @ signs(z, self.n_qubits)
                )
        return found

    def applied(self, state: Array, weights: Array) -> Array:
        """The sum of weights (T,) times words, applied to a state (2**n,)."""
        total = np.zeros_like(state)
        if self._diagonal:
            total = (self._weighted(weights) * state).astype(state.dtype)
        for term in self._others:
            total += weights[term] * self._image(term, state)
        return total

    def _weighted(self, weights: Array) -> Array:
        """The diagonal (2**n,) of the weighted words of Z."""
        if self._signs is not None:
            found: Array = weights[self._diagonal] @ self._signs
            return found
        singles = np.zeros(self.n_qubits)
        rest: list[tuple[float, int]] = []
        for term in self._diagonal:
            z = self.words[term][1]
            if z.bit_count() == 1:
                singles[z.bit_length() - 1] += weights[term]
            else:
                rest.append((float(weights[term]), z))
        total = np.zeros(1)
        for weight in singles.tolist():
            total = np.concatenate([total + weight, total - weight])
        for weight, z in rest:
            total += weight * signs(z, self.n_qubits)
        return total

    def _image(self, term: int, state: Array) -> Array:
        """A word applied to a state: index i goes to i ^ x with the sign of i & z."""
        found = self._images.get(term)
        if found is None:
            x, z = self.words[term]
            source = np.arange(1 << self.n_qubits) ^ x
            factor = 1j ** (x & z).bit_count() * signs(z, self.n_qubits)[source]
            found = source, factor.astype(np.complex64)
            if self.n_qubits <= _TABLE_QUBITS:
                self._images[term] = found
        source, factor = found
        image: Array = factor * state[source]
        return image


def _means(probabilities: Array, n_qubits: int) -> list[float]:
    """The mean of (-1)**bit for every bit of the index, lowest first, in one walk that halves."""
    found = []
    for _ in range(n_qubits):
        half = len(probabilities) // 2
        low, high = probabilities[:half], probabilities[half:]
        found.append(float(low.sum(dtype=np.float64) - high.sum(dtype=np.float64)))
        probabilities = low + high
    return found[::-1]


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
