"""Statements to steps: loops unrolled, gates expanded, names resolved, and every problem found.

A statement that is wrong is reported and left out. Names it would have declared are poisoned:
what uses them is left out silently, so that one mistake is one message. A loop stops at its first
turn with a problem, and a gate is checked once where it is defined.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from q_store.frontends.dsl import declaring, observing
from q_store.frontends.dsl.evaluator import Evaluator
from q_store.frontends.dsl.gates import GateUses, Macro, at_turn
from q_store.frontends.dsl.lexer import MAX_NESTING
from q_store.frontends.dsl.parser import MAX_PROBLEMS
from q_store.frontends.dsl.scope import Binding, Poisoned, Register
from q_store.frontends.dsl.syntax import (
    Apply,
    Barrier,
    Block,
    If,
    Loop,
    Measure,
    Node,
    Noise,
    Operand,
    Reset,
)
from q_store.frontends.dsl.syntax import Bit as BitNode
from q_store.frontends.expr import Expr, Ref
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.parameters import Parameter
from q_store.qir import dialects
from q_store.qir.diagnostics import Diagnostic, QStoreError, did_you_mean
from q_store.qir.location import SourceText, TextLocation
from q_store.qir.observables import Observation
from q_store.qir.ops import OpDef

_SURE: Final = frozenset(
    ("QS120", "QS121", "QS122", "QS123", "QS124", "QS125", "QS128", "QS129", "QS133")
)
"""What can be said about a gate before its angles are known."""


BitKey = tuple[str, int | None]
"""Name and index of a bit."""


class Stop(Exception):
    """Nothing more is worth reporting."""


class Lowering:
    """One program on its way to steps."""

    def __init__(self, source: SourceText, defines: Mapping[str, int | float]) -> None:
        self.source = source
        self.defines = defines
        self.evaluator = Evaluator(source)
        self.scope = self.evaluator.scope
        self.uses = GateUses(self.evaluator, self.emit)
        self.name = "main"
        self.n_qubits = 0
        self.unsure_of_qubits = False
        """Whether a register could not be declared."""
        self.parameters: list[Parameter] = []
        self.steps: list[Instruction] = []
        self.observations: list[tuple[Observation, str]] = []
        """With the name of the result, which may be empty."""
        self.result_names: set[str] = set()
        self.measured: dict[int, None] = {}
        """Qubits measured for good."""
        self.bits: ChainMap[BitKey, str] = ChainMap()
        """Text of every bit that can be read; branches have their own on top."""
        self._bit_texts: dict[str, BitKey] = {}
        self.place: list[str] = []
        """What is around the current statement: `loop`, `gate`, `if`."""
        self.checking = False
        """Whether a gate is only looked at where it is defined."""
        self.problems: list[Diagnostic] = []
        self._said: set[tuple[str, int, int, str]] = set()
        self._calls: list[tuple[str, Node]] = []

    def run(self, tree: Block) -> None:
        """Lower a whole program. Raises `QStoreError` with every problem found."""
        try:
            self.statements(tree)
            if not self.n_qubits and not self.problems:
                self.evaluator.fail(
                    Node(0, 0), "QS138", "no qubits are declared", "write `qubits q[2]`"
                )
        except QStoreError as problem:
            self.problems += problem.diagnostics
        except Stop:
            pass
        if self.problems:
            raise QStoreError(*self.problems[:MAX_PROBLEMS])

    def statements(self, block: Block) -> None:
        for statement in block.statements:
            try:
                _STATEMENTS[type(statement)](self, statement)
            except Poisoned:
                declaring.poison(self, statement)
            except QStoreError as problem:
                declaring.poison(self, statement)
                self.report(problem, statement)

    def report(self, problem: QStoreError, node: Node) -> None:
        """Remember what is wrong, once for each place."""
        for found in problem.diagnostics:
            if self.checking and found.code not in _SURE:
                continue
            span = found.span or self.source.span(node.start, node.end)
            key = (found.code, span.line, span.col, found.message)
            if key in self._said:
                continue
            self._said.add(key)
            notes = (*found.notes, *self._trace())
            self.problems.append(replace(found, span=span, notes=notes))
            if found.code == "QS132" or len(self.problems) >= MAX_PROBLEMS:
                raise Stop

    def _trace(self) -> Iterator[str]:
        if self._calls and not self.checking:
            name, node = self._calls[-1]
            line = self.source.span(node.start, node.end).line
            yield f"in the gate `{name}`, used at line {line}"

    @contextmanager
    def inside(self, kind: str, node: Node, names: dict[str, Binding]) -> Iterator[None]:
        """The inside of a loop, a gate or an `if`, with names of its own."""
        saved = self.scope.locals
        if len(self.place) >= MAX_NESTING:
            self.evaluator.fail(
                node, "QS132", f"blocks and gates are nested more than {MAX_NESTING} deep"
            )
        self.place.append(kind)
        self.scope.locals = names
        try:
            yield
        finally:
            self.place.pop()
            self.scope.locals = saved

    def refuse_inside(self, node: Node, what: str, *kinds: str) -> None:
        """Raises `QS133` when a statement stands where it cannot."""
        for kind in kinds:
            if kind in self.place:
                where = {"loop": "inside a block", "gate": "inside a gate", "if": "inside an `if`"}
                self.evaluator.fail(node, "QS133", f"{what} cannot stand {where[kind]}")

    # --- steps --------------------------------------------------------------------------------

    def emit(self, step: Instruction, node: Node) -> None:
        """Append a step. Raises `QS133` behind a final measurement or an observation."""
        if self.checking:
            return
        if self.observations:
            self.evaluator.fail(
                node, "QS133", "steps cannot follow an observation", "observations stand at the end"
            )
        if self.measured and not self.measured.keys().isdisjoint(step.wires):
            self.evaluator.fail(
                node,
                "QS133",
                "this acts on a qubit that has been measured at the end",
                "to go on after a measurement, measure into a bit: `measure q[0] -> c`",
            )
        self.steps.append(step)

    def apply(self, node: Apply) -> None:
        self.uses.apply(node, self.expand)

    def expand(
        self, macro: Macro, angles: Sequence[StoredAngle], wires: Sequence[int], node: Node
    ) -> None:
        """The steps of a defined gate on these wires."""
        if self.checking:
            return
        names: dict[str, Binding] = {}
        for name, angle in zip(macro.parameters, angles, strict=True):
            # A number may be a bound of a loop in the gate.
            whole = isinstance(angle, float) and angle.is_integer()
            names[name] = int(angle) if whole and isinstance(angle, float) else angle
        names |= {name: Register(w, 1) for name, w in zip(macro.wires, wires, strict=True)}
        horizon, before = self.scope.horizon, len(self.problems)
        self._calls.append((macro.name.text, node))
        try:
            with self.inside("gate", node, names):
                self.scope.horizon = macro.horizon
                self.statements(macro.body)
        finally:
            self.scope.horizon = horizon
            self._calls.pop()
        if len(self.problems) > before:
            raise Poisoned(macro.name.text)

    def check_gate(self, macro: Macro) -> bool:
        """Look at a definition once, with symbols for its angles; returns whether it is right."""
        names: dict[str, Binding] = {name: Expr.of(Ref(name)) for name in macro.parameters}
        names |= {name: Register(at, 1) for at, name in enumerate(macro.wires)}
        before, self.checking = len(self.problems), True
        budget = self.evaluator.budget.left
        horizon, self.scope.horizon = self.scope.horizon, macro.horizon
        try:
            with self.inside("gate", macro.body, names):
                self.statements(macro.body)
        finally:
            self.checking, self.scope.horizon = False, horizon
            self.evaluator.budget.left = budget
        return len(self.problems) == before

    def loop(self, node: Loop) -> None:
        turns = self.evaluator.range_of(node.range)
        name = node.variable
        if name is not None:
            declaring.check_new(self, name, paulis=True)
        saved, before = self.scope.locals, len(self.problems)
        with self.inside("loop", node, saved):
            for turn in turns[:1] if self.checking else turns:
                self.evaluator.budget.spend(1, node)
                self.scope.locals = {**saved, name.text: turn} if name else dict(saved)
                self.statements(node.body)
                if len(self.problems) > before:
                    break

    def noise(self, node: Noise) -> None:
        self.refuse_inside(node, "noise", "gate")
        name = node.call.name.text
        channel = _CHANNELS.get(name)
        if channel is None:
            known = ", ".join(_CHANNELS)
            self.evaluator.fail(
                node.call,
                "QS122",
                f"unknown noise channel `{name}`",
                did_you_mean(name, _CHANNELS),
                [f"channels: {known}"],
            )
        given = node.call.arguments or []
        labels: Sequence[str] = channel.angle_names
        if isinstance(channel, dialects.Listed):
            labels = [f"number {k}" for k in range(len(given))]
        angles = self.uses.angles(node.call, labels)
        numbers = [
            float(self.evaluator.constant(argument, f"{label} of `{name}`"))
            for argument, label in zip(given, labels, strict=True)
        ]
        flaw = channel.flaw(numbers, channel.wires or len(node.operands))
        if flaw:
            self.evaluator.fail(node.call, "QS308", f"`{name}` {flaw}")
        self._on_groups(node, channel, node.operands, angles)

    def _on_groups(
        self, node: Noise, row: OpDef, operands: Sequence[Operand], angles: Sequence[Any]
    ) -> None:
        groups = self.uses.groups(node, node.call, operands, row.wires or len(operands))
        loc = TextLocation(self.source, node.start, node.end)
        for turn in range(self.uses.turns(node, groups, angles)):
            wires, stored = at_turn(turn, groups, angles)
            self.uses.distinct(node, wires)
            self.emit(Instruction(row, wires, stored, loc), node)

    def reset(self, node: Reset) -> None:
        self.refuse_inside(node, "`reset`", "gate")
        loc = TextLocation(self.source, node.start, node.end)
        for wire in self.all_wires(node.operands):
            self.emit(Instruction(dialects.RESET, (wire,), (), loc), node)

    def barrier(self, node: Barrier) -> None:
        wires: Sequence[int] = range(self.n_qubits)
        if node.operands:
            wires = self.all_wires(node.operands)
        elif "gate" in self.place:
            own = [item for item in self.scope.locals.values() if isinstance(item, Register)]
            wires = [item.first for item in own]
        self.uses.distinct(node, wires)
        loc = TextLocation(self.source, node.start, node.end)
        self.evaluator.budget.spend(len(wires), node)
        self.uses.emit(Instruction(dialects.BARRIER, tuple(wires), (), loc), node)

    def all_wires(self, operands: Sequence[Operand]) -> list[int]:
        """The qubits of operands, one after the other."""
        return [wire for operand in operands for wire in self.evaluator.wires(operand)]

    # --- bits ---------------------------------------------------------------------------------

    def measure(self, node: Measure) -> None:
        self.refuse_inside(node, "a measurement", "gate")
        wires = self.all_wires(node.operands)
        self.uses.distinct(node, wires)
        if node.bit is None:
            observing.measure_last(self, node, wires)
            return
        loc = TextLocation(self.source, node.start, node.end)
        for wire, key in zip(wires, self._new_bits(node.bit, len(wires)), strict=True):
            text = self._bit_text(key)
            self.emit(Instruction(dialects.MEASURE, (wire,), (), loc, text), node)
            self.bits[key] = text

    def _new_bits(self, bit: BitNode, count: int) -> list[BitKey]:
        if bit.index is not None:
            index = self.evaluator.integer(bit.index, "an index")
            if count != 1 or index < 0:
                why = f"holds one bit, but {count} qubits are measured" if index >= 0 else "is none"
                self.evaluator.fail(bit, "QS136", f"`{bit.name}[{index}]` {why}")
            return [(bit.name, index)]
        if count == 1:
            return [(bit.name, None)]
        return [(bit.name, i) for i in range(count)]

    def _bit_text(self, key: BitKey) -> str:
        """A name of its own for the bit in the IR."""
        name, index = key
        text = name if index is None else f"{name}_{index}"
        while self._bit_texts.setdefault(text, key) != key:
            text += "_"
        return text

    def read_bit(self, node: BitNode) -> str:
        """The text of a measured bit. Raises `QS136`."""
        index = None if node.index is None else self.evaluator.integer(node.index, "an index")
        found = self.bits.get((node.name, index))
        if found is None and index == 0:
            found = self.bits.get((node.name, None))
        if found is None:
            shown = node.name if index is None else f"{node.name}[{index}]"
            known = [n if i is None else f"{n}[{i}]" for n, i in self.bits]
            help = did_you_mean(shown, known) or "measure into it first: `measure q[0] -> c`"
            if (node.name, 0) in self.bits and index is None:
                help = f"`{shown}` has several bits: write `{shown}[0]`"
            self.evaluator.fail(node, "QS136", f"no bit `{shown}` has been measured", help)
        return found

    def conditional(self, node: If) -> None:
        self.refuse_inside(node, "`if`", "gate")
        # Building a branch takes a copy of the wires.
        self.evaluator.budget.spend(1 + self.n_qubits // 100, node)
        bit = self.read_bit(node.bit)
        wanted = 1 if node.value is None else self.evaluator.integer(node.value, "a bit")
        if wanted not in (0, 1):
            self.evaluator.fail(
                node.value or node, "QS136", f"a bit is compared with 0 or 1, got {wanted}"
            )
        bodies = [self._body(node, node.then), self._body(node, node.otherwise)]
        if not wanted:
            bodies.reverse()
        wires = sorted({wire for body in bodies for step in body for wire in step.wires})
        loc = TextLocation(self.source, node.start, node.bit.end)
        self.emit(Instruction(dialects.IF, tuple(wires), (), loc, bit, tuple(bodies)), node)

    def _body(self, node: If, block: Block | None) -> tuple[Instruction, ...]:
        """The steps of a branch; bits measured there stay there."""
        if block is None:
            return ()
        outer, self.steps = self.steps, []
        self.bits = self.bits.new_child()
        try:
            with self.inside("if", node, dict(self.scope.locals)):
                self.statements(block)
            return tuple(self.steps)
        finally:
            self.steps, self.bits = outer, self.bits.parents


_CHANNELS: Final = {row.mnemonic: row for row in dialects.CHANNELS}

_STATEMENTS: Final[dict[type, Callable[[Lowering, Any], None]]] = {
    Apply: Lowering.apply,
    Loop: Lowering.loop,
    Noise: Lowering.noise,
    Reset: Lowering.reset,
    Barrier: Lowering.barrier,
    Measure: Lowering.measure,
    If: Lowering.conditional,
    **declaring.STATEMENTS,
    **observing.STATEMENTS,
}
