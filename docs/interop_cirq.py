"""Circuits of `cirq.contrib` and of Cirq's own families, on at most 10 qubits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cirq
import cirq.contrib.acquaintance as acquaintance
import cirq.contrib.bayesian_network as bayes
import cirq.contrib.paulistring as paulistring
import numpy as np
import sympy
from cirq.contrib.ghz.ghz_1d import generate_1d_ghz_circuit
from cirq.contrib.noise_models import DepolarizingNoiseModel
from cirq.contrib.quantum_volume import generate_model_circuit

LINE = cirq.LineQubit.range(8)


def on_line(gate: Any) -> cirq.Circuit:
    return cirq.Circuit(gate.on(*LINE[: cirq.num_qubits(gate)]))


def random_circuit(qubits: int = 5) -> cirq.Circuit:
    return cirq.testing.random_circuit(LINE[:qubits], 8, 0.8, random_state=1)


def clifford_circuit() -> cirq.Circuit:
    gates = {cirq.H: 1, cirq.S: 1, cirq.CZ: 2, cirq.T: 1}
    return cirq.testing.random_circuit(LINE[:4], 8, 0.8, gate_domain=gates, random_state=1)


def bayesian_network() -> Any:
    return bayes.BayesianNetworkGate(
        [("a", 0.3), ("b", 0.6), ("c", None)], [("c", ("a", "b"), [0.1, 0.2, 0.3, 0.4])]
    )


def noisy() -> cirq.Circuit:
    return random_circuit(3).with_noise(DepolarizingNoiseModel(0.01))


def qaoa() -> cirq.Circuit:
    gamma, beta = sympy.symbols("gamma beta")
    pairs = list(pairwise(LINE[:5]))
    return cirq.Circuit(
        cirq.H.on_each(*LINE[:5]),
        [cirq.ZZ(a, b) ** gamma for a, b in pairs],
        cirq.Moment(cirq.X(q) ** (2 * beta / sympy.pi) for q in LINE[:5]),
        cirq.measure(*LINE[:5]),
    )


def teleportation() -> cirq.Circuit:
    a, b, c = LINE[:3]
    return cirq.Circuit(
        *[cirq.ry(0.3).on(a), cirq.H(b), cirq.CX(b, c), cirq.CX(a, b), cirq.H(a)],
        *[cirq.measure(a, key="z"), cirq.measure(b, key="x")],
        *[cirq.X(c).with_classical_controls("x"), cirq.Z(c).with_classical_controls("z")],
    )


def phase_estimation() -> cirq.Circuit:
    *counters, target = LINE[:5]
    powers = [cirq.ControlledGate(cirq.Z ** (0.3 * 2**k)) for k in range(4)]
    return cirq.Circuit(
        cirq.H.on_each(*counters),
        cirq.X(target),
        [gate.on(qubit, target) for gate, qubit in zip(powers, counters, strict=True)],
        cirq.QuantumFourierTransformGate(4).on(*counters) ** -1,
        cirq.measure(*counters, key="phase"),
    )


def until() -> cirq.Circuit:
    body = cirq.FrozenCircuit(cirq.H(LINE[0]), cirq.measure(LINE[0], key="m"))
    key = cirq.KeyCondition(cirq.MeasurementKey("m"))
    return cirq.Circuit(cirq.CircuitOperation(body, repeat_until=key, use_repetition_ids=False))


CIRCUITS: dict[str, Callable[[], cirq.Circuit]] = {
    "acquaintance.SwapNetworkGate": lambda: on_line(acquaintance.SwapNetworkGate((1, 1, 2), 2)),
    "acquaintance.CircularShiftGate": lambda: on_line(acquaintance.CircularShiftGate(5, 2)),
    "acquaintance.LinearPermutationGate": lambda: on_line(
        acquaintance.LinearPermutationGate(4, {0: 2, 2: 3, 3: 0})
    ),
    "acquaintance.SwapPermutationGate": lambda: on_line(acquaintance.SwapPermutationGate()),
    "acquaintance.complete_acquaintance_strategy": lambda: (
        acquaintance.complete_acquaintance_strategy(LINE[:4], 2)
    ),
    "bayesian_network.BayesianNetworkGate": lambda: on_line(bayesian_network()),
    "ghz.generate_1d_ghz_circuit": lambda: generate_1d_ghz_circuit(LINE[:6]),
    "noise_models.DepolarizingNoiseModel": noisy,
    "paulistring.clifford_optimized_circuit": lambda: paulistring.clifford_optimized_circuit(
        clifford_circuit()
    ),
    "paulistring.convert_and_separate_circuit": lambda: sum(
        paulistring.convert_and_separate_circuit(clifford_circuit()), start=cirq.Circuit()
    ),
    "quantum_volume.generate_model_circuit": lambda: generate_model_circuit(
        5, 4, random_state=np.random.RandomState(1)
    ),
    "testing.random_circuit on 8 qubits": lambda: random_circuit(8),
    "QAOA with symbols": qaoa,
    "teleportation with classical controls": teleportation,
    "phase estimation": phase_estimation,
    "quantum Fourier transform": lambda: on_line(cirq.QuantumFourierTransformGate(5)),
    "repeat_until": until,
}
