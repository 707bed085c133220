"""Cirq circuits in and out: gates, noise, random circuits, order of qubits."""

import math

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store
from q_store import QStoreError, from_cirq, to_cirq
from q_store.frontends.cirq.gates import table
from q_store.qir.gates.relations import RELATIONS
from q_store.qir.observables import PauliSum
from q_store.qir.registry import all_gates
from q_store.qir.unitary import apply_matrix
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import density_matrix
from q_store.testing.equivalence import assert_equivalent
from tests.frontends.sdk_oracles import (
    assert_same,
    cirq_density,
    our_gradient,
    our_unitary,
    slope,
)

SEEDS = st.integers(0, 10_000)
t, u = sympy.symbols("t u")
UNITARY = cirq.testing.random_unitary

GATES = [
    *[
        kind(exponent=exponent, global_shift=shift)
        for kind in (
            *(cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate, cirq.HPowGate),
            *(cirq.XXPowGate, cirq.YYPowGate, cirq.ZZPowGate),
            *(cirq.CXPowGate, cirq.CYPowGate, cirq.CZPowGate, cirq.SwapPowGate),
            *(cirq.ISwapPowGate, cirq.CCXPowGate, cirq.CCYPowGate, cirq.CCZPowGate),
        )
        for exponent in (1, 0.5, -0.5, 0.25, -1, 0.3)
        for shift in (0, -0.5, 0.2)
    ],
    *[cirq.rx(0.3), cirq.ry(0.3), cirq.rz(0.3), cirq.Rx(rads=7.0), cirq.ms(0.4)],
    *[cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.S, cirq.T, cirq.CNOT, cirq.CSWAP, cirq.TOFFOLI],
    *[cirq.SQRT_ISWAP, cirq.SQRT_ISWAP_INV, cirq.ISWAP_INV, cirq.XX, cirq.I],
    cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.7),
    cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.7, global_shift=-0.5),
    cirq.PhasedXZGate(x_exponent=0.1, z_exponent=0.2, axis_phase_exponent=0.3),
    cirq.PhasedISwapPowGate(phase_exponent=0.3, exponent=0.4),
    cirq.FSimGate(0.3, 0.4),
    cirq.PhasedFSimGate(0.1, 0.2, 0.3, 0.4, 0.5),
    cirq.givens(0.4),
    cirq.TwoQubitDiagonalGate([0.1, 0.2, 0.3, 0.4]),
    cirq.ThreeQubitDiagonalGate([0.1 * k for k in range(8)]),
    cirq.DiagonalGate([0.1 * k for k in range(16)]),
    cirq.IdentityGate(3),
    cirq.WaitGate(cirq.Duration(nanos=3)),
    *[cirq.MatrixGate(UNITARY(2**n, random_state=n)) for n in (1, 2, 3, 4)],
    cirq.MatrixGate(UNITARY(4, random_state=3)).controlled(1),
    cirq.DensePauliString("XYIZ", coefficient=-1j),
    cirq.DensePauliString("XY").controlled(),
    cirq.MutableDensePauliString("ZX"),
    cirq.PauliStringPhasorGate(cirq.DensePauliString("XYZ"), exponent_neg=0.3),
    cirq.PauliStringPhasorGate(
        cirq.DensePauliString("ZX", coefficient=-1), exponent_neg=0.3, exponent_pos=0.1
    ),
    *cirq.SingleQubitCliffordGate.all_single_qubit_cliffords,
    cirq.SingleQubitCliffordGate.X_sqrt.controlled(1),
    cirq.CliffordGate.from_op_list(
        [cirq.H(cirq.q(0)), cirq.CX(cirq.q(0), cirq.q(1)), cirq.S(cirq.q(1))],
        cirq.LineQubit.range(2),
    ),
    cirq.PauliInteractionGate(cirq.X, True, cirq.Y, False, exponent=0.3),
    cirq.QuantumFourierTransformGate(3),
    cirq.PhaseGradientGate(num_qubits=3, exponent=0.3),
    cirq.QubitPermutationGate([2, 0, 1]),
    cirq.ParallelGate(cirq.Y**0.3, 3),
    cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b"], 0.3),
    cirq.UniformSuperpositionGate(5, 3),
    cirq.ControlledGate(cirq.rx(0.3), control_values=[0, 1]),
    cirq.ControlledGate(cirq.Y**0.4, control_values=[(0, 1), 1]),
    cirq.ControlledGate(cirq.ISWAP**0.3, 2),
    cirq.ControlledGate(
        cirq.Z**0.3, control_values=cirq.SumOfProducts([(0, 1), (1, 0)]), num_controls=2
    ),
    cirq.ControlledGate(cirq.GlobalPhaseGate(1j), 1),
    cirq.H.controlled(3),
]


