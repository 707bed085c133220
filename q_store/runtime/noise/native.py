"""Calls to the compiled kernel of `kernels.py`.

As in the batched engine the native function takes one block of addresses and sizes, so it is
compiled once per machine, kept on disk and loaded without Numba.
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched import cache
from q_store.runtime.batched.cache import Family, get_kernel
from q_store.runtime.batched.layout import WORKSPACE, address_of, full_width, require_memory
from q_store.runtime.noise.blocks import Tape

Array = NDArray[Any]

_FOLDER: Final = Path(__file__).parent
NOISE: Final = Family(
    "noise",
    (
        _FOLDER / "kernels.py",
        _FOLDER / "entry.py",
        Path(cache.__file__).with_name("intrinsics.py"),
        Path(cache.__file__),
    ),
    "q_store.runtime.noise.entry",
    5,
)
_FORWARD, _KEEP, _REVERSE, _SQUARES, _PRODUCTS = 0, 1, 2, 3, 4
_NARROW_FROM: Final = 1 << 14
"""From this many numbers per state on, small batches run in narrow lanes."""


def width_for(dtype: np.dtype[Any], size: int, batch: int) -> int:
    """Lanes of a call: the full width, or a few for large states and small batches. There are no
    widths between, so that no more than two kernels are compiled."""
    width = full_width(dtype.itemsize)
    return 16 // dtype.itemsize if size >= _NARROW_FROM and 2 * batch <= width else width


class Machine:
    """A tape for one dtype and lane width, on one thread: its state, scratch and kernel calls.

    Arrays of lanes are (…, width).
    """

    def __init__(self, tape: Tape, dtype: np.dtype[Any], width: int) -> None:
        self.tape, self.dtype, self.width = tape, dtype, width
        require_memory(tape.size * width * dtype.itemsize, "a state of a noisy circuit")
        self.kernel = get_kernel(dtype, width, NOISE)
        self.state = self.lanes("state", tape.size)
        self.work = self.lanes("work", tape.work)
        self.tables = self._tables()

    def lanes(self, role: str, *shape: int) -> Array:
        """An array of lane vectors, uninitialised and aligned, for one role at a time: this
        thread's next array of the role may be the same memory."""
        size = prod(shape) * self.width * self.dtype.itemsize
        room = WORKSPACE.get(f"noise {role}", size)
        return room.array[:size].view(self.dtype).reshape(*shape, self.width)

    def copy(self, numbers: Array) -> Array:
        """Entry values (count, width) where the kernel can read them."""
        made = self.lanes("values", len(numbers))
        made[:] = numbers
        return made

    def _tables(self) -> tuple[int, ...]:
        tape = self.tape
        parts = (tape.blocks, tape.steps, tape.lines.T, tape.entries, tape.places)
        return tuple([number for part in parts for number in (part.ctypes.data, len(part))])

    def forward(self, values: Array, first: int, last: int, kept: Array | None = None) -> None:
        """Blocks `first` to `last - 1` on `state`; the state before each goes to `kept`."""
        mode = _FORWARD if kept is None else _KEEP
        self._call(mode, values, first, last, self.state if kept is None else kept, None, None)

    def squares(self, values: Array, block: int) -> Array:
        """Sums of squares of the state, (rows, width), for the rows of one block."""
        self._call(_SQUARES, values, block, block, self.state, None, None)
        return self.work[: self.tape.blocks[block, 0]]

    def products(self, values: Array, block: int) -> Array:
        """Sums of products of every two rows of one block, (rows * rows, width)."""
        self._call(_PRODUCTS, values, block, block, self.state, None, None)
        return self.work[: self.tape.blocks[block, 0] ** 2]

    def reverse(
        self, values: Array, first: int, last: int, kept: Array, cotangent: Array, slopes: Array
    ) -> None:
        """The same blocks backwards on `cotangent`; `slopes`, one vector for each value, grow."""
        self._call(_REVERSE, values, first, last, kept, cotangent, slopes)

    def _call(
        self, mode: int, values: Array, first: int, last: int, kept: Array,
        cotangent: Array | None, slopes: Array | None,
    ) -> None:  # fmt: skip
        numbers = (
            *self.tables,
            address_of(self.state),
            0 if cotangent is None else address_of(cotangent),
            self.tape.size,
            address_of(kept),
            kept.size // self.width,
            address_of(values),
            0 if slopes is None else address_of(slopes),
            len(values),
            address_of(self.work),
            self.tape.work,
            first,
            last,
            mode,
        )
        self.kernel(_BLOCK.pack(*numbers))


_BLOCK: Final = struct.Struct("23q")
