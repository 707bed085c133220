"""The end of reading: which measurements are the last, and the circuit of it all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction, check_wires
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.state import State
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Role
from q_store.qir.observables import (
    Expval,
    Observation,
    PauliSum,
    Probs,
    Sample,
    observation_qubits,
)
from q_store.qir.observables import (
    State as WholeState,
)
from q_store.qir.registry import all_gates

_NOTE: Final = re.compile(r"^[ \t]*// q-store: (input|weight|observe) (.*?)[ \t\r]*$", re.M)
_OBSERVED: Final = re.compile(r"(expval|probs|sample)\((.*)\)\Z")


def finished(state: State, source: Source, name: str) -> QuantumCircuit:
    """The circuit of a program that has been carried out. Raises `QS377` without qubits."""
    if state.n_qubits == 0:
        raise error("QS377", f"{source.file} declares no qubits", span=source.span(0, 1))
    circuit = QuantumCircuit(state.n_qubits, name=name)
    steps, last = _split(state)
    if not isinstance(state.phase, float) or state.phase != 0.0:
        angle = state.phase
        if isinstance(angle, Expr) and not angle.terms:
            angle = angle.const
        steps.append(Instruction(all_gates()["phase"], (), (angle,)))
    circuit._steps = steps
    _declare(circuit, state, source)
    noted = _noted(source, state.n_qubits)
    if noted:
        circuit._observations = noted
    elif last:
        circuit.measure(*last)
    circuit._bits = {step.bit: None for step in _all(steps) if step.bit}
    return circuit


def _all(steps: Iterable[Instruction]) -> Iterable[Instruction]:
    for step in steps:
        yield step
        for body in step.bodies:
            yield from _all(body)


def _split(state: State) -> tuple[list[Instruction], list[int]]:
    """The steps without the measurements at the end, and the qubits those measure, in the order of
    the bits they go to.

    A measurement is at the end when nothing follows on its wire, no condition reads its bit, and
    the bit is still there when the program ends.
    """
    kept: dict[str, int] = {}
    for bits in state.registers.values():
        for cell in bits.cells:
            if isinstance(cell, str):
                kept.setdefault(cell, len(kept))
    read = {step.bit for step in _all(state.steps) if step.row is dialects.IF}
    busy: set[int] = set()
    ends: dict[str, int] = {}
    rest: list[Instruction] = []
    for step in reversed(state.steps):
        if step.row is dialects.MEASURE and not busy.intersection(step.wires):
            busy.update(step.wires)
            if step.bit in kept and step.bit not in read:
                ends[step.bit] = step.wires[0]
                continue
        elif step.row is not dialects.BARRIER:
            busy.update(step.wires)
        rest.append(step)
    rest.reverse()
    order = sorted(ends, key=kept.__getitem__)
    return rest, [ends[bit] for bit in order]


def _declare(circuit: QuantumCircuit, state: State, source: Source) -> None:
    """Parameters in the order they are declared, with the roles that comments give."""
    roles: dict[str, Role] = {}
    for match in _NOTE.finditer(source.text):
        if match[1] != "observe":
            role: Role = "input" if match[1] == "input" else "weight"
            roles |= dict.fromkeys(re.split(r"[,\s]+", match[2]), role)
    for name, shape in state.parameters.items():
        circuit.parameter_table.declare(name, shape, roles.get(name))


def _noted(source: Source, n_qubits: int) -> list[Observation]:
    """The observations of comments such as `// q-store: observe expval(0.5*X0 Z2)`."""
    found = []
    for match in _NOTE.finditer(source.text):
        if match[1] != "observe":
            continue
        span = source.span(match.start(2), max(match.end(2), match.start(2) + 1))
        try:
            observation = _observation(match[2])
            check_wires("observe", observation_qubits(observation) or (), n_qubits, None)
        except QStoreError as problem:
            first = problem.diagnostics[0]
            raise error(first.code, first.message, span=span, help=first.help) from problem
        found.append(observation)
    return found


def _observation(text: str) -> Observation:
    if text == "state":
        return WholeState()
    match = _OBSERVED.match(text)
    if match is not None and match[1] == "expval":
        return Expval(PauliSum.parse(match[2]))
    if match is not None and re.fullmatch(r"\d{1,6}(\s*,\s*\d{1,6})*", match[2]):
        qubits = tuple(map(int, match[2].split(",")))
        return Probs(qubits) if match[1] == "probs" else Sample(qubits)
    raise error(
        "QS107",
        f"{text!r} is no observation",
        help="expected expval(0.5*X0 Z2), probs(0, 1), sample(0, 1) or state",
    )


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
