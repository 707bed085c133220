"""The state of a program that is being carried out, shared by the kinds of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction
from q_store.frontends.qasm.expressions import Evaluator
from q_store.frontends.qasm.gates import (
    GateTable,
)
from q_store.frontends.qasm.library import Convention
from q_store.frontends.qasm.limits import (
    MAX_BITS,
    MAX_QUBITS,
    Budget,
    too_much,
)
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.scope import Bits, Cell, Qubits, Scopes
from q_store.qir import dialects
from q_store.qir.diagnostics import error

if TYPE_CHECKING:
    from openqasm3 import ast


class Jump(Exception):
    """`break`, `continue`, `return` and `end`, on their way to what they leave."""

    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class State:
    """What is known at one point of a program, and the circuit so far."""

    def __init__(
        self, source: Source, u: Convention, constants: Mapping[str, Any], folder: Path | None
    ) -> None:
        self.source = source
        self.constants = dict(constants)
        self.folder = folder
        self.gates = GateTable(source.version, u)
        self.scopes = Scopes()
        self.subroutines: dict[str, tuple[Any, Source]] = {}
        self.budget = Budget()
        self.steps: list[Instruction] = []
        self.phase: Expr | float = 0.0
        """Of the whole circuit."""
        self.n_qubits = 0
        self.physical = False
        self.registers: dict[str, Bits] = {}
        """Bit registers of the outermost block, in order."""
        self.parameters: dict[str, tuple[int, ...]] = {}
        """Shapes of the inputs, in order."""
        self.vectors: dict[str, tuple[str, int, int]] = {}
        """Scalar inputs that are elements of a vector: its name, the index, its size."""
        self.renamed: dict[str, str] = {}
        """What parameters are called beside the text, by their names in it."""
        self.bit_names: dict[str, int] = {}
        self.branches = 0
        self.level = 0
        """Undecided conditions around the current statement."""
        self.jumpable = 0
        """Value of `level` where `break`, `continue` and `return` would go."""
        self.calls = 0
        self.includes = 0
        self.in_gate = False
        self.evaluate = Evaluator(self.scopes, self.call, self.use_physical)
        self.evaluate.source = source

    # --- declarations -------------------------------------------------------------------------

    def declare(self, name: str, meaning: Any, node: ast.QASMNode) -> None:
        """Raises `QS376` for a name that is taken in this block."""
        if name in self.scopes.blocks[-1]:
            raise self.source.error("QS376", f"`{name}` is declared twice", node)
        self.scopes.blocks[-1][name] = meaning

    def size_of(self, node: Any, limit: int) -> int:
        """The number in the brackets of a declaration, 1 without."""
        if node is None:
            return 1
        size = self.evaluate.integer(node)
        if size < 1:
            raise self.source.error("QS377", f"a size must be positive, got {size}", node)
        if size > limit:
            raise too_much(f"a size of {size}", limit, self.source.span_of(node))
        return size

    def use_physical(self, wire: int) -> None:
        """Physical qubit `$k` is wire k. Raises `QS374` and `QS373`."""
        if self.n_qubits and not self.physical:
            raise error("QS374", "a program has declared qubits or physical qubits, not both")
        if wire >= MAX_QUBITS:
            raise error("QS373", f"the physical qubit ${wire}: the limit is {MAX_QUBITS}")
        self.physical = True
        self.n_qubits = max(self.n_qubits, wire + 1)

    def declare_bits(self, name: str, cells: list[Cell], whole: bool, node: ast.QASMNode) -> None:
        total = sum(len(bits.cells) for bits in self.registers.values()) + len(cells)
        if total > MAX_BITS:
            raise too_much(f"{total} bits", MAX_BITS, self.source.span_of(node))
        bits = Bits(cells, whole)
        self.declare(name, bits, node)
        if len(self.scopes.blocks) == 1:
            self.registers[name] = bits

    def measure(self, qubits: Qubits, node: ast.QASMNode, hints: Sequence[str] = ()) -> list[Cell]:
        """Measure wires into new bits, named after these where there is one for each wire."""
        if self.in_gate:
            raise self.source.error("QS374", "a gate cannot measure", node)
        loc = self.source.location(node)
        self.budget.step(len(qubits.wires), loc.span)
        cells: list[Cell] = []
        named = len(hints) == len(qubits.wires)
        for place, wire in enumerate(qubits.wires):
            name = self.new_bit(hints[place] if named else f"c{wire}")
            self.steps.append(Instruction(dialects.MEASURE, (wire,), (), loc, name))
            cells.append(name)
        return cells

    def new_bit(self, hint: str) -> str:
        """A name no other measurement has."""
        count = self.bit_names.get(hint, 0)
        self.bit_names[hint] = count + 1
        return f"{hint}_{count}" if count else hint

    # --- what the kinds of statements add -----------------------------------------------------

    def block(self, statements: Sequence[Any]) -> None:
        """Carry out statements in order."""
        raise AssertionError("the program carries out statements")

    def call(self, node: Any) -> Any:
        """Carry out a subroutine; gives what it returns."""
        raise AssertionError("the program carries out subroutines")
