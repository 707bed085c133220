"""Time what the compiler does to 10 000 gates, beside Qiskit where it has a counterpart.

    python benchmarks/ir_speed.py --gates 10000 --repeats 5

Half of the gates can be cancelled or merged with a neighbour. Milliseconds, best of the repeats.
"""

import argparse
import random
import time
from collections.abc import Callable

from q_store.passes.manager import run_pipeline
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Module
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify_module

QUBITS = 16
GateList = list[tuple[str, tuple[int, ...], tuple[float, ...]]]


def random_gates(count: int) -> GateList:
    """Names, wires and angles; every other gate repeats the one before it."""
    rng = random.Random(7)
    gates: GateList = []
    while len(gates) < count:
        name = rng.choice(("h", "x", "cx", "rx", "ry", "rz"))
        wires = tuple(rng.sample(range(QUBITS), 2 if name == "cx" else 1))
        angles = (rng.uniform(-3, 3),) if name.startswith("r") else ()
        gates += [(name, wires, angles)] * 2
    return gates[:count]


def best_ms(prepare: Callable[[], object], run: Callable, repeats: int) -> tuple[float, object]:
    """Least time of `run(prepare())`, preparation not counted, and its last result."""
    times = []
    for _ in range(repeats):
        ready = prepare()
        start = time.perf_counter()
        result = run(ready)
        times.append(time.perf_counter() - start)
    return min(times) * 1e3, result


def build(gates: GateList) -> Module:
    builder = FuncBuilder("big", QUBITS)
    for name, wires, angles in gates:
        builder.gate(name, wires, angles)
    return Module((builder.finish(),))


def ours(gates: GateList, repeats: int) -> dict[str, float]:
    """Every step on a fresh module, because analyses of a module are remembered."""
    times: dict[str, float] = {}

    def fresh() -> Module:
        return build(gates)

    def cancel_merge(module: Module) -> Module:
        return run_pipeline("fixpoint(cancel,merge-rotations)", module)

    times["build"], _ = best_ms(lambda: gates, build, repeats)
    times["verify"], _ = best_ms(fresh, verify_module, repeats)
    times["print"], text = best_ms(fresh, str, repeats)
    times["parse"], _ = best_ms(lambda: text, parse_module, repeats)
    times["cancel+merge"], left = best_ms(fresh, cancel_merge, repeats)
    times["gates left"] = sum(1 for _ in left.main.gates)
    return times


def qiskit(gates: GateList, repeats: int) -> dict[str, float]:
    """Qiskit's text form here is OpenQASM 2, which its Rust parser reads."""
    from qiskit import QuantumCircuit, qasm2
    from qiskit.circuit.library import CXGate, HGate, XGate
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import CommutativeCancellation, InverseCancellation

    passes = PassManager(
        [InverseCancellation([CXGate(), HGate(), XGate()]), CommutativeCancellation()]
    )

    def build_circuit(gates: GateList) -> QuantumCircuit:
        circuit = QuantumCircuit(QUBITS)
        for name, wires, angles in gates:
            getattr(circuit, name)(*angles, *wires)
        return circuit

    times: dict[str, float] = {}
    times["build"], circuit = best_ms(lambda: gates, build_circuit, repeats)
    times["print"], text = best_ms(lambda: circuit, qasm2.dumps, repeats)
    times["parse"], _ = best_ms(lambda: text, qasm2.loads, repeats)
    times["cancel+merge"], left = best_ms(lambda: circuit, passes.run, repeats)
    times["gates left"] = left.size()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gates", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    gates = random_gates(options.gates)
    here, there = ours(gates, options.repeats), qiskit(gates, options.repeats)
    print(f"{options.gates} gates on {QUBITS} qubits, milliseconds")
    print(f"{'':14} {'q-store':>8} {'Qiskit':>8}")
    for name, ms in here.items():
        other = f"{there[name]:8.1f}" if name in there else f"{'-':>8}"
        print(f"{name:14} {ms:8.1f} {other}")


if __name__ == "__main__":
    main()
