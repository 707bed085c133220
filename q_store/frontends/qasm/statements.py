"""Carrying out a program: statements to steps of a circuit.

Everything classical that is known is computed while the program is read, so loops are unrolled and
subroutines are put where they are called. A condition on measured bits is carried out once for
each way it can go, with the bits it needs assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.instruction import Instruction
from q_store.frontends.qasm import classical
from q_store.frontends.qasm.flow import JUMPS, Flow
from q_store.frontends.qasm.library import Convention
from q_store.frontends.qasm.limits import (
    MAX_INCLUDES,
    MAX_QUBITS,
    too_much,
)
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.quick import QuickGate
from q_store.frontends.qasm.read import read_statements, source_of
from q_store.frontends.qasm.scope import Bits, NeedsBit, Qubits
from q_store.frontends.qasm.state import Jump
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError

if TYPE_CHECKING:
    from openqasm3 import ast


class Program(Flow):
    """One run of a program over its statements."""

    def __init__(
        self, source: Source, u: Convention, constants: Mapping[str, Any], folder: Path | None
    ) -> None:
        super().__init__(source, u, constants, folder)
        self.rules: dict[str, Callable[[Any], None]] = {
            name: getattr(self, rule) for name, rule in _RULES.items()
        }

    def read(self) -> list[Any]:
        """The statements of the program."""
        return read_statements(self.source)

    def run(self, statements: Sequence[Any]) -> None:
        """Carry out the whole program."""
        with suppress(Jump):
            self.block(statements)

    def block(self, statements: Sequence[Any]) -> None:
        for statement in statements:
            if isinstance(statement, QuickGate):
                self.quick(statement)
            else:
                self.statement(statement)

    def statement(self, node: Any) -> None:
        self.budget.statement(lambda: self.source.span_of(node))
        rule = self.rules.get(type(node).__name__)
        if rule is None:
            what = _UNSUPPORTED.get(type(node).__name__, f"a {type(node).__name__}")
            raise self.source.error("QS374", f"{what} is not supported", node)
        try:
            rule(node)
        except NeedsBit as problem:
            raise self.source.error(
                "QS379",
                "this depends on a measured bit, which has no value until the circuit runs",
                node,
                "only `if` and `switch` can depend on measured bits",
            ) from problem

    # --- declarations -------------------------------------------------------------------------

    def qubit_declaration(self, node: Any) -> None:
        size = self.size_of(node.size, MAX_QUBITS)
        if self.physical:
            raise self._mixed(node)
        if self.n_qubits + size > MAX_QUBITS:
            span = self.source.span_of(node)
            raise too_much(f"{self.n_qubits + size} qubits", MAX_QUBITS, span)
        wires = tuple(range(self.n_qubits, self.n_qubits + size))
        self.declare(node.qubit.name, Qubits(wires, node.size is not None), node)
        self.n_qubits += size

    def _mixed(self, node: ast.QASMNode) -> QStoreError:
        return self.source.error(
            "QS374", "a program has declared qubits or physical qubits, not both", node
        )

    def classical_declaration(self, node: Any) -> None:
        classical.declare(self, node, node.init_expression)

    def constant_declaration(self, node: Any) -> None:
        classical.declare(self, node, node.init_expression, constant=True)

    def io_declaration(self, node: Any) -> None:
        if node.io_identifier.name == "output":
            classical.declare(self, node, None)
        else:
            classical.declare_input(self, node)

    def assignment(self, node: Any) -> None:
        classical.assign(self, node)

    def alias(self, node: Any) -> None:
        value = self.evaluate.any(node.value)
        if not isinstance(value, Qubits | Bits):
            raise self.source.error("QS377", "an alias is for qubits or bits", node)
        self.declare(node.target.name, value, node)

    def include(self, node: Any) -> None:
        if self.gates.include(node.filename):
            return
        source, statements = self.included(node)
        outer = self.source
        self.source = self.evaluate.source = source
        self.block(statements)
        self.source = self.evaluate.source = outer

    def included(self, node: Any) -> tuple[Source, list[Any]]:
        """A file beside the program's file. Raises `QS380`, and `QS373` for too many."""
        self.includes += 1
        if self.includes > MAX_INCLUDES:
            span = self.source.span_of(node)
            raise too_much("the program includes too many files", MAX_INCLUDES, span)
        name = node.filename
        if self.folder is None or Path(name).name != name or name in ("", ".", ".."):
            raise self.source.error(
                "QS380",
                f"the file {name!r} cannot be included",
                node,
                "qelib1.inc and stdgates.inc are known; other files must stand beside the file "
                "that is read",
            )
        try:
            text = (self.folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as problem:
            message = f"the file {self.folder / name} cannot be read"
            raise self.source.error("QS380", message, node) from problem
        source = source_of(text, str(self.folder / name))
        source.version = self.source.version
        return source, read_statements(source)

    # --- measurement, reset, barrier ----------------------------------------------------------

    def measure_statement(self, node: Any) -> None:
        qubits = self.evaluate.qubits(node.measure.qubit)
        if node.target is None:
            self.measure(qubits, node)
            return
        cells = self.measure(qubits, node, classical.bit_names(self, node.target))
        classical.store_bits(self, node.target, cells, node)

    def reset(self, node: Any) -> None:
        if self.in_gate:
            raise self.source.error("QS374", "a gate cannot reset", node)
        loc = self.source.location(node)
        wires = self.evaluate.qubits(node.qubits).wires
        self.budget.step(len(wires), loc.span)
        self.steps += [Instruction(dialects.RESET, (wire,), (), loc) for wire in wires]

    def barrier(self, node: Any) -> None:
        parts = [self.evaluate.qubits(item).wires for item in node.qubits]
        wires = tuple(dict.fromkeys(wire for part in parts for wire in part))
        if not node.qubits and not self.in_gate:
            wires = tuple(range(self.n_qubits))
        if wires:
            self.steps.append(Instruction(dialects.BARRIER, wires, (), self.source.location(node)))

    def nothing(self, node: Any) -> None:
        """Timing and pragmas say nothing about the unitary."""

    def box(self, node: Any) -> None:
        with self.scopes.block():
            self.block(node.body)

    def compound(self, node: Any) -> None:
        with self.scopes.block():
            self.block(node.statements)


_RULES: Final = {
    "QubitDeclaration": "qubit_declaration",
    "ClassicalDeclaration": "classical_declaration",
    "ConstantDeclaration": "constant_declaration",
    "IODeclaration": "io_declaration",
    "ClassicalAssignment": "assignment",
    "AliasStatement": "alias",
    "Include": "include",
    "QuantumGateDefinition": "gate_definition",
    "QuantumGate": "gate_call",
    "QuantumPhase": "phase_call",
    "QuantumMeasurementStatement": "measure_statement",
    "QuantumReset": "reset",
    "QuantumBarrier": "barrier",
    "DelayInstruction": "nothing",
    "Pragma": "nothing",
    "Box": "box",
    "CompoundStatement": "compound",
    "ForInLoop": "loop",
    "WhileLoop": "while_loop",
    "BranchingStatement": "branch",
    "SwitchStatement": "switch",
    "SubroutineDefinition": "subroutine",
    "ExpressionStatement": "expression_statement",
    **dict.fromkeys(JUMPS, "jump"),
}

_UNSUPPORTED: Final = {
    "CalibrationGrammarDeclaration": "a calibration",
    "CalibrationStatement": "a calibration",
    "CalibrationDefinition": "a calibration",
    "ExternDeclaration": "an extern function",
}
