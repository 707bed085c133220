"""Unitary matrices as gates: how many, and how long it takes.

    python benchmarks/unitaries.py --qubits 1 2 3 4 5

Beside ours: Qiskit's `UnitaryGate.definition`, which is `qs_decomposition` from three qubits on,
Cirq's `quantum_shannon_decomposition` and PennyLane's `QubitUnitary`, where they are installed,
all in one process, turn by turn. Two-qubit gates count by name and as the CX they take (`rzz` and
powers of CZ two, `swap` three); times are the least of the rounds. `--ionq` counts entanglers and
pulses after `ionq-native`, without the libraries.
"""

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from q_store import QuantumCircuit, compile

Count = tuple[int, int, int]
"""Entanglers, the CX they take, gates on one qubit."""


def haar(n: int, rng: np.random.Generator) -> Any:
    real, imaginary = rng.normal(size=(2, 2**n, 2**n))
    q, r = np.linalg.qr(real + 1j * imaginary)
    return q * (np.diag(r) / abs(np.diag(r)))


def controlled(n: int, rng: np.random.Generator) -> Any:
    matrix = np.eye(2**n, dtype=complex)
    matrix[2 ** (n - 1) :, 2 ** (n - 1) :] = haar(n - 1, rng)
    return matrix


def permutation(n: int, rng: np.random.Generator) -> Any:
    return np.eye(2**n, dtype=complex)[rng.permutation(2**n)]


def diagonal(n: int, rng: np.random.Generator) -> Any:
    return np.diag(np.exp(1j * rng.normal(size=2**n)))


def fourier(n: int, rng: np.random.Generator) -> Any:
    states = np.arange(2**n)
    return np.exp(2j * np.pi * np.outer(states, states) / 2**n) / 2 ** (n / 2)


def product(n: int, rng: np.random.Generator) -> Any:
    return np.kron(haar(n // 2, rng), haar(n - n // 2, rng)) if n > 1 else haar(n, rng)


KINDS = {
    "Haar random": haar,
    "controlled": controlled,
    "product": product,
    "permutation": permutation,
    "diagonal": diagonal,
    "Fourier": fourier,
}


def counted(names: list[tuple[str, int]]) -> Count:
    """The count of gates given by name and width."""
    wide = [name.lower() for name, width in names if width == 2]
    taken = sum({"rzz": 2, "swap": 3}.get(name, 1 + name.startswith("cz**")) for name in wide)
    return len(wide), taken, sum(width == 1 for _, width in names)


def ours(matrix: Any) -> Count:
    n = len(matrix).bit_length() - 1
    circuit = QuantumCircuit(n).unitary(matrix, range(n))
    return counted([(step.name, len(step.wires)) for step in circuit])


def qiskit(matrix: Any) -> Count:
    from qiskit.circuit.library import UnitaryGate

    circuit = UnitaryGate(matrix).definition
    while any(item.operation.num_qubits > 2 for item in circuit.data):
        circuit = circuit.decompose()
    while any(item.operation.name not in ("u", "cx") for item in circuit.data):
        circuit = circuit.decompose()
    return counted([(item.operation.name, len(item.qubits)) for item in circuit.data])


def cirq(matrix: Any) -> Count:
    import cirq

    qubits = cirq.LineQubit.range(len(matrix).bit_length() - 1)
    found = list(cirq.flatten_to_ops(cirq.quantum_shannon_decomposition(qubits, matrix)))
    return counted([(str(op.gate), len(op.qubits)) for op in found])


def pennylane(matrix: Any) -> Count:
    import pennylane as qml

    wires = range(len(matrix).bit_length() - 1)
    waiting: list[Any] = [qml.QubitUnitary(matrix, wires)]
    names: list[tuple[str, int]] = []
    while waiting:
        op = waiting.pop()
        if isinstance(op, qml.GlobalPhase):
            continue
        if len(op.wires) == 1 or op.name in ("CNOT", "CZ"):
            names.append((op.name, len(op.wires)))
        else:
            waiting += op.decomposition()
    return counted(names)


WAYS: dict[str, tuple[str, Callable[[Any], Count]]] = {
    "q-store": ("numpy", ours),
    "Qiskit": ("qiskit", qiskit),
    "Cirq": ("cirq", cirq),
    "PennyLane": ("pennylane", pennylane),
}


def compare(kind: str, n: int, rounds: int) -> None:
    rng = np.random.default_rng(n)
    matrices = [KINDS[kind](n, rng) for _ in range(rounds)]
    best: dict[str, float] = {}
    counts: dict[str, Count] = {}
    for matrix in matrices:
        for name, (module, way) in WAYS.items():
            if find_spec(module) is None:
                continue
            start = time.perf_counter()
            found = way(matrix)
            took = time.perf_counter() - start
            best[name] = min(best.get(name, took), took)
            counts[name] = max(counts.get(name, found), found)
    for name, (entanglers, cx, single) in counts.items():
        print(
            f"{kind:12} {n} {name:10} {entanglers:5} two-qubit gates, {cx:5} CX, {single:5} "
            f"one-qubit gates, {1e3 * best[name]:8.2f} ms, {best[name] / best['q-store']:5.1f}"
        )


def native(n: int) -> None:
    matrix = haar(n, np.random.default_rng(n))
    circuit = QuantumCircuit(n).unitary(matrix, range(n)).state()
    for passes in ("ionq-native{level=2}", "ionq-native"):
        found = QuantumCircuit.from_ir(compile(circuit, passes=passes).func).count_ops()
        pulses = found.get("gpi", 0) + found.get("gpi2", 0)
        print(f"{n} {passes:22} {found.get('zz', 0):5} zz, {pulses:5} pulses")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qubits", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ionq", action="store_true")
    options = parser.parse_args()
    for n in options.qubits:
        if options.ionq:
            native(n)
            continue
        for kind in options.kinds:
            compare(kind, n, options.rounds)


if __name__ == "__main__":
    main()
