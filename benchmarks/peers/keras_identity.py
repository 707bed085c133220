"""A Keras layer that computes nothing: what TensorFlow and Keras take for themselves.

It has the inputs, the weights and the outputs of the quantum layer, and leaves the graph as any
layer must that does not compute in TensorFlow: by `tf.numpy_function`, once for values and once for
gradients.
"""

import numpy as np
import tensorflow as tf

from identity import Identity
from peers.q_store_keras import step_of
from problem import Problem

TITLE = "Keras, identity layer"
PACKAGES = ("keras", "tensorflow")


@tf.custom_gradient
def identity(inputs, weights):
    values = tf.numpy_function(lambda x, w: x, [inputs, weights], tf.float32, stateful=False)
    values.set_shape(inputs.shape)

    def backward(cotangent):
        found = tf.numpy_function(
            lambda x, w, g: (g, np.zeros_like(w)),
            [inputs, weights, cotangent],
            [tf.float32, tf.float32],
            stateful=False,
        )
        for grad, tensor in zip(found, (inputs, weights), strict=True):
            grad.set_shape(tensor.shape)
        return found

    return values, backward


def build(problem: Problem):
    return step_of(Identity((problem.layers, problem.n, 2), identity), problem)
