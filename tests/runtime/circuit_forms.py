"""Every form of `circuit_fn` for four qubits, as layers accept it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cirq
import pennylane as qml
import qiskit
import sympy

from q_store import QuantumCircuit
from q_store.frontends.trace import trace_circuit
from q_store.qir.func import Module


def fills_in(circuit: Any, inputs: Any, weights: Any) -> None:
    for q in range(4):
        circuit.ry(q, inputs[q]).rx(q, weights[q])
    circuit.cx(0, 1)


def returns(inputs: Any, weights: Any, n_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n_qubits)
    fills_in(circuit, inputs, weights)
    return circuit


def by_position(a: Any, b: Any) -> QuantumCircuit:
    return returns(a, b, 4)


def with_observables(circuit: Any, x: Any, w: Any) -> tuple[None, list[str]]:
    fills_in(circuit, x, w)
    return None, [f"Z{q}" for q in range(4)]


def as_printed() -> QuantumCircuit:
    """Section 2; no parameter is data, so an encoding is put in front."""
    circuit = QuantumCircuit(n_qubits=4)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rx(1, param="theta")
    circuit.measure_all()
    return circuit


def from_qiskit() -> Any:
    circuit = qiskit.QuantumCircuit(4)
    x = qiskit.circuit.ParameterVector("x", 4)
    w = qiskit.circuit.ParameterVector("w", 4)
    for q in range(4):
        circuit.ry(x[q], q)
        circuit.rx(w[q], q)
    circuit.cx(0, 1)
    return circuit


def from_cirq() -> Any:
    qubits = cirq.LineQubit.range(4)
    x, w = sympy.symbols("x0:4"), sympy.symbols("w0:4")
    gates = [cirq.ry(x[q])(qubits[q]) for q in range(4)]
    gates += [cirq.rx(w[q])(qubits[q]) for q in range(4)]
    return cirq.Circuit(*gates, cirq.CNOT(qubits[0], qubits[1]))


def from_pennylane() -> Any:
    def circuit(inputs: Any, weights: Any) -> Any:
        for q in range(4):
            qml.RY(inputs[q], q)
            qml.RX(weights[q], q)
        qml.CNOT([0, 1])
        return [qml.expval(qml.Z(q)) for q in range(4)]

    return qml.QNode(circuit, qml.device("default.qubit", 4))


PROGRAM = """
circuit hybrid
qubits q[4]
input x[4]
weight w[4]
ry(x) q
rx(w) q
cx q[0], q[1]
"""

OPENQASM = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
qubit[4] q;
h q[0];
cx q[0], q[1];
rx(theta) q[1];
"""


FORMS: dict[str, Callable[[], Any]] = {
    "function that fills in": lambda: fills_in,
    "function that returns": lambda: returns,
    "function of inputs and weights": lambda: by_position,
    "function with observables": lambda: with_observables,
    "finished circuit": as_printed,
    "function of nothing": lambda: as_printed,
    "IR text": lambda: str(Module((trace_circuit(fills_in, 4).func,))),
    "IR": lambda: trace_circuit(fills_in, 4).func,
    "Qiskit circuit": from_qiskit,
    "Cirq circuit": from_cirq,
    "PennyLane QNode": from_pennylane,
    "program of the text language": lambda: PROGRAM,
    "OpenQASM": lambda: OPENQASM,
    "nothing": lambda: None,
}
