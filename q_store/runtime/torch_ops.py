"""Circuits as torch operations, differentiable any number of times.

Three doors lead to the same numbers:

* plain eager code takes an ordinary `torch.autograd.Function`, the cheapest to call;
* `torch.func` transforms and forward mode take functions with rules for them (`_Traced…`);
* `torch.compile`, meta tensors and other devices take the custom ops of `torch_library`, or
  operations of torch alone when the graph is written down to run without q-store (`plain`).

Second and higher derivatives work on *slots*: the circuit is rewritten so that every angle obeys
the two-term shift rule, the map from parameters to slots is ordinary torch arithmetic, and the
derivative of a vector-Jacobian product is a difference of two such products (Mari, Bromley and
Killoran, arXiv:2008.06517).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import forward_ad

from q_store.runtime import plain, torch_library, torch_plain  # noqa: F401  registers custom ops
from q_store.runtime.slots import AnyFunction, is_slot_function, slot_map
from q_store.runtime.torch_arithmetic import TORCH


def evaluate(function: AnyFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    """Values (B, width) of inputs (B, F) and weights (P,) or (B, P).

    All tensors have the dtype of the function.
    """
    if torch_plain.wanted():
        values: Tensor = torch_plain.values(function, inputs, weights)
    elif _is_opaque(inputs):
        values = torch.ops.q_store.evaluate(inputs, weights, function.text)
    elif transformed():
        values = _transformed_values(function, inputs, weights)
    else:
        values = _Evaluate.apply(inputs, weights, function)
    return values


def _is_opaque(tensor: Tensor) -> bool:
    """Whether numpy cannot read the memory of a tensor: it is compiled, fake or elsewhere."""
    return torch.compiler.is_compiling() or not tensor.is_cpu or isinstance(tensor, FakeTensor)


def vjp(
    function: AnyFunction, inputs: Tensor, weights: Tensor, cotangent: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of sum(cotangent * values) for inputs and weights, themselves differentiable when
    grad mode is on."""
    if torch.is_grad_enabled() and not is_slot_function(function):
        of_slots = slot_map(function)
        # Its annotation also allows the three results that `has_aux=True` gives.
        both: Any = torch.func.vjp(lambda x, w: of_slots.slots(TORCH, x, w), inputs, weights)
        slots, pull_back = both
        d_slots, _ = vjp(of_slots.function, slots, slots.new_empty(0), cotangent)
        pulled: tuple[Tensor, Tensor] = pull_back(d_slots)
        return pulled
    found: tuple[Tensor, Tensor] = _TracedVjp.apply(inputs, weights, cotangent, function)
    return found


def pushforward(
    function: AnyFunction, inputs: Tensor, weights: Tensor, d_inputs: Tensor, d_weights: Tensor
) -> Tensor:
    """Tangents (B, width) of the values for tangents of inputs and weights: one row of the
    Jacobian for each value, applied to the tangents."""
    batch, width = inputs.shape[0], function.width
    rows = torch.eye(width, dtype=inputs.dtype).repeat(batch, 1)
    x, dx, w, dw = [
        part.expand(batch, part.shape[-1]).repeat_interleave(width, 0)
        for part in (inputs, d_inputs, weights, d_weights)
    ]
    by_x, by_w = vjp(function, x, w, rows)
    return ((by_x * dx).sum(1) + (by_w * dw).sum(1)).reshape(batch, width)