@pytest.mark.parametrize("gate", GATES, ids=repr)
def test_gates_with_their_phase(gate: cirq.Gate) -> None:
    qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
    circuit = cirq.Circuit(cirq.I.on_each(*qubits), gate.on(*reversed(qubits)))
    ours = from_cirq(circuit)
    verify(ours.to_ir())
    assert_same(our_unitary(ours), circuit.unitary(qubits))


def test_many_controls() -> None:
    qubits = cirq.LineQubit.range(8)
    circuit = cirq.Circuit(cirq.ControlledGate(cirq.X, 7).on(*qubits))
    state = start = cirq.testing.random_superposition(256, random_state=1)
    state = state.reshape((2,) * 8)
    for step in from_cirq(circuit):
        matrix = step.row.matrix(*step.angles)
        state = apply_matrix(state, matrix, step.wires) if step.wires else state * matrix[0, 0]
    np.testing.assert_allclose(state.reshape(-1), circuit.unitary() @ start, atol=1e-9)


def test_every_gate_class_of_cirq_is_tried() -> None:
    tried = {kind for gate in GATES for kind in type(gate).__mro__}
    elsewhere = {
        *(cirq.ArithmeticGate, cirq.MeasurementGate, cirq.PauliMeasurementGate),
        *(cirq.ResetChannel, cirq.StatePreparationChannel, cirq.KrausChannel),
        *(cirq.MixedUnitaryChannel, cirq.RandomGateChannel, cirq.DepolarizingChannel),
        *(cirq.AsymmetricDepolarizingChannel, cirq.BitFlipChannel, cirq.PhaseFlipChannel),
        *(cirq.AmplitudeDampingChannel, cirq.GeneralizedAmplitudeDampingChannel),
        *(cirq.PhaseDampingChannel, cirq.GlobalPhaseGate),
    }
    kinds = {k for k in vars(cirq).values() if isinstance(k, type) and issubclass(k, cirq.Gate)}
    assert kinds - tried - elsewhere == set()
    assert set(table()) - tried <= {cirq.GlobalPhaseGate}


@pytest.mark.parametrize("row", [r for r in all_gates().values() if "cirq" in r.names], ids=repr)
def test_rows_with_a_cirq_gate_come_back_as_they_were(row) -> None:
    names = [f"a[{k}]" for k in range(len(row.angle_names))]
    circuit = q_store.QuantumCircuit(max(row.wires, 1) + 1)
    circuit.append(row.mnemonic, list(range(row.wires))[::-1], *names)
    back = from_cirq(to_cirq(circuit))
    if row.mnemonic != "phase":  # a symbolic global phase is written on a qubit
        name = {"givens": "phased_iswap"}.get(row.mnemonic, row.mnemonic)
        assert [step.name for step in back] == [name]
    assert_equivalent(circuit.to_ir(), back.to_ir(), "exact")


@pytest.mark.parametrize("relation", [r for r in RELATIONS if r.sdk == "cirq"], ids=repr)
def test_relations_hold_with_symbols(relation) -> None:
    known = {**vars(cirq), "pi": sympy.pi, "theta": 2 * t - u, "phi": u}
    gate = eval(relation.expression, known)
    circuit = cirq.Circuit(gate.on(*cirq.LineQubit.range(relation.wires)))
    resolved = cirq.resolve_parameters(circuit, {"t": 0.7, "u": 0.2})
    assert_same(our_unitary(from_cirq(circuit), {"t": 0.7, "u": 0.2}), resolved.unitary())


