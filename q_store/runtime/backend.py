"""Backends: what runs an executable, behind one protocol.

A backend turns an `Executable` into a `Program` for one dtype. Layers, the command line and
benchmarks speak to programs only. All arrays are numpy; B is the batch, F the number of inputs, P
the number of weights, E the number of expectation values.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.qir.diagnostics import did_you_mean, error
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

    def forward(self, inputs: Real, weights: Real, keep_state: bool) -> tuple[Real, Real | None]:
        """Values, and a state to hand to `backward` when `keep_state`."""

    def backward(
        self, saved: Real | None, inputs: Real, weights: Real, cotangent: Real
    ) -> tuple[Real, Real]:
        """The gradients of `value_and_vjp`; runs the circuit again when `saved` is None."""

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


Loader = Callable[[Executable, DTypeLike], Program]

BACKENDS: Final[dict[str, str]] = {"batched": "q_store.runtime.batched.engine:BatchedProgram"}
"""Name to the class that loads an executable; imported on first use."""

_ELSEWHERE: Final = (
    "qsim",
    "lightning.qubit",
    "lightning.gpu",
    "lightning.kokkos",
    "aer",
    "ionq.simulator",
    "ionq.aria",
    "ionq.forte",
)
"""Backends that programs may name although this installation has no loader for them."""


def resolve_backend(name: str, *, strict: bool = False) -> str:
    """The backend that will run: `auto` is the embedded batched engine.

    A known backend that is not available falls back to `batched` with one warning, or raises
    `QS604` when `strict`. Raises `QS603` for an unknown name.
    """
    if name == "auto":
        return "batched"
    if name in BACKENDS:
        return name
    if name not in _ELSEWHERE:
        known = (*BACKENDS, *_ELSEWHERE, "auto")
        raise error("QS603", f"unknown backend {name!r}", help=did_you_mean(name, known))
    message = f"backend {name!r} is not available in this installation"
    if strict:
        raise error("QS604", message, help="use backend='auto', or strict=False to fall back")
    warnings.warn(f"{message}; running on 'batched' instead", RuntimeWarning, stacklevel=3)
    return "batched"


def load(executable: Executable, dtype: DTypeLike, backend: str = "batched") -> Program:
    """A program of a backend that `resolve_backend` returned."""
    module, _, attribute = BACKENDS[backend].partition(":")
    loader: Loader = getattr(import_module(module), attribute)
    return loader(executable, dtype)
