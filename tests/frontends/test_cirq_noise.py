"""Cirq's channels of any form and its errors of reading, in and out."""

from itertools import product

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store
from q_store import QStoreError, QuantumCircuit, from_cirq, to_cirq
from q_store.qir.registry import all_gates
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import density_matrix
from q_store.testing.strategies import random_kraus
from tests.frontends.sdk_oracles import cirq_density

SEEDS = st.integers(0, 10_000)
Q = cirq.LineQubit.range(3)
FLIPS = {"II": 0.5, "XY": 0.2, "ZI": 0.2, "IY": 0.1}


class WithKraus(cirq.Gate):
    def _num_qubits_(self) -> int:
        return 2

    def _kraus_(self):
        return random_kraus(2, 3, 5)


class WithMixture(cirq.Gate):
    def _num_qubits_(self) -> int:
        return 1

    def _mixture_(self):
        return [(0.3, cirq.unitary(cirq.H)), (0.7, cirq.unitary(cirq.T))]


class Applied(cirq.Gate):
    """Known only by what it does to a density matrix: a reset."""

    def _num_qubits_(self) -> int:
        return 1

    def _has_kraus_(self) -> bool:
        return True

    def _apply_channel_(self, args):
        zero, one = args.target_tensor, args.out_buffer
        left, right = args.left_axes[0], args.right_axes[0]
        one[...] = 0
        at = [slice(None)] * zero.ndim
        at[left] = at[right] = 0
        other = list(at)
        other[left] = other[right] = 1
        one[tuple(at)] = zero[tuple(at)] + zero[tuple(other)]
        return one


class Composite(cirq.Gate):
    """Channels in a definition, on more qubits than one channel may have."""

    def _num_qubits_(self) -> int:
        return 3

    def _decompose_(self, qubits):
        yield cirq.H(qubits[0])
        yield cirq.amplitude_damp(0.3)(qubits[0])
        yield cirq.ResetChannel()(qubits[2])
        yield WithKraus()(qubits[1], qubits[0])


class Bare(cirq.Operation):
    """An operation without a gate."""

    @property
    def qubits(self):
        return (Q[1], Q[0])

    def with_qubits(self, *qubits):
        return self

    def _kraus_(self):
        return random_kraus(2, 2, 8)


COMPOSITE = Composite()
OPERATIONS = [
    cirq.KrausChannel(list(random_kraus(1, 2, 1)))(Q[2]),
    cirq.KrausChannel(list(random_kraus(2, 4, 2)))(Q[2], Q[0]),
    cirq.KrausChannel(list(random_kraus(3, 2, 3)))(Q[1], Q[2], Q[0]),
    cirq.KrausChannel(list(random_kraus(1, 9, 4)))(Q[0]),
    cirq.KrausChannel([cirq.unitary(cirq.H)])(Q[1]),
    cirq.MixedUnitaryChannel(
        [(0.2, cirq.testing.random_unitary(4, random_state=k)) for k in range(5)]
    )(Q[2], Q[1]),
    cirq.depolarize(0.2, n_qubits=3)(*Q),
    cirq.asymmetric_depolarize(error_probabilities=FLIPS)(Q[2], Q[0]),
    cirq.asymmetric_depolarize(error_probabilities={"X": 0.2, "I": 0.8})(Q[1]),
    cirq.asymmetric_depolarize(error_probabilities={"XYZ": 0.4, "III": 0.6})(*Q),
    cirq.generalized_amplitude_damp(0.3, 0.6)(Q[1]),
    cirq.H.with_probability(0.3)(Q[0]),
    cirq.CNOT.with_probability(0.3)(Q[2], Q[1]),
    cirq.RandomGateChannel(sub_gate=cirq.amplitude_damp(0.4), probability=0.5)(Q[0]),
    WithKraus()(Q[2], Q[0]),
    WithMixture()(Q[1]),
    Applied()(Q[1]),
    COMPOSITE(Q[1], Q[2], Q[0]),
    Bare(),
    cirq.ControlledOperation([Q[2]], cirq.depolarize(0.3)(Q[0])),
    cirq.ControlledGate(WithMixture(), control_values=[0])(Q[1], Q[2]),
    cirq.CircuitOperation(cirq.FrozenCircuit(WithKraus()(Q[0], Q[1])), repetitions=2),
]


