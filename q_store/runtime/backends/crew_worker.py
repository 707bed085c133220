"""The other end of `crew.py`: answers calls until its standard input ends."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import IO, Any

from q_store.qir.diagnostics import QStoreError
from q_store.runtime.backend import load
from q_store.runtime.backends.crew import receive, send
from q_store.runtime.backends.placement import Placement
from q_store.targets.executable import Executable

Name = tuple[str, str, str]
_bodies: dict[Name, bytes] = {}


@lru_cache(maxsize=16)
def _program(name: Name) -> Any:
    _, dtype, placement = name
    return load(Executable.from_bytes(_bodies[name]), dtype, Placement.parse(placement))


def _called(name: Name, method: str, args: tuple[Any, ...]) -> Any:
    """The result, or the error to raise over there."""
    try:
        return getattr(_program(name), method)(*args)
    except QStoreError as problem:
        return problem


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Answer every task."""
    while True:
        try:
            name, body, method, args = receive(tasks)
        except EOFError:
            return
        if body is not None:
            _bodies[name] = body
        send(answers, _called(name, method, args))


if __name__ == "__main__":
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
