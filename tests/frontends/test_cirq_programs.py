"""Cirq circuits: symbols, measurement keys, classical controls, observables, files."""

import cirq
import numpy as np
import pytest
import sympy

import q_store
from q_store import QStoreError, from_cirq, to_cirq
from q_store.frontends.cirq import load_json
from q_store.frontends.trace import trace_circuit
from q_store.qir.observables import Expval, Sample
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import density_matrix
from q_store.testing.equivalence import assert_equivalent
from tests.frontends.sdk_oracles import assert_same, cirq_density, our_distribution, our_unitary

a, b, c = cirq.LineQubit.range(3)
x, y = sympy.symbols("x y")

EXPRESSIONS = {
    "affine": 2 * x - y / 3 + 1,
    "turns": x / sympy.pi + y * 3 / (2 * sympy.pi),
    "pi squared": x * sympy.pi**2 / 4,
    "product": (x - sympy.pi) * (y - 1),
    "powers": x**3 + 1 / x + sympy.sqrt(y) + y**x + 2**y,
    "functions": sympy.sin(x) + sympy.cos(y) * sympy.tan(x) + sympy.exp(x) + sympy.log(y),
    "inverse functions": sympy.asin(x) + sympy.acos(x) + sympy.atan(y) + sympy.atan2(x, y),
    "hyperbolic": sympy.sinh(x) + sympy.cosh(y) + sympy.tanh(x * y),
    "absolute": sympy.Abs(x - 2 * y) * sympy.sign(x - 2 * y),
    "numbers": sympy.Rational(1, 3) + sympy.sqrt(2) * x + sympy.E,
    "reciprocals": sympy.sec(x) + sympy.csc(y) + sympy.cot(x),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_have_the_same_value(name: str) -> None:
    circuit = cirq.Circuit(cirq.X(a) ** (x + y), cirq.Z(a) ** EXPRESSIONS[name])
    values = {"x": 0.41, "y": 0.87}
    expected = cirq.resolve_parameters(circuit, values).unitary()
    assert_same(our_unitary(from_cirq(circuit), values), expected)


def test_half_turns_lose_nothing() -> None:
    circuit = cirq.Circuit(cirq.rx(x).on(a), cirq.rz(2 * x - 3 * y).on(a))
    assert [repr(step.angles[0]) for step in from_cirq(circuit)] == ["x", "-3.0*y + 2.0*x"]


@pytest.mark.parametrize(
    "expression", [sympy.Piecewise((x, x > 0), (1, True)), sympy.I * x, sympy.Max(x, y)], ids=str
)
def test_other_expressions_are_refused(expression) -> None:
    with pytest.raises(QStoreError, match="operation 0, ") as caught:
        from_cirq(cirq.Circuit(cirq.ZPowGate(exponent=expression).on(a)))
    assert caught.value.code == "QS351"


def test_names_and_vectors() -> None:
    w, m = sympy.Symbol("w[3]"), sympy.Symbol("m[1,2]")
    odd = sympy.Symbol("phase 1")
    circuit = cirq.Circuit(cirq.rx(w).on(a), cirq.rx(m * odd).on(a), cirq.rx(x).on(a))
    ours = from_cirq(circuit)
    assert ours.parameter_shapes == {"w": (4,), "m": (2, 3), "phase_1": (), "x": ()}
    assert trace_circuit(circuit).input_names == ("x",)
    chosen = from_cirq(circuit, inputs=["w"]).to_ir()
    assert [v.name for v in chosen.args_with_role("input")] == ["w"]


def test_parameters_come_back_with_shape_and_role() -> None:
    w = q_store.vector("w", 5)
    circuit = q_store.QuantumCircuit(2).rx(0, w[1]).ry(1, "data")
    circuit.parameter_table.declare("w", (5,), "input")
    back = from_cirq(to_cirq(circuit))
    assert back.parameter_shapes == {"w": (5,), "data": ()}
    assert_equivalent(circuit.to_ir(), back.to_ir(), "exact")


# --- measurement ------------------------------------------------------------------------------


def test_final_measurements_become_one_sample() -> None:
    circuit = cirq.Circuit(
        *[cirq.ry(angle).on(q) for angle, q in zip((0.4, 1.0, 2.2), (a, b, c), strict=True)],
        cirq.measure(c, a, key="first", invert_mask=(True,)),
        cirq.measure(b, key="second"),
    )
    ours = from_cirq(circuit)
    assert ours.observations == (Sample((2, 0, 1)),)
    one = [np.sin(angle / 2) ** 2 for angle in (0.4, 1.0, 2.2)]
    expected = 1.0
    for p in (1 - one[2], one[0], one[1]):
        expected = np.multiply.outer(expected, [1 - p, p])
    np.testing.assert_allclose(our_distribution(ours), np.ravel(expected), atol=1e-12)
    back = from_cirq(to_cirq(ours))
    np.testing.assert_allclose(our_distribution(back), np.ravel(expected), atol=1e-12)


CONDITIONS = {
    "key": "m",
    "equation": sympy.Eq(sympy.Symbol("m"), 2),
    "several keys": sympy.Symbol("m") > sympy.Symbol("n"),
    "mask": cirq.BitMaskKeyCondition.create_equal_mask(cirq.MeasurementKey("m"), 1),
    "sum": sympy.Symbol("m") + sympy.Symbol("n") - 1,
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_classical_controls(name: str) -> None:
    circuit = cirq.Circuit(
        cirq.ry(1.0).on(a),
        cirq.ry(2.0).on(b),
        cirq.measure(a, b, key="m", invert_mask=(True, False)),
        cirq.ry(0.7).on(c),
        cirq.measure(c, key="n"),
        cirq.ry(0.5).on(c).with_classical_controls(CONDITIONS[name]),
        cirq.CX(c, a).with_classical_controls("n", CONDITIONS[name]),
        cirq.H(b),
    )
    ours = from_cirq(circuit)
    verify(ours.to_ir())
    expected = cirq_density(circuit, 3)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-9)
    back = to_cirq(ours)
    np.testing.assert_allclose(cirq_density(back, 3), expected, atol=1e-9)


def test_repeated_keys_are_distinct_and_the_last_one_counts() -> None:
    circuit = cirq.Circuit(
        cirq.X(a),
        cirq.measure(a, key="m"),
        cirq.X(a),
        cirq.measure(a, key="m"),
        cirq.X(b).with_classical_controls("m"),
        cirq.X(c).with_classical_controls(cirq.KeyCondition(cirq.MeasurementKey("m"), index=0)),
        cirq.X(a),
    )
    ours = from_cirq(circuit)
    assert [step.bit for step in ours if step.name == "measure"] == ["m", "m_2"]
    assert np.argmax(np.diag(density_matrix(ours.to_ir()).real)) == 0b101


def test_measurements_inside_repeated_circuits_and_of_paulis() -> None:
    body = cirq.FrozenCircuit(
        cirq.H(a), cirq.measure(a, key="m"), cirq.X(b).with_classical_controls("m")
    )
    circuit = cirq.Circuit(
        cirq.CircuitOperation(body, repetitions=2, use_repetition_ids=True),
        cirq.measure_single_paulistring(cirq.X(a) * cirq.Z(b), key="p"),
        cirq.ry(0.3).on(a),
        cirq.ry(0.3).on(b),
    )
    np.testing.assert_allclose(
        density_matrix(from_cirq(circuit).to_ir()), cirq_density(circuit, 2), atol=1e-9
    )


def test_what_has_no_counterpart() -> None:
    body = cirq.FrozenCircuit(cirq.H(a), cirq.measure(a, key="m"))
    until = cirq.CircuitOperation(
        body, repeat_until=cirq.KeyCondition(cirq.MeasurementKey("m")), use_repetition_ids=False
    )
    with pytest.raises(QStoreError, match="operation 0, ") as caught:
        from_cirq(cirq.Circuit(until))
    assert caught.value.code == "QS350"
    with pytest.raises(QStoreError, match="is not measured before") as caught:
        from_cirq(cirq.Circuit(cirq.X(a).with_classical_controls("k")))
    assert caught.value.code == "QS353"
    many = cirq.Circuit(
        cirq.measure(*cirq.LineQubit.range(13), key="m"), cirq.X(a).with_classical_controls("m")
    )
    with pytest.raises(QStoreError, match="13 bits") as caught:
        from_cirq(many)
    assert caught.value.code == "QS354"
    huge = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(a)), repetitions=10**9)
    nested = cirq.FrozenCircuit(cirq.X(a))
    for _ in range(40):
        nested = cirq.FrozenCircuit(cirq.CircuitOperation(nested, repetitions=2))
    symbolic = cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.X(a)), repetitions=sympy.Symbol("r"), use_repetition_ids=False
    )
    for operation, size in (
        (huge, "1000000000"),
        (cirq.CircuitOperation(nested), str(2**40)),
        (symbolic, "a symbolic number of"),
    ):
        with pytest.raises(QStoreError, match=f"this one has {size}") as caught:
            from_cirq(cirq.Circuit(operation))
        assert caught.value.code == "QS354"


