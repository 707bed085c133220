"""Qiskit circuits in and out, against Qiskit's own operators."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumRegister
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
)
from qiskit.circuit import library as lib
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector, random_unitary

import q_store
from q_store import from_qiskit, to_qiskit
from q_store.frontends.qiskit.gates import class_rows, standard_rows
from q_store.frontends.trace import trace_circuit
from q_store.qir.observables import Expval, PauliSum, Sample
from q_store.qir.verifier import verify
from tests.frontends.sdk_oracles import (
    assert_same,
    our_distribution,
    our_gradient,
    our_unitary,
    qiskit_distribution,
    qiskit_unitary,
    slope,
)

SEEDS = st.integers(0, 10_000)
WIDTHS = st.integers(1, 8)


def symbolic(circuit: QiskitCircuit, seed: int) -> tuple[QiskitCircuit, list]:
    """Every angle replaced by an expression of a vector and two loose parameters."""
    rng = np.random.default_rng(seed)
    w, a, b = ParameterVector("w", 3), Parameter("a"), Parameter("β")
    symbols = [*w, a, b]
    forms = [
        lambda p, q: p,
        lambda p, q: 2 * p - q / 3 + 0.5,
        lambda p, q: (p * q).sin() + p,
        lambda p, q: (p - math.pi) * (q - math.pi),
        lambda p, q: (p.cos() + 2) ** 2 / (q.exp() + 1),
    ]
    result = QiskitCircuit(circuit.num_qubits, global_phase=forms[1](a, w[0]))
    for item in circuit.data:
        params = []
        for _ in item.params:
            p, q = rng.choice(len(symbols), 2)
            params.append(forms[rng.integers(len(forms))](symbols[p], symbols[q]))
        operation = item.operation.base_class(*params) if params else item.operation
        result.append(operation, [circuit.find_bit(q).index for q in item.qubits])
    return result, list(result.parameters)


def values_of(parameters: list, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return {
        p: float(v) for p, v in zip(parameters, rng.uniform(-2, 2, len(parameters)), strict=True)
    }


def named(circuit: q_store.QuantumCircuit, values: dict) -> dict:
    """Values by our names: vectors whole, with zeros where Qiskit's circuit uses no element."""
    found = {p.name: v for p, v in values.items()}
    return {
        name: [found.get(f"{name}[{i}]", 0.0) for i in range(shape[0])] if shape else found[name]
        for name, shape in circuit.parameter_shapes.items()
    }


# --- gates, one by one ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(standard_rows()))
def test_standard_gates_row_by_row(name: str) -> None:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    other = get_standard_gate_name_mapping()[name]
    angles = np.random.default_rng(3).uniform(-3, 3, len(other.params))
    circuit = QiskitCircuit(max(other.num_qubits, 1) + 1)
    circuit.append(other.base_class(*angles), range(other.num_qubits)[::-1])
    ours = from_qiskit(circuit)
    assert [step.row for step in ours if step.name != "phase"] == (
        [] if name == "global_phase" else [standard_rows()[name]]
    )
    assert_same(our_unitary(ours), qiskit_unitary(circuit))


def test_every_standard_gate_is_in_the_table() -> None:
    names = set(lib.get_standard_gate_name_mapping()) - {"measure", "reset", "delay"}
    assert names <= set(standard_rows())
    assert len(class_rows()) == len(names) + 2


