"""`q_store.compile`: numbers in, what the circuit yields out; unitaries and gradients by name."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    np.testing.assert_array_equal(bits, compiled(shots=200, seed=np.int64(3)))
    assert (compiled(shots=200, seed=None) != compiled(shots=200, seed=None)).any()


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


@pytest.mark.parametrize("name", ["q_store.compiled", "q_store.qir.observables"])
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_modules_are_there_without_an_import_of_their_own() -> None:
    names = "gradients", "interop", "ionq", "optimizers", "testing"
    program = f"import q_store\nfor n in {names}: print(getattr(q_store, n).__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().split() == [f"q_store.{name}" for name in names]


def shifted(values: dict[str, Any], name: str, index: tuple[int, ...], by: float) -> dict[str, Any]:
    moved = {key: np.array(value, float) for key, value in values.items()}
    moved[name][index] += by
    return moved


@pytest.mark.parametrize("method", ["auto", "parameter_shift", "hadamard"])
def test_gradients_by_name_are_differences_of_calls(method: str) -> None:
    """Probabilities between expectation values, and parameters of every shape in any order."""
    compiled = q_store.compile(
        "qubits q[2]; weight t, w[2, 2]; input x[2]; ry(x[0]*t) q[0]; "
        "crx(t + w[1, 0]*x[1]) q[0], q[1]; rz(w[0, 1]) q[0]; h q[0]; "
        "probs q[1]; expect Z0; probs q; expect X1 + 0.5"
    )
    values = {**WEIGHTS, "x": np.random.default_rng(1).uniform(-1, 1, (3, 2))}
    found = compiled.gradient(values, method=method)
    assert [list(part) for part in found] == [["t", "w", "x"]] * 4
    for name, index in [("t", ()), ("w", (1, 0)), ("w", (0, 1)), ("x", (2, 1))]:
        up, down = (compiled(shifted(values, name, index, h)) for h in (1e-6, -1e-6))
        for got, high, low in zip(found, up, down, strict=True):
            want = (high - low) / 2e-6
            if name == "x":  # A sample moves its own values only.
                np.testing.assert_allclose(got[name][2][..., 1], want[2], atol=1e-7)
            else:
                np.testing.assert_allclose(got[name][(..., *index)], want, atol=1e-7)
    assert [part["w"].shape for part in found] == [(3, 2, 2, 2), (3, 2, 2), (3, 4, 2, 2), (3, 2, 2)]
    assert [part["x"].shape for part in found] == [(3, 2, 2), (3, 2), (3, 4, 2), (3, 2)]


def test_gradients_without_data_have_no_batch() -> None:
    compiled = q_store.compile(q_store.QuantumCircuit(1).ry(0, param="t").expval("Z0"))
    assert compiled.gradient(t=0.3)["t"] == pytest.approx(-np.sin(0.3))
    rough = compiled.gradient(t=0.3, shots=100, seed=2)
    assert rough["t"] == compiled.gradient(t=0.3, shots=100, seed=2)["t"] != -np.sin(0.3)
    found = q_store.gradients.jacobian(compiled, weights=[0.3])
    np.testing.assert_allclose(found.weights, [[[-np.sin(0.3)]]])
    states = q_store.compile(q_store.QuantumCircuit(1).ry(0, param="t"), output="state")
    for code, wrong in [("QS711", {}), ("QS320", {"t": 1, "u": 2}), ("QS640", {"method": "magic"})]:
        with pytest.raises(QStoreError) as caught:
            compiled.gradient(**{"t": 0.1, **wrong} if wrong else {})
        assert caught.value.code == code
    with pytest.raises(QStoreError, match="not state"):
        states.gradient(t=0.1)


def test_unitary_is_the_product_of_the_gates() -> None:
    circuit = q_store.QuantumCircuit(2).rx(0, param="w[1]").h(1).cx(1, 0).phase(0.4).measure_all()
    c, s = np.cos(0.35), np.sin(0.35)
    rx, h = np.array([[c, -1j * s], [-1j * s, c]]), np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    cx = np.eye(4)[[0, 3, 2, 1]]
    expected = np.exp(0.4j) * cx @ np.kron(rx, h)
    np.testing.assert_allclose(q_store.unitary(circuit, {"w": [9, 0.7]}), expected, atol=1e-12)
    np.testing.assert_allclose(
        q_store.unitary(lambda c, w: c.rx(0, w[0]), {"w": [0.7]}, n_qubits=1), rx, atol=1e-12
    )


@pytest.mark.parametrize(
    ("circuit", "values", "code"),
    [
        (q_store.QuantumCircuit(1).rx(0, param="t"), None, "QS711"),
        (q_store.QuantumCircuit(1).rx(0, param="t"), {"u": 1.0}, "QS320"),
        (q_store.QuantumCircuit(1).rx(0, param="t"), {"t": [1.0]}, "QS321"),
        (q_store.QuantumCircuit(1).rx(0, param="t"), {"t": 1j}, "QS321"),
        (q_store.QuantumCircuit(1).bit_flip(0, 0.1), None, "QS520"),
        (q_store.QuantumCircuit(13), None, "QS510"),
        (3, None, "QS332"),
    ],
)
def test_what_has_no_unitary(circuit: object, values: Any, code: str) -> None:
    with pytest.raises(QStoreError) as caught:
        q_store.unitary(circuit, values)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        (lambda c: q_store.compile(c, passes=["cancel"]), "QS401", r"got \['cancel'\]"),
        (lambda c: q_store.compile(c, passes=None), "QS401", "passes='' for none"),
        (lambda c: q_store.compile(c)(1), "QS321", "a mapping of parameter names, got 1"),
        (lambda c: q_store.compile(c).gradient([0.1]), "QS321", r"got \[0.1\]"),
        (lambda c: q_store.unitary(c, 0.1), "QS321", "got 0.1"),
        (lambda c: q_store.compile(c, output="samples")(t=1, seed="a"), "QS626", "got 'a'"),
        (lambda c: q_store.compile(c, output="samples")(t=1, shots=-1), "QS533", "got -1"),
    ],
)
def test_wrong_arguments_are_named(action: Any, code: str, words: str) -> None:
    with pytest.raises(QStoreError, match=words) as caught:
        action(q_store.QuantumCircuit(1).ry(0, param="t"))
    assert caught.value.code == code
