"""Noise in the embedded engine: density matrices, trajectories, noise models.

A noisy circuit runs behind the same `Program` protocol as any other. `loading.load` chooses:

* `density.DensityProgram`: the density matrix as a real vector over Pauli words, exact.
* `mixtures.MixtureProgram`: trajectories of channels that are mixtures of unitaries. Every random
  choice is an input of a unitary circuit, which the batched engine runs.
* `jumps.JumpProgram`: trajectories of everything else, in which the state decides.

The first and the last share one kernel: a state is a tensor of small digits, and whatever happens
to it is a sparse real matrix on a few digits (`factors.py`, `blocks.py`, `kernels.py`).
"""

from q_store.runtime.noise.inserting import noisy
from q_store.runtime.noise.models import NoiseModel, published

__all__ = ["NoiseModel", "noisy", "published"]
