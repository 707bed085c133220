"""Circuits written out as operations of JAX, for `jax.export` and Keras' `export`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from q_store.jax import plain_operations, quantum_function
from tests.jax.test_quantum_function import close, features, make, weights


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize("output", ["expval", "probs", "state"])
def test_values_and_gradients_equal_the_engine_s(output: str) -> None:
    f = quantum_function(gates, 3, output=output)
    x, w = features(4, 2), weights()[:2]

    def loss(x: Any, w: Any) -> Any:
        y = f(x, w) * jnp.arange(1.0, f.core.out_features + 1)
        return (y.real + y.imag**3).sum(), f(x, w)

    def both(x: Any, w: Any) -> Any:
        return jax.grad(loss, (0, 1), has_aux=True)(x, w)

    wanted = both(x, w)
    with plain_operations():
        close(jax.jit(both)(x, w), wanted, 1e-10)


def gates(circuit: Any, x: Any, w: Any) -> None:
    """One of each kind: fixed and turned, on one to three wires, reversed wires, a product."""
    circuit.ry(0, x[0]).crz(2, 0, w[0]).rx(1, x[0] * x[1]).ccx(0, 1, 2).rzx(2, 1, w[1])


@pytest.mark.parametrize("per_sample", [False, True])
def test_an_exported_function_calls_nothing_back(per_sample: bool) -> None:
    f, x, w = make(), features(4, 3), weights(4) if per_sample else weights()
    rows = jax.ShapeDtypeStruct(export.symbolic_shape("b, 3"), x.dtype)
    # Symbolic extents must come from one scope.
    of_weights = jax.ShapeDtypeStruct((rows.shape[0], 6) if per_sample else (6,), w.dtype)
    with plain_operations():
        written = export.export(jax.jit(lambda x, w: f(x, w)))(rows, of_weights)
    assert "callback" not in written.mlir_module()
    again = export.deserialize(written.serialize())
    close(again.call(x, w), f(x, w))


def test_samples_follow_the_probabilities() -> None:
    bits = make(output="samples", shots=4000, observables=None)
    probs = make(output="probs", observables=None)
    x, w = features(2, 3), weights()
    with plain_operations():
        found = jax.jit(bits)(x, w)
    assert found.shape == (2, 4000, 3)
    assert found.dtype == np.uint8
    outcomes = np.asarray(found) @ np.array([4, 2, 1])
    counts = [np.bincount(row, minlength=8) / 4000 for row in outcomes]
    assert np.allclose(counts, probs(x, w), atol=0.04)


def test_shots_become_exact_values() -> None:
    x, w = features(2, 2), weights()[:2]
    noisy, exact = quantum_function(gates, 3, shots=7), quantum_function(gates, 3)
    with plain_operations():
        close(jax.jit(noisy)(x, w), exact(x, w))
