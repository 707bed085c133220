"""Qiskit's observables as Pauli sums: qubit i is wire i."""

from __future__ import annotations

from typing import Any, Final

from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from q_store.qir.diagnostics import error
from q_store.qir.observables import PauliSum

_TINY: Final = 1e-12
"""Imaginary parts up to this, relative to the largest coefficient, are rounding."""


def from_qiskit_observable(observable: Any, circuit: object = None) -> PauliSum:
    """The sum that a `SparsePauliOp`, `Pauli` or `SparseObservable` is. Raises `QS355`."""
    operator = observable
    if isinstance(observable, Pauli):
        operator = SparsePauliOp(observable)
    elif isinstance(observable, SparseObservable):
        operator = SparsePauliOp.from_sparse_observable(observable)
    if not isinstance(operator, SparsePauliOp):
        raise error(
            "QS355",
            f"a {type(observable).__name__} is no observable here",
            help="use a SparsePauliOp",
        )
    terms = operator.to_sparse_list()
    coefficients = [_number(coefficient) for *_, coefficient in terms]
    largest = max(map(abs, coefficients), default=0.0)
    for (letters, *_), coefficient in zip(terms, coefficients, strict=True):
        if abs(coefficient.imag) > _TINY * largest:
            raise error("QS355", f"the coefficient {coefficient} of {letters or 'I'} is not real")
    return PauliSum.of(
        (coefficient.real, tuple(sorted(zip(qubits, letters, strict=True))))
        for (letters, qubits, _), coefficient in zip(terms, coefficients, strict=True)
    )


def _number(coefficient: Any) -> complex:
    try:
        return complex(coefficient)
    except (TypeError, ValueError) as problem:
        raise error(
            "QS355",
            f"the coefficient {coefficient} is no number",
            help="bind the parameters of the observable",
        ) from problem
