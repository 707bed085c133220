"""Finite differences of the parameters: cheap in circuits where few parameters drive many gates.

The error is of the order epsilon**2 for central and epsilon for one-sided differences, plus
rounding, or shot noise, divided by epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles
from q_store.runtime.gradients.parameter_level import ParameterMethod, read_moved

_STENCILS: Final = {"central": (1.0, -1.0), "forward": (1.0, 0.0), "backward": (0.0, -1.0)}
"""Where the two values of a difference are taken, in units of epsilon."""
_WITH_SHOTS: Final = 0.1


@dataclass(frozen=True, slots=True)
class FiniteDiff(ParameterMethod):
    """See `GradientConfig`."""

    epsilon: float | None = None
    scheme: str = "central"

    @classmethod
    def of(cls, config: GradientConfig) -> FiniteDiff:
        return cls(config.epsilon, config.scheme or "central")

    def step(self, call: Call) -> float:
        """Epsilon, or what loses least: rounding and truncation errors are of one size at the
        cube root of the precision for central differences, at its square root for others."""
        if self.epsilon is not None:
            return self.epsilon
        if call.sampler.shots is not None:
            return _WITH_SHOTS
        precision = float(np.finfo(call.function.dtype).eps)
        return float(precision ** (1 / 3 if self.scheme == "central" else 1 / 2))

    def derivatives(self, call: Call) -> Derivatives:
        moving, step = np.flatnonzero(call.moving), self.step(call)
        units = np.eye(sum(call.shape))[moving] * step
        ahead, behind = _STENCILS[self.scheme]
        moves = [part * units for part in (ahead, behind) if part]
        if not (ahead and behind):
            moves.append(np.zeros((1, sum(call.shape))))
        values, variance = read_moved(call, np.concatenate(moves)[None])
        n = len(moving)
        width = (ahead - behind) * step
        # One-sided differences share the value in the middle, which is the last one.
        first, second = values[:, :n], values[:, n:]
        slopes = (first - second) * (1.0 if ahead else -1.0) / width
        found = self._spread(call, moving, slopes)
        if variance is None:
            return Derivatives(found)
        spread = (variance[:, :n] + variance[:, n:]) / width**2
        return Derivatives(found, self._spread(call, moving, spread))

    def _spread(self, call: Call, moving: Array, slopes: Doubles) -> Doubles:
        """(B, width, F + P) of the moving parameters' (B, n, width), zero for the others."""
        found = np.zeros((call.batch, slopes.shape[2], sum(call.shape)))
        found[:, :, moving] = np.swapaxes(slopes, 1, 2)
        return found
