"""Threads: lane groups spread over a few threads when the work is large enough to pay.

Kernels release the interpreter lock and share nothing, so a plain thread pool is enough. There is
no OpenMP and no global state outside this module; after a fork the child makes a pool of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from q_store.qir.diagnostics import error

PAYS_FROM_NANOSECONDS: Final = 250_000
"""Estimated work below this stays on the caller's thread: handing over costs about 40 µs."""

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_size = 0


def _forget() -> None:
    global _lock, _pool, _size
    _lock, _pool, _size = threading.Lock(), None, 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_limit(threads: int | None) -> int:
    """The argument, or ``QSTORE_NUM_THREADS``, or the cores this process may use."""
    if threads is not None:
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise error("QS511", f"threads must be a positive integer or None, got {threads!r}")
        return threads
    text = os.environ.get("QSTORE_NUM_THREADS", "").strip()
    if not text:
        return _usable_cores()
    if not text.isdecimal() or int(text) < 1:
        raise error("QS511", f"QSTORE_NUM_THREADS must be a positive integer, got {text!r}")
    return int(text)


def _get_pool(workers: int) -> ThreadPoolExecutor:
    global _pool, _size
    with _lock:
        if _pool is None or _size < workers:
            if _pool is not None:
                _pool.shutdown(wait=False)
            _pool, _size = ThreadPoolExecutor(workers, thread_name_prefix="q-store"), workers
        return _pool


def run_split(task: Callable[[int, int], None], groups: int, parts: int) -> None:
    """Call ``task(begin, end)`` over ``groups`` in ``parts`` runs; the last one on this thread.

    Returns when all are done; the first exception of any run is raised.
    """
    bounds = [groups * k // parts for k in range(parts + 1)]
    pool = _get_pool(parts - 1)
    futures = [pool.submit(task, bounds[k], bounds[k + 1]) for k in range(parts - 1)]
    try:
        task(bounds[parts - 1], bounds[parts])
    finally:
        for future in futures:
            future.exception()
    for future in futures:
        future.result()
