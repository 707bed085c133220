"""Finite shots and the parameter-shift rule, on slots and without a framework.

With shots, every Pauli word of every observable is measured on its own, `shots` times: its estimate
is a binomial draw around the exact expectation value, which is the exact distribution of that
experiment; trajectories of a noisy circuit are measured once each. Gradients come from the same
experiment at shifted slots (Schuld et al., arXiv:1811.11184), so they are unbiased.
"""

from __future__ import annotations

import math

import numpy as np

from q_store.runtime.backend import Real
from q_store.runtime.slots import AnyFunction


class Shots:
    """How to estimate the outputs of a slot function: exactly, or with this many shots from this
    stream of random numbers."""

    def __init__(self, shots: int | None, seed: int) -> None:
        self.shots = shots
        self.random = np.random.default_rng(seed)

    def estimate(self, function: AnyFunction, slots: Real) -> Real:
        """Estimates (B, width) of the outputs at slots (B, S)."""
        nothing = np.empty(0, function.dtype)
        if self.shots is None:
            return function.forward(slots, nothing, False)[0]
        estimates = function.word_means(slots, nothing, self.shots, self.random)
        return np.asarray(estimates @ function.words.coefficients, dtype=function.dtype)

    def jacobian(self, function: AnyFunction, slots: Real) -> Real:
        """Derivatives (B, S, width) of the outputs for each slot, by the two-term shift rule."""
        batch, n = slots.shape
        found = self.estimate(function, shifted(slots)).reshape(batch, 2, n, -1)
        return np.asarray((found[:, 0] - found[:, 1]) / 2)


def shifted(slots: Real) -> Real:
    """Rows (B * 2 * S, S): for every sample, each slot moved by pi/2, then each by -pi/2."""
    batch, n = slots.shape
    shift = np.eye(n, dtype=slots.dtype) * (math.pi / 2)
    moved = slots[:, None, None, :] + np.stack([shift, -shift])
    return np.asarray(moved.reshape(batch * 2 * n, n), dtype=slots.dtype)
