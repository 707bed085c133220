"""Many Pauli words as columns of bits, so that a Clifford rotation acts on all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from q_store.passes.gadgets.words import Word

Turn = tuple[int, int, int, int]
"""(q, A, r, B): the rotation by pi/2 about A on qubit q and B on qubit r."""

_BEFORE = (0, 2, 3, 1)
"""For X, Z and Y the letter before in the cycle X, Y, Z: the product with it has a minus."""


class Table:
    """Rows are words, bit k of every integer belongs to row k."""

    __slots__ = ("every", "n", "sign", "x", "z")

    def __init__(self, words: Sequence[Word], n: int) -> None:
        self.n = n
        self.every = (1 << len(words)) - 1
        self.x, self.z, self.sign = [0] * n, [0] * n, 0
        for place, given in enumerate(words):
            for q in range(n):
                self.x[q] |= (given.x >> q & 1) << place
                self.z[q] |= (given.z >> q & 1) << place
            self.sign |= given.is_negative << place

    def copy(self) -> Table:
        """A table of its own."""
        made = Table((), self.n)
        made.every, made.sign = self.every, self.sign
        made.x, made.z = list(self.x), list(self.z)
        return made

    def letter(self, row: int, q: int) -> int:
        """The letter of a row on a qubit, 0 for none."""
        return (self.x[q] >> row & 1) | (self.z[q] >> row & 1) << 1

    def letters(self, row: int) -> dict[int, int]:
        """The letters of a row by qubit."""
        found = {}
        for q, (x, z) in enumerate(zip(self.x, self.z, strict=True)):
            letter = (x >> row & 1) | (z >> row & 1) << 1
            if letter:
                found[q] = letter
        return found

    def against(self, q: int, letter: int) -> int:
        """The rows that anticommute with a letter on a qubit."""
        return (self.z[q] if letter & 1 else 0) ^ (self.x[q] if letter & 2 else 0)

    def having(self, q: int, letter: int) -> int:
        """The rows with exactly this letter on a qubit."""
        x, z = self.x[q], self.z[q]
        return (x if letter & 1 else self.every ^ x) & (z if letter & 2 else self.every ^ z)

    def turn(self, turn: Turn) -> None:
        """Conjugate all rows by a rotation R: Q becomes R Q R^-1, -i P Q where they anticommute."""
        q, a, r, b = turn
        left, right = self.against(q, a), self.against(r, b)
        rows = left ^ right
        self.sign ^= (self.having(q, _BEFORE[a]) & left & ~right) | (
            self.having(r, _BEFORE[b]) & right & ~left
        )
        self._add(q, a, rows)
        self._add(r, b, rows)

    def _add(self, q: int, letter: int, rows: int) -> None:
        if letter & 1:
            self.x[q] ^= rows
        if letter & 2:
            self.z[q] ^= rows

    def change(self, turn: Turn) -> tuple[int, int]:
        """(longer, shorter): the rows whose words the turn makes longer or shorter by a letter."""
        q, a, r, b = turn
        rows = self.against(q, a) ^ self.against(r, b)
        both = (self.x[q] | self.z[q]) & (self.x[r] | self.z[r])
        return rows & ~both, rows & (self.having(q, a) | self.having(r, b))

    def lengths(self) -> tuple[int, int]:
        """The rows with at least two and with at least three letters."""
        one = two = three = 0
        for x, z in zip(self.x, self.z, strict=True):
            some = x | z
            three |= two & some
            two |= one & some
            one |= some
        return two, three
