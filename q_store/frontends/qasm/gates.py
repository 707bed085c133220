"""Gate calls: library gates, definitions as hygienic macros, and modifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from q_store.frontends import transform
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.qasm.library import EVERY_NAME, Convention, Library, built_in, included
from q_store.frontends.qasm.limits import (
    MAX_CONTROLS,
    MAX_GATE_DEPTH,
    MAX_STEPS,
    too_much,
)
from q_store.frontends.qasm.places import Source
from q_store.frontends.roots import plain, single_power
from q_store.qir.diagnostics import QStoreError, counted, did_you_mean
from q_store.qir.location import Location
from q_store.qir.ops import Steps
from q_store.qir.registry import all_gates

if TYPE_CHECKING:
    from openqasm3 import ast

Angles = tuple[StoredAngle, ...]


@dataclass(slots=True, eq=False)
class Definition:
    """A `gate` statement. Its body sees the gates defined before it."""

    name: str
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: list[Any]
    source: Source
    order: int
    row: Library | None = None
    """The row that the definition writes out."""
    known: dict[Angles, list[Instruction]] = field(default_factory=dict)
    """Expansions by angles."""


class Place(Protocol):
    """What can say where a name stands: a source with its nodes, or a stretch of text."""

    @property
    def version(self) -> int: ...

    def error(self, code: str, message: str, node: Any, help: str = "") -> QStoreError: ...


class GateTable:
    """The gates a program may call, and the way to their steps."""

    def __init__(self, version: int, u: Convention) -> None:
        self.u: Convention = u
        self.library: dict[str, Library] = built_in(version, u)
        self.defined: dict[str, Definition] = {}
        self.visible: int | None = None
        """Inside a definition: how many definitions were there before it."""
        self.depth = 0
        self._rows = all_gates()
        self._steps: dict[tuple[str, Angles], Steps] = {}

    def include(self, file: str) -> bool:
        """Add the gates of a library; `False` when the file is none."""
        gates = included(file, self.u)
        self.library |= gates or {}
        return gates is not None

    def define(self, definition: Definition, node: ast.QASMNode) -> None:
        """Add a definition; it may take the place of a library's gate. Raises `QS376`."""
        if definition.name in self.defined:
            message = f"the gate `{definition.name}` is defined twice"
            raise definition.source.error("QS376", message, node)
        self.defined[definition.name] = definition

    def find(self, name: str) -> Definition | Library | None:
        found = self.defined.get(name)
        if found is not None and (self.visible is None or found.order < self.visible):
            return found.row or found
        return self.library.get(name)

    def size(self, name: str, source: Place, node: object) -> tuple[int, int]:
        """Numbers of wires and angles. Raises `QS372` for an unknown gate."""
        found = self.find(name)
        if isinstance(found, Library):
            return found.wires, found.angles
        if found is not None:
            return len(found.qubits), len(found.parameters)
        known = [*self.defined, *self.library]
        help = did_you_mean(name, known)
        if name in EVERY_NAME and name not in known:
            file = "qelib1.inc" if source.version == 2 else "stdgates.inc"
            help = f'write `include "{file}";` first'
        raise source.error("QS372", f"no gate `{name}` is defined before this", node, help)

    def steps(self, library: Library, name: str, angles: Angles) -> Steps:
        """The steps of a library gate."""
        key = (name, angles)
        found = self._steps.get(key)
        if found is None:
            found = library.steps(*angles)
            if len(self._steps) < 10_000:
                self._steps[key] = found
        return found

    def instructions(
        self, steps: Steps, wires: Sequence[int], loc: Location | None
    ) -> list[Instruction]:
        """Steps on these wires; angles without parameters are plain numbers."""
        rows = self._rows
        return [
            Instruction(rows[name], tuple([wires[p] for p in at]), tuple(map(plain, angles)), loc)
            for name, at, angles in steps
        ]


def moved(
    steps: Sequence[Instruction], wires: Sequence[int], loc: Location | None
) -> list[Instruction]:
    """Steps of an expansion on the wires of a call, with the location of the call."""
    return [
        Instruction(
            step.row,
            tuple([wires[w] for w in step.wires]),
            step.angles,
            loc,
            step.bit,
            tuple([tuple(moved(body, wires, loc)) for body in step.bodies]),
        )
        for step in steps
    ]


# --- modifiers --------------------------------------------------------------------------------


@dataclass(slots=True)
class Modifier:
    """`inv`, `pow` with an exponent, or `ctrl` and `negctrl` with a number of controls."""

    kind: str
    value: float
    node: ast.QASMNode


def control_count(modifiers: Sequence[Modifier]) -> int:
    """How many wires the controls of a call take."""
    return sum(int(m.value) for m in modifiers if m.kind in ("ctrl", "negctrl"))


def modified(
    steps: list[Instruction], modifiers: Sequence[Modifier], wires: int, source: Source
) -> list[Instruction]:
    """The steps of a gate on wires 0 to `wires - 1` under modifiers, the last one first.

    The controls of the result come before the wires of the gate, those of the first modifier
    first. Raises `QS323`, `QS324` and `QS373`.
    """
    for modifier in reversed(modifiers):
        try:
            steps = _modify(steps, modifier, source)
        except QStoreError as problem:
            first = problem.diagnostics[0]
            raise source.error(first.code, first.message, modifier.node, first.help) from problem
        if modifier.kind in ("ctrl", "negctrl"):
            wires += int(modifier.value)
        if len(steps) > MAX_STEPS:
            place = source.span_of(modifier.node)
            raise too_much("this gate expands to too many gates", MAX_STEPS, place)
    return steps


def _modify(steps: list[Instruction], modifier: Modifier, source: Source) -> list[Instruction]:
    if modifier.kind == "inv":
        return transform.inverse(steps)
    if modifier.kind == "pow":
        return power(steps, modifier.value, source, modifier.node)
    count = int(modifier.value)
    shifted = [step.mapped(count.__add__) for step in steps]
    largest = max([len(step.wires) for step in steps], default=0)
    if count + largest > MAX_CONTROLS + 1:
        message = f"{counted(count, 'control')} on a gate of {counted(largest, 'qubit')}"
        raise too_much(message, MAX_CONTROLS, source.span_of(modifier.node))
    result = transform.controlled(shifted, range(count))
    if modifier.kind == "ctrl":
        return result
    flips = [Instruction(all_gates()["x"], (wire,)) for wire in range(count)]
    return [*flips, *result, *flips]


def power(
    steps: list[Instruction], exponent: float, source: Source, node: ast.QASMNode
) -> list[Instruction]:
    """The principal power: repeated for integers, scaled angles for rotations and phases."""
    if len(steps) == 1 and (not exponent.is_integer() or abs(exponent) > 4):
        single = single_power(steps[0], exponent)
        if single is not None:
            return single
    if exponent.is_integer() and abs(exponent) * max(len(steps), 1) > MAX_STEPS:
        span = source.span_of(node)
        raise too_much("this power expands to too many gates", MAX_STEPS, span)
    return transform.power(steps, exponent)


def check_depth(table: GateTable, source: Source, node: ast.QASMNode) -> None:
    """Raises `QS373` for definitions that use each other too deeply."""
    if table.depth > MAX_GATE_DEPTH:
        span = source.span_of(node)
        raise too_much("gate definitions use each other too deeply", MAX_GATE_DEPTH, span)
