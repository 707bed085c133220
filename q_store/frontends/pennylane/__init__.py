"""Reading PennyLane: QNodes, tapes and quantum functions.

A function is run once with symbols for its arguments; PennyLane's operators take them as angles.
Templates are expanded, controlled and adjoint operators become gates of the table. Integer wire
labels are qubits of that number; other labels are qubits in the order of the device, or of first
use. `GlobalPhase(a)` is exp(-i a) there and a phase of -a here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.pennylane.measurements import observe
from q_store.frontends.pennylane.operations import Reader
from q_store.frontends.pennylane.tapes import (
    Broadcast,
    called,
    is_tape,
    recorded,
    symbols_for,
    unbroadcast,
    wire_order,
)
from q_store.frontends.pennylane.transforms import transformed
from q_store.qir.diagnostics import error
from q_store.qir.func import Role

__all__ = ["broadcast_inputs", "circuit_of_tape", "convert", "from_pennylane", "record_call"]


def from_pennylane(
    source: object,
    *,
    shapes: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
    inputs: Iterable[str] | None = None,
    wires: Iterable[Any] | None = None,
    name: str = "main",
) -> QuantumCircuit:
    """The circuit of a QNode, a tape (`QuantumScript`) or a quantum function.

    Each argument of a function becomes a parameter: a scalar, or an array where `shapes` gives a
    shape or an array of that shape. `constants` are passed as they are; arguments with a default
    keep it. `inputs` names the parameters that are data. `wires` gives the order of wire labels.
    Parameters a tape has broadcast become elements of the input `x`, and `broadcast_inputs` gives
    the numbers. Raises `QS383` for an operator, `QS384` for a measurement, `QS385` for arguments
    or wires that have no counterpart.
    """
    order = None if wires is None else list(wires)
    if is_tape(source):
        circuit = circuit_of_tape(source, order, name)
    elif callable(source):
        function, arguments = symbols_for(source, shapes or {}, constants or {})
        tape, _ = recorded(lambda: function(**arguments))
        circuit = circuit_of_tape(transformed(source, tape), order or wire_order(source), name)
        _declare(circuit, arguments, constants or {})
    else:
        kind = f"{type(source).__module__}.{type(source).__name__}"
        raise error("QS385", f"expected a QNode, a tape or a quantum function, got {kind}")
    given = getattr(source, "input_names", None) if inputs is None else inputs
    for parameter in list(circuit.parameter_table) if given is not None else ():
        role: Role = "input" if parameter.name in set(given or ()) else "weight"
        circuit.parameter_table.declare(parameter.name, parameter.shape, role)
    return circuit


def _declare(circuit: QuantumCircuit, arguments: Mapping[str, Any], constants: Any) -> None:
    """Parameters in the order of the function's arguments; unused ones are left out."""
    table = circuit.parameter_table
    entries = {entry.name: entry for entry in table}
    first = [name for name in arguments if name in entries and name not in constants]
    ordered = [entries[name] for name in [*first, *[n for n in entries if n not in first]]]
    circuit.parameter_table = type(table)(ordered)


def circuit_of_tape(
    tape: Any, order: list[Any] | None = None, name: str = "main"
) -> QuantumCircuit:
    """The circuit of a tape, with what it measures."""
    tape, broadcast = unbroadcast(tape)
    reader = Reader(tape, order)
    for position, operation in enumerate(tape.operations):
        reader.add(operation, position)
    circuit = reader.circuit(name)
    if broadcast.columns:
        circuit.parameter_table.declare("x", (len(broadcast.columns),), "input")
    observe(circuit, tape.measurements, reader)
    return circuit


def broadcast_inputs(tape: Any) -> Any:
    """The numbers of the parameters a tape has broadcast, shape (batch, features): the data for
    the input `x` of its circuit. Raises `QS385` for a tape that has none."""
    broadcast: Broadcast = unbroadcast(tape)[1]
    if not broadcast.columns:
        raise error("QS385", "the tape has no broadcast parameters")
    return broadcast.data()


def convert(item: object) -> QuantumCircuit | None:
    """The circuit of a tape; `None` for anything else, QNodes included, which are called."""
    return circuit_of_tape(item) if is_tape(item) else None


def record_call(
    call: Callable[[Callable[..., Any], dict[str, Any]], Any],
    source: Callable[..., Any],
    arguments: Mapping[str, Any],
) -> Any:
    """Call a circuit function that may put PennyLane operators down; the circuit if it did, else
    what the function returned. Arrays of known shape are given to QNodes as arrays of objects."""
    function, given = called(source, arguments)
    tape, result = recorded(lambda: call(function, given))
    if not tape.operations and not tape.measurements:
        return result
    if isinstance(result, QuantumCircuit):
        raise error("QS385", "the function uses PennyLane's operators and returns a circuit too")
    return circuit_of_tape(transformed(source, tape), wire_order(source))
