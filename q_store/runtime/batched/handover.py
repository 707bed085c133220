"""Final states handed from a forward call to its backward call, without a copy.

A forward call that keeps its states leaves them in memory of their own instead of a thread's
workspace, and the backward sweep undoes the circuit right there. It destroys them, so they serve
once. Memory comes back when the backward call is done, or when nobody holds the states any more,
and waits for the next call: fresh pages of this size would cost as much as the copy did.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.layout import KEEP_BYTES, aligned, require_memory

Bytes = NDArray[np.uint8]


class Spare:
    """Aligned memory that waits for its next use, at most ``limit`` bytes in all.

    Every step is one operation on a dictionary or a list, so threads need no lock, and a finaliser
    may call it at any moment.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._piles: dict[int, list[Bytes]] = {}

    def get(self, size: int) -> Bytes:
        """That many bytes, of any content."""
        pile = self._piles.get(size)
        try:
            return pile.pop() if pile else aligned(size, _BYTE)
        except IndexError:  # Another thread was faster.
            return aligned(size, _BYTE)

    def put(self, memory: Bytes) -> None:
        """Take memory that nobody uses any more."""
        if self.held + memory.size > self.limit:
            self._piles.clear()
        if memory.size <= self.limit:
            self._piles.setdefault(memory.size, []).append(memory)

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return sum([size * len(pile) for size, pile in list(self._piles.items())])


_BYTE: Final = np.dtype(np.uint8)
SPARE: Final = Spare(KEEP_BYTES)


class FinalStates:
    """The final states of a batch in the engine's own form, used up by the first who takes them.

    ``shape`` is (lane groups, 2**n, 2, lanes): real and imaginary parts of the engine's amplitudes
    (permuted, without global phase), samples innermost.
    """

    __slots__ = ("_memory", "_spare", "dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], spare: Spare = SPARE) -> None:
        size = dtype.itemsize
        for extent in shape:
            size *= extent
        self._memory: list[Bytes] = []
        require_memory(size, "the saved state")
        self._memory.append(spare.get(size))
        self._spare = spare
        self.shape = shape
        self.dtype = dtype

    def memory(self) -> Bytes:
        """Where the states are, for the call that fills them."""
        return self._memory[0]

    def take(self) -> Bytes | None:
        """The states' memory, to be given back by `release`; None when they are used up."""
        try:
            return self._memory.pop()
        except IndexError:
            return None

    def release(self, memory: Bytes) -> None:
        """Give back what `take` gave."""
        self._spare.put(memory)

    def __del__(self) -> None:
        if self._memory:
            self._spare.put(self._memory.pop())
