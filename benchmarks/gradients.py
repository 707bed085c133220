"""Gradient methods beside PennyLane's same methods, taking turns in one process.

    python benchmarks/gradients.py --sizes 4,2 6,3 8,3 --seconds 3

One sample, the Jacobian of Z on every qubit for the weights of the circuit in `problem.py`; metric
tensors for the same weights. PennyLane runs on default.qubit and lightning.qubit, and the
faster one counts. Exact methods are compared with each other before they are timed. On a busy
machine, OMP_NUM_THREADS=1, QSTORE_NUM_THREADS=1 and --cpu compare the time of one processor.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pennylane as qml

from peers.q_store_bare import circuit
from problem import Problem
from q_store.passes.manager import run_pipeline
from q_store.qir.func import Module
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Call
from q_store.runtime.gradients.metric import metric_of_weights
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.table import METHODS

Step = Callable[[], np.ndarray]
SHOTS = 1000
SPSA_SAMPLES = 10
EXACT = ("adjoint", "parameter_shift", "hadamard", "finite_diff", "metric_blocks", "metric_full")
"""What must agree; of block-diagonal metrics the diagonal, since our blocks are larger."""
_CENTRAL = {"strategy": "center", "approx_order": 2, "h": 1e-3}
_DIRECTIONS = {"num_directions": SPSA_SAMPLES, "h": 1e-2}
DEVICES = ("default.qubit", "lightning.qubit")
PEERS = {
    "adjoint": {"diff_method": "adjoint"},
    "parameter_shift": {"diff_method": "parameter-shift"},
    "hadamard": {"diff_method": "hadamard"},
    "finite_diff": {"diff_method": "finite-diff", "gradient_kwargs": _CENTRAL},
    "spsa": {"diff_method": "spsa", "gradient_kwargs": _DIRECTIONS},
}


def ours(problem: Problem) -> dict[str, Step]:
    """A step of each of our methods, in float32 as layers run them."""
    func = run_pipeline("default", Module((circuit(problem),))).main
    function = CircuitFunction(func, "float32", "batched")
    inputs, weights, _ = problem.data()
    flat = weights.reshape(-1)

    def call(shots: int | None = None) -> Call:
        return Call(function, inputs, flat, Sampler(shots, 0), (False, True))

    def jacobian(config: GradientConfig, shots: int | None = None) -> Step:
        method = METHODS[config.method](config)
        return lambda: method.derivatives(call(shots)).values[0, :, problem.n :]

    steps = {name: jacobian(GradientConfig(name)) for name in PEERS if name != "spsa"}
    steps["spsa"] = jacobian(GradientConfig("spsa", samples=SPSA_SAMPLES, epsilon=1e-2))
    steps[f"parameter_shift, {SHOTS} shots"] = jacobian(GradientConfig("parameter_shift"), SHOTS)
    steps["metric_blocks"] = lambda: metric_of_weights(call(), "block_diagonal")[0]
    steps["metric_full"] = lambda: metric_of_weights(call(), "full")[0]
    return steps


def theirs(problem: Problem) -> dict[str, list[Step]]:
    """Steps of PennyLane's methods, one for each device."""
    inputs, weights, _ = problem.data()
    at = qml.numpy.array(weights.reshape(-1).astype(np.float64), requires_grad=True)

    def node(device: str, shots: int | None = None, **options: object) -> qml.QNode:
        # The Hadamard test and the full metric take one wire more.
        wires = qml.device(device, wires=problem.n + 1)

        def values(w: np.ndarray) -> list[object]:
            problem_circuit(problem, inputs[0], w)
            return [qml.expval(qml.PauliZ(qubit)) for qubit in range(problem.n)]

        if options.get("diff_method") == "hadamard":
            options["gradient_kwargs"] = {"aux_wire": problem.n}
        made = qml.QNode(values, wires, interface="autograd", **options)
        return qml.set_shots(made, shots) if shots else made

    def jacobian(made: qml.QNode) -> Step:
        slopes = qml.jacobian(lambda w: qml.numpy.stack(made(w)))
        return lambda: np.asarray(slopes(at))

    found = {
        name: [jacobian(node(device, **options)) for device in DEVICES]
        for name, options in PEERS.items()
    }
    sampled = node("default.qubit", SHOTS, diff_method="parameter-shift")
    found[f"parameter_shift, {SHOTS} shots"] = [jacobian(sampled)]
    for name, kind in (("metric_blocks", "block-diag"), ("metric_full", None)):
        tensors = [
            qml.metric_tensor(node(device), approx=kind, aux_wire=problem.n) for device in DEVICES
        ]
        found[name] = [lambda t=t: np.asarray(t(at)) for t in tensors]
    return found


def problem_circuit(problem: Problem, x: np.ndarray, w: np.ndarray) -> None:
    """The circuit in PennyLane's operations, weights as one row."""
    for qubit in range(problem.n):
        qml.RY(x[qubit], wires=qubit)
    for layer in range(problem.layers):
        for qubit in range(problem.n):
            at = 2 * (layer * problem.n + qubit)
            qml.RY(w[at], wires=qubit)
            qml.RZ(w[at + 1], wires=qubit)
        for pair in problem.ring:
            qml.CNOT(wires=pair)


def medians(steps: list[Step], args: argparse.Namespace) -> list[float]:
    """Median milliseconds of each step; they take turns, two at least, of 10 ms at least each."""
    clock = time.process_time if args.cpu else time.perf_counter
    times: list[list[float]] = [[] for _ in steps]
    end = time.perf_counter() + args.seconds
    turns = 0
    while time.perf_counter() < end or turns < 2:
        turns += 1
        for step, own in zip(steps, times, strict=True):
            begin = time.perf_counter()
            while len(own) < turns or time.perf_counter() < begin + 0.01:
                start = clock()
                step()
                own.append(1e3 * (clock() - start))
    return [median(own) for own in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", default=["4,2", "6,3", "8,3"], help="qubits,layers")
    parser.add_argument("--seconds", type=float, default=2.0, help="per method")
    parser.add_argument("--skip", nargs="*", default=[], help="methods to leave out")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of wall time")
    args = parser.parse_args()
    print("| qubits | layers | weights | method | q-store ms | PennyLane ms | ratio |")
    print("|---|---|---|---|---|---|---|")
    for size in args.sizes:
        n, layers = map(int, size.split(","))
        problem = Problem(n, layers, 1)
        mine, peers = ours(problem), theirs(problem)
        for name, step in mine.items():
            if name in args.skip:
                continue
            first = [np.asarray(one()) for one in (step, *peers[name])]
            if name == "metric_blocks":
                first = [np.diag(tensor) for tensor in first]
            if name in EXACT:
                worst = max(float(np.abs(first[0] - other).max()) for other in first[1:])
                assert worst < 5e-3, f"{name} differs by {worst}"
            own, *others = medians([step, *peers[name]], args)
            row = (n, layers, 2 * n * layers, name, own, min(others), min(others) / own)
            print("| {} | {} | {} | {} | {:.2f} | {:.1f} | {:.1f} |".format(*row))


if __name__ == "__main__":
    main()
