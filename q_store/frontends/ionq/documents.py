"""Documents of IonQ's JSON: which circuits are in them, and what surrounds those."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.instruction import Instruction
from q_store.frontends.ionq.gates import native_gate, qis_gate
from q_store.frontends.ionq.measured import registers_of
from q_store.frontends.ionq.node import Node
from q_store.frontends.ionq.quick import quick_native, quick_qis
from q_store.frontends.parameters import ParameterTable
from q_store.qir.registry import all_gates

MAX_QUBITS: Final = 10_000
MAX_CIRCUITS: Final = 5_000
_Quick = Callable[[Mapping[str, Any], int], Instruction | None]
_READERS: Final[dict[str, tuple[_Quick, Callable[[Node, int], list[Instruction]]]]] = {
    "qis": (quick_qis, qis_gate),
    "native": (quick_native, native_gate),
}
_FLAT: Final = ("ionq.circuit.v1", "ionq.multi-circuit.v1", "ionq.circuit.v0")
_JOB_V04: Final = frozenset(
    ("type", "backend", "input", "name", "shots", "metadata", "session_id", "settings", "dry_run")
) | {"noise"}
_JOB_V03: Final = frozenset(
    ["target", "input", "name", "shots", "metadata", "error_mitigation", "noise", "registers"]
)


def circuits_of(document: Node) -> list[QuantumCircuit]:
    """The circuits of a job body or a circuit body. Raises `QS735` and `QS736`."""
    if "input" in document.value:
        return _of_job(document)
    if "body" in document.value:
        document.get("body").deviates("`body` and `lang` are fields of versions before 0.3")
        return list(_circuits(document.get("body").object(), document))
    if "circuit" in document.value or "circuits" in document.value:
        return list(_circuits(document, document))
    raise document.fail(
        "neither a job nor a circuit", "a job has an `input`, a circuit a `circuit`"
    )


def _of_job(job: Node) -> list[QuantumCircuit]:
    content = job.get("input").object()
    job.known(_JOB_V04 if "type" in job.value else _JOB_V03)
    place = job.get("type") if job.get("type") else content.get("format")
    if not place:
        place.deviates("the format is missing")
    elif place.text() == "ionq.qasm3.v1":
        return [_openqasm(content, job)]
    elif place.value not in _FLAT:
        raise place.fail(f"expected one of {', '.join(_FLAT)}, ionq.qasm3.v1, got {place.value!r}")
    return list(_circuits(content, job))


def _openqasm(content: Node, job: Node) -> QuantumCircuit:
    from q_store.frontends.qasm import from_qasm

    data = content.need("data")
    circuit = from_qasm(data.text(), file=data.path)
    return circuit if circuit.observations else circuit.sample()


def _circuits(content: Node, job: Node) -> Iterator[QuantumCircuit]:
    if content.get("circuit") and content.get("circuits"):
        raise content.fail("`circuit` and `circuits` are both given")
    if not content.get("circuits"):
        yield _circuit(content, content, job, 0, 1)
        return
    items = list(content.get("circuits").items())
    if not 0 < len(items) <= MAX_CIRCUITS:
        raise content.get("circuits").fail(f"expected 1 to {MAX_CIRCUITS}, got {len(items)}")
    names: set[str] = set()
    for index, item in enumerate(items):
        circuit = _circuit(item.object(), content, job, index, len(items))
        circuit.name = _unlike(circuit.name, names)
        names.add(circuit.name)
        yield circuit


def _circuit(item: Node, content: Node, job: Node, index: int, count: int) -> QuantumCircuit:
    gateset = item.get("gateset") or content.get("gateset")
    if not gateset:
        gateset.deviates("the gate set is missing; `qis` is assumed")
    elif gateset.text() not in _READERS:
        raise gateset.fail(f"expected `qis` or `native`, got {gateset.value!r}")
    quick, careful = _READERS[gateset.value or "qis"]
    entries = [entry.object() for entry in item.need("circuit").items()]
    qubits = _qubits(item, content, entries)
    steps: list[Instruction] = []
    for entry in entries:
        plain = quick(entry.value, qubits)
        if plain is not None:
            steps.append(plain)
        elif entry.value.get("gate") != "nop":
            steps += careful(entry, qubits)
    name = item.get("name") or job.get("name")
    circuit = QuantumCircuit.of_steps(
        qubits, steps, ParameterTable([]), name=_identifier(name.value)
    )
    return _measured(circuit, item, job, index, count)


def _measured(
    circuit: QuantumCircuit, item: Node, job: Node, index: int, count: int
) -> QuantumCircuit:
    registers = registers_of(item, job, index, count, circuit.n_qubits)
    flipped = {qubit for register in registers for qubit, inverted in register if inverted}
    circuit._steps += [Instruction(all_gates()["x"], (qubit,)) for qubit in sorted(flipped)]
    for register in registers:
        circuit.sample(*[qubit for qubit, _ in register])
    return circuit if registers else circuit.sample()


def _qubits(item: Node, content: Node, entries: list[Node]) -> int:
    """As said, else one more than the largest that occurs."""
    said = item.get("qubits") or content.get("qubits")
    if said:
        return said.integer(1, MAX_QUBITS)
    said.deviates("the number of qubits is missing")
    largest = 0
    for entry in entries:
        for key in ("target", "control"):
            if entry.get(key):
                largest = max(largest, entry.get(key).integer(0, MAX_QUBITS - 1))
        for key in ("targets", "controls"):
            if entry.get(key):
                places = [p.integer(0, MAX_QUBITS - 1) for p in entry.get(key).items()]
                largest = max(largest, *places, 0)
    return largest + 1


def _identifier(name: Any) -> str:
    """The name of a function: letters, digits and underscores."""
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") if isinstance(name, str) else ""
    if not text:
        return "main"
    return text if text[0].isalpha() else f"c_{text}"


def _unlike(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken."""
    made, number = name, 1
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    return made
