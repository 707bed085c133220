"""Expressions of SymPy to symbols, recognised by structure; SymPy itself is not imported.

Cirq counts angles in half-turns, so its users write `theta/pi`. Powers of pi are counted apart
from other numbers and meet the caller's factor pi as integers, so `theta/pi` times pi is `theta`
exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from q_store.frontends.expr import Expr, call
from q_store.qir.diagnostics import QStoreError, error

Symbol = Callable[[str], Expr]
"""The expression a symbol of this name stands for."""

_ZERO: Final = Expr()

_FUNCTIONS: Final[dict[str, Callable[..., Expr]]] = {
    **{
        name: lambda arg, name=name: call(name, arg)
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp")
    },
    "log": lambda arg, base=None: (
        call("log", arg) if base is None else call("div", call("log", arg), call("log", base))
    ),
    "Abs": lambda arg: call("abs", arg),
    "atan2": lambda y, x: call("atan2", y, x),
    # The angle of a point on the real axis is half a turn per sign.
    "sign": lambda arg: call("atan2", arg, _ZERO).scaled(2 / math.pi),
    "conjugate": lambda arg: arg,
    "re": lambda arg: arg,
    "sec": lambda arg: call("div", Expr(1.0), call("cos", arg)),
    "csc": lambda arg: call("div", Expr(1.0), call("sin", arg)),
    "cot": lambda arg: call("div", Expr(1.0), call("tan", arg)),
}
"""By the name of a SymPy function, of real arguments."""


def expr_of(node: Any, symbol: Symbol, pi_power: int = 0) -> Expr:
    """A SymPy expression times `pi**pi_power`, or a number so multiplied.

    Raises `QS351` for what has no counterpart: complex numbers, piecewise and unknown functions.
    """
    if isinstance(node, int | float):
        return Expr(node * math.pi**pi_power)
    try:
        return _read(node, symbol, pi_power)
    except QStoreError as problem:
        if problem.code != "QS322":
            raise
        raise error("QS351", f"the expression {node} has no finite real value") from problem


def _read(node: Any, symbol: Symbol, pi_power: int) -> Expr:
    if node.is_Symbol:
        return symbol(node.name).scaled(math.pi**pi_power)
    if node.is_number:
        return Expr(_number(node, pi_power))
    if node.is_Add:
        total = _ZERO
        for part in node.args:
            total = total + _read(part, symbol, pi_power)
        return total
    if node.is_Mul:
        return _product(node, symbol, pi_power)
    return _function(node, symbol).scaled(math.pi**pi_power)


def _number(node: Any, pi_power: int) -> float:
    """A number without symbols times a power of pi, rounded once where it is a multiple of pi."""
    if node.is_Mul or _pi_power(node):
        factors = node.args if node.is_Mul else (node,)
        powers = [_pi_power(factor) for factor in factors]
        pi_power += sum(powers)
        number = math.prod(_real(f) for f, power in zip(factors, powers, strict=True) if not power)
    else:
        number = _real(node)
    return number * math.pi**pi_power


def _real(node: Any) -> float:
    value = complex(node)
    if value.imag != 0.0 or not math.isfinite(value.real):
        raise error("QS351", f"the number {node} is not real and finite")
    return value.real


def _pi_power(node: Any) -> int:
    """The exponent when this is an integer power of pi, else 0."""
    if str(node) == "pi":
        return 1
    if node.is_Pow and str(node.base) == "pi" and node.exp.is_Integer:
        return int(node.exp)
    return 0


def _product(node: Any, symbol: Symbol, pi_power: int) -> Expr:
    pi_power += sum(map(_pi_power, node.args))
    rest = [factor for factor in node.args if not _pi_power(factor)]
    numbers = [factor for factor in rest if factor.is_number]
    scale = math.prod(map(_real, numbers)) * math.pi**pi_power
    product = Expr(1.0)
    for factor in rest:
        if not factor.is_number:
            product = product * _read(factor, symbol, 0)
    return product.scaled(scale)


def _function(node: Any, symbol: Symbol) -> Expr:
    if node.is_Pow:
        if str(node.base) == "E":
            return call("exp", _read(node.exp, symbol, 0))
        return call("pow", _read(node.base, symbol, 0), _read(node.exp, symbol, 0))
    name = type(node).__name__
    function = _FUNCTIONS.get(name)
    if function is None:
        raise error(
            "QS351",
            f"the function {name} in the expression {node} is not supported",
            notes=[f"supported: + - * / **, {', '.join(_FUNCTIONS)}"],
        )
    return function(*[_read(arg, symbol, 0) for arg in node.args])


def phase_of(node: Any, symbol: Symbol) -> Expr:
    """The angle t of `exp(I*t)` as SymPy writes it. Raises `QS351` for anything else."""
    exponent = node.args[0] if type(node).__name__ == "exp" else getattr(node, "exp", None)
    base_is_e = type(node).__name__ == "exp" or (node.is_Pow and str(node.base) in _E)
    turned = None if exponent is None else _without_i(exponent)
    if turned is None or not base_is_e:
        raise error("QS351", f"{node} is not of the form exp(I*t) with a real t")
    return expr_of(turned, symbol)


_E: Final = ("E", "2.71828182845905")


def _without_i(node: Any) -> Any:
    """`t` of `I*t`, by dividing one factor I out, or `None`."""
    if str(node) == "I":
        return 1
    if node.is_Add:
        parts = [_without_i(part) for part in node.args]
        return None if None in parts else sum(parts)
    if not node.is_Mul:
        return None
    units = [factor for factor in node.args if str(factor) in ("I", "1.0*I")]
    if len(units) != 1:
        return None
    return node.func(*[factor for factor in node.args if factor is not units[0]])
