"""PennyLane's observables as Pauli sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from q_store.qir.diagnostics import error
from q_store.qir.observables import PauliSum

_MAX_WIRES: Final = 6
"""Wires of an observable that is known by its matrix only."""
_TINY: Final = 1e-12


def from_pennylane_observable(observable: Any, circuit: object = None) -> PauliSum:
    """The Pauli sum of an observable; integer wires are qubits of that number, other labels take
    their place from the circuit's device. Raises `QS355`."""
    from q_store.frontends.pennylane.tapes import wire_order

    order = wire_order(circuit)
    if order is None:
        return pauli_sum(observable, _plain_wire)
    places = {label: place for place, label in enumerate(order)}
    return pauli_sum(observable, lambda wire: places.get(wire, -1))


def _plain_wire(wire: Any) -> int:
    return int(wire) if hasattr(wire, "__index__") and not isinstance(wire, bool) else -1


def pauli_sum(observable: Any, place: Callable[[Any], int]) -> PauliSum:
    """The Pauli sum of an observable, wire labels by `place`, which is negative for unknown ones.
    Raises `QS355` for what is no Hermitian operator of known wires."""
    sentence = getattr(observable, "pauli_rep", None)
    if sentence is None:
        sentence = _decomposed(observable)
    terms = []
    for word, coefficient in sentence.items():
        number = complex(coefficient)
        if abs(number.imag) > _TINY * max(1.0, abs(number)):
            raise error("QS355", f"the observable {observable!r} is not Hermitian: {coefficient!r}")
        qubits = []
        for wire, letter in word.items():
            qubit = place(wire)
            if qubit < 0:
                raise error("QS355", f"the observable {observable!r} is on the wire {wire!r}")
            qubits.append((qubit, letter))
        terms.append((number.real, tuple(sorted(qubits))))
    return PauliSum.of(terms)


def _decomposed(observable: Any) -> Any:
    """Hermitian matrices, projectors and the like, by the inner products with Pauli words."""
    import pennylane as qml

    wires = getattr(observable, "wires", ())
    if not getattr(observable, "has_matrix", False) or not 0 < len(wires) <= _MAX_WIRES:
        raise error(
            "QS355",
            f"the observable {observable!r} is no Pauli sum and has no matrix on at most "
            f"{_MAX_WIRES} wires",
        )
    matrix = qml.matrix(observable, wire_order=wires)
    return qml.pauli_decompose(matrix, wire_order=list(wires), pauli=True, check_hermitian=False)
