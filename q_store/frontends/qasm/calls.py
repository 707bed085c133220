"""Gate calls of a program: checked, repeated over registers, expanded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.qasm.gates import (
    Definition,
    Modifier,
    check_depth,
    control_count,
    modified,
    moved,
)
from q_store.frontends.qasm.library import Library, library_row
from q_store.frontends.qasm.limits import (
    MAX_CONTROLS,
    too_much,
)
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.quick import QuickGate
from q_store.frontends.qasm.recognise import is_row, row_named
from q_store.frontends.qasm.scope import NeedsBit, Qubits, Variable
from q_store.frontends.qasm.state import State
from q_store.qir.diagnostics import QStoreError, Span, counted, error
from q_store.qir.location import TextLocation

if TYPE_CHECKING:
    pass


class Calls(State):
    """Statements that apply gates."""

    def gate_definition(self, node: Any) -> None:
        names = [item.name for item in (*node.arguments, *node.qubits)]
        if len(set(names)) != len(names):
            message = f"the gate `{node.name.name}` uses a name twice"
            raise self.source.error("QS376", message, node)
        definition = Definition(
            node.name.name,
            tuple([item.name for item in node.arguments]),
            tuple([item.name for item in node.qubits]),
            node.body,
            self.source,
            len(self.gates.defined),
        )
        self.gates.define(definition, node)
        self._recognise(definition)

    def _recognise(self, gate: Definition) -> None:
        """Take the row of the gate table that a definition writes out."""
        row = row_named(gate.name, len(gate.qubits), len(gate.parameters))
        if row is None or any(type(part).__name__ != "QuantumGate" for part in gate.body[:-1]):
            return
        try:
            same = is_row(row, lambda angles: self._expand(gate, angles), self.source.version == 2)
        except (QStoreError, NeedsBit):
            # Something is wrong with the body, which is reported where it is used.
            return
        if same:
            gate.row = library_row(row.mnemonic)

    def quick(self, gate: QuickGate) -> None:
        """A gate of the short way; anything unusual about it is reported by the long way."""
        blocks = self.scopes.blocks[0]
        operands: list[Qubits] = []
        for name, index in gate.operands:
            found = blocks.get(name)
            if not isinstance(found, Qubits):
                raise self._quick_error(gate, "QS372", f"`{name}` is no qubit register")
            if index is None:
                operands.append(found)
            elif found.whole and index < len(found.wires):
                operands.append(Qubits((found.wires[index],), whole=False))
            else:
                message = f"index {index} is out of range: `{name}` has {len(found.wires)} qubits"
                raise self._quick_error(gate, "QS378", message)
        span = self.source.span
        loc = TextLocation(self.source, gate.begin, gate.end)
        known = self.gates.find(gate.name)
        if known is None:
            self._unknown_quick(gate)
        self._apply(gate.name, gate.angles, operands, [], loc, lambda: span(gate.begin, gate.end))

    def _quick_error(self, gate: QuickGate, code: str, message: str, help: str = "") -> QStoreError:
        return error(code, message, span=self.source.span(gate.begin, gate.end), help=help)

    def _unknown_quick(self, gate: QuickGate) -> None:
        node = _Placed(self.source, gate.begin, gate.begin + len(gate.name))
        self.gates.size(gate.name, node, node)

    def gate_call(self, node: Any) -> None:
        modifiers = [self.modifier(item) for item in node.modifiers]
        angles = tuple([self.evaluate.angle(item) for item in node.arguments])
        operands = [self.evaluate.qubits(item) for item in node.qubits]
        self.gates.size(node.name.name, self.source, node)
        loc = self.source.location(node)
        self._apply(node.name.name, angles, operands, modifiers, loc, loc.span)

    def modifier(self, node: Any) -> Modifier:
        kind = node.modifier.name
        if kind == "inv":
            return Modifier(kind, 0.0, node)
        if kind == "pow":
            exponent = self.evaluate.angle(node.argument)
            if isinstance(exponent, Expr):
                raise self.source.error("QS377", "an exponent cannot depend on an input", node)
            return Modifier(kind, exponent, node)
        count = 1 if node.argument is None else self.evaluate.integer(node.argument)
        if not 1 <= count <= MAX_CONTROLS:
            raise too_much(f"{count} controls", MAX_CONTROLS, self.source.span_of(node))
        return Modifier(kind, count, node)

    def phase_call(self, node: Any) -> None:
        modifiers = [self.modifier(item) for item in node.modifiers]
        angle = self.evaluate.angle(node.argument)
        operands = [self.evaluate.qubits(item) for item in node.qubits]
        loc = self.source.location(node)
        self._apply("gphase", (angle,), operands, modifiers, loc, loc.span)

    def _apply(
        self,
        name: str,
        angles: tuple[StoredAngle, ...],
        operands: Sequence[Qubits],
        modifiers: Sequence[Modifier],
        loc: TextLocation,
        span: Callable[[], Span],
    ) -> None:
        """Check a call and add its steps, once for each element of the registers it is given."""
        expected, parameters = (0, 1) if name == "gphase" else self._size(name)
        controls = control_count(modifiers)
        if len(operands) != expected + controls or len(angles) != parameters:
            raise error(
                "QS375",
                f"`{name}` takes {counted(expected + controls, 'qubit')} and "
                f"{counted(parameters, 'parameter')}, got {len(operands)} and {len(angles)}",
                span=span(),
            )
        if not modifiers and not any(item.whole for item in operands):
            wires = tuple([item.wires[0] for item in operands])
            self.emit(name, angles, wires, loc, span)
            return
        steps = self.expansion(name, angles, loc)
        if modifiers:
            steps = modified(steps, modifiers, expected, self.source)
        for wires in _spread(operands, span):
            _check_distinct(name, wires, span)
            self.budget.step(len(steps), span)
            self.add(moved(steps, wires, loc))

    def _size(self, name: str) -> tuple[int, int]:
        found = self.gates.find(name)
        if isinstance(found, Library):
            return found.wires, found.angles
        assert found is not None
        return len(found.qubits), len(found.parameters)

    def emit(
        self,
        name: str,
        angles: tuple[StoredAngle, ...],
        wires: tuple[int, ...],
        loc: TextLocation,
        span: Callable[[], Span],
    ) -> None:
        """One plain gate."""
        _check_distinct(name, wires, span)
        found = self.gates.find(name)
        if isinstance(found, Library):
            steps = self.gates.steps(found, name, angles)
            self.budget.step(len(steps), span)
            self.add(self.gates.instructions(steps, wires, loc))
        else:
            made = self.expansion(name, angles, loc)
            self.budget.step(len(made), span)
            self.add(moved(made, wires, loc))

    def add(self, steps: list[Instruction]) -> None:
        """Append steps; phases outside gates and conditions are summed up."""
        if self.in_gate or self.level:
            self.steps += steps
            return
        for step in steps:
            if step.wires or step.name != "phase":
                self.steps.append(step)
            else:
                self.phase = self.phase + step.angles[0]

    def expansion(
        self, name: str, angles: tuple[StoredAngle, ...], loc: TextLocation
    ) -> list[Instruction]:
        """The steps of a gate on wires 0, 1, and so on."""
        if name == "gphase":
            return self.gates.instructions((("phase", (), angles),), (), loc)
        found = self.gates.find(name)
        if isinstance(found, Library):
            steps = self.gates.steps(found, name, angles)
            return self.gates.instructions(steps, range(found.wires), loc)
        assert isinstance(found, Definition)
        known = found.known.get(angles)
        if known is None:
            known = self._expand(found, angles)
            if len(found.known) < 1000:
                found.known[angles] = known
        return known

    def _expand(self, gate: Definition, angles: tuple[StoredAngle, ...]) -> list[Instruction]:
        """Carry out the body of a definition with its own scope, gates and output."""
        inner: dict[str, Any] = {
            name: Qubits((wire,), whole=False) for wire, name in enumerate(gate.qubits)
        }
        for name, angle in zip(gate.parameters, angles, strict=True):
            inner[name] = Variable(angle, "angle", constant=True)
        state = (self.steps, self.source, self.gates.visible, self.in_gate, self.level)
        self.steps, self.gates.visible, self.in_gate = [], gate.order, True
        self.source = self.evaluate.source = gate.source
        self.gates.depth += 1
        try:
            with self.scopes.apart(inner):
                if gate.body:
                    check_depth(self.gates, self.source, gate.body[0])
                self.block(gate.body)
            return self.steps
        finally:
            self.gates.depth -= 1
            self.steps, self.source, self.gates.visible, self.in_gate, self.level = state
            self.evaluate.source = self.source


class _Placed:
    """A stretch of text where a node is expected."""

    def __init__(self, source: Source, begin: int, end: int) -> None:
        self.version = source.version
        self._span = source.span(begin, end)

    def error(self, code: str, message: str, node: object, help: str = "") -> QStoreError:
        return error(code, message, span=self._span, help=help)


def _spread(operands: Sequence[Qubits], span: Callable[[], Span]) -> list[tuple[int, ...]]:
    """The wires of every repetition over registers. Raises `QS375` for different sizes."""
    sizes = {len(item.wires) for item in operands if item.whole}
    if len(sizes) > 1:
        shown = " and ".join(map(str, sorted(sizes)))
        raise error("QS375", f"registers of different sizes: {shown} qubits", span=span())
    count = sizes.pop() if sizes else 1
    return [
        tuple([item.wires[place if item.whole else 0] for item in operands])
        for place in range(count)
    ]


def _check_distinct(name: str, wires: tuple[int, ...], span: Callable[[], Span]) -> None:
    if len(set(wires)) != len(wires):
        raise error("QS302", f"`{name}` is given a qubit twice", span=span())
