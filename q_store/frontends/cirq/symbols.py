"""Symbols of Cirq circuits: names are all they have, in order of first appearance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from q_store.frontends.arrays import MAX_GROWN
from q_store.frontends.expr import Expr, Ref
from q_store.frontends.names import Names
from q_store.frontends.parameters import ParameterTable
from q_store.frontends.sympy_reader import expr_of
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Role

_ELEMENT: Final = re.compile(r"([^\W\d]\w*)\[(\d{1,9}(?:,\s*\d{1,9})*)\]\Z")


class Symbols:
    """Angles of Cirq's numbers and SymPy expressions. `w[3]` and `w[1,2]` are elements of `w`."""

    def __init__(self) -> None:
        self.table = ParameterTable()
        self._names = Names()
        self._exprs: dict[str, Expr] = {}

    def __call__(self, value: Any, pi_power: int = 0) -> Expr | float:
        """`value * pi**pi_power`. Raises `QS351` for an expression without a counterpart."""
        if hasattr(value, "free_symbols"):
            found = expr_of(value, self.symbol, pi_power)
            return found if found.terms else found.const
        try:
            number = complex(value)
        except (TypeError, ValueError) as problem:
            raise error("QS351", f"{value!r} is no angle") from problem
        if number.imag:
            raise error("QS351", f"the angle {value!r} is not real")
        return expr_of(number.real, self.symbol, pi_power).const

    def symbol(self, name: str) -> Expr:
        """The symbol of this name, new at its first appearance."""
        known = self._exprs.get(name)
        if known is None:
            known = self._exprs[name] = Expr.of(self._ref(name))
            self.table.note([known])
        return known

    def _ref(self, name: str) -> Ref:
        match = _ELEMENT.match(name)
        index = tuple(map(int, match[2].split(","))) if match else ()
        if match and max(index) < MAX_GROWN:
            return Ref(self._names.of(("array", match[1], len(index)), match[1]), index)
        return Ref(self._names.of(name, name))

    def declare(self, name: str, shape: tuple[int, ...], role: Role) -> None:
        """A parameter that is known before its uses."""
        key = ("array", name, len(shape)) if shape else name
        self.table.declare(self._names.of(key, name), shape, role)

    def declare_roles(self, inputs: Iterable[Any]) -> None:
        """Inputs are these, weights all others. Raises `QS352` for an unknown name."""
        data = [str(item) for item in ([inputs] if isinstance(inputs, str) else inputs)]
        for name in data:
            if name not in self.table:
                raise error(
                    "QS352",
                    f"`inputs` names {name!r}, which is no parameter of the circuit",
                    notes=[f"parameters: {', '.join(self.table.names) or 'none'}"],
                    help=did_you_mean(name, self.table.names),
                )
        for entry in list(self.table):
            self.table.declare(entry.name, entry.shape, "input" if entry.name in data else "weight")
