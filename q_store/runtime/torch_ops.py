"""Circuits as torch operations.

Eager code takes `torch.autograd.Function`, which is the cheapest to call; tracers
(`torch.compile`, meta tensors, other devices) take the `torch.library` custom ops of the same
mathematics, which they see as one opaque node each.

Second and higher derivatives work on *slots*: the circuit is rewritten so that every angle obeys
the two-term shift rule, the affine map from parameters to slots is ordinary torch arithmetic, and
the derivative of the vector-Jacobian product is a difference of two products (Mari, Bromley and
Killoran, arXiv:2008.06517).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from q_store.runtime.function import CircuitFunction, function_by_key
from q_store.runtime.slots import SlotMap, slot_map


def evaluate(function: CircuitFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    """Values (B, width) of inputs (B, F) and weights (P,) or (B, P), differentiable any number of
    times. All tensors have the dtype of the function."""
    if torch.compiler.is_compiling() or not inputs.is_cpu:
        values: Tensor = torch.ops.q_store.evaluate(inputs, weights, function.key)
        return values
    keep = torch.is_grad_enabled() and (inputs.requires_grad or weights.requires_grad)
    result: tuple[Tensor, Tensor] = _Evaluate.apply(inputs, weights, function, keep)
    return result[0]


class _Evaluate(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor, weights: Tensor, function: CircuitFunction, keep: bool
    ) -> tuple[Tensor, Tensor]:
        values, saved = function.forward(inputs.numpy(), weights.numpy(), keep)
        state = torch.empty(0) if saved is None else torch.from_numpy(saved)
        return torch.from_numpy(values), state

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.function = inputs[2]
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(inputs[0], inputs[1], output[1])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if grads[0] is None:
            return None, None, None, None
        inputs, weights, state = ctx.saved_tensors
        found = vjp(ctx.function, inputs, weights, grads[0], state)
        return found[0], found[1], None, None

    @staticmethod
    def vmap(info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, *rest: Any) -> Any:
        flat = _flatten_vmap(info.batch_size, in_dims[:2], inputs, weights)
        values = evaluate(rest[0], flat[0], flat[1])
        return (values.unflatten(0, (info.batch_size, -1)), torch.empty(0)), (0, None)


def vjp(
    function: CircuitFunction, inputs: Tensor, weights: Tensor, cotangent: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients for inputs and weights; itself differentiable when grad mode is on."""
    if torch.is_grad_enabled() and not function_is_slots(function):
        return _vjp_by_slots(slot_map(function), inputs, weights, cotangent)
    found: tuple[Tensor, Tensor] = _Vjp.apply(inputs, weights, cotangent, state, function)
    return found


class _Vjp(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor, weights: Tensor, cotangent: Tensor, state: Tensor, function: CircuitFunction
    ) -> tuple[Tensor, Tensor]:
        return _numpy_vjp(function, inputs, weights, cotangent, state)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.function = inputs[4]
        ctx.save_for_backward(inputs[0], inputs[1], inputs[2])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        slots, weights, cotangent = ctx.saved_tensors
        d_slots, d_cotangent = _shifted(ctx.function, slots, weights, cotangent, grads[0])
        return d_slots, None, d_cotangent, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, cotangent: Tensor, *rest: Any
    ) -> Any:
        size = info.batch_size
        x, w = _flatten_vmap(size, in_dims[:2], inputs, weights)
        g = _leading(cotangent, in_dims[2], size).flatten(0, 1)
        d_x, d_w = vjp(rest[1], x, w.contiguous(), g, torch.empty(0))
        d_w = d_w.unflatten(0, (size, -1)) if w.dim() == 2 else d_w.expand(size, *d_w.shape)
        per_sample = weights.dim() - (in_dims[1] is not None) == 2
        return (d_x.unflatten(0, (size, -1)), d_w if per_sample else d_w.sum(1)), (0, 0)


def _numpy_vjp(
    function: CircuitFunction, inputs: Tensor, weights: Tensor, cotangent: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    saved = state.numpy() if state.numel() else None
    d_inputs, d_weights = function.backward(
        saved, inputs.numpy(), weights.numpy(), cotangent.numpy()
    )
    return torch.from_numpy(d_inputs), torch.from_numpy(d_weights)


# --- vmap -------------------------------------------------------------------------------------


def _leading(tensor: Tensor, dim: int | None, size: int) -> Tensor:
    """The tensor with its vmapped dimension first, expanded when it has none."""
    return tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)