CONFUSED = {(0,): np.array([[0.9, 0.1], [0.25, 0.75]]), (1,): np.array([[1.0, 0.0], [0.4, 0.6]])}


@pytest.mark.parametrize("inverted", [(), (True,), (True, True), (False, True)])
def test_confusion_maps_are_errors_of_reading(inverted: tuple[bool, ...]) -> None:
    measurement = cirq.measure(b, a, key="m", invert_mask=inverted, confusion_map=CONFUSED)
    circuit = cirq.Circuit(cirq.ry(0.7)(a), cirq.ry(2.1)(b), measurement)
    found = q_store.compile(circuit, output="probs")()
    pair = [np.array([np.cos(t / 2) ** 2, np.sin(t / 2) ** 2]) for t in (2.1, 0.7)]
    read = [p @ CONFUSED[k,] for k, p in enumerate(pair)]
    mask = [*inverted, False, False]
    read = [p[::-1] if mask[k] else p for k, p in enumerate(read)]
    np.testing.assert_allclose(found, np.kron(*read), atol=1e-9)
    if not any(inverted):  # `run` inverts before it errs, `simulate` after, as is documented
        counted = cirq.Simulator(seed=1).run(circuit, repetitions=4000).measurements["m"]
        np.testing.assert_allclose(counted.mean(axis=0), [p[1] for p in read], atol=0.04)


