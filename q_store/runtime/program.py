"""Programs: circuits ready to run, behind one protocol, and parts that many of them share.

Layers, the command line and benchmarks speak to programs only. All arrays are numpy; B is the
batch, F the number of inputs, P the number of weights, E the number of expectation values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.runtime.batched.arguments import Arguments, check_qubits
from q_store.runtime.batched.sampling import draw
from q_store.targets.executable import Executable

Real = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]


class Program(Protocol):
    """A circuit ready to run. Weights are (P,), shared, or (B, P), one row per sample."""

    executable: Executable
    dtype: np.dtype[Any]

    def expvals(self, inputs: Real, weights: Real) -> Real:
        """Expectation values (B, E) for inputs (B, F)."""

    def value_and_vjp(
        self, inputs: Real, weights: Real, cotangent: Real
    ) -> tuple[Real, Real, Real]:
        """Values (B, E), and the gradients of sum(cotangent * values): d_inputs (B, F) and
        d_weights of the shape of `weights`."""

    def forward(self, inputs: Real, weights: Real, keep_state: bool) -> tuple[Real, Any]:
        """Values, and when `keep_state` something to hand to `backward`, or None."""

    def backward(
        self, saved: Any, inputs: Real, weights: Real, cotangent: Real
    ) -> tuple[Real, Real]:
        """The gradients of `value_and_vjp`. What `forward` kept is used up: with None, or a second
        time, the circuit runs again."""

    def probs(self, inputs: Real, weights: Real, qubits: tuple[int, ...]) -> Real:
        """Probabilities (B, 2**k), the first listed qubit most significant."""

    def probs_vjp(
        self, inputs: Real, weights: Real, cotangent: Real, qubits: tuple[int, ...]
    ) -> tuple[Real, Real, Real]:
        """Probabilities and the gradients of sum(cotangent * probs)."""

    def samples(
        self, inputs: Real, weights: Real, qubits: tuple[int, ...], shots: int, seed: int
    ) -> NDArray[np.uint8]:
        """Measured bits (B, shots, k)."""

    def state(self, inputs: Real, weights: Real) -> Complex:
        """State vectors (B, 2**n), qubit 0 most significant, global phase included."""

    def state_vjp(
        self, inputs: Real, weights: Real, cotangent: Complex
    ) -> tuple[Complex, Real, Real]:
        """States and the gradients of Re(sum(conj(cotangent) * state)), torch's convention."""


class Recomputing(ABC):
    """`forward` and `backward` of programs that keep no state from one to the other."""

    @abstractmethod
    def expvals(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Real:
        """See `Program.expvals`."""

    @abstractmethod
    def value_and_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Real, Real, Real]:
        """See `Program.value_and_vjp`."""

    def forward(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, keep_state: bool = False
    ) -> tuple[Real, Any]:
        """Expectation values; nothing is kept, the gradient runs the circuit again."""
        return self.expvals(inputs, weights), None

    def backward(
        self,
        saved: Any,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
    ) -> tuple[Real, Real]:
        """Gradients of `value_and_vjp`."""
        return self.value_and_vjp(inputs, weights, cotangent)[1:]


class Sampled(ABC):
    """`samples` drawn exactly from probabilities.

    Sample b of the batch has its own random stream made from the seed and b, so bits depend neither
    on threads nor on the other samples, and are the same on every simulator as long as their
    probabilities agree.
    """

    executable: Executable

    @abstractmethod
    def _bind(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Arguments:
        """The arguments of a call, checked."""

    @abstractmethod
    def _chances(self, part: Arguments, qubits: tuple[int, ...]) -> Real:
        """Probabilities (b, 2**k) for a part of the batch."""

    def samples(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """Measured bits (B, shots, k) of `qubits` (default all); no `seed` draws a fresh one."""
        args = self._bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        return draw(lambda part: self._chances(part, chosen), args, len(chosen), shots, seed)
