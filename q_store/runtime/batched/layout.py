"""Lane layout and workspaces.

A state is an array of lane vectors, two (re, im) for each amplitude; the samples of a batch are cut
into lane groups of that width. Wide lanes fill the vector registers; where states are large and
the batch is small, narrower lanes save memory and arithmetic on lanes that would stay empty.

Workspaces are aligned to 64 bytes, kept per thread and grown on demand. Large ones live for one
call only, so that a call with many qubits does not hold memory for ever.
"""

from __future__ import annotations

import ctypes
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error

ALIGNMENT: Final = 64
_SMALL_STATE_QUBITS: Final = 11
_LARGE_STATE_QUBITS: Final = 18
_FEW_SAMPLES: Final = 4
KEEP_BYTES: Final = 64 << 20


_from_buffer: Final = ctypes.c_char.from_buffer


@cache
def full_width(itemsize: int) -> int:
    """Lanes that fill one vector register of this machine."""
    from llvmlite.binding import get_host_cpu_features

    wide = get_host_cpu_features().get("avx512f", False)
    return (64 if wide else 32) // itemsize


def lane_width(dtype: np.dtype[Any], n_qubits: int, batch: int, real: bool = False) -> int:
    """Lanes for a call; ``real`` says that its sweeps are real blocks and runs of phases.

    Small states always use the full width, so that one kernel serves them. One lane has vectors of
    amplitudes for real blocks (``lone.py``), which makes up for a few lanes, and for all of them
    where states of many lanes leave the caches.
    """
    width = full_width(dtype.itemsize)
    if n_qubits <= _SMALL_STATE_QUBITS:
        return width
    if batch <= 1 or (real and (batch <= _FEW_SAMPLES or n_qubits >= _LARGE_STATE_QUBITS)):
        return 1
    narrow = 16 // dtype.itemsize
    while width > narrow and width // 2 >= batch:
        width //= 2
    return width


@cache
def lane_dtype(dtype: np.dtype[Any], width: int) -> np.dtype[Any]:
    """Record type of one lane vector."""
    return np.dtype([("v", dtype, (width,))])


def aligned(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """``count`` uninitialised items on a 64-byte boundary."""
    raw = np.empty(count * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + count * dtype.itemsize].view(dtype)


def address_of(array: NDArray[Any]) -> int:
    """Address of a contiguous array's data; several times faster than ``array.ctypes.data``."""
    buffer: Any = array
    try:
        return ctypes.addressof(_from_buffer(buffer))
    except (TypeError, ValueError):  # Read-only or empty.
        return array.ctypes.data


def available_memory() -> int | None:
    """Bytes that a new allocation may take on this machine and in this container, if known."""
    limits = [_meminfo_available(), _cgroup_available()]
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def _meminfo_available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _cgroup_available() -> int | None:
    base = Path("/sys/fs/cgroup")
    try:
        limit = (base / "memory.max").read_text().strip()
        used = int((base / "memory.current").read_text())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - used)


def memory_shortage(needed: int) -> int | None:
    """The available bytes if they are known to be fewer than ``needed``, else None."""
    available = available_memory()
    return available if available is not None and needed > available else None


def require_memory(needed: int, what: str) -> None:
    """Raise QS510 if ``needed`` bytes are not there. Small needs are not checked."""
    if needed < KEEP_BYTES:
        return
    available = memory_shortage(needed)
    if available is not None:
        raise error(
            "QS510",
            f"{what} needs {needed} bytes of memory, {available} bytes are available",
            help="use fewer qubits, a smaller batch, fewer threads or float32",
        )


class Room(NamedTuple):
    """A workspace array and its address."""

    array: NDArray[Any]
    address: int


_left: Final[list[dict[str, Room]]] = []
_MOST_LEFT: Final = os.cpu_count() or 1


class _Heir:
    """Ends with its thread and leaves the rooms to the next one."""

    __slots__ = ("rooms",)

    def __init__(self, rooms: dict[str, Room]) -> None:
        self.rooms = rooms

    # Defaults, because globals may be gone when the last thread ends.
    def __del__(self, left: list[dict[str, Room]] = _left, most: int = _MOST_LEFT) -> None:
        if len(left) < most:
            left.append(self.rooms)


class Workspace(threading.local):
    """Per thread: states and scratch, reused from call to call.

    To Python, a thread that it did not start, such as those of TensorFlow and JAX, is a new one at
    every call. So each takes over what one before it has left.
    """

    def __init__(self) -> None:
        try:
            self.rooms = _left.pop()
        except IndexError:
            self.rooms = {}
        self._heir = _Heir(self.rooms)

    def get(self, role: str, size: int) -> Room:
        """At least ``size`` bytes; the contents are whatever was there before."""
        room = self.rooms.get(role)
        if room is None or room.array.size < size:
            array = aligned(size, np.dtype(np.uint8))
            room = Room(array, array.ctypes.data)
            if size <= KEEP_BYTES:
                self.rooms[role] = room
        return room


WORKSPACE: Final = Workspace()
