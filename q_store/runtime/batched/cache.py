"""Compiled kernels: once per machine, kept on disk, found again by every later process.

The directory is ``$QSTORE_CACHE_DIR`` or ``~/.cache/q-store``; inside it, one folder per content of
the kernel sources, numba version and processor, so that neither an upgrade nor another machine that
shares the home directory ever runs stale code. A file lock lets one process compile while others
wait for the result. Where the directory cannot be written, kernels live in memory only.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from q_store.runtime.batched.layout import lane_dtype

_log = logging.getLogger("q_store")

_SOURCES: Final = (
    "adjoint.py",
    "binding.py",
    "intrinsics.py",
    "observing.py",
    "opcodes.py",
    "program.py",
    "sweeps.py",
)

Kernel = Callable[..., None]

_lock = threading.RLock()
_kernels: dict[tuple[np.dtype[Any], int], Kernel] = {}


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def cache_root() -> Path:
    """``$QSTORE_CACHE_DIR`` or ``~/.cache/q-store``."""
    chosen = os.environ.get("QSTORE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "q-store"


def kernel_directory() -> Path:
    """The folder for exactly these sources, this numba and this processor."""
    import llvmlite.binding
    import numba

    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    host = (numba.__version__, llvmlite.binding.get_host_cpu_name())
    digest.update(repr((host, llvmlite.binding.get_host_cpu_features().flatten())).encode())
    return cache_root() / f"kernels-{digest.hexdigest()[:16]}"


def get_kernel(dtype: np.dtype[Any], width: int) -> Kernel:
    """The compiled ``program.execute`` for one scalar type and lane width."""
    kernel = _kernels.get((dtype, width))
    if kernel is None:
        with _lock:
            kernel = _kernels.get((dtype, width)) or _load(dtype, width)
            _kernels[dtype, width] = kernel
    return kernel


def _load(dtype: np.dtype[Any], width: int) -> Kernel:
    directory = _prepare(kernel_directory())
    if directory is None:
        _announce(dtype)
        return _compile(dtype, width)
    with _file_lock(directory / "lock"):
        ready = directory / f"{dtype.name}-{width}.ready"
        if not ready.exists():
            _announce(dtype)
        _use_directory(directory)
        try:
            kernel = _compile(dtype, width)
        except (EOFError, pickle.UnpicklingError, OSError, ValueError):
            _log.warning("q-store: the kernel cache in %s was damaged and is made anew", directory)
            _clear(directory)
            kernel = _compile(dtype, width)
        ready.touch()
    return kernel


def _announce(dtype: np.dtype[Any]) -> None:
    _log.warning(
        "q-store: compiling the %s simulator kernel (once per machine, about 10 s)", dtype.name
    )


def _prepare(directory: Path) -> Path | None:
    """Make the folder; None with a warning if that or writing in it is impossible."""
    probe = directory / f".probe-{os.getpid()}-{threading.get_ident()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as problem:
        _log.warning(
            "q-store: cannot write the kernel cache %s (%s); kernels are compiled in every "
            "process. Set QSTORE_CACHE_DIR to a folder that can be written.",
            directory,
            problem.strerror,
        )
        return None
    return directory


def _clear(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; without fcntl there is none to hold."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _use_directory(directory: Path) -> None:
    """Point the kernel's on-disk cache at ``directory`` without changing numba's own setting."""
    import numba

    config: Any = numba.config

    from q_store.runtime.batched.program import execute

    before = config.CACHE_DIR
    config.CACHE_DIR = str(directory)
    try:
        execute.enable_caching()
    finally:
        config.CACHE_DIR = before


def _compile(dtype: np.dtype[Any], width: int) -> Kernel:
    """Load from disk or compile, for explicit types, and return the plain entry point.

    The entry point skips numba's look at argument types, which costs more than a small circuit.
    """
    from numba import float64, from_dtype, int64, void

    from q_store.runtime.batched.program import execute

    number, lanes = from_dtype(dtype), from_dtype(lane_dtype(dtype, width))
    table, flat, vectors = number[:, ::1], number[::1], lanes[::1]
    signature = void(
        int64, int64[::1], float64[::1], table, table, table, table, table, table,
        float64[:, ::1], flat, vectors, vectors, vectors, int64, int64,
    )  # fmt: skip
    kernel: Kernel = execute.compile(signature)
    return kernel
