"""Matrices that are trigonometric in one angle: M(t) = A + B cos(h t) + C sin(h t)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating[Any]]

_PROBES: Final = (0.7, 2.9, -1.3, 7.1)
_EXACT: Final = 1e-12


class Harmonic(NamedTuple):
    """The three parts and the frequency h."""

    constant: Matrix
    cosine: Matrix
    sine: Matrix
    frequency: float


def joined(parts: Sequence[Matrix], frequency: float) -> Harmonic:
    """The harmonic of its three matrices."""
    mean, cosine, sine = parts
    return Harmonic(mean, cosine, sine, frequency)


def constant(matrix: Matrix) -> Harmonic:
    """A matrix without an angle."""
    zero = np.zeros_like(matrix)
    return Harmonic(matrix, zero, zero, 0.0)


def harmonic(matrix: Callable[[float], Matrix]) -> Harmonic | None:
    """The parts of a matrix with frequency 1 or 1/2, read off three points and checked at
    others; `None` for any other function."""
    for frequency in (1.0, 0.5):
        start, quarter, half = (matrix(k * pi / (2 * frequency)) for k in (0, 1, 2))
        mean = (start + half) / 2
        found = Harmonic(mean, (start - half) / 2, quarter - mean, frequency)
        if all(np.abs(matrix(t) - evaluate(found, t)).max() < _EXACT for t in _PROBES):
            return joined([_clean(part) for part in found[:3]], frequency)
    return None


def evaluate(parts: Harmonic, angle: float) -> Matrix:
    """The matrix at an angle in radians."""
    t = parts.frequency * angle
    total: Any = parts.constant + parts.cosine * np.cos(t) + parts.sine * np.sin(t)
    return np.asarray(total)


def _clean(matrix: Matrix) -> Matrix:
    """Without the rounding errors of entries that are zero or a simple number."""
    rounded = np.round(matrix, 13)
    return np.where(np.abs(matrix - rounded) < 1e-14, rounded, matrix) + 0.0
