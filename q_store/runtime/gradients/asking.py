"""Derivatives to look at: Jacobians with standard errors, Hessians, metrics, natural gradients.

`model` is a quantum layer of any framework, a `quantum_function`, a `CircuitFunction` or what
`q_store.compile` gives. Arrays are numpy, calculations are in float64 where the backend has it.
Shapes: inputs (B, F), a row per sample, `None` for one sample of a circuit without data; weights
(P,), shared, or (B, P); values (B, width).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradient_config import GradientConfig, GradientLike
from q_store.runtime.gradients.choice import resolved
from q_store.runtime.gradients.hessian import hessian as hessian_of
from q_store.runtime.gradients.method import Call, Doubles
from q_store.runtime.gradients.natural import Natural
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.table import METHODS
from q_store.runtime.seeds import check_seed
from q_store.runtime.slots import AnyFunction
from q_store.runtime.usage import MeteredFunction


@dataclass(frozen=True, slots=True)
class Jacobian:
    """Values and their derivatives, sample by sample."""

    values: Doubles
    """(B, width)."""
    inputs: Doubles
    """Derivatives for inputs, (B, width, F)."""
    weights: Doubles
    """Derivatives for weights, (B, width, P); of shared weights each sample's own part."""
    inputs_error: Doubles | None = None
    """Standard errors of `inputs`; `None` without randomness, or where they are unknown."""
    weights_error: Doubles | None = None
    """Standard errors of `weights`."""


def jacobian(
    model: Any,
    inputs: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    gradient: GradientLike = "auto",
    shots: int | None = None,
    seed: int | None = None,
) -> Jacobian:
    """Values and derivatives for inputs and weights by any method, with standard errors.

    With `shots`, every circuit the method needs is estimated from that many; standard errors say
    what is left. Those of `spsa` come from the spread of its directions, so from 2 `samples` on.
    `weights` may be left out for a layer that has its own. Raises what `GradientConfig` raises,
    `QS642` for a method that cannot be used here and `QS646` for arrays of other shapes.
    """
    call = _call(model, inputs, weights, shots, seed)
    config = resolved(GradientConfig.of(gradient), call.function.backend.name, shots)
    values = call.sampler.values(call.function, call.inputs, call.weights)
    found, n = METHODS[config.method](config).derivatives(call), call.shape[0]
    parts = (np.asarray(values, np.float64), found.values[:, :, :n], found.values[:, :, n:])
    if found.variance is None:
        return Jacobian(*parts)
    errors = np.sqrt(found.variance)
    return Jacobian(*parts, errors[:, :, :n], errors[:, :, n:])


def hessian(
    model: Any,
    inputs: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    shots: int | None = None,
    seed: int | None = None,
) -> Doubles:
    """Second derivatives (B, width, F + P, F + P) in the order [inputs | weights].

    Exact: from gradients at shifted angles where the backend has the adjoint method, else from
    values at angles shifted twice. With `shots` from estimated values, unbiased.
    """
    call = _call(model, inputs, weights, shots, seed)
    config = resolved(GradientConfig(), call.function.backend.name, shots)
    return hessian_of(call, config.method == "adjoint")


def metric_tensor(
    model: Any,
    inputs: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    metric: str = "block_diagonal",
    shots: int | None = None,
    seed: int | None = None,
) -> Doubles:
    """The Fubini-Study metric over the weights, a quarter of the quantum Fisher information.

    (P, P), the mean over the batch, for shared weights; (B, P, P) for weights (B, P). `metric` is
    `block_diagonal`, `diagonal` or `full`; the last needs a simulator's states, so no `shots`.
    Raises `QS640` for another kind, `QS642` and `QS643` where it cannot be had.
    """
    call = _call(model, inputs, weights, shots, seed)
    return Natural(GradientConfig("natural", metric=metric).metric or metric).tensor(call)


def natural_gradient(
    model: Any,
    gradient: ArrayLike,
    inputs: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    metric: str = "block_diagonal",
    regularization: float = 1e-3,
    shots: int | None = None,
    seed: int | None = None,
) -> Doubles:
    """(G + regularization)^-1 times a gradient of the weights: what a step of quantum natural
    gradient descent subtracts. `gradient` has the shape of the weights; see `metric_tensor`."""
    config = GradientConfig("natural", metric=metric, regularization=regularization)
    call = _call(model, inputs, weights, shots, seed)
    g = np.asarray(gradient, np.float64)
    if g.shape != np.shape(call.weights):
        raise _bad_shape("gradient", f"{np.shape(call.weights)}", g.shape)
    return Natural.of(config).apply(call, g)


def check_shots(shots: object) -> None:
    """Raises `QS646` for what is no number of shots."""
    if shots is not None and (isinstance(shots, bool) or not isinstance(shots, int) or shots < 1):
        raise error("QS646", f"shots must be a positive integer or None, got {shots!r}")


def function_at(model: Any, inputs: ArrayLike | None) -> tuple[AnyFunction, Doubles]:
    """The circuit function of a model in float64 where its backend has that, and the inputs
    (B, F) that its circuit reads; one row without any where none are given.

    Raises `QS646` for what is no model and for inputs of another shape.
    """
    x = np.zeros((1, 0)) if inputs is None else as_numpy(inputs)
    if x.ndim != 2:
        raise _bad_shape("inputs", "(B, F)", x.shape)
    function: Any = model
    if hasattr(model, "core"):
        function = model.core.function(model.core.features(x.shape), "float64")
        x = x[:, : function.executable.n_inputs]
    elif hasattr(model, "circuit_function"):
        function = model.circuit_function
    elif not isinstance(model, CircuitFunction | MeteredFunction):
        raise error("QS646", f"model must be a quantum layer or function, got {model!r}")
    features = function.executable.n_inputs
    if x.shape[1] != features:
        raise _bad_shape("inputs", f"(B, {features})", x.shape)
    return function, x


def _call(model: Any, inputs: Any, weights: Any, shots: int | None, seed: int | None) -> Call:
    check_seed(seed)
    check_shots(shots)
    function, x = function_at(model, inputs)
    given = _own_weights(model) if weights is None else weights
    w = np.zeros(0) if given is None else as_numpy(given)
    count = function.executable.n_weights
    if w.shape not in ((count,), (len(x), count)):
        raise _bad_shape("weights", f"({count},) or ({len(x)}, {count})", w.shape)
    return Call(function, x, w, Sampler(shots, seed))


def _bad_shape(name: str, wanted: str, got: tuple[int, ...]) -> Exception:
    return error("QS646", f"{name} must have shape {wanted}, got {got}")


def as_numpy(array: Any) -> NDArray[np.float64]:
    """An array of any framework as numpy's."""
    plain = array.detach().cpu() if hasattr(array, "detach") else array
    return np.asarray(plain, np.float64)


def _own_weights(layer: Any) -> NDArray[np.float64] | None:
    """The weights of a layer as one row; `None` for a function, which has none of its own."""
    if hasattr(layer, "quantum_weights"):
        parts = list(layer.quantum_weights.values())
    elif hasattr(layer, "get_parameter"):
        parts = [layer.get_parameter(name) for name in layer.core.weight_shapes]
    else:
        return None
    return np.concatenate([np.zeros(0), *[as_numpy(part).reshape(-1) for part in parts]])
