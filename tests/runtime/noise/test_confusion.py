"""Joint errors of reading: values, probabilities, gradients, samples, files, on every program."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference_func
from q_store.runtime.backend import load, place
from q_store.runtime.noise.readout import reading_errors, without_readout
from q_store.runtime.simulator_config import SimulatorConfig
from q_store.targets.executable import Confusions, Executable
from q_store.targets.lower import lower

WEIGHTS = np.array([0.4, 1.3, -0.8])


def confusion(qubits, seed):
    """A matrix (2**qubits, 2**qubits) of probabilities that is far from symmetric."""
    matrix = np.random.default_rng(seed).random((2**qubits, 2**qubits)) ** 3
    return matrix / matrix.sum(axis=1, keepdims=True)


def turned(noise=False):
    circuit = QuantumCircuit(3)
    for wire in range(3):
        circuit.ry(wire, param=f"t{wire}").rz(wire, 0.3 * wire)
    circuit.cx(0, 1).rxx(1, 2, 0.7)
    return circuit.amplitude_damping(0, 0.2) if noise else circuit


def misread(circuit):
    """Single errors before and after joint ones that overlap."""
    circuit.readout(1, 0.1, 0.3).confusion((2, 0), confusion(2, 1))
    return circuit.confusion((0, 1), confusion(2, 2)).readout(0, 0.9, 0.8)


def as_read(probabilities):
    """The same for probabilities (2, 2, 2) by hand."""
    single = [np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([[0.1, 0.9], [0.8, 0.2]])]
    joint = [confusion(2, seed).reshape((2,) * 4) for seed in (1, 2)]
    read = np.einsum("abc,bB->aBc", probabilities, single[0])
    read = np.einsum("abc,caCA->AbC", read, joint[0])
    read = np.einsum("abc,abAB->ABc", read, joint[1])
    return np.einsum("abc,aA->Abc", read, single[1])


def program(circuit, backend="batched"):
    return load(lower(circuit.to_ir()), np.float64, place(backend))


@pytest.mark.parametrize("noise", [False, True], ids=["unitary", "noisy"])
def test_probabilities_of_any_qubits(noise):
    exact = program(turned(noise).probs(0, 1, 2)).probs(None, WEIGHTS, (0, 1, 2))
    read = as_read(exact.reshape(2, 2, 2))
    found = program(misread(turned(noise)).probs(0, 1, 2))
    for qubits, wanted in (
        ((0, 1, 2), read),
        ((2, 0), read.sum(axis=1).T),
        ((1,), read.sum(axis=(0, 2))),
        ((2,), read.sum(axis=(0, 1))),
    ):
        mine = found.probs(None, WEIGHTS, qubits)[0]
        np.testing.assert_allclose(mine, wanted.ravel(), atol=1e-12)


SIGN = np.array([1.0, -1.0])


def test_values_are_means_of_what_is_read():
    """In the basis of each letter; qubits that a word leaves out are read in Z."""
    words = ("Z0", "Z2", "Z0 Z1 Z2", "X0", "Y2 X1")
    found = program(misread(turned()).expval(*words)).expvals(None, WEIGHTS)[0]
    for word, value in zip(words, found, strict=True):
        letters = {int(part[1]): part[0] for part in word.split()}
        circuit = turned()
        for wire, letter in letters.items():
            if letter == "Y":
                circuit.sdg(wire)
            if letter != "Z":
                circuit.h(wire)
        exact = program(circuit.probs(0, 1, 2)).probs(None, WEIGHTS, (0, 1, 2))
        signs = [SIGN if wire in letters else np.ones(2) for wire in range(3)]
        mean = np.einsum("abc,a,b,c", as_read(exact.reshape(2, 2, 2)), *signs)
        assert value == pytest.approx(mean, abs=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_random_errors_are_those_of_the_oracle(seed):
    """The oracle has channels in their place, right for what is read in Z."""
    random = np.random.default_rng(seed)
    circuit = turned(noise=bool(seed % 2)).bind({f"t{k}": t for k, t in enumerate(WEIGHTS)})
    for k in range(random.integers(1, 4)):
        wires = random.permutation(3)[: random.integers(1, 4)].tolist()
        circuit.confusion(wires, confusion(len(wires), seed + k))
    circuit.expval("Z0 Z2", "Z1", "0.5*Z0 + Z1 Z2 - 0.25")
    wanted = reference_func.observations_of_func(circuit.to_ir())
    found = program(circuit)
    np.testing.assert_allclose(found.expvals(None, None)[0], wanted, atol=1e-10)


def test_gradients():
    found, step = program(misread(turned(noise=True)).expval("Z0 Z1", "X2").probs(2, 0)), 1e-6
    random = np.random.default_rng(5)
    values, chances = random.normal(size=(1, 2)), random.normal(size=(1, 4))
    by_values = found.value_and_vjp(None, WEIGHTS, values)[2]
    by_chances = found.probs_vjp(None, WEIGHTS, chances, (2, 0))[2]
    for k, axis in enumerate(np.eye(3)):
        ends = [WEIGHTS + sign * step * axis for sign in (1, -1)]
        up, down = [(found.expvals(None, w) * values).sum() for w in ends]
        assert by_values[k] == pytest.approx((up - down) / (2 * step), abs=1e-8)
        up, down = [(found.probs(None, w, (2, 0)) * chances).sum() for w in ends]
        assert by_chances[k] == pytest.approx((up - down) / (2 * step), abs=1e-8)


@pytest.mark.parametrize(
    "backend",
    ["batched", SimulatorConfig(trajectories=1), "aer", "lightning.qubit"],
    ids=["exact", "trajectories", "aer", "lightning"],
)
def test_samples(backend):
    noise = backend != "lightning.qubit"
    found = program(misread(turned(noise)).sample(2, 1), backend)
    exact = program(turned(noise).probs(0, 1, 2)).probs(None, WEIGHTS, (0, 1, 2))
    chances = as_read(exact.reshape(2, 2, 2)).sum(axis=0).T.ravel()
    shots = 20_000
    bits = found.samples(None, WEIGHTS, (2, 1), shots, 3)[0]
    assert (bits == found.samples(None, WEIGHTS, (2, 1), shots, 3)[0]).all()
    counts = np.bincount(bits @ [2, 1], minlength=4)
    statistic = ((counts - shots * chances) ** 2 / (shots * chances)).sum()
    assert statistic < 31, statistic  # three degrees of freedom: once in a million


def test_layers_and_shots():
    """Shots of a layer are read with errors too, each word in its basis."""
    import torch

    from q_store.torch import QuantumLayer

    def circuit_fn(circuit, x, w):
        circuit.ry(0, x[0]).ry(1, w[0]).cx(0, 1).rx(1, 0.4)
        return circuit.confusion((1, 0), confusion(2, 9)).expval("0.5*Z0 - Z0 Z1", "Y1", "X0")

    found = []
    for shots in (None, 40_000):
        layer = QuantumLayer(circuit_fn, n_qubits=2, shots=shots, seed=1)
        with torch.no_grad():
            next(iter(layer.parameters()))[:] = 0.7
        found.append(layer(torch.tensor([[0.3], [1.2]])).detach().numpy())
    assert np.abs(found[0] - found[1]).max() < 0.03
    assert np.abs(found[0]).min() > 0.05


# --- executables ------------------------------------------------------------------------------


def test_files():
    executable = lower(misread(turned()).sample(0, 2).to_ir())
    again = Executable.from_bytes(executable.to_bytes())
    assert (again.key, again.format) == (executable.key, 3)
    mine, theirs = reading_errors(again), reading_errors(executable)
    assert [qubits for qubits, _ in mine] == [(1,), (2, 0), (0, 1), (0,)]
    for (_, left), (_, right) in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(left, right)
    plain = replace(executable, confusions=Confusions())
    assert (plain.format, plain.key != executable.key) == (2, True)
    assert replace(plain, readout=np.zeros(0)).format == 1


def test_errors_follow_wires_that_are_observed_in_another_order():
    text = """
    qir 1
    func @main() -> (bit[2]) {
      %a, %b = q.alloc 2
      %b.1 = q.x %b
      %a.1, %b.2 = n.confusion(1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1) %a, %b.1
      %s = m.observe %b.2, %a.1 [sample(0, 1)]
      return %s
    }
    """
    from q_store.qir.parser import parse_module

    executable = lower(parse_module(text).main)
    assert executable.confusions.qubits.tolist() == [1, 0]
    found = load(executable, np.float64).samples(None, None, (0, 1), 3, 1)
    assert found[0].tolist() == [[0, 1]] * 3  # (a, b) = (0, 1) is read as (1, 0)


BAD = {
    "pointers": {"ptr": np.array([0, 3], np.int32)},
    "no such qubit": {"qubits": np.array([7, 0], np.int32)},
    "twice": {"qubits": np.array([0, 0], np.int32)},
    "too few chances": {"chances": np.zeros(3)},
    "rows": {"chances": np.full(16, 0.2)},
    "negative": {"chances": np.full(16, -1.0)},
    "not finite": {"chances": np.full(16, np.nan)},
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_files_are_refused(name):
    executable = lower(turned().confusion((2, 0), confusion(2, 1)).sample(0, 2).to_ir())
    changed = replace(executable, confusions=replace(executable.confusions, **BAD[name]))
    with pytest.raises(QStoreError) as caught:
        Executable.from_bytes(changed.to_bytes())
    assert caught.value.code == "QS500"


@pytest.mark.parametrize(
    "change",
    [
        {"b": np.full(8, 0.3)},
        {
            "slot_ptr": np.array([0, 7], np.int32),
            "b": np.zeros(7),
            "a_indptr": np.zeros(8, np.int32),
        },
        {"op_names": ("n.kraus2",)},
    ],
    ids=["trace", "count", "wires"],
)
def test_damaged_channels_are_refused(change):
    executable = lower(QuantumCircuit(2).kraus(0, [np.diag([1, 1j])]).sample().to_ir())
    assert executable.format == 3
    with pytest.raises(QStoreError, match="kraus") as caught:
        Executable.from_bytes(replace(executable, **change).to_bytes())
    assert caught.value.code == "QS500"


@pytest.mark.parametrize(
    "circuit",
    [
        turned().confusion((0, 1), confusion(2, 1)).h(1).sample(),
        turned()
        .measure(0, bit="m")
        .if_bit("m", QuantumCircuit(3).confusion(1, np.eye(2)))
        .sample(),
    ],
    ids=["followed", "conditional"],
)
def test_errors_of_reading_come_last(circuit):
    with pytest.raises(QStoreError) as caught:
        lower(circuit.to_ir())
    assert caught.value.code == "QS544"


def test_copies_are_the_same_program():
    found = program(misread(turned()).sample(0, 1))
    again = pickle.loads(pickle.dumps(found))
    qubits = (0, 2)
    np.testing.assert_array_equal(
        again.probs(None, WEIGHTS, qubits), found.probs(None, WEIGHTS, qubits)
    )


@pytest.mark.parametrize("p", [0.01, 0.07, 0.1, 0.3, 1 / 3])
def test_symmetric_errors_do_not_add_words(p):
    """Flips that do not look at the outcome, of two qubits together: XX and XI."""
    flips = {0b11: p, 0b10: p / 2, 0b00: 1 - 1.5 * p}
    matrix = [[flips.get(i ^ j, 0.0) for j in range(4)] for i in range(4)]
    circuit = turned().confusion((0, 2), matrix).readout(1, p, p).expval("Z0 Z1 Z2")
    assert len(without_readout(lower(circuit.to_ir())).term_coef) == 1