def test_measurement_under_a_condition_is_refused_by_cirq() -> None:
    circuit = q_store.QuantumCircuit(2).h(0).measure(0, bit="m")
    inner = q_store.QuantumCircuit(2).measure(1, bit="n")
    with pytest.raises(QStoreError, match="under a condition") as caught:
        to_cirq(circuit.if_bit("m", inner))
    assert caught.value.code == "QS356"


# --- observables and files --------------------------------------------------------------------


def test_observables_name_the_qubits_of_the_circuit() -> None:
    qubits = [cirq.NamedQubit("p"), cirq.NamedQubit("q")]
    circuit = cirq.Circuit(cirq.ry(0.3).on(qubits[1]), cirq.rx(0.7).on(qubits[0]))
    observable = 0.5 * cirq.X(qubits[1]) * cirq.Y(qubits[0]) - cirq.Z(qubits[1]) + 2
    traced = trace_circuit(circuit, observables=observable)
    (found,) = traced.observations
    assert isinstance(found, Expval)
    assert {(0.5, ((0, "Y"), (1, "X"))), (-1.0, ((1, "Z"),)), (2.0, ())} == set(found.paulis.terms)
    state = our_unitary(from_cirq(circuit))[:, 0]
    value = np.vdot(state, found.paulis.matrix(2) @ state).real
    expected = observable.expectation_from_state_vector(
        circuit.final_state_vector(dtype=np.complex128), {q: k for k, q in enumerate(qubits)}
    )
    assert value == pytest.approx(expected.real)
    several = trace_circuit(circuit, observables=[cirq.Z(qubits[0]), "X1"]).observations
    assert repr(several) == "(expval(Z0), expval(X1))"


def test_observables_without_a_circuit_are_on_line_qubits() -> None:
    circuit = q_store.QuantumCircuit(3).expval(cirq.Z(a) * cirq.X(c), cirq.X(b) - cirq.Y(a))
    assert repr(circuit.observations) == "(expval(Z0 X2), expval(X1 + -1.0*Y0))"
    for wrong in (
        cirq.Z(cirq.q("name")),
        1j * cirq.Z(a),
        cirq.H(a),
        cirq.PauliSum() + 1j * cirq.X(a),
    ):
        with pytest.raises(QStoreError) as caught:
            q_store.QuantumCircuit(1).expval(wrong)
        assert caught.value.code == "QS355"


def test_observations_travel_as_tags(tmp_path) -> None:
    circuit = q_store.QuantumCircuit(3).rx(0, "x").h(1)
    circuit = circuit.expval("0.5*X0 Z2 + Z1").sample(2, 0).probs(1, 0)
    cirq.to_json(to_cirq(circuit), tmp_path / "c.json")
    back = load_json(tmp_path / "c.json")
    assert back.observations == circuit.observations
    assert_equivalent(circuit.to_ir(), back.to_ir(), "observed")
    assert q_store.interop.cirq_observables(circuit) == [
        0.5 * cirq.X(a) * cirq.Z(c) + cirq.Z(b) * 1.0
    ]
    with pytest.raises(QStoreError) as caught:
        load_json(tmp_path / "missing.json")
    assert caught.value.code == "QS341"


def test_from_qiskit_to_cirq() -> None:
    import qiskit

    circuit = qiskit.QuantumCircuit(2, global_phase=0.3)
    circuit.ry(0.4, 0)
    circuit.cu(0.1, 0.2, 0.3, 0.4, 0, 1)
    expected = our_unitary(q_store.from_qiskit(circuit))
    assert_same(to_cirq(circuit).unitary(), expected)
    with pytest.raises(QStoreError) as caught:
        to_cirq(3.5)
    assert caught.value.code == "QS332"


def test_nothing_is_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys, q_store; c = q_store.QuantumCircuit(1).h(0); "
        "q_store.to_cirq; q_store.from_qiskit; "
        "from q_store.frontends.trace import trace_circuit; trace_circuit(c); "
        "print([m for m in ('cirq', 'qiskit', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
