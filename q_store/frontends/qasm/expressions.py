"""Classical expressions: numbers are computed, what depends on inputs becomes an `Expr`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.expr import Expr, apply
from q_store.frontends.qasm.limits import MAX_ELEMENTS, MAX_INTEGER, too_much
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.scope import Bits, Number, Qubits, Scopes, Variable
from q_store.qir.diagnostics import QStoreError, did_you_mean

if TYPE_CHECKING:
    from openqasm3 import ast

CONSTANTS: Final = {
    **{"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau},
    **{"euler": math.e, "ℇ": math.e},
}

_FUNCTIONS: Final = {
    **{name: name for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "arcsin", "arccos")},
    **{"arctan": "arctan", "ln": "log", "asin": "arcsin", "acos": "arccos", "atan": "arctan"},
    **{"pow": "power", "abs": "absolute"},
}
"""Functions of real numbers, by what `expr.apply` calls them."""


def _divide(left: int, right: int) -> int:
    """Integers are divided towards zero, as in C."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_INTEGER: Final[dict[str, Callable[[int, int], int]]] = {
    "%": lambda a, b: a - b * _divide(a, b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << min(b, 64),
    ">>": lambda a, b: a >> b,
}
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_REAL: Final = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power"}


class Evaluator:
    """Evaluates expressions in the current scopes of a program.

    Raises `QS372` for an unknown name, `QS377` where a value is of the wrong kind, `QS378` for an
    index out of range, `QS379` where a bit depends on a condition, and `NeedsBit`.
    """

    def __init__(
        self,
        scopes: Scopes,
        call: Callable[[ast.FunctionCall], Any],
        use_physical: Callable[[int], None],
    ) -> None:
        self.scopes = scopes
        self.call = call
        """Carries out a subroutine."""
        self.use_physical = use_physical
        self.source: Source = Source("", "")
        self._rules: dict[str, Callable[[Any], Any]] = {
            "IntegerLiteral": self._integer,
            "FloatLiteral": lambda node: node.value,
            "BooleanLiteral": lambda node: node.value,
            "BitstringLiteral": self._bitstring,
            "Identifier": self._name,
            "UnaryExpression": self._unary,
            "BinaryExpression": self._binary,
            "FunctionCall": self._function,
            "IndexExpression": self._index_expression,
            "IndexedIdentifier": self._indexed,
            "Concatenation": self._concatenation,
            "Cast": self._cast,
            "SizeOf": self._size_of,
            "ArrayLiteral": lambda node: [self.any(value) for value in node.values],
        }

    # --- what callers ask for -----------------------------------------------------------------

    def any(self, node: ast.QASMNode) -> Any:
        """A number, a nested list of numbers, `Qubits` or `Bits`."""
        rule = self._rules.get(type(node).__name__)
        if rule is None:
            kind = type(node).__name__
            raise self.source.error("QS374", f"{kind} expressions are not supported", node)
        try:
            return rule(node)
        except QStoreError as problem:
            if any(d.span for d in problem.diagnostics):
                raise
            first = problem.diagnostics[0]
            raise self.source.error(first.code, first.message, node, first.help) from problem

    def number(self, node: ast.QASMNode) -> Number:
        """A number or expression; bits are read as an unsigned integer."""
        value = self.any(node)
        if isinstance(value, Bits):
            return self.unsigned(value, node)
        if isinstance(value, Expr | int | float):
            return value
        raise self._wrong("a number", value, node)

    def angle(self, node: ast.QASMNode) -> Expr | float:
        """An angle: a finite float or an expression."""
        value = self.number(node)
        if isinstance(value, Expr):
            return value if value.terms else value.const
        number = float(value)
        if not math.isfinite(number):
            raise self.source.error("QS307", f"this number is {number}, not finite", node)
        return number

    def integer(self, node: ast.QASMNode) -> int:
        """An integer known while the program is read."""
        value = self.number(node)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, Expr):
            raise self.source.error(
                "QS377",
                "an integer is needed here, and this depends on an input",
                node,
                "give inputs that shape the circuit a value: from_qasm(..., constants={...})",
            )
        raise self._wrong("an integer", value, node)

    def truth(self, node: ast.QASMNode) -> bool:
        """The truth of a condition."""
        value = self.number(node)
        if isinstance(value, Expr):
            raise self.source.error(
                "QS377", "a condition cannot depend on an input, which has no value yet", node
            )
        return bool(value)

    def qubits(self, node: ast.QASMNode) -> Qubits:
        value = self.any(node)
        if not isinstance(value, Qubits):
            raise self._wrong("qubits", value, node)
        return value

    def unsigned(self, bits: Bits, node: ast.QASMNode) -> int:
        """The integer that bits are."""
        return sum(self._bit(cell, node) << place for place, cell in enumerate(bits.cells))

    def elements(self, node: ast.QASMNode) -> list[int]:
        """The integers of a range, a set, or an array."""
        kind = type(node).__name__
        if kind == "RangeDefinition":
            return self.range(node, None)
        if kind == "DiscreteSet":
            values: list[ast.Expression] = getattr(node, "values")  # noqa: B009  seen by its name
            return [self.integer(value) for value in values]
        value = self.any(node)
        if isinstance(value, list):
            return list(value)
        if isinstance(value, Bits):
            return [self._bit(cell, node) for cell in value.cells]
        raise self._wrong("a range, a set or an array", value, node)

    def range(self, node: Any, size: int | None) -> list[int]:
        """A range with both ends; of an index of `size`, either may be left out."""
        if size is None and (node.start is None or node.end is None):
            raise self.source.error("QS377", "this range needs a start and an end", node)
        step = 1 if node.step is None else self.integer(node.step)
        if step == 0:
            raise self.source.error("QS377", "the step of a range cannot be 0", node)
        last = (size or 1) - 1
        start = (0 if step > 0 else last) if node.start is None else self.integer(node.start)
        end = (last if step > 0 else 0) if node.end is None else self.integer(node.end)
        if size is not None:
            start, end = [k + size if k < 0 else k for k in (start, end)]
        found = range(start, end + (1 if step > 0 else -1), step)
        if abs((end - start) // step) > MAX_ELEMENTS:
            raise too_much("the range is too long", MAX_ELEMENTS, self.source.span_of(node))
        return list(found)

    # --- names and literals -------------------------------------------------------------------

    def _wrong(self, wanted: str, value: object, node: ast.QASMNode) -> QStoreError:
        names = {Qubits: "qubits", Bits: "bits", list: "an array", Expr: "an expression of inputs"}
        got = names.get(type(value), repr(value))
        return self.source.error("QS377", f"expected {wanted} here, got {got}", node)

    def _integer(self, node: Any) -> int:
        return self._checked(node.value, node)

    def _checked(self, value: int, node: ast.QASMNode) -> int:
        if abs(value) >= MAX_INTEGER:
            raise self.source.error("QS377", "an integer is larger than 64 bits", node)
        return value

    def _bitstring(self, node: Any) -> Bits:
        if node.width > 100_000:
            raise too_much("the bit string is too long", 100_000, self.source.span_of(node))
        return Bits([(node.value >> place) & 1 for place in range(node.width)])

    def _name(self, node: Any) -> Any:
        name = node.name
        if name.startswith("$"):
            return self._physical(node)
        found = self.scopes.find(name)
        if found is None:
            if name in CONSTANTS:
                return CONSTANTS[name]
            known = [*self.scopes.names(), *CONSTANTS]
            raise self.source.error(
                "QS372", f"`{name}` is not declared", node, did_you_mean(name, known)
            )
        if not isinstance(found, Variable):
            return found
        if found.value is None:
            raise self.source.error("QS377", f"`{name}` has no value yet", node)
        return found.value

    def _physical(self, node: Any) -> Qubits:
        wire = int(node.name[1:][:12])
        try:
            self.use_physical(wire)
        except QStoreError as problem:
            first = problem.diagnostics[0]
            raise self.source.error(first.code, first.message, node) from problem
        return Qubits((wire,), whole=False)

    def _bit(self, cell: int | str | None, node: ast.QASMNode) -> int:
        if cell is None:
            raise self.source.error(
                "QS379", "this bit was measured under a condition, and is not known here", node
            )
        return self.scopes.bit(cell) if isinstance(cell, str) else cell

    # --- indexing -----------------------------------------------------------------------------

    def _indexed(self, node: Any) -> Any:
        value = self._name(node.name)
        for index in node.indices:
            value = self.indexed(value, index, node)
        return value

    def _index_expression(self, node: Any) -> Any:
        return self.indexed(self.any(node.collection), node.index, node)

    def indexed(self, value: Any, index: Any, node: ast.QASMNode) -> Any:
        """One pair of brackets, with one index for each dimension."""
        if type(index).__name__ == "DiscreteSet":
            places = [self.integer(item) for item in index.values]
            return self._pick(value, places, node)
        for position, item in enumerate(index):
            if type(item).__name__ != "RangeDefinition":
                value = self._pick(value, self.integer(item), item)
                continue
            if position + 1 < len(index):
                raise self.source.error("QS374", "ranges are for the last index only", item)
            value = self._pick(value, self.range(item, self._size(value, node)), item)
        return value

    def _size(self, value: Any, node: ast.QASMNode) -> int:
        if isinstance(value, Qubits):
            return len(value.wires) if value.whole else 0
        if isinstance(value, Bits):
            return len(value.cells) if value.whole else 0
        if isinstance(value, list):
            return len(value)
        if isinstance(value, int):
            return 64
        raise self._wrong("a register or an array", value, node)

    def place(self, index: int, value: Any, node: ast.QASMNode) -> int:
        """An index counted from either end, checked."""
        size = self._size(value, node)
        if size == 0:
            raise self.source.error("QS377", "a single qubit or bit has no index", node)
        if not -size <= index < size:
            raise self.source.error(
                "QS378", f"index {index} is out of range: there are {size}, 0 to {size - 1}", node
            )
        return index % size

    def _pick(self, value: Any, index: int | list[int], node: ast.QASMNode) -> Any:
        if isinstance(index, int):
            place = self.place(index, value, node)
            if isinstance(value, Qubits):
                return Qubits((value.wires[place],), whole=False)
            if isinstance(value, Bits):
                return Bits([value.cells[place]], whole=False)
            return (value >> place) & 1 if isinstance(value, int) else value[place]
        places = [self.place(item, value, node) for item in index]
        if isinstance(value, Qubits):
            return Qubits(tuple([value.wires[place] for place in places]))
        if isinstance(value, Bits):
            return Bits([value.cells[place] for place in places])
        if isinstance(value, list):
            return [value[place] for place in places]
        return Bits([(value >> place) & 1 for place in places])

    def _concatenation(self, node: Any) -> Any:
        left, right = self.any(node.lhs), self.any(node.rhs)
        if isinstance(left, Qubits) and isinstance(right, Qubits):
            return Qubits(left.wires + right.wires)
        if isinstance(left, Bits) and isinstance(right, Bits):
            return Bits(left.cells + right.cells)
        raise self._wrong("two registers of one kind", left, node)

    # --- operators ----------------------------------------------------------------------------

    def _unary(self, node: Any) -> Any:
        operator = node.op.name
        if operator == "!":
            return not self.truth(node.expression)
        if operator == "-":
            value = self.number(node.expression)
            return -value
        value = self.any(node.expression)
        if isinstance(value, Bits):
            full = (1 << len(value.cells)) - 1
            return self.unsigned(value, node.expression) ^ full
        return ~self.integer(node.expression)

    def _binary(self, node: Any) -> Any:
        operator = node.op.name
        if operator in ("&&", "||"):
            left = self.truth(node.lhs)
            return self.truth(node.rhs) if left == (operator == "&&") else left
        left, right = self.any(node.lhs), self.any(node.rhs)
        if operator in ("==", "!="):
            bits, other = (left, right) if isinstance(left, Bits) else (right, left)
            if isinstance(bits, Bits):
                return self._equal(bits, other, node) == (operator == "==")
        return self.combine(
            operator, self._value(left, node.lhs), self._value(right, node.rhs), node
        )

    def _value(self, value: Any, node: ast.QASMNode) -> Number:
        if isinstance(value, Bits):
            return self.unsigned(value, node)
        if isinstance(value, Expr | int | float):
            return value
        raise self._wrong("a number", value, node)

    def _equal(self, bits: Bits, other: Any, node: ast.QASMNode) -> bool:
        """Compared bit by bit, so that no more bits than needed are asked for."""
        if isinstance(other, Bits):
            wanted: Sequence[Any] = other.cells
        elif isinstance(other, int):
            if other < 0 or other >> len(bits.cells):
                return False
            wanted = [(other >> place) & 1 for place in range(len(bits.cells))]
        else:
            raise self._wrong("an integer or bits", other, node)
        if len(wanted) != len(bits.cells):
            raise self.source.error(
                "QS377", f"{len(bits.cells)} bits are compared with {len(wanted)}", node
            )
        pairs = zip(bits.cells, wanted, strict=True)
        return all(self._bit(cell, node) == self._bit(value, node) for cell, value in pairs)

    def combine(self, operator: str, left: Number, right: Number, node: ast.QASMNode) -> Number:
        """A binary operator on numbers, also of `+=` and its like."""
        if operator in _COMPARE:
            if isinstance(left, Expr) or isinstance(right, Expr):
                raise self.source.error("QS377", "inputs have no value to compare yet", node)
            return _COMPARE[operator](left, right)
        integers = isinstance(left, int) and isinstance(right, int)
        if operator in _INTEGER:
            return self._integral(operator, left, right, node)
        if integers and (operator != "/" or self.source.version == 3):
            return self._integers(operator, int(left), int(right), node)
        return self._real(_REAL[operator], [left, right], node)

    def _integral(self, operator: str, left: Number, right: Number, node: ast.QASMNode) -> Number:
        if operator == "%" and isinstance(left, int | float) and isinstance(right, float | int):
            if right == 0:
                raise self.source.error("QS377", "the divisor is 0", node)
            if not (isinstance(left, int) and isinstance(right, int)):
                return math.fmod(left, right)
        if not (isinstance(left, int) and isinstance(right, int)):
            raise self.source.error("QS377", f"`{operator}` needs integers", node)
        if operator in ("<<", ">>") and right < 0:
            raise self.source.error("QS377", "a shift by a negative number", node)
        return self._checked(_INTEGER[operator](int(left), int(right)), node)

    def _integers(self, operator: str, left: int, right: int, node: ast.QASMNode) -> Number:
        if operator == "/":
            if right == 0:
                raise self.source.error("QS377", "the divisor is 0", node)
            return _divide(left, right)
        if operator == "**":
            if right < 0:
                return self._real("power", [left, right], node)
            if abs(left) > 1 and right > 64:
                raise self.source.error("QS377", "an integer is larger than 64 bits", node)
            return self._checked(left ** min(right, 64 + right % 2), node)
        result = left + right if operator == "+" else left - right
        return self._checked(left * right if operator == "*" else result, node)

    def _real(self, function: str, args: Sequence[Number], node: ast.QASMNode) -> Expr | float:
        numbers = [float(arg) if isinstance(arg, bool | int) else arg for arg in args]
        result: Expr = apply(function, *numbers)
        return result if result.terms else result.const

    # --- functions and casts ------------------------------------------------------------------

    def _function(self, node: Any) -> Any:
        name = node.name.name
        if name in _FUNCTIONS or name in _OF_INTEGERS:
            expected = 2 if name in ("pow", "mod", "rotl", "rotr") else 1
            if len(node.arguments) != expected:
                raise self.source.error(
                    "QS375", f"`{name}` takes {expected} arguments, got {len(node.arguments)}", node
                )
            if name in _FUNCTIONS:
                return self._real(_FUNCTIONS[name], list(map(self.number, node.arguments)), node)
            return self._of_integers(name, node)
        return self.call(node)

    def _of_integers(self, name: str, node: Any) -> Number:
        first = node.arguments[0]
        if name in ("floor", "ceiling"):
            number = self.angle(first)
            if isinstance(number, Expr):
                raise self.source.error("QS377", f"`{name}` of an input has no value yet", node)
            return self._checked(math.floor(number) if name == "floor" else math.ceil(number), node)
        if name == "mod":
            left, right = map(self.number, node.arguments)
            return self.combine("%", left, right, node)
        if name == "popcount":
            return abs(self.integer(first)).bit_count()
        bits = self.any(first)
        if not isinstance(bits, Bits) or not bits.cells:
            raise self._wrong("bits", bits, first)
        turn = self.integer(node.arguments[1]) * (-1 if name == "rotl" else 1) % len(bits.cells)
        return self.unsigned(Bits(bits.cells[turn:] + bits.cells[:turn]), node)

    def _cast(self, node: Any) -> Any:
        kind = type(node.type).__name__
        if kind == "BitType":
            value = self.any(node.argument)
            size = 1 if node.type.size is None else self.integer(node.type.size)
            if isinstance(value, Bits) and len(value.cells) == size:
                return value
            number = self.integer(node.argument)
            if not 0 < size <= MAX_ELEMENTS:
                raise self.source.error("QS377", f"a bit register of size {size}", node)
            return Bits([(number >> place) & 1 for place in range(size)])
        value = self.number(node.argument)
        if kind in ("FloatType", "AngleType"):
            return value if isinstance(value, Expr) else float(value)
        if isinstance(value, Expr):
            raise self.source.error("QS377", "an input has no value to convert yet", node)
        if kind == "BoolType":
            return bool(value)
        if kind not in ("IntType", "UintType") or not math.isfinite(value):
            raise self.source.error("QS374", "this conversion is not supported", node)
        width = None if node.type.size is None else self.integer(node.type.size)
        variable = Variable(0, "int" if kind == "IntType" else "uint", width)
        return self._checked(variable.fitted(int(value)), node)

    def _size_of(self, node: Any) -> int:
        value, depth = self.any(node.target), 0
        wanted = 0 if node.index is None else self.integer(node.index)
        while depth < wanted and isinstance(value, list) and value:
            value, depth = value[0], depth + 1
        if depth != wanted or not isinstance(value, list | Bits | Qubits):
            raise self._wrong("an array with this dimension", value, node)
        return self._size(value, node)


_OF_INTEGERS: Final = ("mod", "floor", "ceiling", "popcount", "rotl", "rotr")
