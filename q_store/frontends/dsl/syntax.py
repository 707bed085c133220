"""The syntax tree of the text language, and how each rule of the grammar makes its node.

Every node knows the stretch of text it came from, as character offsets. Sums and products are flat
lists, so a long sum makes no deep tree; depth comes from brackets only, which the lexer counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple


class Token(NamedTuple):
    """Terminal, text and place of one token."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Node:
    """Part of a program: `text[start:end]`."""

    start: int
    end: int


# --- expressions ------------------------------------------------------------------------------


@dataclass(slots=True)
class Number(Node):
    value: int | float


@dataclass(slots=True)
class Name(Node):
    name: str


@dataclass(slots=True)
class Range(Node):
    first: Node
    stop: Node
    step: Node | None


@dataclass(slots=True)
class Element(Node):
    name: str
    indices: list[Node]


@dataclass(slots=True)
class Function(Node):
    name: str
    arguments: list[Node]


@dataclass(slots=True)
class Sum(Node):
    parts: list[tuple[int, Node]]
    """Signs, 1 or -1, and terms."""


@dataclass(slots=True)
class Product(Node):
    parts: list[tuple[str, Node]]
    """Operators and factors: `*`, `/`, `%`, or nothing where factors stand side by side."""


@dataclass(slots=True)
class Negative(Node):
    operand: Node


@dataclass(slots=True)
class Power(Node):
    base: Node
    exponent: Node


@dataclass(slots=True)
class SumOver(Node):
    variable: Token
    range: Range
    body: Node


# --- parts of statements ----------------------------------------------------------------------


@dataclass(slots=True)
class Setting(Node):
    """A name that the circuit can be compiled with, and its usual value."""

    name: Token
    value: Node | None


@dataclass(slots=True)
class Declared(Node):
    """A name with the extents in brackets after it."""

    name: Token
    shape: list[Node]


@dataclass(slots=True)
class Operand(Node):
    """A register, or some qubits of one."""

    name: str
    indices: list[Node] | None


@dataclass(slots=True)
class Bit(Node):
    name: str
    index: Node | None


@dataclass(slots=True)
class Call(Node):
    """A gate, channel or modifier with its arguments; `None` without parentheses."""

    name: Token
    arguments: list[Node] | None


@dataclass(slots=True)
class Block(Node):
    statements: list[Node]


# --- statements -------------------------------------------------------------------------------


@dataclass(slots=True)
class Circuit(Node):
    name: Token
    settings: list[Setting]


@dataclass(slots=True)
class Qubits(Node):
    declared: list[Declared]


@dataclass(slots=True)
class Parameters(Node):
    role: str
    declared: list[Declared]


@dataclass(slots=True)
class Const(Node):
    name: Token
    value: Node


@dataclass(slots=True)
class Derived(Node):
    name: Token
    value: Node


@dataclass(slots=True)
class GateDefinition(Node):
    name: Token
    parameters: list[Token]
    wires: list[Token]
    body: Block


@dataclass(slots=True)
class Loop(Node):
    """`for` or `layer`; over a range, or so many times."""

    variable: Token | None
    range: Node
    body: Block


@dataclass(slots=True)
class If(Node):
    bit: Bit
    value: Node | None
    then: Block
    otherwise: Block | None


@dataclass(slots=True)
class Apply(Node):
    modifiers: list[Call]
    call: Call
    operands: list[Operand]


@dataclass(slots=True)
class Noise(Node):
    call: Call
    operands: list[Operand]


@dataclass(slots=True)
class Measure(Node):
    operands: list[Operand]
    bit: Bit | None


@dataclass(slots=True)
class Reset(Node):
    operands: list[Operand]


@dataclass(slots=True)
class Barrier(Node):
    operands: list[Operand]


@dataclass(slots=True)
class Expect(Node):
    observable: Node
    result: Token | None


@dataclass(slots=True)
class Observe(Node):
    """`probs`, `sample` or `state`."""

    kind: str
    operands: list[Operand]
    result: Token | None


@dataclass(slots=True)
class Unreadable(Node):
    """What stands where a statement could not be read."""


# --- rules to nodes ---------------------------------------------------------------------------

Action = Callable[[list[Any], int, int], Any]
"""From the children of a rule and its place."""


def _number(parts: list[Any], start: int, end: int) -> Number:
    (token,) = parts
    return Number(start, end, int(token.text) if token.kind == "INTEGER" else float(token.text))


def _group(parts: list[Any], start: int, end: int) -> Node:
    """What parentheses or a plus sign enclose: the node itself, with its place grown."""
    node: Node = parts[0]
    node.start, node.end = start, end
    return node


def _added(sign: int) -> Action:
    def action(parts: list[Any], start: int, end: int) -> Sum:
        left, right = parts
        if type(left) is not Sum:
            return Sum(start, end, [(1, left), (sign, right)])
        left.parts.append((sign, right))
        left.start, left.end = start, end
        return left

    return action


