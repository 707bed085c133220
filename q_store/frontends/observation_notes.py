"""What a circuit observes, as plain data that other libraries' circuits carry along.

Their circuits cannot hold expectation values, so an export writes them beside the gates, and an
import puts them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import error


def observe_as_noted(
    circuit: QuantumCircuit, texts: Iterable[str], measured: Sequence[int]
) -> None:
    """Add the observations of some notes (`expval 0.5*X0 Z2`, `probs 0 1`, `sample 0 1`, `state`).

    Qubits that the circuit really measures at its end are one sample. A note about a sample says
    where among the observations it stands, and, if all its qubits are measured, which they are.
    Raises `QS352` for a note that is not understood.
    """
    pending = list(measured)
    for text in texts:
        kind, _, rest = text.partition(" ")
        if kind == "sample" and pending:
            noted = [int(word) for word in rest.split() if word.isdigit()]
            circuit.measure(*(noted if noted and set(noted) <= set(pending) else pending))
            pending = []
        elif kind != "sample":
            _add(circuit, kind, rest, text)
    if pending:
        circuit.measure(*pending)


def _add(circuit: QuantumCircuit, kind: str, rest: str, text: str) -> None:
    if kind == "expval":
        circuit.expval(rest)
    elif kind == "probs" and all(word.isdigit() for word in rest.split()):
        circuit.probs(*map(int, rest.split()))
    elif kind == "state":
        circuit.state()
    else:
        raise error("QS352", f"the note {text!r} says nothing about what is observed")


def is_noted(item: Any) -> TypeGuard[Sequence[str]]:
    """Whether this is a list of texts."""
    return isinstance(item, list | tuple) and all(isinstance(text, str) for text in item)
