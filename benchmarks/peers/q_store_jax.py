"""q-store as users of JAX meet it: a quantum function under `jit` and `vjp`."""

import jax

from problem import Problem
from q_store.jax import quantum_function

TITLE = "q-store, JAX function"
PACKAGES = ("q-store", "numba", "numpy", "jax", "jaxlib")


def build(problem: Problem):
    shape = (problem.layers, problem.n, 2)
    return step_of(
        quantum_function(problem.circuit_fn, problem.n, weight_shapes={"weights": shape}), problem
    )


def step_of(function, problem: Problem):
    """A compiled step of a function of inputs and weights."""

    @jax.jit
    def step(inputs, weights, cotangent):
        values, pull_back = jax.vjp(function, inputs, weights)
        return values, *pull_back(cotangent)

    data = [jax.numpy.asarray(array) for array in problem.data()]
    return lambda: jax.block_until_ready(step(*data))
