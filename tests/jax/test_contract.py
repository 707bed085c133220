"""What the test suites of other packages expect of a layer, rewritten for JAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from q_store import QuantumCircuit
from q_store.jax import quantum_function
from q_store.qir.diagnostics import QStoreError
from q_store.qir.observables import Expval, PauliSum, Probs
from tests.jax.test_quantum_function import close, features, make, weights
from tests.runtime.foreign_observables import TEXT, each_foreign


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize("options", [{}, {"shots": 1000, "seed": 3}], ids=["exact", "shots"])
def test_a_power_of_x_learns_to_flip(options: dict[str, Any]) -> None:
    f = quantum_function(
        lambda circuit, w: circuit.rx(0, math.pi * w[0]), 1, input_encoding=None, **options
    )
    nothing = jnp.zeros((1, 0))

    @jax.jit
    def step(w: Any) -> Any:
        loss, slope = jax.value_and_grad(lambda w: ((f(nothing, w) + 1) ** 2).sum())(w)
        return w - 0.03 * slope, loss

    w = jnp.array([0.5])
    for _ in range(40):
        w, loss = step(w)
    assert float(w[0]) == pytest.approx(1.0, abs=0.1)
    assert float(loss) == pytest.approx(0.0, abs=0.1)


@each_foreign
def test_observables_of_other_libraries(make_observable: Callable[[], Any]) -> None:
    x, w = features(3, 3), weights()
    both = []
    for observable in (TEXT, make_observable()):
        f = make(observables=[observable])
        both.append((f(x, w), jax.jit(jax.grad(lambda x, w, f=f: f(x, w).sum(), (0, 1)))(x, w)))
    close(*both, 0.0)


def test_several_measurements_stand_side_by_side() -> None:
    f = make(observables=[Expval(PauliSum.parse("Z0")), Probs((1, 2))])
    x, w = features(10, 3), weights()
    found = f(x, w)
    assert found.shape == (10, 5)
    close(found[:, :1], make(observables=["Z0"])(x, w))
    joint = make(observables=None, output="probs")(x, w).reshape(10, 2, 4).sum(1)
    close(found[:, 1:], joint)


def test_gradients_reach_bits() -> None:
    f = quantum_function(n_qubits=2, input_encoding="basis")
    w = f.init(jax.random.key(3), jnp.float64)
    x = jnp.array([[0.0, 1.0]])
    check_grads(lambda x: f(x, w), (x,), order=1, modes=["fwd", "rev"])
    assert jax.grad(lambda x: f(x, w).sum())(x).any()


@pytest.mark.parametrize("options", [{}, {"shots": 10, "seed": 1}], ids=["exact", "shots"])
def test_an_empty_batch(options: dict[str, Any]) -> None:
    f, w = make(**options), weights()
    by_x, by_w = jax.grad(lambda x, w: f(x, w).sum(), (0, 1))(jnp.zeros((0, 3)), w)
    assert by_x.shape == (0, 3)
    assert not by_w.any()


def test_a_batch_is_the_sum_of_its_samples() -> None:
    f, x, w = make(), features(5, 3), weights()
    of = jax.grad(lambda w, x: f(x, w).sum())
    close(of(w, x), sum(of(w, row) for row in x))


def test_weights_from_a_network_learn() -> None:
    f = quantum_function(lambda circuit, w: circuit.rx(0, w[0]).ry(0, w[1]), 1, input_encoding=None)
    commands, target = jnp.eye(2), jnp.array([[1.0], [-1.0]])

    @jax.jit
    def step(net: Any) -> Any:
        def loss(net: Any) -> Any:
            return ((f(jnp.zeros((2, 0)), jnp.tanh(commands @ net) * 4) - target) ** 2).mean()

        value, slope = jax.value_and_grad(loss)(net)
        return net - 0.3 * slope, value

    net = jax.random.normal(jax.random.key(0), (2, 2)) * 0.3
    for _ in range(30):
        net, loss = step(net)
    assert float(loss) < 0.1


def test_bad_numbers_stay_in_their_sample() -> None:
    f, w = make(), weights()
    x = np.array(features(3, 3))
    x[1, 0], x[2, 1] = np.nan, np.inf
    assert np.isfinite(f(x, w)).all(1).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"in_features": 2}, "QS601", "in_features=2"),
        ({"observables": ["Q0"]}, "QS107", "Q0"),
        ({"observables": ["Z7"]}, "QS301", "qubit 7"),
        ({"observables": [3.5]}, "QS107", "3.5"),
        ({"observables": []}, "QS335", r"got \[\]"),
        ({"shots": "many"}, "QS602", "shots must be a positive integer.*'many'"),
        ({"shots": -1}, "QS602", "got -1"),
        ({"output": "expvals"}, "QS602", "'expval'"),
        ({"backend": "qsmi"}, "QS603", "qsim"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(
    options: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(QStoreError, match=words) as caught:
        make(**options)
    assert caught.value.code == code


def test_missing_weights_are_asked_for() -> None:
    with pytest.raises(QStoreError, match=r"shape \(6,\), got None") as caught:
        make()(features(2, 3))
    assert caught.value.code == "QS602"
    fixed = quantum_function(QuantumCircuit(1).ry(0, param="x[0]"))
    assert fixed(jnp.zeros((2, 1))).shape == (2, 1)
