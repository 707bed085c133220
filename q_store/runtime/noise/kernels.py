"""The kernels: sweeps of a tape's blocks over lane vectors, forward and reverse.

`state` and `cotangent` are (size,) lane vectors, `values` and `slopes` one lane vector for each
entry value of the tape, `work` is scratch. `kept` holds the state before each block of a run.
The reverse sweep gives the derivative for every entry value, so it knows nothing of angles. The
tables are those of `blocks.Tape`.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import kernel, load, splat, store

SCALE, PAIR, CROSS = 1, 2, 3


@kernel
def forward(
    blocks: Any, steps: Any, lines: Any, entries: Any, places: Any,
    state: Any, values: Any, work: Any, first: int, last: int, kept: Any, keep: bool,
) -> None:  # fmt: skip
    """Blocks `first` to `last - 1` on the state; with `keep` each state goes to `kept` before."""
    size = state.shape[0]
    for b in range(first, last):
        if keep:
            begin = (b - first) * size
            for k in range(size):
                store(kept, begin + k, load(state, k))
        rows, offsets, bases = blocks[b, 0], blocks[b, 1], blocks[b, 2]
        for at in range(bases, bases + blocks[b, 3]):
            base = places[at]
            for r in range(rows):
                store(work, r, load(state, base + places[offsets + r]))
            for s in range(blocks[b, 4], blocks[b, 5]):
                _apply(steps[s], lines, entries, values, work, rows)
            for r in range(rows):
                store(state, base + places[offsets + r], load(work, r))


@kernel
def squares(blocks: Any, places: Any, state: Any, work: Any, block: int) -> None:
    """For each row of a block the sum of its squares over the block's bases, at `work[row]`."""
    rows, offsets, bases = blocks[block, 0], blocks[block, 1], blocks[block, 2]
    for r in range(rows):
        total = splat(work, 0.0)
        for at in range(bases, bases + blocks[block, 3]):
            x = load(state, places[at] + places[offsets + r])
            total = total + x * x
        store(work, r, total)


@kernel
def products(blocks: Any, places: Any, state: Any, work: Any, block: int) -> None:
    """For each two rows r and s of a block the sum of their products over the block's bases, at
    `work[r * rows + s]`."""
    rows, offsets, bases = blocks[block, 0], blocks[block, 1], blocks[block, 2]
    for r in range(rows):
        for s in range(r + 1):
            total = splat(work, 0.0)
            for at in range(bases, bases + blocks[block, 3]):
                x = load(state, places[at] + places[offsets + r])
                total = total + x * load(state, places[at] + places[offsets + s])
            store(work, r * rows + s, total)
            store(work, s * rows + r, total)


@kernel
def _apply(step: Any, lines: Any, entries: Any, values: Any, x: Any, temporary: int) -> None:
    """One step on the rows of a block, in place."""
    kind, begin, end = step[0], step[5], step[6]
    if kind == SCALE:
        a = load(values, step[1])
        for line in range(begin, end):
            i = lines[0, line]
            store(x, i, a * load(x, i))
    elif kind == PAIR:
        a, b = load(values, step[1]), load(values, step[2])
        c, d = load(values, step[3]), load(values, step[4])
        for line in range(begin, end):
            i, j = lines[0, line], lines[1, line]
            xi, xj = load(x, i), load(x, j)
            store(x, i, a * xi + b * xj)
            store(x, j, c * xi + d * xj)
    elif kind == CROSS:
        b, c = load(values, step[2]), load(values, step[3])
        for line in range(begin, end):
            i, j = lines[0, line], lines[1, line]
            xi = load(x, i)
            store(x, i, b * load(x, j))
            store(x, j, c * xi)
    else:
        for line in range(begin, end):
            total = splat(x, 0.0)
            for e in range(lines[3, line], lines[4, line]):
                total = total + load(values, entries[e, 2]) * load(x, entries[e, 0])
            store(x, temporary + line - begin, total)
        for line in range(begin, end):
            store(x, lines[0, line], load(x, temporary + line - begin))


