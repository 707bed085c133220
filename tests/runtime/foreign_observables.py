"""One observable as every library writes it; tests of every framework run this table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TEXT = "1.5*Z0 - 0.5*Y1 X2"
"""Different on every qubit, so a reversed order shows."""


def _qiskit() -> Any:
    from qiskit.quantum_info import SparsePauliOp

    return SparsePauliOp(["IIZ", "XYI"], [1.5, -0.5])  # qubit 0 is the last letter


def _cirq() -> Any:
    import cirq

    a, b, c = cirq.LineQubit.range(3)
    return 1.5 * cirq.Z(a) - 0.5 * cirq.Y(b) * cirq.X(c)


def _pennylane() -> Any:
    import pennylane as qml

    return 1.5 * qml.Z(0) - 0.5 * (qml.Y(1) @ qml.X(2))


def _pennylane_hamiltonian() -> Any:
    import pennylane as qml

    return qml.Hamiltonian([1.5, -0.5], [qml.PauliZ(0), qml.PauliY(1) @ qml.PauliX(2)])


FOREIGN: dict[str, Callable[[], Any]] = {
    "SparsePauliOp": _qiskit,
    "cirq.PauliSum": _cirq,
    "PennyLane": _pennylane,
    "PennyLane Hamiltonian": _pennylane_hamiltonian,
}

each_foreign = pytest.mark.parametrize("make_observable", FOREIGN.values(), ids=FOREIGN)
