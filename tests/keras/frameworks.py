"""What the tests of the Keras layer need from the framework Keras runs on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from q_store.keras import QuantumLayer
from q_store.runtime.keras_generation import backend, is_legacy, keras_module

keras = keras_module()
LEGACY = is_legacy()
BACKEND = backend()


def reupload(circuit: Any, inputs: Any, weights: Any, n_qubits: int) -> None:
    """Shared, scaled, repeated and non-affine parameters, and gates on up to three wires."""
    for q in range(n_qubits):
        circuit.ry(q, math.pi * inputs[q])
    for q in range(n_qubits):
        circuit.ry(q, weights[2 * q]).crz(q, (q + 1) % n_qubits, 0.5 * weights[2 * q + 1])
    circuit.rx(0, inputs[0] * inputs[1]).rz(1, weights[0] + 2 * inputs[1] - 0.3)
    circuit.ccx(0, 1, 2).rzx(2, 0, weights[1]).iswap(2, 1)
    for q in range(n_qubits):
        circuit.cx(q, (q + 1) % n_qubits)


def make(**options: Any) -> QuantumLayer:
    """A layer of three features, six weights and two outputs."""
    options.setdefault("observables", ["Z0", "X1 Y2 + 0.5*Z2"])
    options.setdefault("dtype", "float64")
    options.setdefault("seed", 1)
    return QuantumLayer(reupload, 3, **options)


def features(*shape: int, dtype: str = "float64") -> np.ndarray:
    return (np.random.default_rng(1).random(shape) * 2 - 1).astype(dtype)


def array(tensor: Any) -> np.ndarray:
    """Any tensor or variable as a numpy array."""
    if LEGACY:
        return np.asarray(tensor)
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def gradients(function: Callable[..., Any], *points: np.ndarray) -> list[np.ndarray]:
    """Gradients of a function of tensors with one real value."""
    return [np.asarray(grad) for grad in _GRADIENTS[BACKEND](function, points)]


def _in_tensorflow(function: Callable[..., Any], points: Any) -> Any:
    import tensorflow as tf

    tensors = [tf.constant(point) for point in points]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return tape.gradient(value, tensors)


def _in_torch(function: Callable[..., Any], points: Any) -> Any:
    import torch

    tensors = [torch.tensor(point, requires_grad=True) for point in points]
    return torch.autograd.grad(function(*tensors), tensors)


def _in_jax(function: Callable[..., Any], points: Any) -> Any:
    import jax

    return jax.grad(function, range(len(points)))(*map(jax.numpy.asarray, points))


_GRADIENTS = {"tensorflow": _in_tensorflow, "torch": _in_torch, "jax": _in_jax}


def constant(values: np.ndarray) -> Any:
    """A tensor of the framework."""
    if LEGACY:
        return values
    return keras.ops.convert_to_tensor(values)


def total(tensor: Any) -> Any:
    """The sum of all entries."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.reduce_sum(tensor)
    return tensor.sum()


def exp(tensor: Any) -> Any:
    """The exponential of every entry."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.exp(tensor)
    return keras.ops.exp(tensor)
