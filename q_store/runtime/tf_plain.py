"""What `q_store.runtime.plain` needs of TensorFlow; SavedModels and XLA run what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import forwardprop_util
from tensorflow.python.ops import control_flow_util

from q_store.runtime import plain
from q_store.runtime.slots import AnyFunction, Arithmetic
from q_store.runtime.tf_arithmetic import TENSORFLOW


class TensorFlowOperations:
    """See `q_store.runtime.plain.Operations`."""

    arithmetic: Arithmetic = TENSORFLOW

    def einsum(self, equation: str, *arrays: Any) -> Any:
        return tf.einsum(equation, *arrays)

    def reshape(self, array: Any, shape: Sequence[int]) -> Any:
        return tf.reshape(array, shape)

    def joined(self, parts: Sequence[Any]) -> Any:
        return tf.concat(parts, axis=1)

    def columns(self, array: Any, index: Sequence[int]) -> Any:
        return tf.gather(array, tf.constant(index, tf.int32), axis=1)

    def cos_sin(self, array: Any) -> tuple[Any, Any]:
        return tf.cos(array), tf.sin(array)

    def complex(self, real: Any, imag: Any) -> Any:
        return tf.complex(real, imag)

    def conj_real(self, array: Any) -> tuple[Any, Any]:
        return tf.math.conj(array), tf.math.real(array)

    def constant(self, array: Any, like: Any) -> Any:
        return tf.constant(array, like.dtype)

    def repeated(self, row: Any, like: Any) -> Any:
        return tf.tile(tf.constant(row), [tf.shape(like)[0], 1])


OPERATIONS: Final = TensorFlowOperations()


def wanted() -> bool:
    """Whether the circuit must not call back into this process."""
    if plain.is_wanted() or compiles_with_xla():
        return True
    return bool(tf.inside_function()) and plain.is_written_down()


def is_pushed(*tensors: Any) -> bool:
    """Whether a `tf.autodiff.ForwardAccumulator` follows a tensor; it takes what has a custom
    gradient for constant."""
    return len(forwardprop_util.pack_tangents(tensors).tangents) > 0


def compiles_with_xla() -> bool:
    """Whether this is traced under `jit_compile=True`; XLA has no way to call Python."""
    graph = tf.compat.v1.get_default_graph()
    return bool(control_flow_util.GraphOrParentsInXlaContext(graph))


def samples(function: AnyFunction, inputs: Any, weights: Any, shots: int) -> Any:
    """Measured bits (B, shots, k), uint8, drawn by TensorFlow's generator."""
    probs = plain.sampled_probs(OPERATIONS, function, inputs, weights)
    outcomes = tf.random.categorical(tf.math.log(probs), shots)
    places = tf.constant(np.arange(plain.sample_width(function))[::-1].copy(), tf.int64)
    bits = tf.bitwise.bitwise_and(tf.bitwise.right_shift(outcomes[..., None], places), 1)
    return tf.cast(bits, tf.uint8)