OTHER_GATES = {
    "c3x": lambda: lib.C3XGate(),
    "c3x open": lambda: lib.C3XGate(ctrl_state=5),
    "c4x": lambda: lib.C4XGate(),
    "mcx": lambda: lib.MCXGate(5),
    "mcx 7": lambda: lib.MCXGate(7),
    "mcphase": lambda: lib.MCPhaseGate(0.3, 3),
    "mcphase 6": lambda: lib.MCPhaseGate(0.3, 6, ctrl_state=11),
    "cx open": lambda: lib.CXGate(ctrl_state=0),
    "cu open": lambda: lib.CUGate(1, 2, 3, 4, ctrl_state=0),
    "cswap open": lambda: lib.CSwapGate(ctrl_state=0),
    "ccry open": lambda: lib.RYGate(0.4).control(2, ctrl_state=1, annotated=False),
    "controlled u": lambda: lib.UGate(0.1, 0.2, 0.3).control(3, ctrl_state=2, annotated=False),
    "controlled rxx": lambda: lib.RXXGate(0.4).control(2, annotated=False),
    "unitary 1": lambda: lib.UnitaryGate(random_unitary(2, seed=1)),
    "unitary 2": lambda: lib.UnitaryGate(random_unitary(4, seed=2)),
    "unitary 3": lambda: lib.UnitaryGate(random_unitary(8, seed=3)),
    "controlled unitary": lambda: lib.UnitaryGate(random_unitary(4, seed=4)).control(
        1, annotated=False
    ),
    "diagonal": lambda: lib.DiagonalGate([1, 1j, -1, np.exp(0.3j)]),
    "permutation": lambda: lib.PermutationGate([2, 0, 1, 3]),
    "pauli": lambda: lib.PauliGate("XYIZ"),
    "ucry": lambda: lib.UCRYGate([0.1, 0.2, 0.3, 0.4]),
    "qft": lambda: lib.QFTGate(3),
    "rv": lambda: lib.RVGate(0.1, 0.2, 0.3),
    "ms": lambda: lib.MSGate(3, 0.3),
    "power": lambda: lib.HGate().power(0.3),
    "annotated power": lambda: AnnotatedOperation(lib.RXGate(5.0), PowerModifier(0.5)),
    "annotated whole power": lambda: AnnotatedOperation(lib.iSwapGate(), PowerModifier(-3)),
    "annotated": lambda: AnnotatedOperation(
        lib.CUGate(1, 2, 3, 4), [InverseModifier(), ControlModifier(2, 1), PowerModifier(2)]
    ),
    "annotated twice": lambda: AnnotatedOperation(
        lib.RYGate(0.7), [ControlModifier(1, 0), InverseModifier(), ControlModifier(1, 1)]
    ),
    "annotated fraction under a control": lambda: AnnotatedOperation(
        lib.SwapGate(), [ControlModifier(1), PowerModifier(0.4)]
    ),
    "mcmt": lambda: lib.MCMTGate(lib.RYGate(0.3), 2, 2, ctrl_state=1),
    "linear": lambda: lib.LinearFunction([[1, 1, 0], [0, 1, 0], [1, 0, 1]]),
}


@pytest.mark.parametrize("name", OTHER_GATES)
def test_other_gates_with_their_phase(name: str) -> None:
    gate = OTHER_GATES[name]()
    circuit = QiskitCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits)[::-1])
    ours = from_qiskit(circuit)
    verify(ours.to_ir())
    assert_same(our_unitary(ours), qiskit_unitary(circuit))


class Mystery(Gate):
    """A gate with a definition, and parameters that say nothing about it."""

    def __init__(self, turns: int) -> None:
        super().__init__("mystery", 2, [])
        self.turns = turns

    def _define(self) -> None:
        self.definition = QiskitCircuit(2, global_phase=0.3 * self.turns)
        self.definition.rx(self.turns, 0)
        self.definition.cry(0.5, 1, 0)


def test_custom_gates_are_their_definition() -> None:
    circuit = QiskitCircuit(3)
    one, two = Mystery(1), Mystery(2)
    for gate, at in (
        (one, [0, 1]),
        (two, [2, 1]),
        (one, [2, 0]),
        (one.control(1, annotated=False), [1, 0, 2]),
    ):
        circuit.append(gate, at)
    circuit.append(circuit.to_gate(label="all"), [2, 0, 1])
    assert_same(our_unitary(from_qiskit(circuit)), qiskit_unitary(circuit))


# --- random circuits --------------------------------------------------------------------------


@given(WIDTHS, SEEDS)
def test_random_circuits_in_and_out(width: int, seed: int) -> None:
    circuit = random_circuit(width, 5, seed=seed)
    ours = from_qiskit(circuit)
    verify(ours.to_ir())
    expected = qiskit_unitary(circuit)
    assert_same(our_unitary(ours), expected)
    assert_same(qiskit_unitary(to_qiskit(ours)), expected)


@settings(max_examples=40)
@given(WIDTHS, SEEDS)
def test_random_symbolic_circuits_in_and_out(width: int, seed: int) -> None:
    circuit, parameters = symbolic(random_circuit(width, 4, seed=seed), seed)
    ours = from_qiskit(circuit)
    assert set(ours.parameters) == {getattr(p, "vector", p).name for p in parameters}
    values = values_of(parameters, seed)
    expected = qiskit_unitary(circuit.assign_parameters(values))
    assert_same(our_unitary(ours, named(ours, values)), expected)
    back = to_qiskit(ours)
    assert {p.name for p in back.parameters} == {p.name for p in parameters}
    by_name = {p.name: v for p, v in values.items()}
    bound = back.assign_parameters({p: by_name[p.name] for p in back.parameters})
    assert_same(qiskit_unitary(bound), expected)
    again = from_qiskit(back)
    assert_same(our_unitary(again, named(again, values)), expected)


