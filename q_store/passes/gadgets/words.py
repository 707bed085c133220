"""Pauli words with exact phases, and circuits as rotations about them.

A rotation R(P, t) = exp(-i t/2 P) is a Clifford gate when t is a multiple of pi/2. Every circuit of
rotations is one of those that are not, its gadgets, before a single Clifford operator, because
R(P, t) C = C R(C^-1 P C, t) (Litinski, 2019, arXiv:1808.02892).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import pi
from typing import Final, NamedTuple

from q_store.qir.angle import Angle

LETTERS: Final = {"I": 0, "X": 1, "Z": 2, "Y": 3}
"""Bit 0 says that the letter has an X in it, bit 1 a Z."""
_CLOSE: Final = 1e-10
"""Angles this near to a multiple of pi/2 count as one."""


class Word(NamedTuple):
    """i**k X**x Z**z, x and z with one bit per qubit, bit q for qubit q."""

    x: int
    z: int
    k: int

    def times(self, other: Word) -> Word:
        """The matrix product: `other` acts first."""
        crossed = 2 * (self.z & other.x).bit_count()
        return Word(self.x ^ other.x, self.z ^ other.z, (self.k + other.k + crossed) % 4)

    def commutes(self, other: Word) -> bool:
        """Whether the two words commute; otherwise they anticommute."""
        return not ((self.x & other.z).bit_count() + (self.z & other.x).bit_count()) & 1

    @property
    def is_negative(self) -> bool:
        """Whether a Hermitian word is minus the product of its letters."""
        return (self.k - (self.x & self.z).bit_count()) % 4 == 2

    @property
    def bare(self) -> Word:
        """The product of the letters, without its sign."""
        return Word(self.x, self.z, (self.x & self.z).bit_count() % 4)


def word(letters: dict[int, int]) -> Word:
    """The product of letters, by qubit, as numbers of `LETTERS`."""
    x = sum([1 << q for q, letter in letters.items() if letter & 1])
    z = sum([1 << q for q, letter in letters.items() if letter & 2])
    return Word(x, z, (x & z).bit_count() % 4)


def bits(number: int) -> Iterator[int]:
    """The places of the ones in a number, lowest first."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class Gadget(NamedTuple):
    """R(word, angle), the word without a sign."""

    word: Word
    angle: Angle


def quarter_turns(angle: Angle) -> int | None:
    """How many times pi/2 an angle is, modulo the eight after which a rotation repeats."""
    if angle.terms:
        return None
    turns = round(angle.const / (pi / 2))
    return turns % 8 if abs(angle.const - turns * pi / 2) <= _CLOSE else None


@dataclass(slots=True)
class Gathering:
    """Rotations in time order, sorted into gadgets and the Clifford operator C after them."""

    n: int
    gadgets: list[Gadget] = field(default_factory=list)
    frame: list[Word] = field(default_factory=list)
    """C^-1 X_q C for each qubit q, then C^-1 Z_q C for each."""
    turns: list[tuple[Word, int]] = field(default_factory=list)
    """C as rotations by multiples of pi/2, in time order."""

    def __post_init__(self) -> None:
        self.frame = [Word(1 << q, 0, 0) for q in range(self.n)]
        self.frame += [Word(0, 1 << q, 0) for q in range(self.n)]

    def pulled(self, given: Word) -> Word:
        """C^-1 P C for a word P."""
        found = Word(0, 0, given.k)
        for part, start in ((given.x, 0), (given.z, self.n)):
            for q in bits(part):
                found = found.times(self.frame[start + q])
        return found

    def rotate(self, given: Word, angle: Angle) -> None:
        """Append R(given, angle)."""
        image = self.pulled(given)
        count = quarter_turns(angle)
        if count is None:
            self._gadget(Gadget(image.bare, -angle if image.is_negative else angle))
        elif count:
            self.turns.append((given, count))
            self._turn(given, image, count)

    def _turn(self, given: Word, image: Word, count: int) -> None:
        """C becomes R C, so C^-1 Q C gets i C^-1 P C in front where Q and P anticommute."""
        quarter = Word(image.x, image.z, (image.k + 1) % 4)
        for part, start in ((given.z, 0), (given.x, self.n)):
            for q in bits(part):
                for _ in range(count % 4):
                    self.frame[start + q] = quarter.times(self.frame[start + q])

    def _gadget(self, new: Gadget) -> None:
        """Append a gadget, added to an equal one where everything between commutes with it."""
        gadgets = self.gadgets
        for place in range(len(gadgets) - 1, -1, -1):
            old = gadgets[place]
            if old.word == new.word:
                angle = old.angle + new.angle
                if angle.is_zero:
                    del gadgets[place]
                else:
                    gadgets[place] = Gadget(new.word, angle)
                return
            if not old.word.commutes(new.word):
                break
        gadgets.append(new)


def settled(first: Gathering) -> Gathering:
    """The gathering with sums of angles that are multiples of pi/2 moved into its frame."""
    while any(quarter_turns(gadget.angle) is not None for gadget in first.gadgets):
        second = Gathering(first.n)
        for gadget in first.gadgets:
            second.rotate(gadget.word, gadget.angle)
        second.frame = [second.pulled(row) for row in first.frame]
        second.turns += first.turns
        first = second
    return first
