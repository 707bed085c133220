"""The embedded engine as a backend."""

from __future__ import annotations

from typing import Any

from q_store.runtime.backends.placement import Placement
from q_store.runtime.batched.engine import BatchedProgram
from q_store.targets.executable import Executable


def load(executable: Executable, dtype: Any, placement: Placement) -> Any:
    """A `Program`: of the batched engine for a unitary circuit, else a noisy one."""
    if not executable.effects:
        return BatchedProgram(executable, dtype, placement.threads)
    from q_store.runtime.noise.loading import load_noisy

    return load_noisy(executable, dtype, placement)
