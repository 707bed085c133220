"""Backends through us beside their own libraries' front doors, taking turns in one process.

    python benchmarks/backends.py small          # per circuit, 4 to 10 qubits
    python benchmarks/backends.py large          # 18 to 24 qubits, depth 10, one sample
    python benchmarks/backends.py auto           # `auto` beside every backend, over the grid

`large` with gradients takes twenty minutes; --qubits and --kinds pick a part of it, and what is
many times slower than the fastest is timed once. On a busy machine, OMP_NUM_THREADS=1 and --cpu
compare the time of one processor instead, which others hardly change. Needs `pip install qulacs`
besides the extras `qsim`, `lightning`, `aer` and `torch`.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from statistics import median

THREADS = int(os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0)))))
os.environ.setdefault("QSTORE_NUM_THREADS", str(THREADS))

import numpy as np  # noqa: E402

import front_doors as doors  # noqa: E402
from peers.q_store_bare import circuit  # noqa: E402
from problem import Problem  # noqa: E402
from q_store.passes.manager import run_pipeline  # noqa: E402
from q_store.qir.func import Module  # noqa: E402
from q_store.runtime import calibration  # noqa: E402
from q_store.runtime.backend import load  # noqa: E402
from q_store.runtime.backends.automatic import FROM_QUBITS  # noqa: E402
from q_store.runtime.cost_model import choose  # noqa: E402
from q_store.targets.executable import Executable  # noqa: E402
from q_store.targets.lower import lower  # noqa: E402

Step = Callable[[], object]
KINDS = ("values", "gradient")
WRONG = 2e-4
HOPELESS = 8
"""What is that many times slower than the fastest is timed once."""


def through_us(problem: Problem, backend: str, gradient: bool) -> Step:
    """A step of a backend through q-store."""
    func = run_pipeline("default", Module((circuit(problem),))).main
    program = load(lower(func), np.float32, backend)
    inputs, weights, cotangent = problem.data()
    flat = weights.reshape(-1)
    if gradient:
        return lambda: program.value_and_vjp(inputs, flat, cotangent)
    return lambda: program.expvals(inputs, flat)


def timed(steps: dict[str, Step], args: argparse.Namespace) -> dict[str, float]:
    """Median milliseconds of each step; they take turns until the time is up, `--least` times at
    least. The first call of each, which may compile, is not timed."""
    clock = time.process_time if args.cpu else time.perf_counter

    def once(step: Step) -> float:
        start = clock()
        step()
        return 1e3 * (clock() - start)

    for step in steps.values():
        step()
    times = {name: [once(step)] for name, step in steps.items()}
    fastest = min(found[0] for found in times.values())
    running = [name for name in steps if times[name][0] < max(HOPELESS * fastest, 1e3)]
    end = time.perf_counter() + args.seconds
    while time.perf_counter() < end or min(len(times[name]) for name in running) < args.least:
        for name in running:
            times[name].append(once(steps[name]))
    return {name: median(found) for name, found in times.items()}


def check(steps: dict[str, Step]) -> None:
    """All steps give the numbers of the first."""
    found = {name: step() for name, step in steps.items()}
    first = next(iter(found.values()))
    for name, values in found.items():
        pairs = zip(first, values, strict=True) if isinstance(first, tuple) else [(first, values)]
        for wanted, got in pairs:
            worst = float(np.abs(np.asarray(got) - wanted).max())
            if worst > WRONG * max(1.0, float(np.abs(wanted).max())):
                print(f"    WRONG {name}: off by {worst:.2g}")


def report(title: str, steps: dict[str, Step], args: argparse.Namespace, per: int = 1) -> dict:
    """Print the times, those of ours against each front door."""
    check(steps)
    found = timed(steps, args)
    best = min(found.values())
    print(title)
    for name, value in sorted(found.items(), key=lambda pair: pair[1]):
        print(f"    {name:34} {value / per:10.4f} ms  {value / best:8.1f} x")
    return {"title": title, "ms": found}


def small(args: argparse.Namespace) -> list[dict]:
    rows = []
    for n in args.qubits or (4, 6, 8, 10):
        p = Problem(n, 3, args.batch)
        forward = {
            "q-store batched": through_us(p, "batched", False),
            "q-store qsim": through_us(p, "qsim", False),
            "cirq + qsimcirq": doors.cirq_qsim(p, 1),
            "q-store lightning.qubit": through_us(p, "lightning.qubit", False),
            "PennyLane QNode": doors.pennylane_forward(p),
            "q-store aer": through_us(p, "aer", False),
            "Qiskit + Aer": doors.qiskit_aer(p, THREADS),
        }
        rows.append(report(f"values, {n} qubits, per circuit", forward, args, args.batch))
        gradient = {
            "q-store batched": through_us(p, "batched", True),
            "q-store lightning.qubit": through_us(p, "lightning.qubit", True),
            "PennyLane QNode, adjoint": doors.pennylane_gradient(p),
            "q-store qsim, shift rule": through_us(p, "qsim", True),
            "q-store aer, shift rule": through_us(p, "aer", True),
        }
        rows.append(report(f"gradients, {n} qubits, per circuit", gradient, args, args.batch))
    return rows


def large(args: argparse.Namespace) -> list[dict]:
    rows = []
    for n in args.qubits or (18, 20, 22, 24):
        p = Problem(n, 10, 1)
        if "values" in args.kinds:
            rows.append(report(f"values, {n} qubits", _large_values(p), args))
        if "gradient" in args.kinds:
            rows.append(report(f"gradients, {n} qubits", _large_gradients(p), args))
    return rows


def _large_values(p: Problem) -> dict[str, Step]:
    return {
        "q-store batched": through_us(p, "batched", False),
        "q-store qsim": through_us(p, "qsim", False),
        "cirq + qsimcirq": doors.cirq_qsim(p, THREADS),
        "q-store lightning.qubit": through_us(p, "lightning.qubit", False),
        "PennyLane QNode": doors.pennylane_forward(p),
        "Qiskit + Aer": doors.qiskit_aer(p, THREADS),
        "q-store aer": through_us(p, "aer", False),
        "Qulacs": doors.qulacs_forward(p),
    }


def _large_gradients(p: Problem) -> dict[str, Step]:
    return {
        "q-store batched": through_us(p, "batched", True),
        "q-store lightning.qubit": through_us(p, "lightning.qubit", True),
        "PennyLane QNode, adjoint": doors.pennylane_gradient(p),
        "Qulacs backprop": doors.qulacs_gradient(p),
    }


GRID = ((1, 2), (1, 4), (1, 10), (4, 3), (32, 3), (256, 3))
"""Batch and layers of the circuits for `auto`."""


def auto(args: argparse.Namespace) -> list[dict]:
    """How far the choice of `auto` is from the fastest backend, over the grid."""
    rows = []
    for n in args.qubits or (2, 4, 8, 12, 14, 16, 18, 20, 22):
        for batch, layers in GRID:
            if batch * layers << n > 1 << 25 + (batch == 1):
                continue
            for kind in args.kinds:
                found, chosen = _choice(n, layers, batch, kind, args)
                excess = found[chosen] / min(found.values()) - 1
                print(f"{n:3} qubits {layers:3} layers of {args.entangler} batch {batch:4} {kind:8}"
                      f" {chosen:16} {100 * excess:6.1f} % over the best  {json.dumps(found)}",
                      flush=True)  # fmt: skip
                row = {"n": n, "layers": layers, "entangler": args.entangler, "batch": batch}
                rows.append(row | {"kind": kind, "ms": found})
    return rows


def _choice(
    n: int, layers: int, batch: int, kind: str, args: argparse.Namespace
) -> tuple[dict[str, float], str]:
    """Milliseconds of the backends that `auto` may take, and the one that it takes."""
    names = ["batched", "qsim", "lightning.qubit"]
    if kind == "gradient" and (n * layers * batch > 512 or n > 12):
        names.remove("qsim")
    executable = calibration.circuit(n, layers, args.entangler)
    steps = {name: _step(executable, name, batch, kind) for name in names}
    chosen = "batched" if n < FROM_QUBITS else choose(executable, batch, kind, names)
    return {name: float(f"{ms:.4g}") for name, ms in timed(steps, args).items()}, chosen


def _step(executable: Executable, backend: str, batch: int, kind: str) -> Step:
    program, random = load(executable, np.float32, backend), np.random.default_rng(0)
    inputs = random.uniform(-3, 3, (batch, executable.n_inputs)).astype(np.float32)
    weights = random.uniform(-3, 3, executable.n_weights).astype(np.float32)
    cotangent = np.ones((batch, executable.n_observables), np.float32)
    if kind == "gradient":
        return lambda: program.value_and_vjp(inputs, weights, cotangent)
    return lambda: program.expvals(inputs, weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("small", "large", "auto"))
    parser.add_argument("--qubits", type=int, nargs="+")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each comparison")
    parser.add_argument("--least", type=int, default=3, help="times that each is timed, at least")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of large, auto")
    parser.add_argument("--entangler", default="cx", help="gate of the rings of `auto`, as `crx`")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of time passed")
    parser.add_argument("--json", help="write the numbers there")
    args = parser.parse_args()
    rows = {"small": small, "large": large, "auto": auto}[args.part](args)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
