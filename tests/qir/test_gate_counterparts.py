"""Rows against the gates of Qiskit and Cirq, global phase included."""

import math
import re
from pathlib import Path

import cirq
import numpy as np
import pytest
import qiskit
from qiskit.circuit import library
from qiskit.circuit.library import get_standard_gate_name_mapping

from q_store.qir.gates import ROWS
from q_store.qir.gates.relations import RELATIONS
from q_store.qir.registry import gate
from q_store.qir.unitary import steps_matrix

EXACT = {"rtol": 0.0, "atol": 1e-9}  # Cirq rounds entries of controlled gates
NOT_UNITARY = {"delay", "measure", "reset"}
SEEDS = range(4)


def rows_spelled_in(sdk: str):
    rows = [row for row in ROWS if sdk in row.names]
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.mnemonic)


def related(sdk: str):
    relations = [relation for relation in RELATIONS if relation.sdk == sdk]
    return pytest.mark.parametrize("relation", relations, ids=lambda r: r.expression)


def angles_of(names, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(a) for a in rng.uniform(-math.pi, math.pi, len(names))]


def big_endian(matrix: np.ndarray) -> np.ndarray:
    """A matrix in Qiskit's order with the first qubit made the most significant."""
    wires = len(matrix).bit_length() - 1
    tensor = np.asarray(matrix).reshape((2,) * (2 * wires))
    order = [*reversed(range(wires)), *reversed(range(wires, 2 * wires))]
    return tensor.transpose(order).reshape(matrix.shape)


# --- Cirq ----------------------------------------------------------------------------------


def cirq_gate(expression: str, names, angles) -> cirq.Gate:
    known = {**vars(cirq), "pi": math.pi, "e": math.e, **dict(zip(names, angles, strict=True))}
    return eval(expression, known)


@rows_spelled_in("cirq")
@pytest.mark.parametrize("seed", SEEDS)
def test_row_equals_its_cirq_gate(row, seed):
    angles = angles_of(row.angle_names, seed)
    other = cirq_gate(row.names["cirq"], row.angle_names, angles)
    assert cirq.num_qubits(other) == row.wires
    np.testing.assert_allclose(row.matrix(*angles), cirq.unitary(other), **EXACT)


@related("cirq")
@pytest.mark.parametrize("seed", SEEDS)
def test_cirq_relation_is_exact(relation, seed):
    angles = angles_of(relation.angle_names, seed)
    other = cirq_gate(relation.expression, relation.angle_names, angles)
    made = steps_matrix(relation.steps(*angles), relation.wires)
    np.testing.assert_allclose(made, cirq.unitary(other), **EXACT)


OTHER_CIRQ = {
    "any number of qubits or any matrix": (
        "ArithmeticGate BaseDensePauliString BooleanHamiltonianGate CliffordGate ControlledGate "
        "DensePauliString DiagonalGate EigenGate Gate MatrixGate MutableDensePauliString "
        "ParallelGate PauliStringPhasorGate PhaseGradientGate QuantumFourierTransformGate "
        "QubitPermutationGate UniformSuperpositionGate WaitGate"
    ),
    "a Pauli or Clifford chosen by data": ("Pauli PauliInteractionGate SingleQubitCliffordGate"),
    "not unitary": (
        "AmplitudeDampingChannel AsymmetricDepolarizingChannel BitFlipChannel "
        "DepolarizingChannel GeneralizedAmplitudeDampingChannel KrausChannel MeasurementGate "
        "MixedUnitaryChannel PauliMeasurementGate PhaseDampingChannel PhaseFlipChannel "
        "RandomGateChannel ResetChannel StatePreparationChannel"
    ),
}


def test_every_cirq_gate_of_fixed_width_is_covered():
    expressions = [
        *[(row.names["cirq"], row.angle_names) for row in ROWS if "cirq" in row.names],
        *[(r.expression, r.angle_names) for r in RELATIONS if r.sdk == "cirq"],
    ]
    covered = {
        base
        for expression, names in expressions
        for base in type(cirq_gate(expression, names, angles_of(names, 0))).__mro__
    }
    gates = {
        name
        for name, kind in vars(cirq).items()
        if isinstance(kind, type) and issubclass(kind, cirq.Gate) and kind not in covered
    }
    assert gates <= set(" ".join(OTHER_CIRQ.values()).split())


