"""Qiskit circuits: parameters, measurement, control flow, observables."""

import math

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumRegister, qpy
from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit import (
    Gate,
    Parameter,
    ParameterVector,
)
from qiskit.circuit import library as lib
from qiskit.circuit.classical import expr
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector

import q_store
from q_store import QStoreError, from_qiskit, to_qiskit
from q_store.frontends.qiskit import load_qpy
from q_store.frontends.trace import trace_circuit
from q_store.qir.observables import Sample
from q_store.qir.verifier import verify
from q_store.testing.equivalence import assert_equivalent
from tests.frontends.sdk_oracles import (
    assert_same,
    our_distribution,
    our_unitary,
    qiskit_distribution,
    qiskit_unitary,
)

# --- parameters -------------------------------------------------------------------------------


def test_vectors_and_names_are_kept() -> None:
    w, x = ParameterVector("w", 12), ParameterVector("x", 2)
    theta, odd, loose = Parameter("θ"), Parameter("$\\phi_1$"), Parameter("m[1,2]")
    circuit = QiskitCircuit(2)
    circuit.rx(w[10], 0)
    circuit.ry(x[1] + w[2], 1)
    circuit.rz(theta * odd, 0)
    circuit.rz(loose, 1)
    ours = from_qiskit(circuit)
    shapes = {"w": (12,), "x": (2,), "θ": (), "phi_1": (), "m": (2, 3)}
    assert ours.parameter_shapes == shapes
    assert list(ours.parameters) == ["phi_1", "m", "w", "x", "θ"]
    assert trace_circuit(circuit).input_names == ("x[0]", "x[1]")
    given_roles = from_qiskit(circuit, inputs=[w, "θ"]).to_ir()
    assert [v.name for v in given_roles.args_with_role("input")] == ["w", "θ"]
    back = from_qiskit(to_qiskit(from_qiskit(circuit, inputs=[w])))
    assert back.parameter_shapes == shapes
    assert [v.name for v in back.to_ir().args_with_role("input")] == ["w"]
    with pytest.raises(QStoreError, match=r"inputs.*'nothing'") as caught:
        from_qiskit(circuit, inputs=["nothing"])
    assert caught.value.code == "QS352"


