"""Which Clifford rotations to play between gadgets, so that few entanglers are needed in all.

A gadget of one letter is free and one of two letters is one entangler of any angle; a Clifford
rotation of two letters is one entangler as well and conjugates everything after it. So the search
walks through the gadgets and plays the Clifford rotation that shortens most of the words to come,
and stays in the frame it has reached (as de Brugiere and Martiel, 2024, arXiv:2404.03280, do with
CNOT, where two letters are not yet free). The frame at the end is undone in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from random import Random
from typing import Final, NamedTuple

from q_store.passes.gadgets.table import Table, Turn
from q_store.passes.gadgets.words import LETTERS, Gathering, Word, bits

_FAR: Final = 4
"""How many times farther each window of words looks than the one before."""
_Z: Final = LETTERS["Z"]
_FOCUS: Final = 8
"""How many gadgets are considered when the next one to shorten is chosen."""


class Taste(NamedTuple):
    """What a search prefers; no choice is best for all circuits."""

    reluctance: float = 0.0
    """How much a Clifford rotation must spare other words to replace a gadget of two letters."""
    frame: float = 0.2
    """What a letter in the frame weighs, beside one in a word about to be played."""
    near: int = 8
    """How many words the first window has."""
    decay: float = 0.5
    """What the words of a window weigh, beside those of the window before."""
    seed: int | None = None
    """Decides between equals, where given."""


class Move(NamedTuple):
    """An op of the plan: a gadget by its place with its letters now, or a Clifford rotation."""

    gadget: int | None
    letters: dict[int, int]
    negative: bool = False


@dataclass(slots=True)
class Plan:
    """Moves in time order; afterwards every row of the frame has one letter."""

    moves: list[Move] = field(default_factory=list)
    entanglers: int = 0
    homes: list[int] = field(default_factory=list)
    """For each qubit of the frame the qubit its two letters are on."""
    ends: list[tuple[tuple[int, bool], tuple[int, bool]]] = field(default_factory=list)
    """For each qubit what X and Z of the frame are there: letter and whether it is negative."""

    @property
    def cost(self) -> tuple[int, int]:
        """Entanglers, and how often the letter on a qubit is another than before."""
        now: dict[int, int] = {}
        changes = 0
        for move in self.moves:
            changes += sum([now.get(q, _Z) != letter for q, letter in move.letters.items()])
            now.update(move.letters)
        return self.entanglers, changes


class Order:
    """Which gadgets must be played before which, and the rows of the frame below them.

    Row k of `start` is gadget k; then come the images of X, Z and Y of every qubit.
    """

    def __init__(self, gathering: Gathering) -> None:
        words = [gadget.word for gadget in gathering.gadgets]
        self.n, self.count = gathering.n, len(words)
        self.start = Table([*words, *frame_rows(gathering)], self.n)
        self.everything = (1 << self.count) - 1
        self.frame = self.start.every ^ self.everything
        self.before = [self._against(given) & ((1 << k) - 1) for k, given in enumerate(words)]
        """For each gadget the earlier ones that it does not commute with."""
        self.first = sum([1 << place for place, rows in enumerate(self.before) if not rows])
        self.waiting: list[list[int]] = [[] for _ in words]
        """For each gadget those for which it is the last one before them."""
        for place, rows in enumerate(self.before):
            if rows:
                self.waiting[rows.bit_length() - 1].append(place)

    def _against(self, given: Word) -> int:
        rows = 0
        for q in range(self.n):
            rows ^= self.start.against(q, (given.x >> q & 1) | (given.z >> q & 1) << 1)
        return rows & self.everything


def frame_rows(gathering: Gathering) -> list[Word]:
    """C^-1 P C for P = X of every qubit, then Z, then Y."""
    x, z = gathering.frame[: gathering.n], gathering.frame[gathering.n :]
    quarter = [a.times(b) for a, b in zip(x, z, strict=True)]
    return [*x, *z, *[Word(y.x, y.z, (y.k + 1) % 4) for y in quarter]]


class Search:
    """One walk through the gadgets; `run` gives up when it needs `limit` entanglers."""

    def __init__(self, order: Order, taste: Taste, limit: int) -> None:
        self.table = order.start.copy()
        self.order, self.taste, self.limit = order, taste, limit
        self.remaining = order.everything
        self.ready = order.first
        self.waiting = [list(places) for places in order.waiting]
        """For each gadget those that cannot be played before it; one of them is enough."""
        self.plan = Plan()
        self.random = None if taste.seed is None else Random(taste.seed)
        self.windows: list[tuple[int, float]] = []
        self.looks = 0
        """How many turns were weighed."""

    def run(self) -> Plan | None:
        """The plan, or nothing when it is as dear as `limit`."""
        while self.remaining:
            if not self.play_short():
                self.shorten()
            if self.plan.entanglers >= self.limit:
                return None
        self.windows = [(self.order.frame, 1.0)]
        open_ = set(range(self.order.n))
        while open_ and self.plan.entanglers < self.limit:
            q = min(open_, key=lambda q: (sum(self.pair(q)[1]), q))
            self.undo(q)
            open_.remove(q)
        if self.plan.entanglers >= self.limit:
            return None
        self.finish()
        return self.plan

    # --- gadgets -------------------------------------------------------------------------------

    def play_short(self) -> bool:
        """Play what is free, then what is worth an entangler; whether there was anything."""
        two, three = self.table.lengths()
        free = self.ready & ~two
        for place in bits(free):
            self.play(place)
        if free:
            return True
        self.look()
        played = False
        for place in bits(self.ready & ~three):
            if max(map(self.gain, self.reducing(place))) <= 1 + self.taste.reluctance:
                self.plan.entanglers += 1
                self.play(place)
                played = True
        return played

    def play(self, place: int) -> None:
        letters = self.table.letters(place)
        self.plan.moves.append(Move(place, letters, bool(self.table.sign >> place & 1)))
        self.remaining ^= 1 << place
        self.ready ^= 1 << place
        for later in self.waiting[place]:
            rest = self.order.before[later] & self.remaining
            if rest:
                self.waiting[rest.bit_length() - 1].append(later)
            else:
                self.ready |= 1 << later

    def shorten(self) -> None:
        """Shorten one gadget that is ready until it is short enough, choosing the best first."""
        two, _ = self.table.lengths()
        places = list(_first(self.ready & two, _FOCUS))
        shortest = min([len(self.table.letters(place)) for place in places])
        short = [p for p in places if len(self.table.letters(p)) == shortest]
        _, turn, place = self.best([(t, p) for p in short for t in self.reducing(p)])
        self.turn(turn)
        while len(self.table.letters(place)) > 2:
            self.look()
            _, turn, place = self.best([(t, place) for t in self.reducing(place)])
            self.turn(turn)

    def best(self, choices: Sequence[tuple[Turn, int]]) -> tuple[float, Turn, int]:
        """The turn that gains most."""
        scored = [(self.gain(turn), turn, place) for turn, place in choices]
        most = max([gain for gain, _, _ in scored])
        equal = [entry for entry in scored if entry[0] >= most - 1e-9]
        return self.random.choice(equal) if self.random else equal[0]

    def reducing(self, row: int) -> Iterator[Turn]:
        """The turns that take a letter off a row."""
        for (q, a), (r, b) in combinations(self.table.letters(row).items(), 2):
            for other in (1, 2, 3):
                if other != b:
                    yield (q, a, r, other)
                if other != a:
                    yield (q, other, r, b)

    def turn(self, turn: Turn) -> None:
        q, a, r, b = turn
        self.table.turn(turn)
        self.plan.moves.append(Move(None, {q: a, r: b}))
        self.plan.entanglers += 1

    # --- what a turn is worth ------------------------------------------------------------------

    def look(self) -> None:
        """Windows of the words to come, with what a letter in them weighs."""
        lowest = (self.remaining & -self.remaining).bit_length() - 1
        width, weight, seen = self.taste.near, 1.0, self.ready
        self.windows = [(self.ready, 1.0)]
        while lowest + width // _FAR < self.remaining.bit_length():
            window = self.remaining & ((1 << (lowest + width)) - 1) & ~seen
            self.windows.append((window, weight))
            seen |= window
            width, weight = width * _FAR, weight * self.taste.decay
        if self.taste.frame:
            self.windows.append((self.order.frame, self.taste.frame))

    def gain(self, turn: Turn) -> float:
        """Letters that a turn takes off words, by weight."""
        self.looks += 1
        longer, shorter = self.table.change(turn)
        return sum(
            [
                weight * ((shorter & window).bit_count() - (longer & window).bit_count())
                for window, weight in self.windows
            ]
        )

    # --- the frame -----------------------------------------------------------------------------

    def pair(self, q: int) -> tuple[list[int], list[int]]:
        """The two shortest of the three rows of a qubit, and their lengths."""
        start, n = self.order.count + q, self.order.n
        rows = [start, start + n, start + 2 * n]
        lengths = sorted([(len(self.table.letters(row)), row) for row in rows])[:2]
        return [row for _, row in lengths], [length for length, _ in lengths]

    def undo(self, q: int) -> None:
        """Shorten the rows of a qubit until each has one letter; they are on one qubit then."""
        while True:
            (first, second), lengths = self.pair(q)
            if sum(lengths) == 2:
                return
            if lengths[0] > 1:
                turns = list(self.reducing(first))
            else:
                turns = [t for t in self.reducing(second) if not self.disturbs(t, first)]
            self.turn(self.best([(turn, 0) for turn in turns])[1])

    def disturbs(self, turn: Turn, row: int) -> bool:
        q, a, r, b = turn
        rows = self.table.against(q, a) ^ self.table.against(r, b)
        return bool(rows >> row & 1)

    def finish(self) -> None:
        table, start, n = self.table, self.order.count, self.order.n
        for q in range(n):
            ((home, x),) = table.letters(start + q).items()
            z = table.letter(start + n + q, home)
            signs = [bool(table.sign >> row & 1) for row in (start + q, start + n + q)]
            self.plan.homes.append(home)
            self.plan.ends.append(((x, signs[0]), (z, signs[1])))


def _first(rows: int, count: int) -> Iterator[int]:
    return islice(bits(rows), count)
