"""Qiskit's channels and Aer's errors as instructions of a circuit, in and out."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit import qpy
from qiskit.circuit import Instruction
from qiskit.quantum_info import PTM, Choi, DensityMatrix, Kraus, SuperOp
from qiskit_aer.noise import (
    PauliError,
    PauliLindbladError,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
    pauli_error,
    reset_error,
    thermal_relaxation_error,
)

import q_store
from q_store import QStoreError, QuantumCircuit, from_qiskit, to_qiskit
from q_store.runtime.reference_func import density_matrix
from q_store.testing.strategies import random_kraus

HADAMARD = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
CHANNELS: dict[str, tuple[Any, list[int]]] = {
    "Kraus": (Kraus(list(random_kraus(1, 3, 1))), [1]),
    "Kraus, two": (Kraus(list(random_kraus(2, 3, 2))), [2, 0]),
    "Kraus, three": (Kraus(list(random_kraus(3, 2, 3))), [1, 2, 0]),
    "Kraus, unitary": (Kraus([HADAMARD]), [1]),
    "SuperOp": (SuperOp(Kraus(list(random_kraus(2, 2, 4)))), [0, 2]),
    "superop": (
        Instruction("superop", 2, 0, [SuperOp(Kraus(list(random_kraus(2, 2, 5)))).data]),
        [0, 2],
    ),
    "Choi": (Choi(Kraus(list(random_kraus(1, 2, 6)))), [2]),
    "PTM": (PTM(Kraus(list(random_kraus(1, 2, 7)))), [0]),
    "depolarizing": (depolarizing_error(0.3, 2), [2, 1]),
    "pauli": (pauli_error([("XY", 0.2), ("ZI", 0.3), ("II", 0.5)]), [0, 2]),
    "PauliError": (PauliError(["XX", "ZI"], [0.9, 0.1]), [0, 1]),
    "PauliLindbladError": (PauliLindbladError(["XY"], [0.1]), [2, 1]),
    "amplitude damping": (amplitude_damping_error(0.3, 0.2), [1]),
    "thermal relaxation": (thermal_relaxation_error(1.0, 1.2, 0.3), [1]),
    "reset": (reset_error(0.1, 0.2), [0]),
    "coherent": (coherent_unitary_error(HADAMARD), [2]),
    "tensored": (amplitude_damping_error(0.3).tensor(reset_error(0.2)), [2, 0]),
}


def around(operation: Any, qubits: list[int]) -> QiskitCircuit:
    """An operation where qubits and axes can be told apart."""
    circuit = QiskitCircuit(3)
    for qubit in range(3):
        circuit.ry(1.0 + qubit, qubit)
        circuit.rz(0.4 * qubit, qubit)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.append(operation, qubits)
    circuit.rx(0.3, 1)
    return circuit


def qiskit_density(circuit: QiskitCircuit) -> Any:
    """Their density matrix with qubit 0 most significant."""
    rho = DensityMatrix.from_int(0, 8)
    for item in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
        given = item.operation.params[0] if item.operation.name == "superop" else item.operation
        rho = rho.evolve(SuperOp(given), qubits)
    return rho.reverse_qargs().data


@pytest.mark.parametrize("name", CHANNELS)
def test_channels(name: str) -> None:
    circuit = around(*CHANNELS[name])
    expected = qiskit_density(circuit)
    ours = from_qiskit(circuit)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-8)
    np.testing.assert_allclose(qiskit_density(to_qiskit(ours)), expected, atol=1e-8)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_random_channels(seed: int) -> None:
    random = np.random.default_rng(seed)
    wires = random.permutation(3)[: random.integers(1, 3)].tolist()
    kraus = Kraus(list(random_kraus(len(wires), int(random.integers(1, 6)), seed)))
    circuit = around(kraus, wires)
    ours = from_qiskit(circuit)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), qiskit_density(circuit), atol=1e-9)


def test_named_channels_go_out_and_the_same_comes_back() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1).amplitude_damping(1, 0.2).depolarizing2(1, 0, 0.1)
    circuit.phase_damping(0, 0.3).bit_flip(1, 0.1).generalized_amplitude_damping(0, 0.2, 0.7)
    file = io.BytesIO()
    qpy.dump(to_qiskit(circuit), file)
    file.seek(0)
    back = from_qiskit(qpy.load(file)[0])
    expected = density_matrix(circuit.to_ir())
    np.testing.assert_allclose(density_matrix(back.to_ir()), expected, atol=1e-9)


def test_noise_under_a_condition() -> None:
    inner = QuantumCircuit(2).kraus(1, random_kraus(1, 2, 3))
    circuit = QuantumCircuit(2).ry(0, 0.9).ry(1, 0.4).measure(0, bit="m").if_bit("m", inner)
    back = from_qiskit(to_qiskit(circuit))
    expected = density_matrix(circuit.to_ir())
    np.testing.assert_allclose(density_matrix(back.to_ir()), expected, atol=1e-9)


def test_errors_of_reading_become_channels_before_the_measurement() -> None:
    joint = np.array([[0.7, 0.1, 0.2, 0], [0, 0.9, 0, 0.1], [0.3, 0.1, 0.5, 0.1], [0, 0, 0, 1]])
    circuit = QuantumCircuit(3).ry(0, 0.8).cx(0, 2).readout(1, 0.1, 0.2)
    circuit.confusion((2, 0), joint).sample(2, 1, 0)
    both = [
        q_store.compile(c, output="probs")() for c in (circuit, from_qiskit(to_qiskit(circuit)))
    ]
    np.testing.assert_allclose(both[1], both[0], atol=1e-6)


def test_what_aer_saves_is_no_part_of_a_circuit() -> None:
    circuit = QiskitCircuit(1)
    circuit.save_density_matrix()
    with pytest.raises(QStoreError, match="Aer's simulator") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS350"


REFUSED = {
    "trace": (Instruction("kraus", 1, 0, [np.diag([1, 0.5])]), "does not preserve the trace"),
    "four qubits": (Kraus([np.eye(16) * 0.6, np.diag([-0.8, *[0.8] * 15])]), "on 4 qubits"),
    "not positive": (SuperOp(np.diag([1, -1, 1, 1])), "is not completely positive"),
    "no matrix": (Instruction("superop", 1, 0, [0.5]), "has no matrices of numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_channel_is_named(name: str) -> None:
    operation, reason = REFUSED[name]
    if not isinstance(operation, Instruction):
        matrices = operation.data if isinstance(operation, Kraus) else [operation.data]
        kind = "kraus" if isinstance(operation, Kraus) else "superop"
        operation = Instruction(kind, operation.num_qubits, 0, list(matrices))
    circuit = QiskitCircuit(4)
    circuit.append(operation, list(range(operation.num_qubits)))
    with pytest.raises(QStoreError, match="instruction 0, `") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS350"
    assert reason in str(caught.value)
