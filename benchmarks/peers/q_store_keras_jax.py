"""q-store as users of Keras on JAX meet it: a QuantumLayer in a compiled step."""

import keras

from peers.q_store_jax import step_of
from problem import Problem
from q_store.keras import QuantumLayer

TITLE = "q-store, Keras layer on JAX"
PACKAGES = ("q-store", "numba", "numpy", "keras", "jax", "jaxlib")


def build(problem: Problem):
    shape = (problem.layers, problem.n, 2)
    layer = QuantumLayer(problem.circuit_fn, problem.n, weight_shapes={"weights": shape})
    return step_of(stateless(layer, problem), problem)


def stateless(layer: keras.layers.Layer, problem: Problem):
    """A layer with one trainable variable as a function, as the trainer of Keras calls it."""
    layer.build((problem.batch, problem.n))
    others = [variable.value for variable in layer.non_trainable_variables]
    return lambda inputs, weights: layer.stateless_call([weights], others, inputs)[0]
