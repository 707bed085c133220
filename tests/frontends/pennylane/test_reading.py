"""PennyLane's operators and templates in and out, against PennyLane's own simulator."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store import (
    QStoreError,
    QuantumCircuit,
    from_pennylane,
    matrix,
    scalar,
    to_pennylane,
    vector,
)
from q_store.frontends.pennylane import broadcast_inputs
from q_store.frontends.trace import trace_circuit
from q_store.qir.observables import Expval, PauliSum, Probs, Sample, State
from q_store.qir.registry import all_gates
from q_store.runtime.reference_func import observations_of_func
from q_store.testing.equivalence import assert_equivalent
from q_store.testing.strategies import circuits as functions
from tests.frontends.circuits import example
from tests.frontends.sdk_oracles import assert_same, our_gradient, our_unitary

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pennylane as qml

RNG = np.random.default_rng(7)


def hamiltonian():
    return qml.dot([0.5, 0.3], [qml.X(0) @ qml.Z(1), qml.Y(1)])


TEMPLATES = {
    "AngleEmbedding": (lambda x: qml.AngleEmbedding(x, range(3), rotation="Y"), {"x": 3}),
    "IQPEmbedding": (lambda x: qml.IQPEmbedding(x, range(3), n_repeats=2), {"x": 3}),
    "QAOAEmbedding": (lambda x, w: qml.QAOAEmbedding(x, w, range(2)), {"x": 2, "w": (2, 3)}),
    "StronglyEntanglingLayers": (
        lambda w: qml.StronglyEntanglingLayers(w, range(3)),
        {"w": (2, 3, 3)},
    ),
    "BasicEntanglerLayers": (lambda w: qml.BasicEntanglerLayers(w, range(3)), {"w": (2, 3)}),
    "SimplifiedTwoDesign": (
        lambda a, w: qml.SimplifiedTwoDesign(a, w, range(3)),
        {"a": 3, "w": (2, 2, 2)},
    ),
    "RandomLayers": (lambda w: qml.RandomLayers(w, range(3), seed=3), {"w": (2, 3)}),
    "adjoint": (
        lambda w: qml.adjoint(qml.StronglyEntanglingLayers)(w, range(3)),
        {"w": (1, 3, 3)},
    ),
    "ctrl": (
        lambda t: qml.ctrl(qml.Rot, (0, 2), control_values=[0, 1])(t, 2 * t, -t, 1),
        {"t": ()},
    ),
    "ctrl of a template": (
        lambda w: qml.ctrl(qml.BasicEntanglerLayers, 0)(w, wires=[1, 2]),
        {"w": (1, 2)},
    ),
    "PauliRot": (lambda t: qml.PauliRot(t, "XYIZ", range(4)), {"t": ()}),
    "PauliRot of nothing": (lambda t: qml.PauliRot(t, "II", range(2)), {"t": ()}),
    "MultiRZ": (lambda t: qml.MultiRZ(t, range(4)), {"t": ()}),
    "pow": (
        lambda t: [qml.pow(qml.RX(t, 0), 3), qml.pow(qml.T(1), 0.5), qml.X(0) ** 0.3],
        {"t": ()},
    ),
    "prod": (lambda t: qml.prod(qml.RX(t, 0), qml.CNOT([0, 1]), qml.S(1)), {"t": ()}),
    "exp": (lambda: qml.exp(qml.X(0) @ qml.Z(1), 0.3j), {}),
    "TrotterProduct": (lambda: qml.TrotterProduct(hamiltonian(), time=0.3, n=2), {}),
    "ApproxTimeEvolution": (lambda t: qml.ApproxTimeEvolution(hamiltonian(), t, 2), {"t": ()}),
    "AllSinglesDoubles": (
        lambda w: qml.AllSinglesDoubles(
            w, range(4), np.array([1, 1, 0, 0]), [[0, 2], [1, 3]], [[0, 1, 2, 3]]
        ),
        {"w": 3},
    ),
    "ParticleConservingU2": (
        lambda w: qml.ParticleConservingU2(w, range(2), init_state=np.array([1, 0])),
        {"w": (2, 3)},
    ),
    "GateFabric": (
        lambda w: qml.GateFabric(w, range(4), init_state=np.array([1, 1, 0, 0])),
        {"w": (1, 1, 2)},
    ),
    "ArbitraryUnitary": (lambda w: qml.ArbitraryUnitary(w, range(2)), {"w": 15}),
    "QFT": (lambda: qml.QFT(range(3)), {}),
    "GroverOperator": (lambda: qml.GroverOperator(range(3)), {}),
    "MultiControlledX": (
        lambda: qml.MultiControlledX(range(4), control_values=[1, 0, 1]),
        {},
    ),
    "QubitUnitary": (lambda: qml.QubitUnitary(qml.matrix(qml.QFT(range(2))), [1, 0]), {}),
    "DiagonalQubitUnitary": (
        lambda: qml.DiagonalQubitUnitary(np.exp(1j * np.arange(4)), [0, 1]),
        {},
    ),
    "Select": (lambda: qml.Select([qml.X(1), qml.Z(1)], control=0), {}),
    "functions of arguments": (
        lambda x: [qml.RX(qml.math.sin(x[0]) * x[1], 0), qml.RY(np.exp(x[1]), 1)],
        {"x": 2},
    ),
    "GlobalPhase": (lambda t: [qml.GlobalPhase(t), qml.ctrl(qml.GlobalPhase, 0)(t)], {"t": ()}),
}


def values_for(shapes):
    return {
        name: float(RNG.uniform(-2, 2)) if shape == () else RNG.uniform(-2, 2, shape)
        for name, shape in shapes.items()
    }


def tape_of(function, values):
    with qml.queuing.AnnotatedQueue() as queue:
        function(**values)
    return qml.tape.QuantumScript.from_queue(queue)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates(name: str) -> None:
    function, shapes = TEMPLATES[name]
    values = values_for(shapes)
    ours = from_pennylane(function, shapes=shapes)
    tape = tape_of(function, values)
    expected = np.asarray(qml.matrix(tape, wire_order=range(ours.n_qubits)))
    used = {key: value for key, value in values.items() if key in ours.parameters}
    bound = ours.bind({k: v for k, v in used.items() if np.shape(v) == ours.parameter_shapes[k]})
    assert_same(our_unitary(bound), expected, phase=True)
    back = from_pennylane(to_pennylane(ours))
    assert_equivalent(ours.to_ir(), back.to_ir(), "exact")


@pytest.mark.parametrize("name", sorted(all_gates()))
def test_every_row_out_and_back(name: str) -> None:
    circuit = example(all_gates()[name])
    function = to_pennylane(circuit)
    theirs = qml.matrix(tape_of(function, {}), wire_order=range(circuit.n_qubits))
    assert_same(our_unitary(circuit), np.asarray(theirs).reshape((2**circuit.n_qubits,) * 2))
    assert_equivalent(circuit.to_ir(), from_pennylane(function).to_ir(), "exact")


@given(
    functions(mid_circuit=False, noise=True).filter(
        lambda f: not any(a.type.linear for a in f.args)
    )
)
def test_round_trip(func) -> None:
    back = from_pennylane(to_pennylane(func)).to_ir()
    assert_equivalent(func, back, "observed" if func.observe else "phase")
    shapes = {arg.name: arg.type.shape for arg in back.args}
    assert shapes.items() <= {arg.name: arg.type.shape for arg in func.args}.items()


def test_preparations_and_order_of_wires() -> None:
    def prepare():
        qml.StatePrep(np.array([0.1, 0.5, 0.7, 0.5]), [0, 1])
        qml.BasisState([1], [2])
        qml.CNOT([0, 2])
        return qml.state()

    ours = from_pennylane(prepare)
    theirs = qml.QNode(prepare, qml.device("default.qubit", wires=3))()
    (state,) = observations_of_func(ours.to_ir())
    np.testing.assert_allclose(np.asarray(state), np.outer(theirs, theirs.conj()), atol=1e-9)


def test_labels_take_their_place_from_device_or_first_use() -> None:
    def circuit():
        qml.RX(0.3, "b")
        qml.CNOT(["b", "a"])
        return qml.expval(qml.Z("a"))

    loose = from_pennylane(circuit)
    placed = from_pennylane(qml.QNode(circuit, qml.device("default.qubit", wires=["a", "b", "c"])))
    assert loose == QuantumCircuit(2).rx(0, 0.3).cx(0, 1).expval("Z1")
    assert placed == QuantumCircuit(3).rx(1, 0.3).cx(1, 0).expval("Z0")
    assert from_pennylane(circuit, wires=["a", "b"]) == QuantumCircuit(2).rx(1, 0.3).cx(
        1, 0
    ).expval("Z0")


def measured(x, w):
    qml.AngleEmbedding(x, range(3))
    qml.StronglyEntanglingLayers(w, range(3))
    return (
        qml.expval(qml.Z(0) @ qml.X(2)),
        qml.expval(0.5 * qml.Y(1) + qml.Hadamard(0)),
        qml.probs(wires=[2, 0]),
    )


def test_values_and_gradients_agree() -> None:
    shapes = {"x": 3, "w": (2, 3, 3)}
    values = values_for(shapes)
    ours = from_pennylane(measured, shapes=shapes)
    node = qml.QNode(measured, qml.device("default.qubit", wires=3))
    found = observations_of_func(ours.to_ir(), {k: np.asarray(v) for k, v in values.items()})
    for left, right in zip(found, node(**values), strict=True):
        np.testing.assert_allclose(np.asarray(left), right, atol=1e-9)
    assert ours.to_ir().roles == ("input", "weight")


def test_gradients_agree() -> None:
    def circuit(x, w):
        qml.RX(x[0] * w[1], 0)
        qml.CRY(w[0] + x[1], [0, 1])
        qml.IsingXY(qml.math.sin(w[1]), [1, 0])
        return qml.expval(qml.Z(0) @ qml.X(1) + 0.3 * qml.Y(0))

    ours = from_pennylane(circuit, shapes={"x": 2, "w": 2})
    x, w = np.array([0.4, -0.7]), np.array([0.3, 1.1])
    bound = ours.bind(x=list(x))
    from pennylane import numpy as pnp

    node = qml.QNode(circuit, qml.device("default.qubit", wires=2))
    theirs = qml.grad(node, argnums=1)(
        pnp.array(x, requires_grad=False), pnp.array(w, requires_grad=True)
    )
    paulis = ours.observations[0].paulis
    value, gradient = our_gradient(bound, paulis, w)
    np.testing.assert_allclose(value, float(node(x, w)), atol=1e-9)
    np.testing.assert_allclose(gradient, theirs, atol=1e-9)


def test_broadcast_parameters_are_inputs() -> None:
    data = RNG.uniform(-1, 1, (5, 2))
    other = RNG.uniform(-1, 1, 5)
    operations = [qml.AngleEmbedding(data, range(2)), qml.RX(other, 0), qml.RY(other, 1)]
    tape = qml.tape.QuantumScript([*operations, qml.CNOT([0, 1])], [qml.expval(qml.Z(1))])
    ours = from_pennylane(tape)
    assert ours.parameter_shapes == {"x": (3,)}
    assert ours.to_ir().roles == ("input",)
    inputs = broadcast_inputs(tape)
    np.testing.assert_array_equal(inputs, np.column_stack([data, other]))
    expected = qml.execute([tape], qml.device("default.qubit"))[0]
    found = [float(np.asarray(observations_of_func(ours.to_ir(), {"x": row})[0])) for row in inputs]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_measurement_in_the_middle() -> None:
    def circuit(t):
        qml.RX(0.9, 0)
        first = qml.measure(0)
        second = qml.measure(1, reset=True)
        qml.cond(first & ~second, qml.RY)(t, 1)
        return qml.expval(qml.Z(1))

    ours = from_pennylane(circuit)
    theirs = qml.QNode(circuit, qml.device("default.qubit"))(0.7)
    (found,) = observations_of_func(ours.to_ir(), {"t": np.asarray(0.7)})
    np.testing.assert_allclose(float(np.asarray(found)), theirs, atol=1e-9)


def test_conditions_out() -> None:
    circuit = QuantumCircuit(2).ry(0, 0.9).measure(0, bit="a")
    circuit.if_bit("a", QuantumCircuit(2).rx(1, 0.4), QuantumCircuit(2).h(1)).reset(0)
    circuit.expval("Z0", "Z1")
    node = qml.QNode(to_pennylane(circuit), qml.device("default.qubit"))
    found = [float(np.asarray(v)) for v in observations_of_func(circuit.to_ir())]
    np.testing.assert_allclose(node(), found, atol=1e-9)


def test_kinds_of_measurement() -> None:
    def circuit():
        qml.Hadamard(0)
        return qml.sample(wires=[1, 0]), qml.counts(wires=0), qml.probs(wires=1), qml.state()

    ours = from_pennylane(circuit)
    assert ours.observations == (Sample((1, 0)), Sample((0,)), Probs((1,)), State())
    turned = from_pennylane(lambda: (qml.S(0), qml.probs(op=qml.X(0)))[1])
    assert [step.name for step in turned] == ["s", "h"]
    out = tape_of(to_pennylane(QuantumCircuit(1).measure(0), samples="counts"), {})
    assert isinstance(out.measurements[0], qml.measurements.CountsMP)


def test_out_with_parameters_and_batches() -> None:
    x, th, w = vector("x", 2), scalar("th"), matrix("w", 2, 2)
    circuit = QuantumCircuit(2).rx(0, 2 * x[0] + th).ry(1, np.tanh(w[1, 0]) * x[1]).cx(0, 1)
    circuit.expval("0.5*X0 Z1 + Z1")
    function = to_pennylane(circuit)
    assert function.parameter_shapes == {"x": (2,), "th": (), "w": (2, 2)}
    node = qml.QNode(function, qml.device("default.qubit", wires=2))
    batch, weights = RNG.uniform(-1, 1, (4, 2)), RNG.uniform(-1, 1, (2, 2))
    found = node(batch, 0.3, weights)
    for row, value in zip(batch, found, strict=True):
        given_values = {"x": row, "th": np.asarray(0.3), "w": weights}
        (expected,) = observations_of_func(circuit.to_ir(), given_values)
        np.testing.assert_allclose(value, float(np.asarray(expected)), atol=1e-9)


def test_layers_take_qnodes_functions_and_observables() -> None:
    def circuit(inputs, weights):
        qml.AngleEmbedding(inputs, wires=range(2))
        qml.BasicEntanglerLayers(weights, wires=range(2))
        return qml.expval(qml.Z(0))

    options = {"weight_shapes": {"weights": (2, 2)}, "in_features": 2}
    node = qml.QNode(circuit, qml.device("default.qubit", wires=2))
    for source in (circuit, node):
        traced = trace_circuit(source, 2, **options)
        assert traced.input_names == ("inputs[0]", "inputs[1]")
        assert traced.weight_shapes == {"weights": (2, 2)}
        assert traced.observations == (Expval(PauliSum.parse("Z0")),)
    given_ones = trace_circuit(
        node, 2, **options, observables=[qml.Z(1), 0.5 * qml.X(0) @ qml.Y(1)]
    )
    assert given_ones.observations == (
        Expval(PauliSum.parse("Z1")),
        Expval(PauliSum.parse("0.5*X0 Y1")),
    )


@pytest.mark.parametrize(
    ("observable", "expected"),
    [
        (lambda: qml.Hermitian(np.array([[1, 2], [2, -1]]), 1), "Z1 + 2*X1"),
        (lambda: qml.Projector([1, 0], [0, 2]), "0.25*I + 0.25*Z2 - 0.25*Z0 - 0.25*Z0 Z2"),
        (lambda: 2 * qml.I(0) - qml.Y(1), "2 - Y1"),
        (lambda: qml.pauli.PauliWord({0: "X", 3: "Z"}), "X0 Z3"),
    ],
)
def test_observables(observable, expected: str) -> None:
    circuit = from_pennylane(lambda: (qml.Identity(3), qml.expval(qml.Z(0)))[1])
    traced = trace_circuit(circuit, observables=[observable()])
    assert traced.observations[0].paulis is not None
    found = {w: c for c, w in traced.observations[0].paulis.terms}
    wanted = {w: c for c, w in PauliSum.parse(expected).terms}
    assert found == pytest.approx(wanted)


MISTAKES = {
    "no decomposition": (lambda: qml.PauliError("XXXX", 0.1, range(4)), "QS383"),
    "template without values": (lambda x: qml.DiagonalQubitUnitary(x, range(2)), "QS383"),
    "postselection": (lambda: qml.measure(0, postselect=1), "QS383"),
    "variance": (lambda: (qml.X(0), qml.var(qml.Z(0)))[1], "QS384"),
    "two bases": (lambda: (qml.X(0), qml.probs(op=qml.X(0)), qml.expval(qml.Z(0)))[1:], "QS384"),
    "outcome": (lambda: qml.sample(qml.measure(0)), "QS384"),
    "no wires": (lambda: None, "QS385"),
    "many controls": (lambda: qml.MultiControlledX(range(14)), "QS383"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    function, code = MISTAKES[name]
    shapes = {"x": 4} if "x" in function.__code__.co_varnames else {}
    with pytest.raises(QStoreError) as caught:
        from_pennylane(function, shapes=shapes)
    assert caught.value.code == code


def test_keywords_are_no_arguments() -> None:
    circuit = QuantumCircuit(1).rx(0, param="lambda").ry(0, param="lambda_").expval("Z0")
    function = to_pennylane(circuit)
    assert function.parameter_shapes == {"lambda__": (), "lambda_": ()}
    node = qml.QNode(function, qml.device("default.qubit", wires=1))
    assert float(node(lambda__=0.3, lambda_=0.4)) == pytest.approx(np.cos(0.3) * np.cos(0.4))


def test_powers_are_bounded() -> None:
    once = from_pennylane(lambda: qml.pow(qml.RX(0.1, 0), 10**6))
    assert once == QuantumCircuit(1).rx(0, 0.1 * 10**6)
    with pytest.raises(QStoreError, match="to the power") as caught:
        from_pennylane(lambda: qml.pow(qml.prod(qml.RX(0.3, 0), qml.CNOT([0, 1])), 10**7))
    assert caught.value.code == "QS354"
    with pytest.raises(QStoreError, match="to the power") as caught:
        QuantumCircuit(1).h(0).power(10**9)
    assert caught.value.code == "QS354"


def test_wrong_arguments() -> None:
    for call in (
        lambda: from_pennylane(3),
        lambda: from_pennylane(lambda x: qml.X(0), shapes={"y": 2}),
        lambda: from_pennylane(lambda x: qml.X(0), shapes={"x": (0,)}),
        lambda: from_pennylane(lambda: qml.X("a"), wires=["b"]),
        lambda: broadcast_inputs(qml.tape.QuantumScript([qml.X(0)])),
    ):
        with pytest.raises(QStoreError) as caught:
            call()
        assert caught.value.code == "QS385"


@given(st.integers(0, 1000))
def test_random_circuits_of_operators(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = [qml.RX, qml.RY, qml.PhaseShift, qml.CRX, qml.IsingXX, qml.CRot, qml.SingleExcitation]
    operations = []
    for _ in range(6):
        kind = pool[rng.integers(len(pool))]
        wires = [int(w) for w in rng.permutation(3)[: kind.num_wires]]
        op = kind(*rng.uniform(-3, 3, kind.num_params), wires=wires)
        operations.append(qml.adjoint(op) if rng.random() < 0.3 else op)
    tape = qml.tape.QuantumScript(operations)
    ours = from_pennylane(tape, wires=range(3))
    assert_same(our_unitary(ours), np.asarray(qml.matrix(tape, wire_order=range(3))))