def _flatten_vmap(size: int, in_dims: Any, inputs: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """One larger batch; weights become per sample, because every vmapped slice has its own."""
    x = _leading(inputs, in_dims[0], size)
    w = _leading(weights, in_dims[1], size)
    if w.dim() == 2:
        w = w.unsqueeze(1).expand(size, x.shape[1], w.shape[-1])
    return x.flatten(0, 1), w.flatten(0, 1)


# --- higher derivatives ------------------------------------------------------------------------


def function_is_slots(function: CircuitFunction) -> bool:
    """Whether every input is one slot that obeys the two-term shift rule."""
    return function.func.attrs.get("slots") == 1


def _vjp_by_slots(
    slots: SlotMap, inputs: Tensor, weights: Tensor, cotangent: Tensor
) -> tuple[Tensor, Tensor]:
    """The vector-Jacobian product in operations torch can differentiate again."""
    values, pull_back = slots.torch_forward(inputs, weights)
    nothing = values.new_empty(0)
    d_slots, _ = vjp(slots.function, values, nothing, cotangent, nothing)
    return pull_back(d_slots)


def _shifted(
    function: CircuitFunction, slots: Tensor, weights: Tensor, cotangent: Tensor, tangent: Tensor
) -> tuple[Tensor, Tensor]:
    """Derivatives of <tangent, vjp(slots, cotangent)> for slots and cotangent."""
    batch, n = slots.shape
    shift = torch.eye(n, dtype=slots.dtype) * (math.pi / 2)
    moved = (slots[:, None, None, :] + torch.stack([shift, -shift])).reshape(-1, n)
    spread = cotangent[:, None, None, :].expand(batch, 2, n, -1).reshape(2 * n * batch, -1)
    values = evaluate(function, moved, weights).reshape(batch, 2, n, -1)
    products = vjp(function, moved, weights, spread, slots.new_empty(0))[0].reshape(batch, 2, n, n)
    d_cotangent = torch.einsum("bs,bse->be", tangent, values[:, 0] - values[:, 1]) / 2
    d_slots = torch.einsum("bs,bst->bt", tangent, products[:, 0] - products[:, 1]) / 2
    return d_slots, d_cotangent


# --- custom ops --------------------------------------------------------------------------------


@torch.library.custom_op("q_store::evaluate", mutates_args=())
def _evaluate_op(inputs: Tensor, weights: Tensor, key: str) -> Tensor:
    values, _ = function_by_key(key).forward(
        inputs.detach().cpu().numpy(), weights.detach().cpu().numpy(), False
    )
    return torch.from_numpy(values).to(inputs.device)


@_evaluate_op.register_fake
def _(inputs: Tensor, weights: Tensor, key: str) -> Tensor:
    return inputs.new_empty(inputs.shape[0], function_by_key(key).width)


@torch.library.custom_op("q_store::evaluate_vjp", mutates_args=())
def _vjp_op(
    inputs: Tensor, weights: Tensor, cotangent: Tensor, key: str
) -> tuple[Tensor, Tensor]:
    parts = [tensor.detach().cpu() for tensor in (inputs, weights, cotangent)]
    d_inputs, d_weights = _numpy_vjp(function_by_key(key), *parts, torch.empty(0))
    return d_inputs.to(inputs.device), d_weights.to(inputs.device)


@_vjp_op.register_fake
def _(inputs: Tensor, weights: Tensor, cotangent: Tensor, key: str) -> tuple[Tensor, Tensor]:
    return torch.empty_like(inputs), torch.empty_like(weights)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.key = inputs[2]
    ctx.save_for_backward(inputs[0], inputs[1])


def _evaluate_backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    inputs, weights = ctx.saved_tensors
    found = torch.ops.q_store.evaluate_vjp(inputs, weights, grad.contiguous(), ctx.key)
    return found[0], found[1], None


_evaluate_op.register_autograd(_evaluate_backward, setup_context=_save)


# --- state vectors -----------------------------------------------------------------------------


class _State(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, function: CircuitFunction) -> Tensor:
        ctx.function = function
        ctx.save_for_backward(inputs, weights)
        return torch.from_numpy(
            function.program.state(inputs.detach().numpy(), weights.detach().numpy())
        )

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs, weights = ctx.saved_tensors
        found = ctx.function.program.state_vjp(
            inputs.numpy(), weights.numpy(), np.ascontiguousarray(grads[0].resolve_conj().numpy())
        )
        return torch.from_numpy(found[0]), torch.from_numpy(found[1]), None


def state_vector(function: CircuitFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    """States (B, 2**n), qubit 0 most significant, once differentiable."""
    result: Tensor = _State.apply(inputs, weights, function)
    return result
