"""Difference formulas of every order, and every method on circuits of 5 to 10 qubits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from q_store.gradients import difference_stencil
from q_store.qir.diagnostics import QStoreError
from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Call
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.table import METHODS
from tests.runtime.gradients.differentiating import made, points, traced

FORMULAS = [
    ("forward", 1, (-1.0, 1.0)),
    ("forward", 2, (-3 / 2, 2.0, -1 / 2)),
    ("forward", 3, (-11 / 6, 3.0, -3 / 2, 1 / 3)),
    ("forward", 4, (-25 / 12, 4.0, -3.0, 4 / 3, -1 / 4)),
    ("backward", 2, (1 / 2, -2.0, 3 / 2)),
    ("central", 2, (-1 / 2, 1 / 2)),
    ("central", 4, (1 / 12, -2 / 3, 2 / 3, -1 / 12)),
    ("central", 6, (-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60)),
]
ORDERS = [(scheme, n) for scheme in ("forward", "backward") for n in range(1, 13)]
ORDERS += [("central", n) for n in range(2, 13, 2)]


@pytest.mark.parametrize(("scheme", "order", "coefficients"), FORMULAS, ids=str)
def test_formulas_everyone_knows(scheme: str, order: int, coefficients: tuple[float, ...]) -> None:
    found = difference_stencil(scheme, order)
    assert [c for c, _ in found] == pytest.approx(coefficients)
    shifts = [shift for _, shift in found]
    assert shifts == sorted(shifts)
    assert max(shifts) - min(shifts) == order
    assert (0 in shifts) == (scheme != "central")


@pytest.mark.parametrize(("scheme", "order"), ORDERS, ids=str)
def test_formulas_are_exact_for_polynomials_of_their_degree(scheme: str, order: int) -> None:
    stencil = difference_stencil(scheme, order)
    for degree in range(order + 2):
        slope = sum(c * (shift / order) ** degree for c, shift in stencil)
        if degree <= order:
            assert slope == pytest.approx(float(degree == 1) / order, abs=1e-12)
        else:
            assert abs(slope) > 1e-10


def test_formulas_by_default() -> None:
    assert difference_stencil() == difference_stencil("central", 2)
    assert difference_stencil("backward") == ((-1.0, -1), (1.0, 0))


@pytest.mark.parametrize(("scheme", "order"), [("central", 4), ("forward", 3), ("backward", 1)])
def test_the_error_falls_with_the_power_of_epsilon(scheme: str, order: int) -> None:
    function = made(traced(lambda c, w: c.rx(0, w[0]).ry(0, 2 * w[1]).rx(0, w[0]), 1))
    x, w, g = points(function, 1)
    exact = function.backward(None, x, w, g)[1]
    errors = []
    for epsilon in (0.2, 0.1):
        config = GradientConfig("finite_diff", scheme=scheme, order=order, epsilon=epsilon)
        found = made(function.func, config).backward(None, x, w, g)[1]
        errors.append(np.abs(found - exact).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.4)


def test_higher_orders_are_closer_by_default() -> None:
    function = made(traced(lambda c, w: c.rx(0, w[0]).ry(0, 2 * w[1]).rx(0, w[0]), 1))
    x, w, g = points(function, 1)
    exact = function.backward(None, x, w, g)[1]
    for order, tolerance in ((2, 1e-8), (4, 1e-11), (8, 1e-12)):
        config = GradientConfig("finite_diff", order=order)
        found = made(function.func, config).backward(None, x, w, g)[1]
        assert np.abs(found - exact).max() < tolerance


@pytest.mark.parametrize(("scheme", "order"), [("central", 4), ("forward", 2)])
def test_standard_errors_with_shots(scheme: str, order: int) -> None:
    function = made(traced(lambda c, w: c.rx(0, w[0]).ry(0, w[1]), 1))
    x, w, _ = points(function, 1)
    method = METHODS["finite_diff"](
        GradientConfig("finite_diff", scheme=scheme, order=order, epsilon=0.3)
    )
    runs = [method.derivatives(Call(function, x, w, Sampler(200, seed))) for seed in range(300)]
    spread = np.var([run.values for run in runs], axis=0, ddof=1)
    assert np.allclose(spread, np.mean([run.variance for run in runs], axis=0), rtol=0.35)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": 0}, "order must be an integer from 1 to 12, got 0"),
        ({"order": 13, "scheme": "forward"}, "from 1 to 12, got 13"),
        ({"order": 2.0}, "order must be an integer"),
        ({"order": 3}, "order must be even for central differences, got 3"),
        ({"scheme": "central", "order": 1}, "order must be even"),
    ],
)
def test_orders_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(QStoreError, match=words) as problem:
        GradientConfig("finite_diff", **options)
    assert problem.value.code == "QS640"


@pytest.mark.parametrize(
    ("gradient", "tolerance"),
    [
        ("adjoint", 1e-6),
        ("parameter_shift", 1e-6),
        ("hadamard", 1e-6),
        (GradientConfig("finite_diff", order=4), 1e-6),
        (GradientConfig("spsa", samples=4000), 0.25),
    ],
    ids=["adjoint", "parameter_shift", "hadamard", "finite_diff", "spsa"],
)
@pytest.mark.parametrize("n", range(5, 11))
def test_random_circuits_of_more_qubits(n: int, gradient: Any, tolerance: float) -> None:
    """Against differences of their values; every sample has weights of its own."""
    random = np.random.default_rng(n)

    def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
        for i in range(12):
            a, b = (int(q) for q in random.choice(n, 2, replace=False))
            circuit.rx(a, w[i % 4]).crx(a, b, x[i % 2]).ry(b, 2 * w[(i + 1) % 4]).cz(a, b)

    function = made(traced(circuit_fn, n), gradient)
    x, _, _ = points(function, 2, n)
    w, g = random.normal(size=(2, 4)), np.ones((2, n)) / n
    found = function.backward(None, x, w, g)

    def value(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return np.einsum("bw,bw->b", function.forward(x, w, False)[0], g)

    for k in range(2):
        move = np.eye(2)[k] * 1e-5
        slope = (value(x + move, w) - value(x - move, w)) / 2e-5
        assert np.allclose(found[0][:, k], slope, atol=tolerance)
    for k in range(4):
        move = np.eye(4)[k] * 1e-5
        slope = (value(x, w + move) - value(x, w - move)) / 2e-5
        assert np.allclose(found[1][:, k], slope, atol=tolerance)
