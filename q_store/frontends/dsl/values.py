"""Arithmetic of the values an expression can have: numbers, angles, vectors of them, observables.

Integers stay integers where they can, for they may become indices; `/` gives an integer when
nothing is left over. Everything not affine becomes a call of the `f` dialect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from q_store.frontends.dsl.paulis import Paulis
from q_store.frontends.dsl.scope import Scalar
from q_store.frontends.expr import Atom, Expr, as_expr, call
from q_store.qir import dialects
from q_store.qir.diagnostics import error

MAX_INTEGER: Final = 2**53

Vector = tuple[Scalar, ...]
Value = Scalar | Vector | Paulis


def angle_functions() -> dict[str, int]:
    """Functions of the `f` dialect by name, and how many arguments each takes."""
    return {
        row.mnemonic: len(row.angle_names)
        for row in dialects.CLASSICAL
        if row is not dialects.AFFINE
    }


CONSTANT_FUNCTIONS: Final[dict[str, tuple[int, Callable[..., int | float]]]] = {
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "min": (2, min),
    "max": (2, max),
}
"""Functions of plain numbers: how many arguments, and what they do."""


def checked(number: int | float) -> int | float:
    """A number of a usable size. Raises `QS131`."""
    if abs(number) > MAX_INTEGER if type(number) is int else not math.isfinite(number):
        raise error("QS131", "this number is too large")
    return number


def plain(expr: Expr) -> Scalar:
    """The number, where an expression depends on no parameter."""
    return expr if expr.terms else checked(expr.const)


def add(parts: Sequence[tuple[int, Value]]) -> Value:
    """The sum of values with their signs, 1 or -1."""
    if any(isinstance(value, Paulis) for _, value in parts):
        return Paulis.sum([(sign, _coefficient(value)) for sign, value in parts])
    if any(isinstance(value, tuple) for _, value in parts):
        columns = _aligned([value for _, value in parts])
        signs = [sign for sign, _ in parts]
        return tuple([_add_scalars(list(zip(signs, row, strict=True))) for row in columns])
    return _add_scalars(parts)


def _add_scalars(parts: Sequence[tuple[int, Value]]) -> Scalar:
    const: int | float = 0
    terms: list[tuple[Atom, float]] = []
    for sign, value in parts:
        if isinstance(value, Expr):
            const += sign * value.const
            terms += [(atom, sign * coef) for atom, coef in value.terms]
        elif isinstance(value, int | float):
            const += sign * value
    return plain(Expr.sum(float(const), terms)) if terms else checked(const)


def _coefficient(value: Value) -> Paulis | float:
    if isinstance(value, Paulis | int | float):
        return value
    raise _no_coefficient(value)


def _coefficient_times(number: float, factor: Paulis | float) -> Value:
    return factor.scaled(number) if isinstance(factor, Paulis) else number * factor


def _no_coefficient(value: Value) -> Exception:
    what = "a vector" if isinstance(value, tuple) else f"`{value!r}`, which depends on a parameter,"
    return error(
        "QS134", f"{what} cannot be a coefficient of an observable: coefficients are numbers"
    )


def _aligned(values: Sequence[Value]) -> list[tuple[Scalar, ...]]:
    """Elements that belong together, scalars repeated. Raises `QS127`."""
    sizes = {len(value) for value in values if isinstance(value, tuple)}
    if len(sizes) != 1:
        found = " and ".join(map(str, sorted(sizes)))
        raise error("QS127", f"vectors of different sizes are combined: {found}")
    (size,) = sizes
    columns = [value if isinstance(value, tuple) else (value,) * size for value in values]
    return list(zip(*columns, strict=True))


def map_scalars(function: Callable[..., Scalar], *values: Value) -> Value:
    """A function of scalars, element by element where there are vectors."""
    if any(isinstance(value, Paulis) for value in values):
        raise error("QS134", "Pauli words can only be added and multiplied")
    if any(isinstance(value, tuple) for value in values):
        return tuple([function(*row) for row in _aligned(values)])
    return function(*values)


def multiply(left: Value, right: Value) -> Value:
    """The product; of observables in this order."""
    if isinstance(left, Paulis) or isinstance(right, Paulis):
        first, second = _coefficient(left), _coefficient(right)
        if not isinstance(first, Paulis):
            return _coefficient_times(first, second)
        return first.times(second) if isinstance(second, Paulis) else first.scaled(second)
    return map_scalars(_multiply, left, right)


def _multiply(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, Expr) or isinstance(right, Expr):
        return plain(_expr(left) * _expr(right))
    return checked(left * right)


def _expr(value: Scalar) -> Expr:
    expr = as_expr(value)
    return Expr() if expr is None else expr


def divide(left: Value, right: Value) -> Value:
    """The quotient. Raises `QS131` for a division by zero."""
    if isinstance(left, Paulis) and isinstance(right, int | float):
        return left.scaled(_divide_number(1.0, right))
    return map_scalars(_divide, left, right)


def _divide(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, Expr) or isinstance(right, Expr):
        if not isinstance(right, Expr) and right == 0:
            raise error("QS131", "division by zero")
        return plain(_expr(left) / _expr(right))
    return _divide_number(left, right)


def _divide_number(left: int | float, right: int | float) -> int | float:
    if right == 0:
        raise error("QS131", "division by zero")
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return checked(left / right)


def modulo(left: Value, right: Value) -> Value:
    """The remainder of numbers, with the sign of the divisor. Raises `QS130`, `QS131`."""
    return map_scalars(_modulo, left, right)


def _modulo(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, Expr) or isinstance(right, Expr):
        raise error("QS130", "`%` needs numbers; an angle that depends on a parameter has none")
    if right == 0:
        raise error("QS131", "division by zero")
    return checked(left % right)


def negate(value: Value) -> Value:
    if isinstance(value, Paulis):
        return value.scaled(-1.0)
    return map_scalars(_negate, value)


def _negate(value: Scalar) -> Scalar:
    return value.scaled(-1.0) if isinstance(value, Expr) else -value


def power(base: Value, exponent: Value) -> Value:
    """Integer powers of integers are integers. Raises `QS131` where there is no real value."""
    return map_scalars(_power, base, exponent)


def _power(base: Scalar, exponent: Scalar) -> Scalar:
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    if whole and isinstance(base, int) and isinstance(exponent, int):
        if abs(base) > 1 and exponent * math.log2(abs(base)) > 53:
            raise error("QS131", "this number is too large")
        return checked(int(base**exponent))
    return plain(call("pow", _expr(base), _expr(exponent)))


def function(name: str, arguments: Sequence[Value]) -> Value:
    """A function by name, which must be known and get as many arguments as it takes."""
    if name in CONSTANT_FUNCTIONS:
        return map_scalars(lambda *numbers: _constant_function(name, numbers), *arguments)
    if name == "abs" and isinstance(arguments[0], int):
        return abs(arguments[0])
    return map_scalars(lambda *scalars: plain(call(name, *map(_expr, scalars))), *arguments)


def _constant_function(name: str, numbers: Sequence[Scalar]) -> Scalar:
    for number in numbers:
        if isinstance(number, Expr):
            raise error("QS130", f"`{name}` needs numbers, but `{number!r}` depends on a parameter")
    return checked(CONSTANT_FUNCTIONS[name][1](*numbers))
