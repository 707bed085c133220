"""Noisy circuits: the embedded engine beside Cirq's and Qiskit Aer's simulators.

    python benchmarks/noise.py [--rounds 5] [--qubits 4 6 8]

One circuit is three layers of RY and RZ with a depolarising channel on every qubit, then a chain of
CX with two-qubit depolarising and amplitude damping; Z on every qubit. Ours gets a batch of 16
parameter sets, Aer too, Cirq (which runs one after the other) the first two. The contenders take
turns in one process; the best round counts, in milliseconds of processor time for one sample on one
thread, because a busy machine changes that least. Results of all are compared with each other.
Peers are used through their public interface as their documentation does: Cirq with a sweep, Aer
with a transpiled circuit and a batch of parameter bindings. The last table is by trajectories, 200
for each sample.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from time import process_time
from typing import Any

import cirq
import numpy as np
import sympy

from q_store.frontends.circuit import QuantumCircuit
from q_store.runtime.backends.placement import Placement
from q_store.runtime.noise.density import DensityProgram
from q_store.runtime.noise.loading import load_noisy
from q_store.targets.lower import lower

LAYERS = 3
P1, P2, GAMMA = 0.01, 0.02, 0.05


def weight_names(n: int) -> list[str]:
    return [f"{axis}{layer}_{q}" for layer in range(LAYERS) for q in range(n) for axis in "yz"]


def ours(n: int, damping: bool = True) -> Any:
    circuit = QuantumCircuit(n)
    for layer in range(LAYERS):
        for q in range(n):
            circuit.ry(q, param=f"y{layer}_{q}").rz(q, param=f"z{layer}_{q}").depolarizing(q, P1)
        for q in range(n - 1):
            circuit.cx(q, q + 1).depolarizing2(q, q + 1, P2)
            if damping:
                circuit.amplitude_damping(q, GAMMA)
    names = weight_names(n)
    circuit.expval(*[f"Z{q}" for q in range(n)])
    func = circuit.to_ir(input_params=names)
    return lower(func), names


def theirs(n: int) -> cirq.Circuit:
    qubits = cirq.LineQubit.range(n)
    circuit = cirq.Circuit()
    for layer in range(LAYERS):
        for q, qubit in enumerate(qubits):
            circuit.append(cirq.ry(sympy.Symbol(f"y{layer}_{q}"))(qubit))
            circuit.append(cirq.rz(sympy.Symbol(f"z{layer}_{q}"))(qubit))
            circuit.append(cirq.depolarize(P1)(qubit))
        for q in range(n - 1):
            circuit.append(cirq.CNOT(qubits[q], qubits[q + 1]))
            circuit.append(cirq.depolarize(P2, 2)(qubits[q], qubits[q + 1]))
            circuit.append(cirq.amplitude_damp(GAMMA)(qubits[q]))
    return circuit


def run_cirq(n: int, names: list[str], x: np.ndarray) -> np.ndarray:
    circuit, qubits = theirs(n), cirq.LineQubit.range(n)
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex64)
    observables = [cirq.Z(qubit) for qubit in qubits]
    sweep = [dict(zip(names, row, strict=True)) for row in x]
    return np.real(simulator.simulate_expectation_values_sweep(circuit, observables, sweep))


def aer_runner(n: int, names: list[str]) -> Callable[[np.ndarray], np.ndarray]:
    from qiskit import QuantumCircuit as Circuit
    from qiskit import transpile
    from qiskit.circuit import Parameter
    from qiskit.quantum_info import Pauli
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import amplitude_damping_error, depolarizing_error

    symbols = {name: Parameter(name) for name in names}
    one = depolarizing_error(P1 * 4 / 3, 1).to_instruction()
    two = depolarizing_error(P2 * 16 / 15, 2).to_instruction()
    damping = amplitude_damping_error(GAMMA).to_instruction()
    circuit = Circuit(n)
    for layer in range(LAYERS):
        for q in range(n):
            circuit.ry(symbols[f"y{layer}_{q}"], q)
            circuit.rz(symbols[f"z{layer}_{q}"], q)
            circuit.append(one, [q])
        for q in range(n - 1):
            circuit.cx(q, q + 1)
            circuit.append(two, [q, q + 1])
            circuit.append(damping, [q])
    for q in range(n):
        circuit.save_expectation_value(Pauli("Z"), [q], label=f"z{q}")
    simulator = AerSimulator(method="density_matrix", precision="single", max_parallel_threads=1)
    circuit = transpile(circuit, simulator, optimization_level=0)

    def run(x: np.ndarray) -> np.ndarray:
        binds = {symbols[name]: x[:, k].tolist() for k, name in enumerate(names)}
        result = simulator.run(circuit, parameter_binds=[binds], shots=1).result()
        found = [result.data(k) for k in range(len(x))]
        return np.array([[data[f"z{q}"] for q in range(n)] for data in found])

    return run


def best(
    calls: dict[str, Callable[[], Any]], rounds: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """The least processor time of every call in milliseconds, in turns, and their results."""
    times: dict[str, float] = {}
    results = {}
    for _ in range(rounds):
        for name, call in calls.items():
            start = process_time()
            results[name] = call()
            times[name] = min(times.get(name, np.inf), 1e3 * (process_time() - start))
    return times, results


def exact(n: int, rounds: int) -> None:
    executable, names = ours(n)
    x = np.random.default_rng(0).uniform(-3, 3, (16, len(names))).astype(np.float32)
    program = DensityProgram(executable, np.float32, threads=1)
    nothing, cotangent = np.zeros(0, np.float32), np.ones((len(x), n), np.float32)
    calls: dict[str, Callable[[], Any]] = {
        "q-store": lambda: program.expvals(x, nothing),
        "with gradient": lambda: program.value_and_vjp(x, nothing, cotangent)[0],
        "cirq": lambda: run_cirq(n, names, x[:2]),
    }
    if find_spec("qiskit_aer"):
        aer = aer_runner(n, names)
        calls["aer"] = lambda: aer(x)
    program.value_and_vjp(x, nothing, cotangent)
    times, results = best(calls, rounds)
    each = {name: times[name] / len(values) for name, values in results.items()}
    for name, values in results.items():
        difference = np.abs(values - results["q-store"][: len(values)]).max()
        assert difference < 1e-4, f"{name} differs by {difference}"
    cells = [f"{n:6}", *[f"{each[name]:13.3f}" for name in calls]]
    cells += [f"{each[name] / each['q-store']:9.0f}x" for name in calls if name in ("cirq", "aer")]
    print(" ".join(cells), flush=True)


def trajectories(n: int, damping: bool, rounds: int) -> None:
    executable, names = ours(n, damping)
    count, batch = 200, 2
    x = np.random.default_rng(0).uniform(-3, 3, (batch, len(names))).astype(np.float32)
    program = load_noisy(
        executable, np.float32, Placement("batched", threads=1, trajectories=count)
    )
    circuit, qubits = theirs(n), cirq.LineQubit.range(n)
    if not damping:
        circuit = cirq.Circuit(
            op
            for op in circuit.all_operations()
            if not isinstance(op.gate, cirq.AmplitudeDampingChannel)
        )
    simulator = cirq.Simulator(dtype=np.complex64)
    places = {qubit: k for k, qubit in enumerate(qubits)}
    words = [cirq.PauliString(cirq.Z(qubit)) for qubit in qubits]
    few = 5

    def run_cirq_trajectories() -> None:
        for row in x[:1]:
            resolved = cirq.resolve_parameters(circuit, dict(zip(names, row, strict=True)))
            for _ in range(few):
                state = simulator.simulate(resolved).final_state_vector
                for word in words:
                    word.expectation_from_state_vector(state, places, check_preconditions=False)

    nothing, cotangent = np.zeros(0, np.float32), np.ones((batch, n), np.float32)
    calls: dict[str, Callable[[], Any]] = {
        "q-store": lambda: program.expvals(x, nothing),
        "with gradient": lambda: program.value_and_vjp(x, nothing, cotangent),
        "cirq": run_cirq_trajectories,
    }
    calls["q-store"]()
    times, _ = best(calls, rounds)
    mine = times["q-store"] / (batch * count)
    gradient = times["with gradient"] / (batch * count)
    other = times["cirq"] / few
    kind = "damping" if damping else "Pauli"
    print(f"{n:6} {kind:>8} {mine:13.4f} {gradient:13.4f} {other:13.3f} {other / mine:9.0f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 6, 8])
    args = parser.parse_args()
    peers = ["cirq", *(["aer"] if find_spec("qiskit_aer") else [])]
    head = ["qubits", *[f"{name:>13}" for name in ("q-store", "with gradient", *peers)]]
    print("Density matrices, milliseconds for one sample, and the peer's time over ours")
    print(" ".join([*head, *[f"{name:>10}" for name in peers]]))
    for n in args.qubits:
        exact(n, args.rounds)
    print("\nTrajectories, milliseconds for one trajectory")
    print("qubits    noise       q-store with gradient          cirq       cirq")
    for n, damping in ((8, False), (8, True), (12, False), (12, True)):
        trajectories(n, damping, max(1, args.rounds // 2))


if __name__ == "__main__":
    main()
