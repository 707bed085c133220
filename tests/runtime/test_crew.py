"""Processes that share a batch."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from q_store import QStoreError, SimulatorConfig
from q_store.runtime.backend import load, place
from q_store.runtime.backends import crew
from q_store.testing.conformance_circuits import cotangent, layers

CASE = layers(3, 2, 5)


@pytest.fixture(autouse=True)
def _no_workers_stay() -> Iterator[None]:
    yield
    crew.stop()


def shared(processes: int = 2, **settings: object):
    config = SimulatorConfig("lightning.qubit", processes=processes, **settings)
    return load(CASE.executable, "float64", place(config, strict=True))


def test_results_do_not_depend_on_processes() -> None:
    alone = load(CASE.executable, "float64", "lightning.qubit")
    g = cotangent(5, CASE.executable.n_observables)
    for processes, batch_size in ((2, None), (3, 1), (7, None)):
        program = shared(processes, batch_size=batch_size)
        for weights in (CASE.weights, CASE.per_sample):
            found = program.value_and_vjp(CASE.inputs, weights, g)
            wanted = alone.value_and_vjp(CASE.inputs, weights, g)
            for mine, theirs in zip(found, wanted, strict=True):
                assert np.allclose(mine, theirs, atol=1e-12)
    assert len(crew._workers) == 7


def test_an_error_over_there_is_one_here_and_the_workers_stay() -> None:
    program = shared()
    with pytest.raises(QStoreError) as caught:
        program.probs(CASE.inputs, CASE.weights, (0, 0))
    assert caught.value.code == "QS532"
    pids = [worker._process.pid for worker in crew._workers]
    assert program.expvals(CASE.inputs, CASE.weights).shape == (5, 4)
    assert [worker._process.pid for worker in crew._workers] == pids


def test_a_process_that_ends_is_told_and_replaced() -> None:
    program = shared()
    wanted = program.expvals(CASE.inputs, CASE.weights)
    os.kill(crew._workers[1]._process.pid, signal.SIGKILL)
    crew._workers[1]._process.wait()
    with pytest.raises(QStoreError) as caught:
        program.expvals(CASE.inputs, CASE.weights)
    assert caught.value.code == "QS629"
    assert (program.expvals(CASE.inputs, CASE.weights) == wanted).all()


def test_scripts_need_no_guard_and_workers_end_with_them() -> None:
    script = """
import os
from q_store import SimulatorConfig
from q_store.runtime.backend import load, place
from q_store.runtime.backends import crew
from q_store.testing.conformance_circuits import layers
case = layers(3, 2, 5)
program = load(case.executable, "float64", place(SimulatorConfig("qsim", processes=2)))
program.expvals(case.inputs, case.weights)
print(*[worker._process.pid for worker in crew._workers], flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    pids = done.stdout.split()
    assert len(pids) == 2, done.stderr
    for pid in pids:
        waiting = ["tail", f"--pid={pid}", "-f", "/dev/null"]
        assert subprocess.run(waiting, timeout=20).returncode == 0
