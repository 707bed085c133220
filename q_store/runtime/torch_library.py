"""Circuits as `torch.library` custom ops, which tracers see as one opaque node each.

`torch.compile(fullgraph=True)` and tensors without data (meta, fake) go through here. The circuit
is an argument, as text, so an exported program runs wherever q-store is installed. Tensors of
other devices are copied to the CPU and back.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from q_store.runtime.function import function_from_text


@torch.library.custom_op("q_store::evaluate", mutates_args=())
def _evaluate(inputs: Tensor, weights: Tensor, circuit: str) -> Tensor:
    x, w = [tensor.detach().cpu().numpy() for tensor in (inputs, weights)]
    values, _ = function_from_text(circuit).forward(x, w, False)
    return torch.from_numpy(values).to(inputs.device)


@_evaluate.register_fake
def _(inputs: Tensor, weights: Tensor, circuit: str) -> Tensor:
    return inputs.new_empty(inputs.shape[0], function_from_text(circuit).width)


@torch.library.custom_op("q_store::evaluate_vjp", mutates_args=())
def _evaluate_vjp(
    inputs: Tensor, weights: Tensor, cotangent: Tensor, circuit: str
) -> tuple[Tensor, Tensor]:
    x, w, g = [tensor.detach().cpu().numpy() for tensor in (inputs, weights, cotangent)]
    d_inputs, d_weights = function_from_text(circuit).backward(None, x, w, g)
    device = inputs.device
    return torch.from_numpy(d_inputs).to(device), torch.from_numpy(d_weights).to(device)


@_evaluate_vjp.register_fake
def _(inputs: Tensor, weights: Tensor, cotangent: Tensor, circuit: str) -> tuple[Tensor, Tensor]:
    # Not `empty_like`: the op returns contiguous tensors whatever the strides of its arguments.
    return inputs.new_empty(inputs.shape), weights.new_empty(weights.shape)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.circuit = inputs[2]
    ctx.save_for_backward(inputs[0], inputs[1])


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    inputs, weights = ctx.saved_tensors
    found = torch.ops.q_store.evaluate_vjp(inputs, weights, grad, ctx.circuit)
    return found[0], found[1], None


_evaluate.register_autograd(_backward, setup_context=_save)
