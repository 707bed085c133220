"""The function to minimise as minimisers ask it: many points at once, counted and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime.gradients.asking import as_numpy

Doubles = NDArray[np.float64]


class Objective:
    """Values of `fun` at rows of flat parameters.

    `fun` takes an array of the shape of `x0` and gives one real number; if it is `vectorized`, it
    takes (n, *shape) and gives n of them. Raises `QS647` for what is no function or no start, and
    `QS649` where a value is not one finite real number.
    """

    def __init__(self, fun: Callable[..., Any], x0: ArrayLike, vectorized: bool) -> None:
        if not callable(fun):
            raise error("QS647", f"fun must be a function of an array, got {fun!r}")
        self.fun, self.vectorized = fun, vectorized
        self.start = _start(x0)
        self.shape = np.shape(x0)
        self.count = 0

    def __call__(self, rows: Doubles) -> Doubles:
        """Values (n,) at flat points (n, P)."""
        self.count += len(rows)
        points = rows.reshape(len(rows), *self.shape)
        found = self.fun(points) if self.vectorized else [self.fun(point) for point in points]
        return self._checked(found, rows)

    def one(self, point: Doubles) -> float:
        """The value at one flat point (P,)."""
        return float(self(point[None])[0])

    def shaped(self, point: Doubles) -> Doubles:
        """A flat point in the shape of the start; a copy."""
        return point.reshape(self.shape).copy()

    def _checked(self, found: Any, rows: Doubles) -> Doubles:
        try:
            values = np.asarray([as_numpy(value) for value in found])
        except (TypeError, ValueError):
            raise self._bad("real numbers", found) from None
        if values.size != len(rows):
            raise self._bad(f"{len(rows)} numbers, one for each point", found)
        values = values.reshape(len(rows))
        if not np.isfinite(values).all():
            worst = int(np.argmin(np.isfinite(values)))
            raise self._bad("finite numbers", f"{values[worst]} at {self.shaped(rows[worst])}")
        return values

    def _bad(self, wanted: str, got: object) -> QStoreError:
        return error("QS649", f"the function to minimise must give {wanted}, got {got}")


def _start(x0: ArrayLike) -> Doubles:
    try:
        start = np.array(x0, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise error("QS647", f"x0 must be an array of real numbers, got {x0!r}") from None
    if not start.size or not np.isfinite(start).all():
        raise error("QS647", f"x0 must hold finite numbers, at least one, got {x0!r}")
    return start


def check_count(name: str, value: Any) -> None:
    """Raises `QS647` unless a setting is a positive integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise error("QS647", f"{name} must be a positive integer, got {value!r}")


def check_number(name: str, value: Any, zero: bool = False) -> None:
    """Raises `QS647` unless a setting is a finite positive number, or `zero` where that is
    allowed."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not np.isfinite(value) or value < 0 or (value == 0 and not zero):
        wanted = "a finite number from 0 up" if zero else "a finite positive number"
        raise error("QS647", f"{name} must be {wanted}, got {value!r}")
