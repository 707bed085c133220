"""Circuits as TensorFlow operations, differentiable any number of times.

The engine is called through `tf.numpy_function`, which works eagerly and in graphs of the same
process. SavedModels leave the process, so while one is written, or inside `plain_operations()`, the
circuit is written out in TensorFlow's own operations instead (`plain`).

Second and higher derivatives go over slots, as in `torch_ops`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from q_store.runtime import plain, tf_plain
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.slots import AnyFunction, is_slot_function, slot_map
from q_store.runtime.tf_arithmetic import TENSORFLOW

Seeds = Callable[[], int]
"""Draws a seed for one call."""


def evaluate(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """Values (B, width) of inputs (B, F) and weights (P,) or (B, P), all of the function's dtype.

    The result carries gradients of every order. Forward mode runs over plain operations.
    """
    if tf_plain.wanted() or tf_plain.is_pushed(inputs, weights):
        return plain.values(tf_plain.OPERATIONS, function, inputs, weights)

    @tf.custom_gradient
    def run(x: Any, w: Any) -> Any:
        values = _call(
            lambda x, w: function.forward(x, w, False)[0], [x, w], function, [_shape(x, function)]
        )
        return values, lambda cotangent: vjp(function, x, w, cotangent)

    return run(inputs, weights)


def vjp(function: AnyFunction, inputs: Any, weights: Any, cotangent: Any) -> tuple[Any, Any]:
    """Gradients of sum(cotangent * values) for inputs and weights, themselves differentiable."""

    @tf.custom_gradient
    def run(x: Any, w: Any, g: Any) -> Any:
        found = _call(
            lambda x, w, g: function.backward(None, x, w, g),
            [x, w, g],
            function,
            [x.shape, w.shape],
        )
        second = _second_of_slots if is_slot_function(function) else _second
        return found, lambda by_x, by_w: second(function, (x, w, g), (by_x, by_w))

    found: tuple[Any, Any] = run(inputs, weights, cotangent)
    return found


def _second(function: AnyFunction, at: tuple[Any, ...], cotangents: tuple[Any, ...]) -> Any:
    """The vector-Jacobian product of `vjp` at (inputs, weights, cotangent)."""
    inputs, weights, cotangent = at
    of_slots = slot_map(function)
    with tf.GradientTape() as outer:
        outer.watch(at)
        with tf.GradientTape() as inner:
            inner.watch((inputs, weights))
            slots = of_slots.slots(TENSORFLOW, inputs, weights)
        d_slots, _ = vjp(of_slots.function, slots, _nothing(slots), cotangent)
        pulled = inner.gradient(slots, (inputs, weights), d_slots, unconnected_gradients="zero")
    return outer.gradient(pulled, at, cotangents, unconnected_gradients="zero")


def _second_of_slots(
    function: AnyFunction, at: tuple[Any, ...], cotangents: tuple[Any, ...]
) -> Any:
    """The same for a function of slots: differences of values and products at shifted slots."""
    slots, nothing, cotangent = at
    n = slots.shape[1]
    shift = np.eye(n, dtype=slots.dtype.as_numpy_dtype) * (math.pi / 2)
    moved = tf.reshape(slots[:, None, None, :] + tf.constant(np.stack([shift, -shift])), [-1, n])
    width = cotangent.shape[1]
    spread = tf.broadcast_to(cotangent[:, None, None, :], [tf.shape(slots)[0], 2, n, width])
    values = tf.reshape(evaluate(function, moved, nothing), [-1, 2, n, width])
    products, _ = vjp(function, moved, nothing, tf.reshape(spread, [-1, width]))
    products = tf.reshape(products, [-1, 2, n, n])
    tangent = cotangents[0]
    d_cotangent = tf.einsum("bs,bse->be", tangent, values[:, 0] - values[:, 1]) / 2
    d_slots = tf.einsum("bs,bst->bt", tangent, products[:, 0] - products[:, 1]) / 2
    return d_slots, tf.zeros_like(nothing), d_cotangent


def estimated(
    function: AnyFunction, inputs: Any, weights: Any, estimate: Estimate, seeds: Seeds
) -> Any:
    """Values (B, width), once differentiable."""
    if tf_plain.wanted():
        return plain.values(tf_plain.OPERATIONS, function, inputs, weights)
    if tf_plain.is_pushed(inputs, weights):
        raise estimate.no_forward_mode()

    @tf.custom_gradient
    def run(x: Any, w: Any) -> Any:
        def host(x: Any, w: Any) -> Any:
            return estimate.values(function, x, w, seeds())

        values = _call(host, [x, w], function, [_shape(x, function)], True)
        return values, lambda g: _estimated_vjp(function, x, w, g, estimate, seeds)

    return run(inputs, weights)


def _estimated_vjp(
    function: AnyFunction, inputs: Any, weights: Any, cotangent: Any, estimate: Estimate, seeds: Any
) -> Any:
    def refuse(*_: Any) -> Any:
        raise estimate.no_second_derivative()

    @tf.custom_gradient
    def run(x: Any, w: Any, g: Any) -> Any:
        def host(x: Any, w: Any, g: Any) -> Any:
            return estimate.vjp(function, x, w, g, seeds())

        return _call(host, [x, w, g], function, [x.shape, w.shape], True), refuse

    return run(inputs, weights, cotangent)


def samples(function: AnyFunction, inputs: Any, weights: Any, shots: int, seeds: Seeds) -> Any:
    """Measured bits (B, shots, k), uint8, without gradients."""
    if tf_plain.wanted():
        return tf_plain.samples(function, inputs, weights, shots)
    bits = tf.numpy_function(
        lambda x, w: function.samples(x, w, shots, seeds()), [inputs, weights], tf.uint8
    )
    bits.set_shape([inputs.shape[0], shots, plain.sample_width(function)])
    return tf.stop_gradient(bits)


def state(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """States (B, 2**n), complex, qubit 0 most significant; once differentiable."""
    if tf_plain.wanted() or tf_plain.is_pushed(inputs, weights):
        return plain.state(tf_plain.OPERATIONS, function, inputs, weights)
    dtype = tf.complex128 if function.dtype == np.float64 else tf.complex64
    shape = [inputs.shape[0], *function.state_shape]

    @tf.custom_gradient
    def run(x: Any, w: Any) -> Any:
        psi = tf.numpy_function(function.state, [x, w], dtype, stateful=False)
        psi.set_shape(shape)

        def back(g: Any) -> Any:
            return _call(
                lambda x, w, g: function.program.state_vjp(x, w, g)[1:],
                [x, w, g],
                function,
                [x.shape, w.shape],
            )

        return psi, back

    return run(inputs, weights)


def _call(
    host: Callable[..., Any],
    tensors: list[Any],
    function: AnyFunction,
    shapes: Sequence[Any],
    stateful: bool = False,
) -> Any:
    """Run numpy code on tensors; results of the function's dtype, of known shapes."""
    dtype = tf.as_dtype(function.dtype)
    many = len(shapes) > 1
    found = tf.numpy_function(host, tensors, [dtype] * len(shapes) if many else dtype, stateful)
    for tensor, shape in zip(found if many else [found], shapes, strict=True):
        tensor.set_shape(shape)
    return found


def _shape(inputs: Any, function: AnyFunction) -> list[int | None]:
    return [inputs.shape[0], function.width]


def _nothing(like: Any) -> Any:
    return tf.zeros([0], like.dtype)
