"""q-store as users of torch meet it: a QuantumLayer and torch.autograd."""

import torch

from problem import Problem
from q_store.torch import QuantumLayer

TITLE = "q-store, torch layer"
PACKAGES = ("q-store", "numba", "numpy", "torch")


def build(problem: Problem):
    inputs, weights, cotangent = (torch.from_numpy(array) for array in problem.data())

    def circuit_fn(circuit, inputs, weights):
        for qubit in range(problem.n):
            circuit.ry(qubit, inputs[qubit])
        for layer in range(problem.layers):
            for qubit in range(problem.n):
                circuit.ry(qubit, weights[layer, qubit, 0])
                circuit.rz(qubit, weights[layer, qubit, 1])
            for pair in problem.ring:
                circuit.cx(*pair)

    layer = QuantumLayer(
        circuit_fn, problem.n, weight_shapes={"weights": tuple(weights.shape)}, dtype=torch.float32
    )
    layer.weights.data.copy_(weights)
    inputs.requires_grad_()

    def step():
        values = layer(inputs)
        return values.detach(), *torch.autograd.grad(values, (inputs, layer.weights), cotangent)

    return step
