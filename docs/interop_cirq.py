"""Circuits of `cirq.contrib` and of Cirq's own families, on at most 10 qubits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cirq
import cirq.contrib.acquaintance as acquaintance
import cirq.contrib.bayesian_network as bayes
import cirq.contrib.paulistring as paulistring
import networkx
import numpy as np
import sympy
from cirq.contrib.circuitdag import CircuitDag
from cirq.contrib.ghz.ghz_1d import generate_1d_ghz_circuit
from cirq.contrib.ghz.ghz_2d import generate_2d_ghz_circuit
from cirq.contrib.noise_models import (
    DampedReadoutNoiseModel,
    DepolarizingNoiseModel,
    DepolarizingWithDampedReadoutNoiseModel,
    DepolarizingWithReadoutNoiseModel,
    ReadoutNoiseModel,
)
from cirq.contrib.quantum_volume import generate_model_circuit
from cirq.contrib.routing import get_grid_device_graph, route_circuit

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


def noisy(model: Any) -> cirq.Circuit:
    return cirq.Circuit(random_circuit(3), cirq.measure(*LINE[:3], key="m")).with_noise(model)


def two_dimensional_ghz() -> cirq.Circuit:
    center, graph = cirq.GridQubit(1, 1), networkx.Graph()
    qubits = cirq.GridQubit.rect(3, 3)
    graph.add_edges_from((a, b) for a in qubits for b in qubits if a.is_adjacent(b))
    return generate_2d_ghz_circuit(center, graph, num_qubits=9, randomized=False)


def routed() -> cirq.Circuit:
    return route_circuit(
        cirq.Circuit(cirq.CX(a, b) for a in LINE[:4] for b in LINE[:4] if a < b),
        get_grid_device_graph(2, 3),
        algo_name="greedy",
        random_state=1,
    ).circuit


def executed_strategy() -> cirq.Circuit:
    """An acquaintance strategy with a gate for every pair, its permutations and all."""
    circuit = acquaintance.complete_acquaintance_strategy(LINE[:4], 2)
    gates = {(a, b): cirq.CZ ** (0.1 * (a + 2 * b)) for a in range(4) for b in range(4) if a < b}
    strategy = acquaintance.GreedyExecutionStrategy(
        gates, dict(zip(LINE[:4], range(4), strict=True))
    )
    return acquaintance.StrategyExecutorTransformer(strategy)(circuit)


def imported_qasm() -> cirq.Circuit:
    from cirq.contrib.qasm_import import circuit_from_qasm  # needs ply

    return circuit_from_qasm(
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg c[3];'
        "h q[0]; cu3(0.3, 0.1, -0.7) q[0], q[1]; ccx q[0], q[1], q[2]; u2(0.1, 0.2) q[2];"
        "measure q -> c;"
    )


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
    "acquaintance.StrategyExecutorTransformer": executed_strategy,
    "acquaintance.ShiftSwapNetworkGate": lambda: on_line(
        acquaintance.ShiftSwapNetworkGate((1, 1), (1, 1))
    ),
    "acquaintance.BipartiteSwapNetworkGate": lambda: on_line(
        acquaintance.BipartiteSwapNetworkGate(acquaintance.BipartiteGraphType.MATCHING, 3)
    ),
    "bayesian_network.BayesianNetworkGate": lambda: on_line(bayesian_network()),
    "ghz.generate_1d_ghz_circuit": lambda: generate_1d_ghz_circuit(LINE[:6]),
    "noise_models.DepolarizingNoiseModel": lambda: noisy(DepolarizingNoiseModel(0.01)),
    "noise_models.ReadoutNoiseModel": lambda: noisy(ReadoutNoiseModel(0.02)),
    "noise_models.DampedReadoutNoiseModel": lambda: noisy(DampedReadoutNoiseModel(0.03)),
    "noise_models.DepolarizingWithReadoutNoiseModel": lambda: noisy(
        DepolarizingWithReadoutNoiseModel(0.01, 0.02)
    ),
    "noise_models.DepolarizingWithDampedReadoutNoiseModel": lambda: noisy(
        DepolarizingWithDampedReadoutNoiseModel(0.01, 0.02, 0.03)
    ),
    "ghz.generate_2d_ghz_circuit": two_dimensional_ghz,
    "circuitdag.CircuitDag": lambda: CircuitDag.from_circuit(random_circuit()).to_circuit(),
    "routing.route_circuit": routed,
    "qasm_import.circuit_from_qasm": imported_qasm,
    "paulistring.clifford_optimized_circuit": lambda: paulistring.clifford_optimized_circuit(
        clifford_circuit()
    ),
    "paulistring.convert_and_separate_circuit": lambda: sum(
        paulistring.convert_and_separate_circuit(clifford_circuit()), start=cirq.Circuit()
    ),
    "paulistring.pauli_string_optimized_circuit": lambda: (
        paulistring.pauli_string_optimized_circuit(clifford_circuit())
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
