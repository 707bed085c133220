"""PennyLane's channels, in and out, against `default.mixed`."""

import numpy as np
import pennylane as qml
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store
from q_store import QStoreError, QuantumCircuit, from_pennylane, to_pennylane
from q_store.runtime.reference_func import observations_of_func
from q_store.targets.pennylane_text import to_pennylane_text
from q_store.testing.strategies import random_kraus

CHANNELS = {
    "DepolarizingChannel": lambda: qml.DepolarizingChannel(0.3, 1),
    "BitFlip": lambda: qml.BitFlip(0.3, 2),
    "PhaseFlip": lambda: qml.PhaseFlip(0.3, 0),
    "AmplitudeDamping": lambda: qml.AmplitudeDamping(0.3, 1),
    "PhaseDamping": lambda: qml.PhaseDamping(0.3, 1),
    "GeneralizedAmplitudeDamping": lambda: qml.GeneralizedAmplitudeDamping(0.3, 0.2, 1),
    "ResetError": lambda: qml.ResetError(0.1, 0.2, 2),
    "ThermalRelaxationError, T2 < T1": lambda: qml.ThermalRelaxationError(0.1, 1.2, 1.1, 0.5, 2),
    "ThermalRelaxationError, T2 > T1": lambda: qml.ThermalRelaxationError(0.1, 1.2, 2.3, 0.5, 0),
    "PauliError": lambda: qml.PauliError("Y", 0.3, 2),
    "PauliError, two": lambda: qml.PauliError("XY", 0.3, [2, 0]),
    "PauliError, three": lambda: qml.PauliError("XYZ", 0.3, [2, 0, 1]),
    "QubitChannel": lambda: qml.QubitChannel(list(random_kraus(1, 3, 1)), 1),
    "QubitChannel, two": lambda: qml.QubitChannel(list(random_kraus(2, 3, 2)), [2, 0]),
    "QubitChannel, three": lambda: qml.QubitChannel(list(random_kraus(3, 2, 3)), [1, 2, 0]),
    "QubitChannel, a mixture": lambda: qml.QubitChannel(
        [np.sqrt(0.5) * np.eye(2), np.sqrt(0.5) * qml.matrix(qml.H(0))], 0
    ),
}


def mixed(function):
    return qml.QNode(function, qml.device("default.mixed", wires=3))()


def around(channel):
    """A channel where wires and axes can be told apart."""

    def circuit():
        for wire in range(3):
            qml.RY(1.0 + wire, wire)
            qml.RZ(0.4 * wire, wire)
        qml.CNOT([0, 1])
        qml.CNOT([1, 2])
        channel()
        qml.RX(0.3, 1)
        return qml.state()

    return circuit


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("name", CHANNELS)
def test_channels(name: str) -> None:
    circuit = around(CHANNELS[name])
    expected = mixed(circuit)
    ours = from_pennylane(circuit)
    np.testing.assert_allclose(observations_of_func(ours.to_ir())[0], expected, atol=1e-9)
    np.testing.assert_allclose(mixed(to_pennylane(ours)), expected, atol=1e-9)
    written: dict[str, object] = {}
    exec(to_pennylane_text(ours.to_ir()), written)
    np.testing.assert_allclose(mixed(written["main"]), expected, atol=1e-9)


def test_names_stay() -> None:
    kept = ["AmplitudeDamping", "GeneralizedAmplitudeDamping", "BitFlip"]
    circuit = QuantumCircuit(1).amplitude_damping(0, 0.1)
    circuit.generalized_amplitude_damping(0, 0.3, 0.75).bit_flip(0, 0.2)
    with qml.queuing.AnnotatedQueue() as queue:
        to_pennylane(circuit)()
    tape = qml.tape.QuantumScript.from_queue(queue)
    assert [op.name for op in tape.operations] == kept
    assert from_pennylane(tape) == circuit


@pytest.mark.filterwarnings("ignore:Casting complex values")
@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_random_channels(seed: int) -> None:
    random = np.random.default_rng(seed)
    wires = random.permutation(3)[: random.integers(1, 3)].tolist()
    kraus = list(random_kraus(len(wires), int(random.integers(1, 6)), seed))
    circuit = around(lambda: qml.QubitChannel(kraus, wires))
    ours = from_pennylane(circuit)
    np.testing.assert_allclose(observations_of_func(ours.to_ir())[0], mixed(circuit), atol=1e-9)


