"""Simultaneous perturbation stochastic approximation (Spall, IEEE Trans. Aerosp. Electron. Syst.
34, 817 (1998)): two values per iteration, however many parameters and however noisy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from q_store.runtime.minimizers.objective import Doubles, Objective, check_count, check_number
from q_store.runtime.minimizers.result import OptimizeResult
from q_store.runtime.seeds import check_seed

_CALIBRATION: Final = 10
"""Slopes that decide the first gain, and values that decide how noisy they are."""
_PATIENCE: Final = 5
"""Small steps in a row that mean convergence: a single one may be due to its direction."""


def spsa_minimize(
    fun: Callable[..., Any],
    x0: ArrayLike,
    *,
    max_iterations: int = 200,
    tolerance: float = 1e-5,
    first_step: float = 0.2,
    a: float | None = None,
    c: float = 0.1,
    stability: float | None = None,
    alpha: float = 0.602,
    gamma: float = 0.101,
    directions: int = 1,
    blocking: bool = False,
    allowed_increase: float | None = None,
    vectorized: bool = False,
    seed: int | None = None,
    callback: Callable[[Doubles], Any] | None = None,
) -> OptimizeResult:
    """Minimise `fun`, a function of an array shaped like `x0` with one real value, noisy or not.

    Gains are Spall's: steps a / (k + 1 + stability)**alpha times the slope along random signs,
    between points c / (k + 1)**gamma to both sides. `stability` is a tenth of `max_iterations` by
    default. Without `a`, ten slopes at the start decide it, so that parameters move by about
    `first_step` at first. Where values are noisy, `c` should be about their standard deviation.

    `directions`: slopes to average in each iteration. `blocking`: refuse a step whose value is
    higher by more than `allowed_increase`, for one value more per iteration; the default is twice
    the standard deviation of ten values at the start. `vectorized`: `fun` takes points (n, *shape)
    and gives n values, as a `CircuitCost` does. `seed` repeats the directions. `callback` gets the
    point after every iteration; a true answer ends the run.

    Converged means that no parameter moved by more than `tolerance` in five steps in a row.
    Raises `QS647` for unusable arguments, `QS626` for a seed, `QS649` for values that are not
    finite real numbers.
    """
    check_count("max_iterations", max_iterations)
    check_count("directions", directions)
    check_number("tolerance", tolerance, zero=True)
    check_number("first_step", first_step)
    check_seed(seed)
    by_default = max_iterations / 10 if stability is None else stability
    search = _Search(
        Objective(fun, x0, vectorized),
        Gains(a, c, by_default, alpha, gamma),
        directions,
        np.random.default_rng(seed),
    )
    search.calibrate(first_step)
    if blocking:
        search.block(allowed_increase)
    return _run(search, max_iterations, tolerance, callback)


@dataclass(slots=True)
class Gains:
    """Steps and perturbations of iteration k, from 0."""

    a: float | None
    c: float
    stability: float
    alpha: float
    gamma: float

    def __post_init__(self) -> None:
        if self.a is not None:
            check_number("a", self.a)
        check_number("c", self.c)
        check_number("stability", self.stability, zero=True)
        check_number("alpha", self.alpha)
        check_number("gamma", self.gamma, zero=True)

    def step(self, k: int) -> float:
        """What a slope is multiplied by."""
        assert self.a is not None
        return float(self.a / (k + 1 + self.stability) ** self.alpha)

    def perturbation(self, k: int) -> float:
        """The distance of the two points of a slope."""
        return float(self.c / (k + 1) ** self.gamma)


class _Search:
    """Where a run stands."""

    def __init__(
        self, objective: Objective, gains: Gains, directions: int, random: np.random.Generator
    ) -> None:
        self.objective, self.gains = objective, gains
        self.directions, self.random = directions, random
        self.point = objective.start
        self._value: float | None = None  # with blocking: that of the point
        self._allowed = 0.0

    def calibrate(self, first_step: float) -> None:
        """Choose `a` where it was not given. A flat start leaves it at 1."""
        if self.gains.a is None:
            slopes, _ = self._slopes(self.gains.c, _CALIBRATION)
            size = float(np.abs(slopes).mean())
            scale = (1 + self.gains.stability) ** self.gains.alpha
            self.gains.a = first_step * scale / size if size else 1.0

    def block(self, allowed: float | None) -> None:
        """Refuse steps that go up by more than is allowed."""
        values = self.objective(np.tile(self.point, (_CALIBRATION, 1)))
        self._value = float(values.mean())
        self._allowed = 2 * float(values.std(ddof=1)) if allowed is None else allowed
        check_number("allowed_increase", self._allowed, zero=True)

    def iterate(self, k: int) -> float | None:
        """The largest move of a parameter; `None` where the step was refused."""
        slopes, signs = self._slopes(self.gains.perturbation(k), self.directions)
        moved = self.point - self.gains.step(k) * (slopes @ signs) / self.directions
        if self._value is not None:
            value = self.objective.one(moved)
            if value > self._value + self._allowed:
                return None
            self._value = value
        found = float(np.abs(moved - self.point).max())
        self.point = moved
        return found

    def result(self, nit: int, success: bool, message: str) -> OptimizeResult:
        """The end of the run."""
        value = self.objective.one(self.point) if self._value is None else self._value
        x = self.objective.shaped(self.point)
        return OptimizeResult(x, value, success, nit, self.objective.count, message)

    def _slopes(self, distance: float, count: int) -> tuple[Doubles, Doubles]:
        """Slopes (count,) along random signs (count, P)."""
        signs = self.random.choice((-1.0, 1.0), (count, len(self.point)))
        points = self.point + distance * np.concatenate([signs, -signs])
        ahead, behind = np.split(self.objective(points), 2)
        return (ahead - behind) / (2 * distance), signs


def _run(
    search: _Search,
    max_iterations: int,
    tolerance: float,
    callback: Callable[[Doubles], Any] | None,
) -> OptimizeResult:
    still = 0
    for k in range(max_iterations):
        moved = search.iterate(k)
        if moved is not None:
            still = still + 1 if moved <= tolerance else 0
        if still == _PATIENCE:
            return search.result(k + 1, True, f"no parameter moved by more than {tolerance:g}")
        if callback is not None and callback(search.objective.shaped(search.point)):
            return search.result(k + 1, False, "the callback ended the run")
    return search.result(max_iterations, False, f"not converged in {max_iterations} iterations")
