"""Phase runs: many commuting phases as one table, one sweep and one transform.

A run is a product of factors exp(-i t/2 (-1)^parity(p & r)), one for each of its rows. Of the masks
r the planner picks a basis; bit i of the index y of amplitude p is parity(p & basis[i]), so every
mask of the run is a mask of y. The product is a function of y alone: a table of complex numbers.

It is built by doubling: a new bit of y makes a second half of the table, and a row that depends on
known bits only multiplies what is there, so rows come in the order of their highest bit. A run of
rows that all samples share has a table of plain numbers, ``width`` of them in a lane vector; then
the bits of y below the width live inside vectors. Other runs have one lane vector for each y.

Backward, Im(conj(lambda) psi) is summed for every y; the gradient of a row is that array's
Walsh-Hadamard coefficient at the mask of the row.

Tables hold all real parts, then all imaginary parts, of ``size`` vectors each.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import (
    get,
    kernel,
    load,
    low_bit,
    parity,
    put,
    splat,
    store,
    width,
)
from q_store.runtime.batched.opcodes import (
    CONTROL_BEGIN,
    CONTROL_END,
    FACTOR_BEGIN,
    H_CONTROLS,
    H_HISTOGRAM,
    H_QUBITS,
    H_TABLES,
    KEPT,
    LIVE,
    MOST_LANES,
    OP,
    PHASE_RUN,
    ROLE,
    SHARED,
    TABLE,
)

_STRETCH = 256


@kernel
def place(ip: Any, step: Any, co: Any) -> int:
    """Where the table of a run begins in ``co``; tables of plain numbers follow ``H_TABLES``."""
    if step[SHARED]:
        at: int = ip[H_TABLES] + step[TABLE] // width(co)
        return at
    own: int = step[TABLE]
    return own


@kernel
def table_size(step: Any, co: Any) -> int:
    """Lane vectors of the real parts of a run's table."""
    numbers: int = 1 << step[ROLE]
    if not step[SHARED]:
        return numbers
    vectors: int = max(numbers, MOST_LANES) // width(co)
    return vectors


@kernel
def layout(ip: Any, step: Any) -> Any:
    """Where a run's index columns begin and where its masks (as masks of y) begin and end.

    Index column j says what flipping the bits 0 to j of an amplitude's number does to y.
    """
    begin = ip[H_CONTROLS] + step[CONTROL_BEGIN]
    return begin, begin + ip[H_QUBITS], ip[H_CONTROLS] + step[CONTROL_END]


@kernel
def signed_sine(co: Any, row: int, mask: int, lanes: int, at: int) -> Any:
    """The sine of a row, negative in the lanes whose number has odd parity under ``mask``."""
    if lanes == 1:
        return load(co, 2 * row + 1)
    for lane in range(width(co)):
        sine = get(co, 2 * row + 1, lane)
        put(co, at, lane, -sine if parity(lane & mask) else sine)
    return load(co, at)


@kernel
def build(co: Any, at: int, size: int, first: int, masks: Any, lanes: int) -> None:
    """The table of the rows from ``first`` on; ``lanes`` values of y share a vector.

    The vector behind the table is scratch.
    """
    store(co, at, splat(co, 1.0))
    store(co, at + size, splat(co, 0.0))
    known = 1
    for k in range(masks.shape[0]):
        mask = masks[k]
        c = load(co, 2 * (first + k))
        d = signed_sine(co, first + k, mask, lanes, at + 2 * size)
        doubles = mask == known * lanes
        for v in range(known):
            i, h = at + v, at + size + v
            xr, xi = load(co, i), load(co, h)
            f = -d if parity(v * lanes & mask) else d
            store(co, i, c * xr + f * xi)
            store(co, h, c * xi - f * xr)
            if doubles:
                store(co, i + known, c * xr - d * xi)
                store(co, h + known, c * xi + d * xr)
        if doubles:
            known *= 2


@kernel
def prepare(ip: Any, step: Any, co: Any) -> None:
    """Build the table of a run."""
    lanes = width(co) if step[SHARED] else 1
    at, size = place(ip, step, co), table_size(step, co)
    _, begin, end = layout(ip, step)
    build(co, at, size, step[FACTOR_BEGIN], ip[begin:end], lanes)


@kernel
def prepare_kept(ip: Any, tape: Any, co: Any) -> None:
    """Build the tables that stay for the whole call."""
    for k in range(tape.shape[0]):
        if tape[k, OP] == PHASE_RUN and tape[k, KEPT]:
            prepare(ip, tape[k], co)


@kernel
def entry(co: Any, at: int, y: int, shared: int) -> Any:
    """Value ``y`` of the table part at ``co[at]``, in every lane if it is a plain number."""
    return splat(co, get(co, at, y)) if shared else load(co, at + y)


@kernel
def sweep(s: Any, n: int, co: Any, at: int, size: int, columns: Any, shared: int) -> None:
    """Multiply psi by the table."""
    y = 0
    for p in range(1 << n):
        if p:
            y ^= columns[low_bit(p)]
        c, d = entry(co, at, y, shared), entry(co, at + size, y, shared)
        xr, xi = load(s, 2 * p), load(s, 2 * p + 1)
        store(s, 2 * p, c * xr - d * xi)
        store(s, 2 * p + 1, c * xi + d * xr)


