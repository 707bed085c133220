"""Trigonometric polynomials from their values, and their minima.

With frequencies w_l, R of them, f(t) = a_0 + sum_l a_l cos(w_l t) + b_l sin(w_l t) has 2R + 1
coefficients, so as many values decide it (Vidal and Theis, arXiv:1812.06323; Wierichs et al.,
Quantum 6, 677 (2022)).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.gradients.rules import best_scale, checked_frequencies, equidistant

Doubles = NDArray[np.float64]

_PER_WAVE: Final = 8
"""Grid points per period of the highest frequency: the least one is next to the minimum."""
_POLISH: Final = 8
"""Newton steps, each of which doubles the digits."""


@dataclass(frozen=True, eq=False)
class Polynomial:
    """f(t) - a_0."""

    w: Doubles
    cosines: Doubles
    sines: Doubles
    constant: float

    def __call__(self, t: Doubles | float, order: int = 0) -> Doubles:
        """f or a derivative of it at points of any shape."""
        turned = np.multiply.outer(t, self.w) + order * np.pi / 2
        waves = np.cos(turned) @ (self.w**order * self.cosines)
        waves += np.sin(turned) @ (self.w**order * self.sines)
        return np.asarray(waves + (self.constant if order == 0 else 0.0))

    def minimum(self) -> float:
        """Where f is least: within half a period of the lowest frequency, or of the least
        difference of frequencies, around 0. That is everywhere for the multiples of a number."""
        if len(self.w) == 1:
            if np.hypot(self.sines[0], self.cosines[0]) <= self._same:
                return 0.0
            return float(np.arctan2(-self.sines[0], -self.cosines[0]) / self.w[0])
        lowest = float(np.diff(self.w, prepend=0.0).min())
        half = np.pi / lowest
        count = 2 * int(np.ceil(_PER_WAVE * self.w[-1] / lowest)) + 1
        grid = np.linspace(-half, half, count)
        return self._polished(grid, grid[1] - grid[0])

    def _polished(self, grid: Doubles, gap: float) -> float:
        """Newton's method from the best points of the grid, none further than `gap` from it."""
        values = self(grid)
        starts = grid[np.argsort(values, kind="stable")[: 2 * len(self.w)]]
        t = starts
        for _ in range(_POLISH):
            slope, bend = self(t, 1), self(t, 2)
            step = np.where(bend > 0, slope / np.where(bend > 0, bend, 1.0), np.sign(slope) * gap)
            t = np.clip(t - step, starts - gap, starts + gap)
        both = np.concatenate([[0.0], t, starts])
        values = self(both)
        best = both[values <= values.min() + self._same]
        return float(best[np.argmin(np.abs(best))])

    @property
    def _same(self) -> float:
        """Values that differ by less are equal: of equal minima the nearest one is taken."""
        size = np.abs(self.cosines).sum() + np.abs(self.sines).sum()
        return float(1e-13 * (abs(self.constant) + size))


def nodes(frequencies: tuple[float, ...]) -> Doubles:
    """Where to take values, (2R + 1,): 0, then R shifts, then their negatives."""
    shifts = _shifts(frequencies)
    return np.concatenate([[0.0], shifts, -shifts])


def interpolate(frequencies: tuple[float, ...], values: Doubles) -> Polynomial:
    """The polynomial with these values at the nodes."""
    w, shifts = checked_frequencies(frequencies), _shifts(frequencies)
    ahead, behind = values[1 : len(w) + 1], values[len(w) + 1 :]
    turned = np.outer(shifts, w)
    # Relative to f(0), even and odd parts know nothing of each other.
    cosines = np.linalg.solve(np.cos(turned) - 1, (ahead + behind) / 2 - values[0])
    sines = np.asarray(np.linalg.solve(np.sin(turned), (ahead - behind) / 2), np.float64)
    return Polynomial(w, cosines, sines, float(values[0] - cosines.sum()))


@lru_cache(maxsize=256)
def _shifts(frequencies: tuple[float, ...]) -> Doubles:
    """R positive shifts for which the two systems of equations are well conditioned."""
    w = checked_frequencies(frequencies)
    index = np.arange(1.0, len(w) + 1)
    if len(w) == 1:
        return np.array([np.pi / (2 * w[0])])
    if equidistant(w):
        return np.asarray(index * 2 * np.pi / ((2 * len(w) + 1) * w[0]))
    return np.asarray(index * best_scale(w, index, lambda shifts: _condition(w, shifts)))


def _condition(w: Doubles, shifts: Doubles) -> float:
    turned = np.outer(shifts, w)
    return float(max(np.linalg.cond(np.cos(turned) - 1), np.linalg.cond(np.sin(turned))))
