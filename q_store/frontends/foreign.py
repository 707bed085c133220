"""Objects of other libraries, told by the package their type comes from, so that nothing is
imported that the user has not imported already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from q_store.qir.observables import Observation, PauliSum, as_pauli_sum

_OBSERVABLES: Final[dict[str, tuple[str, str]]] = {
    "qiskit": ("q_store.frontends.qiskit.observables", "from_qiskit_observable"),
    "cirq": ("q_store.frontends.cirq.observables", "from_cirq_observable"),
    "pennylane": ("q_store.frontends.pennylane.observables", "from_pennylane_observable"),
}
"""By package: the module and the function that make a `PauliSum` of an observable and the circuit
whose qubits it names, or `None` where they are not known."""


def packages_of(item: object) -> Iterator[str]:
    """Top-level packages of the type of an object and of its bases, the nearest first."""
    for kind in type(item).__mro__:
        if kind is not object:
            yield kind.__module__.partition(".")[0]


def _converter(item: object) -> tuple[str, str] | None:
    return next((_OBSERVABLES[p] for p in packages_of(item) if p in _OBSERVABLES), None)


def is_foreign_observable(item: object) -> bool:
    """Whether this is an object of a library whose observables are understood."""
    return _converter(item) is not None


def pauli_sum_of(observable: object, circuit: object = None) -> PauliSum:
    """A Pauli sum from text, a `PauliSum` or another library's observable.

    `circuit` is the other library's circuit whose qubits the observable names.
    Raises `QS107` for what is no observable and `QS355` for one that is no real Pauli sum here.
    """
    found = _converter(observable)
    if found is None:
        return as_pauli_sum(observable)
    made: PauliSum = getattr(import_module(found[0]), found[1])(observable, circuit)
    return made


def native_observables(observables: Any, circuit: object) -> Any:
    """Observables as they are given to a layer, other libraries' ones among them converted."""
    if is_foreign_observable(observables):
        return pauli_sum_of(observables, circuit)
    if isinstance(observables, str | PauliSum | Observation) or not isinstance(
        observables, Sequence
    ):
        return observables
    return [
        pauli_sum_of(item, circuit) if is_foreign_observable(item) else item for item in observables
    ]