def _multiplied(operator: str) -> Action:
    def action(parts: list[Any], start: int, end: int) -> Product:
        left, right = parts
        if type(left) is not Product:
            return Product(start, end, [("*", left), (operator, right)])
        left.parts.append((operator, right))
        left.start, left.end = start, end
        return left

    return action


def _negative(parts: list[Any], start: int, end: int) -> Node:
    (operand,) = parts
    if type(operand) is Number:
        return Number(start, end, -operand.value)
    return Negative(start, end, operand)


def _gate(parts: list[Any], start: int, end: int) -> GateDefinition:
    name, *parameters, wires, body = parts
    return GateDefinition(start, end, name, parameters[0] if parameters else [], wires, body)


def _loop(parts: list[Any], start: int, end: int) -> Loop:
    variable = parts[0] if len(parts) == 3 else None
    return Loop(start, end, variable, parts[-2], parts[-1])


def _if(parts: list[Any], start: int, end: int) -> If:
    bit, *rest = parts
    value = None if isinstance(rest[0], Block) else rest.pop(0)
    then, otherwise = (*rest, None)[:2]
    if isinstance(otherwise, If):
        otherwise = Block(otherwise.start, otherwise.end, [otherwise])
    return If(start, end, bit, value, then, otherwise)


def _apply(parts: list[Any], start: int, end: int) -> Apply:
    operands = parts.pop() if type(parts[-1]) is list else []
    return Apply(start, end, parts[:-1], parts[-1], operands)


def _measure(parts: list[Any], start: int, end: int) -> Measure:
    return Measure(start, end, parts[0], parts[1] if len(parts) > 1 else None)


def _expect(parts: list[Any], start: int, end: int) -> Expect:
    return Expect(start, end, parts[0], parts[1] if len(parts) > 1 else None)


def _observe(kind: str) -> Action:
    def action(parts: list[Any], start: int, end: int) -> Observe:
        operands = parts[0] if parts and type(parts[0]) is list else []
        result = parts[-1] if parts and type(parts[-1]) is Token else None
        return Observe(start, end, kind, operands, result)

    return action


def _operand(parts: list[Any], start: int, end: int) -> Operand:
    return Operand(start, end, parts[0].text, parts[1:] or None)


def _call(parts: list[Any], start: int, end: int) -> Call:
    # `h()` is as long as its name and the two parentheses at least.
    bare = len(parts) == 1 and end == parts[0].end
    return Call(start, end, parts[0], None if bare else parts[1:])


def _range(parts: list[Any], start: int, end: int) -> Range:
    return Range(start, end, parts[0], parts[1], parts[2] if len(parts) > 2 else None)


ACTIONS: Final[dict[str, Action]] = {
    "start": lambda parts, start, end: Block(start, end, parts),
    "block": lambda parts, start, end: Block(start, end, parts),
    "circuit": lambda parts, start, end: Circuit(start, end, parts[0], parts[1:]),
    "setting": lambda parts, start, end: Setting(
        start, end, parts[0], parts[1] if len(parts) > 1 else None
    ),
    "qubits": lambda parts, start, end: Qubits(start, end, parts),
    "input": lambda parts, start, end: Parameters(start, end, "input", parts),
    "weight": lambda parts, start, end: Parameters(start, end, "weight", parts),
    "declared": lambda parts, start, end: Declared(start, end, parts[0], parts[1:]),
    "const": lambda parts, start, end: Const(start, end, *parts),
    "derived": lambda parts, start, end: Derived(start, end, *parts),
    "gate": _gate,
    "parameters": lambda parts, start, end: parts,
    "names": lambda parts, start, end: parts,
    "for": _loop,
    "layer": _loop,
    "if": _if,
    "apply": _apply,
    "call": _call,
    "noise": lambda parts, start, end: Noise(start, end, *parts),
    "measure": _measure,
    "reset": lambda parts, start, end: Reset(start, end, *parts),
    "barrier": lambda parts, start, end: Barrier(start, end, parts[0] if parts else []),
    "operands": lambda parts, start, end: parts,
    "operand": _operand,
    "bit": lambda parts, start, end: Bit(
        start, end, parts[0].text, parts[1] if len(parts) > 1 else None
    ),
    "expect": _expect,
    "probs": _observe("probs"),
    "sample": _observe("sample"),
    "state": _observe("state"),
    "result": lambda parts, start, end: parts[0],
    "add": _added(1),
    "subtract": _added(-1),
    "sum": lambda parts, start, end: SumOver(start, end, *parts),
    "multiply": _multiplied("*"),
    "divide": _multiplied("/"),
    "modulo": _multiplied("%"),
    "juxtapose": _multiplied(""),
    "negative": _negative,
    "group": _group,
    "power": lambda parts, start, end: Power(start, end, *parts),
    "number": _number,
    "name": lambda parts, start, end: Name(start, end, parts[0].text),
    "element": lambda parts, start, end: Element(start, end, parts[0].text, parts[1:]),
    "function": lambda parts, start, end: Function(start, end, parts[0].text, parts[1:]),
    "range": _range,
    "error": lambda parts, start, end: Unreadable(start, end),
}
"""By the name of a rule, or of the alternative of a rule."""