@pytest.mark.parametrize("name", sorted(all_gates()))
def test_every_row_can_be_given_to_cirq(name: str) -> None:
    row = all_gates()[name]
    angles = np.random.default_rng(5).uniform(-3, 3, len(row.angle_names))
    circuit = q_store.QuantumCircuit(max(row.wires, 1)).append(name, range(row.wires), *angles)
    assert_same(to_cirq(circuit).unitary(), our_unitary(circuit))


class Adder(cirq.ArithmeticGate):
    """Adds the first register to the second, modulo 4."""

    def registers(self):
        return [[2, 2], [2, 2]]

    def with_registers(self, *registers):
        return self

    def apply(self, *values):
        return values[0], values[0] + values[1]


def test_gates_that_are_only_a_matrix() -> None:
    circuit = cirq.Circuit(Adder().on(*cirq.LineQubit.range(4)))
    assert_same(our_unitary(from_cirq(circuit)), circuit.unitary())


class Opaque(cirq.Gate):
    def _num_qubits_(self) -> int:
        return 2

    def __str__(self) -> str:
        return "Opaque"


@pytest.mark.parametrize("word", ["XIYZ", "IX", "ZII"])
def test_identities_in_phasors_act_as_such(word: str) -> None:
    """As documented by Cirq; its own matrices of these are of Z in place of I."""
    qubits = cirq.LineQubit.range(len(word))
    gate = cirq.PauliStringPhasorGate(cirq.DensePauliString(word), exponent_neg=0.3)
    pauli = np.asarray(cirq.unitary(cirq.DensePauliString(word)))
    one = np.eye(len(pauli))
    expected = (one + pauli) / 2 + np.exp(0.3j * np.pi) * (one - pauli) / 2
    circuit = cirq.Circuit(cirq.I.on_each(*qubits), gate.on(*qubits))
    assert_same(our_unitary(from_cirq(circuit)), expected)


# --- operations -------------------------------------------------------------------------------


def test_operations_of_every_kind() -> None:
    a, b, c = cirq.LineQubit.range(3)
    inner = cirq.FrozenCircuit(cirq.X(a) ** t, cirq.CX(a, b), cirq.Y(b) ** 0.3)
    circuit = cirq.Circuit(
        cirq.H.on_each(a, b, c),
        cirq.CircuitOperation(inner, repetitions=2, qubit_map={a: c, b: a}, param_resolver={t: u}),
        cirq.PauliStringPhasor(cirq.X(a) * cirq.Y(c) * -1, exponent_neg=0.2, exponent_pos=u / 3),
        cirq.X(a).controlled_by(b, c, control_values=[0, 1]),
        cirq.PauliString({a: "X", c: "Z"}, coefficient=1j),
        (cirq.S(a) ** -1).with_tags("tag"),
        cirq.global_phase_operation(np.exp(0.3j)),
        cirq.GlobalPhaseGate(sympy.exp(sympy.I * (u + 1))).on(),
        cirq.ControlledOperation([b], cirq.CircuitOperation(cirq.FrozenCircuit(cirq.T(c)))),
        cirq.Z(c),
    )
    ours = from_cirq(circuit)
    resolved = cirq.resolve_parameters(circuit, {"u": 0.4})
    assert_same(our_unitary(ours, {"u": 0.4}), resolved.unitary())
    frozen = from_cirq(circuit.freeze())
    assert_equivalent(ours.to_ir(), frozen.to_ir(), "exact")


# --- random circuits --------------------------------------------------------------------------


@given(st.integers(1, 8), SEEDS)
def test_random_circuits_in_and_out(width: int, seed: int) -> None:
    circuit = cirq.testing.random_circuit(width, 8, 0.7, random_state=seed)
    qubits = sorted(circuit.all_qubits())
    if not qubits:
        return
    ours = from_cirq(circuit)
    expected = circuit.unitary(qubits)
    assert_same(our_unitary(ours), expected)
    assert_same(to_cirq(ours).unitary(), expected)


FORMS = [t, 2 * t - u / 3 + 0.5, sympy.sin(t * u) + u, (t - sympy.pi) * (u - 1), t / sympy.pi]


