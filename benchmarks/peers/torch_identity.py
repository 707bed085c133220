"""A torch module that computes nothing: what torch takes for itself.

It has the inputs, the weights and the outputs of the quantum layer, in an `autograd.Function` as
any module must that does not compute in torch.
"""

import torch
from torch import nn

from peers.q_store_torch import step_of
from problem import Problem

TITLE = "torch, identity module"
PACKAGES = ("torch",)


class Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weights):
        ctx.save_for_backward(inputs, weights)
        return inputs.clone()

    @staticmethod
    def backward(ctx, cotangent):
        _, weights = ctx.saved_tensors
        return cotangent, torch.zeros_like(weights)


class Identity(nn.Module):
    """Returns its inputs; the gradient of the weights is zero."""

    def __init__(self, weight_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(weight_shape))

    def forward(self, inputs):
        return Function.apply(inputs, self.weights)


def build(problem: Problem):
    return step_of(Identity((problem.layers, problem.n, 2)), problem)
