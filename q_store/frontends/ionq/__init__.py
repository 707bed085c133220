"""Reading IonQ's JSON: circuits and jobs, `qis` and native gates, versions 0.3 and 0.4.

`read_ionq_json` takes what `q_store.targets.ionq.json` writes, and what other tools write: fields
that the published format does not have but that have one meaning only are understood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from q_store.frontends.ionq.documents import circuits_of
from q_store.frontends.ionq.node import Node, malformed
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Module
from q_store.qir.location import SourceText

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit


def read_ionq_json(
    document: str | bytes | Mapping[str, Any], *, strict: bool = False, file: str = "<json>"
) -> Module:
    """The circuits of a job body or a circuit body, one function each, in order.

    Each function ends with a sample of each register that the document names: `registers`, or the
    notes that q-store, qiskit-ionq and cirq-ionq leave in the metadata; of all qubits otherwise.
    Qubit k is wire k.

    Args:
        document: JSON text, or what it means as a dictionary.
        strict: Refuse what deviates from the published format (`QS736`).
        file: The name errors show for a text.

    Raises:
        QStoreError: `QS735` with the place in the document, such as `$.input.circuit[3].target`.
    """
    circuits = read_circuits(document, strict=strict, file=file)
    return Module(tuple([circuit.to_ir() for circuit in circuits]))


def read_circuits(
    document: str | bytes | Mapping[str, Any], *, strict: bool = False, file: str = "<json>"
) -> list[QuantumCircuit]:
    """The same as circuits. Raises as `read_ionq_json`."""
    found = document if isinstance(document, Mapping) else _parsed(document, file)
    if not isinstance(found, Mapping):
        raise malformed("$", f"expected an object, got {type(found).__name__}")
    return circuits_of(Node(found, "$", strict))


def _parsed(text: str | bytes, file: str) -> Any:
    if not isinstance(text, str | bytes):
        raise error("QS735", f"expected JSON text or a dictionary, got {type(text).__name__}")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as problem:
        shown = SourceText(problem.doc, file).span(problem.pos, problem.pos + 1)
        raise error("QS735", f"{file} is no JSON: {problem.msg}", span=shown) from None
    except UnicodeDecodeError as problem:
        raise error("QS735", f"{file} is not UTF-8 text: {problem.reason}") from None
    except (RecursionError, ValueError) as problem:
        if isinstance(problem, QStoreError):
            raise
        raise error("QS735", f"{file} is no JSON that can be read: {problem}") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")
