"""What a caller passes, checked and brought to the kernels' shapes; gradients on the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.batched.classical import Classical
from q_store.targets.executable import Executable

Array = NDArray[Any]


class Derivatives(Protocol):
    """Gradients in the shapes of `Arguments`."""

    d_inputs: Array
    d_weights: Array


@dataclass(slots=True)
class Arguments:
    """Kernel inputs (B, F + derived) and weights (1 or B, P); ``parameters`` for derived ones."""

    batch: int
    inputs: Array
    weights: Array
    per_sample: bool
    parameters: NDArray[np.float64] | None = None

    def part(self, start: int, stop: int) -> Arguments:
        """The samples from ``start`` to ``stop - 1``, for values only."""
        inputs = self.inputs[start:stop]
        weights = self.weights[start:stop] if self.per_sample else self.weights
        return Arguments(len(inputs), inputs, weights, self.per_sample)


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """The dtype as numpy has it. Raises QS512 unless it is float32 or float64."""
    found = np.dtype(dtype)
    if found not in (np.float32, np.float64):
        raise error("QS512", f"dtype must be float32 or float64, got {found}")
    return found


def check_shape(name: str, got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Raise QS531 if the shapes differ."""
    if got != expected:
        raise error("QS531", f"{name} must have shape {expected}, got {got}")


def _bad(name: str, expected: str, got: tuple[int, ...], names: tuple[str, ...]) -> NoReturn:
    listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    raise error(
        "QS530",
        f"{name} must have shape {expected}, got {got}",
        help=f"they are {listed}" if names else "",
    )


def bind_arguments(
    executable: Executable,
    classical: Classical,
    dtype: np.dtype[Any],
    inputs: ArrayLike | None,
    weights: ArrayLike | None,
) -> Arguments:
    """Check and convert; evaluates derived parameters."""
    n_inputs, n_weights = executable.n_inputs, executable.n_weights
    w = np.zeros((1, 0), dtype) if weights is None else np.ascontiguousarray(weights, dtype)
    per_sample = w.ndim == 2 and weights is not None
    if w.ndim == 1:
        w = w.reshape(1, -1)
    if w.ndim != 2 or w.shape[1] != n_weights:
        shape = np.shape(weights) if weights is not None else ()
        _bad("weights", f"({n_weights},) or (B, {n_weights})", shape, executable.weight_names)
    x = np.zeros((len(w), 0), dtype) if inputs is None else np.ascontiguousarray(inputs, dtype)
    if x.ndim != 2 or x.shape[1] != n_inputs:
        shape = np.shape(inputs) if inputs is not None else ()
        _bad("inputs", f"(B, {n_inputs})", shape, executable.input_names)
    if per_sample and len(w) != len(x):
        _bad("weights", f"({n_weights},) or ({len(x)}, {n_weights})", w.shape, ())
    if not len(classical):
        return Arguments(len(x), x, w, per_sample)
    return _with_derived(classical, x, w, per_sample)


def _with_derived(classical: Classical, x: Array, w: Array, per_sample: bool) -> Arguments:
    """Append the derived parameters to the inputs."""
    batch = len(x)
    given = np.concatenate([x.T, np.broadcast_to(w.T, (w.shape[1], batch))]).astype(np.float64)
    values = classical.forward(given)
    derived = values[classical.n_given :].T.astype(x.dtype)
    extended = np.ascontiguousarray(np.concatenate([x, derived], axis=1))
    return Arguments(batch, extended, w, per_sample, values)


def split_gradients(
    executable: Executable, classical: Classical, args: Arguments, buffers: Derivatives
) -> tuple[Array, Array]:
    """Gradients in the caller's shapes, those of derived parameters chained to their arguments."""
    d_inputs, d_weights = buffers.d_inputs, buffers.d_weights
    if args.parameters is not None:
        n = executable.n_inputs
        d_given = classical.reverse(args.parameters, d_inputs[:, n:].T.astype(np.float64))
        d_inputs = d_inputs[:, :n] + d_given[:n].T.astype(d_inputs.dtype)
        d_rest = d_given[n:].T if args.per_sample else d_given[n:].sum(axis=1)[None]
        d_weights = d_weights + d_rest.astype(d_weights.dtype)
    return d_inputs, d_weights if args.per_sample else d_weights[0]


def check_qubits(executable: Executable, qubits: Any) -> tuple[int, ...]:
    """A tuple of distinct qubits; None means all. Raises QS532."""
    n = executable.n_qubits
    if qubits is None:
        return tuple(range(n))
    chosen = tuple(int(q) for q in qubits)
    if len(set(chosen)) != len(chosen) or not all(0 <= q < n for q in chosen):
        raise error("QS532", f"qubits must be distinct and between 0 and {n - 1}, got {chosen}")
    return chosen
