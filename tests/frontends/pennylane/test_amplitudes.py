"""Amplitudes that are symbols, and features indexed as a batch, against default.qubit."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store import QStoreError
from q_store.frontends.trace import trace_circuit
from q_store.torch import QuantumLayer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pennylane as qml

PADDINGS = [None, 0.0, 0.5, -0.75]
"""PennyLane rounds the constant to float32 for torch; these are exact there."""
ORDERS = {1: [0], 2: [1, 0], 3: [2, 0, 1]}


def assert_agrees(node: Any, inputs: Any, weights: Any) -> None:
    """Values and gradients of a layer and of the QNode by PennyLane's backpropagation."""
    layer = QuantumLayer(
        node,
        in_features=inputs.shape[1],
        weight_shapes={"weights": weights.shape},
        dtype=torch.float64,
    )
    with torch.no_grad():
        next(layer.parameters()).copy_(weights.reshape(next(layer.parameters()).shape))
    mine, theirs = [inputs.clone().requires_grad_() for _ in range(2)]
    given_weights = weights.clone().requires_grad_()
    found = layer(mine)
    expected = torch.stack(tuple(node(theirs, given_weights)), dim=1)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)
    factors = torch.linspace(0.5, 1.5, expected.numel(), dtype=torch.float64).reshape_as(expected)
    (found * factors).sum().backward()
    (expected * factors).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-7, atol=1e-8)
    ours = next(layer.parameters()).grad
    torch.testing.assert_close(
        ours.reshape(weights.shape), given_weights.grad, rtol=1e-7, atol=1e-8
    )


def tensors(seed: int, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [torch.tensor(rng.normal(size=shape)) for shape in shapes]


@settings(max_examples=8)
@given(st.integers(1, 3), st.sampled_from(PADDINGS), st.booleans(), st.data())
def test_amplitudes_have_values_and_gradients(
    width: int, pad_with: float | None, embedding: bool, data: st.DataObject
) -> None:
    least = 2**width if pad_with is None else 2
    features = data.draw(st.integers(least, 2**width))
    prepare = qml.AmplitudeEmbedding if embedding else qml.StatePrep

    @qml.qnode(qml.device("default.qubit", wires=width), interface="torch")
    def node(inputs: Any, weights: Any) -> Any:
        prepare(inputs, wires=ORDERS[width], pad_with=pad_with, normalize=True)
        qml.StronglyEntanglingLayers(weights, wires=range(width))
        return [qml.expval(qml.Z(wire)) for wire in range(width)]

    seed = data.draw(st.integers(0, 10_000))
    assert_agrees(node, *tensors(seed, (2, features), (1, width, 3)))


def test_amplitudes_after_gates_on_other_wires_and_in_functions() -> None:
    def function(inputs: Any, weights: Any) -> Any:
        qml.RX(weights[0], wires=0)
        qml.Barrier(wires=range(3))
        qml.AmplitudeEmbedding([inputs[..., k] for k in range(4)], wires=[2, 1], normalize=True)
        qml.CNOT(wires=[0, 1])
        return qml.expval(qml.Z(1) @ qml.X(2))

    inputs, weights = tensors(3, (2, 4), (1,))
    layer = QuantumLayer(
        function, n_qubits=3, in_features=4, weight_shapes={"weights": 1}, dtype=torch.float64
    )
    with torch.no_grad():
        next(layer.parameters()).copy_(weights)

    @qml.qnode(qml.device("default.qubit", wires=3), interface="torch")
    def node(x: Any) -> Any:
        return function(x, weights)

    expected = torch.stack([node(row) for row in inputs]).reshape(2, 1)
    torch.testing.assert_close(layer(inputs).reshape(2, 1), expected, rtol=1e-8, atol=1e-8)


def refusal(prepare: Any, in_features: int = 4) -> str:
    def function(inputs: Any) -> Any:
        prepare(inputs)
        return qml.expval(qml.Z(0))

    node = qml.QNode(function, qml.device("default.qubit", wires=3))
    with pytest.raises(QStoreError) as caught:
        trace_circuit(node, in_features=in_features)
    assert caught.value.code == "QS383"
    assert 'input_encoding="amplitude"' in str(caught.value)
    return str(caught.value)


def test_what_has_no_amplitudes_is_refused() -> None:
    def after_a_gate(x: Any) -> None:
        qml.Hadamard(1)
        qml.AmplitudeEmbedding(x, wires=[0, 1], normalize=True)

    def controlled(x: Any) -> None:
        qml.ctrl(qml.AmplitudeEmbedding, 2)(x, wires=[0, 1], normalize=True)

    assert "stands first on its wires" in refusal(after_a_gate)
    assert "stands first on its wires" in refusal(controlled)
    assert "normalize=True" in refusal(lambda x: qml.AmplitudeEmbedding(x, wires=[0, 1]))
    assert "normalize=True" in refusal(lambda x: qml.StatePrep(x, wires=[0, 1]))
    short = refusal(lambda x: qml.AmplitudeEmbedding(x, wires=[0, 1], normalize=True), 3)
    assert "takes 4 amplitudes" in short
    assert "got 3" in short
    assert "real number" in refusal(lambda x: qml.StatePrep(x, wires=[0, 1, 2], pad_with=1j))
    rows = refusal(lambda x: qml.StatePrep(x.reshape(2, 2), wires=[0], normalize=True))
    assert "one vector" in rows


def test_numbers_are_left_to_pennylane() -> None:
    op = qml.AmplitudeEmbedding(np.array([3.0, 4.0]), wires=[0], normalize=True)
    np.testing.assert_allclose(op.data[0], [0.6, 0.8])
    with pytest.raises(ValueError, match="norm"):
        qml.AmplitudeEmbedding(np.array([3.0, 4.0]), wires=[0])


def test_features_indexed_as_a_batch() -> None:
    @qml.qnode(qml.device("default.qubit", wires=3), interface="torch")
    def node(inputs: Any, weights: Any) -> Any:
        qml.RX(inputs[:, 0], wires=0)
        qml.RY(inputs[..., 1] * inputs[:, -1], wires=1)
        qml.RZ(weights[..., 0, 0, 0] * inputs[..., 0], wires=0)
        qml.RX(weights[..., 0, 0, 1] * weights[0, 0, 2], wires=0)
        qml.AngleEmbedding(inputs[:, :2], wires=[1, 2])
        qml.StronglyEntanglingLayers(weights, wires=range(3))
        return [qml.expval(qml.Z(wire)) for wire in range(3)]

    assert_agrees(node, *tensors(5, (2, 3), (1, 3, 3)))


def test_a_full_slice_means_all_samples_only_in_front_of_a_vector() -> None:
    def function(inputs: Any, weights: Any) -> Any:
        qml.RX(inputs[:, 0], wires=0)
        qml.RY(weights[:, 0], wires=0)
        return qml.expval(qml.Z(0))

    with pytest.raises(QStoreError) as unsized:
        trace_circuit(lambda inputs: function(inputs, np.zeros((1, 1))))
    assert unsized.value.code == "QS316"
    assert "in_features" in str(unsized.value)
    with pytest.raises(QStoreError) as weights:
        trace_circuit(function, in_features=2, weight_shapes={"weights": 2})
    assert weights.value.code == "QS315"
