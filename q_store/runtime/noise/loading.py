"""Which program runs a noisy circuit."""

from __future__ import annotations

from typing import Any

from q_store.runtime.backends.placement import Placement
from q_store.runtime.noise.density import DensityProgram
from q_store.targets.executable import Executable


def load_noisy(executable: Executable, dtype: Any, placement: Placement) -> Any:
    """A `Program` on density matrices."""
    return DensityProgram(executable, dtype, placement.threads)