EXPRESSIONS = {
    "sin": lambda a, b: a.sin(),
    "cos": lambda a, b: (a + b).cos(),
    "tan": lambda a, b: a.tan(),
    "arcsin": lambda a, b: (a / 4).arcsin(),
    "arccos": lambda a, b: (a / 4).arccos(),
    "arctan": lambda a, b: (a * b).arctan(),
    "exp": lambda a, b: (a - b).exp(),
    "log": lambda a, b: (a + b).log(),
    "abs": lambda a, b: abs(a - 2 * b),
    "sign": lambda a, b: (a - 2 * b).sign() * a,
    "conjugate": lambda a, b: a.conjugate() * 2,
    "power": lambda a, b: a**b + 2**a + a**3 + a**-1,
    "product": lambda a, b: 2 * (math.pi - a) * (math.pi - b),
    "affine in disguise": lambda a, b: (a + b) ** 1 - b + a / 3,
    "nothing left": lambda a, b: a - a + 0.25,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_have_the_same_value(name: str) -> None:
    a, b = Parameter("a"), Parameter("b")
    expression = EXPRESSIONS[name](a, b)
    circuit = QiskitCircuit(1)
    circuit.rx(a + b, 0)
    circuit.rz(expression, 0)
    ours = from_qiskit(circuit)
    values = {a: 0.83, b: 0.61}
    expected = qiskit_unitary(circuit.assign_parameters(values))
    assert_same(our_unitary(ours, {"a": 0.83, "b": 0.61}), expected)


def test_affine_expressions_need_no_classical_ops() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QiskitCircuit(1)
    circuit.rx(2 * (a - b / 4) + 0.5 - a, 0)
    (step,) = from_qiskit(circuit)
    assert repr(step.angles[0]) == "a - 0.5*b + 0.5"


def test_complex_angles_are_refused() -> None:
    a = Parameter("a")
    circuit = QiskitCircuit(1)
    circuit.rz(a, 0)
    circuit.rx(a * 1j * a, 0)
    with pytest.raises(QStoreError, match=r"instruction 1, `rx`: .*not real") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS351"


@pytest.mark.parametrize("angle", [math.nan, math.inf, np.float64("nan")])
def test_angles_that_are_not_finite_are_refused(angle: float) -> None:
    circuit = QiskitCircuit(2)
    circuit.h(0)
    circuit.rx(angle, 1)
    with pytest.raises(QStoreError, match=r"instruction 1, `rx`: .*not finite") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS307"


def test_evolutions_keep_their_time_symbolic() -> None:
    t = Parameter("t")
    circuit = QiskitCircuit(3)
    gate = lib.PauliEvolutionGate(SparsePauliOp(["XYZ", "ZIZ"], [0.7, -0.2]), time=t)
    circuit.append(gate, [2, 0, 1])
    expected = qiskit_unitary(circuit.decompose(reps=2).assign_parameters({t: 0.4}))
    assert_same(our_unitary(from_qiskit(circuit), {"t": 0.4}), expected)


def test_symbolic_global_phases_of_controlled_blocks() -> None:
    t = Parameter("t")
    inner = QiskitCircuit(1, global_phase=2 * t + 0.1)
    inner.rx(t, 0)
    circuit = QiskitCircuit(2, global_phase=-t)
    circuit.append(inner.to_gate().control(1, annotated=False), [1, 0])
    expected = qiskit_unitary(circuit.assign_parameters({t: 0.7}))
    assert_same(our_unitary(from_qiskit(circuit), {"t": 0.7}), expected)


# --- measurement, conditions, loops -----------------------------------------------------------


def test_measurement_in_the_middle_and_conditions() -> None:
    q, a, b = QuantumRegister(3, "q"), ClassicalRegister(2, "a"), ClassicalRegister(3, "b")
    circuit = QiskitCircuit(q, a, b)
    circuit.ry(1.0, 0)
    circuit.ry(2.0, 1)
    circuit.measure([0, 1], a)
    with circuit.if_test((a, 2)) as otherwise:
        circuit.ry(0.7, 2)
        with circuit.if_test((a[1], 1)):
            circuit.x(0)
    with otherwise:
        circuit.x(2)
    circuit.reset(1)
    circuit.ry(0.4, 1)
    circuit.measure(q, b)
    ours = from_qiskit(circuit)
    verify(ours.to_ir())
    assert ours.observations == (Sample((0, 1, 2)),)
    assert [step.bit for step in ours if step.name == "measure"] == ["a_0", "a_1"]
    joint = qiskit_distribution(circuit).reshape(4, 8).sum(axis=0)
    np.testing.assert_allclose(our_distribution(ours), joint, atol=1e-12)
    back = to_qiskit(ours)
    assert [register.name for register in back.cregs] == ["a", "meas"]
    again = qiskit_distribution(back).reshape(4, 8).sum(axis=0)
    np.testing.assert_allclose(again, joint, atol=1e-12)


def test_measurements_of_pauli_words() -> None:
    circuit = QiskitCircuit(2, 1)
    circuit.ry(0.7, 0)
    circuit.rx(0.4, 1)
    circuit.cx(0, 1)
    circuit.append(lib.PauliProductMeasurement(Pauli("XZ")), [0, 1], [0])
    circuit.add_register(ClassicalRegister(2, "out"))
    circuit.measure([0, 1], [1, 2])
    plain = circuit.decompose("pauli_product_measurement", reps=2).decompose(reps=2)
    joint = qiskit_distribution(plain).reshape(2, 4).sum(axis=0)
    np.testing.assert_allclose(our_distribution(from_qiskit(circuit)), joint, atol=1e-9)


def test_final_measurements_may_steer_other_qubits() -> None:
    circuit = QiskitCircuit(2, 2)
    circuit.ry(1.0, 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.ry(0.5, 1)
    circuit.measure(1, 1)
    ours = from_qiskit(circuit)
    assert ours.observations == (Sample((0, 1)),)
    np.testing.assert_allclose(our_distribution(ours), qiskit_distribution(circuit), atol=1e-12)


def test_conditions_are_functions_of_bits() -> None:
    circuit = QiskitCircuit(3, 3)
    c = circuit.cregs[0]
    for qubit, angle in enumerate((1.0, 2.0, 0.4)):
        circuit.ry(angle, qubit)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test(expr.logic_or(expr.bit_xor(c[0], c[1]), expr.less(c, 1))):
        circuit.x(2)
    with circuit.switch(c) as case:
        with case(1, 2):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.y(1)
    with circuit.for_loop(range(1, 4), Parameter("k")) as k:
        circuit.ry(k * 0.1, 2)
    circuit.measure(2, 2)
    ours = from_qiskit(circuit)
    flipped = np.cos(0.5) ** 2 * np.cos(1.0) ** 2 + (
        np.cos(0.5) ** 2 * np.sin(1.0) ** 2 + np.sin(0.5) ** 2 * np.cos(1.0) ** 2
    )
    one = flipped * np.sin((np.pi - 0.4 + 0.6) / 2) ** 2 + (1 - flipped) * np.sin(0.5) ** 2
    sampled = [item for item in ours.observations if isinstance(item, Sample)]
    assert sampled == [Sample((2,))]
    # ry after x turns back: sin((pi - 0.4)/2 + 0.3) up to sign.
    np.testing.assert_allclose(our_distribution(ours)[1], one, atol=1e-9)


def test_what_cannot_be_read_is_named_with_its_index() -> None:
    circuit = QiskitCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.measure(0, 0)
    with pytest.raises(QStoreError, match="instruction 2, `while_loop`") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS350"

    opaque = QiskitCircuit(2)
    opaque.append(Gate("secret", 2, []), [0, 1])
    with pytest.raises(QStoreError, match=r"instruction 0, `secret`: .*neither a definition"):
        from_qiskit(opaque)

    hidden = QiskitCircuit(2)
    hidden.x(0)
    hidden.append(opaque.to_gate(), [1, 0])
    with pytest.raises(QStoreError, match=r"instruction 1, `circuit-\d+`: `secret`"):
        from_qiskit(hidden)

    inner = QiskitCircuit(1, 1)
    with inner.for_loop(range(3)):
        inner.x(0)
        inner.measure(0, 0)
        with inner.if_test((inner.clbits[0], 1)):
            inner.break_loop()
    with pytest.raises(QStoreError) as caught:
        from_qiskit(inner)
    assert caught.value.code == "QS350"

    for wrong in (3, QiskitCircuit(), QiskitCircuit(0, 2)):
        with pytest.raises(QStoreError) as caught:
            from_qiskit(wrong)
        assert caught.value.code == "QS352"


def test_bits_measured_under_a_condition_stay_there() -> None:
    circuit = QiskitCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.measure(1, 1)
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(0)
    with pytest.raises(QStoreError, match="`c_1` is measured under a condition") as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS353"


def test_barriers_delays_boxes_and_bits_nobody_wrote() -> None:
    circuit = QiskitCircuit(2, 1)
    circuit.h(0)
    circuit.barrier(0, 1)
    circuit.delay(100, 0)
    with circuit.box():
        circuit.s(1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    assert [step.name for step in from_qiskit(circuit)] == ["h", "barrier", "s"]
    assert [item.name for item in to_qiskit(from_qiskit(circuit)).data] == ["h", "barrier", "s"]


def test_loops_and_nesting_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("q_store.frontends.qiskit.reader.MAX_STEPS", 10_000)
    monkeypatch.setattr("q_store.frontends.qiskit.control_flow._MAX_ALL_ROUNDS", 10_000)
    circuit = QiskitCircuit(1)
    with circuit.for_loop(range(10**6)):
        circuit.x(0)
    with pytest.raises(QStoreError) as caught:
        from_qiskit(circuit)
    assert caught.value.code == "QS354"
    inner = QiskitCircuit(1)
    inner.rx(0.1, 0)
    for _ in range(80):
        outer = QiskitCircuit(1)
        outer.append(inner.to_gate(), [0])
        inner = outer
    doubling = QiskitCircuit(1)
    doubling.x(0)
    for k in range(40):
        gate, outer = Gate(f"g{k}", 1, []), QiskitCircuit(1)
        gate.definition = doubling
        for _ in range(2):
            outer.append(gate, [0], copy=False)
        doubling = outer
    loops = QiskitCircuit(1)
    with loops.for_loop(range(10**3)), loops.for_loop(range(10**3)):
        loops.barrier(0)
    for huge in (inner, doubling, loops):
        with pytest.raises(QStoreError) as caught:
            from_qiskit(huge)
        assert caught.value.code == "QS354"


# --- the rest ---------------------------------------------------------------------------------


def test_observations_travel_as_notes(tmp_path) -> None:
    circuit = q_store.QuantumCircuit(3).rx(0, "x").h(1)
    circuit = circuit.expval("0.5*X0 Z2 + Z1").sample(2, 0).probs(1, 0)
    with (tmp_path / "c.qpy").open("wb") as file:
        qpy.dump(to_qiskit(circuit), file)
    back = load_qpy(tmp_path / "c.qpy")
    assert back.observations == circuit.observations
    assert_equivalent(circuit.to_ir(), back.to_ir(), "observed")
    with pytest.raises(QStoreError) as caught:
        load_qpy(tmp_path / "missing.qpy")
    assert caught.value.code == "QS341"


@pytest.mark.parametrize(
    "operator",
    [
        SparsePauliOp(["X"], [1j]),
        SparsePauliOp(["X"], [Parameter("a")]),
        QiskitCircuit(1),
    ],
    ids=["complex", "symbolic", "a circuit"],
)
def test_observables_must_be_real(operator) -> None:
    with pytest.raises(QStoreError) as caught:
        q_store.QuantumCircuit(1).expval(operator)
    assert caught.value.code == "QS355"


def test_circuits_are_recognised_where_circuits_are_taken() -> None:
    class Mine(QiskitCircuit):
        pass

    circuit = Mine(2)
    x, w = ParameterVector("x", 2), ParameterVector("w", 2)
    circuit.compose(lib.zz_feature_map(2, parameter_prefix="x"), inplace=True)
    circuit.ry(w[0], 0)
    circuit.cx(0, 1)
    assert x.name == "x"
    traced = trace_circuit(lambda: circuit, observables=SparsePauliOp("ZZ"))
    assert traced.has_inputs
    assert traced.weight_names == ("w[0]", "w[1]")
    assert repr(traced.observations) == "(expval(Z0 Z1),)"


def test_layers_take_circuits_and_observables_of_qiskit() -> None:
    import torch

    from q_store.torch import QuantumLayer

    circuit = lib.zz_feature_map(2).compose(lib.real_amplitudes(2, reps=1))
    layer = QuantumLayer(circuit, observables=[SparsePauliOp("IZ"), SparsePauliOp("XX")], seed=1)
    inputs = torch.tensor([[0.1, 0.2], [0.3, -0.4]], dtype=torch.float64)
    layer = layer.double()
    found = layer(inputs)
    weights = torch.cat([w.detach().reshape(-1) for w in layer.parameters()]).tolist()
    for row, outputs in zip(inputs.tolist(), found.tolist(), strict=True):
        numbers = {
            p: row[p.index] if p.name[0] == "x" else weights[p.index] for p in circuit.parameters
        }
        state = Statevector(circuit.assign_parameters(numbers))
        expected = [state.expectation_value(SparsePauliOp(label)).real for label in ("IZ", "XX")]
        assert outputs == pytest.approx(expected, abs=1e-9)
