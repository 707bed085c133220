"""q-store as users of torch meet it: a QuantumLayer and torch.autograd."""

import torch

from problem import Problem
from q_store.torch import QuantumLayer

TITLE = "q-store, torch layer"
PACKAGES = ("q-store", "numba", "numpy", "torch")


def build(problem: Problem):
    shape = (problem.layers, problem.n, 2)
    return step_of(
        QuantumLayer(
            problem.circuit_fn, problem.n, weight_shapes={"weights": shape}, dtype=torch.float32
        ),
        problem,
    )


def step_of(layer: torch.nn.Module, problem: Problem):
    """A step of a module with one parameter, `weights`."""
    inputs, weights, cotangent = (torch.from_numpy(array) for array in problem.data())
    layer.weights.data.copy_(weights)
    inputs.requires_grad_()

    def step():
        values = layer(inputs)
        return values.detach(), *torch.autograd.grad(values, (inputs, layer.weights), cotangent)

    return step
