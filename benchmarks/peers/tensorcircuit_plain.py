"""TensorCircuit-NG on JAX as its tutorials do it: one circuit, `expectation_ps`, vmap, jit."""

import jax
import tensorcircuit as tc

from problem import Problem

TITLE = "TensorCircuit-NG on JAX, plain"
PACKAGES = ("tensorcircuit-ng", "jax", "jaxlib")


def build(problem: Problem):
    backend = tc.set_backend("jax")
    tc.set_dtype("complex64")

    def circuit(inputs, weights):
        wires = tc.Circuit(problem.n)
        for qubit in range(problem.n):
            wires.ry(qubit, theta=inputs[qubit])
        for layer in range(problem.layers):
            add_layer(wires, problem, weights[layer])
        values = [wires.expectation_ps(z=[qubit]) for qubit in range(problem.n)]
        return backend.real(backend.stack(values))

    return jitted(circuit, problem)


def add_layer(wires: tc.Circuit, problem: Problem, angles) -> None:
    """RY and RZ on each qubit, angles of shape (n, 2), and the ring."""
    for qubit in range(problem.n):
        wires.ry(qubit, theta=angles[qubit, 0])
        wires.rz(qubit, theta=angles[qubit, 1])
    for pair in problem.ring:
        wires.cnot(*pair)


def jitted(circuit, problem: Problem):
    """A step over the batch of a function of one sample's inputs and the weights."""
    batched = jax.vmap(circuit, in_axes=(0, None))

    @jax.jit
    def both(inputs, weights, cotangent):
        values, pull = jax.vjp(batched, inputs, weights)
        return values, *pull(cotangent)

    data = [jax.numpy.asarray(array) for array in problem.data()]
    return lambda: jax.block_until_ready(both(*data))
