"""Processes that share the samples of a batch, for simulators that hold the interpreter lock.

A worker is a Python of its own that reads tasks from its standard input and answers on its standard
output. It imports nothing of the user's program, so scripts need no guard around their main part,
and keeps the programs of recent circuits: an executable travels once. Workers end with this one.
"""

from __future__ import annotations

import atexit
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any, Final

from q_store.qir.diagnostics import QStoreError, error

_HEAD: Final = struct.Struct("<Q")
_MODULE: Final = "q_store.runtime.backends.crew_worker"

_lock = threading.Lock()
_workers: list[Worker] = []


def send(pipe: IO[bytes], message: Any) -> None:
    """Write one message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    pipe.write(_HEAD.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one message. Raises `EOFError` when the other side has gone."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    return pickle.loads(pipe.read(_HEAD.unpack(head)[0]))


class Worker:
    """One process."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str]] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def ask(self, program: Any, method: str, args: tuple[Any, ...]) -> None:
        """Send a call of a program's method."""
        bare = replace(program.placement, batch_size=None, precision=None, processes=None)
        name = (program.executable.key, program.dtype.name, bare.text)
        body = None if name in self._known else program.executable.to_bytes()
        self._known.add(name)
        try:
            send(self._pipe(self._process.stdin), (name, body, method, args))
        except OSError as problem:
            raise _gone() from problem

    def answer(self) -> Any:
        """What the latest call gave, or the error it raised, not yet raised."""
        try:
            return receive(self._pipe(self._process.stdout))
        except EOFError as problem:
            raise _gone() from problem

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What was to be sent has nowhere to go.
                self._pipe(pipe).close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def share(program: Any, method: str, calls: Sequence[tuple[Any, ...]], processes: int) -> list[Any]:
    """The results of calls of a program's method, in order, `processes` of them at a time.

    Raises what a call raises, and `QS629` when a process ends before it answers.
    """
    found: list[Any] = []
    with _lock:
        try:
            while len(_workers) < processes:
                _workers.append(Worker())
            for start in range(0, len(calls), processes):
                part = calls[start : start + processes]
                for worker, args in zip(_workers, part, strict=False):
                    worker.ask(program, method, args)
                found += [worker.answer() for worker, _ in zip(_workers, part, strict=False)]
        finally:
            if len(found) < len(calls):
                stop()  # An answer that nobody waits for would be taken for the next one.
    for result in found:
        if isinstance(result, QStoreError):
            raise result
    return found


def stop() -> None:
    """End all workers; they start again when needed."""
    while _workers:
        _workers.pop().stop()


atexit.register(stop)


def _gone() -> QStoreError:
    return error("QS629", "a process that simulates a part of the batch has ended")


def _after_fork() -> None:
    """The workers belong to the parent."""
    global _lock
    _lock = threading.Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
