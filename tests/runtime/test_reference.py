"""The oracle against Cirq, against itself on two paths, and its gradients against differences."""

import math

import cirq
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.channels import pauli_words
from q_store.qir.diagnostics import QStoreError
from q_store.qir.gates import ROWS
from q_store.qir.observables import Expval, PauliSum, Probs, Sample, State
from q_store.qir.ops import Op, Region
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT, f64
from q_store.qir.values import Value
from q_store.runtime import reference
from q_store.runtime.reference_func import (
    density_matrix,
    observations_of_func,
    state_of_func,
    unitary_of_func,
)
from q_store.runtime.reference_scalars import DERIVATIVES
from q_store.targets.lower import lower

N = 3
FEW = settings(max_examples=max(3, settings().max_examples // 3))
IN_CIRQ = [row for row in ROWS if "cirq" in row.names and row.wires <= N]


@st.composite
def circuits(draw):
    """Gates that Cirq has too, as (row, wires, angles)."""
    rows = draw(st.lists(st.sampled_from(IN_CIRQ), min_size=1, max_size=8))
    angle = st.floats(-math.pi, math.pi)
    return [
        (row, draw(st.permutations(range(N)))[: row.wires], [draw(angle) for _ in row.angle_names])
        for row in rows
    ]


def build(gates, observations=()):
    builder = FuncBuilder("f", N)
    for row, wires, angles in gates:
        builder.gate(row, wires, angles)
    return builder.finish(observations)


def cirq_unitary(gates):
    qubits = cirq.LineQubit.range(N)
    circuit = cirq.Circuit()
    for row, wires, angles in gates:
        known = {**vars(cirq), "pi": math.pi, "e": math.e}
        known |= dict(zip(row.angle_names, angles, strict=True))
        circuit.append(eval(row.names["cirq"], known)(*[qubits[w] for w in wires]))
    return circuit.unitary(qubits, qubits)


@given(circuits())
@FEW
def test_functions_and_executables_agree_with_cirq(gates):
    expected = cirq_unitary(gates)
    func = build(gates)
    np.testing.assert_allclose(unitary_of_func(func), expected, atol=1e-8)
    np.testing.assert_allclose(state_of_func(func), expected[:, 0], atol=1e-8)
    np.testing.assert_allclose(reference.state(lower(func)), expected[:, 0], atol=1e-8)


@given(circuits())
@FEW
def test_density_matrix_of_a_unitary_function_is_pure(gates):
    func = build(gates)
    psi = state_of_func(func)
    np.testing.assert_allclose(density_matrix(func), np.outer(psi, psi.conj()), atol=1e-12)


OBSERVATIONS = (
    Expval(PauliSum.parse("0.5*X0 Z2 + Y1 - 0.25")),
    Probs((2, 0)),
    Sample((1,)),
    State(),
    Expval(PauliSum.parse("Y0 Y1 X2")),
)


@given(circuits())
@FEW
def test_observations_agree_on_both_paths(gates):
    func = build(gates, OBSERVATIONS)
    first, probs, bits, psi, second = reference.outputs(lower(func))
    expected = observations_of_func(func)
    np.testing.assert_allclose([*first, *second], [expected[0], expected[4]], atol=1e-12)
    np.testing.assert_allclose(probs, expected[1], atol=1e-12)
    np.testing.assert_allclose(bits, expected[2], atol=1e-12)
    np.testing.assert_allclose(np.outer(psi, psi.conj()), expected[3], atol=1e-12)


def test_qubit_0_is_the_most_significant_bit():
    func = build([(gate("x"), [0], [])], [Probs((0, 1)), Probs((1, 0)), Expval(PauliSum.z(0))])
    assert np.argmax(np.abs(reference.state(lower(func)))) == 4
    np.testing.assert_allclose(reference.outputs(lower(func))[0], [0, 0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(reference.outputs(lower(func))[1], [0, 1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(reference.expvals(lower(func)), [-1.0], atol=1e-15)


# --- gradients -----------------------------------------------------------------------------


def every_gate_once(row):
    """A circuit in which each angle of a row is an affine form of inputs and weights."""
    builder = FuncBuilder("f", max(N, row.wires))
    x, w = builder.param("x", f64(2), "input"), builder.param("w", f64(3), "weight")
    for wire in range(len(builder.wires)):
        builder.gate("rx", [wire], [Angle.of(x, wire % 2) * 0.7 + 0.3 * (wire + 1)])
        builder.gate("ry", [wire], [Angle.of(w, wire % 3) + 0.1])
    mixed = [
        Angle.of(x, k % 2) * 0.5 + Angle.of(w, k % 3) - 0.2 * k for k in range(len(row.angle_names))
    ]
    builder.gate(row, range(row.wires), mixed)
    builder.gate("cx", [0, 1])
    builder.gate("ry", [0], [Angle.of(w, 2)])
    return builder.finish([Expval(PauliSum.parse("Z0 X1 + 0.5*Y2")), Expval(PauliSum.parse("Z1"))])


POINT = np.array([0.3, -0.8, 0.5, 1.1, -0.4])
COTANGENT = np.array([0.7, -1.3])


def at_point(function):
    return lambda p: function(p[:2], p[2:])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mnemonic)
def test_adjoint_equals_finite_differences_for_every_gate(row):
    exe = lower(every_gate_once(row))
    jacobian = reference.finite_difference(
        at_point(lambda x, w: reference.expvals(exe, x, w)), POINT
    )
    to_inputs, to_weights = reference.expval_vjp(exe, POINT[:2], POINT[2:], COTANGENT)
    np.testing.assert_allclose([*to_inputs, *to_weights], COTANGENT @ jacobian, atol=1e-8)


def test_gradient_of_probabilities():
    exe = lower(every_gate_once(gate("crz")))
    weight = np.random.default_rng(0).normal(size=8)

    def probabilities(x, w):
        return np.abs(reference.state(exe, x, w)) ** 2

    jacobian = reference.finite_difference(at_point(probabilities), POINT)
    gradient = np.concatenate(reference.probs_vjp(exe, POINT[:2], POINT[2:], weight))
    np.testing.assert_allclose(gradient, weight @ jacobian, atol=1e-8)


def test_gradient_through_the_global_phase():
    builder = FuncBuilder("f", 1)
    x, w = builder.param("x", f64(2), "input"), builder.param("w", f64(3))
    builder.gate("phase", [], [Angle.of(x, 1) * 2.0 + Angle.of(w, 0)])
    builder.gate("u", [0], [Angle.of(x, 0), Angle.of(w, 1), Angle.of(w, 2)])
    exe = lower(builder.finish([State()]))
    target = np.array([0.2 - 0.5j, 0.9 + 0.1j])

    def overlap(x, w):
        return [np.vdot(target, reference.state(exe, x, w)).real]

    jacobian = reference.finite_difference(at_point(overlap), POINT)[0]
    gradient = np.concatenate(reference.adjoint(exe, POINT[:2], POINT[2:], target / 2))
    np.testing.assert_allclose(gradient, jacobian, atol=1e-8)


@pytest.mark.parametrize(
    "scalar", [row for row in dialects.CLASSICAL if row.mnemonic in DERIVATIVES], ids=repr
)
def test_gradient_through_classical_ops(scalar):
    builder = FuncBuilder("f", 1)
    x, w = builder.param("x", f64(2), "input"), builder.param("w", f64(3))
    arguments = [Angle.of(x, 0) + Angle.of(w, 0) * 0.1, Angle.of(w, 1) * 0.5 + Angle.of(x, 0)]
    value = builder.scalar(scalar.mnemonic, arguments[: len(scalar.angle_names)])
    product = builder.scalar("mul", [Angle.of(value), Angle.of(w, 2) + Angle.of(value)])
    builder.gate("ry", [0], [Angle.of(product) + Angle.of(x, 1)])
    func = builder.finish([Expval(PauliSum.parse("Z0 + 2*X0"))])
    exe = lower(func)
    np.testing.assert_allclose(
        reference.state(exe, POINT[:2], POINT[2:]),
        state_of_func(func, {"x": POINT[:2], "w": POINT[2:]}),
        atol=1e-12,
    )
    jacobian = reference.finite_difference(
        at_point(lambda x, w: reference.expvals(exe, x, w)), POINT
    )
    gradient = np.concatenate(reference.expval_vjp(exe, POINT[:2], POINT[2:], [1.0]))
    np.testing.assert_allclose(gradient, jacobian[0], atol=1e-7)


def test_every_classical_op_has_its_derivatives():
    arity = {row.mnemonic: len(row.angle_names) for row in dialects.CLASSICAL}
    assert {name: len(slopes) for name, slopes in DERIVATIVES.items()} == arity


# --- functions: parameters, wires ----------------------------------------------------------


def test_a_function_is_bound_by_parameter_names():
    func = every_gate_once(gate("rzx"))
    binding = {"x": POINT[:2], "w": POINT[2:]}
    expected = reference.state(lower(func), POINT[:2], POINT[2:])
    np.testing.assert_allclose(state_of_func(func, binding), expected, atol=1e-12)
    with pytest.raises(QStoreError, match="parameter `w`"):
        state_of_func(func, {"x": POINT[:2]})
    with pytest.raises(QStoreError, match="parameter `x`"):
        state_of_func(func, {"x": POINT, "w": POINT[2:]})


def test_exchanged_results_exchange_rows():
    builder = FuncBuilder("f", 2)
    builder.gate("x", [0])
    builder.wires.reverse()
    assert np.argmax(np.abs(state_of_func(builder.finish()))) == 1


# --- functions: measurement, noise ---------------------------------------------------------


def conditional(builder, bit, wire, name):
    """`q.if bit` then a gate on one wire, else nothing."""
    bodies = []
    for names in ((name,), ()):
        inner = current = Value(QUBIT, "q")
        ops = []
        for each in names:
            current = Value(QUBIT, "q")
            ops.append(Op(gate(each), (inner,), (), (current,)))
        bodies.append(Region((inner,), tuple(ops), (current,)))
    result = Value(QUBIT, "q")
    operands = (bit, builder.wires[wire])
    builder.append(Op(dialects.IF, operands, (), (result,), regions=tuple(bodies)))
    builder.wires[wire] = result


@given(st.floats(-3, 3), st.floats(-3, 3))
@FEW
def test_teleportation_moves_a_state(theta, phi):
    builder = FuncBuilder("teleport", 3)
    builder.gate("u", [0], [theta, phi, 0.0])
    builder.gate("h", [1])
    builder.gate("cx", [1, 2])
    builder.gate("cx", [0, 1])
    builder.gate("h", [0])
    z, x = builder.measure(0), builder.measure(1)
    conditional(builder, x, 2, "x")
    conditional(builder, z, 2, "z")
    for wire in (0, 1):
        builder.gate(dialects.RESET, [wire])
    sent = gate("u").matrix(theta, phi, 0.0)[:, 0]
    expected = np.zeros((8, 8), complex)
    expected[:2, :2] = np.outer(sent, sent.conj())
    np.testing.assert_allclose(density_matrix(builder.finish()), expected, atol=1e-12)


def test_measurement_is_refused_in_a_unitary():
    builder = FuncBuilder("f", 1)
    builder.measure(0)
    with pytest.raises(QStoreError, match=r"`q\.measure`"):
        unitary_of_func(builder.finish())


CHANNELS = {
    "depolarizing": lambda p: cirq.depolarize(p),
    "depolarizing2": lambda p: cirq.depolarize(p, n_qubits=2),
    "bit_flip": lambda p: cirq.bit_flip(p),
    "phase_flip": lambda p: cirq.phase_flip(p),
    "pauli": lambda *p: cirq.asymmetric_depolarize(*p),
    "pauli2": lambda *p: cirq.asymmetric_depolarize(
        error_probabilities=dict(zip(pauli_words(2), p, strict=True)) | {"II": 1 - sum(p)}
    ),
    "amplitude_damping": lambda p: cirq.amplitude_damp(p),
    "generalized_amplitude_damping": lambda gamma, p: cirq.generalized_amplitude_damp(p, gamma),
    "phase_damping": lambda p: cirq.phase_damp(p),
}


@pytest.mark.parametrize("channel", dialects.NOISE, ids=repr)
def test_noise_agrees_with_cirq(channel):
    strengths = [0.1, 0.2, 0.05, 0.01, *[0.03] * 11][: len(channel.angle_names)]
    builder = FuncBuilder("f", 2)
    qubits = cirq.LineQubit.range(2)
    for wire in range(2):
        builder.gate("u", [wire], [0.4 + wire, 0.9, 0.0])
    builder.gate("cx", [0, 1])
    builder.gate(channel, list(range(channel.wires)), strengths)
    start = state_of_func_before_noise()
    circuit = cirq.Circuit(CHANNELS[channel.mnemonic](*strengths)(*qubits[: channel.wires]))
    expected = cirq.final_density_matrix(
        circuit, initial_state=start, qubit_order=qubits, dtype=np.complex128
    )
    np.testing.assert_allclose(density_matrix(builder.finish()), expected, atol=1e-7)


def state_of_func_before_noise():
    builder = FuncBuilder("f", 2)
    for wire in range(2):
        builder.gate("u", [wire], [0.4 + wire, 0.9, 0.0])
    builder.gate("cx", [0, 1])
    return state_of_func(builder.finish())
