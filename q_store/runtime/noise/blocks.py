"""From factors to the tape of a kernel: blocks that sweep over a state once each.

Factors are gathered into blocks of a few digits. A block visits every setting of the other digits
once, loads its own part of the state into a buffer that stays in the core's cache, and applies its
factors there. Factors on different digits commute, so a factor may join any block from the last one
that touches its digits on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.affine import Row
from q_store.runtime.noise.factors import Factor
from q_store.runtime.noise.merging import merge

_MOST_ROWS: Final = 256
"""Rows of the state that a block holds at a time; a single larger factor is a block of its own."""
_MOST_BUFFER: Final = 8192
"""Lane vectors that a block's reverse sweep may keep: its rows after each of its factors."""

_SKEW_FROM: Final = 64
_SKEW: Final = 3
"""From this distance on, in lane vectors, that many are left out."""

Ints = NDArray[np.int64]


@dataclass(eq=False)
class Block:
    """Some digits, and the factors on them in time order."""

    digits: list[int]
    factors: list[Factor] = field(default_factory=list)


def gather(factors: Iterable[Factor], sizes: Sequence[int]) -> list[Block]:
    """Blocks in time order; `sizes` are those of all digits."""
    blocks: list[Block] = []
    last: dict[int, int] = {}
    """For each digit the last block that touches it."""
    for item in factors:
        earliest = max([last.get(digit, -1) for digit in item.digits])
        place = _place(blocks, max(earliest, 0), item, sizes)
        if place == len(blocks):
            blocks.append(Block([]))
        block = blocks[place]
        block.digits += [digit for digit in item.digits if digit not in block.digits]
        block.factors.append(item)
        last.update(dict.fromkeys(item.digits, place))
    return blocks


def _place(blocks: list[Block], first: int, item: Factor, sizes: Sequence[int]) -> int:
    """The first block that has all digits of a factor already, else the first with room."""
    roomy = len(blocks)
    for at in range(first, len(blocks)):
        block = blocks[at]
        joined = {*block.digits, *item.digits}
        rows = prod([sizes[digit] for digit in joined])
        if rows > _MOST_ROWS or rows * (len(block.factors) + 2) > _MOST_BUFFER:
            continue
        if len(joined) == len(block.digits):
            return at
        roomy = min(roomy, at)
    return roomy


class Values:
    """The distinct entry values of a tape: `a + b cos(h t) + c sin(h t)` of some angle t."""

    def __init__(self) -> None:
        self.angles: list[tuple[Row, float]] = []
        self.parts: list[tuple[float, float, float, int]] = []
        self._angle_numbers: dict[Any, int] = {}
        self._numbers: dict[Any, int] = {}

    def number(self, a: float, b: float, c: float, angle: int) -> int:
        """The number of a value, the same for equal ones."""
        key = (a, b, c, angle if b or c else -1)
        if key not in self._numbers:
            self._numbers[key] = len(self.parts)
            self.parts.append((a, b, c, key[3]))
        return self._numbers[key]

    def angle(self, row: Row, frequency: float) -> int:
        """The number of an angle with a frequency."""
        key = (row.const, tuple(sorted(row.terms.items())), frequency)
        if key not in self._angle_numbers:
            self._angle_numbers[key] = len(self.angles)
            self.angles.append((row, frequency))
        return self._angle_numbers[key]

    def own(self, a: float, b: float, c: float, angle: int) -> int:
        """A value that is equal to no other, for entries that change while a circuit runs."""
        self.parts.append((a, b, c, angle if b or c else -1))
        return len(self.parts) - 1


class Cells(NamedTuple):
    """The entries of a factor, and the numbers of their values."""

    rows: Ints
    columns: Ints
    numbers: Ints


@dataclass(frozen=True, eq=False)
class Tape:
    """Blocks as the arrays that a kernel reads, and the entries whose values it needs.

    A block's part of the state is `rows` lane vectors. Its reverse sweep also needs what they were
    before each factor, so every change of a row gets a *slot* of its own behind the first `rows`.

    The first `length` blocks are run one after the other; the others have no factors and serve
    to ask for populations. `blocks[b]` is rows, start of offsets, start of bases, number of
    bases, first and last step. `places` holds offsets and bases. `steps[s]` is one matrix on
    many pairs of rows (or on single rows, or on one larger set): kind, the numbers of its four
    values, first and last line, and whether a value depends on an angle. `lines`, a column
    each, of a pair are its two rows, their slots before and their slots after; of a larger set,
    row, slot before, slot after, and its entries. `entries` are a row, its slot, and the number
    of a value.
    """

    size: int
    """Length of the state in lane vectors."""
    order: Ints
    """Where each setting of all digits is in the state."""
    work: int
    """Lane vectors that a kernel needs beside states and values."""
    length: int
    blocks: Ints
    steps: Ints
    lines: NDArray[np.int32]
    entries: Ints
    places: Ints
    values: Values
    cells: Mapping[Factor, Cells]
    """Of the factors that vary."""
    costs: tuple[float, float]
    """Vector operations of a forward and of a reverse sweep, roughly."""


