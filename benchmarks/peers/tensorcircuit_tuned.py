"""TensorCircuit-NG on JAX in the fastest form found for this circuit.

The state is carried from layer to layer instead of contracting one network per observable, and all
expectations come from the probabilities by one matrix product. Small circuits are quicker as one
network. From 14 qubits on the layers are a `lax.scan`, which runs as fast there and compiles in
seconds instead of minutes.
"""

import jax
import jax.numpy as jnp
import numpy as np
import tensorcircuit as tc

from peers.tensorcircuit_plain import PACKAGES, add_layer, jitted
from problem import Problem

TITLE = "TensorCircuit-NG on JAX, tuned"
__all__ = ["PACKAGES", "TITLE", "build"]


def build(problem: Problem):
    tc.set_backend("jax")
    tc.set_dtype("complex64")
    signs = z_signs(problem.n)

    def circuit(inputs, weights):
        wires = tc.Circuit(problem.n)
        for qubit in range(problem.n):
            wires.ry(qubit, theta=inputs[qubit])
        state = evolve(wires, problem, weights)
        return (state.real**2 + state.imag**2) @ signs

    return jitted(circuit, problem)


def evolve(wires: tc.Circuit, problem: Problem, weights):
    """The final state of the circuit so far followed by all layers."""
    if problem.n <= 6:
        for angles in weights:
            add_layer(wires, problem, angles)
        return wires.state()

    def layer(state, angles):
        one = tc.Circuit(problem.n, inputs=state)
        add_layer(one, problem, angles)
        return one.state(), None

    unroll = problem.layers if problem.n < 14 else 1
    return jax.lax.scan(layer, wires.state(), weights, unroll=unroll)[0]


def z_signs(n: int) -> jax.Array:
    """+1 or -1 of Z on each qubit in each basis state, (2**n, n); qubit 0 is most significant."""
    bits = np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1) & 1
    return jnp.asarray(1 - 2 * bits, jnp.float32)
