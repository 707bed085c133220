"""lightning.qubit through the QNode: complex64, the adjoint Jacobian sample by sample.

The device's vector-Jacobian product (`device_vjp=True`) takes longer: it simplifies a new
Hamiltonian in Python for every sample.
"""

import numpy as np
import pennylane as qml
import torch

from problem import Problem

TITLE = "lightning.qubit adjoint (QNode)"
PACKAGES = ("pennylane-lightning", "pennylane", "torch")


def build(problem: Problem):
    device = qml.device("lightning.qubit", wires=problem.n, c_dtype=np.complex64)

    @qml.qnode(device, interface="torch", diff_method="adjoint")
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
