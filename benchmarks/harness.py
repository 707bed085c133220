"""Contenders as processes: started together, asked in turn, so that all meet the same machine."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from peers import ENVIRONMENT, LIMITS, OVERHEADS
from problem import Problem

WORKER = Path(__file__).with_name("worker.py")
START_LIMIT_S = 120.0
STEP_LIMIT_S = 120.0


@dataclass
class Contender:
    """One contender on one size: its process while it lives, and what was found."""

    name: str
    python: str
    title: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    start_s: float | None = None
    """First circuit of the process, a tiny one: what the package does once."""
    first_s: float | None = None
    """The circuit of this size: building, tracing, compiling and one step."""
    times: list[float] = field(default_factory=list)
    difference: float | None = None
    """Largest difference from the reference, relative to the reference's largest number."""
    process: subprocess.Popen | None = None
    failure: str = ""
    """Why there is no result, empty while there is one."""

    def start(self) -> None:
        self.title = self.title or self.name
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        if shutil.which(self.python) is None:
            self.failure = f"no interpreter {self.python}"
            return
        self.process = subprocess.Popen(
            [self.python, str(WORKER), self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | LIMITS | ENVIRONMENT.get(self.name, {}),
        )

    def greet(self) -> None:
        hello = {} if self.failure else self._read(START_LIMIT_S) or {}
        self.title = hello.get("title", self.title)
        self.versions = hello.get("versions", {})

    def ask(self, limit_s: float, **request: object) -> dict | None:
        """The answer to a request, or None when it failed or took longer than the limit."""
        if self.failure:
            return None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self._read(limit_s)

    def _read(self, limit_s: float) -> dict | None:
        ready, _, _ = select.select([self.process.stdout], [], [], limit_s)
        if not ready:
            return self._fail(f">{limit_s:.0f} s")
        line = self.process.stdout.readline()
        reply = json.loads(line) if line else {"error": f"died: {self._last_words()}"}
        return self._fail(reply["error"]) if "error" in reply else reply

    def _fail(self, why: str) -> None:
        self.failure = why
        self.stop()

    def _last_words(self) -> str:
        self.log.seek(0)
        return (self.log.read().strip().splitlines() or ["no message"])[-1]

    def build(self, problem: Problem, cap_s: float) -> None:
        size = {"n": problem.n, "layers": problem.layers, "batch": problem.batch}
        if reply := self.ask(cap_s, do="build", **size):
            self.start_s, self.first_s = reply["start_s"], reply["first_s"]

    def answers(self) -> np.ndarray | None:
        """Values and both gradients of one step in one vector."""
        reply = self.ask(STEP_LIMIT_S, do="check")
        return reply and np.concatenate([np.ravel(array) for array in reply.values()])

    def round(self, seconds: float) -> None:
        if reply := self.ask(STEP_LIMIT_S, do="time", seconds=seconds):
            self.times += reply["times"]

    @property
    def step_s(self) -> float | None:
        return median(self.times) if self.times and not self.failure else None

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def say(text: str) -> None:
    """Progress goes to standard error, tables to standard output."""
    print(text, file=sys.stderr, flush=True)


def run_size(
    problem: Problem, contenders: list[Contender], *, rounds: int, seconds: float, cap_s: float
) -> None:
    """Fill in the contenders: first calls in turn, answers compared, then interleaved rounds."""
    try:
        for contender in contenders:
            contender.start()
        for contender in contenders:
            contender.greet()
        for contender in contenders:
            contender.build(problem, cap_s)
            found = contender.failure or f"first call {contender.first_s:.3f} s"
            say(f"  {contender.title}: {found}")
        compare(contenders)
        for number in range(rounds):
            for contender in contenders:
                if number < allowed_rounds(contender, rounds):
                    contender.round(seconds)
    finally:
        for contender in contenders:
            contender.stop()


def allowed_rounds(contender: Contender, rounds: int) -> int:
    """Two rounds are enough for a contender whose steps take longer than half a second."""
    return min(rounds, 2) if (contender.step_s or 0.0) > 0.5 else rounds


def compare(contenders: list[Contender]) -> None:
    """Each contender's answers against the first one's that has any (ours, unless left out)."""
    reference = None
    for contender in contenders:
        computes = contender.name not in OVERHEADS.values()
        found = contender.answers() if computes else None
        if found is None:
            continue
        if reference is None:
            reference = found
        scale = np.abs(reference).max()
        contender.difference = float(np.abs(found - reference).max() / scale)
