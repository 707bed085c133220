"""Parameter-shift gradients and finite shots for the torch layer; see `q_store.runtime.shots`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from q_store.runtime import torch_plain
from q_store.runtime.shots import Shots
from q_store.runtime.slots import AnyFunction, slot_map
from q_store.runtime.torch_arithmetic import TORCH
from q_store.runtime.torch_ops import transformed
from q_store.runtime.usage import MeteredFunction


def sampled_expvals(
    function: AnyFunction, inputs: Tensor, weights: Tensor, shots: int | None, seed: int
) -> Tensor:
    """Expectation values (B, width), exact when `shots` is None, with parameter-shift gradients."""
    if torch_plain.wanted():
        return torch_plain.values(function, inputs, weights)
    slots = slot_map(function)
    device = inputs.device
    if weights.requires_grad and isinstance(function, MeteredFunction) and not transformed():
        weights = weights.view_as(weights)  # a hook on the parameter itself would stay there
        weights.register_hook(_noting(function))
    values: Tensor = _Shifted.apply(
        slots.slots(TORCH, inputs.cpu(), weights.cpu()), slots.function, Shots(shots, seed)
    )
    return values.to(device)


def _noting(function: MeteredFunction) -> Callable[[Tensor], None]:
    return lambda grad: function.usage.backward(0.0, grad.detach().cpu().numpy())


class _Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slots: Tensor, function: AnyFunction, shots: Shots) -> Tensor:
        ctx.function, ctx.shots = function, shots
        ctx.save_for_backward(slots)
        return torch.from_numpy(shots.estimate(function, slots.detach().numpy()))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        (slots,) = ctx.saved_tensors
        jacobian = torch.from_numpy(ctx.shots.jacobian(ctx.function, slots.numpy()))
        return torch.einsum("be,bse->bs", grads[0], jacobian), None, None
