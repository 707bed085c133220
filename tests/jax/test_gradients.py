"""`quantum_function` with gradient methods, under the transformations of JAX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from q_store import GradientConfig, gradients
from q_store.jax import QuantumFunction, quantum_function
from q_store.qir.diagnostics import QStoreError
from tests.runtime.gradients.differentiating import example

X = np.random.default_rng(0).random((4, 2))
W = np.random.default_rng(1).random(4)


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def make(**options: Any) -> QuantumFunction:
    return quantum_function(example, 3, seed=1, **options)


def both(f: QuantumFunction) -> Any:
    return jax.grad(lambda x, w: (f(x, w) * jnp.arange(1.0, 4.0)).sum(), (0, 1))


@pytest.mark.parametrize(
    ("gradient", "tolerance"),
    [
        ("parameter_shift", 1e-9),
        ("hadamard", 1e-9),
        ("finite_diff", 1e-5),
        (GradientConfig("spsa", samples=3000), 0.4),
    ],
    ids=str,
)
def test_gradients(gradient: Any, tolerance: float) -> None:
    f, wanted = make(gradient=gradient), both(make())(X, W)
    for found in (both(f)(X, W), jax.jit(both(f))(X, W)):
        for a, b in zip(found, wanted, strict=True):
            assert np.allclose(a, b, atol=tolerance)


def test_vmapped_estimates() -> None:
    """Over inputs, over weights, and over both."""
    f, exact = make(gradient="finite_diff"), make()
    many = jnp.stack([W, W + 0.1])

    def loss(g: QuantumFunction) -> Any:
        return jax.grad(lambda x, w: g(x, w).sum(), (0, 1))

    for axes, w in (((None, 0), many), ((0, None), W), ((None, None), W)):
        x = X[None] if axes[0] == 0 else X
        if axes == (None, None):
            found, wanted = (loss(g)(x, w) for g in (f, exact))
        else:
            found, wanted = (jax.vmap(loss(g), axes)(x, w) for g in (f, exact))
        for a, b in zip(found, wanted, strict=True):
            assert a.shape == b.shape
            assert np.allclose(a, b, atol=1e-6)
    rows = jax.vmap(loss(f))(X, jnp.stack([W] * 4))
    for a, b in zip(rows, jax.vmap(loss(exact))(X, jnp.stack([W] * 4)), strict=True):
        assert np.allclose(a, b, atol=1e-6)


def test_natural_gradients() -> None:
    f, plain = make(gradient="natural"), make()
    by_input, by_weight = both(f)(X, W)
    plain_input, plain_weight = both(plain)(X, W)
    assert np.allclose(by_input, plain_input)
    assert np.allclose(by_weight, gradients.natural_gradient(plain, plain_weight, X, W))


@pytest.mark.parametrize("options", [{"gradient": "spsa"}, {"shots": 10}], ids=str)
def test_estimates_are_differentiated_once(options: dict[str, Any]) -> None:
    f = make(**options)
    with pytest.raises(QStoreError, match="gives first derivatives only"):
        jax.grad(lambda x: jax.grad(lambda y: f(y, W).sum())(x).sum())(X)


def test_exact_methods_have_every_derivative() -> None:
    f, exact = make(gradient="hadamard"), make()
    second = [jax.hessian(lambda w, g=g: g(X, w).sum())(W) for g in (f, exact)]
    assert np.allclose(*second)
    first = jax.jacfwd(lambda w: f(X, w).sum())(W), jax.grad(lambda w: exact(X, w).sum())(W)
    assert np.allclose(*first)


def test_keys_decide_directions() -> None:
    f = make(gradient="spsa")

    def slope(seed: int) -> Any:
        return jax.grad(lambda w: f(X, w, key=jax.random.key(seed)).sum())(W)

    assert np.array_equal(slope(1), slope(1))
    assert not np.array_equal(slope(1), slope(2))
