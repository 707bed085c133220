"""What layers call: values and gradients of one circuit call, by a method and with shots."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.method import Call
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.table import vjp
from q_store.runtime.slots import AnyFunction
from q_store.runtime.usage import MeteredFunction

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How to estimate; `method` is no `auto`. Equal seeds give equal draws."""

    method: GradientConfig = field(default_factory=lambda: GradientConfig("parameter_shift"))
    shots: int | None = None

    def values(self, function: AnyFunction, inputs: Array, weights: Array, seed: int) -> Array:
        """Values (B, width) of inputs (B, F) and weights (P,) or (B, P)."""
        return Sampler(self.shots, (seed, 0)).values(function, inputs, weights)

    def vjp(
        self,
        function: AnyFunction,
        inputs: Array,
        weights: Array,
        cotangent: Array,
        seed: int,
        wanted: tuple[bool, bool] = (True, True),
    ) -> tuple[Array, Array]:
        """Gradients of sum(cotangent * values) for inputs and weights; those not wanted may be
        zero. The draws are others than those of `values` at the same seed."""
        sampler = Sampler(self.shots, (seed, 1))
        call = Call(function.within_gradients, inputs, weights, sampler, wanted)
        if not isinstance(function, MeteredFunction):
            return vjp(self.method, call, cotangent)
        counted, start = function.usage.seconds, perf_counter()
        found = vjp(self.method, call, cotangent)
        rest = perf_counter() - start - (function.usage.seconds - counted)
        function.usage.backward(max(rest, 0.0), found[1] if wanted[1] else np.empty(0))
        return found

    def no_second_derivative(self) -> QStoreError:
        """The error for a derivative of `vjp`."""
        return error(
            "QS645",
            f"{self._how} gives first derivatives only",
            help="for higher ones use 'adjoint', 'parameter_shift' or 'hadamard' without shots",
        )

    def no_forward_mode(self) -> QStoreError:
        """The error for tangents of `values`."""
        return error(
            "QS645",
            f"{self._how} is differentiated in reverse mode only",
            help="for forward mode use 'adjoint', 'parameter_shift' or 'hadamard' without shots",
        )

    @property
    def _how(self) -> str:
        with_shots = "" if self.shots is None else f" with shots={self.shots}"
        return f"gradient method {self.method.method!r}{with_shots}"
