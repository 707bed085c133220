"""Rotosolve: one parameter at a time goes to where the cost is least, in closed form (Ostaszewski,
Grant and Benedetti, Quantum 5, 391 (2021)).

A cost that is an expectation value is a trigonometric polynomial in each parameter. A few values
decide it, three for one frequency, and its minimum is known: no steps, no learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from q_store.qir.diagnostics import error
from q_store.runtime.gradients.rules import checked_frequencies
from q_store.runtime.minimizers.circuit_cost import CircuitCost
from q_store.runtime.minimizers.objective import Doubles, Objective, check_count, check_number
from q_store.runtime.minimizers.result import OptimizeResult
from q_store.runtime.minimizers.trigonometric import interpolate, nodes

Spectrum = tuple[float, ...]


def rotosolve(
    fun: Callable[..., Any],
    x0: ArrayLike,
    *,
    frequencies: float | Sequence[float] | Sequence[Sequence[float]] | None = None,
    max_iterations: int = 50,
    tolerance: float = 1e-6,
    vectorized: bool = False,
    callback: Callable[[Doubles], Any] | None = None,
) -> OptimizeResult:
    """Minimise `fun`, a function of an array shaped like `x0` with one real value that is a
    trigonometric polynomial in every parameter.

    Of a `CircuitCost` the frequencies are known. For other functions, `frequencies` are one number
    for all parameters, or for each (in the order of the flat array) a number or several. R of them
    cost 2R + 1 values per update. `vectorized`: `fun` takes points (n, *shape) and gives n values.
    An iteration updates every parameter once, in order. `callback` gets the point after every
    iteration; a true answer ends the run.

    Converged means that an iteration lowered the value by no more than `tolerance`. Raises `QS644`
    for frequencies that are not distinct and positive, `QS647` for other unusable arguments,
    `QS648` where the frequencies of a circuit are unknown, `QS649` for values that are not finite
    real numbers.
    """
    check_count("max_iterations", max_iterations)
    check_number("tolerance", tolerance, zero=True)
    objective = Objective(fun, x0, vectorized or isinstance(fun, CircuitCost))
    spectra = _spectra(fun, frequencies, len(objective.start))
    point, value = objective.start, np.inf
    for k in range(1, max_iterations + 1):
        before = value
        point, value = _sweep(objective, spectra, point)
        if before - value <= tolerance:
            message = f"an iteration lowered the value by no more than {tolerance:g}"
            return _result(objective, point, True, k, message)
        if callback is not None and callback(objective.shaped(point)):
            return _result(objective, point, False, k, "the callback ended the run")
    message = f"not converged in {max_iterations} iterations"
    return _result(objective, point, False, max_iterations, message)


def _sweep(
    objective: Objective, spectra: Iterable[Spectrum], point: Doubles
) -> tuple[Doubles, float]:
    """The point after an update of every parameter, and the value to expect there."""
    point, value = point.copy(), np.inf
    for k, spectrum in enumerate(spectra):
        if spectrum:
            shifts = nodes(spectrum)
            rows = np.repeat(point[None], len(shifts), axis=0)
            rows[:, k] += shifts
            found = interpolate(spectrum, objective(rows))
            shift = found.minimum()
            point[k] += shift
            value = float(found(shift))
    return point, value


def _result(
    objective: Objective, point: Doubles, success: bool, nit: int, message: str
) -> OptimizeResult:
    value = objective.one(point)
    return OptimizeResult(objective.shaped(point), value, success, nit, objective.count, message)


def _spectra(fun: Any, frequencies: Any, count: int) -> tuple[Spectrum, ...]:
    """The frequencies of every parameter, in order."""
    if frequencies is None:
        if not isinstance(fun, CircuitCost):
            raise error(
                "QS647",
                "frequencies must be given for a function that is no CircuitCost: a number, or "
                "the frequencies of every parameter",
            )
        if count != fun.n_weights:
            raise error("QS647", f"x0 must hold {fun.n_weights} weights, got {count} numbers")
        return fun.frequencies
    given = [frequencies] * count if np.isscalar(frequencies) else list(frequencies)
    if len(given) != count:
        raise error("QS647", f"frequencies must be given for {count} parameters, got {len(given)}")
    return tuple(tuple(checked_frequencies(tuple(np.atleast_1d(own)))) for own in given)
