"""The arithmetic of slots in TensorFlow."""

from __future__ import annotations

from typing import Any, Final

import tensorflow as tf

from q_store.runtime.program import Real

_NAMES: Final = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "absolute": "abs",
    "true_divide": "divide",
    "power": "pow",
}
"""numpy functions whose TensorFlow function has another name."""


class TensorFlowArithmetic:
    """See `q_store.runtime.slots.Arithmetic`."""

    def parameters(self, inputs: Any, weights: Any) -> Any:
        if weights.shape.rank == 1:
            weights = tf.broadcast_to(weights[None, :], [tf.shape(inputs)[0], weights.shape[0]])
        return tf.concat([inputs, weights], axis=1)

    def affine(self, matrix: Real, const: Real, params: Any) -> Any:
        return tf.matmul(params, tf.constant(matrix.T)) + tf.constant(const)

    def derive(self, ufunc: str, args: Any, params: Any) -> Any:
        function: Any = getattr(tf.math, _NAMES.get(ufunc, ufunc))
        column = function(*tf.unstack(args, axis=1))
        return tf.concat([params, column[:, None]], axis=1)


TENSORFLOW: Final = TensorFlowArithmetic()
