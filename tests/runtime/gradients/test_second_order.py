"""Hessians, metric tensors and natural gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from q_store import gradients
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.hessian import hessian as hessian_of
from q_store.runtime.gradients.layers import groups
from q_store.runtime.gradients.method import Call
from q_store.runtime.gradients.metric import metric_of_weights
from q_store.runtime.gradients.rotations import RotationSlots, rotation_slots
from q_store.runtime.gradients.sampler import Sampler
from tests.runtime.gradients.differentiating import example, made, points, random_circuits, traced

STEP = 1e-5


def joined(function: CircuitFunction, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Given parameters (B, F + P)."""
    return np.concatenate([x, np.broadcast_to(w, (len(x), w.shape[-1]))], axis=1)


def slopes(function: CircuitFunction, p: np.ndarray) -> np.ndarray:
    n = function.executable.n_inputs
    found = gradients.jacobian(function, p[:, :n], p[:, n:])
    return np.concatenate([found.inputs, found.weights], axis=2)


def numeric_hessian(function: CircuitFunction, p: np.ndarray) -> np.ndarray:
    units = np.eye(p.shape[1]) * STEP
    rows = [(slopes(function, p + u) - slopes(function, p - u)) / (2 * STEP) for u in units]
    return np.stack(rows, axis=3) if rows else np.zeros((len(p), function.width, 0, 0))


@pytest.mark.parametrize("swept", [True, False])
def test_hessians_of_shared_scaled_and_product_parameters(swept: bool) -> None:
    function = made(traced(example, 3, ["Z0 X1", "Z2 + 0.3*Y0"]))
    x, w, _ = points(function, 2)
    found = hessian_of(Call(function, x, w, Sampler()), swept)
    assert found.shape == (2, 2, 6, 6)
    assert found == pytest.approx(numeric_hessian(function, joined(function, x, w)), abs=1e-8)
    assert found == pytest.approx(np.swapaxes(found, 2, 3), abs=1e-12)


@settings(max_examples=25)
@given(func=random_circuits())
def test_hessians_of_random_circuits(func: Func) -> None:
    function = made(func)
    x, w, _ = points(function, 1)
    values = gradients.jacobian(function, x, w)
    assume(np.isfinite(values.values).all())
    swept, shifted = (hessian_of(Call(function, x, w, Sampler()), way) for way in (True, False))
    wanted = numeric_hessian(function, joined(function, x, w))
    assume(np.isfinite(wanted).all())
    scale = 1 + np.max(np.abs(wanted), initial=0)
    assert np.max(np.abs(swept - shifted), initial=0) < 1e-9 * scale
    assert np.max(np.abs(swept - wanted), initial=0) < 1e-4 * scale


CURVES: dict[str, Any] = {
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": lambda a, b: np.arctan2(a, b),
    "sin": lambda a, b: np.sin(a + 2 * b),
    "cos": lambda a, b: np.cos(a - b),
    "tan": lambda a, b: np.tan(a * b),
    "asin": lambda a, b: np.arcsin(a * b),
    "acos": lambda a, b: np.arccos(a * b),
    "atan": lambda a, b: np.arctan(a / b),
    "exp": lambda a, b: np.exp(a * b),
    "log": lambda a, b: np.log(a + b),
    "sqrt": lambda a, b: np.sqrt(a * b + 1),
    "abs": lambda a, b: np.abs(a * b),
    "sinh": lambda a, b: np.sinh(a * b),
    "cosh": lambda a, b: np.cosh(a + b * b),
    "tanh": lambda a, b: np.tanh(a * b),
}


@pytest.mark.parametrize("name", CURVES)
def test_expressions_bend(name: str) -> None:
    func = traced(lambda c, x, w: c.ry(0, CURVES[name](x[0], w[0])).rx(0, w[1]), 1)
    function = made(func)
    x, w = np.array([[0.7], [0.3]]), np.array([0.6, 0.4])
    found = gradients.hessian(function, x, w)
    assert found == pytest.approx(numeric_hessian(function, joined(function, x, w)), abs=1e-7)