def symbolic(width: int, seed: int) -> cirq.Circuit:
    """A random circuit whose gates are taken to symbolic powers."""
    rng = np.random.default_rng(seed)
    circuit = cirq.testing.random_circuit(width, 6, 0.8, random_state=seed)
    return circuit.map_operations(
        lambda op: op ** FORMS[rng.integers(len(FORMS))] if rng.random() < 0.6 else op
    )


@settings(max_examples=25)
@given(st.integers(1, 8), SEEDS)
def test_random_symbolic_circuits_in_and_out(width: int, seed: int) -> None:
    circuit = symbolic(width, seed)
    values = {"t": 0.37, "u": -1.2}
    if not circuit.all_qubits():
        return
    ours = from_cirq(circuit)
    assert set(ours.parameters) == cirq.parameter_names(circuit)
    used = {name: values[name] for name in ours.parameters}
    expected = cirq.resolve_parameters(circuit, values).unitary()
    assert_same(our_unitary(ours, used), expected)
    back = to_cirq(ours)
    assert cirq.parameter_names(back) == set(ours.parameters)
    assert_same(cirq.resolve_parameters(back, values).unitary(), expected)
    assert_same(our_unitary(from_cirq(back), used), expected)


@settings(max_examples=8)
@given(st.integers(1, 8), SEEDS)
def test_gradients_are_those_of_the_cirq_circuit(width: int, seed: int) -> None:
    circuit = symbolic(width, seed)
    ours = from_cirq(circuit) if circuit.all_qubits() else q_store.QuantumCircuit(1)
    if not ours.parameters:
        return
    observable, qubits = PauliSum.parse("X0 + 0.5*Z0"), sorted(circuit.all_qubits())
    matrix = observable.matrix(ours.n_qubits)
    names, start = ours.parameters, np.array([0.37, -1.2])[: len(ours.parameters)]

    def expectation(values) -> float:
        bound = cirq.resolve_parameters(circuit, dict(zip(names, map(float, values), strict=True)))
        state = bound.final_state_vector(qubit_order=qubits, dtype=np.complex128)
        return float(np.vdot(state, matrix @ state).real)

    value, gradient = our_gradient(ours, observable, start)
    assert value == pytest.approx(expectation(start), abs=1e-9)
    for k in range(len(names)):
        direction = np.eye(len(names))[k]
        found = slope(lambda by, along=direction: expectation(start + by * along), 0.003)
        assert gradient[k] == pytest.approx(found, abs=1e-9)


# --- order ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "qubits",
    [
        cirq.LineQubit.range(3),
        cirq.GridQubit.rect(1, 3),
        [cirq.GridQubit(0, 5), cirq.GridQubit(1, 0), cirq.GridQubit(2, 0)],
        [cirq.NamedQubit("q2"), cirq.NamedQubit("q10"), cirq.NamedQubit("r")],
        [cirq.GridQubit(9, 9), cirq.LineQubit(0), cirq.NamedQubit("a")],
    ],
    ids=["line", "row", "grid", "names", "kinds"],
)
def test_qubits_in_sorted_order_are_wires(qubits) -> None:
    angles = (0.3, 1.1, 2.0)
    operations = [cirq.ry(a).on(q) for a, q in zip(angles, qubits, strict=True)]
    circuit = cirq.Circuit(cirq.CX(qubits[0], qubits[2]), operations[::-1])
    qubits = sorted(qubits)
    np.testing.assert_allclose(
        our_unitary(from_cirq(circuit))[:, 0], circuit.final_state_vector(dtype=complex), atol=1e-9
    )
    given_order = from_cirq(circuit, qubits=[cirq.q("extra"), *qubits[::-1]])
    assert given_order.n_qubits == 4
    rotations = {step.wires: step.angles for step in given_order if step.name == "ry"}
    assert sorted(rotations) == [(1,), (2,), (3,)]


