"""The published values in torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from q_store.torch import QuantumLayer
from tests.runtime.published import Case, Perturbed, check, each_case, each_perturbed, ising


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@each_case
def test_published_values(case: Case) -> None:
    layer = QuantumLayer(
        case.circuit_fn,
        case.n_qubits,
        observables=case.observables,
        dtype=torch.float64,
        **case.options,
    )
    x, w = tensor([case.point]).requires_grad_(), tensor(case.weights).requires_grad_()
    y = layer(x, weights=w)
    after = y.exp() if case.through_exp else y
    loss = (after * tensor(case.cotangent or [1.0] * y.shape[1])).sum()
    found = torch.autograd.grad(loss, (x, w))
    check(case, y[0].tolist(), found[0][0].tolist(), found[1].tolist())


@each_perturbed
def test_published_perturbations(case: Perturbed) -> None:
    layer = QuantumLayer(
        case.circuit_fn, 2, observables=case.observables, gradient=case.gradient, seed=1
    ).double()
    x = tensor(case.point).requires_grad_()
    layer(x).sum().backward()
    case.check(x.grad)


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
