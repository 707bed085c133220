"""The entry point of the compiled kernel: one pointer to a block of addresses and sizes.

A call from Python fills the block (``opcodes.py``, names ``A_...``) and passes its address; the
native function knows nothing of Python, so it can be stored and loaded without Numba. The types of
the arrays, and with them scalar type and lane width, are fixed when the entry point is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from q_store.runtime.batched.intrinsics import array_at
from q_store.runtime.batched.opcodes import (
    A_BATCH,
    A_BEGIN,
    A_COTANGENT,
    A_COUNT,
    A_D_INPUTS,
    A_D_WEIGHTS,
    A_END,
    A_EXACT,
    A_FEATURES,
    A_FLAGS,
    A_FLOATS,
    A_FLOATS_SIZE,
    A_GROUPS,
    A_INPUTS,
    A_INTS,
    A_INTS_SIZE,
    A_LAMBDA,
    A_OUTPUTS,
    A_PSI,
    A_SAVED,
    A_SAVED_SIZE,
    A_SCRATCH,
    A_SCRATCH_SIZE,
    A_STATE_SIZE,
    A_SUMS,
    A_VALUES,
    A_WEIGHT_COUNT,
    A_WEIGHT_ROWS,
    A_WEIGHTS,
    COLUMNS,
    H_ROWS,
    H_STEPS,
    H_TAPE,
)
from q_store.runtime.batched.program import execute


def make_entry(number: Any, lanes: Any) -> Callable[[int], None]:
    """The entry point for Numba types of a scalar and of the lane record made of it."""
    ints, floats = array_at(types.int64, 1), array_at(types.float64, 1)
    tables, doubles = array_at(types.int64, 2), array_at(types.float64, 2)
    matrix, vectors = array_at(number, 2), array_at(lanes, 1)

    def entry(block: int) -> None:
        a = ints(block, (A_COUNT,))
        ip = ints(a[A_INTS], (a[A_INTS_SIZE],))
        by_input = (a[A_BATCH], a[A_FEATURES])
        by_weight = (a[A_WEIGHT_ROWS], a[A_WEIGHT_COUNT])
        by_output = (a[A_BATCH], a[A_OUTPUTS])
        execute(
            a[A_FLAGS],
            ip,
            floats(a[A_FLOATS], (a[A_FLOATS_SIZE],)),
            tables(a[A_INTS] + 8 * ip[H_TAPE], (ip[H_STEPS], COLUMNS)),
            matrix(a[A_INPUTS], by_input),
            matrix(a[A_WEIGHTS], by_weight),
            matrix(a[A_COTANGENT], by_output),
            matrix(a[A_VALUES], by_output),
            matrix(a[A_D_INPUTS], by_input),
            matrix(a[A_D_WEIGHTS], by_weight),
            doubles(a[A_SUMS], (a[A_GROUPS], ip[H_ROWS])),
            floats(a[A_EXACT], (a[A_WEIGHT_COUNT],)),
            vectors(a[A_SAVED], (a[A_SAVED_SIZE],)),
            vectors(a[A_PSI], (a[A_STATE_SIZE],)),
            vectors(a[A_LAMBDA], (a[A_STATE_SIZE],)),
            vectors(a[A_SCRATCH], (a[A_SCRATCH_SIZE],)),
            a[A_BEGIN],
            a[A_END],
        )

    return entry