def test_qudits_and_forgotten_qubits() -> None:
    for circuit, options, message in (
        (cirq.Circuit(cirq.IdentityGate(1, (3,)).on(cirq.LineQid(0, 3))), {}, "3 levels"),
        (cirq.Circuit(cirq.X(cirq.q(0))), {"qubits": [cirq.q(1)]}, "leaves out"),
        (cirq.Circuit(), {}, "no qubits"),
        ("circuit", {}, "expected a cirq.Circuit"),
        (cirq.Circuit(cirq.X(cirq.q(0)) ** t), {"inputs": ["v"]}, "no parameter"),
    ):
        with pytest.raises(QStoreError, match=message) as caught:
            from_cirq(circuit, **options)
        assert caught.value.code == "QS352"


# --- noise ------------------------------------------------------------------------------------

CHANNELS = [
    cirq.depolarize(0.2),
    cirq.depolarize(0.2, n_qubits=2),
    cirq.bit_flip(0.1),
    cirq.phase_flip(0.1),
    cirq.asymmetric_depolarize(0.1, 0.2, 0.3),
    cirq.amplitude_damp(0.3),
    cirq.phase_damp(0.3),
    cirq.generalized_amplitude_damp(0.7, 0.3),
    cirq.generalized_amplitude_damp(0.0, 1.0),
    cirq.X.with_probability(0.3),
    cirq.MixedUnitaryChannel([(0.4, cirq.unitary(cirq.Y)), (0.6, cirq.unitary(cirq.I))]),
    cirq.KrausChannel([np.eye(2) * math.sqrt(0.7), np.diag([1, -1]) * math.sqrt(0.3)]),
    cirq.ResetChannel(),
]


@pytest.mark.parametrize("gate", CHANNELS, ids=repr)
def test_channels(gate: cirq.Gate) -> None:
    qubits = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(
        *[cirq.ry(1.0 + k).on(q) for k, q in enumerate(qubits)],
        cirq.CX(*qubits),
        gate.on(*qubits[: cirq.num_qubits(gate)]),
        cirq.ry(0.3).on_each(*qubits),
    )
    ours = from_cirq(circuit)
    verify(ours.to_ir())
    expected = cirq_density(circuit, 2)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-9)
    np.testing.assert_allclose(cirq_density(to_cirq(ours), 2), expected, atol=1e-9)


@pytest.mark.parametrize("state", [[0.6, 0, 0.8j, 0], [1j, 0, 0, 0], [0, 0.5, 0.5, -(0.5**0.5)]])
def test_state_preparation(state) -> None:
    a, b = cirq.LineQubit.range(2)
    gate = cirq.StatePreparationChannel(np.array(state))
    ours = from_cirq(cirq.Circuit(cirq.H(a), cirq.CX(a, b), gate.on(a, b)))
    expected = np.outer(state, np.conj(state))
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-9)


REFUSED = [
    cirq.depolarize(0.1, n_qubits=4),
    cirq.X.with_probability(t),
    Opaque(),
]


@pytest.mark.parametrize("gate", REFUSED, ids=repr)
def test_what_cannot_be_read_is_named_with_its_index(gate: cirq.Gate) -> None:
    qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
    circuit = cirq.Circuit(cirq.H(qubits[0]), gate.on(*qubits))
    with pytest.raises(QStoreError, match="operation 1, `") as caught:
        from_cirq(circuit)
    assert caught.value.code == "QS350"


def test_the_index_is_that_of_the_whole_circuit() -> None:
    a, b = cirq.LineQubit.range(2)
    inner = cirq.FrozenCircuit(cirq.X(a), Opaque().on(a, b))
    circuit = cirq.Circuit(cirq.H(a), cirq.H(b), cirq.CircuitOperation(inner))
    with pytest.raises(QStoreError, match=r"operation 2, `.*Opaque") as caught:
        from_cirq(circuit)
    assert caught.value.code == "QS350"


def test_densities_of_measured_circuits_agree() -> None:
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(
        cirq.ry(1.0).on(a),
        cirq.measure(a, key="m"),
        cirq.ry(0.5).on(b).with_classical_controls("m"),
        cirq.H(a),
    )
    np.testing.assert_allclose(
        density_matrix(from_cirq(circuit).to_ir()), cirq_density(circuit, 2), atol=1e-9
    )