def transformed() -> bool:
    """Whether a `torch.func` transform is running, or forward mode."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


def _transformed_values(function: AnyFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    if _pushed_twice():
        return torch_plain.values(function, inputs, weights)
    values: Tensor = _TracedEvaluate.apply(inputs, weights, function)
    return values


def _pushed_twice() -> bool:
    """Whether forward mode runs inside forward mode: there torch takes the tangents of functions
    with rules of their own for constants, and says nothing."""
    functorch = torch._C._functorch
    levels = functorch.get_interpreter_stack() or ()
    return sum(level.key() == functorch.TransformType.Jvp for level in levels) > 1


class _Evaluate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, function: AnyFunction) -> Tensor:
        keep = True in ctx.needs_input_grad
        values, ctx.state = function.forward(
            inputs.detach().numpy(), weights.detach().numpy(), keep
        )
        if keep:
            ctx.function = function
            ctx.save_for_backward(inputs, weights)
        return torch.from_numpy(values)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs, weights = ctx.saved_tensors
        if torch.is_grad_enabled() or transformed():
            return *vjp(ctx.function, inputs, weights, grads[0]), None
        d_inputs, d_weights = ctx.function.backward(
            ctx.state,
            inputs.detach().numpy(),
            weights.detach().numpy(),
            grads[0].numpy(),
            ctx.needs_input_grad[:2],
        )
        return torch.from_numpy(d_inputs), torch.from_numpy(d_weights), None


# --- torch.func --------------------------------------------------------------------------------


class _TracedEvaluate(torch.autograd.Function):
    @staticmethod
    def forward(inputs: Tensor, weights: Tensor, function: AnyFunction) -> Tensor:
        values, _ = function.forward(inputs.detach().numpy(), weights.detach().numpy(), False)
        return torch.from_numpy(values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.function = inputs[2]
        ctx.save_for_backward(inputs[0], inputs[1])
        ctx.save_for_forward(inputs[0], inputs[1])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs, weights = ctx.saved_tensors
        return *vjp(ctx.function, inputs, weights, grads[0]), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        at = ctx.saved_tensors
        return pushforward(ctx.function, *at, *_filled(tangents, at))

    @staticmethod
    def vmap(
        info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, function: AnyFunction
    ) -> Any:
        x, w = flatten(info.batch_size, in_dims, inputs, weights)
        return evaluate(function, x, w).unflatten(0, (info.batch_size, -1)), 0


class _TracedVjp(torch.autograd.Function):
    @staticmethod
    def forward(
        inputs: Tensor, weights: Tensor, cotangent: Tensor, function: AnyFunction
    ) -> tuple[Tensor, Tensor]:
        x, w, g = [tensor.detach().numpy() for tensor in (inputs, weights, cotangent)]
        d_inputs, d_weights = function.backward(None, x, w, g)
        return torch.from_numpy(d_inputs), torch.from_numpy(d_weights)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.function = inputs[3]
        ctx.save_for_backward(*inputs[:3])
        ctx.save_for_forward(*inputs[:3])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Only slot functions are differentiated here; they have no weights."""
        slots, _, cotangent = ctx.saved_tensors
        d_slots, d_cotangent = _shifted(ctx.function, slots, cotangent, grads[0])
        return d_slots, None, d_cotangent, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        at = ctx.saved_tensors
        return _vjp_tangents(ctx.function, at, _filled(tangents, at))

    @staticmethod
    def vmap(
        info: Any,
        in_dims: Any,
        inputs: Tensor,
        weights: Tensor,
        cotangent: Tensor,
        function: AnyFunction,
    ) -> Any:
        size = info.batch_size
        x, w = flatten(size, in_dims, inputs, weights)
        g = leading(cotangent, in_dims[2], size).flatten(0, 1)
        d_x, d_w = vjp(function, x, w, g)
        d_w = d_w.unflatten(0, (size, -1))
        shared = weights.dim() - (in_dims[1] is not None) == 1
        return (d_x.unflatten(0, (size, -1)), d_w.sum(1) if shared else d_w), (0, 0)


