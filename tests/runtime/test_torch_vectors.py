"""The published values in torch."""

from __future__ import annotations

import pytest
import torch

from q_store.torch import QuantumLayer
from tests.runtime.published import Case, check, each_case, ising


@each_case
def test_published_values(case: Case) -> None:
    layer = QuantumLayer(
        case.circuit_fn,
        case.n_qubits,
        observables=case.observables,
        dtype=torch.float64,
        **case.options,
    )
    x = torch.tensor([case.point], dtype=torch.float64, requires_grad=True)
    y = layer(x)
    after = y.exp() if case.through_exp else y
    cotangent = torch.tensor(case.cotangent or [1.0] * y.shape[1], dtype=torch.float64)
    (grad,) = torch.autograd.grad((after * cotangent).sum(), x)
    check(case, y[0].tolist(), grad[0].tolist())


def test_transverse_field_ising_ground_state() -> None:
    circuit_fn, energy = ising(6, layers=6)
    module = QuantumLayer(
        circuit_fn,
        6,
        observables=[energy],
        input_encoding=None,
        initializer="small",
        seed=3,
        dtype=torch.float64,
    )
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    nothing = torch.empty(1, 0, dtype=torch.float64)
    for _ in range(500):
        optimizer.zero_grad()
        loss = module(nothing).sum()
        loss.backward()
        optimizer.step()
    assert loss.item() == pytest.approx(-7.27, abs=0.05)