def test_hessians_from_shots_are_unbiased() -> None:
    function = made(traced(lambda c, x, w: c.ry(0, x[0]).crx(0, 1, w[0]).ry(1, w[1]), 2))
    x, w, _ = points(function, 1)
    runs = [gradients.hessian(function, x, w, shots=300, seed=seed) for seed in range(150)]
    error = np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    exact = gradients.hessian(function, x, w)
    assert np.all(np.abs(np.mean(runs, axis=0) - exact) <= 4.5 * error + 1e-12)


# --- metrics -----------------------------------------------------------------------------------


def numeric_metric(function: CircuitFunction, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The Fubini-Study metric of one sample from differences of states."""

    def state(v: np.ndarray) -> np.ndarray:
        return function.state(x[:1], v)[0]

    psi, units = state(w), np.eye(len(w)) * STEP
    moved = [(state(w + u) - state(w - u)) / (2 * STEP) for u in units]
    d = np.array(moved).reshape(len(w), len(psi))
    along = d.conj() @ psi
    return (d.conj() @ d.T - np.outer(along, along.conj())).real


def test_the_full_metric() -> None:
    function = made(traced(example, 3))
    x, w, _ = points(function, 2)
    found = metric_of_weights(Call(function, x, w, Sampler()), "full")
    for row in range(2):
        assert found[row] == pytest.approx(numeric_metric(function, x[row:], w), abs=1e-8)
    assert gradients.metric_tensor(function, x, w, metric="full") == pytest.approx(found.mean(0))
    rows = np.tile(w, (2, 1))
    assert gradients.metric_tensor(function, x, rows, metric="full") == pytest.approx(found)


@settings(max_examples=25)
@given(func=random_circuits())
def test_metrics_of_random_circuits(func: Func) -> None:
    """The full one against differences of states; the others are parts of it, slot by slot."""
    function = made(func)
    x, w, _ = points(function, 1)
    wanted = numeric_metric(function, x, w)
    assume(np.isfinite(wanted).all())
    call = Call(function, x, w, Sampler())
    scale = 1 + np.max(np.abs(wanted), initial=0)
    assert np.max(np.abs(metric_of_weights(call, "full")[0] - wanted), initial=0) < 1e-4 * scale
    slots = rotation_slots(function, "natural")
    over = made(slots.func)
    at = slots.chain.at(call.given).slots
    whole, blocks, diagonal = by_slot(over, at)
    inside = np.eye(len(whole), dtype=bool)
    for _, words in groups(slots):
        inside[np.ix_(list(words), list(words))] = True
    assert np.abs(blocks - np.where(inside, whole, 0)).max(initial=0) < 1e-9
    assert np.abs(diagonal - np.diag(np.diag(whole))).max(initial=0) < 1e-9


def by_slot(over: CircuitFunction, at: np.ndarray) -> list[np.ndarray]:
    """The three metrics over the slots of a circuit, whose inputs they are."""
    from q_store.runtime.gradients import metric

    slots = RotationSlots(over)
    call = Call(over, at, np.zeros(0), Sampler())
    return [
        metric._full(slots, at)[0],
        metric._blocks(call, slots, at, False)[0],
        metric._blocks(call, slots, at, True)[0],
    ]


def test_halves_of_a_controlled_rotation_are_one_block() -> None:
    func = traced(lambda c, w: c.h(0).ry(1, 0.3).crz(0, 1, w[0]).crx(1, 0, w[1]), 2)
    function = made(func)
    x = np.zeros((1, 0))
    blocks = gradients.metric_tensor(function, x, np.array([0.3, 0.4]))
    full = gradients.metric_tensor(function, x, np.array([0.3, 0.4]), metric="full")
    assert np.diag(blocks) == pytest.approx(np.diag(full))


def test_metrics_from_shots() -> None:
    function = made(traced(example, 3))
    x, w, _ = points(function, 1)
    exact = gradients.metric_tensor(function, x, w)
    found = gradients.metric_tensor(function, x, w, shots=20_000, seed=1)
    assert found == pytest.approx(exact, abs=0.02)
    assert not np.array_equal(found, exact)


@pytest.mark.parametrize("metric", ["block_diagonal", "full", "diagonal"])
def test_the_natural_gradient_is_the_solution(metric: str) -> None:
    function = made(traced(example, 3))
    x, w, g = points(function)
    d_x, d_w = function.backward(None, x, w, g)
    config = GradientConfig("natural", metric=metric, regularization=0.05)
    by_x, by_w = made(function.func, config).backward(None, x, w, g)
    tensor = gradients.metric_tensor(function, x, w, metric=metric)
    assert by_x == pytest.approx(d_x)
    assert (tensor + 0.05 * np.eye(4)) @ by_w == pytest.approx(d_w)
    step = gradients.natural_gradient(function, d_w, x, w, metric=metric, regularization=0.05)
    assert step == pytest.approx(by_w)


def test_without_regularization_idle_weights_stay() -> None:
    func = traced(lambda c, w: c.ry(0, w[0]).rz(1, w[1]), 2)
    config = GradientConfig("natural", regularization=0, metric="full")
    _, found = made(func, config).backward(
        None, np.zeros((1, 0)), np.array([0.4, 0.2]), np.ones((1, 2))
    )
    assert found == pytest.approx([-np.sin(0.4) / 0.25, 0.0])


def test_natural_gradients_descend_faster() -> None:
    """Where a weight hardly moves the state, plain steps hardly move it."""
    func = traced(lambda c, w: c.ry(0, 0.2 * w[0]).ry(1, w[1]), 2, ["Z0", "Z1"])
    losses = []
    for gradient in ("natural", "adjoint"):
        function, w = made(func, gradient), np.array([2.0, 0.5])
        for _ in range(30):
            w = w - 0.1 * function.backward(None, np.zeros((1, 0)), w, np.ones((1, 2)))[1]
        losses.append(function.forward(np.zeros((1, 0)), w, False)[0].sum())
    assert losses[0] < losses[1] - 0.5


# --- what is asked -----------------------------------------------------------------------------


def test_standard_errors_of_jacobians() -> None:
    function = made(traced(example, 3))
    x, w, _ = points(function)
    exact = gradients.jacobian(function, x, w)
    assert exact.inputs_error is exact.weights_error is None
    shots = gradients.jacobian(function, x, w, shots=400, seed=0)
    assert shots.inputs_error is not None
    assert shots.weights_error is not None
    away = np.abs(shots.weights - exact.weights) / np.maximum(shots.weights_error, 1e-9)
    assert np.quantile(away, 0.9) < 3
    assert gradients.jacobian(function, x, w, gradient="spsa").weights_error is None


@pytest.mark.parametrize(
    ("arguments", "options", "code", "words"),
    [
        ((np.zeros(2), np.zeros(4)), {}, "QS646", "inputs must have shape (B, F), got (2,)"),
        ((np.zeros((1, 3)), np.zeros(4)), {}, "QS646", "inputs must have shape (B, 2)"),
        ((np.zeros((1, 2)), np.zeros(5)), {}, "QS646", "weights must have shape (4,) or (1, 4)"),
        ((np.zeros((1, 2)),), {}, "QS646", "weights must have shape"),
        ((np.zeros((1, 2)), np.zeros(4)), {"shots": 0}, "QS646", "shots must be a positive"),
        ((np.zeros((1, 2)), np.zeros(4)), {"seed": "1"}, "QS626", "seed must be"),
    ],
)
def test_refusals(arguments: Any, options: Any, code: str, words: str) -> None:
    function = made(traced(example, 3))
    for ask in (gradients.jacobian, gradients.hessian, gradients.metric_tensor):
        with pytest.raises(QStoreError) as problem:
            ask(function, *arguments, **options)
        assert problem.value.code == code
        assert words in str(problem.value)


def test_other_refusals() -> None:
    function = made(traced(example, 3))
    x, w = np.zeros((1, 2)), np.zeros(4)
    for ask, code in (
        (lambda: gradients.metric_tensor(function, x, w, metric="fisher"), "QS640"),
        (lambda: gradients.metric_tensor(function, x, w, metric="full", shots=3), "QS642"),
        (lambda: gradients.jacobian(function, x, w, gradient="adjoint", shots=3), "QS642"),
        (lambda: gradients.natural_gradient(function, np.zeros(3), x, w), "QS646"),
        (lambda: gradients.hessian(example, x, w), "QS646"),
    ):
        with pytest.raises(QStoreError) as problem:
            ask()
        assert problem.value.code == code
