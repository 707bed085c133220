"""`q_store.compile`: numbers in, what the circuit yields out."""

from pathlib import Path

import numpy as np
import pytest

import q_store
from q_store import QStoreError
from q_store.targets.executable import Executable

PROGRAM = """
qubits q[2]
input x[2]
weight t, w[2, 2]
ry(x[0]) q[0]
ry(t + w[1, 0]*x[1]) q[1]
expect Z0
probs q[1]
expect Z1 + 0.5
state
"""
WEIGHTS = {"t": 0.3, "w": [[0.0, 0.0], [0.5, 0.0]]}


def test_a_call_gives_every_observation_in_order() -> None:
    compiled = q_store.compile(PROGRAM)
    assert compiled.parameters == {"x": (2,), "t": (), "w": (2, 2)}
    z0, probs, z1, state = compiled(WEIGHTS, x=[0.4, 0.6])
    assert float(z0) == pytest.approx(np.cos(0.4))
    assert float(z1) == pytest.approx(np.cos(0.6) + 0.5)
    np.testing.assert_allclose(probs, [np.cos(0.3) ** 2, np.sin(0.3) ** 2])
    one, two = ([np.cos(a / 2), np.sin(a / 2)] for a in (0.4, 0.6))
    np.testing.assert_allclose(state, np.kron(one, two))
    assert (np.shape(z0), probs.shape, state.shape) == ((), (2,), (4,))


def test_data_may_have_a_batch_in_front() -> None:
    compiled = q_store.compile(PROGRAM, dtype="float32")
    x = np.random.default_rng(1).uniform(-1, 1, (3, 5, 2))
    z0, probs, _, state = compiled(WEIGHTS, x=x)
    np.testing.assert_allclose(z0, np.cos(x[..., 0]), atol=1e-6)
    assert (z0.shape, probs.shape, state.shape) == ((3, 5), (3, 5, 2), (3, 5, 4))
    assert z0.dtype == np.float32
    empty = compiled(WEIGHTS, x=np.zeros((0, 2)))
    assert [part.shape for part in empty] == [(0,), (0, 2), (0,), (0, 4)]
    scalars = q_store.compile("qubits q[1]; input a, b; rx(a + b) q; expect Z0")
    np.testing.assert_allclose(scalars(a=[0.1, 0.2], b=0.3), np.cos([0.4, 0.5]))


def test_samples_repeat_with_their_seed() -> None:
    compiled = q_store.compile("qubits q[2]; x q[1]; h q[0]; sample q[1], q[0]", output="samples")
    bits = compiled(shots=200, seed=3)
    assert bits.shape == (200, 2)
    assert bits[:, 0].all()
    assert 0 < bits[:, 1].sum() < 200
    np.testing.assert_array_equal(bits, compiled(shots=200, seed=3))
    assert (bits != compiled(shots=200, seed=4)).any()


def test_passes_observables_and_the_executable(tmp_path: Path) -> None:
    text = "qubits q[1]; weight t; rx(t) q; rx(-t) q; h q"
    plain = q_store.compile(text, passes="", observables=["X0", "Z0"])
    short = q_store.compile(text, observables=["X0", "Z0"])
    assert str(plain.module).count("q.rx") == 2
    assert str(short.module).count("q.rx") == 0
    np.testing.assert_allclose(plain(t=0.7), [1.0, 0.0], atol=1e-12)
    short.executable.save(tmp_path / "a.npz")
    assert Executable.load(tmp_path / "a.npz").key == short.executable.key


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"x": [0, 0], "t": 1}, "QS711", "`w` has no value"),
        ({"x": [0, 0], **WEIGHTS, "v": 1}, "QS320", "'v'"),
        ({"x": [0, 0, 0], **WEIGHTS}, "QS321", "shape (2,)"),
        ({"x": [0, "a"], **WEIGHTS}, "QS321", "`x`"),
        ({"x": [0, np.nan], **WEIGHTS}, "QS321", "finite"),
        ({"x": [0, 0], **WEIGHTS, "t": [1, 2]}, "QS321", "`t` has shape ()"),
    ],
)
def test_wrong_values(values: dict, code: str, said: str) -> None:
    with pytest.raises(QStoreError) as caught:
        q_store.compile(PROGRAM)(values)
    assert caught.value.code == code
    assert said in str(caught.value)


def test_batches_that_do_not_fit_together() -> None:
    compiled = q_store.compile("qubits q[1]; input a, b; rx(a + b) q; expect Z0")
    with pytest.raises(QStoreError, match=r"\(2,\) and \(3,\)") as caught:
        compiled(a=[1, 2], b=[1, 2, 3])
    assert caught.value.code == "QS321"


@pytest.mark.parametrize("program", [3, object(), lambda: 3, b"qir 1"])
def test_what_is_no_circuit(program: object) -> None:
    with pytest.raises(QStoreError):
        q_store.compile(program)


def test_it_says_what_it_is() -> None:
    compiled = q_store.compile("qubits q[2]; weight t; ry(t) q[0]; cx q[0], q[1]; expect Z0 Z1")
    assert repr(compiled) == (
        "CompiledCircuit(n_qubits=2, parameters={'t': ()}, observations=[expval(Z0 Z1)])"
    )


def test_observables_are_texts_or_sums() -> None:
    circuit = q_store.QuantumCircuit(2).ry(0, 0.3)
    observables = ["Z0", q_store.PauliSum.parse("X0")]
    values = q_store.compile(circuit, observables=observables)()
    np.testing.assert_allclose(values, [np.cos(0.3), np.sin(0.3)])
