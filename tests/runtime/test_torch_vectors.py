"""Published values of quantum layers and gradients, from the tests and manuals of other packages.

Each circuit and number was derived again with a state vector before it was written here. `X**a` of
those packages is a rotation by pi*a up to phase.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from q_store.torch import QuantumLayer

PI = math.pi


def layer(
    circuit_fn: Callable[..., Any], n_qubits: int, observables: Sequence[str], **options: Any
) -> QuantumLayer:
    return QuantumLayer(
        circuit_fn, n_qubits, observables=observables, dtype=torch.float64, **options
    )


def value_and_gradient(module: QuantumLayer, point: Sequence[float]) -> tuple[Tensor, Tensor]:
    x = torch.tensor([point], dtype=torch.float64, requires_grad=True)
    y = module(x)
    (grad,) = torch.autograd.grad(y.sum(), x)
    return y[0].detach(), grad[0]


def near(found: Tensor, expected: Sequence[float], tolerance: float = 2e-5) -> None:
    assert found.tolist() == pytest.approx(expected, abs=tolerance)


def test_x_power() -> None:
    """TensorFlow Quantum, adjoint gradient op and differentiator tests."""
    module = layer(lambda circuit, x: circuit.rx(0, PI * x[0]), 1, ["Z0"])
    near(value_and_gradient(module, [0.123])[1], [-1.18398])


def test_y_power() -> None:
    """TensorFlow Quantum, gradient_test."""
    module = layer(lambda circuit, x: circuit.ry(0, PI * x[0]), 1, ["X0"])
    value, grad = value_and_gradient(module, [0.3])
    near(value, [0.809017])
    near(grad, [1.84658])


@pytest.mark.parametrize(("point", "expected"), [(0.25, -6.28319), (0.125, -9.01068)])
def test_chain_rule_around_the_circuit(point: float, expected: float) -> None:
    """TensorFlow Quantum, exp of an expectation value with a scaled parameter."""
    module = layer(lambda circuit, x: circuit.rx(0, 2 * PI * x[0]), 1, ["Z0"])
    b = torch.tensor([[point]], dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(module(b).exp().sum(), b)
    near(grad[0], [expected])


def test_two_powers_and_a_sum() -> None:
    """TensorFlow Quantum, adjoint gradient op test."""

    def circuit_fn(circuit: Any, x: Any) -> None:
        circuit.rx(0, PI * x[0]).ry(1, PI * x[1]).cx(0, 1)

    module = layer(circuit_fn, 2, ["Z0 + X1"])
    near(value_and_gradient(module, [0.123, 0.456])[1], [-1.18398, 0.43288])


@pytest.mark.parametrize(
    ("angle", "expected"),
    [(1.0, (0.630052, 0.763384)), (2.0, (0.257072, 0.963269)), (3.0, (0.790867, 0.544111))],
)
def test_six_rotations(angle: float, expected: tuple[float, float]) -> None:
    """TensorFlow Quantum, docstring of the Expectation layer."""

    def circuit_fn(circuit: Any, x: Any) -> None:
        circuit.rx(0, 0.123).ry(0, 0.456).rz(0, 0.789)
        circuit.rz(0, x[0]).ry(0, x[1]).rx(0, x[2])

    module = layer(circuit_fn, 1, ["Z0", "X0"])
    near(value_and_gradient(module, [angle] * 3)[0], expected)


def test_data_circuit_in_front() -> None:
    """TensorFlow Quantum, docstring of ControlledPQC: X**a Z**b after I or X."""

    def after(flip: bool) -> QuantumLayer:
        def circuit_fn(circuit: Any, x: Any) -> None:
            if flip:
                circuit.x(0)
            circuit.rx(0, PI * x[0]).rz(0, PI * x[1])

        return layer(circuit_fn, 1, ["Z0", "X0", "Y0"])

    near(value_and_gradient(after(False), [0.5, 0.5])[0], [0, 1, 0])
    near(value_and_gradient(after(True), [0.25, 0.75])[0][:1], [-0.707107])


@pytest.mark.parametrize(("point", "expected"), [(PI / 4, -0.707107), (0.0, 0.0), (PI / 2, -1.0)])
def test_phase_between_hadamards(point: float, expected: float) -> None:
    """Qiskit Machine Learning, estimator gradient tests."""
    module = layer(lambda circuit, x: circuit.h(0).p(0, x[0]).h(0), 1, ["Z0"])
    near(value_and_gradient(module, [point])[1], [expected])


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((PI / 4, 0.0, 0.0), (-0.70711, 0.0, 0.0)),
        ((PI / 4, PI / 4, PI / 4), (-0.35355, -0.85355, -0.85355)),
    ],
)
def test_u_between_hadamards(point: Sequence[float], expected: Sequence[float]) -> None:
    """Qiskit Machine Learning, estimator gradient tests."""
    module = layer(lambda circuit, x: circuit.h(0).u(0, x[0], x[1], x[2]).h(0), 1, ["Z0"])
    near(value_and_gradient(module, point)[1], expected)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_parameter_order(order: tuple[int, int, int]) -> None:
    """Qiskit Machine Learning: gradients belong to parameters whatever their order of listing."""
    values, expected = (PI / 4, PI / 2, PI / 3), (-0.35355, 0.61237, -0.61237)

    def circuit_fn(circuit: Any, x: Any) -> None:
        place = [order.index(i) for i in range(3)]
        circuit.rx(0, x[place[0]]).rz(0, x[place[1]]).rx(0, x[place[2]])

    module = layer(circuit_fn, 1, ["Z0"])
    point = [values[i] for i in order]
    near(value_and_gradient(module, point)[1], [expected[i] for i in order])


def test_gradient_of_probabilities() -> None:
    """Qiskit Machine Learning, sampler gradient tests."""
    module = QuantumLayer(
        lambda circuit, x: circuit.h(0).p(0, x[0]).h(0), 1, output="probs", dtype=torch.float64
    )
    x = torch.tensor([[PI / 4]], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(module, x)
    near(jacobian.flatten(), [-0.5 / math.sqrt(2), 0.5 / math.sqrt(2)])


def test_encoder_then_ansatz() -> None:
    """MindQuantum, layer test."""

    def circuit_fn(circuit: Any, inputs: Any, weights: Any) -> None:
        circuit.rx(0, inputs[0]).ry(1, inputs[1]).cx(0, 1).ry(0, weights[0])

    module = layer(circuit_fn, 2, ["Z0"], initializer="zeros")
    near(value_and_gradient(module, [0.1, 0.2])[0], [0.995], tolerance=1e-4)


def test_transverse_field_ising_ground_state() -> None:
    """TensorCircuit, test_vqe_layer: six open sites, ground energy -7.296230."""
    n, layers = 6, 6

    def circuit_fn(circuit: Any, weights: Any) -> None:
        for q in range(n):
            circuit.h(q)
        at = 0
        for _ in range(layers):
            for q in range(n - 1):
                circuit.rzz(q, q + 1, weights[at + q])
            for q in range(n):
                circuit.rx(q, weights[at + n - 1 + q])
            at += 2 * n - 1

    zz = [f"Z{q} Z{q + 1}" for q in range(n - 1)]
    energy = " + ".join(zz) + "".join(f" - X{q}" for q in range(n))
    torch.manual_seed(0)
    module = QuantumLayer(
        lambda circuit, weights: circuit_fn(circuit, weights),
        n,
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
