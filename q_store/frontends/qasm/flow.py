"""Control flow of a program: loops are unrolled, subroutines put where they are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.instruction import Instruction
from q_store.frontends.qasm import classical
from q_store.frontends.qasm.calls import Calls
from q_store.frontends.qasm.limits import (
    MAX_BRANCHES,
    MAX_CALLS,
    too_much,
)
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.scope import Cell, NeedsBit, Variable
from q_store.frontends.qasm.state import Jump
from q_store.qir import dialects
from q_store.qir.diagnostics import counted, did_you_mean

if TYPE_CHECKING:
    from openqasm3 import ast


class Flow(Calls):
    """Statements that decide which statements come next."""

    def jump(self, node: Any) -> None:
        kind = JUMPS[type(node).__name__]
        if self.level > (0 if kind == "end" else self.jumpable):
            message = f"`{kind}` under a condition on measured bits is not supported"
            raise self.source.error("QS374", message, node)
        value = None
        if kind == "return" and node.expression is not None:
            value = classical.value_of(self, node.expression)
        raise Jump(kind, value)

    def loop(self, node: Any) -> None:
        values = self.evaluate.elements(node.set_declaration)
        kind, width = classical.kind_of(self, node.type)
        self._repeat(node, [Variable(value, kind, width, True) for value in values])

    def _repeat(self, node: Any, values: Sequence[Variable]) -> None:
        outer, self.jumpable = self.jumpable, self.level
        for value in values:
            self.budget.statement(lambda: self.source.span_of(node))
            try:
                with self.scopes.block() as names:
                    names[node.identifier.name] = value
                    self.block(node.block)
            except Jump as jump:
                if jump.kind == "break":
                    break
                if jump.kind != "continue":
                    raise
        self.jumpable = outer

    def while_loop(self, node: Any) -> None:
        outer, self.jumpable = self.jumpable, self.level
        while self.evaluate.truth(node.while_condition):
            self.budget.statement(lambda: self.source.span_of(node))
            try:
                with self.scopes.block():
                    self.block(node.block)
            except Jump as jump:
                if jump.kind == "break":
                    break
                if jump.kind != "continue":
                    raise
        self.jumpable = outer

    def branch(self, node: Any) -> None:
        def choose() -> Sequence[Any]:
            taken = self.evaluate.truth(node.condition)
            block: Sequence[Any] = node.if_block if taken else node.else_block
            return block

        self.decide(choose, node)

    def switch(self, node: Any) -> None:
        def choose() -> Sequence[Any]:
            value = self.evaluate.integer(node.target)
            for labels, body in node.cases:
                if any(self.evaluate.integer(label) == value for label in labels):
                    return _statements(body)
            return _statements(node.default) if node.default else ()

        self.decide(choose, node)

    def decide(self, choose: Callable[[], Sequence[Any]], node: ast.QASMNode) -> None:
        """Carry out the block that is chosen, once for each value of the bits that decide."""
        try:
            chosen = choose()
        except NeedsBit as needed:
            bit = needed.bit
        else:
            with self.scopes.block():
                self.block(chosen)
            return
        self.branches += 1
        if self.branches > MAX_BRANCHES:
            span = self.source.span_of(node)
            raise too_much("conditions on measured bits branch too often", MAX_BRANCHES, span)
        before = {name: list(bits.cells) for name, bits in self.registers.items()}
        bodies = []
        for value in (1, 0):
            bodies.append(self._body(choose, node, bit, value))
            after = {name: list(bits.cells) for name, bits in self.registers.items()}
            for name, cells in before.items():
                self.registers[name].cells[:] = cells
            if value == 1:
                first = after
        self._join(before, first, after)
        wires = sorted({wire for body in bodies for step in body for wire in step.wires})
        if any(bodies):
            loc = self.source.location(node)
            step = Instruction(dialects.IF, tuple(wires), (), loc, bit, (bodies[0], bodies[1]))
            self.steps.append(step)

    def _body(
        self, choose: Callable[[], Sequence[Any]], node: ast.QASMNode, bit: str, value: int
    ) -> tuple[Instruction, ...]:
        outer, self.steps = self.steps, []
        self.level += 1
        self.scopes.assumed[bit] = value
        try:
            self.decide(choose, node)
            return tuple(self.steps)
        finally:
            del self.scopes.assumed[bit]
            self.level -= 1
            self.steps = outer

    def _join(
        self,
        before: dict[str, list[Cell]],
        left: dict[str, list[Cell]],
        right: dict[str, list[Cell]],
    ) -> None:
        """After a condition, bits that were written in it are known in neither way."""
        for name, cells in before.items():
            for place, cell in enumerate(cells):
                same = left[name][place] == right[name][place] == cell
                self.registers[name].cells[place] = cell if same else None

    # --- subroutines --------------------------------------------------------------------------

    def subroutine(self, node: Any) -> None:
        if node.name.name in self.subroutines:
            message = f"the subroutine `{node.name.name}` is defined twice"
            raise self.source.error("QS376", message, node)
        self.subroutines[node.name.name] = (node, self.source)

    def expression_statement(self, node: Any) -> None:
        self.evaluate.any(node.expression)

    def call(self, node: Any) -> Any:
        """Carry out a subroutine where it is called; gives what it returns."""
        name = node.name.name
        if name not in self.subroutines or self.in_gate:
            raise self.source.error(
                "QS372", f"no subroutine `{name}`", node, did_you_mean(name, self.subroutines)
            )
        definition, source = self.subroutines[name]
        if len(node.arguments) != len(definition.arguments):
            expected = counted(len(definition.arguments), "argument")
            message = f"`{name}` takes {expected}, got {len(node.arguments)}"
            raise self.source.error("QS375", message, node)
        if self.calls >= MAX_CALLS:
            span = self.source.span_of(node)
            raise too_much("subroutines call each other too deeply", MAX_CALLS, span)
        inner: dict[str, Any] = {}
        for argument, value in zip(definition.arguments, node.arguments, strict=True):
            inner[argument.name.name] = classical.argument(self, argument, value)
        return self._run_subroutine(definition, source, inner)

    def _run_subroutine(self, definition: Any, source: Source, inner: dict[str, Any]) -> Any:
        outer, jumpable = self.source, self.jumpable
        self.source = self.evaluate.source = source
        self.calls += 1
        self.jumpable = self.level
        try:
            with self.scopes.apart(inner):
                self.block(definition.body)
        except Jump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self.calls -= 1
            self.jumpable = jumpable
            self.source = self.evaluate.source = outer
        return None


JUMPS: Final = {
    "BreakStatement": "break",
    "ContinueStatement": "continue",
    "ReturnStatement": "return",
    "EndStatement": "end",
}


def _statements(block: Any) -> Sequence[Any]:
    found: Sequence[Any] = block.statements
    return found
