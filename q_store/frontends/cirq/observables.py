"""Cirq's observables as Pauli sums."""

from __future__ import annotations

from typing import Any, Final

import cirq

from q_store.frontends.cirq.reader import qubit_wires
from q_store.qir.diagnostics import error
from q_store.qir.observables import PauliSum

_TINY: Final = 1e-12


def from_cirq_observable(observable: Any, circuit: object = None) -> PauliSum:
    """The sum that a `PauliSum`, a `PauliString` or a Pauli operation is.

    Qubits are those of the Cirq circuit in its order; without one, `LineQubit(i)` is wire i.
    Raises `QS355`.
    """
    wires = qubit_wires(circuit) if isinstance(circuit, cirq.AbstractCircuit) else None
    if isinstance(observable, cirq.PauliSum):
        strings = list(observable)
    elif isinstance(observable, cirq.PauliString):
        strings = [observable]
    elif isinstance(observable, cirq.Operation) and isinstance(
        observable.gate, cirq.DensePauliString
    ):
        strings = [observable.gate.on(*observable.qubits)]
    else:
        raise error(
            "QS355",
            f"a {type(observable).__name__} is no observable here",
            help="use a cirq.PauliSum or a product of Paulis",
        )
    return PauliSum.of(_term(string, wires) for string in strings)


def _term(string: Any, wires: dict[Any, int] | None) -> tuple[float, tuple[tuple[int, str], ...]]:
    coefficient = complex(string.coefficient)
    if abs(coefficient.imag) > _TINY * abs(coefficient):
        raise error("QS355", f"the coefficient of {string} is not real")
    word = sorted((_wire(qubit, wires), str(pauli)) for qubit, pauli in string.items())
    return coefficient.real, tuple(word)


def _wire(qubit: Any, wires: dict[Any, int] | None) -> int:
    if wires is not None and qubit in wires:
        return wires[qubit]
    if wires is None and isinstance(qubit, cirq.LineQubit) and qubit.x >= 0:
        return int(qubit.x)
    raise error(
        "QS355",
        f"the observable's qubit {qubit} is not in the circuit",
        help="without a Cirq circuit, only LineQubit(i) is known: it is wire i",
    )
