"""What layers say about what they ran, in torch and without a framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from q_store.runtime.layer_core import LayerCore
from q_store.torch import QuantumLayer, log_metrics

NAMES = {
    "circuit_ms",
    "circuits_per_second",
    "gradient_variance",
    "cost_usd",
    "backend_batched",
}


def test_counts_of_a_training_step() -> None:
    layer = QuantumLayer(n_qubits=2, seed=0)
    layer(torch.rand(7, 2)).sum().backward()
    found = layer.metrics()
    assert set(found) == NAMES
    assert found["circuit_ms"] > 0
    assert found["circuits_per_second"] > 0
    gradient = layer.weights.grad.numpy()
    assert found["gradient_variance"] == pytest.approx(gradient.var(), rel=1e-4)
    assert found["cost_usd"] == 0
    assert layer.core.usage.circuits == 7


def test_a_reset_starts_a_new_period() -> None:
    layer = QuantumLayer(n_qubits=2, seed=0)
    layer(torch.rand(7, 2))
    assert layer.metrics(reset=True)["circuit_ms"] > 0
    assert layer.metrics()["circuit_ms"] == 0
    assert layer.core.usage.total_circuits == 7


def test_parameter_shift_counts_every_circuit_and_the_variance() -> None:
    def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
        circuit.ry(0, x[0]).rx(0, w[0]).ry(0, w[1])

    layer = QuantumLayer(circuit_fn, 1, shots=50, seed=0)
    layer(torch.rand(3, 1)).sum().backward()
    angles = 2  # that of the input needs no gradient
    assert layer.core.usage.circuits == 3 * (1 + 2 * angles)
    assert layer.core.usage.calls == 1
    gradient = layer.weights.grad.numpy()
    assert layer.metrics()["gradient_variance"] == pytest.approx(gradient.var(), rel=1e-4)


def test_metrics_can_be_left_out() -> None:
    layer = QuantumLayer(n_qubits=2, metrics=False)
    layer(torch.rand(3, 2)).sum().backward()
    assert layer.metrics() == {}


def test_a_summary_writer_in_one_line(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    model = nn.Sequential(nn.Linear(4, 2), QuantumLayer(n_qubits=2))
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(2):
            model(torch.rand(3, 4)).sum().backward()
            log_metrics(writer, model, step)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["scalars"]) == {f"1/{name}" for name in NAMES}
    assert [event.step for event in events.Scalars("1/gradient_variance")] == [0, 1]
    assert all(event.value > 0 for event in events.Scalars("1/circuits_per_second"))


def test_a_core_without_a_framework() -> None:
    def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
        circuit.ry(0, x[0]).rx(1, w[0])

    core = LayerCore(circuit_fn, 2)
    function = core.function(1)
    values, _ = function.forward(np.zeros((5, 1), np.float32), np.zeros(1, np.float32), False)
    assert values.tolist() == [[1.0, 1.0]] * 5
    assert core.metrics()["circuits_per_second"] > 0
