"""Qiskit's parameter expressions as symbols, operation by operation.

An expression carries the operations it was made by, which is what QPY files hold too. Operands
that are `None` come from a stack. (Its `sympify` cannot write a number to the power of a symbol.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from q_store.frontends.expr import Atom, Expr, call
from q_store.qir.diagnostics import QStoreError, error

_FUNCTIONS: Final[dict[str, Callable[..., Expr]]] = {
    "DIV": lambda a, b: call("div", a, b),
    "POW": lambda a, b: call("pow", a, b),
    "RDIV": lambda a, b: call("div", b, a),
    "RPOW": lambda a, b: call("pow", b, a),
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
    "SIGN": lambda a: call("atan2", a, Expr()).scaled(2 / math.pi),
}
_BINARY: Final = ("DIV", "POW", "RDIV", "RPOW")


class _Sum:
    """An affine form under construction; global phases add thousands of terms one by one."""

    __slots__ = ("const", "terms")

    def __init__(self, const: float = 0.0, terms: dict[Atom, float] | None = None) -> None:
        self.const = const
        self.terms = {} if terms is None else terms

    def scaled(self, factor: float) -> _Sum:
        terms = {atom: coef * factor for atom, coef in self.terms.items()}
        return _Sum(self.const * factor, terms)

    def plus(self, other: _Sum) -> _Sum:
        """This sum, which is changed, or the other one if that is longer."""
        if len(other.terms) > len(self.terms):
            return other.plus(self)
        self.const += other.const
        for atom, coef in other.terms.items():
            self.terms[atom] = self.terms.get(atom, 0.0) + coef
        return self

    def expr(self) -> Expr:
        return Expr(self.const, tuple([term for term in self.terms.items() if term[1] != 0.0]))


def expr_of(expression: Any, symbol: Callable[[Any], Expr]) -> Expr:
    """A real expression of parameters; `symbol` gives the expression of one parameter.

    Raises `QS351` for complex numbers and for what has no finite real value.
    """
    replay = _Replay(expression, symbol)
    try:
        for operation in expression._qpy_replay:
            replay.apply(operation)
        return replay.stack.pop().expr()
    except QStoreError as problem:
        if problem.code not in ("QS307", "QS322"):
            raise
        raise error("QS351", f"the expression {expression} has no finite real value") from problem


class _Replay:
    def __init__(self, expression: Any, symbol: Callable[[Any], Expr]) -> None:
        self.expression, self.symbol = expression, symbol
        self.stack: list[_Sum] = []

    def apply(self, operation: Any) -> None:
        name = str(operation.op).rpartition(".")[2]
        if name in ("ADD", "SUB", "RSUB", "MUL") or name in _BINARY:
            right, left = self.operand(operation.rhs), self.operand(operation.lhs)
            self.stack.append(self.combined(name, left, right))
        elif name in _FUNCTIONS:
            self.call(name, self.operand(operation.lhs))
        else:
            raise error(
                "QS351", f"the operation {name} in the expression {self.expression} is unknown"
            )

    def combined(self, name: str, left: _Sum, right: _Sum) -> _Sum:
        if name == "ADD":
            return left.plus(right)
        if name == "SUB":
            return left.plus(right.scaled(-1.0))
        if name == "RSUB":
            return right.plus(left.scaled(-1.0))
        if name == "MUL" and not right.terms:
            return left.scaled(right.const)
        if name == "MUL" and not left.terms:
            return right.scaled(left.const)
        if name == "MUL":
            return _sum(left.expr() * right.expr())
        return _sum(_FUNCTIONS[name](left.expr(), right.expr()))

    def call(self, name: str, argument: _Sum) -> None:
        self.stack.append(_sum(_FUNCTIONS[name](argument.expr())))

    def operand(self, item: Any) -> _Sum:
        """What an operand stands for; `None` takes the top of the stack."""
        if item is None:
            return self.stack.pop()
        if isinstance(item, complex):
            if item.imag:
                raise error(
                    "QS351", f"the number {item} in the expression {self.expression} is not real"
                )
            return _Sum(item.real)
        if isinstance(item, int | float):
            return _Sum(float(item))
        return _sum(self.symbol(item))


def _sum(found: Expr) -> _Sum:
    return _Sum(found.const, dict(found.terms))