@kernel
def reverse(
    blocks: Any, steps: Any, lines: Any, entries: Any, places: Any,
    kept: Any, cotangent: Any, values: Any, slopes: Any, work: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Blocks `last - 1` down to `first` on the cotangent; derivatives are added to `slopes`."""
    size = cotangent.shape[0]
    for b in range(last - 1, first - 1, -1):
        begin = (b - first) * size
        rows, offsets, bases = blocks[b, 0], blocks[b, 1], blocks[b, 2]
        start, stop = blocks[b, 4], blocks[b, 5]
        mirror = work.shape[0] - 2 * rows
        for at in range(bases, bases + blocks[b, 3]):
            base = places[at]
            for r in range(rows):
                store(work, r, load(kept, begin + base + places[offsets + r]))
                store(work, mirror + r, load(cotangent, base + places[offsets + r]))
            for s in range(start, stop - 1):
                _record(steps[s], lines, entries, values, work)
            for s in range(stop - 1, start - 1, -1):
                _back(steps[s], lines, entries, values, slopes, work, mirror, mirror + rows)
            for r in range(rows):
                store(cotangent, base + places[offsets + r], load(work, mirror + r))


@kernel
def _record(step: Any, lines: Any, entries: Any, values: Any, x: Any) -> None:
    """One step from the slots before to the slots after."""
    kind, begin, end = step[0], step[5], step[6]
    if kind == SCALE:
        a = load(values, step[1])
        for line in range(begin, end):
            store(x, lines[4, line], a * load(x, lines[2, line]))
    elif kind in (PAIR, CROSS):
        a, b = load(values, step[1]), load(values, step[2])
        c, d = load(values, step[3]), load(values, step[4])
        for line in range(begin, end):
            xi, xj = load(x, lines[2, line]), load(x, lines[3, line])
            store(x, lines[4, line], a * xi + b * xj)
            store(x, lines[5, line], c * xi + d * xj)
    else:
        for line in range(begin, end):
            total = splat(x, 0.0)
            for e in range(lines[3, line], lines[4, line]):
                total = total + load(values, entries[e, 2]) * load(x, entries[e, 1])
            store(x, lines[2, line], total)


@kernel
def _back(
    step: Any, lines: Any, entries: Any, values: Any, slopes: Any, x: Any, mirror: int,
    temporary: int,
) -> None:  # fmt: skip
    """The transposed step on the cotangent's rows, which start at `mirror`."""
    kind, begin, end = step[0], step[5], step[6]
    if kind == SCALE:
        a, total = load(values, step[1]), splat(x, 0.0)
        for line in range(begin, end):
            i = mirror + lines[0, line]
            y = load(x, i)
            total = total + y * load(x, lines[2, line])
            store(x, i, a * y)
        _add(slopes, step[1], total)
    elif kind in (PAIR, CROSS):
        if step[7]:
            _pair_slopes(step, lines, slopes, x, mirror)
        a, b = load(values, step[1]), load(values, step[2])
        c, d = load(values, step[3]), load(values, step[4])
        for line in range(begin, end):
            i, j = mirror + lines[0, line], mirror + lines[1, line]
            yi, yj = load(x, i), load(x, j)
            store(x, i, a * yi + c * yj)
            store(x, j, b * yi + d * yj)
    else:
        _back_many(step, lines, entries, values, slopes, x, mirror, temporary)


@kernel
def _pair_slopes(step: Any, lines: Any, slopes: Any, x: Any, mirror: int) -> None:
    """Derivatives for the four values of a pair."""
    a, b, c, d = splat(x, 0.0), splat(x, 0.0), splat(x, 0.0), splat(x, 0.0)
    for line in range(step[5], step[6]):
        yi, yj = load(x, mirror + lines[0, line]), load(x, mirror + lines[1, line])
        xi, xj = load(x, lines[2, line]), load(x, lines[3, line])
        a = a + yi * xi
        b = b + yi * xj
        c = c + yj * xi
        d = d + yj * xj
    _add(slopes, step[1], a)
    _add(slopes, step[2], b)
    _add(slopes, step[3], c)
    _add(slopes, step[4], d)


@kernel
def _back_many(
    step: Any, lines: Any, entries: Any, values: Any, slopes: Any, x: Any, mirror: int,
    temporary: int,
) -> None:  # fmt: skip
    begin, end = step[5], step[6]
    for line in range(begin, end):
        store(x, temporary + lines[0, line], splat(x, 0.0))
    for line in range(begin, end):
        y = load(x, mirror + lines[0, line])
        for e in range(lines[3, line], lines[4, line]):
            at = temporary + entries[e, 0]
            store(x, at, load(x, at) + load(values, entries[e, 2]) * y)
            if step[7]:
                _add(slopes, entries[e, 2], y * load(x, entries[e, 1]))
    for line in range(begin, end):
        row = lines[0, line]
        store(x, mirror + row, load(x, temporary + row))


@kernel
def _add(vectors: Any, at: int, value: Any) -> None:
    store(vectors, at, load(vectors, at) + value)
