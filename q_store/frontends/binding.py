"""Putting numbers and expressions in the place of parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

from q_store.frontends.expr import Call, Expr, Ref, as_expr, as_number
from q_store.frontends.instruction import StoredAngle
from q_store.frontends.parameters import Parameter, ParameterTable
from q_store.frontends.symbols import parse_symbol
from q_store.qir.diagnostics import did_you_mean, error


class Binding:
    """Checked values for some parameters of a table."""

    def __init__(self, table: ParameterTable, values: Mapping[str, Any]) -> None:
        """Raises `QS320` for an unknown name, `QS321` for a value that does not fit, `QS307`."""
        self._table = table
        self._images: dict[tuple[str, tuple[int, ...]], Expr] = {}
        self._memo: dict[Call, Expr] = {}
        whole = set()
        for name, value in values.items():
            if name in table:
                self._bind(table[name], value)
                whole.add(name)
            else:
                self._bind_element(name, value)
        self.remaining = ParameterTable([entry for entry in table if entry.name not in whole])
        self.remaining.note(self._images.values())

    def angle(self, angle: StoredAngle) -> StoredAngle:
        """The angle with its values put in; a number when nothing symbolic is left."""
        if not isinstance(angle, Expr):
            return angle
        bound = angle.substitute(self._image, self._memo)
        return bound if bound.terms else bound.const

    def _image(self, ref: Ref) -> Expr | None:
        return self._images.get((ref.name, ref.indices))

    def _bind(self, entry: Parameter, value: Any) -> None:
        for index in product(*map(range, entry.shape)):
            part = value
            for depth, position in enumerate(index):
                self._check_length(entry, part, depth)
                part = part[position]
            self._images[entry.name, index] = _number(repr(Ref(entry.name, index)), part)

    def _check_length(self, entry: Parameter, part: Any, depth: int) -> None:
        wanted = entry.shape[depth]
        is_sequence = hasattr(part, "__len__") and hasattr(part, "__getitem__")
        got = len(part) if is_sequence and not isinstance(part, str | Mapping) else None
        if got != wanted:
            raise error(
                "QS321",
                f"`{entry.name}` has shape {entry.shape}: expected {wanted} values"
                + (f" in dimension {depth}" if depth else "")
                + (f", got {got}" if got is not None else f", got {part!r}"),
            )

    def _bind_element(self, name: object, value: Any) -> None:
        ref = _ref(name)
        entry = self._table[ref.name] if ref and ref.name in self._table else None
        if ref is None or entry is None:
            known = self._table.names
            raise error(
                "QS320",
                f"the circuit has no parameter {name!r}",
                notes=[f"parameters: {', '.join(known) or 'none'}"],
                help=did_you_mean(str(name), known),
            )
        inside = len(ref.indices) == len(entry.shape) and all(
            i < extent for i, extent in zip(ref.indices, entry.shape, strict=True)
        )
        if not inside:
            raise error("QS320", f"{name!r} is out of range: `{ref.name}` has shape {entry.shape}")
        self._images[ref.name, ref.indices] = _number(str(name), value)


def _ref(name: object) -> Ref | None:
    if not isinstance(name, str) or "[" not in name:
        return None
    atom = parse_symbol(name).terms[0][0]
    return atom if isinstance(atom, Ref) else None


def _number(name: str, value: object) -> Expr:
    number = as_number(value)
    if number is not None and not math.isfinite(number):
        raise error("QS307", f"the value of `{name}` is {number}, not finite")
    expr = as_expr(value)
    if expr is None:
        several = isinstance(value, list | tuple) or hasattr(value, "shape")
        got = "several values" if several else repr(value)
        raise error("QS321", f"the value of `{name}` must be a number or an expression, got {got}")
    return expr
