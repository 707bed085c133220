"""The entry point of the compiled kernel: one pointer to a block of addresses and sizes.

The block is the int64 numbers `A_…` in order; see `native.py` for who fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from numba import types

from q_store.runtime.batched.intrinsics import array_at
from q_store.runtime.noise.kernels import forward, products, reverse, squares

A_BLOCKS: Final = 0
"""Addresses of the five tables of a tape, each followed by its number of rows."""
A_STATE: Final = 10
A_COTANGENT: Final = 11
A_SIZE: Final = 12
A_KEPT: Final = 13
A_KEPT_SIZE: Final = 14
A_VALUES: Final = 15
A_SLOPES: Final = 16
A_COUNT_VALUES: Final = 17
A_WORK: Final = 18
A_WORK_SIZE: Final = 19
A_FIRST: Final = 20
A_LAST: Final = 21
A_MODE: Final = 22
A_NUMBERS: Final = 23

FORWARD: Final = 0
KEEP: Final = 1
REVERSE: Final = 2
SQUARES: Final = 3
PRODUCTS: Final = 4


def make_entry(number: Any, lanes: Any) -> Callable[[int], None]:
    """The entry point for the Numba type of a lane record."""
    ints, tables = array_at(types.int64, 1), array_at(types.int64, 2)
    small, vectors = array_at(types.int32, 2), array_at(lanes, 1)

    def entry(block: int) -> None:
        a = ints(block, (A_NUMBERS,))
        blocks = tables(a[0], (a[1], 6))
        steps = tables(a[2], (a[3], 8))
        lines = small(a[4], (6, a[5]))
        entries = tables(a[6], (a[7], 3))
        places = ints(a[8], (a[9],))
        kept = vectors(a[A_KEPT], (a[A_KEPT_SIZE],))
        values = vectors(a[A_VALUES], (a[A_COUNT_VALUES],))
        work = vectors(a[A_WORK], (a[A_WORK_SIZE],))
        first, last = a[A_FIRST], a[A_LAST]
        if a[A_MODE] == REVERSE:
            cotangent = vectors(a[A_COTANGENT], (a[A_SIZE],))
            slopes = vectors(a[A_SLOPES], (a[A_COUNT_VALUES],))
            reverse(
                blocks, steps, lines, entries, places,
                kept, cotangent, values, slopes, work, first, last,
            )  # fmt: skip
        elif a[A_MODE] == SQUARES:
            squares(blocks, places, vectors(a[A_STATE], (a[A_SIZE],)), work, first)
        elif a[A_MODE] == PRODUCTS:
            products(blocks, places, vectors(a[A_STATE], (a[A_SIZE],)), work, first)
        else:
            state = vectors(a[A_STATE], (a[A_SIZE],))
            forward(
                blocks, steps, lines, entries, places,
                state, values, work, first, last, kept, a[A_MODE] == KEEP,
            )  # fmt: skip

    return entry
