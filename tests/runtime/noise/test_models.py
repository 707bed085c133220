"""Noise models, circuits with their noise, and errors of reading."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store import from_dsl, to_cirq, to_dsl, to_pennylane, to_qasm3, to_qiskit
from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Module
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module
from q_store.qir.verifier import verify
from q_store.runtime import reference_func
from q_store.runtime.backend import load
from q_store.runtime.noise import NoiseModel, noisy, published
from q_store.runtime.noise.readout import without_readout
from q_store.targets.executable import Executable
from q_store.targets.lower import lower
from q_store.testing.strategies import random_kraus

MODEL = NoiseModel.depolarizing(0.01, 0.05, readout=(0.02, 0.1))


def names(func):
    return [op.defn.name for op in func.ops]


def test_channels_follow_gates_and_reading_comes_last():
    func = noisy(QuantumCircuit(2).h(0).cx(0, 1).id(1).phase(0.2).expval("Z0"), MODEL)
    verify(func)
    assert names(func) == [
        "q.alloc",
        "q.h",
        "n.depolarizing",
        "q.cx",
        "n.depolarizing2",
        "q.id",
        "q.phase",
        "n.readout",
        "n.readout",
        "m.observe",
    ]


def test_channels_on_one_wire_act_on_every_wire_of_a_gate():
    model = NoiseModel(two_qubit=[("amplitude_damping", 0.1), ("phase_flip", 0.2)])
    func = noisy(QuantumCircuit(2).rx(0, 0.3).cx(0, 1), model)
    assert names(func)[3:] == ["n.amplitude_damping"] * 2 + ["n.phase_flip"] * 2


def test_gates_may_have_noise_of_their_own():
    model = NoiseModel(one_qubit=[("bit_flip", 0.1)], gates={"rz": [], "h": [("phase_flip", 0.2)]})
    func = noisy(QuantumCircuit(1).rz(0, 0.3).h(0).x(0), model)
    assert names(func)[1:] == ["q.rz", "q.h", "n.phase_flip", "q.x", "n.bit_flip"]


def test_wide_gates_are_written_out():
    func = noisy(QuantumCircuit(3).ccx(0, 1, 2), MODEL)
    widest = max(op.defn.wires or 0 for op in func.ops if op.is_gate)
    assert widest == 2
    assert names(func).count("n.depolarizing2") >= 5


def test_bodies_have_noise_too():
    circuit = QuantumCircuit(2).h(0).measure(0, bit="c")
    circuit.if_bit("c", QuantumCircuit(2).x(1).cx(1, 0)).expval("Z1")
    func = noisy(circuit, MODEL)
    verify(func)
    body = next(op for op in func.ops if op.regions).regions[0]
    assert [op.defn.name for op in body.ops] == [
        "q.x",
        "n.depolarizing",
        "q.cx",
        "n.depolarizing2",
    ]


def test_noisy_circuits_survive_their_text():
    func = noisy(QuantumCircuit(2).h(0).cx(0, 1).sample(), MODEL)
    again = parse_module(print_module(Module((func,)))).main
    assert lower(again).key == lower(func).key


@pytest.mark.parametrize(
    ("name", "r1", "r2"),
    [
        ("aria-1", 0.0005, 0.0133),
        ("aria-2", 0.00065733, 0.01856),
        ("forte-1", 0.00026667, 0.00494933),
    ],
)
def test_published_models_are_the_published_channels(name, r1, r2):
    model = published()[name]
    one, two = QuantumCircuit(1), QuantumCircuit(2)
    one.append(*model.one_qubit[0][:1], 0, *model.one_qubit[0][1])
    two.append(*model.two_qubit[0][:1], (0, 1), *model.two_qubit[0][1])
    for circuit, rate in ((one.expval("Z0"), r1), (two.expval("Z0"), r2)):
        # Depolarising by Kraus operators sqrt(r / 4**n) P shrinks every word by 1 - r.
        program = load(lower(circuit.to_ir()), np.float64)
        assert program.expvals(None, None)[0, 0] == pytest.approx(1 - rate, abs=1e-12)


def test_gates_go_by_any_of_their_names():
    model = NoiseModel(two_qubit=[("depolarizing2", 0.1)], gates={"cnot": [("bit_flip", 0.2)]})
    assert names(noisy(QuantumCircuit(2).cx(0, 1), model)).count("n.bit_flip") == 2


MODELS = [MODEL, published()["aria-1"], NoiseModel()]


@pytest.mark.parametrize("model", MODELS, ids=["own", "published", "none"])
def test_models_survive_json(model):
    assert NoiseModel.of(json.loads(json.dumps(model.to_dict()))) == model


@pytest.mark.parametrize(
    ("make", "code", "named"),
    [
        (lambda: NoiseModel.of("aria1"), "QS610", "aria-1"),
        (lambda: NoiseModel.of(3), "QS611", "noise"),
        (lambda: NoiseModel.of({"one_qubits": []}), "QS611", "one_qubits"),
        (lambda: NoiseModel(one_qubit="depolarizing"), "QS611", "one_qubit"),
        (lambda: NoiseModel(one_qubit=[("depolarising", 0.1)]), "QS611", "depolarizing"),
        (lambda: NoiseModel(one_qubit=[("depolarizing2", 0.1)]), "QS611", "at most 1"),
        (lambda: NoiseModel(two_qubit=[("pauli", 0.1)]), "QS611", "px, py, pz"),
        (lambda: NoiseModel(two_qubit=[("pauli", 0.5, 0.4, 0.2)]), "QS611", "at most 1"),
        (lambda: NoiseModel(two_qubit=[("bit_flip", -0.1)]), "QS611", "-0.1"),
        (lambda: NoiseModel(two_qubit=[("bit_flip", float("nan"))]), "QS611", "nan"),
        (lambda: NoiseModel(two_qubit=[("bit_flip", "0.1")]), "QS611", "0.1"),
        (lambda: NoiseModel(two_qubit=["bit_flip"]), "QS611", "bit_flip"),
        (lambda: NoiseModel(gates={"rz": 0.1}), "QS611", "rz"),
        (lambda: NoiseModel(gates={"rzy": []}), "QS611", "`rzz`"),
        (lambda: NoiseModel.of("guadalupe"), "QS610", "forte-1"),
        (lambda: NoiseModel(readout=(0.1, 0.2, 0.3)), "QS611", "readout"),
        (lambda: NoiseModel(readout=1.5), "QS611", "readout"),
        (lambda: noisy(3, MODEL), "QS332", "int"),
    ],
)
def test_what_is_no_model_is_refused(make, code, named):
    with pytest.raises(QStoreError) as caught:
        make()
    assert caught.value.code == code
    assert named in str(caught.value)


# --- reading ----------------------------------------------------------------------------------


def read_circuit(*observables):
    circuit = QuantumCircuit(3).ry(0, 0.7).cx(0, 1).ry(1, 0.3).ry(2, param="t").cz(1, 2).h(2)
    return circuit.expval(*observables) if observables else circuit


def test_reading_in_the_computational_basis_is_the_classical_channel():
    """The oracle applies the Kraus operators of `n.readout`."""
    func = noisy(read_circuit("Z0", "Z0 Z2 + 0.3*Z1").probs(2, 0), NoiseModel(readout=(0.02, 0.1)))
    program = load(lower(func), np.float64)
    weights = np.array([0.4])
    wanted = reference_func.observations_of_func(func, {"t": 0.4})
    np.testing.assert_allclose(program.expvals(None, weights)[0], wanted[:2], atol=1e-12)
    np.testing.assert_allclose(program.probs(None, weights, (2, 0))[0], wanted[2], atol=1e-12)


def test_reading_errs_alike_in_every_basis():
    """X is measured after a Hadamard, Y after a turn about X."""
    model = NoiseModel(readout=(0.03, 0.2))
    turned = read_circuit().h(0).rx(1, np.pi / 2).expval("Z0", "Z1", "Z0 Z1 Z2")
    weights = np.array([0.4])
    mine = load(lower(noisy(read_circuit("X0", "Y1", "X0 Y1 Z2"), model)), np.float64)
    theirs = load(lower(noisy(turned, model)), np.float64)
    np.testing.assert_allclose(
        mine.expvals(None, weights), theirs.expvals(None, weights), atol=1e-12
    )


def test_errors_of_reading_on_a_pure_circuit_keep_its_state():
    func = noisy(read_circuit("Z0"), NoiseModel(readout=0.1))
    executable = lower(func)
    assert executable.effects == ()
    program = load(executable, np.float64)
    pure = load(lower(read_circuit("Z0").to_ir()), np.float64)
    weights = np.array([0.4])
    np.testing.assert_array_equal(program.state(None, weights), pure.state(None, weights))
    np.testing.assert_allclose(
        program.expvals(None, weights), 0.8 * pure.expvals(None, weights), atol=1e-12
    )


def test_gradients_through_reading():
    func = noisy(read_circuit("X0 Z1", "Z2").probs(0, 2), NoiseModel(readout=(0.05, 0.15)))
    program, step = load(lower(func), np.float64), 1e-6
    random = np.random.default_rng(0)

    def numeric(call):
        up, down = [call(None, np.array([0.4 + sign * step])) for sign in (1, -1)]
        return (up - down) / (2 * step)

    x = np.zeros((1, 0))
    g = random.normal(size=(1, 2))
    found = program.value_and_vjp(x, np.array([0.4]), g)[2]
    assert found[0] == pytest.approx((g * numeric(program.expvals)).sum(), abs=1e-8)
    g = random.normal(size=(1, 4))
    found = program.probs_vjp(x, np.array([0.4]), g, (0, 2))[2]
    wanted = numeric(lambda x, w: program.probs(x, w, (0, 2)))
    assert np.abs(wanted).max() > 0.1
    assert found[0] == pytest.approx((g * wanted).sum(), abs=1e-8)


def test_bits_are_read_wrongly_as_often_as_said():
    circuit = QuantumCircuit(2).x(0).sample(0, 1)
    program = load(lower(noisy(circuit, NoiseModel(readout=(0.1, 0.3)))), np.float32)
    bits = program.samples(None, None, (0, 1), 20000, 4)[0]
    assert bits[:, 0].mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.21 / 20000))
    assert bits[:, 1].mean() == pytest.approx(0.1, abs=5 * np.sqrt(0.09 / 20000))
    np.testing.assert_array_equal(bits, program.samples(None, None, (0, 1), 20000, 4)[0])


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
@settings(max_examples=20)
def test_two_errors_of_reading_are_one(p01, p10, q01, q10):
    circuit = QuantumCircuit(1).ry(0, 0.9)
    circuit.append("readout", 0, p01, p10).append("readout", 0, q01, q10)
    func = circuit.expval("Z0").to_ir()
    found = load(lower(func), np.float64).expvals(None, None)[0, 0]
    assert found == pytest.approx(reference_func.observations_of_func(func)[0], abs=1e-12)


def test_nothing_but_reading_follows_an_error_of_reading():
    late = QuantumCircuit(1).append("readout", 0, 0.1, 0.1).x(0).expval("Z0")
    body = QuantumCircuit(1).append("readout", 0, 0.1, 0.1)
    within = QuantumCircuit(1).measure(0, bit="c").if_bit("c", body).expval("Z0")
    for circuit in (late, within):
        with pytest.raises(QStoreError) as caught:
            lower(circuit.to_ir())
        assert caught.value.code == "QS544"


def test_files_hold_errors_of_reading(tmp_path):
    executable = lower(noisy(read_circuit("Z0"), MODEL))
    assert executable.readout.tolist() == [0.02, 0.1] * 3
    executable.save(tmp_path / "e.npz")
    assert Executable.load(tmp_path / "e.npz").key == executable.key
    assert without_readout(executable).key != executable.key


def test_observed_wires_may_be_reordered():
    text = """
    qir 1
    func @main() {
      %a, %b = q.alloc 2
      %a.1 = q.x %a
      %a.2 = n.readout(0.0, 0.25) %a.1
      %e, %f = m.observe %b, %a.2 [expval(Z0), expval(Z1)]
      return %e, %f
    }
    """
    program = load(lower(parse_module(text).main), np.float64)
    np.testing.assert_allclose(program.expvals(None, None)[0], [1.0, -0.5], atol=1e-12)


def test_long_words_with_even_errors_stay_one_word():
    circuit = QuantumCircuit(9).ry(0, 0.3)
    word = Expval(PauliSum(((1.0, tuple((q, "Z") for q in range(9))),)))
    func = noisy(circuit.expval(word.paulis), NoiseModel(readout=0.01))
    assert len(without_readout(lower(func)).term_coef) == 1
    program = load(lower(func), np.float64)
    assert program.expvals(None, None)[0, 0] == pytest.approx(0.98**9 * np.cos(0.3))


# --- elsewhere --------------------------------------------------------------------------------


def test_the_text_language_has_errors_of_reading():
    func = noisy(read_circuit("Z0").bind(t=0.5), MODEL)
    assert lower(from_dsl(to_dsl(QuantumCircuit.from_ir(func)))).key == lower(func).key


@pytest.mark.parametrize("export", [to_cirq, to_pennylane, to_qiskit, to_qasm3])
def test_other_libraries_have_none_in_other_bases(export):
    circuit = QuantumCircuit(1).h(0).append("readout", 0, 0.1, 0.2).expval("X0")
    with pytest.raises(QStoreError) as caught:
        _used(export, circuit)
    assert caught.value.code == "QS356"
    assert "n.readout" in str(caught.value)


def _used(export, circuit):
    """PennyLane's functions say what they cannot do when they are called."""
    made = export(circuit)
    if callable(made):
        made()


