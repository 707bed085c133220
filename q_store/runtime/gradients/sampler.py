"""Reading the values of a circuit: exactly, or from finite shots.

With shots, every Pauli word of every observable is measured on its own, `shots` times: its
estimate is a binomial draw around the exact expectation value, which is the exact distribution of
that experiment; trajectories of a noisy circuit are measured once each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.slots import AnyFunction

Array = NDArray[Any]


class Sampler:
    """Reads values exactly, or from this many shots with this stream of random numbers."""

    def __init__(self, shots: int | None = None, seed: Any = None) -> None:
        self.shots = shots
        self.random = np.random.default_rng(seed)

    def values(self, function: AnyFunction, inputs: Array, weights: Array | None = None) -> Array:
        """Values (B, width), of the function's dtype."""
        return self.read(function, inputs, weights)[0]

    def read(
        self, function: AnyFunction, inputs: Array, weights: Array | None = None
    ) -> tuple[Array, Array | None]:
        """Values (B, width) and, with shots, the variances of these estimates."""
        x = np.ascontiguousarray(inputs, function.dtype)
        w = np.ascontiguousarray(() if weights is None else weights, function.dtype)
        if self.shots is None:
            return function.forward(x, w, False)[0], None
        means = function.word_means(x, w, self.shots, self.random)
        coefs = function.words.coefficients
        spread = (1.0 - np.asarray(means, np.float64) ** 2) / self.shots
        return np.asarray(means @ coefs, function.dtype), spread @ coefs.astype(np.float64) ** 2
