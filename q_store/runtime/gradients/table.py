"""Every gradient method by name, and the door through which functions and layers differentiate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.adjoint import Adjoint
from q_store.runtime.gradients.finite_diff import FiniteDiff
from q_store.runtime.gradients.hadamard import Hadamard
from q_store.runtime.gradients.method import Call, Method
from q_store.runtime.gradients.natural import Natural
from q_store.runtime.gradients.parameter_shift import ParameterShift
from q_store.runtime.gradients.spsa import Spsa

Array = NDArray[Any]

METHODS: Final[dict[str, Callable[[GradientConfig], Method]]] = {
    "adjoint": lambda _: Adjoint(),
    "parameter_shift": lambda _: ParameterShift(),
    "finite_diff": FiniteDiff.of,
    "spsa": Spsa.of,
    "hadamard": lambda _: Hadamard(),
    "natural": Natural.of,
}


def vjp(config: GradientConfig, call: Call, cotangent: Array) -> tuple[Array, Array]:
    """Gradients of sum(cotangent * values) by a method other than `auto`: of inputs (B, F) and of
    weights in their own shape, in the function's dtype."""
    method = METHODS[config.method](config)
    d_inputs, d_weights = method.vjp(call, np.asarray(cotangent, np.float64))
    dtype = call.function.dtype
    return np.ascontiguousarray(d_inputs, dtype), np.ascontiguousarray(d_weights, dtype)
