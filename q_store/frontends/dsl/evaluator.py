"""Expressions to values, operands to wires: everything that only reads the scope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, NoReturn

from q_store.frontends.dsl import values
from q_store.frontends.dsl.lexer import MAX_NESTING
from q_store.frontends.dsl.paulis import PAULI, Paulis
from q_store.frontends.dsl.scope import Array, Binding, Budget, Poisoned, Register, Scope
from q_store.frontends.dsl.syntax import (
    Element,
    Function,
    Name,
    Negative,
    Node,
    Number,
    Operand,
    Power,
    Product,
    Range,
    Sum,
    SumOver,
)
from q_store.frontends.dsl.values import Value, Vector
from q_store.frontends.expr import Expr
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.location import SourceText

_FUNCTIONS: Final = values.angle_functions() | {
    name: count for name, (count, _) in values.CONSTANT_FUNCTIONS.items()
}
_MAX_LISTED: Final = 8
BUILT_IN: Final[dict[str, float]] = {"pi": math.pi}
"""Names that are always there."""


class Evaluator:
    """Reads expressions in a scope. Every error points at the smallest expression it is about."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.scope = Scope()
        self.budget = Budget(source)
        self.observing: Callable[[Node, object], int] | None = None
        """While an observable is read, and only then, names may be Pauli letters: checks that a
        value is a qubit."""
        self._sums = 0

    # --- errors -------------------------------------------------------------------------------

    def fail(
        self, node: Node, code: str, message: str, help: str = "", notes: Iterable[str] = ()
    ) -> NoReturn:
        span = self.source.span(node.start, node.end)
        raise error(code, message, span=span, help=help, notes=notes)

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """Errors without a place are about this node."""
        try:
            yield
        except QStoreError as problem:
            span = self.source.span(node.start, node.end)
            found = [d if d.span else replace(d, span=span) for d in problem.diagnostics]
            raise QStoreError(*found) from None

    def look_up(self, node: Node, name: str, kind: type | tuple[type, ...], what: str) -> Binding:
        """What a name stands for. Raises `QS121`; later uses of the unknown name are silent."""
        try:
            return self.scope[name]
        except KeyError:
            known = list(self.scope.names(kind))
        if kind is Register and self.scope.horizon is not None:
            known = [other for other in known if other in self.scope.locals]
        if name not in self.scope.globals:
            self.scope.declare(name, None, node)
        help = did_you_mean(name, [*known, *BUILT_IN])
        if not help and PAULI.match(name):
            help = "Pauli letters are read in `expect` only"
        listed = ", ".join(known[:_MAX_LISTED]) + (", ..." if len(known) > _MAX_LISTED else "")
        notes = [f"known here: {listed}"] if known and not help else []
        self.fail(node, "QS121", f"unknown {what} `{name}`", help, notes)

    # --- values -------------------------------------------------------------------------------

    def evaluate(self, node: Node) -> Value:
        """The value of an expression. Raises `QS121` to `QS134`."""
        if type(node) is Number:
            return node.value
        value: Value = _EVALUATE[type(node)](self, node)
        return value

    def constant(self, node: Node, what: str) -> int | float:
        """A plain number. Raises `QS129`, `QS130`."""
        value = self.evaluate(node)
        if isinstance(value, int | float):
            return value
        if isinstance(value, Expr):
            self.fail(node, "QS130", f"{what} must be a number, but depends on a parameter")
        kind = "a vector" if isinstance(value, tuple) else "an observable"
        self.fail(node, "QS129", f"{what} must be a number, got {kind}")

    def integer(self, node: Node, what: str) -> int:
        """A whole number. Raises `QS126`, `QS129`, `QS130`."""
        if type(node) is Number and type(node.value) is int:
            return node.value
        value = self.constant(node, what)
        if isinstance(value, float):
            self.fail(node, "QS126", f"{what} must be an integer, got {value!r}")
        return value

    def angle(self, node: Node) -> float | Expr | Vector:
        """A number of radians, an expression of parameters, or one of these for each qubit."""
        value = self.evaluate(node)
        if isinstance(value, Paulis):
            self.fail(node, "QS129", "an observable is no angle")
        return float(value) if isinstance(value, int) else value

    def range_of(self, node: Node) -> range:
        """A half-open range. Raises `QS135` for a step of 0, `QS132` for a very long one."""
        if not isinstance(node, Range):
            count = self.integer(node, "the number of turns")
            if count < 0:
                self.fail(node, "QS135", f"something cannot be repeated {count} times")
            return range(count)
        first, stop = self.integer(node.first, "a bound"), self.integer(node.stop, "a bound")
        step = 1 if node.step is None else self.integer(node.step, "a step")
        if step == 0:
            self.fail(node.step or node, "QS135", "the step of a range must not be 0")
        found = range(first, stop, step)
        if (length := max(0, (stop - first) // step)) > self.budget.left:
            self.budget.spend(length, node)
        return found

    def index(self, node: Node, extent: int, name: str, what: str) -> int | range:
        """An index, or a range of them, inside an extent. Raises `QS126`."""
        if isinstance(node, Range):
            found = self.range_of(node)
            self.budget.spend(len(found), node)
            outside = [i for i in (found[0], found[-1]) if not 0 <= i < extent] if found else []
        else:
            one = self.integer(node, "an index")
            if 0 <= one < extent:
                return one
            outside = [one]
        if outside:
            self.fail(
                node,
                "QS126",
                f"index {outside[0]} is out of range for `{name}`, which has {extent} {what}",
                notes=[f"indices run from 0 to {extent - 1}"] if extent else [],
            )
        return found

    def _name(self, node: Name) -> Value:
        if self.observing is not None:
            pauli = PAULI.match(node.name)
            if pauli is not None:
                return Paulis.letter(pauli[1], self.observing(node, int(pauli[2])))
            if node.name == "I":
                return Paulis({(): 1.0})
        if node.name in BUILT_IN:
            return BUILT_IN[node.name]
        value = self.look_up(node, node.name, (int, float, Expr, tuple, Array), "name")
        if isinstance(value, Register):
            self.fail(node, "QS129", f"`{node.name}` is a register of qubits, not a number")
        if isinstance(value, Array):
            return self._whole(node, value)
        if value is None:
            raise Poisoned(node.name)
        return value

    def _whole(self, node: Node, array: Array) -> Vector:
        if len(array.shape) > 1:
            shape = ", ".join(map(str, array.shape))
            self.fail(
                node,
                "QS129",
                f"`{array.name}` has {len(array.shape)} dimensions, [{shape}]; "
                "an angle is a number or a vector",
                help=f"give it indices: `{array.name}[{', '.join('0' * len(array.shape))}]`",
            )
        self.budget.spend(array.shape[0], node)
        return array.vector

    def _element(self, node: Element) -> Value:
        if self.observing is not None and node.name in ("X", "Y", "Z", "I"):
            (index,) = node.indices if len(node.indices) == 1 else (node,)
            if index is node or isinstance(index, Range):
                self.fail(node, "QS134", f"`{node.name}[...]` acts on one qubit")
            return Paulis.letter(node.name, self.observing(index, self.evaluate(index)))
        value = self.look_up(node, node.name, (Array, tuple), "vector")
        if isinstance(value, Array):
            return self._array_element(node, value)
        if isinstance(value, tuple):
            at = self._only_index(node)
            found = self.index(at, len(value), node.name, "elements")
            return value[found] if isinstance(found, int) else tuple([value[i] for i in found])
        if isinstance(value, Register):
            if self.observing is not None:
                wires = self._register_wires(node.name, value, node.indices)
                return self._one_wire(node, wires)
            self.fail(node, "QS129", f"`{node.name}` is a register of qubits, not a vector")
        self.fail(node, "QS129", f"`{node.name}` is a single number; it has no elements")

    def _only_index(self, node: Element) -> Node:
        if len(node.indices) != 1:
            self.fail(node, "QS126", f"`{node.name}` is a vector: it takes one index")
        return node.indices[0]

    def _one_wire(self, node: Element, wires: list[int]) -> int:
        if len(wires) != 1:
            self.fail(node, "QS134", "a Pauli letter acts on one qubit")
        return wires[0]

    def _array_element(self, node: Element, array: Array) -> Value:
        """One element, or a vector where one index is a range or the last one is missing."""
        shape, given = array.shape, node.indices
        if len(given) > len(shape):
            self.fail(
                node,
                "QS126",
                f"`{array.name}` has {len(shape)} dimensions, but {len(given)} indices are given",
            )
        what = "elements" if len(shape) == 1 else "elements in this dimension"
        found: list[int | range] = [
            self.index(item, extent, array.name, what)
            for item, extent in zip(given, shape, strict=False)
        ]
        found += map(range, shape[len(given) :])
        running = [(at, len(item)) for at, item in enumerate(found) if isinstance(item, range)]
        if len(running) > 1:
            self.fail(
                node,
                "QS129",
                f"`{array.name}` with these indices has {len(running)} dimensions; "
                "an angle is a number or a vector",
            )
        if not running:
            return array.element(*[item for item in found if isinstance(item, int)])
        place, length = running[0]
        self.budget.spend(length, node)
        return tuple([array.element(*at) for at in _spread(found, place)])

    def _sum(self, node: Sum) -> Value:
        parts = [(sign, self.evaluate(part)) for sign, part in node.parts]
        with self.at(node):
            return values.add(parts)

    def _product(self, node: Product) -> Value:
        (_, first), *rest = node.parts
        result = self.evaluate(first)
        for operator, part in rest:
            if not operator and self.observing is None:
                self.fail(part, "QS120", "an operator is missing before this")
            right = self.evaluate(part)
            if isinstance(result, Paulis) and isinstance(right, Paulis):
                self.budget.spend(len(result.terms) * len(right.terms), node)
            with self.at(part if operator in "/%" and operator else node):
                result = _OPERATORS[operator](result, right)
        return result

    def _negative(self, node: Negative) -> Value:
        return values.negate(self.evaluate(node.operand))

    def _power(self, node: Power) -> Value:
        base, exponent = self.evaluate(node.base), self.evaluate(node.exponent)
        with self.at(node):
            return values.power(base, exponent)

    def _function(self, node: Function) -> Value:
        count = _FUNCTIONS.get(node.name)
        if count is None:
            self.fail(
                node,
                "QS122",
                f"unknown function `{node.name}`",
                did_you_mean(node.name, _FUNCTIONS),
                [f"functions: {', '.join(_FUNCTIONS)}"],
            )
        if count != len(node.arguments):
            given = len(node.arguments)
            self.fail(node, "QS124", f"`{node.name}` takes {count} arguments, got {given}")
        arguments = [self.evaluate(argument) for argument in node.arguments]
        with self.at(node):
            return values.function(node.name, arguments)

    def _sum_over(self, node: SumOver) -> Value:
        turns = self.range_of(node.range)
        self.budget.spend(len(turns), node)
        self._sums += 1
        if self._sums > MAX_NESTING:
            self._sums = 0
            self.fail(node, "QS132", f"sums are nested more than {MAX_NESTING} deep")
        saved = self.scope.locals
        parts: list[tuple[int, Value]] = []
        try:
            for turn in turns:
                self.scope.locals = {**saved, node.variable.text: turn}
                parts.append((1, self.evaluate(node.body)))
        finally:
            self.scope.locals = saved
            self._sums = max(0, self._sums - 1)
        with self.at(node):
            return values.add(parts)

    # --- wires --------------------------------------------------------------------------------

    def wires(self, operand: Operand) -> list[int]:
        """The qubits an operand names, in order. Raises `QS121`, `QS126`, `QS129`, `QS133`."""
        name = operand.name
        scope = self.scope
        outside = scope.horizon is not None and name not in scope.locals
        if outside and isinstance(scope.globals.get(name), Register):
            own = ", ".join([n for n, item in scope.locals.items() if isinstance(item, Register)])
            self.fail(
                operand,
                "QS133",
                f"a gate acts on its own wires; `{name}` is a register of the circuit",
                f"the wires of this gate are {own}",
            )
        value = self.look_up(operand, name, Register, "register")
        if not isinstance(value, Register):
            self.fail(operand, "QS129", f"`{name}` is a number, not a register of qubits")
        if operand.indices is None:
            self.budget.spend(value.size - 1, operand)
            return list(range(value.first, value.first + value.size))
        return self._register_wires(name, value, operand.indices)

    def _register_wires(self, name: str, register: Register, indices: list[Node]) -> list[int]:
        wires: list[int] = []
        for item in indices:
            found = self.index(item, register.size, name, "qubits")
            if isinstance(found, int):
                wires.append(register.first + found)
            else:
                wires += [register.first + i for i in found]
        return wires


def _spread(found: list[int | range], axis: int) -> Iterator[list[Any]]:
    """Every index when one axis runs."""
    running = found[axis]
    for i in running if isinstance(running, range) else ():
        yield [*found[:axis], i, *found[axis + 1 :]]


_EVALUATE: Final[dict[type, Callable[..., Any]]] = {
    Name: Evaluator._name,
    Element: Evaluator._element,
    Function: Evaluator._function,
    Sum: Evaluator._sum,
    Product: Evaluator._product,
    Negative: Evaluator._negative,
    Power: Evaluator._power,
    SumOver: Evaluator._sum_over,
}

_OPERATORS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "*": values.multiply,
    "": values.multiply,
    "/": values.divide,
    "%": values.modulo,
}