@pytest.mark.filterwarnings("ignore:Casting complex values")
def test_errors_of_reading_become_channels_before_the_observation() -> None:
    joint = np.array([[0.7, 0.1, 0.2, 0], [0, 0.9, 0, 0.1], [0.3, 0.1, 0.5, 0.1], [0, 0, 0, 1]])
    circuit = QuantumCircuit(3).ry(0, 0.8).cx(0, 2).readout(1, 0.1, 0.2).confusion((2, 0), joint)
    for diagonal in (circuit.copy().probs(2, 1), circuit.copy().expval("Z0 Z2")):
        found = mixed(to_pennylane(diagonal))
        np.testing.assert_allclose(found, q_store.compile(diagonal)(), atol=1e-6)
    for write in (to_pennylane, lambda c: to_pennylane_text(c.to_ir())):
        with pytest.raises(QStoreError, match="computational basis") as caught:
            write(circuit.copy().expval("X0"))
        assert caught.value.code == "QS356"


MISTAKES = {
    "symbols": (lambda t: qml.ResetError(t, 0.1, 0), "has symbols; its numbers are constants"),
    "symbols of a name": (lambda t: qml.BitFlip(t, 0), "p of `bit_flip` must be a number"),
    "no channel": (
        lambda: qml.QubitChannel([np.eye(2), np.diag([1e-5, 3e-3])], 0),
        "does not preserve the trace: the sum of K†K is 9e-06 away",
    ),
    "four wires": (lambda: qml.PauliError("XXXX", 0.1, range(4)), "on 4 wires: at most 3 are read"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    function, reason = MISTAKES[name]
    with pytest.raises(QStoreError, match="operator 0, ") as caught:
        from_pennylane(function)
    assert reason in str(caught.value)


# --- transforms of QNodes ---------------------------------------------------------------------


def turned(t):
    qml.RX(t, 0)
    qml.RX(0.5 * t, 0)
    qml.CNOT([0, 1])
    return qml.expval(qml.Z(0))


def qnode():
    return qml.QNode(turned, qml.device("default.mixed", wires=2))


DAMPED = qml.NoiseModel(
    {qml.noise.op_eq(qml.RX): qml.noise.partial_wires(qml.AmplitudeDamping, 0.3)}
)


@qml.transform
def turned_back(tape):
    """The second gate the other way round, the last one gone."""
    first, second, _ = tape.operations
    operations = [first, qml.adjoint(second, lazy=False)]
    return [qml.tape.QuantumScript(operations, tape.measurements)], lambda results: results[0]


TRANSFORMED = {
    "noise": lambda: qml.noise.add_noise(qnode(), DAMPED),
    "inserted": lambda: qml.noise.insert(qnode(), qml.BitFlip, 0.1, position="all"),
    "folded": lambda: qml.noise.fold_global(qnode(), 3),
    "their own": lambda: turned_back(qnode()),
    "others before": lambda: qml.noise.add_noise(
        qml.transforms.commute_controlled(qml.transforms.cancel_inverses(qnode())), DAMPED
    ),
    "others after": lambda: qml.transforms.merge_rotations(qml.noise.add_noise(qnode(), DAMPED)),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_that_change_what_a_circuit_does(name: str) -> None:
    node = TRANSFORMED[name]()
    value = q_store.compile(from_pennylane(node))(t=0.7)
    np.testing.assert_allclose(value, node(0.7), atol=1e-6)
    assert len(from_pennylane(node)) != 3
    plain = from_pennylane(qml.transforms.merge_rotations(qnode()))
    assert len(plain) == 3


def test_transforms_that_cannot_be_applied() -> None:
    folded = qml.noise.mitigate_with_zne(
        qnode(),
        scale_factors=[1.0, 2.0],
        folding=qml.noise.fold_global,
        extrapolate=qml.noise.poly_extrapolate,
        extrapolate_kwargs={"order": 1},
    )
    merged = qml.noise.add_noise(qml.transforms.merge_rotations(qnode()), DAMPED)
    for node, reason in ((folded, "2 circuits of one"), (merged, "calculates with parameters")):
        with pytest.raises(QStoreError, match=reason) as caught:
            from_pennylane(node)
        assert caught.value.code == "QS385"
    assert len(from_pennylane(merged, constants={"t": 0.7})) == 3