def around(operation: cirq.OP_TREE) -> cirq.Circuit:
    """An operation between gates that tell the qubits and the axes apart."""
    return cirq.Circuit(
        *[cirq.ry(1.0 + k).on(qubit) for k, qubit in enumerate(Q)],
        *[cirq.rz(0.4 * k).on(qubit) for k, qubit in enumerate(Q)],
        cirq.CX(*Q[:2]),
        cirq.CX(*Q[1:]),
        operation,
        cirq.ry(0.3).on_each(*Q),
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: type(op.gate or op).__name__)
def test_channels_of_every_form(operation: cirq.Operation) -> None:
    circuit = around(operation)
    ours = from_cirq(circuit)
    verify(ours.to_ir())
    # Cirq's own matrix of a gate made of channels is not Hermitian.
    made_of = cirq.decompose_once(operation) if operation.gate == COMPOSITE else operation
    expected = cirq_density(around(made_of), 3)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-9)
    np.testing.assert_allclose(cirq_density(to_cirq(ours), 3), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("gate", "name", "numbers"),
    [
        (cirq.amplitude_damp(0.3), "amplitude_damping", (0.3,)),
        (cirq.amplitude_damp(1.0), "amplitude_damping", (1.0,)),
        (cirq.generalized_amplitude_damp(0.6, 0.3), "generalized_amplitude_damping", (0.3, 0.6)),
        (cirq.generalized_amplitude_damp(0.0, 0.3), "generalized_amplitude_damping", (0.3, 0.0)),
        (cirq.phase_damp(0.36), "pauli", (0.0, 0.0, 0.1)),
        (cirq.depolarize(0.3), "pauli", (0.1, 0.1, 0.1)),
        (cirq.ResetChannel(), "amplitude_damping", (1.0,)),
    ],
    ids=repr,
)
def test_channels_are_told_by_what_they_do(gate, name, numbers) -> None:
    """Kraus operators mixed by a unitary are the same channel."""
    kraus = np.array(cirq.kraus(gate))
    mixing = cirq.testing.random_unitary(len(kraus), random_state=3)
    circuit = cirq.Circuit(cirq.KrausChannel(list(np.einsum("jk,kab->jab", mixing, kraus)))(Q[0]))
    (step,) = from_cirq(circuit)
    assert step.name == name
    np.testing.assert_allclose(step.angles, numbers, atol=1e-12)


def test_what_is_nearly_damping_stays_what_it_is() -> None:
    turned = cirq.unitary(cirq.rz(0.01)) @ np.array(cirq.kraus(cirq.amplitude_damp(0.3)))
    (step,) = from_cirq(cirq.Circuit(cirq.KrausChannel(list(turned))(Q[0])))
    assert step.name == "kraus"


@pytest.mark.parametrize("name", sorted(n for n, row in all_gates().items() if row.wires))
def test_cirq_simulates_every_gate_beside_noise(name: str) -> None:
    """It has no density matrix of a global phase."""
    row = all_gates()[name]
    circuit = QuantumCircuit(row.wires or 1).amplitude_damping(0, 0.2)
    circuit.append(name, range(row.wires or 1), *[0.3 + k for k in range(len(row.angle_names))])
    circuit.phase(0.4).h(0)
    found = cirq_density(to_cirq(circuit), circuit.n_qubits)
    np.testing.assert_allclose(found, density_matrix(circuit.to_ir()), atol=1e-9)


def test_named_channels_come_back_by_name() -> None:
    gates = [
        cirq.generalized_amplitude_damp(0.3, 0.6)(Q[1]),
        cirq.asymmetric_depolarize(error_probabilities=FLIPS)(Q[2], Q[0]),
        cirq.amplitude_damp(0.1)(Q[0]),
    ]
    back = list(to_cirq(from_cirq(cirq.Circuit(gates))).all_operations())
    assert back[0] == gates[0]
    chances = back[1].gate.error_probabilities
    assert {w: round(p, 12) for w, p in chances.items() if p} == FLIPS
    assert back[2] == gates[2]


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_random_noisy_circuits(seed: int) -> None:
    """Density matrices, and probabilities by the runtime, on names of qubits in odd order."""
    random = np.random.default_rng(seed)
    qubits = [cirq.q(name) for name in ("b10", "a", "b9")]
    circuit = cirq.Circuit(cirq.I.on_each(*qubits))
    for _ in range(4):
        wires = [qubits[k] for k in random.permutation(3)[: random.integers(1, 3)]]
        matrices = random_kraus(len(wires), int(random.integers(1, 5)), int(random.integers(1e6)))
        circuit.append(cirq.ry(random.normal()).on(qubits[random.integers(3)]))
        circuit.append(cirq.KrausChannel(list(matrices)).on(*wires))
    expected = cirq_density(circuit, 3)
    ours = from_cirq(circuit)
    np.testing.assert_allclose(density_matrix(ours.to_ir()), expected, atol=1e-9)
    found = q_store.compile(ours, output="probs")()
    np.testing.assert_allclose(found, np.diag(expected).real, atol=1e-6)
    np.testing.assert_allclose(cirq_density(to_cirq(ours), 3), expected, atol=1e-9)


