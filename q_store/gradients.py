"""`q_store.gradients`: derivatives of quantum layers and functions to look at and to step with."""

from __future__ import annotations

from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.asking import (
    Jacobian,
    hessian,
    jacobian,
    metric_tensor,
    natural_gradient,
)
from q_store.runtime.gradients.hadamard import hadamard_test
from q_store.runtime.gradients.plan import ShiftPlan, gradient_plan, hessian_plan
from q_store.runtime.gradients.rules import first_derivative, second_derivative
from q_store.runtime.gradients.stencils import difference_stencil

__all__ = [
    "GradientConfig",
    "Jacobian",
    "ShiftPlan",
    "difference_stencil",
    "first_derivative",
    "gradient_plan",
    "hadamard_test",
    "hessian",
    "hessian_plan",
    "jacobian",
    "metric_tensor",
    "natural_gradient",
    "second_derivative",
]
