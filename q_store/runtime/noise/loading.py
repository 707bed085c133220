"""Which program runs a noisy circuit."""

from __future__ import annotations

from typing import Any, Final

from q_store.runtime.backends.placement import Placement
from q_store.runtime.noise.density import DensityProgram
from q_store.runtime.noise.jumps import JumpProgram
from q_store.runtime.noise.mixtures import MixtureProgram, is_mixture
from q_store.targets.executable import Executable

MOST_EXACT_QUBITS: Final = 10
"""Up to this many qubits a noisy circuit runs on density matrices unless told otherwise."""


def load_noisy(executable: Executable, dtype: Any, placement: Placement) -> Any:
    """A `Program`: on density matrices where few qubits allow it, else by trajectories."""
    method = placement.method or _method(executable, placement)
    if method == "density_matrix":
        return DensityProgram(executable, dtype, placement.threads)
    program = MixtureProgram if is_mixture(executable) else JumpProgram
    return program(executable, dtype, placement.trajectories, placement.seed, placement.threads)


def _method(executable: Executable, placement: Placement) -> str:
    few = executable.n_qubits <= MOST_EXACT_QUBITS and placement.trajectories is None
    return "density_matrix" if few else "trajectories"
