"""Threads: lane groups spread over a few threads when the work is large enough to pay.

Kernels release the interpreter lock and share nothing, so threads that wait at a queue are enough;
they are started when first needed. There is no OpenMP and no global
state outside this module; after a fork the child makes threads of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

from q_store.qir.diagnostics import error

PAYS_FROM_NANOSECONDS: Final = 150_000
"""Estimated work below this stays on the caller's thread: waking another takes up to 60 µs, so half
of less would be lost again."""

Tasks: TypeAlias = "SimpleQueue[tuple[Callable[[int, int], None], int, int, SimpleQueue[Any]]]"

_lock = threading.Lock()
_tasks: Tasks = SimpleQueue()
_size = 0


def _forget() -> None:
    global _lock, _tasks, _size
    _lock, _tasks, _size = threading.Lock(), SimpleQueue(), 0


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


class _Reported:
    """A context whose end, an exception or None, goes to a queue instead of further up."""

    def __init__(self, done: SimpleQueue[BaseException | None]) -> None:
        self.done = done

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        self.done.put(problem)
        return True


def _serve(tasks: Tasks) -> None:
    """A worker: runs tasks for ever."""
    while True:
        task, begin, end, done = tasks.get()
        with _Reported(done):
            task(begin, end)
        del task, done  # A waiting worker holds on to nothing.


def _get_tasks(workers: int) -> Tasks:
    """The queue, with at least that many workers behind it."""
    global _size
    with _lock:
        while _size < workers:
            _size += 1
            name = f"q-store-{_size}"
            threading.Thread(target=_serve, args=(_tasks,), name=name, daemon=True).start()
        return _tasks


def run_split(task: Callable[[int, int], None], groups: int, parts: int) -> None:
    """Call ``task(begin, end)`` over ``groups`` in ``parts`` runs; the last one on this thread.

    Returns when all are done; an exception of a run is raised.
    """
    bounds = [groups * k // parts for k in range(parts + 1)]
    tasks = _get_tasks(parts - 1)
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    for k in range(parts - 1):
        tasks.put((task, bounds[k], bounds[k + 1], done))
    try:
        task(bounds[parts - 1], bounds[parts])
    finally:
        problems = [done.get() for _ in range(parts - 1)]
    for problem in problems:
        if problem is not None:
            raise problem
