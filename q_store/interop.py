"""Circuits to and from other libraries: the functions `q_store` offers by name.

Every `to_…` takes a `QuantumCircuit`, a `Func` or `Module`, IR text, or a circuit of any other
library that can be read. The libraries are extras; `QS801` says which one is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from q_store.frontends.trace import as_func
from q_store.qir.diagnostics import error

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit


def _module(name: str, library: str) -> Any:
    """A module of ours that imports another library."""
    try:
        return import_module(f"q_store.{name}")
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] != library:
            raise
        raise error(
            "QS801", f"{library} is not installed", help=f"pip install 'q-store[{library}]'"
        ) from problem


def from_qiskit(
    circuit: object, inputs: Iterable[Any] | None = None, *, name: str | None = None
) -> QuantumCircuit:
    """The circuit a `qiskit.QuantumCircuit` describes; Qiskit's qubit i is wire i.

    `inputs` names the parameters that are data. See `q_store.frontends.qiskit`.
    """
    made: QuantumCircuit = _module("frontends.qiskit", "qiskit").from_qiskit(
        circuit, inputs, name=name
    )
    return made


def to_qiskit(circuit: object) -> Any:
    """A `qiskit.QuantumCircuit` that does what the circuit does; wire i is Qiskit's qubit i.

    Raises `QS332` for what is no circuit and `QS356` for what Qiskit cannot express.
    """
    return _module("targets.to_qiskit", "qiskit").to_qiskit(as_func(circuit))


def qiskit_observables(circuit: object) -> Any:
    """The expectation values a circuit ends with, as a list of `SparsePauliOp`."""
    return _module("targets.to_qiskit", "qiskit").qiskit_observables(as_func(circuit))


def from_cirq(
    circuit: object,
    inputs: Iterable[Any] | None = None,
    *,
    qubits: Iterable[Any] | None = None,
    name: str = "main",
) -> QuantumCircuit:
    """The circuit a `cirq.Circuit` describes; its qubits in sorted order, or as given, are wires
    0, 1, ….

    `inputs` names the symbols that are data. See `q_store.frontends.cirq`.
    """
    made: QuantumCircuit = _module("frontends.cirq", "cirq").from_cirq(
        circuit, inputs, qubits=qubits, name=name
    )
    return made


def to_cirq(circuit: object) -> Any:
    """A `cirq.Circuit` on line qubits that does what the circuit does; wire i is `LineQubit(i)`.

    Raises `QS332` for what is no circuit and `QS356` for what Cirq cannot express.
    """
    return _module("targets.to_cirq", "cirq").to_cirq(as_func(circuit))


def cirq_observables(circuit: object) -> Any:
    """The expectation values a circuit ends with, as a list of `cirq.PauliSum` on line qubits."""
    return _module("targets.to_cirq", "cirq").cirq_observables(as_func(circuit))


def to_dsl(circuit: object) -> str:
    """A program of the text language that does what the circuit does; docs/dsl.md describes it.

    Raises `QS332` for what is no circuit and `QS140` for what the language cannot express.
    """
    from q_store.frontends.dsl import to_dsl as printed

    return printed(as_func(circuit))
