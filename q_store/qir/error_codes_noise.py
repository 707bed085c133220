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
    "QS541": Explanation(
        "no state of trajectories",
        "A simulation by trajectories averages over many states, so there is no one state to give. "
        "Density matrices are for up to 13 qubits.",
        "SimulatorConfig(trajectories=500) with output='state'",
        "SimulatorConfig('batched', method='density_matrix') with output='state'",
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
    "QS544": Explanation(
        "error of reading in the wrong place",
        "`n.readout` and `n.confusion` say what the observation at the end of a wire gets wrong, "
        "so nothing but another of them may follow there, and they cannot depend on a measured "
        "bit.",
    ),
}

NOISE_MODELS: Final[dict[str, Explanation]] = {
    "QS610": Explanation(
        "unknown noise model",
        "Noise models go by name, or are a `NoiseModel`. The names are in docs/noise.md.",
        "noisy(circuit, 'aria')",
        "noisy(circuit, 'aria-1')",
    ),
    "QS611": Explanation(
        "unusable noise model",
        "The message names the part of the model, what it may be and what came. Channels are "
        "rows of the noise table with probabilities, of one wire after gates on one, and of one or "
        "two after gates on two.",
        "NoiseModel(one_qubit=[('depolarising', 0.01)])",
        "NoiseModel(one_qubit=[('depolarizing', 0.01)])",
    ),
    "QS612": Explanation(
        "noise for a compiled circuit",
        "Noise follows gates, so it is added to a circuit, not to the arrays of an executable.",
        "qstorec run bell.npz --noise aria-1",
        "qstorec run bell.qir --noise aria-1",
    ),
}
