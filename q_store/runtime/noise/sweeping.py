"""A tape run backwards: derivatives for every entry value.

What happens to a noisy state cannot be undone, so a reverse sweep needs the states on the way. They
are kept where they fit, else every k-th of them, and those between are computed again when their
turn comes (checkpoints, Griewank and Walther, doi:10.1145/347837.347846).
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.layout import require_memory
from q_store.runtime.batched.pool import PAYS_FROM_NANOSECONDS, run_split
from q_store.runtime.noise.blocks import Tape
from q_store.runtime.noise.native import Machine
from q_store.runtime.noise.readings import Reading

Array = NDArray[Any]

_KEEP_BYTES: Final = 256 << 20
"""States on the way that one thread keeps for a gradient."""


def segment_length(tape: Tape, width: int, dtype: np.dtype[Any]) -> int:
    """How many blocks to run between states that are kept. Raises `QS510`."""
    blocks, bytes_each = max(tape.length, 1), tape.size * width * dtype.itemsize
    segment = blocks if blocks * bytes_each <= _KEEP_BYTES else max(1, isqrt(blocks))
    needed = (segment + -(-blocks // segment) + 3) * bytes_each
    require_memory(needed, "the gradient of a noisy circuit")
    return segment


def reverse_sweep(
    machine: Machine,
    values: Array,
    start: Callable[[Array], None],
    reading: Reading,
    seeds: Array,
    segment: int,
) -> tuple[Array, Array]:
    """Outputs (width, lanes) of a lane group and derivatives (values, lanes) of
    sum(seeds * outputs). `start` writes the initial state."""
    blocks, state = machine.tape.length, machine.state
    firsts = range(0, max(blocks, 1), segment)
    kept = machine.lanes("kept", min(segment, max(blocks, 1)), machine.tape.size)
    saved = []
    start(state)
    for first in firsts[:-1]:
        saved.append(state.copy())
        machine.forward(values, first, first + segment)
    machine.forward(values, firsts[-1], blocks, kept)
    output = reading.read(state)
    cotangent = machine.lanes("cotangent", machine.tape.size)
    slopes = machine.lanes("slopes", len(values))
    cotangent[:], slopes[:] = 0, 0
    reading.seed(seeds, cotangent, state)
    machine.reverse(values, firsts[-1], blocks, kept, cotangent, slopes)
    for first in reversed(firsts[:-1]):
        state[:] = saved.pop()
        machine.forward(values, first, first + segment, kept)
        machine.reverse(values, first, first + segment, kept, cotangent, slopes)
    return output, slopes


def spread(task: Callable[[int, int], None], groups: int, threads: int, cost: float) -> None:
    """Run lane groups on as many threads as pay; `cost` is nanoseconds for one group."""
    parts = min(threads, groups) if groups * cost >= PAYS_FROM_NANOSECONDS else 1
    if parts == 1:
        task(0, groups)
    else:
        run_split(task, groups, parts)