class Layout:
    """Where the settings of digits are, in an array over some digits in order.

    A `skewed` array has small gaps, so that rows far apart do not all compete for the same few
    lines of the cache, as they would at distances that are powers of two.
    """

    def __init__(
        self, sizes: Sequence[int], digits: Sequence[int], *, skewed: bool = False
    ) -> None:
        self.sizes = sizes
        self.strides: dict[int, int] = {}
        stride = 1
        for digit in reversed(digits):
            self.strides[digit] = stride
            stride *= sizes[digit]
            if skewed and stride >= _SKEW_FROM:
                stride += _SKEW
        self.size = stride

    def positions(self, digits: Sequence[int]) -> Ints:
        """The position of each setting of some digits, the first most significant, others 0."""
        total = np.zeros(1, np.int64)
        for digit in digits:
            steps = np.arange(self.sizes[digit]) * self.strides[digit]
            total = (total[:, None] + steps).ravel()
        return total


SCALE: Final = 1
PAIR: Final = 2
CROSS: Final = 3
MANY: Final = 4
"""Kinds of steps: one row, two rows, two rows that trade places, more rows."""


class Packer:
    """Writes blocks into the arrays of a tape."""

    def __init__(self, sizes: Sequence[int], *, skewed: bool) -> None:
        self.sizes = sizes
        self.layout = Layout(sizes, range(len(sizes)), skewed=skewed)
        self.values = Values()
        self.blocks: list[tuple[int, ...]] = []
        self.watched: list[tuple[int, ...]] = []
        """Blocks without factors."""
        self.steps: list[tuple[int, ...]] = []
        self.lines: list[tuple[int, ...]] = []
        self.entries: list[tuple[int, int, int]] = []
        self.places: list[Ints] = []
        self.placed = 0
        self.work = 1
        self.costs = [0.0, 0.0]
        self.own: dict[Factor, dict[tuple[int, int], int]] = {}
        """Value numbers by row and column of the factors that vary."""
        self.slot: list[int] = []
        """The newest slot of each row of the block."""
        self.slots = 0

    def put(self, positions: Ints) -> int:
        """Append to `places`."""
        self.places.append(positions)
        self.placed += len(positions)
        return self.placed - len(positions)

    def block(self, block: Block) -> None:
        """Append one block."""
        digits = sorted(block.digits)
        rest = [digit for digit in range(len(self.sizes)) if digit not in block.digits]
        bases, offsets = self.layout.positions(rest), self.layout.positions(digits)
        rows, first = len(offsets), len(self.steps)
        self.slot, self.slots = list(range(rows)), rows
        for item in block.factors:
            self.factor(item, digits)
        here = (self.put(offsets), self.put(bases), len(bases), first, len(self.steps))
        self.blocks.append((rows, *here))
        self.work = max(self.work, self.slots + 2 * rows)
        self.costs[0] += len(bases) * (2 * rows + 2 * self.slots)
        self.costs[1] += len(bases) * (4 * rows + 8 * self.slots)

    def watch(self, digits: Sequence[int]) -> int:
        """A block without factors whose rows are the settings of digits in this order; its number
        among such blocks."""
        rest = [digit for digit in range(len(self.sizes)) if digit not in digits]
        bases, offsets = self.layout.positions(rest), self.layout.positions(digits)
        here = (self.put(offsets), self.put(bases), len(bases), 0, 0)
        self.watched.append((len(offsets), *here))
        # Room for the products of every two rows.
        self.work = max(self.work, len(offsets) ** 2)
        return len(self.watched) - 1

    def factor(self, item: Factor, digits: Sequence[int]) -> None:
        """Append one factor, repeated for every setting of the block's other digits."""
        if item.varies:
            self.own.setdefault(item, {})
        local = Layout(self.sizes, digits)
        own = local.positions(item.digits)
        rest = local.positions([digit for digit in digits if digit not in item.digits])
        angle = self.values.angle(item.angle, item.parts.frequency) if item.parts.frequency else -1
        alike: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for group in item.groups:
            if len(group) > 2:
                self.many(item, angle, [own[list(group)] + shift for shift in rest], group)
                continue
            matrix = [self.entry(item, angle, i, j) for i in group for j in group]
            alike.setdefault(tuple(matrix), []).append(group)
        for numbers, groups in alike.items():
            places = [own[list(group)] + shift for group in groups for shift in rest]
            self.pairs(numbers, [tuple(rows.tolist()) for rows in places])

    def entry(self, item: Factor, angle: int, row: int, column: int) -> int:
        """The number of an entry's value."""
        a, b, c = [float(part[row, column]) for part in item.parts[:3]]
        if not item.varies:
            return self.values.number(a, b, c, angle)
        own = self.own[item]
        if (row, column) not in own:
            own[row, column] = self.values.own(a, b, c, angle)
        return own[row, column]

    def cells(self) -> dict[Factor, Cells]:
        """The entries of the factors that vary."""
        found = {}
        for item, own in self.own.items():
            places = np.array(list(own), np.int64).reshape(-1, 2)
            found[item] = Cells(places[:, 0], places[:, 1], np.array(list(own.values()), np.int64))
        return found

    def fresh(self, rows: Sequence[int]) -> tuple[list[int], list[int]]:
        """Slots of some rows before and after they change."""
        before = [self.slot[row] for row in rows]
        after = list(range(self.slots, self.slots + len(rows)))
        self.slots += len(rows)
        for row, slot in zip(rows, after, strict=True):
            self.slot[row] = slot
        return before, after

    def pairs(self, matrix: tuple[int, ...], rows: Sequence[tuple[int, ...]]) -> None:
        """One step of a matrix of one or four values on many single rows or pairs."""
        begin = len(self.lines)
        for own in rows:
            before, after = self.fresh(own)
            if len(own) == 1:
                self.lines.append((own[0], 0, before[0], 0, after[0], 0))
            else:
                self.lines.append((*own, *before, *after))
        zero = self.values.number(0.0, 0.0, 0.0, -1)
        kind = SCALE if len(matrix) == 1 else PAIR
        if kind == PAIR and matrix[0] == matrix[3] == zero:
            kind = CROSS
        live = any(self.values.parts[number][3] >= 0 for number in matrix)
        four = (*matrix, zero, zero, zero)[:4]
        self.steps.append((kind, *four, begin, len(self.lines), int(live)))

    def many(self, item: Factor, angle: int, sets: Sequence[Ints], group: tuple[int, ...]) -> None:
        """One step for each set of more than two rows."""
        for places in sets:
            begin, rows = len(self.lines), places.tolist()
            before, after = self.fresh(rows)
            live = False
            for k, i in enumerate(group):
                start = len(self.entries)
                for m, j in enumerate(group):
                    if item.pattern[i, j]:
                        number = self.entry(item, angle, i, j)
                        live |= self.values.parts[number][3] >= 0
                        self.entries.append((rows[m], before[m], number))
                self.lines.append((rows[k], before[k], after[k], start, len(self.entries), 0))
            self.steps.append((MANY, 0, 0, 0, 0, begin, len(self.lines), int(live)))

    def tape(self) -> Tape:
        """The arrays."""
        return Tape(
            size=self.layout.size,
            order=self.layout.positions(range(len(self.sizes))),
            work=self.work,
            length=len(self.blocks),
            blocks=_table([*self.blocks, *self.watched], 6),
            steps=_table(self.steps, 8),
            lines=np.ascontiguousarray(_table(self.lines, 6).T, np.int32),
            entries=_table(self.entries, 3),
            places=np.concatenate(self.places) if self.places else np.zeros(0, np.int64),
            values=self.values,
            cells=self.cells(),
            costs=(self.costs[0], self.costs[1]),
        )


def _table(rows: Sequence[Sequence[int]], columns: int) -> Ints:
    return np.array(rows, np.int64).reshape(len(rows), columns)


def make_tape(
    stages: Iterable[Iterable[Factor]],
    sizes: Sequence[int],
    *,
    skewed: bool,
    watched: Iterable[Sequence[int]] = (),
) -> tuple[Tape, list[int]]:
    """The tape of factors on digits of these sizes, and where each stage ends, in blocks.

    Factors stay within their stage. For each list of digits in `watched` there is a block behind
    the others.
    """
    packer, ends = Packer(sizes, skewed=skewed), []
    for factors in stages:
        for block in gather(merge(factors, sizes), sizes):
            packer.block(block)
        ends.append(len(packer.blocks))
    for digits in watched:
        packer.watch(digits)
    return packer.tape(), ends
