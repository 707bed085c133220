"""The circuit that every contender runs, and the numbers that go in.

RY(x_i) on qubit i; then `layers` times RY(w), RZ(w) on each qubit and a ring of CX (i to i+1, the
last to the first); Z on each qubit. A step takes inputs, weights and a cotangent and gives the
values and both vector-Jacobian products.
"""

from dataclasses import dataclass

import numpy as np

SIZES = ((4, 2, 32), (8, 3, 64), (10, 4, 64), (12, 4, 32), (16, 4, 8))
"""Qubits, layers and batch of the published table."""


@dataclass(frozen=True)
class Problem:
    """One size of the benchmark."""

    n: int
    layers: int
    batch: int

    @property
    def ring(self) -> list[tuple[int, int]]:
        """Control and target of each CX of a layer."""
        return [(qubit, (qubit + 1) % self.n) for qubit in range(self.n)]

    def circuit_fn(self, circuit, inputs, weights) -> None:
        """The circuit as a function for q-store's layers, weights of shape (layers, n, 2)."""
        for qubit in range(self.n):
            circuit.ry(qubit, inputs[qubit])
        for layer in range(self.layers):
            for qubit in range(self.n):
                circuit.ry(qubit, weights[layer, qubit, 0])
                circuit.rz(qubit, weights[layer, qubit, 1])
            for pair in self.ring:
                circuit.cx(*pair)

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float32 inputs (batch, n), weights (layers, n, 2) and cotangent (batch, n)."""
        rng = np.random.default_rng(self.n)
        inputs = rng.uniform(-np.pi, np.pi, (self.batch, self.n))
        weights = rng.uniform(-np.pi, np.pi, (self.layers, self.n, 2))
        cotangent = rng.normal(size=(self.batch, self.n))
        return tuple(array.astype(np.float32) for array in (inputs, weights, cotangent))
