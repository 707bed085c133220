"""Qiskit's parameter expressions as symbols, operation by operation.

An expression carries the operations it was made by, which is what QPY files hold too. Operands
that are `None` come from a stack. (Its `sympify` cannot write a number to the power of a symbol.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from q_store.frontends.expr import Expr, call
from q_store.qir.diagnostics import QStoreError, error

_ZERO: Final = Expr()

_BINARY: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": lambda a, b: call("div", a, b),
    "POW": lambda a, b: call("pow", a, b),
    "RSUB": lambda a, b: b - a,
    "RDIV": lambda a, b: call("div", b, a),
    "RPOW": lambda a, b: call("pow", b, a),
}

_UNARY: Final[dict[str, Callable[[Expr], Expr]]] = {
    "SIN": lambda a: call("sin", a),
    "COS": lambda a: call("cos", a),
    "TAN": lambda a: call("tan", a),
    "ASIN": lambda a: call("asin", a),
    "ACOS": lambda a: call("acos", a),
    "ATAN": lambda a: call("atan", a),
    "EXP": lambda a: call("exp", a),
    "LOG": lambda a: call("log", a),
    "ABS": lambda a: call("abs", a),
    "CONJ": lambda a: a,
    # The angle of a point on the real axis is half a turn per sign.
    "SIGN": lambda a: call("atan2", a, _ZERO).scaled(2 / math.pi),
}


def expr_of(expression: Any, symbol: Callable[[Any], Expr]) -> Expr:
    """A real expression of parameters; `symbol` gives the expression of one parameter.

    Raises `QS351` for complex numbers and for what has no finite real value.
    """
    stack: list[Expr] = []
    try:
        for operation in expression._qpy_replay:
            _apply(operation, stack, symbol, expression)
    except QStoreError as problem:
        if problem.code != "QS322":
            raise
        raise error("QS351", f"the expression {expression} has no finite real value") from problem
    return stack.pop()


def _apply(operation: Any, stack: list[Expr], symbol: Callable[[Any], Expr], whole: Any) -> None:
    name = str(operation.op).rpartition(".")[2]
    if name in _BINARY:
        right = _operand(operation.rhs, stack, symbol, whole)
        left = _operand(operation.lhs, stack, symbol, whole)
        stack.append(_BINARY[name](left, right))
    elif name in _UNARY:
        stack.append(_UNARY[name](_operand(operation.lhs, stack, symbol, whole)))
    else:
        raise error("QS351", f"the operation {name} in the expression {whole} is not understood")


def _operand(item: Any, stack: list[Expr], symbol: Callable[[Any], Expr], whole: Any) -> Expr:
    if item is None:
        return stack.pop()
    if isinstance(item, complex):
        if item.imag:
            raise error("QS351", f"the number {item} in the expression {whole} is not real")
        return Expr(item.real)
    return Expr(float(item)) if isinstance(item, int | float) else symbol(item)
