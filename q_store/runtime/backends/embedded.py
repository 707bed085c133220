"""The embedded engine as a backend."""

from __future__ import annotations

from typing import Any

from q_store.runtime.backends.placement import Placement
from q_store.runtime.batched.engine import BatchedProgram
from q_store.targets.executable import Executable


def load(executable: Executable, dtype: Any, placement: Placement) -> BatchedProgram:
    """A program of the batched engine."""
    return BatchedProgram(executable, dtype, placement.threads)
