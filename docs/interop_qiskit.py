"""The circuit library of Qiskit, one circuit of each kind, on at most 10 qubits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction, Parameter
from qiskit.circuit import library as lib
from qiskit.quantum_info import SparsePauliOp, random_unitary

Z3 = SparsePauliOp(["ZZI", "IZZ", "XII"], [0.5, -0.3, 0.8])
SQUARES = [[2, -1, 0], [-1, 2, -1], [0, -1, 2]]


def gate(make: Callable[[], Any]) -> Callable[[], QuantumCircuit]:
    """A circuit of one operation."""

    def circuit() -> QuantumCircuit:
        operation = make()
        result = QuantumCircuit(operation.num_qubits, operation.num_clbits)
        result.append(operation, range(operation.num_qubits), range(operation.num_clbits))
        return result

    return circuit


def marked(size: int) -> QuantumCircuit:
    oracle = QuantumCircuit(size)
    oracle.mcp(np.pi, list(range(size - 1)), size - 1)
    return oracle


def rotated() -> QuantumCircuit:
    unitary = QuantumCircuit(1)
    unitary.p(0.7, 0)
    return unitary


FUNCTIONS: dict[str, Callable[[], QuantumCircuit]] = {
    "n_local": lambda: lib.n_local(4, ["ry", "rz"], "cz", reps=2),
    "efficient_su2": lambda: lib.efficient_su2(5, reps=2),
    "real_amplitudes": lambda: lib.real_amplitudes(5, entanglement="full"),
    "excitation_preserving": lambda: lib.excitation_preserving(4),
    "pauli_two_design": lambda: lib.pauli_two_design(4, seed=1),
    "qaoa_ansatz": lambda: lib.qaoa_ansatz(Z3, reps=2),
    "evolved_operator_ansatz": lambda: lib.evolved_operator_ansatz([Z3, SparsePauliOp("XYZ")]),
    "hamiltonian_variational_ansatz": lambda: lib.hamiltonian_variational_ansatz(Z3),
    "z_feature_map": lambda: lib.z_feature_map(4),
    "zz_feature_map": lambda: lib.zz_feature_map(4),
    "pauli_feature_map": lambda: lib.pauli_feature_map(3, paulis=["Z", "XY", "ZZZ"]),
    "phase_estimation": lambda: lib.phase_estimation(3, rotated()),
    "grover_operator": lambda: lib.grover_operator(marked(4)),
    "unitary_overlap": lambda: lib.unitary_overlap(
        lib.efficient_su2(3, parameter_prefix="a"), lib.efficient_su2(3, parameter_prefix="b")
    ),
    "quantum_volume": lambda: lib.quantum_volume(5, seed=1),
    "iqp": lambda: lib.iqp([[6, 5, 3], [5, 4, 5], [3, 5, 1]]),
    "random_iqp": lambda: lib.random_iqp(4, seed=1),
    "hidden_linear_function": lambda: lib.hidden_linear_function([[1, 1, 0], [1, 0, 1], [0, 1, 1]]),
    "fourier_checking": lambda: lib.fourier_checking([1, -1, -1, -1], [1, 1, -1, -1]),
}

GATES: dict[str, Callable[[], Any]] = {
    "QFTGate": lambda: lib.QFTGate(5),
    "GraphStateGate": lambda: lib.GraphStateGate([[0, 1, 0], [1, 0, 1], [0, 1, 0]]),
    "BitwiseXorGate": lambda: lib.BitwiseXorGate(4, 11),
    "InnerProductGate": lambda: lib.InnerProductGate(3),
    "AndGate": lambda: lib.AndGate(3, [1, -1, 1]),
    "OrGate": lambda: lib.OrGate(3, [1, -1, 1]),
    "PhaseOracleGate": lambda: lib.PhaseOracleGate("(a & b) | ~c"),
    "BitFlipOracleGate": lambda: lib.BitFlipOracleGate("(a ^ b) & c"),
    "HalfAdderGate": lambda: lib.HalfAdderGate(2),
    "FullAdderGate": lambda: lib.FullAdderGate(2),
    "ModularAdderGate": lambda: lib.ModularAdderGate(3),
    "MultiplierGate": lambda: lib.MultiplierGate(2),
    "WeightedSumGate": lambda: lib.WeightedSumGate(3, [1, 2, 1]),
    "QuadraticFormGate": lambda: lib.QuadraticFormGate(3, SQUARES, [1, 0, -1], 2),
    "IntegerComparatorGate": lambda: lib.IntegerComparatorGate(3, 5),
    "LinearPauliRotationsGate": lambda: lib.LinearPauliRotationsGate(3, 0.3, 0.2),
    "PolynomialPauliRotationsGate": lambda: lib.PolynomialPauliRotationsGate(3, [0.1, 0.2, 0.3]),
    "PiecewiseLinearPauliRotationsGate": lambda: lib.PiecewiseLinearPauliRotationsGate(
        2, [0, 2], [0.3, 0.5], [0.1, 0.2]
    ),
    "PiecewisePolynomialPauliRotationsGate": lambda: lib.PiecewisePolynomialPauliRotationsGate(
        2, [0, 2], [[0.1, 0.2], [0.3, -0.1]]
    ),
    "PiecewiseChebyshevGate": lambda: lib.PiecewiseChebyshevGate(np.sin, 2, 2, [0, 2, 4]),
    "LinearAmplitudeFunctionGate": lambda: lib.LinearAmplitudeFunctionGate(
        2, [0.5], [0.2], (0, 1), (0, 1)
    ),
    "ExactReciprocalGate": lambda: lib.ExactReciprocalGate(3, 0.3),
    "PauliEvolutionGate": lambda: lib.PauliEvolutionGate(Z3, time=0.3),
    "HamiltonianGate": lambda: lib.HamiltonianGate(Z3.to_matrix(), 0.3),
    "PauliProductRotationGate": lambda: pauli_product_rotation(),
    "PauliGate": lambda: lib.PauliGate("XYZI"),
    "DiagonalGate": lambda: lib.DiagonalGate(np.exp(1j * np.arange(8))),
    "PermutationGate": lambda: lib.PermutationGate([3, 0, 2, 1]),
    "LinearFunction": lambda: lib.LinearFunction([[1, 1, 0], [0, 1, 1], [1, 1, 1]]),
    "MCMTGate": lambda: lib.MCMTGate(lib.RYGate(0.3), 2, 2),
    "MCXGate": lambda: lib.MCXGate(7),
    "MCPhaseGate": lambda: lib.MCPhaseGate(0.3, 5),
    "MSGate": lambda: lib.MSGate(4, 0.3),
    "UCGate": lambda: lib.UCGate([random_unitary(2, seed=k).data for k in range(4)]),
    "UCRXGate": lambda: lib.UCRXGate([0.1, 0.2, 0.3, 0.4]),
    "UCRZGate": lambda: lib.UCRZGate([0.1, 0.2, 0.3, 0.4]),
    "UnitaryGate": lambda: lib.UnitaryGate(random_unitary(16, seed=2)),
    "Isometry": lambda: lib.Isometry(random_unitary(8, seed=3).data[:, :2], 0, 0),
    "StatePreparation": lambda: lib.StatePreparation([0.5, 0.5j, -0.5, 0.5]),
    "Initialize": lambda: lib.Initialize([0.6, 0, 0, 0.8j]),
    "UniformSuperpositionGate": lambda: lib.UniformSuperpositionGate(5, 3),
    "GRX": lambda: lib.GRX(3, 0.3).to_gate(),
    "GRY": lambda: lib.GRY(3, 0.3).to_gate(),
    "GRZ": lambda: lib.GRZ(3, 0.3).to_gate(),
    "MCGupDiag": lambda: lib.MCGupDiag(random_unitary(2, seed=4).data, 2, 0, 0),
    "MCU1Gate": lambda: lib.MCU1Gate(0.3, 3),
    "MCXGrayCode": lambda: lib.MCXGrayCode(4),
    "MCXRecursive": lambda: lib.MCXRecursive(5),
    "MCXVChain": lambda: lib.MCXVChain(4),
    "RVGate": lambda: lib.RVGate(0.1, 0.2, 0.3),
    "UCPauliRotGate": lambda: lib.UCPauliRotGate([0.1, 0.2, 0.3, 0.4], "Y"),
    "UCRYGate": lambda: lib.UCRYGate([0.1, 0.2, 0.3, 0.4]),
    "random_bitwise_xor": lambda: lib.random_bitwise_xor(4, seed=1),
    "AnnotatedOperation": lambda: lib.RZGate(0.3).control(3, annotated=True),
}

CLASSES: dict[str, Callable[[], QuantumCircuit]] = {
    "EfficientSU2": lambda: lib.EfficientSU2(4),
    "RealAmplitudes": lambda: lib.RealAmplitudes(4),
    "TwoLocal": lambda: lib.TwoLocal(4, "ry", "crz"),
    "NLocal": lambda: lib.NLocal(4, lib.RYGate(Parameter("a")), lib.CXGate(), reps=1),
    "ExcitationPreserving": lambda: lib.ExcitationPreserving(4),
    "PauliTwoDesign": lambda: lib.PauliTwoDesign(4, seed=1),
    "ZFeatureMap": lambda: lib.ZFeatureMap(4),
    "ZZFeatureMap": lambda: lib.ZZFeatureMap(4),
    "PauliFeatureMap": lambda: lib.PauliFeatureMap(3, paulis=["Z", "XX"]),
    "QAOAAnsatz": lambda: lib.QAOAAnsatz(Z3),
    "QFT": lambda: lib.QFT(5),
    "GroverOperator": lambda: lib.GroverOperator(marked(4)),
    "PhaseEstimation": lambda: lib.PhaseEstimation(3, rotated()),
    "QuantumVolume": lambda: lib.QuantumVolume(4, seed=1),
    "IQP": lambda: lib.IQP([[6, 5, 3], [5, 4, 5], [3, 5, 1]]),
    "GraphState": lambda: lib.GraphState([[0, 1, 0], [1, 0, 1], [0, 1, 0]]),
    "AND": lambda: lib.AND(3),
    "OR": lambda: lib.OR(3),
    "XOR": lambda: lib.XOR(3, 5),
    "InnerProduct": lambda: lib.InnerProduct(3),
    "Permutation": lambda: lib.Permutation(4, [3, 0, 2, 1]),
    "Diagonal": lambda: lib.Diagonal([1, 1j, -1, 1]),
    "MCMT": lambda: lib.MCMT("ch", 2, 2),
    "MCMTVChain": lambda: lib.MCMTVChain("z", 3, 2),
    "GMS": lambda: lib.GMS(3, [[0, 0.2, 0.3], [0.2, 0, 0.4], [0.3, 0.4, 0]]),
    "GR": lambda: lib.GR(3, 0.3, 0.4),
    "CDKMRippleCarryAdder": lambda: lib.CDKMRippleCarryAdder(3),
    "DraperQFTAdder": lambda: lib.DraperQFTAdder(3),
    "VBERippleCarryAdder": lambda: lib.VBERippleCarryAdder(2),
    "RGQFTMultiplier": lambda: lib.RGQFTMultiplier(2),
    "HRSCumulativeMultiplier": lambda: lib.HRSCumulativeMultiplier(2),
    "WeightedAdder": lambda: lib.WeightedAdder(3, [1, 2, 1]),
    "QuadraticForm": lambda: lib.QuadraticForm(3, SQUARES, [1, 0, -1], 2),
    "IntegerComparator": lambda: lib.IntegerComparator(3, 5),
    "LinearPauliRotations": lambda: lib.LinearPauliRotations(3, 0.3, 0.2),
    "PolynomialPauliRotations": lambda: lib.PolynomialPauliRotations(3, [0.1, 0.2, 0.3]),
    "LinearAmplitudeFunction": lambda: lib.LinearAmplitudeFunction(2, 0.5, 0.2, (0, 1), (0, 1)),
    "ExactReciprocal": lambda: lib.ExactReciprocal(3, 0.3),
    "FourierChecking": lambda: lib.FourierChecking([1, -1, -1, -1], [1, 1, -1, -1]),
    "HiddenLinearFunction": lambda: lib.HiddenLinearFunction([[1, 1, 0], [1, 0, 1], [0, 1, 1]]),
    "PhaseOracle": lambda: lib.PhaseOracle("(a & b) | ~c"),
    "UnitaryOverlap": lambda: lib.UnitaryOverlap(lib.efficient_su2(2), lib.efficient_su2(2)),
    "PiecewiseLinearPauliRotations": lambda: lib.PiecewiseLinearPauliRotations(
        2, [0, 2], [0.3, 0.5], [0.1, 0.2]
    ),
    "PiecewisePolynomialPauliRotations": lambda: lib.PiecewisePolynomialPauliRotations(
        2, [0, 2], [[0.1, 0.2], [0.3, -0.1]]
    ),
    "PiecewiseChebyshev": lambda: lib.PiecewiseChebyshev(np.sin, 2, [0, 2, 4], 2),
    "EvolvedOperatorAnsatz": lambda: lib.EvolvedOperatorAnsatz([Z3]),
}


def pauli_product_rotation() -> Any:
    from qiskit.quantum_info import Pauli

    return lib.PauliProductRotationGate(Pauli("XYZ"), 0.3)


def each_of(prefix: str) -> Callable[[], QuantumCircuit]:
    """All circuits of the library whose names begin so, one after the other on the same qubits."""

    def circuit() -> QuantumCircuit:
        parts = [getattr(lib, name)() for name in names_of(prefix)]
        result = QuantumCircuit(max(part.num_qubits for part in parts))
        for k, part in enumerate(parts):
            part = part.assign_parameters([0.1 * k + i for i in range(part.num_parameters)])
            result.compose(part, range(part.num_qubits), inplace=True)
        return result

    return circuit


def names_of(prefix: str) -> list[str]:
    return [name for name in dir(lib) if name.startswith(prefix) and callable(getattr(lib, name))]


def standard_gates() -> QuantumCircuit:
    """Every standard gate once, with angles in place of its parameters."""
    operations = list(lib.get_standard_gate_name_mapping().values())
    result = QuantumCircuit(4)
    for operation in operations:
        if operation.name not in ("measure", "reset", "delay"):
            angles = [0.3 + 0.1 * k for k in range(len(operation.params))]
            made = type(operation)(*angles) if angles else operation
            result.append(made, range(made.num_qubits))
    return result


def while_loop() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    return circuit


TEMPLATES = ("clifford_", "rzx_", "template_nct_")
CIRCUITS: dict[str, Callable[[], QuantumCircuit]] = {
    **FUNCTIONS,
    **{name: gate(make) for name, make in GATES.items()},
    **{f"{name} (class)": make for name, make in CLASSES.items()},
    "standard gates": standard_gates,
    **{f"templates {name}…": each_of(name) for name in TEMPLATES},
    "while_loop": while_loop,
}

ABSTRACT = ("BlueprintCircuit", "FunctionalPauliRotations", "Barrier", "Measure", "Reset")
"""Bases of others, and what is no circuit of its own."""
MEASURING = ("PauliProductMeasurement",)
"""Read too; the tests compare what is measured."""


def unlisted() -> list[str]:
    """Circuits and gates that the library exports and the list lacks."""
    standard = {g.base_class.__name__ for g in lib.get_standard_gate_name_mapping().values()}
    listed = {*FUNCTIONS, *GATES, *CLASSES, *ABSTRACT, *MEASURING, *standard, "C3XGate", "C4XGate"}
    return [
        name
        for name, item in vars(lib).items()
        if name not in listed and not name.startswith(("_", "get_", *TEMPLATES)) and _makes(item)
    ]


def _makes(item: Any) -> bool:
    """Whether this is a circuit's class or a function that may make one."""
    if isinstance(item, type):
        return issubclass(item, QuantumCircuit | Instruction)
    return callable(item)
