"""Estimates in torch: values and samples from finite shots, and methods that are not exact."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from q_store.runtime import torch_plain
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.slots import AnyFunction
from q_store.runtime.torch_ops import flatten, leading


@torch.compiler.disable
def estimated(
    function: AnyFunction, inputs: Tensor, weights: Tensor, estimate: Estimate, seed: int
) -> Tensor:
    """Values (B, width) of inputs (B, F) and weights (P,) or (B, P), once differentiable.

    `torch.compile` breaks its graph here: a seed inside a graph would draw the same numbers in
    every call.
    """
    if torch_plain.wanted():
        return torch_plain.values(function, inputs, weights)
    values: Tensor = _Values.apply(inputs.cpu(), weights.cpu(), function, estimate, seed)
    return values.to(inputs.device)


class _Values(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor, weights: Tensor, function: AnyFunction, estimate: Estimate, seed: int
    ) -> Tensor:
        arrays = inputs.detach().numpy(), weights.detach().numpy()
        return torch.from_numpy(estimate.values(function, *arrays, seed))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.rest = inputs[2:]
        ctx.save_for_backward(inputs[0], inputs[1])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs, weights = ctx.saved_tensors
        wanted = tuple(ctx.needs_input_grad[:2])
        found = _Gradients.apply(inputs, weights, grads[0], wanted, *ctx.rest)
        return *found, None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        raise ctx.rest[1].no_forward_mode()

    @staticmethod
    def vmap(info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, *rest: Any) -> Any:
        x, w = flatten(info.batch_size, in_dims, inputs, weights)
        return _Values.apply(x, w, *rest).unflatten(0, (info.batch_size, -1)), 0


class _Gradients(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor,
        weights: Tensor,
        cotangent: Tensor,
        wanted: tuple[bool, bool],
        function: AnyFunction,
        estimate: Estimate,
        seed: int,
    ) -> tuple[Tensor, Tensor]:
        x, w, g = [tensor.detach().numpy() for tensor in (inputs, weights, cotangent)]
        d_inputs, d_weights = estimate.vjp(function, x, w, g, seed, wanted)
        return torch.from_numpy(d_inputs), torch.from_numpy(d_weights)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.estimate = inputs[5]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise ctx.estimate.no_second_derivative()

    @staticmethod
    def vmap(
        info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, cotangent: Tensor, *rest: Any
    ) -> Any:
        size = info.batch_size
        x, w = flatten(size, in_dims, inputs, weights)
        g = leading(cotangent, in_dims[2], size).flatten(0, 1)
        d_x, d_w = _Gradients.apply(x, w, g, *rest)
        d_w = d_w.unflatten(0, (size, -1))
        shared = weights.dim() - (in_dims[1] is not None) == 1
        return (d_x.unflatten(0, (size, -1)), d_w.sum(1) if shared else d_w), (0, 0)


class _Samples(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor, weights: Tensor, function: AnyFunction, shots: int, seed: int
    ) -> Tensor:
        arrays = inputs.detach().numpy(), weights.detach().numpy()
        return torch.from_numpy(function.samples(*arrays, shots, seed))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, *rest: Any) -> Any:
        x, w = flatten(info.batch_size, in_dims, inputs, weights)
        return _Samples.apply(x, w, *rest).unflatten(0, (info.batch_size, -1)), 0


@torch.compiler.disable
def samples(
    function: AnyFunction, inputs: Tensor, weights: Tensor, shots: int, seed: int
) -> Tensor:
    """Measured bits (B, shots, k), uint8, without gradients."""
    if torch_plain.wanted():
        return torch_plain.samples(function, inputs, weights, shots)
    bits: Tensor = _Samples.apply(inputs.cpu(), weights.cpu(), function, shots, seed)
    return bits.to(inputs.device)
