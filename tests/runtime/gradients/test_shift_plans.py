"""Shift rules and plans give the derivatives of trigonometric polynomials exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir.diagnostics import QStoreError
from q_store.qir.registry import all_gates
from q_store.runtime.gradients.plan import gradient_plan, hessian_plan
from q_store.runtime.gradients.rules import Rule, first_derivative, second_derivative

FREQUENCIES = [
    (1.0,),
    (2.0,),
    (0.5, 1.0),
    (1.0, 2.0),
    (1.0, 2.0, 3.0, 4.0),
    (1.0, 3.0),
    (0.5, 1.0, 3.0),
    (2.0, math.sqrt(5.0)),
    (1.0, 1.1, 4.0),
]
SPECTRA = sorted({own for row in all_gates().values() for own in row.frequencies} | {*FREQUENCIES})


def polynomial(frequencies: tuple[float, ...], seed: int) -> tuple[np.ndarray, ...]:
    """Random a_0 and rows (a, b) with w."""
    a, b = np.random.default_rng(seed).normal(size=(2, len(frequencies)))
    return np.array(frequencies), a, b


def value(parts: tuple[np.ndarray, ...], t: float, order: int = 0) -> float:
    """The polynomial 0.3 + sum a cos(w t) + b sin(w t) or a derivative of it."""
    w, a, b = parts
    turned = w * t + order * math.pi / 2
    constant = 0.3 if order == 0 else 0.0
    return constant + float(np.sum(w**order * (a * np.cos(turned) + b * np.sin(turned))))


def applied(rule: Rule, parts: tuple[np.ndarray, ...], t: float) -> float:
    return sum(c * value(parts, t + shift) for c, shift in rule)


@pytest.mark.parametrize("frequencies", SPECTRA, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_rules_are_exact(frequencies: tuple[float, ...], seed: int) -> None:
    parts, t = polynomial(frequencies, seed), 0.7 * seed - 0.4
    first, second = first_derivative(frequencies), second_derivative(frequencies)
    assert applied(first, parts, t) == pytest.approx(value(parts, t, 1), abs=1e-9)
    assert applied(second, parts, t) == pytest.approx(value(parts, t, 2), abs=1e-9)
    assert len(first) == 2 * len(frequencies)
    assert len(second) <= 2 * len(frequencies) + 1


@given(st.sets(st.integers(1, 40), min_size=1, max_size=4))
def test_rules_of_any_spectrum(quarters: set[int]) -> None:
    frequencies = tuple(k / 4 for k in sorted(quarters))
    parts = polynomial(frequencies, sum(quarters))
    exact = value(parts, 0.3, 1)
    assert applied(first_derivative(frequencies), parts, 0.3) == pytest.approx(exact, abs=1e-6)


def test_rules_everyone_knows() -> None:
    two = np.array(first_derivative((1.0,)))
    assert two == pytest.approx(np.array([(0.5, math.pi / 2), (-0.5, -math.pi / 2)]))
    four = first_derivative((0.5, 1.0))
    root = math.sqrt(2)
    wanted = {
        math.pi / 2: (root + 1) / (4 * root),
        3 * math.pi / 2: -(root - 1) / (4 * root),
    }
    for c, shift in four:
        assert c == pytest.approx(math.copysign(1, shift) * wanted[abs(shift)])
    second = np.array(second_derivative((1.0,)))
    assert second == pytest.approx(np.array([(-0.5, 0.0), (0.5, math.pi)]))
    assert first_derivative(()) == second_derivative(()) == ()


@pytest.mark.parametrize("bad", [(1.0, 1.0), (0.0,), (-1.0,), (math.inf,), (math.nan, 1.0)])
def test_bad_frequencies(bad: tuple[float, ...]) -> None:
    with pytest.raises(QStoreError, match="distinct, finite and positive") as problem:
        first_derivative(bad)
    assert problem.value.code == "QS644"


SLOTS = ((1.0,), (0.5, 1.0), (), (1.0, 2.0))


def function(rows: np.ndarray) -> np.ndarray:
    """Products of polynomials of the slots, (R, 2); the third slot has no effect."""
    a, b, d = rows[:, 0], rows[:, 1], rows[:, 3]
    product = np.cos(a + 0.2) * (np.sin(b / 2) + 0.3 * np.cos(b)) * (1 + np.sin(d) - np.cos(2 * d))
    return np.stack([product, np.sin(a) + np.sin(2 * d + 0.1)], axis=1)


def numeric(f, slots: np.ndarray, axis: int) -> np.ndarray:
    step = np.zeros(slots.shape[1])
    step[axis] = 1e-5
    return (f(slots + step) - f(slots - step)) / 2e-5


def test_a_plan_of_all_slots() -> None:
    plan = gradient_plan(SLOTS)
    slots = np.random.default_rng(0).normal(size=(3, 4))
    found = plan.derivatives(function, slots)
    assert found.shape == (3, 4, 2)
    assert plan.offsets.shape == (2 + 4 + 4, 4)
    for axis in range(4):
        assert found[:, axis] == pytest.approx(numeric(function, slots, axis), abs=1e-8)
    every = function((slots[:, None] + plan.offsets).reshape(-1, 4)).reshape(3, -1, 2)
    assert np.einsum("dv,bvw->bdw", plan.coefficients, every) == pytest.approx(found)


def test_a_plan_of_second_derivatives() -> None:
    plan = hessian_plan(SLOTS)
    slots = np.random.default_rng(1).normal(size=(2, 4))
    found = plan.derivatives(function, slots).reshape(2, 4, 4, 2)
    first = gradient_plan(SLOTS)
    for axis in range(4):
        wanted = numeric(lambda rows: first.derivatives(function, rows), slots, axis)
        assert found[:, : axis + 1, axis] == pytest.approx(wanted[:, : axis + 1], abs=1e-7)
    shared = [moves for moves in plan.variants if moves == ()]
    assert len(shared) == 1


def test_variances_of_derivatives() -> None:
    plan = gradient_plan(((1.0,),))
    variances = np.array([[[4.0], [2.0]]])
    assert plan.combine(variances, power=2) == pytest.approx(np.array([[[0.25 * 6]]]))


def test_plans_run_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = np.random.default_rng(2).normal(size=(5, 4))
    whole = gradient_plan(SLOTS).derivatives(function, slots)
    monkeypatch.setattr("q_store.runtime.gradients.plan._CHUNK_NUMBERS", 60)
    plan = gradient_plan(SLOTS)
    assert max(len(rows) for rows in plan.batches(slots)) == 15
    assert np.array_equal(plan.derivatives(function, slots), whole)


def test_empty_plans_and_batches() -> None:
    assert gradient_plan(()).derivatives(function, np.zeros((2, 0))).shape == (2, 0, 0)
    assert gradient_plan(SLOTS).derivatives(function, np.zeros((0, 4))).shape == (0, 4, 0)
