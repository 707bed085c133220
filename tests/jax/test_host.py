"""How the engine is called from JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from q_store.jax import quantum_function
from q_store.qir.diagnostics import error
from q_store.runtime import jax_host

X = jnp.asarray(np.random.default_rng(5).uniform(-2, 2, (6, 3)), jnp.float32)


@pytest.fixture(params=[True, False], ids=["in place", "by copies"])
def in_place(request, monkeypatch):
    if request.param and not jax_host.IN_PLACE:
        pytest.fail("the JAX of the development environment has buffer callbacks")
    monkeypatch.setattr(jax_host, "IN_PLACE", request.param)
    return request.param


@pytest.mark.parametrize("output", ["expval", "probs", "state", "samples"])
def test_compiled_equals_eager(in_place, output):
    shots = 50 if output == "samples" else None
    f = quantum_function(n_qubits=3, depth=2, output=output, shots=shots, seed=3)
    w = f.init(jax.random.key(0))
    key = jax.random.key(7)
    eager = f(X, w, key=key)
    compiled = jax.jit(lambda x, w: f(x, w, key=key))(X, w)
    np.testing.assert_allclose(compiled, eager, atol=1e-6)
    assert compiled.dtype == eager.dtype


def test_gradients_and_vmap(in_place):
    f = quantum_function(n_qubits=3, depth=2)
    rows = jax.random.uniform(jax.random.key(1), (4, *f.init(jax.random.key(0)).shape))
    slope = jax.grad(lambda w: (f(X, w) ** 2).sum())
    np.testing.assert_allclose(jax.jit(jax.vmap(slope))(rows), [slope(w) for w in rows], atol=1e-5)


def test_without_weights(in_place):
    f = quantum_function(lambda circuit: circuit, 3)
    np.testing.assert_allclose(jax.jit(f)(X), jnp.cos(X), atol=1e-6)


def test_several_circuits_in_one_program(in_place):
    """XLA may run them at the same time, in threads of its own."""
    functions = [quantum_function(n_qubits=n, depth=2) for n in (2, 3, 3, 2)]
    weights = [f.init(jax.random.key(n)) for n, f in enumerate(functions)]

    @jax.jit
    def together(weights):
        return [f(X[:, : f.core.n_qubits], w) for f, w in zip(functions, weights, strict=True)]

    expected = [f(X[:, : f.core.n_qubits], w) for f, w in zip(functions, weights, strict=True)]
    for _ in range(50):
        for found, wanted in zip(together(weights), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_errors_of_the_host_keep_their_words(in_place, monkeypatch):
    f = quantum_function(n_qubits=3, depth=1)
    w = f.init(jax.random.key(0))

    def fail(*_):
        raise error("QS602", "the device went away")

    monkeypatch.setattr(f.core.function(3, "float32"), "forward", fail)
    with pytest.raises(RuntimeError, match=r"QS602\]: the device went away"):
        jax.block_until_ready(jax.jit(f)(X, w))


def test_double_precision_by_context():
    f = quantum_function(n_qubits=3, depth=2)
    with jax.enable_x64(True):
        w = f.init(jax.random.key(0), dtype=jnp.float64)
        x = jnp.asarray(X, jnp.float64)
        slope = jax.grad(lambda w: f(x, w).sum())
        compiled = jax.jit(slope)(w)
        assert compiled.dtype == jnp.float64
        np.testing.assert_allclose(compiled, slope(w), atol=1e-12)
