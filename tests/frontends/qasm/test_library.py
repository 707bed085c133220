"""The gates of both libraries and the phase of U, against Qiskit and the specification."""

import numpy as np
import pytest
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit.library import C3SXGate, CU1Gate, CU3Gate, RC3XGate, RCCXGate, U1Gate
from qiskit.quantum_info import Operator

from q_store import from_qasm
from q_store.frontends.qasm.library import EVERY_NAME, included
from q_store.runtime.reference_func import unitary_of_func
from tests.frontends.sdk_oracles import assert_same, our_unitary, qiskit_unitary

ANGLES = (0.37, -1.21, 2.05, 0.83)
OTHER = {
    "cu1": CU1Gate,
    "cu3": CU3Gate,
    "u1": U1Gate,
    "c3sqrtx": C3SXGate,
    "rccx": RCCXGate,
    "rc3x": RC3XGate,
}
METHODS = {"CX": "cx", "phase": "p", "cphase": "cp", "c3x": "mcx", "c4x": "mcx"}


def call(name: str, file: str) -> tuple[str, int, tuple[float, ...]]:
    gate = included(file, "qiskit")[name]
    angles = ANGLES[: gate.angles]
    arguments = f"({', '.join(map(str, angles))})" if angles else ""
    qubits = ", ".join(f"q[{k}]" for k in range(gate.wires))
    version, register = ("2.0", "qreg q") if file == "qelib1.inc" else ("3.0", "qubit")
    declared = f"{register}[{gate.wires}]" + (";" if version == "2.0" else " q;")
    text = f'OPENQASM {version}; include "{file}"; {declared} {name}{arguments} {qubits};'
    return text, gate.wires, angles


def by_qiskit(name: str, wires: int, angles: tuple[float, ...]) -> np.ndarray:
    circuit = QiskitCircuit(wires)
    if name in OTHER:
        circuit.append(OTHER[name](*angles), range(wires))
    elif name in ("c3x", "c4x"):
        circuit.mcx(list(range(wires - 1)), wires - 1)
    elif name == "u2":
        circuit.u(np.pi / 2, *angles, 0)
    elif name != "u0":
        method = {"u3": "u", **METHODS}.get(name, name)
        getattr(circuit, method)(*angles, *range(wires))
    return qiskit_unitary(circuit)


@pytest.mark.parametrize("name", sorted(included("qelib1.inc", "spec")))
def test_qelib1(name: str) -> None:
    text, wires, angles = call(name, "qelib1.inc")
    assert_same(our_unitary(from_qasm(text)), by_qiskit(name, wires, angles))


@pytest.mark.parametrize("name", sorted(included("stdgates.inc", "spec")))
def test_stdgates_with_the_convention_of_qiskit(name: str) -> None:
    text, wires, angles = call(name, "stdgates.inc")
    assert_same(our_unitary(from_qasm(text, u="qiskit")), by_qiskit(name, wires, angles))


def test_every_name_is_in_a_library() -> None:
    both = set(included("qelib1.inc", "spec")) | set(included("stdgates.inc", "spec"))
    assert both == EVERY_NAME


def spec_u(theta: float, phi: float, lam: float) -> np.ndarray:
    """The matrix in the section on built-in gates of the OpenQASM 3 specification."""
    return 0.5 * np.array(
        [
            [1 + np.exp(1j * theta), -1j * np.exp(1j * lam) * (1 - np.exp(1j * theta))],
            [
                1j * np.exp(1j * phi) * (1 - np.exp(1j * theta)),
                np.exp(1j * (phi + lam)) * (1 + np.exp(1j * theta)),
            ],
        ]
    )


def controlled(matrix: np.ndarray) -> np.ndarray:
    return np.block([[np.eye(2), np.zeros((2, 2))], [np.zeros((2, 2)), matrix]])


T, P, L = ANGLES[:3]
SPEC = {
    "U(0.37, -1.21, 2.05)": spec_u(T, P, L),
    "u3(0.37, -1.21, 2.05)": np.exp(-0.5j * (T + P + L)) * spec_u(T, P, L),
    "u2(-1.21, 2.05)": np.exp(-0.5j * (np.pi / 2 + P + L)) * spec_u(np.pi / 2, P, L),
    "x": np.exp(-0.5j * np.pi) * spec_u(np.pi, 0, np.pi),
    "h": np.exp(-0.25j * np.pi) * spec_u(np.pi / 2, 0, np.pi),
    "u1(0.37)": spec_u(0, 0, T),
}


@pytest.mark.parametrize("gate", SPEC)
def test_phases_of_the_specification(gate: str) -> None:
    head = 'OPENQASM 3.0; include "stdgates.inc";'
    assert_same(our_unitary(from_qasm(f"{head} qubit q; {gate} q;")), SPEC[gate])
    held = from_qasm(f"{head} qubit[2] q; ctrl @ {gate} q[0], q[1];")
    assert_same(our_unitary(held), controlled(SPEC[gate]))


def test_the_two_conventions_differ_under_a_control() -> None:
    text = "OPENQASM 3.0; qubit[2] q; ctrl @ U(0.37, -1.21, 2.05) q[0], q[1];"
    circuit = QiskitCircuit(2)
    circuit.cu(T, P, L, 0.0, 0, 1)
    assert_same(unitary_of_func(from_qasm(text, u="qiskit").to_ir()), qiskit_unitary(circuit))
    phase = np.diag([1, 1, np.exp(0.5j * T), np.exp(0.5j * T)])
    assert_same(our_unitary(from_qasm(text)), phase @ qiskit_unitary(circuit))
    assert Operator(circuit).num_qubits == 2