@kernel
def apply(s: Any, ip: Any, step: Any, co: Any) -> None:
    """One run on psi."""
    if not step[KEPT]:
        prepare(ip, step, co)
    at, size = place(ip, step, co), table_size(step, co)
    begin, end, _ = layout(ip, step)
    n, columns = ip[H_QUBITS], ip[begin:end]
    if step[SHARED]:
        sweep(s, n, co, at, size, columns, 1)
    else:
        sweep(s, n, co, at, size, columns, 0)


@kernel
def unsweep(
    s: Any, t: Any, n: int, co: Any, at: int, size: int, columns: Any, shared: int, sums: int,
    fresh: int,
) -> None:  # fmt: skip
    """Divide psi and lambda by the table; Im(conj(lambda) psi) of each y goes to ``co[sums + y]``.

    ``fresh``: every y occurs once, so that there is nothing to add to.
    """
    y = 0
    for p in range(1 << n):
        if p:
            y ^= columns[low_bit(p)]
        c, d = entry(co, at, y, shared), entry(co, at + size, y, shared)
        i = 2 * p
        xr, xi, ur, ui = load(s, i), load(s, i + 1), load(t, i), load(t, i + 1)
        v = ur * xi - ui * xr
        store(co, sums + y, v if fresh else load(co, sums + y) + v)
        store(s, i, c * xr + d * xi)
        store(s, i + 1, c * xi - d * xr)
        store(t, i, c * ur + d * ui)
        store(t, i + 1, c * ui - d * ur)


@kernel
def undo(s: Any, t: Any, ip: Any, step: Any, co: Any, signs: int, out: int) -> None:
    """One run off psi and lambda; row gradients go to ``co[out + row]``."""
    if not step[KEPT]:
        prepare(ip, step, co)
    at, size, rank, sums = place(ip, step, co), table_size(step, co), step[ROLE], ip[H_HISTOGRAM]
    begin, middle, end = layout(ip, step)
    n, columns = ip[H_QUBITS], ip[begin:middle]
    fresh = rank == n
    if not fresh:
        for y in range(1 << rank):
            store(co, sums + y, splat(co, 0.0))
    if step[SHARED]:
        unsweep(s, t, n, co, at, size, columns, 1, sums, fresh)
    else:
        unsweep(s, t, n, co, at, size, columns, 0, sums, fresh)
    if step[LIVE]:
        gradients(co, sums, rank, ip[middle:end], signs, out + step[FACTOR_BEGIN])


@kernel
def butterflies(co: Any, at: int, half: int) -> None:
    """Sums and differences of the two halves of ``2 half`` vectors, in place."""
    for i in range(at, at + half):
        a, b = load(co, i), load(co, i + half)
        store(co, i, a + b)
        store(co, i + half, a - b)


@kernel
def halve(co: Any, at: int, half: int) -> Any:
    """The sums of :func:`butterflies`, and the total of the differences."""
    step = min(half, _STRETCH)
    outer = splat(co, 0.0)
    for start in range(at, at + half, step):
        inner = splat(co, 0.0)
        for i in range(start, start + step):
            a, b = load(co, i), load(co, i + half)
            inner = inner + (a - b)
            store(co, i, a + b)
        outer = outer + inner
    return outer


@kernel
def transform(co: Any, at: int, size: int) -> None:
    """Walsh-Hadamard transform in place."""
    half = size // 2
    while half:
        for base in range(at, at + size, 2 * half):
            butterflies(co, base, half)
        half //= 2


@kernel
def signed_sum(co: Any, at: int, size: int, mask: int, signs: int) -> Any:
    """The Walsh-Hadamard coefficient of ``size`` vectors at one mask."""
    step = min(size, _STRETCH)
    outer = splat(co, 0.0)
    for start in range(0, size, step):
        inner = splat(co, 0.0)
        for i in range(start, start + step):
            inner = inner + load(co, signs + parity(i & mask)) * load(co, at + i)
        outer = outer + inner
    return outer


@kernel
def gradients(co: Any, at: int, rank: int, masks: Any, signs: int, out: int) -> None:
    """Coefficients of the ``2**rank`` sums at the masks, which are in the order of highest bits.

    Every bit, from the highest on, leaves a half of differences for the rows that contain it, and
    a half of sums for the others. Few rows are added up one by one, many share a transform.
    """
    stop = masks.shape[0]
    for bit in range(rank - 1, -1, -1):
        half = 1 << bit
        begin = stop
        while begin > 0 and masks[begin - 1] >= half:
            begin -= 1
        if stop - begin == 1:
            store(co, out + begin, halve(co, at, half))
            stop = begin
            continue
        butterflies(co, at, half)
        if stop - begin > bit + 1:
            transform(co, at + half, half)
            for k in range(begin, stop):
                store(co, out + k, load(co, at + masks[k]))
        else:
            for k in range(begin, stop):
                store(co, out + k, signed_sum(co, at + half, half, masks[k] ^ half, signs))
        stop = begin
