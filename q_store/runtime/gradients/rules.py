"""Shift rules: derivatives of trigonometric polynomials as sums over shifted values, exactly.

As a function of one angle, any expectation value is a_0 + sum_l a_l cos(w_l t) + b_l sin(w_l t),
with the frequencies w_l of the gate's generator. For R frequencies the first derivative takes 2R
values (Wierichs, Izaac, Wang and Lin, Quantum 6, 677 (2022), arXiv:2107.12390): two for Pauli
rotations, four for controlled ones. Shifts are radians.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error

Rule = tuple[tuple[float, float], ...]
"""Pairs (coefficient, shift): the derivative at t is the sum of coefficient * f(t + shift)."""

_SAME: Final = 1e-9
_SCALES: Final = 400
"""Distances of shifts to try where the frequencies are not equidistant."""


@lru_cache(maxsize=256)
def first_derivative(frequencies: tuple[float, ...]) -> Rule:
    """The rule of f', `2 * len(frequencies)` values. Raises `QS644` unless they are distinct and
    positive."""
    w = checked_frequencies(frequencies)
    if not len(w):
        return ()
    shifts = _odd_shifts(w)
    halves = _odd_coefficients(w, shifts)
    return tuple(
        pair
        for y, s in zip(halves.tolist(), shifts.tolist(), strict=True)
        for pair in ((y, s), (-y, -s))
    )


@lru_cache(maxsize=256)
def second_derivative(frequencies: tuple[float, ...]) -> Rule:
    """The rule of f'', at most `2 * len(frequencies) + 1` values, f(t) itself first. Raises
    `QS644`."""
    w = checked_frequencies(frequencies)
    if not len(w):
        return ()
    count = len(w)
    distance = np.pi / (w[0] * count) if equidistant(w) else _step(w)
    shifts = np.arange(1, count + 1) * distance
    # Conditions on the coefficients of f(t) and of f(t + s) + f(t - s): constants vanish, and
    # cos(w t) becomes -w**2.
    matrix = np.ones((count + 1, count + 1))
    matrix[0, 1:] = 2.0
    matrix[1:, 1:] = 2.0 * np.cos(np.outer(w, shifts))
    found = np.linalg.solve(matrix, np.concatenate([[0.0], -(w**2)]))
    rule = [(float(found[0]), 0.0)]
    for z, s in zip(found[1:].tolist(), shifts.tolist(), strict=True):
        if np.all(np.abs(np.sin(w * s)) < _SAME):
            rule.append((2 * z, s))  # both shifts are the same point of a period
        else:
            rule += [(z, s), (z, -s)]
    return tuple(rule)


def checked_frequencies(frequencies: tuple[float, ...]) -> NDArray[np.float64]:
    """In order. Raises `QS644` unless they are distinct and positive."""
    w = np.sort(np.asarray(frequencies, np.float64).reshape(-1))
    bad = len(w) and not (np.all(np.isfinite(w)) and w[0] > 0 and np.all(np.diff(w) > _SAME))
    if bad:
        raise error(
            "QS644", f"frequencies must be distinct, finite and positive, got {frequencies}"
        )
    return w


def equidistant(w: NDArray[np.float64]) -> bool:
    """Whether the frequencies are 1, 2, ..., R times the first."""
    return bool(np.allclose(w, w[0] * np.arange(1, len(w) + 1), rtol=_SAME))


def _odd_shifts(w: NDArray[np.float64]) -> NDArray[np.float64]:
    odd = np.arange(1.0, 2.0 * len(w), 2.0, dtype=np.float64)
    if equidistant(w):
        return np.asarray(odd * np.pi / (2.0 * len(w) * w[0]))
    return odd * best_scale(w, odd, lambda s: float(np.abs(_odd_coefficients(w, s)).sum()))


def _step(w: NDArray[np.float64]) -> float:
    """The distance of even shifts for which rounding errors grow least."""
    index = np.arange(1.0, len(w) + 1)
    return best_scale(w, index, lambda s: float(np.linalg.cond(np.cos(np.outer(w, s)) - 1.0)))


def best_scale(w: NDArray[np.float64], pattern: NDArray[np.float64], cost: Any) -> float:
    """The scale of a pattern of shifts for which a cost is least: the sum of the coefficients'
    absolute values bounds both rounding errors and the variance of estimates."""
    scales = np.linspace(0.0, np.pi / w[0], _SCALES + 2)[1:-1]
    costs = [cost(scale * pattern) for scale in scales]
    return float(scales[int(np.argmin(costs))])


def _odd_coefficients(w: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """y with sum_m 2 y_m sin(w_l s_m) = w_l for every frequency; infinite where there is none."""
    matrix = 2.0 * np.sin(np.outer(w, shifts))
    if abs(np.linalg.det(matrix)) < 1e-12:
        return np.full(len(w), np.inf)
    return np.asarray(np.linalg.solve(matrix, w))
