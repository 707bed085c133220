"""The global phase of a Clifford operator given as rotations by multiples of pi/2.

Its tableau does not know it. So one amplitude of C |0...0> is followed through the rotations; the
ratios of all other amplitudes to it are in the stabilizers of that state.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

from q_store.passes.gadgets.words import Word

_POWERS: Final = (1, 1j, -1, -1j)
_SMALL: Final = 1e-9


class Amplitude:
    """C |0...0> by its stabilizers C Z_q C^-1 and the value of one amplitude that is not zero."""

    def __init__(self, n: int) -> None:
        self.stabilizers = [Word(0, 1 << q, 0) for q in range(n)]
        self.basis = 0
        """The basis state whose amplitude is known, bit q for qubit q."""
        self.value: complex = 1.0

    def rotate(self, word: Word, turns: int) -> None:
        """Apply R(word, turns pi/2) = c - i s P; P takes a basis state to another one."""
        c, s = cos(turns * pi / 4), sin(turns * pi / 4)
        here, there = self.basis, self.basis ^ word.x
        far = self.at(there)
        kept = c * self.value - 1j * s * _entry(word, there) * far
        if abs(kept) < _SMALL:
            kept = c * far - 1j * s * _entry(word, here) * self.value
            self.basis = there
        self.value = kept
        if turns % 4:
            self._conjugate(word, turns % 4)

    def _conjugate(self, word: Word, turns: int) -> None:
        """R S R^-1 = R^2 S for the stabilizers that anticommute with P."""
        x, z = word.x, word.z
        square = Word(0, 0, 2) if turns == 2 else Word(x, z, (word.k - turns) % 4)
        for place, row in enumerate(self.stabilizers):
            if ((row[0] & z) ^ (row[1] & x)).bit_count() & 1:
                self.stabilizers[place] = square.times(row)

    def at(self, basis: int) -> complex:
        """The amplitude of a basis state: one stabilizer S with S |b'> ~ |b> tells it from b'."""
        wanted, product = basis ^ self.basis, Word(0, 0, 0)
        rows = list(self.stabilizers)
        while wanted:
            low = wanted & -wanted
            place = next((p for p, row in enumerate(rows) if row.x & low), None)
            if place is None:
                return 0.0
            pivot = rows.pop(place)
            rows = [pivot.times(row) if row.x & low else row for row in rows]
            product = pivot.times(product)
            wanted ^= pivot.x
        return self.value * _entry(product, self.basis)


def _entry(word: Word, basis: int) -> complex:
    """The factor w in P |basis> = w |basis ^ x>."""
    return _POWERS[(word.k + 2 * (word.z & basis).bit_count()) % 4]