def test_every_fixed_cirq_gate_constant_is_an_alias():
    names = {
        name: constant
        for name, constant in vars(cirq).items()
        if isinstance(constant, cirq.Gate) and name not in ("XX", "YY", "ZZ")
    }
    for name, constant in names.items():
        np.testing.assert_allclose(gate(name).matrix(), cirq.unitary(constant), **EXACT)


# --- Qiskit --------------------------------------------------------------------------------


def qiskit_gate(name: str, angles, wires: int):
    if name == "mcx":
        return {4: library.C3XGate, 5: library.C4XGate}[wires]()
    return get_standard_gate_name_mapping()[name].base_class(*angles)


@rows_spelled_in("qiskit")
@pytest.mark.parametrize("seed", SEEDS)
def test_row_equals_its_qiskit_gate(row, seed):
    angles = angles_of(row.angle_names, seed)
    other = qiskit_gate(row.names["qiskit"], angles, row.wires)
    assert (other.name, other.num_qubits) == (row.names["qiskit"], row.wires)
    np.testing.assert_allclose(row.matrix(*angles), big_endian(other.to_matrix()), **EXACT)


@pytest.mark.parametrize(
    "name", [name for name in get_standard_gate_name_mapping() if name not in NOT_UNITARY]
)
def test_every_standard_gate_of_qiskit_is_a_row_or_an_alias(name):
    other = get_standard_gate_name_mapping()[name]
    row = gate(name)
    angles = angles_of(other.params, 5)
    matrix = other.base_class(*angles).to_matrix()
    np.testing.assert_allclose(row.matrix(*angles), big_endian(matrix), **EXACT)


def qasm2_program(row, angles) -> str:
    arguments = f"({','.join(map(repr, angles))})" if angles else ""
    wires = ",".join(f"q[{i}]" for i in range(row.wires))
    return (
        f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{row.wires}]; '
        f"{row.names['qasm2']}{arguments} {wires};"
    )


@rows_spelled_in("qasm2")
def test_row_equals_what_qiskit_reads_from_openqasm_2(row):
    angles = angles_of(row.angle_names, 6)
    circuit = qiskit.qasm2.loads(
        qasm2_program(row, angles),
        custom_instructions=qiskit.qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
    )
    matrix = qiskit.quantum_info.Operator(circuit).data
    np.testing.assert_allclose(row.matrix(*angles), big_endian(matrix), **EXACT)


@rows_spelled_in("qasm3")
def test_openqasm_3_names_are_standard_gates(row):
    text = (Path(qiskit.__file__).parent / "qasm/libs/stdgates.inc").read_text()
    header = re.search(rf"^gate {row.names['qasm3']}(?:\(([^)]*)\))? ([^{{]*)\{{", text, re.M)
    if row.mnemonic != "phase":  # gphase is a keyword of the language
        angles, wires = header[1] or "", header[2]
        assert len([a for a in angles.split(",") if a]) == len(row.angle_names)
        assert len(wires.split(",")) == row.wires


# --- IonQ ----------------------------------------------------------------------------------


def test_ionq_native_gates_in_turns():
    """Angles are radians here; IonQ's definitions count turns."""
    turn = 2 * math.pi
    x, y = gate("x").matrix(), gate("y").matrix()
    np.testing.assert_allclose(gate("gpi").matrix(0.0), x, atol=1e-12)
    np.testing.assert_allclose(gate("gpi").matrix(turn / 4), y, atol=1e-12)
    np.testing.assert_allclose(gate("gpi2").matrix(0.0), gate("rx").matrix(turn / 4), atol=1e-12)
    np.testing.assert_allclose(
        gate("gpi2").matrix(turn / 4), gate("ry").matrix(turn / 4), atol=1e-12
    )
    np.testing.assert_allclose(
        gate("ms").matrix(0.0, 0.0, turn * 0.2), gate("rxx").matrix(turn * 0.2), atol=1e-12
    )
    f0, f1, a = 0.1, 0.3, 0.2
    product = np.kron(gate("gpi").matrix(turn * f0), gate("gpi").matrix(turn * f1))
    expected = math.cos(math.pi * a) * np.eye(4) - 1j * math.sin(math.pi * a) * product
    np.testing.assert_allclose(
        gate("ms").matrix(turn * f0, turn * f1, turn * a), expected, atol=1e-12
    )


@pytest.mark.parametrize(
    "name",
    ["x", "y", "z", "h", "s", "si", "t", "ti", "v", "vi", "not", "cnot", "rx", "ry", "rz", "swap"],
)
def test_ionq_names_without_clashes_are_understood(name):
    row = gate(name)
    assert row.names["ionq"] in (name, {"not": "x"}.get(name))
