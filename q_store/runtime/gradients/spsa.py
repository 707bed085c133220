"""Simultaneous perturbation: all parameters move at once, along random signs (Spall, IEEE Trans.
Automat. Contr. 37, 332 (1992)).

Two values per direction, however many parameters there are. With signs d, the estimate is
(f(p + e d) - f(p - e d)) / (2 e) times d; its mean over the signs is the gradient, up to terms of
the order e**2. Every sample of a batch draws its own directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles
from q_store.runtime.gradients.parameter_level import read_moved


@dataclass(frozen=True, slots=True)
class Spsa:
    """See `GradientConfig`. The signs come from the call's stream of random numbers."""

    epsilon: float | None = None
    samples: int = 1

    @classmethod
    def of(cls, config: GradientConfig) -> Spsa:
        return cls(config.epsilon, config.samples or 1)

    def step(self, call: Call) -> float:
        """Epsilon; larger with shots, whose noise is divided by it."""
        return self.epsilon or (0.01 if call.sampler.shots is None else 0.1)

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`."""
        signs, slopes = self._slopes(call)
        along = np.einsum("bvw,bw->bv", slopes, cotangent)
        return call.split(np.einsum("bv,bvp->bp", along, signs) / self.samples)

    def derivatives(self, call: Call) -> Derivatives:
        """See `Method.derivatives`. Variances are those of the mean over directions, from their
        spread; with one direction they are unknown."""
        signs, slopes = self._slopes(call)
        mean = np.einsum("bvw,bvp->bwp", slopes, signs) / self.samples
        if self.samples == 1:
            return Derivatives(mean)
        square = np.einsum("bvw,bvp->bwp", slopes**2, signs**2) / self.samples
        return Derivatives(mean, np.maximum(square - mean**2, 0.0) / (self.samples - 1))

    def _slopes(self, call: Call) -> tuple[Doubles, Doubles]:
        """Directions (B, samples, F + P) and slopes (B, samples, width) along them."""
        shape = (call.batch, self.samples, sum(call.shape))
        signs = call.sampler.random.choice((-1.0, 1.0), shape) * call.moving
        step = self.step(call)
        values, _ = read_moved(call, np.concatenate([signs, -signs], axis=1) * step)
        ahead, behind = values[:, : self.samples], values[:, self.samples :]
        return signs, (ahead - behind) / (2 * step)
