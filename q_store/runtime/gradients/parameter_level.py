"""What methods share that move the parameters themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles

_CHUNK_NUMBERS = 1 << 22


class ParameterMethod(ABC):
    """A method that evaluates the circuit at moved parameters. See `Method`."""

    @abstractmethod
    def derivatives(self, call: Call) -> Derivatives:
        """See `Method.derivatives`."""

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`."""
        found = self.derivatives(call).values
        return call.split(np.einsum("bwp,bw->bp", found, cotangent))


def read_moved(call: Call, moves: Doubles) -> tuple[Doubles, Doubles | None]:
    """Values (B, V, width) and variances at the given parameters plus moves (B or 1, V, F + P).

    All variants of all samples are one batch, in parts that fit into memory.
    """
    given, n_inputs = call.given, call.shape[0]
    size = max(1, _CHUNK_NUMBERS // max(1, given.size))
    values, variances = [], []
    for start in range(0, moves.shape[1], size):
        part = moves[:, start : start + size]
        shape = (call.batch, part.shape[1], call.function.width)
        rows = (given[:, None, :] + part).reshape(shape[0] * shape[1], given.shape[1])
        found, variance = call.sampler.read(call.function, rows[:, :n_inputs], rows[:, n_inputs:])
        values.append(found.reshape(shape))
        if variance is not None:
            variances.append(variance.reshape(shape))
    if not values:
        return np.zeros((call.batch, 0, call.function.width)), None
    joined = np.concatenate(values, axis=1).astype(np.float64)
    return joined, np.concatenate(variances, axis=1) if variances else None
