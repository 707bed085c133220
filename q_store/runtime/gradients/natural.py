"""The quantum natural gradient: the gradient of the weights, measured in states instead of numbers.

The gradient of weights g becomes (G + r I)^-1 g with the metric G of `metric.py`, averaged over the
batch where weights are shared, and the regularization r. A step of plain gradient descent with it
is a step of quantum natural gradient descent (Stokes et al., arXiv:1909.02108). Gradients of inputs
stay what they are, so layers before the circuit train as usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.adjoint import Adjoint
from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles, Method
from q_store.runtime.gradients.metric import metric_of_weights
from q_store.runtime.gradients.parameter_shift import ParameterShift

_REGULARIZATION = 1e-3


@dataclass(frozen=True, slots=True)
class Natural:
    """See `GradientConfig`. Gradients come from the adjoint method, with shots from shifts."""

    metric: str = "block_diagonal"
    regularization: float = _REGULARIZATION

    @classmethod
    def of(cls, config: GradientConfig) -> Natural:
        given = config.regularization
        return cls(config.metric or "block_diagonal", _REGULARIZATION if given is None else given)

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`; `d_weights` is the natural gradient."""
        d_inputs, d_weights = self._inner(call).vjp(call, cotangent)
        return d_inputs, self.apply(call, d_weights) if call.wanted[1] else d_weights

    def apply(self, call: Call, d_weights: Doubles) -> Doubles:
        """The natural gradient of a gradient in the shape of the weights."""
        if not (call.batch and call.shape[1]):
            return d_weights
        return self._solve(self.tensor(call), d_weights[..., None])[..., 0]

    def derivatives(self, call: Call) -> Derivatives:
        """See `Method.derivatives`; those for weights are natural ones, each value's."""
        found, n = self._inner(call).derivatives(call).values, call.shape[0]
        if call.batch and call.shape[1]:
            by_weight = np.swapaxes(found[:, :, n:], 1, 2)
            found = found.copy()
            found[:, :, n:] = np.swapaxes(self._solve(self.tensor(call), by_weight), 1, 2)
        return Derivatives(found)

    def tensor(self, call: Call) -> Doubles:
        """The metric: (P, P) for shared weights, (B, P, P) for weights of each sample."""
        metric = metric_of_weights(call, self.metric)
        return metric if np.ndim(call.weights) == 2 else metric.mean(axis=0)

    def _inner(self, call: Call) -> Method:
        return Adjoint() if call.sampler.shots is None else ParameterShift()

    def _solve(self, metric: Doubles, right: Doubles) -> Doubles:
        """Without regularization, the solution of least length where there are many."""
        if not (np.isfinite(metric).all() and np.isfinite(right).all()):
            return np.full(right.shape, np.nan)
        if self.regularization == 0:
            return np.asarray(np.linalg.pinv(metric, rcond=1e-10, hermitian=True) @ right)
        damped = metric + self.regularization * np.eye(metric.shape[-1])
        return np.asarray(np.linalg.solve(damped, right))