def _vjp_tangents(function: AnyFunction, at: Any, tangents: Any) -> tuple[Tensor, Tensor]:
    """Tangents of `vjp` at (inputs, weights, cotangent)."""
    if is_slot_function(function):
        slots, nothing, cotangent = at
        # Second derivatives are symmetric, so their product with a tangent is a gradient.
        bent, _ = _shifted(function, slots, cotangent, tangents[0])
        return bent + vjp(function, slots, nothing, tangents[2])[0], nothing
    of_slots = slot_map(function)

    def on_slots(x: Tensor, w: Tensor, g: Tensor) -> Any:
        both: Any = torch.func.vjp(lambda x, w: of_slots.slots(TORCH, x, w), x, w)
        slots, pull_back = both
        return pull_back(vjp(of_slots.function, slots, slots.new_empty(0), g)[0])

    found: tuple[Tensor, Tensor] = torch.func.jvp(on_slots, at, tangents)[1]
    return found


def _filled(tangents: Any, at: Any) -> tuple[Tensor, ...]:
    """Tangents of the tensors in `at`, with zeros where there are none."""
    return tuple(
        torch.zeros_like(tensor) if tangent is None else tangent
        for tangent, tensor in zip(tangents, at, strict=False)
    )


def leading(tensor: Tensor, dim: int | None, size: int) -> Tensor:
    """The tensor with its vmapped dimension first, expanded when it has none."""
    return tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)


def flatten(size: int, in_dims: Any, inputs: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """One larger batch; weights become per sample, because every vmapped slice has its own."""
    x = leading(inputs, in_dims[0], size)
    w = leading(weights, in_dims[1], size)
    if w.dim() == 2:
        w = w.unsqueeze(1).expand(size, x.shape[1], w.shape[-1])
    return x.flatten(0, 1), w.flatten(0, 1)


def _batched(info: Any, in_dims: Any, inputs: Tensor, weights: Tensor, circuit: str) -> Any:
    x, w = flatten(info.batch_size, in_dims, inputs, weights)
    values = torch.ops.q_store.evaluate(x, w, circuit)
    return values.unflatten(0, (info.batch_size, -1)), 0


torch.library.register_vmap("q_store::evaluate", _batched)


def _shifted(
    function: AnyFunction, slots: Tensor, cotangent: Tensor, tangent: Tensor
) -> tuple[Tensor, Tensor]:
    """Derivatives of <tangent, vjp(slots, cotangent)> for slots and cotangent."""
    batch, n = slots.shape
    shift = torch.eye(n, dtype=slots.dtype) * (math.pi / 2)
    moved = (slots[:, None, None, :] + torch.stack([shift, -shift])).reshape(-1, n)
    spread = cotangent[:, None, None, :].expand(batch, 2, n, -1).reshape(2 * n * batch, -1)
    nothing = slots.new_empty(0)
    values = evaluate(function, moved, nothing).reshape(batch, 2, n, -1)
    products = vjp(function, moved, nothing, spread)[0].reshape(batch, 2, n, n)
    d_cotangent = torch.einsum("bs,bse->be", tangent, values[:, 0] - values[:, 1]) / 2
    d_slots = torch.einsum("bs,bst->bt", tangent, products[:, 0] - products[:, 1]) / 2
    return d_slots, d_cotangent


# --- state vectors -----------------------------------------------------------------------------


class _State(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weights: Tensor, function: AnyFunction) -> Tensor:
        ctx.function = function
        ctx.save_for_backward(inputs, weights)
        return torch.from_numpy(function.state(inputs.detach().numpy(), weights.detach().numpy()))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs, weights = ctx.saved_tensors
        found = ctx.function.program.state_vjp(
            inputs.numpy(), weights.numpy(), np.ascontiguousarray(grads[0].resolve_conj().numpy())
        )
        return torch.from_numpy(found[1]), torch.from_numpy(found[2]), None


def state_vector(function: AnyFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    """States (B, 2**n), qubit 0 most significant; once differentiable, in torch's convention for
    complex gradients. Under transforms they are computed by operations of torch."""
    if torch_plain.wanted() or (transformed() and inputs.is_cpu):
        found: Tensor = plain.state(torch_plain.OPERATIONS, function, inputs, weights)
        return found
    result: Tensor = _State.apply(inputs.cpu(), weights.cpu(), function)
    return result.to(inputs.device)
