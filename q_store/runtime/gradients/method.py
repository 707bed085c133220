"""The protocol of gradient methods.

A method differentiates a circuit function at a `Call`. Shapes: inputs (B, F), weights (P,) shared
or (B, P), values (B, width), given parameters [inputs | weights], F + P of them. All arithmetic
around the circuit is float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.slots import AnyFunction

Array = NDArray[Any]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Call:
    """Where to differentiate, and how to read expectation values."""

    function: AnyFunction
    inputs: Array
    weights: Array
    sampler: Sampler
    wanted: tuple[bool, bool] = (True, True)
    """Whether gradients of inputs and of weights are asked for; the others may be zero."""

    @property
    def batch(self) -> int:
        return len(self.inputs)

    @property
    def shape(self) -> tuple[int, int]:
        """How many inputs and weights the circuit has, F and P."""
        return self.function.executable.n_inputs, self.function.executable.n_weights

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Which given parameters (F + P,) are differentiated."""
        return np.repeat(np.array(self.wanted), self.shape)

    @property
    def given(self) -> Doubles:
        """Given parameters (B, F + P)."""
        x, w = np.asarray(self.inputs, np.float64), np.asarray(self.weights, np.float64)
        return np.concatenate([x, np.broadcast_to(w, (len(x), w.shape[-1]))], axis=1)

    def split(self, d_given: Doubles) -> tuple[Doubles, Doubles]:
        """Gradients of inputs (B, F) and of weights in their own shape, summed when shared, from
        those of the given parameters (B, F + P)."""
        n = self.shape[0]
        d_inputs, d_weights = d_given[:, :n], d_given[:, n:]
        return d_inputs, d_weights if np.ndim(self.weights) == 2 else d_weights.sum(axis=0)


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Derivatives of every value for every given parameter, sample by sample."""

    values: Doubles
    """(B, width, F + P)."""
    variance: Doubles | None = None
    """Of the estimates, in the same shape; `None` where there is no randomness."""


class Method(Protocol):
    """A way to differentiate."""

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """Gradients of sum(cotangent * values) for a cotangent (B, width): of inputs (B, F), and
        of weights in their own shape."""

    def derivatives(self, call: Call) -> Derivatives:
        """Derivatives of each value of each sample."""
