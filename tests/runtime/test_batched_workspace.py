"""Memory of threads: their own while they live, inherited when they end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from q_store.runtime.batched.layout import KEEP_BYTES, WORKSPACE, Workspace

SIZE = 1 << 12


def in_threads(*tasks: Callable[[], int]) -> list[int]:
    """Results of tasks that run in threads of their own, all alive at the same time."""
    found: dict[int, int] = {}
    together = threading.Barrier(len(tasks))

    def run(number: int) -> None:
        found[number] = tasks[number]()
        together.wait()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(tasks))]


def test_the_next_thread_takes_what_the_last_one_left() -> None:
    place = lambda: workspace.get("states", SIZE).address  # noqa: E731
    workspace = Workspace()
    (first,) = in_threads(place)
    assert [in_threads(place)[0] for _ in range(3)] == [first] * 3


def test_threads_that_live_together_share_nothing() -> None:
    workspace = Workspace()
    place = lambda: workspace.get("states", SIZE).address  # noqa: E731
    found = [place(), *in_threads(place, place, place)]
    assert len({*found}) == 4
    assert min(np.diff(sorted(found))) >= SIZE


def test_large_memory_is_not_left() -> None:
    (size,) = in_threads(lambda: WORKSPACE.get("large", KEEP_BYTES + 1).array.size)
    assert size > KEEP_BYTES
    (left,) = in_threads(lambda: int("large" in WORKSPACE.rooms))
    assert not left
