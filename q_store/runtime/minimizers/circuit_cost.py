"""A circuit's values as one number to minimise over the weights."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.gradients.asking import check_shots, function_at
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.spectrum import Spectrum, weight_spectra
from q_store.runtime.seeds import check_seed

Doubles = NDArray[np.float64]


class CircuitCost:
    """The mean over samples of the sum of a circuit's values, as a function of its weights.

    `model` is a quantum layer of any framework, a `quantum_function`, a `CircuitFunction`, or what
    `q_store.compile` gives. `inputs` are rows, one per sample; without them the circuit has none.
    `coefficients` multiply the values, one for each. With `shots` every value is estimated from
    that many, with random numbers from `seed`.

    A call takes weights (P,), or points (n, P) that run as one batch, and gives a number or n of
    them, float64. Raises `QS646` for unusable arguments.
    """

    def __init__(
        self,
        model: Any,
        inputs: ArrayLike | None = None,
        *,
        coefficients: ArrayLike | None = None,
        shots: int | None = None,
        seed: int | None = None,
    ) -> None:
        check_shots(shots)
        check_seed(seed)
        self.function, self.inputs = function_at(model, inputs)
        self.sampler = Sampler(shots, seed)
        width = self.function.width
        if not width:
            raise error("QS646", "model must give expectation values or probabilities")
        given = np.ones(width) if coefficients is None else np.asarray(coefficients, np.float64)
        if given.shape != (width,):
            raise error("QS646", f"coefficients must have shape ({width},), got {given.shape}")
        self.coefficients = given

    @cached_property
    def frequencies(self) -> tuple[Spectrum, ...]:
        """For every weight, the frequencies with which the cost may move. Raises `QS648`."""
        return weight_spectra(self.function.executable)

    @property
    def n_weights(self) -> int:
        """P."""
        return self.function.executable.n_weights

    def __call__(self, weights: ArrayLike) -> Any:
        """The cost at weights (P,) or (n, P)."""
        points = np.asarray(weights, np.float64)
        if points.shape[-1:] != (self.n_weights,) or points.ndim > 2:
            wanted = f"({self.n_weights},) or (n, {self.n_weights})"
            raise error("QS646", f"weights must have shape {wanted}, got {points.shape}")
        rows = np.atleast_2d(points)
        samples = len(self.inputs)
        inputs = np.tile(self.inputs, (len(rows), 1))
        values = self.sampler.values(self.function, inputs, np.repeat(rows, samples, axis=0))
        by_sample = np.asarray(values, np.float64) @ self.coefficients
        found = by_sample.reshape(len(rows), samples).mean(axis=1)
        return float(found[0]) if points.ndim == 1 else found