@settings(max_examples=8)
@given(WIDTHS, SEEDS)
def test_gradients_are_those_of_the_qiskit_circuit(width: int, seed: int) -> None:
    circuit, parameters = symbolic(random_circuit(width, 4, seed=seed), seed)
    if not parameters:
        return
    ours = from_qiskit(circuit)
    observable = PauliSum.parse("X0 + 0.5*Z0")
    numbers = list(values_of(parameters, seed).values())
    elements = [
        name if shape == () else f"{name}[{i}]"
        for name, shape in ours.parameter_shapes.items()
        for i in range(math.prod(shape))
    ]
    place = {p.name: k for k, p in enumerate(parameters)}
    weights = np.array([numbers[place[e]] if e in place else 0.0 for e in elements])
    matrix = observable.matrix(width)

    def expectation(values: list[float]) -> float:
        bound = circuit.assign_parameters(dict(zip(parameters, values, strict=True)))
        state = Statevector(bound.reverse_bits()).data
        return float(np.vdot(state, matrix @ state).real)

    value, gradient = our_gradient(ours, observable, weights)
    assert value == pytest.approx(expectation(numbers), abs=1e-9)
    for k, element in enumerate(elements):
        if element in place:

            def moved(by: float, at: int = place[element]) -> float:
                return expectation([n + by * (i == at) for i, n in enumerate(numbers)])

            assert gradient[k] == pytest.approx(slope(moved), abs=1e-9)


@settings(max_examples=20)
@given(st.integers(1, 4), SEEDS)
def test_random_circuits_with_conditions_measured(width: int, seed: int) -> None:
    circuit = random_circuit(
        width, 4, measure=False, conditional=True, reset=True, max_operands=2, seed=seed
    )
    register = ClassicalRegister(width, "out")
    circuit.add_register(register)
    circuit.measure(range(width), register)
    ours = from_qiskit(circuit)
    assert ours.observations == (Sample(tuple(range(width))),)
    expected = qiskit_distribution(circuit)
    others = circuit.num_clbits - width
    joint = expected.reshape(2**others, 2**width).sum(axis=0)
    np.testing.assert_allclose(our_distribution(ours), joint, atol=1e-9)


# --- order ------------------------------------------------------------------------------------


def test_qubit_i_is_wire_i() -> None:
    """An asymmetric state: every qubit rotated by another angle."""
    circuit = QiskitCircuit(QuantumRegister(1, "b"), QuantumRegister(2, "a"))
    for qubit, angle in enumerate((0.3, 1.1, 2.0)):
        circuit.ry(angle, qubit)
    circuit.cx(0, 2)
    ours = from_qiskit(circuit)
    assert [step.wires for step in ours] == [(0,), (1,), (2,), (0, 2)]
    state = Statevector(circuit).data
    reordered = state.reshape(2, 2, 2).transpose(2, 1, 0).reshape(-1)
    np.testing.assert_allclose(our_unitary(ours)[:, 0], reordered, atol=1e-12)


def test_measured_bits_are_in_the_order_of_classical_bits() -> None:
    circuit = QiskitCircuit(
        QuantumRegister(3, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
    )
    for qubit, angle in enumerate((0.4, 1.0, 2.2)):
        circuit.ry(angle, qubit)
    circuit.measure([0, 1, 2], [2, 0, 1])
    ours = from_qiskit(circuit)
    assert ours.observations == (Sample((1, 2, 0)),)
    np.testing.assert_allclose(our_distribution(ours), qiskit_distribution(circuit), atol=1e-12)
    back = to_qiskit(ours)
    np.testing.assert_allclose(qiskit_distribution(back), qiskit_distribution(circuit), atol=1e-12)


def test_pauli_labels_are_read_from_the_right() -> None:
    operator = SparsePauliOp(["XIZ", "IYI", "III"], [0.5, -1.0, 2.0])
    circuit = QiskitCircuit(3)
    circuit.ry(0.3, 0)
    circuit.rx(0.7, 1)
    circuit.ry(1.3, 2)
    traced = trace_circuit(circuit, observables=[operator, Pauli("ZII")])
    assert repr(traced.observations) == ("(expval(0.5*Z0 X2 + -1.0*Y1 + 2.0*I), expval(Z2))")
    ours = from_qiskit(circuit).expval(operator)
    (observation,) = ours.observations
    assert isinstance(observation, Expval)
    state = our_unitary(ours)[:, 0]
    value = np.vdot(state, observation.paulis.matrix(3) @ state).real
    assert value == pytest.approx(Statevector(circuit).expectation_value(operator).real)
    assert q_store.interop.qiskit_observables(ours) == [operator]
