"""A contender in a process of its own: reads one JSON request a line, answers with one line.

Requests: `{"do": "build", "n": .., "layers": .., "batch": ..}` starts the package, builds the
circuit and runs its first step; `{"do": "check"}` returns the numbers of a step;
`{"do": "time", "seconds": s}` times steps for about s seconds, one at least.
"""

import gc
import importlib
import json
import os
import sys
import time
from importlib.metadata import version

import numpy as np

from problem import Problem

TINY = Problem(2, 1, 2)
"""What a package is started with, so that loading itself is not counted to a circuit."""


class Worker:
    """What a worker can do; each method answers one kind of request."""

    def __init__(self, name: str) -> None:
        start = time.perf_counter()
        self.peer = importlib.import_module(f"peers.{name}")
        self.hello = {
            "title": self.peer.TITLE,
            "versions": {package: version(package) for package in self.peer.PACKAGES},
            "import_s": time.perf_counter() - start,
        }

    def build(self, **size: int) -> dict:
        """Start up on a tiny circuit, then time the real one: building and one step."""
        start = time.perf_counter()
        self.peer.build(TINY)()
        # A full collection of what the imports left takes 0.1 s and would fall into anybody's call.
        gc.collect()
        gc.freeze()
        ready = time.perf_counter()
        self.step = self.peer.build(Problem(**size))
        self.step()
        return {"start_s": ready - start, "first_s": time.perf_counter() - ready}

    def check(self) -> dict:
        names = ("values", "d_inputs", "d_weights")
        arrays = zip(names, self.step(), strict=True)
        return {name: np.asarray(array, np.float64).tolist() for name, array in arrays}

    def time(self, seconds: float) -> dict:
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            self.step()
            times.append(time.perf_counter() - start)
        return {"times": times}


def main() -> None:
    # Packages print on standard output; the answers get a private copy of it.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(reply: dict) -> None:
        print(json.dumps(reply), file=answers, flush=True)

    try:
        worker = Worker(sys.argv[1])
        answer(worker.hello)
        for line in sys.stdin:
            request = json.loads(line)
            answer(getattr(worker, request.pop("do"))(**request))
    # Whatever a package raises is an answer to the table, and a traceback on standard error.
    except Exception as problem:
        first_line = str(problem).partition("\n")[0]
        answer({"error": f"{type(problem).__name__}: {first_line}"})
        raise


if __name__ == "__main__":
    main()
