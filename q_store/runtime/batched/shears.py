"""Rotations as shears: RY without its cosine, which is made up for later.

RY takes (x, y) to cos (x - t y, y + t x) with t the tangent: without the factor it is half the
arithmetic. The factor is the same for all amplitudes and samples if the angle is shared, so the
state is simply kept at another scale. Any ordinary real block can restore it, at no cost, by
scaling its coefficients: the last one does, and one in between whenever the scale gets small.
Relative errors stay those of the ordinary rotation, however large the tangent.

Backward, psi and lambda are un-applied in the same way and share a scale; what an instruction's
gradient sums were taken at is noted, squared, in its slot ``SCALE``.

Slots of a real block: forward cosine, backward cosine, then the sines (or tangents) and their
negatives alike, forward before backward.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import get, kernel, load, put, splat, store
from q_store.runtime.batched.opcodes import (
    FACTOR_BEGIN,
    FACTOR_END,
    OP,
    REAL_BLOCK,
    REAL_PAIR,
    SCALE,
    SHARED,
    SHEARED,
    SLOTS,
)

_SMALLEST = 2.0**-20
"""A smaller scale is restored; stored numbers are up to its inverse times larger than true ones."""


@kernel
def scalable(tape: Any, k: int) -> bool:
    """Whether instruction ``k`` is a real block, or pair of them, with angles that all share."""
    op, shared = tape[k, OP], tape[k, SHARED]
    if op == REAL_PAIR:
        return bool(shared and tape[k + 1, SHARED])
    return bool(op == REAL_BLOCK and shared)


@kernel
def cosines(co: Any, tape: Any, k: int) -> float:
    """The factor that instruction ``k`` leaves out as shears."""
    c: float = get(co, 2 * tape[k, FACTOR_BEGIN], 0)
    if tape[k, OP] == REAL_PAIR:
        c *= get(co, 2 * tape[k + 1, FACTOR_BEGIN], 0)
    return c


@kernel
def fill(co: Any, tape: Any, k: int, area: int, way: int, sheared: bool, scale: float) -> None:
    """Coefficients of block ``k`` for one way."""
    row, at = tape[k, FACTOR_BEGIN], area + SLOTS * k + way
    c, s = get(co, 2 * row, 0), get(co, 2 * row + 1, 0)
    sine = s / c if sheared else scale * s
    store(co, at, splat(co, scale * c))
    store(co, at + 2, splat(co, sine))
    store(co, at + 4, splat(co, -sine))


@kernel
def settle(co: Any, tape: Any, k: int, area: int, way: int, scale: float, must: bool) -> float:
    """Make instruction ``k`` shears or let it restore the scale; gives the scale behind it."""
    pair = tape[k, OP] == REAL_PAIR
    left = scale * cosines(co, tape, k)
    sheared = pair and not must and abs(left) > _SMALLEST
    fill(co, tape, k, area, way, sheared, scale)
    if pair:
        fill(co, tape, k + 1, area, way, sheared, 1.0)
    if sheared:
        put(co, area + SLOTS * k + SHEARED, 0, get(co, area + SLOTS * k + SHEARED, 0) + (1 << way))
    return left if sheared else 1.0


@kernel
def is_sheared(co: Any, at: int, way: int) -> bool:
    """Whether the pair with coefficients at ``co[at]`` is shears, forward (0) or backward (1)."""
    return bool(int(get(co, at + SHEARED, 0)) >> way & 1)


@kernel
def choose(co: Any, tape: Any, area: int, products: int) -> None:
    """Decide for both ways which pairs are shears; fill the coefficients and scales."""
    steps = tape.shape[0]
    first, last, scale = -1, -1, 1.0
    for k in range(products, steps):
        if scalable(tape, k):
            last = k
            first = k if first < 0 else first
    for k in range(steps):
        store(co, area + SLOTS * k + SHEARED, splat(co, 0.0))
        if k >= products and scalable(tape, k):
            scale = settle(co, tape, k, area, 0, scale, k == last)
    for k in range(steps - 1, -1, -1):
        store(co, area + SLOTS * k + SCALE, splat(co, scale * scale))
        if k >= products and scalable(tape, k):
            before = scale
            scale = settle(co, tape, k, area, 1, scale, k == first)
            if is_sheared(co, area + SLOTS * k, 1):  # The second block is undone by then.
                before *= get(co, 2 * tape[k + 1, FACTOR_BEGIN], 0)
                store(co, area + SLOTS * k + SCALE, splat(co, before * before))


@kernel
def rescale(co: Any, tape: Any, k: int, area: int, out: int) -> None:
    """Bring the row gradients that undoing instruction ``k`` left to the true scale."""
    both = tape[k, OP] == REAL_PAIR and is_sheared(co, area + SLOTS * k, 1)
    for block in range(k, k + 2 if both else k + 1):
        at = area + SLOTS * block + SCALE
        if get(co, at, 0) != 1.0:
            for row in range(tape[block, FACTOR_BEGIN], tape[block, FACTOR_END]):
                store(co, out + row, load(co, at) * load(co, out + row))
