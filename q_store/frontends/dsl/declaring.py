"""Statements that declare names: settings, registers, parameters, constants, gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.dsl.evaluator import BUILT_IN
from q_store.frontends.dsl.gates import Macro
from q_store.frontends.dsl.paulis import PAULI_NAME, Paulis
from q_store.frontends.dsl.scope import Array, Binding, Register
from q_store.frontends.dsl.syntax import (
    Circuit,
    Const,
    Declared,
    Derived,
    GateDefinition,
    Measure,
    Node,
    Parameters,
    Qubits,
    Token,
)
from q_store.frontends.expr import Expr, Ref
from q_store.frontends.parameters import Parameter

if TYPE_CHECKING:
    from q_store.frontends.dsl.lowering import Lowering

MAX_QUBITS: Final = 100_000
"""Qubits of all registers together."""
MAX_ELEMENTS: Final = 2**20
"""Elements of one parameter."""


def _place(token: Token) -> Node:
    return Node(token.start, token.end)


def check_new(lowering: Lowering, token: Token, *, paulis: bool) -> None:
    """Raises `QS123` for a name that is taken; `paulis` also for one that observables read as a
    Pauli letter."""
    name, scope, fail = token.text, lowering.scope, lowering.evaluator.fail
    if name in BUILT_IN:
        fail(_place(token), "QS123", f"`{name}` is a constant of the language")
    if paulis and PAULI_NAME.match(name):
        fail(_place(token), "QS123", f"`{name}` is a Pauli letter in observables")
    inside = name in scope.locals
    if inside or (scope.horizon is None and scope.globals.get(name) is not None):
        notes = []
        if not inside and name in scope.declared:
            first = scope.declared[name]
            line = lowering.source.span(first.start, first.end).line
            notes.append(f"the first one is declared at line {line}")
        fail(_place(token), "QS123", f"`{name}` is declared already", notes=notes)


def declare(lowering: Lowering, token: Token, value: Binding) -> None:
    """A name of the circuit, or of the block or gate around it."""
    if lowering.place:
        lowering.scope.locals[token.text] = value
    else:
        lowering.scope.declare(token.text, value, _place(token))


def poison(lowering: Lowering, node: Node) -> None:
    """Names that a wrong statement would have declared."""
    tokens: list[Token] = []
    if isinstance(node, Qubits | Parameters):
        tokens = [declared.name for declared in node.declared]
        lowering.unsure_of_qubits |= isinstance(node, Qubits)
    elif isinstance(node, Const | Derived):
        tokens = [node.name]
    elif isinstance(node, Circuit):
        tokens = [setting.name for setting in node.settings]
    elif isinstance(node, GateDefinition):
        lowering.uses.macros.setdefault(node.name.text, None)
    elif isinstance(node, Measure) and node.bit is not None and node.bit.index is None:
        lowering.bits.setdefault((node.bit.name, None), node.bit.name)
    for token in tokens:
        names = lowering.scope.locals if lowering.place else lowering.scope.globals
        if token.text not in names:
            declare(lowering, token, None)


def circuit(lowering: Lowering, node: Circuit) -> None:
    lowering.refuse_inside(node, "`circuit`", "gate", "if", "loop")
    if lowering.scope.age or lowering.steps or lowering.name != "main":
        lowering.evaluator.fail(
            _place(node.name), "QS133", "`circuit` must be the first statement", "move it up"
        )
    lowering.name = node.name.text
    for setting in node.settings:
        check_new(lowering, setting.name, paulis=True)
        name = setting.name.text
        value: int | float | None = lowering.defines.get(name)
        if value is None and setting.value is not None:
            value = lowering.evaluator.constant(setting.value, f"`{name}`")
        if value is None:
            lowering.evaluator.fail(
                setting,
                "QS137",
                f"`{name}` has no value",
                f"give it one here, or from outside: `-D {name}=4`, `defines={{'{name}': 4}}`",
            )
        declare(lowering, setting.name, value)


def qubits(lowering: Lowering, node: Qubits) -> None:
    lowering.refuse_inside(node, "`qubits`", "gate", "if", "loop")
    for declared in node.declared:
        check_new(lowering, declared.name, paulis=False)
        name = declared.name.text
        if len(declared.shape) != 1:
            lowering.evaluator.fail(
                declared,
                "QS125",
                "a register has one size",
                f"write its size in brackets: `qubits {name}[4]`",
            )
        size = lowering.evaluator.integer(declared.shape[0], f"the size of `{name}`")
        _check_size(lowering, declared, lowering.n_qubits + size, size, MAX_QUBITS, "qubits")
        declare(lowering, declared.name, Register(lowering.n_qubits, size))
        lowering.n_qubits += size


def _check_size(
    lowering: Lowering, declared: Declared, total: int, size: int, limit: int, what: str
) -> None:
    name = declared.name.text
    place = Node(declared.shape[0].start, declared.shape[-1].end)
    if size < 1:
        lowering.evaluator.fail(
            place, "QS126", f"the sizes of `{name}` must be positive, got {size}"
        )
    if total > limit:
        lowering.evaluator.fail(place, "QS132", f"more than {limit} {what}")


def parameters(lowering: Lowering, node: Parameters) -> None:
    """`input` and `weight`: scalars, vectors, matrices, arrays."""
    lowering.refuse_inside(node, f"`{node.role}`", "gate", "if", "loop")
    for declared in node.declared:
        check_new(lowering, declared.name, paulis=False)
        name = declared.name.text
        shape: list[int] = []
        total = 1
        for extent in declared.shape:
            size = lowering.evaluator.integer(extent, f"a size of `{name}`")
            total *= size
            _check_size(lowering, declared, total, size, MAX_ELEMENTS, f"elements in `{name}`")
            shape.append(size)
        value: Binding = Array(name, tuple(shape)) if shape else Expr.of(Ref(name, (), ()))
        declare(lowering, declared.name, value)
        role: Any = node.role
        lowering.parameters.append(Parameter(name, tuple(shape), True, role))


def const(lowering: Lowering, node: Const) -> None:
    """A number; outside of blocks it can be given from outside."""
    check_new(lowering, node.name, paulis=True)
    name = node.name.text
    value: int | float | None = None if lowering.place else lowering.defines.get(name)
    if value is None:
        value = lowering.evaluator.constant(node.value, f"`{name}`")
    declare(lowering, node.name, value)


def derived(lowering: Lowering, node: Derived) -> None:
    """A number or a vector computed from parameters."""
    check_new(lowering, node.name, paulis=True)
    value = lowering.evaluator.evaluate(node.value)
    if isinstance(value, Paulis):
        lowering.evaluator.fail(node.value, "QS129", "an observable is no angle")
    declare(lowering, node.name, value)


def gate(lowering: Lowering, node: GateDefinition) -> None:
    lowering.refuse_inside(node, "a definition of a gate", "gate", "if", "loop")
    name, uses = node.name.text, lowering.uses
    place = _place(node.name)
    if uses.row(name) is not None:
        lowering.evaluator.fail(place, "QS123", f"`{name}` is a gate of the language")
    if uses.macros.get(name) is not None:
        lowering.evaluator.fail(place, "QS123", f"the gate `{name}` is defined already")
    seen: set[str] = set()
    for token in (*node.parameters, *node.wires):
        if token.text in seen or token.text in BUILT_IN:
            lowering.evaluator.fail(_place(token), "QS123", f"`{token.text}` is declared already")
        seen.add(token.text)
    parameters = tuple([token.text for token in node.parameters])
    wires = tuple([token.text for token in node.wires])
    macro = Macro(node.name, parameters, wires, node.body, lowering.scope.age)
    right = lowering.check_gate(macro)
    uses.macros[name] = macro if right else None


STATEMENTS: Final[dict[type, Callable[[Lowering, Any], None]]] = {
    Circuit: circuit,
    Qubits: qubits,
    Parameters: parameters,
    Const: const,
    Derived: derived,
    GateDefinition: gate,
}
