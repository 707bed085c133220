"""PennyLane's measurement processes as what a circuit observes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pennylane as qml

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.pennylane.observables import pauli_sum
from q_store.frontends.pennylane.operations import Reader
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.observables import Expval, Observation, Probs, Sample, State

_DENSE = (qml.measurements.ProbabilityMP, qml.measurements.SampleMP, qml.measurements.CountsMP)


def observe(circuit: QuantumCircuit, measurements: Sequence[Any], reader: Reader) -> None:
    """Put what a tape measures at the end of its circuit. Raises `QS384`."""
    for process in measurements:
        if getattr(process, "mv", None) is not None:
            raise _unsupported(process, "it is about a measurement in the middle of the circuit")
        if isinstance(process, _DENSE) and process.obs is not None:
            _diagonalize(circuit, process, measurements, reader)
    circuit._observations = [_observation(process, reader) for process in measurements]


def _observation(process: Any, reader: Reader) -> Observation:
    if isinstance(process, qml.measurements.ExpectationMP):
        return Expval(pauli_sum(process.obs, lambda wire: reader.places.get(wire, -1)))
    if isinstance(process, qml.measurements.StateMP) and not isinstance(
        process, qml.measurements.DensityMatrixMP
    ):
        return State()
    if isinstance(process, _DENSE):
        qubits = reader.wires(process.wires) or tuple(range(reader.n_qubits))
        dense = Probs if isinstance(process, qml.measurements.ProbabilityMP) else Sample
        return dense(qubits)
    raise _unsupported(process, "only expval, probs, sample, counts and state are")


def _diagonalize(
    circuit: QuantumCircuit, process: Any, measurements: Sequence[Any], reader: Reader
) -> None:
    """Turn an observable's basis into the computational one, where nothing else is measured."""
    gates = process.obs.diagonalizing_gates()
    if not gates:
        return
    if len(measurements) > 1:
        raise _unsupported(process, "its basis is not the one of the other measurements")
    for gate in gates:
        circuit._steps += reader.read(gate, 0)


def _unsupported(process: Any, why: str) -> QStoreError:
    help = ""
    if isinstance(process, qml.measurements.VarianceMP):
        help = "a variance is the expectation of the square less the square of the expectation"
    return error("QS384", f"the measurement {process!r} is not supported: {why}", help=help)
