"""The torch snippet of the specification as printed, with every accepted form of `circuit_fn`."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

from tests.runtime.circuit_forms import FORMS

# Section 1.
HYBRID_MODEL = """
import torch
import torch.nn as nn
from q_store.torch import QuantumLayer

class HybridQNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.classical = nn.Linear(28*28, 32)
        self.quantum = QuantumLayer(
            circuit_fn=my_quantum_circuit,
            n_qubits=4,
            backend='lightning.gpu'  # PennyLane GPU simulator
        )
        self.output = nn.Linear(4, 10)

    def forward(self, x):
        x = torch.relu(self.classical(x))
        x = self.quantum(x)
        return self.output(x)

# Standard PyTorch training loop
model = HybridQNN()
optimizer = torch.optim.Adam(model.parameters())
criterion = nn.CrossEntropyLoss()
"""


def run(snippet: str, **given: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "specification", **given}
    exec(compile(snippet, "<specification>", "exec"), scope)
    return scope


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore:the circuit reads features 0..3 of 32:UserWarning")
@pytest.mark.filterwarnings("ignore:.*'lightning.gpu'.*:RuntimeWarning")
def test_hybrid_model(form: str) -> None:
    torch.manual_seed(0)
    scope = run(HYBRID_MODEL, my_quantum_circuit=FORMS[form]())
    model, optimizer, criterion = scope["model"], scope["optimizer"], scope["criterion"]
    x, y = torch.rand(16, 28 * 28), torch.randint(0, 10, (16,))
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert model.classical.weight.grad.any()
    assert all(parameter.grad is not None for parameter in model.parameters())
    layer, features = model.quantum, torch.rand(3, 32)
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(again(features), layer(features))
