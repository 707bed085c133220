"""The end of reading: which measurements are the last, and the circuit of it all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.classical_bits import split_measurements
from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction
from q_store.frontends.observation_notes import observe_as_noted
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.state import State
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Role
from q_store.qir.registry import all_gates

NOTE: Final = re.compile(r"^[ \t]*// q-store: (input|weight|observe|name) (.*?)[ \t\r]*$", re.M)


def finished(state: State, source: Source, name: str) -> QuantumCircuit:
    """The circuit of a program that has been carried out. Raises `QS377` without qubits."""
    if state.n_qubits == 0:
        raise error("QS377", f"{source.file} declares no qubits", span=source.span(0, 1))
    circuit = QuantumCircuit(state.n_qubits, name=name)
    cells = [cell for bits in state.registers.values() for cell in bits.cells]
    kept = dict.fromkeys(cell for cell in cells if isinstance(cell, str))
    steps, measured = split_measurements(state.steps, kept)
    noted = _noted_sample(source)
    if noted is not None:
        measured = [wire for wire in measured if wire in noted]
    steps += _put_back(state.steps, steps, measured)
    angle = state.phase.const if isinstance(state.phase, Expr) else state.phase
    if isinstance(state.phase, Expr) and state.phase.terms:
        steps.append(Instruction(all_gates()["phase"], (), (state.phase,)))
    elif angle != 0.0:
        steps.append(Instruction(all_gates()["phase"], (), (angle,)))
    circuit._steps = steps
    circuit._bits = {step.bit: None for step in steps if step.bit}
    _declare(circuit, state, source)
    _observe(circuit, source, list(dict.fromkeys(measured)))
    return circuit


def with_measurements(
    state: State, source: Source
) -> tuple[QuantumCircuit, dict[str, tuple[str | None, ...]]]:
    """The circuit of a program with all its measurements as steps, and the bits of its registers.
    Raises `QS377` without qubits."""
    if state.n_qubits == 0:
        raise error("QS377", f"{source.file} declares no qubits", span=source.span(0, 1))
    circuit = QuantumCircuit(state.n_qubits)
    circuit._steps = list(state.steps)
    circuit._bits = {step.bit: None for step in state.steps if step.bit}
    _declare(circuit, state, source)
    registers = {
        name: tuple([cell if isinstance(cell, str) else None for cell in bits.cells])
        for name, bits in state.registers.items()
    }
    return circuit, registers


def _declare(circuit: QuantumCircuit, state: State, source: Source) -> None:
    """Parameters in the order they are declared, with the roles that comments give."""
    roles: dict[str, Role] = {}
    for match in NOTE.finditer(source.text):
        if match[1] in ("input", "weight"):
            role: Role = "input" if match[1] == "input" else "weight"
            roles |= dict.fromkeys(re.split(r"[,\s]+", match[2]), role)
    for name, shape in state.parameters.items():
        circuit.parameter_table.declare(name, shape, roles.get(name))


def _observe(circuit: QuantumCircuit, source: Source, measured: Sequence[int]) -> None:
    """The observations of comments such as `// q-store: observe expval 0.5*X0 Z2`."""
    noted = [match for match in NOTE.finditer(source.text) if match[1] == "observe"]
    texts = [match[2] for match in noted if match[2] != "nothing"]
    try:
        for text in texts:
            words = text.split()[1:]
            if text.startswith("sample") and all(word.isdigit() for word in words):
                circuit.sample(*[int(word) for word in words])
            else:
                observe_as_noted(circuit, [text], ())
        if not noted:
            observe_as_noted(circuit, (), measured)
    except QStoreError as problem:
        if not noted:
            raise
        first, match = problem.diagnostics[0], noted[0]
        span = source.span(match.start(2), max(match.end(2), match.start(2) + 1))
        raise error(first.code, first.message, span=span, help=first.help) from problem


def _noted_sample(source: Source) -> set[int] | None:
    """Qubits of the samples that comments name; `None` without comments about observations."""
    texts = [match[2] for match in NOTE.finditer(source.text) if match[1] == "observe"]
    if not texts:
        return None
    samples = [text.split()[1:] for text in texts if text.startswith("sample")]
    return {int(word) for words in samples for word in words if word.isdigit() and len(word) < 9}


def _put_back(
    before: Sequence[Instruction], after: Sequence[Instruction], measured: Sequence[int]
) -> list[Instruction]:
    """Measurements at the end that are no part of what is observed."""
    there = {id(step) for step in after}
    return [
        step
        for step in before
        if step.row is dialects.MEASURE and id(step) not in there and step.wires[0] not in measured
    ]


def renamed(source: Source) -> dict[str, str]:
    """Parameters by the names they have in the text, as comments say."""
    found = {}
    for match in NOTE.finditer(source.text):
        words = match[2].split()
        if match[1] == "name" and len(words) == 2:
            found[words[0]] = words[1]
    return found


def grouped(names: Sequence[str]) -> dict[str, tuple[str, int, int]]:
    """Scalars `_w_0_`, `_w_1_` and so on, as Qiskit exports vectors: name, index, size."""
    groups: dict[str, dict[int, str]] = {}
    for name in names:
        match = re.fullmatch(r"_(\w*[^\W\d_]\w*?)_(0|[1-9]\d{0,5})_", name)
        if match:
            groups.setdefault(match[1], {})[int(match[2])] = name
    return {
        name: (vector, place, len(parts))
        for vector, parts in groups.items()
        if vector not in names and sorted(parts) == list(range(len(parts)))
        for place, name in parts.items()
    }
