"""`spsa_minimize`: smooth and noisy functions, its settings, and when it has converged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from q_store.optimizers import CircuitCost, OptimizeResult, spsa_minimize
from q_store.qir.diagnostics import QStoreError
from q_store.torch import QuantumLayer


def quadratic(x: np.ndarray) -> float:
    return float(((x - 0.5) ** 2).sum())


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_quadratic_function(n: int, seed: int) -> None:
    start = np.linspace(-1.0, 1.5, n)
    found = spsa_minimize(quadratic, start, max_iterations=400, seed=seed)
    assert found.success
    assert found.fun < 1e-4
    assert found.fun == quadratic(found.x)
    assert found.nit < 400


@pytest.mark.parametrize("options", [{}, {"blocking": True}, {"directions": 3}], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_sum_of_sines(options: dict[str, Any], seed: int) -> None:
    """Ten variables; the least value is -10."""
    random = np.random.default_rng(seed)

    def noisy(x: np.ndarray) -> float:
        return float(np.sin(x).sum() + random.normal(0.0, 0.1))

    start = random.uniform(-3.0, 3.0, 10)
    found = spsa_minimize(noisy, start, max_iterations=600, seed=seed, **options)
    assert np.sin(found.x).sum() <= -10 + 0.1 * 10


def test_a_random_function_does_not_converge() -> None:
    random = np.random.default_rng(0)
    found = spsa_minimize(lambda x: random.random(), np.zeros(4), max_iterations=50, seed=1)
    assert not found.success
    assert found.nit == 50
    assert found.nfev == 20 + 2 * 50 + 1
    assert found.message == "not converged in 50 iterations"


def test_noisy_circuits() -> None:
    """<Z> of two rotations from 100 shots, whose least value is -1."""
    layer = QuantumLayer(
        lambda c, w: c.ry(0, w[0]).rx(0, w[1]), 1, observables=["Z0"], input_encoding=None
    )
    cost = CircuitCost(layer, shots=100, seed=3)
    found = spsa_minimize(cost, [0.3, 0.2], vectorized=True, seed=2)
    assert CircuitCost(layer)(found.x) == pytest.approx(-1.0, abs=0.02)


def test_a_seed_repeats_the_run_and_vectors_change_nothing() -> None:
    start = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
    shapes = set()

    def many(points: np.ndarray) -> np.ndarray:
        shapes.add(points.shape[1:])
        return ((points - 0.5) ** 2).sum(axis=(1, 2))

    first = spsa_minimize(quadratic, start, seed=7, directions=2)
    again = spsa_minimize(many, start, seed=7, directions=2, vectorized=True)
    other = spsa_minimize(quadratic, start, seed=8, directions=2)
    assert first.x.shape == (2, 3)
    assert np.allclose(first.x, again.x)
    assert (first.nit, first.nfev) == (again.nit, again.nfev)
    assert not np.allclose(first.x, other.x)
    assert shapes == {(2, 3)}


def test_gains_are_those_of_spall() -> None:
    """The first step and the distances of points, from what the function is asked."""
    asked: list[np.ndarray] = []

    def linear(x: np.ndarray) -> float:
        asked.append(x.copy())
        return float(3.0 * x[0])

    options: dict[str, Any] = {"a": 0.5, "c": 0.2, "stability": 4.0, "alpha": 0.7, "gamma": 0.2}
    found = spsa_minimize(linear, [1.0], max_iterations=3, seed=0, **options)
    distances = [abs(asked[2 * k][0] - asked[2 * k + 1][0]) / 2 for k in range(3)]
    assert distances == pytest.approx([0.2 / (k + 1) ** 0.2 for k in range(3)])
    steps = [3.0 * 0.5 / (k + 5) ** 0.7 for k in range(3)]
    assert found.x[0] == pytest.approx(1.0 - sum(steps))
    assert len(asked) == found.nfev == 7


def test_the_first_step_is_what_was_asked_for() -> None:
    ends = []
    spsa_minimize(
        lambda x: 40.0 * x[0], [1.0], first_step=0.3, max_iterations=1, callback=ends.append
    )
    assert ends[0][0] == pytest.approx(1.0 - 0.3)


def test_blocked_steps_stay() -> None:
    """Far too long steps: without blocking they go up, with it nothing gets worse."""
    options: dict[str, Any] = {"a": 50.0, "seed": 0, "max_iterations": 10}
    free = spsa_minimize(quadratic, [0.6, 0.4], **options)
    blocked = spsa_minimize(quadratic, [0.6, 0.4], blocking=True, **options)
    assert free.fun > 1.0
    assert blocked.fun <= quadratic(np.array([0.6, 0.4]))
    loose = spsa_minimize(quadratic, [0.6, 0.4], blocking=True, allowed_increase=1e9, **options)
    assert np.array_equal(loose.x, free.x)


def test_a_callback_sees_points_and_ends_the_run() -> None:
    seen: list[np.ndarray] = []

    def callback(x: np.ndarray) -> bool:
        seen.append(x)
        return len(seen) == 4

    found = spsa_minimize(quadratic, [0.0, 1.0], seed=0, callback=callback)
    assert (found.nit, found.success) == (4, False)
    assert np.array_equal(seen[-1], found.x)
    assert found.message == "the callback ended the run"


def test_tensors_are_values() -> None:
    found = spsa_minimize(
        lambda x: torch.tensor(x, requires_grad=True).square().sum(), [0.5, -0.5], seed=0
    )
    assert found.fun < 1e-4


def test_results_are_read_like_those_of_scipy() -> None:
    found = OptimizeResult(np.zeros(1), 0.5, True, 3, 7, "done")
    assert (found["fun"], found.nit, found["nfev"]) == (0.5, 3, 7)
    with pytest.raises(KeyError):
        found["jac"]


@pytest.mark.parametrize(
    ("fun", "x0", "options", "code", "words"),
    [
        (3, [0.0], {}, "QS647", "fun must be a function of an array, got 3"),
        (quadratic, [], {}, "QS647", "x0 must hold finite numbers"),
        (quadratic, [np.nan], {}, "QS647", "x0 must hold finite numbers"),
        (quadratic, ["a"], {}, "QS647", "x0 must be an array of real numbers"),
        (quadratic, [0.0], {"max_iterations": 0}, "QS647", "max_iterations must be a positive"),
        (quadratic, [0.0], {"directions": 1.5}, "QS647", "directions must be a positive integer"),
        (quadratic, [0.0], {"tolerance": -1.0}, "QS647", "tolerance must be a finite number from"),
        (quadratic, [0.0], {"c": 0.0}, "QS647", "c must be a finite positive number, got 0.0"),
        (quadratic, [0.0], {"a": -2}, "QS647", "a must be a finite positive number, got -2"),
        (quadratic, [0.0], {"first_step": "big"}, "QS647", "first_step must be .* got 'big'"),
        (quadratic, [0.0], {"blocking": True, "allowed_increase": -1}, "QS647", "allowed_increase"),
        (quadratic, [0.0], {"seed": -1}, "QS626", "seed must be"),
        (lambda x: x, [0.0, 1.0], {}, "QS649", "20 numbers, one for each point"),
        (lambda x: "low", [0.0], {}, "QS649", "must give real numbers"),
        (lambda x: np.log(-1.0 + 0 * x[0]), [0.0], {}, "QS649", "finite numbers, got nan at"),
        (lambda x: np.zeros(3), [0.0], {"vectorized": True}, "QS649", "20 numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in log:RuntimeWarning")
def test_refusals(
    fun: Callable[..., Any], x0: Any, options: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(QStoreError, match=words) as problem:
        spsa_minimize(fun, x0, **options)
    assert problem.value.code == code
