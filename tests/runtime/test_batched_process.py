"""The engine in its process: memory over many steps, forks, threads of callers, kernel cache."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from q_store.runtime.batched.cache import kernel_directory
from q_store.runtime.batched.engine import BatchedProgram
from q_store.runtime.batched.layout import (
    available_memory,
    full_width,
    lane_width,
    require_memory,
)
from tests.runtime.batched_reference import Angle, Circuit


def circuit(n=3):
    gates = [("ry", (q,), Angle(0.0, {q: 1.0})) for q in range(n)]
    gates += [("cx", (q, (q + 1) % n), None) for q in range(n)]
    gates += [("rx", (q,), Angle(0.0, {n + q: 1.0})) for q in range(n)]
    return Circuit(n, gates, n, n, [[(1.0, {q: "Z"})] for q in range(n)])


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@needs_linux
def test_memory_does_not_grow_over_a_thousand_steps(monkeypatch):
    monkeypatch.setattr("q_store.runtime.batched.execution.PAYS_FROM_NANOSECONDS", 0)
    program = BatchedProgram(circuit().executable(), np.float32, threads=2)
    rng = np.random.default_rng(0)
    x, w, g = rng.normal(size=(40, 3)), rng.normal(size=3), rng.normal(size=(40, 3))

    def steps(count):
        for _ in range(count):
            _, saved = program.forward(x, w, keep_state=True)
            program.backward(saved, x, w, g)
            program.value_and_vjp(x, w, g)
            program.probs(x, w, (0,))
            program.samples(x, w, (0,), 5, 0)

    steps(100)
    before = resident_bytes()
    steps(1000)
    assert resident_bytes() - before < 4 << 20


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
# JAX, where some other test has loaded it, warns of its own threads at every fork.
@pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr("q_store.runtime.batched.execution.PAYS_FROM_NANOSECONDS", 0)
    program = BatchedProgram(circuit().executable(), np.float32, threads=2)
    x, w = np.ones((64, 3)), np.ones(3)
    expected = program.expvals(x, w)
    child = os.fork()
    if child == 0:
        same = np.array_equal(program.expvals(x, w), expected)
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(program.expvals(x, w), expected)


def test_several_threads_may_call_one_program():
    program = BatchedProgram(circuit().executable(), np.float64)
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(20, 3)) for _ in range(4)]
    w, g = rng.normal(size=3), rng.normal(size=(20, 3))
    expected = [program.value_and_vjp(x, w, g) for x in inputs]
    wrong = []

    def work(k):
        for _ in range(50):
            results = program.value_and_vjp(inputs[k], w, g)
            if not all(np.array_equal(a, b) for a, b in zip(results, expected[k], strict=True)):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@needs_linux
def test_small_needs_pass_and_impossible_ones_do_not():
    assert available_memory() > 1 << 20
    require_memory(1 << 20, "a little")
    with pytest.raises(Exception, match="needs 1000000000000000 bytes of memory"):
        require_memory(10**15, "too much")


def test_lanes_narrow_only_where_states_are_large():
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    assert lane_width(single, 4, 1) == lane_width(single, 4, 100)
    assert lane_width(double, 4, 1, real=True) == lane_width(double, 4, 100)
    assert lane_width(single, 12, 1) == lane_width(double, 12, 1) == 1
    assert lane_width(single, 12, 2) == 4
    assert lane_width(double, 12, 2) == 2
    assert lane_width(double, 12, 100) == lane_width(double, 4, 1)
    assert lane_width(single, 12, 4, real=True) == 1
    assert lane_width(single, 12, 5, real=True) == 8
    assert lane_width(single, 18, 100, real=True) == 1
    assert lane_width(single, 18, 100) == lane_width(single, 4, 1)


# Compiling takes seconds and is tested by every other test; here it stands for itself by reading
# the code that this process uses.
PROGRAM = """
import os
from pathlib import Path
import numpy as np
from q_store.runtime.batched import cache
from q_store.targets.executable import Executable
cache.compile_entry = lambda dtype, width, family: cache._read(Path(os.environ["BUILT"]))
from q_store.runtime.batched.engine import BatchedProgram
exe = Executable(1, term_ptr=np.array([0, 1], np.int32), term_x=np.zeros(1, np.uint64),
                 term_z=np.ones(1, np.uint64), term_coef=np.ones(1))
print(BatchedProgram(exe, np.float32).expvals(None, None)[0, 0])
"""


def run_with_cache(folder):
    exe = circuit().executable()
    BatchedProgram(exe, np.float32).expvals(np.zeros((1, 3)), np.zeros(3))
    built = kernel_directory() / f"float32-{full_width(4)}.kernel"
    environment = {**os.environ, "QSTORE_CACHE_DIR": str(folder), "BUILT": str(built)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.strip() == "1.0"
    return err


def test_kernels_are_compiled_once_by_concurrent_processes_and_announced(tmp_path):
    folder = tmp_path / "cache"
    first = [run_with_cache(folder) for _ in range(2)]
    announcements = "".join(finish(process) for process in first)
    assert announcements.count("compiling the float32 simulator kernel") == 1
    assert finish(run_with_cache(folder)) == ""
    for damaged in folder.rglob("*.kernel"):
        damaged.write_bytes(damaged.read_bytes()[:1000])
    assert "is damaged" in finish(run_with_cache(folder))
    assert finish(run_with_cache(folder)) == ""


def test_a_warm_start_does_not_need_numba(tmp_path):
    check = "import sys; assert 'numba' not in sys.modules"
    process = run_with_cache(tmp_path / "cache")
    finish(process)
    environment = {**os.environ, "QSTORE_CACHE_DIR": str(tmp_path / "cache")}
    program = PROGRAM.replace("cache.compile_entry", "unused") + check
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)


def test_a_cache_that_cannot_be_written_costs_one_warning(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    err = finish(run_with_cache(blocked / "cache"))
    assert err.count("cannot write the kernel cache") == 1


FOREIGN = """
import numpy as np
from numba.core import compiler
from q_store.runtime.batched import cache
from q_store.targets.executable import Executable
cache.compile_entry = lambda dtype, width, family: compiler.no_such_function
from q_store.runtime.batched.engine import BatchedProgram
exe = Executable(1, term_ptr=np.array([0, 1], np.int32), term_x=np.zeros(1, np.uint64),
                 term_z=np.ones(1, np.uint64), term_coef=np.ones(1))
assert BatchedProgram(exe, np.float32).value_and_vjp(None, None, [[1.0]])[0][0, 0] == 1.0
"""


def test_other_internals_of_numba_cost_one_warning_and_no_more(tmp_path):
    environment = {**os.environ, "QSTORE_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("gives no object code") == 1
    assert not list(tmp_path.rglob("*.kernel"))