REFUSED = {
    "four qubits": cirq.KrausChannel([np.eye(16)]).on(*cirq.LineQubit.range(4)),
    "records": cirq.KrausChannel([np.diag([1, 0]), np.diag([0, 1])], key="k").on(Q[0]),
    "symbols": cirq.X.with_probability(sympy.Symbol("p")).on(Q[0]),
    "trace": cirq.KrausChannel([np.diag([1, 0]), np.diag([0, 0.9])]).on(Q[0]),
    "infinite": cirq.KrausChannel([np.diag([1, np.nan])]).on(Q[0]),
}
REASONS = {
    "four qubits": "on 4 qubits: channels act on at most 3",
    "records": "records which of its operators acted",
    "symbols": "has symbols; probabilities are numbers",
    "trace": "does not preserve the trace: the sum of K†K is 0.19 away",
    "infinite": "numbers that are not finite",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_channel_here_is_named(name: str) -> None:
    with pytest.raises(QStoreError, match="operation 0, `") as caught:
        from_cirq(cirq.Circuit(REFUSED[name]))
    assert caught.value.code == "QS350"
    assert REASONS[name] in str(caught.value)


# --- errors of reading ------------------------------------------------------------------------


def confusion(qubits: int, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).random((2**qubits, 2**qubits)) ** 3
    return matrix / matrix.sum(axis=1, keepdims=True)


def counted(bits: np.ndarray) -> np.ndarray:
    """Relative frequencies of outcomes, the first bit most significant."""
    places = 1 << np.arange(bits.shape[1])[::-1]
    return np.bincount(bits @ places, minlength=1 << bits.shape[1]) / len(bits)


Z = cirq.MeasurementKey("z")
MASKS = list(product((False, True), repeat=3))


@pytest.mark.parametrize("mask", MASKS[::3], ids=str)
def test_joint_errors_at_the_end(mask: tuple[bool, ...]) -> None:
    """Against the probabilities of the state, read with errors and inverted afterwards."""
    pair, single = confusion(2, 1), confusion(1, 2)
    before = around(cirq.amplitude_damp(0.2)(Q[0]))
    order = (Q[2], Q[0], Q[1])
    measured = cirq.measure(
        *order, key="m", invert_mask=mask, confusion_map={(2, 0): pair, (1,): single}
    )
    true = np.diag(cirq_density(before, 3)).real.reshape(2, 2, 2)
    read = np.einsum("bca,caCA,bB->ABC", true, pair.reshape((2,) * 4), single)
    read = read[tuple(slice(None, None, -1 if flip else 1) for flip in mask)]
    circuit = from_cirq(cirq.Circuit(before, measured))
    found = q_store.compile(circuit, output="probs")()
    np.testing.assert_allclose(found, read.ravel(), atol=1e-6)
    back = q_store.compile(to_cirq(circuit), output="probs")()
    np.testing.assert_allclose(back, read.ravel(), atol=1e-6)
    bits = q_store.compile(circuit, output="samples")(shots=20_000, seed=3)
    assert np.abs(counted(bits) - read.ravel()).max() < 0.02


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_errors_in_the_middle(bits: int) -> None:
    """The bit that conditions read and the qubit go different ways."""
    circuit = around(cirq.I(Q[0]))
    qubits = (Q[1], Q[2], Q[0])[:bits]
    mask = (True, False, True)[:bits]
    circuit.append(
        cirq.measure(
            *qubits,
            key="m",
            invert_mask=mask,
            confusion_map={tuple(range(bits))[::-1]: confusion(bits, 7)},
        )
    )
    circuit.append(cirq.ry(0.9).on(Q[0]).with_classical_controls("m"))
    circuit.append([cirq.ry(0.4).on_each(*Q), cirq.measure(*Q, key="z")])
    assert_same_chances(circuit)


def test_an_error_of_bits_of_which_one_ends_its_qubit() -> None:
    circuit = around(cirq.I(Q[0]))
    joint = {(1, 0): confusion(2, 8)}
    circuit.append(cirq.measure(*Q[:2], key="m", invert_mask=(True,), confusion_map=joint))
    circuit.append([cirq.ry(0.9).on(Q[0]), cirq.measure(Q[0], Q[2], key="z")])
    assert_same_chances(circuit, ended=Q[1])


def assert_same_chances(circuit: cirq.Circuit, ended: cirq.Qid | None = None) -> None:
    """Of the key z, behind the bit of a qubit that ends before. Cirq keeps deferred bits in
    qubits of their own."""
    deferred = cirq.defer_measurements(circuit)
    kept = [q for q in deferred.all_qubits() if ended and repr(ended) in repr(q) and q != ended]
    (last,) = [op for op in deferred.all_operations() if cirq.measurement_key_objs(op) == {Z}]
    unmeasured = cirq.drop_terminal_measurements(deferred)
    order = [*kept, *last.qubits]
    order += sorted(deferred.all_qubits() - set(order))
    rho = cirq.DensityMatrixSimulator().simulate(unmeasured, qubit_order=order)
    found = np.diag(rho.final_density_matrix).real.reshape(2 ** (len(kept) + len(last.qubits)), -1)
    chances = q_store.compile(from_cirq(circuit), output="probs")()
    np.testing.assert_allclose(chances, found.sum(axis=1), atol=1e-6)


def test_a_bit_that_is_read_wrongly_and_sampled_is_sampled_as_read() -> None:
    wrong = {(0,): np.array([[0.0, 1.0], [1.0, 0.0]])}
    circuit = cirq.Circuit(
        cirq.measure(Q[0], key="m", confusion_map=wrong),
        cirq.X(Q[1]).with_classical_controls("m"),
        cirq.measure(Q[1], key="n"),
    )
    assert (
        q_store.compile(from_cirq(circuit), output="samples")(shots=3, seed=1).tolist()
        == [[1, 1]] * 3
    )


@pytest.mark.parametrize(
    ("circuit", "reason"),
    [
        (
            cirq.Circuit(
                cirq.measure(*cirq.LineQubit.range(4), confusion_map={(0, 1, 2, 3): np.eye(16)}),
                cirq.X.on_each(*cirq.LineQubit.range(4)),
            ),
            "4 bits together in the middle",
        ),
        (
            cirq.Circuit(cirq.measure(*Q, confusion_map={(0, 1): np.eye(4), (1,): np.eye(2)})),
            "share a qubit",
        ),
        (
            cirq.Circuit(cirq.measure(Q[0], confusion_map={(0,): np.array([[0.5, 0.4], [0, 1]])})),
            "rows that add up to 1; that of outcome 0 gives 0.9",
        ),
    ],
    ids=["wide", "shared", "no probabilities"],
)
def test_errors_of_reading_without_a_counterpart(circuit: cirq.Circuit, reason: str) -> None:
    with pytest.raises(QStoreError) as caught:
        from_cirq(circuit)
    assert caught.value.code == "QS350"
    assert reason in str(caught.value)


def test_errors_of_reading_go_out_as_confusion_maps() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 1).ry(2, 0.4)
    circuit.readout(0, 0.1, 0.2).confusion((1, 0), confusion(2, 3)).readout(2, 0.3, 0.0)
    circuit.sample(2, 1, 0)
    (measured,) = [op for op in to_cirq(circuit).all_operations() if cirq.is_measurement(op)]
    single = np.array([[0.9, 0.1], [0.2, 0.8]])
    maps = measured.gate.confusion_map
    assert maps.keys() == {(2, 1), (0,)} or maps.keys() == {(1, 2), (0,)}
    joint = np.kron(single, np.eye(2)) @ confusion(2, 3)[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    found = maps[2, 1] if (2, 1) in maps else maps[1, 2][np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    np.testing.assert_allclose(found, joint, atol=1e-12)
    np.testing.assert_allclose(maps[0,], [[0.7, 0.3], [0.0, 1.0]])
    both = [q_store.compile(c, output="probs")() for c in (circuit, to_cirq(circuit))]
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


def test_errors_of_reading_that_nothing_samples_go_out_as_channels() -> None:
    circuit = QuantumCircuit(2).ry(0, 0.4).cx(0, 1).readout(0, 0.1, 0.2)
    circuit.confusion((1, 0), confusion(2, 3))
    diagonal = circuit.copy().expval("Z0 Z1", "Z1")
    ours = q_store.compile(diagonal)()
    np.testing.assert_allclose(q_store.compile(to_cirq(diagonal))(), ours, atol=1e-6)
    for refused in (circuit.copy().expval("X0"), circuit.copy().state(), circuit):
        with pytest.raises(QStoreError, match="computational basis") as caught:
            to_cirq(refused)
        assert caught.value.code == "QS356"
