"""Finite differences of the parameters: cheap in circuits where few parameters drive many gates.

The error is of the order epsilon**order, plus rounding, or shot noise, divided by epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles
from q_store.runtime.gradients.parameter_level import ParameterMethod, read_moved
from q_store.runtime.gradients.stencils import Stencil, difference_stencil

_WITH_SHOTS: Final = 0.1


@dataclass(frozen=True, slots=True)
class FiniteDiff(ParameterMethod):
    """See `GradientConfig`."""

    stencil: Stencil
    order: int
    epsilon: float | None = None

    @classmethod
    def of(cls, config: GradientConfig) -> FiniteDiff:
        stencil = difference_stencil(config.scheme or "central", config.order)
        return cls(stencil, stencil[-1][1] - stencil[0][1], config.epsilon)

    def step(self, call: Call) -> float:
        """Epsilon, or what loses least: at the precision to the power of 1 / (order + 1) rounding
        and truncation errors are of one size."""
        if self.epsilon is not None:
            return self.epsilon
        if call.sampler.shots is not None:
            return _WITH_SHOTS
        precision = float(np.finfo(call.function.dtype).eps)
        return float(precision ** (1 / (self.order + 1)))

    def derivatives(self, call: Call) -> Derivatives:
        moving, step = np.flatnonzero(call.moving), self.step(call)
        units = np.eye(sum(call.shape))[moving] * step
        moves = [units * shift for _, shift in self.stencil if shift]
        # The value in the middle is shared; it is the last one.
        middle = [np.zeros((1, sum(call.shape)))] if len(moves) < len(self.stencil) else []
        values, variance = read_moved(call, np.concatenate([*moves, *middle])[None])
        found = self._spread(call, moving, self._combined(values, 1) / step)
        if variance is None:
            return Derivatives(found)
        spread = self._combined(variance, 2) / step**2
        return Derivatives(found, self._spread(call, moving, spread))

    def _combined(self, values: Doubles, power: int) -> Doubles:
        """Sums (B, n, width) of values (B, variants, width) times powers of the coefficients."""
        outer = [coefficient**power for coefficient, shift in self.stencil if shift]
        middle = [coefficient**power for coefficient, shift in self.stencil if not shift]
        n = (values.shape[1] - len(middle)) // len(outer)
        parts = values[:, : n * len(outer)].reshape(len(values), len(outer), n, values.shape[2])
        found = np.einsum("s,bsnw->bnw", outer, parts)
        for coefficient in middle:
            found = found + coefficient * values[:, -1:]
        return np.asarray(found)

    def _spread(self, call: Call, moving: Array, slopes: Doubles) -> Doubles:
        """(B, width, F + P) of the moving parameters' (B, n, width), zero for the others."""
        found = np.zeros((call.batch, slopes.shape[2], sum(call.shape)))
        found[:, :, moving] = np.swapaxes(slopes, 1, 2)
        return found
