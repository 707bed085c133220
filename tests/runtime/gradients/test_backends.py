"""Gradient methods on every backend, against gradients of the embedded engine in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from q_store import gradients
from q_store.qir.func import Func
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import GradientConfig
from tests.runtime.gradients.differentiating import (
    example,
    made,
    points,
    random_circuits,
    traced,
)

BACKENDS = ("qsim", "lightning.qubit", "aer")
METHODS = ("auto", "parameter_shift", "hadamard", {"method": "finite_diff", "epsilon": 0.02})


def circuits() -> dict[str, Func]:
    def many(c: Any, x: Any, w: Any) -> None:
        c.h(0).ry(0, x[0]).cx(0, 1).crx(0, 1, w[0]).ccx(0, 1, 2).rzz(1, 2, x[0] * w[1])
        c.u(2, w[1], 0.3, w[0]).swap(0, 2).cp(1, 0, w[2]).rx(0, 0.5 * w[2]).ry(1, w[0])

    return {
        "example": traced(example, 3, ["Z0 X1", "Z2 + 0.3*Y0"]),
        "many": traced(many, 3, ["Z0", "X1 Y2 - 0.5*Z1"]),
    }


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("name", ["example", "many"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients(backend: str, name: str, method: Any) -> None:
    func = circuits()[name]
    reference, function = made(func), CircuitFunction(func, "float32", backend, method)
    x, w, g = points(reference, 4)
    tolerance = 4e-3 if isinstance(method, dict) else 5e-5
    for weights in (w, w + 0.1 * np.arange(4)[:, None]):
        wanted = reference.backward(None, x, weights, g)
        found = function.backward(None, *(a.astype(np.float32) for a in (x, weights, g)))
        for a, b in zip(found, wanted, strict=True):
            assert a.dtype == np.float32
            assert np.allclose(a, b, atol=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=25)
@given(func=random_circuits())
def test_gradients_of_random_circuits(backend: str, func: Func) -> None:
    reference = made(func)
    x, w, g = points(reference, 2)
    wanted = reference.backward(None, x, w, g)
    assume(all(np.isfinite(part).all() for part in wanted))
    for method in ("auto", "parameter_shift", "hadamard"):
        function = CircuitFunction(func, "float32", backend, method)
        found = function.backward(None, *(a.astype(np.float32) for a in (x, w, g)))
        for a, b in zip(found, wanted, strict=True):
            assert np.allclose(a, b, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_metrics_and_hessians(backend: str) -> None:
    func = circuits()["example"]
    reference, function = made(func), CircuitFunction(func, "float32", backend)
    x, w, _ = points(reference, 2)
    for metric in ("full", "block_diagonal", "diagonal"):
        found = gradients.metric_tensor(function, x, w, metric=metric)
        assert np.allclose(
            found, gradients.metric_tensor(reference, x, w, metric=metric), atol=1e-5
        )
    wanted = gradients.hessian(reference, x, w)
    assert np.allclose(gradients.hessian(function, x, w), wanted, atol=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_shots_and_random_directions(backend: str) -> None:
    func = circuits()["many"]
    reference, function = made(func), CircuitFunction(func, "float32", backend)
    x, w, _ = points(reference, 1)
    exact = gradients.jacobian(reference, x, w)
    found = gradients.jacobian(function, x, w, shots=4000, seed=1)
    assert found.weights_error is not None
    assert np.all(np.abs(found.weights - exact.weights) < 5 * found.weights_error + 1e-4)
    spsa = GradientConfig("spsa", samples=400)
    drawn = gradients.jacobian(function, x, w, gradient=spsa, seed=1)
    assert drawn.weights_error is not None
    assert np.all(np.abs(drawn.weights - exact.weights) < 5 * drawn.weights_error + 0.01)
