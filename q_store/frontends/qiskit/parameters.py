"""Qiskit's parameters and parameter expressions as symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, Final

from qiskit.circuit import (
    Parameter,
    ParameterExpression,
    ParameterVector,
    ParameterVectorElement,
)

from q_store.frontends.arrays import MAX_GROWN
from q_store.frontends.expr import Expr, Ref
from q_store.frontends.names import Names
from q_store.frontends.parameters import ParameterTable
from q_store.frontends.qiskit.expressions import expr_of
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Role

_ELEMENT: Final = re.compile(r"([^\W\d]\w*)((?:\[\d{1,9}(?:,\d{1,9})*\])+)\Z")


class Symbols:
    """What each parameter of a circuit is called here, and its expressions.

    A `ParameterVector` becomes a vector of its length. A loose parameter named `w[3]` or `w[1,2]`
    becomes an element of `w`. Other names are made fit: letters, digits and `_`.
    """

    def __init__(self, parameters: Iterable[Any], inputs: Iterable[Any] | None) -> None:
        """Parameters are declared in Qiskit's order. Raises `QS352` for an unknown input."""
        self.table = ParameterTable()
        self._names = Names()
        self._exprs: dict[Any, Expr] = {}
        for parameter in parameters:
            self.of(parameter)
        if inputs is not None:
            self._declare_roles(inputs)

    def of(self, parameter: Any) -> Expr:
        """The symbol of a parameter, new at its first appearance."""
        known = self._exprs.get(parameter)
        if known is None:
            ref = self._ref(parameter)
            known = self._exprs[parameter] = Expr.of(ref)
            self.table.note([known])
        return known

    def _ref(self, parameter: Any) -> Ref:
        if isinstance(parameter, ParameterVectorElement):
            name = self._names.of(("vector", parameter.vector.name), parameter.vector.name)
            shape = (len(parameter.vector),)
            if name in self.table and self.table[name].shape != shape:
                name = self._names.of(parameter.vector, name)
            return Ref(name, (parameter.index,), shape)
        match = _ELEMENT.match(parameter.name)
        index = tuple(map(int, re.findall(r"\d+", match[2]))) if match else ()
        if match and max(index) < MAX_GROWN:
            name = self._names.of(("loose", match[1], len(index)), match[1])
            return Ref(name, index)
        return Ref(self._names.of(parameter, parameter.name))

    def angle(self, value: Any) -> Expr | float:
        """An angle in radians from a number or an expression. Raises `QS351`."""
        if isinstance(value, float | int):
            return self._number(value)
        if isinstance(value, Parameter):
            return self.of(value)
        if not isinstance(value, ParameterExpression):
            return self._number(value)
        found = expr_of(value, self.of)
        return found if found.terms else found.const

    def _number(self, value: Any) -> float:
        try:
            number = complex(value)
        except (TypeError, ValueError) as problem:
            raise error("QS351", f"{value!r} is no angle") from problem
        if number.imag:
            raise error("QS351", f"the angle {value!r} is not real")
        if not isfinite(number.real):
            raise error("QS307", f"the angle {value!r} is not finite")
        return number.real

    def _declare_roles(self, inputs: Iterable[Any]) -> None:
        data = set()
        for item in [inputs] if isinstance(inputs, str | ParameterVector | Parameter) else inputs:
            data.add(self._input_name(item))
        for entry in list(self.table):
            role: Role = "input" if entry.name in data else "weight"
            self.table.declare(entry.name, entry.shape, role)

    def _input_name(self, item: Any) -> str:
        if isinstance(item, ParameterVector):
            item = item.name
        elif isinstance(item, Parameter) and item in self._exprs:
            atom = self._exprs[item].terms[0][0]
            item = atom.name if isinstance(atom, Ref) else item
        if str(item) not in self.table:
            raise error(
                "QS352",
                f"`inputs` names {str(item)!r}, which is no parameter of the circuit",
                notes=[f"parameters: {', '.join(self.table.names) or 'none'}"],
                help=did_you_mean(str(item), self.table.names),
            )
        return str(item)