def test_any_channel_in_a_model():
    operators = random_kraus(1, 2, 3)
    model = NoiseModel(
        one_qubit=[("kraus", operators), ("generalized_amplitude_damping", 0.9, 0.8)],
        two_qubit=[("kraus2", random_kraus(2, 3, 4)), ("pauli2", *[0.01] * 15)],
        readout=(0.9, 0.8),
    )
    assert NoiseModel.of(model.to_dict()) == model
    circuit = QuantumCircuit(2).ry(0, 0.4).cx(0, 1)
    by_hand = QuantumCircuit(2).ry(0, 0.4).kraus(0, operators)
    by_hand.generalized_amplitude_damping(0, 0.9, 0.8).cx(0, 1)
    by_hand.kraus((0, 1), random_kraus(2, 3, 4)).pauli2(0, 1, *[0.01] * 15)
    for wire in range(2):
        by_hand.readout(wire, 0.9, 0.8)
    found = lower(noisy(circuit.copy().probs(0, 1), model))
    assert found.key == lower(by_hand.probs(0, 1).to_ir()).key


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (("kraus", [np.diag([1, 0.5])]), "`kraus` does not preserve the trace"),
        (("kraus", 0.5), "takes 8 numbers"),
        (("kraus", [["a"]]), "channels with numbers"),
        (("kraus", [[1, 0], [0]]), "channels with numbers"),
        (("kraus2", random_kraus(1, 2, 1)), "takes 32 numbers"),
    ],
)
def test_matrices_in_a_model_that_are_no_channel(fault, reason):
    with pytest.raises(QStoreError) as caught:
        NoiseModel(two_qubit=[fault])
    assert caught.value.code == "QS611"
    assert reason in str(caught.value)
