"""Codes of noise and of measurements in the middle: 54x and 61x."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

NOISE_TARGETS: Final[dict[str, Explanation]] = {
    "QS540": Explanation(
        "op that the backend cannot run",
        "Some backends run unitary circuits only. The message names the op and the backend, the "
        "help those that could run it.",
        "QuantumLayer(noisy_circuit, backend='lightning.qubit')",
        "QuantumLayer(noisy_circuit, backend='batched')",
    ),
    "QS542": Explanation(
        "bit that is not measured",
        "An executable starts from |0…0> and has no bits but those that it measures, so a `q.if` "
        "on an argument of the function cannot become one.",
    ),
    "QS543": Explanation(
        "density matrix too large",
        "A density matrix of n qubits takes 4**n numbers, and twice as many for each measured bit "
        "that is still needed. Beyond 13 qubits, average over trajectories.",
    ),
}
