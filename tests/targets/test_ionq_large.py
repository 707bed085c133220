"""Programs as wide as the machine, beside a stabilizer simulation of Qiskit's."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, StabilizerState

from q_store.ionq import to_ionq_json

QUBITS = 36
_ROWS = ("h", "s", "sdg", "x", "y", "cx", "cz", "swap")


def clifford(gates: int, seed: int) -> QuantumCircuit:
    rng, circuit = np.random.default_rng(seed), QuantumCircuit(QUBITS)
    for _ in range(gates):
        name = str(rng.choice(_ROWS))
        wires = map(int, rng.choice(QUBITS, 2, replace=False))
        getattr(circuit, name)(*[*wires][: 2 if name in ("cx", "cz", "swap") else 1])
    return circuit


def there_and_back(gates: int, seed: int) -> QuantumCircuit:
    """A Clifford circuit, some half-turns, and the circuit undone, so that every bit is certain."""
    rng, there = np.random.default_rng(seed), clifford(gates, seed)
    back = there.inverse()
    there.barrier()
    there.x(list(map(int, np.flatnonzero(rng.integers(0, 2, QUBITS)))))
    there.barrier()
    return there.compose(back)


def played(job: dict[str, Any]) -> QuantumCircuit:
    """Native gates as Clifford gates, up to a global phase; turns must be quarters or eighths."""
    circuit = QuantumCircuit(job["input"]["qubits"])
    for entry in job["input"]["circuit"]:
        if entry["gate"] == "zz":
            for _ in range(_whole(4 * entry["angle"]) % 4):
                circuit.s(entry["targets"])
                circuit.cz(*entry["targets"])
            continue
        wire, half = entry["target"], entry["gate"] == "gpi"
        before, after = (
            (0, _whole(8 * entry["phase"]))
            if half
            else (
                -_whole(4 * entry["phase"]),
                _whole(4 * entry["phase"]),
            )
        )
        for _ in range(before % 4):
            circuit.s(wire)
        circuit.x(wire) if half else circuit.sx(wire)
        for _ in range(after % 4):
            circuit.s(wire)
    return circuit


def _whole(number: float) -> int:
    assert abs(number - round(number)) < 1e-9
    return round(number)


def known_words(state: StabilizerState) -> list[np.ndarray]:
    """Sets of qubits whose parity is certain."""
    x, z = state.clifford.stab_x.astype(int), state.clifford.stab_z.astype(int)
    rows, rank = np.concatenate([x, z], axis=1), 0
    for column in range(QUBITS):
        found = np.flatnonzero(rows[rank:, column])
        if len(found):
            rows[[rank, rank + found[0]]] = rows[[rank + found[0], rank]]
            others = np.flatnonzero(rows[:, column])
            rows[others[others != rank]] ^= rows[rank]
            rank += 1
    return [np.flatnonzero(row[QUBITS:]) for row in rows[rank:]]


def parity(state: StabilizerState, qubits: Any) -> float:
    z = np.zeros(QUBITS, np.bool_)
    z[qubits] = True
    return float(state.expectation_value(Pauli((z, np.zeros(QUBITS, np.bool_)))))


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("make", [clifford, there_and_back])
def test_wide_programs_measure_what_the_circuit_does(
    make: Callable[[int, int], QuantumCircuit], level: int
) -> None:
    circuit = make(220, level)
    measured = circuit.copy()
    measured.measure_all()
    job = to_ionq_json(measured, target="ionq.forte", gateset="native", level=level)
    order = job.get("metadata", {}).get("qstore_measured")
    places = np.array([int(q) for q in order.split(",")] if order else range(QUBITS))
    wanted, found = StabilizerState(circuit), StabilizerState(played(job))
    words = known_words(wanted)
    assert len(words) > 8
    for qubits in words:
        assert parity(found, places[qubits]) == parity(wanted, qubits) != 0
    for pair in pairwise(range(QUBITS)):
        assert parity(found, places[list(pair)]) == parity(wanted, list(pair))
