"""What a minimiser returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OptimizeResult:
    """Where a minimiser stopped, and why. The names are those of `scipy.optimize`."""

    x: NDArray[np.float64]
    """The best point known, in the shape of the start."""
    fun: float
    """The value there: of one evaluation, so with noise if values have it."""
    success: bool
    """Whether the minimiser converged, that is, met its tolerance."""
    nit: int
    """Iterations."""
    nfev: int
    """Values that were asked for, those of this result and of calibration included."""
    message: str
    """Why it stopped."""

    def __getitem__(self, name: str) -> Any:
        """As dictionary, which is what results of scipy are."""
        if name not in self.__slots__:
            raise KeyError(name)
        return getattr(self, name)
