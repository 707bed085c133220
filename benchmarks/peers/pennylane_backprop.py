"""PennyLane's default.qubit with backpropagation through torch, the batch by broadcasting."""

import pennylane as qml
import torch

from problem import Problem

TITLE = "PennyLane default.qubit backprop"
PACKAGES = ("pennylane", "torch")


def build(problem: Problem):
    device = qml.device("default.qubit", wires=problem.n)

    @qml.qnode(device, interface="torch", diff_method="backprop")
    def circuit(inputs, weights):
        for qubit in range(problem.n):
            qml.RY(inputs[:, qubit], wires=qubit)
        for layer in range(problem.layers):
            for qubit in range(problem.n):
                qml.RY(weights[layer, qubit, 0], wires=qubit)
                qml.RZ(weights[layer, qubit, 1], wires=qubit)
            for pair in problem.ring:
                qml.CNOT(wires=pair)
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(problem.n)]

    inputs, weights, cotangent = (torch.from_numpy(array) for array in problem.data())
    inputs.requires_grad_()
    weights.requires_grad_()

    def step():
        values = torch.stack(circuit(inputs, weights), dim=-1)
        grads = torch.autograd.grad(values, (inputs, weights), cotangent.to(values.dtype))
        return values.detach(), *grads

    return step
