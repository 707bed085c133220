"""q-store as users of Keras meet it: a QuantumLayer in a tf.function with a gradient tape."""

import tensorflow as tf

from problem import Problem
from q_store.tf import QuantumLayer

TITLE = "q-store, Keras layer"
PACKAGES = ("q-store", "numba", "numpy", "keras", "tensorflow")


def build(problem: Problem):
    shape = (problem.layers, problem.n, 2)
    layer = QuantumLayer(problem.circuit_fn, problem.n, weight_shapes={"weights": shape})
    return step_of(layer, problem)


def step_of(layer: tf.keras.layers.Layer, problem: Problem):
    """A compiled step of a layer with one variable."""
    inputs, weights, cotangent = (tf.constant(array) for array in problem.data())
    layer.build(inputs.shape)
    (variable,) = layer.trainable_variables
    variable.assign(weights)

    @tf.function
    def step(inputs, cotangent):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            values = layer(inputs)
        found = tape.gradient(values, (inputs, variable.value), output_gradients=cotangent)
        return values, *found

    return lambda: step(inputs, cotangent)
