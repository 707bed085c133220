"""Names for parameters: what users write angles with.

>>> x, theta = vector("x"), scalar("theta")
>>> 2 * x[0] + theta / 2
2.0*x[0] + 0.5*theta
>>> x[0] * x[1]
x[0]*x[1]
"""

from __future__ import annotations

import re
from typing import Final

from q_store.frontends.arrays import MAX_GROWN, Handle, SymbolArray
from q_store.frontends.expr import Call, Expr, Ref, as_expr, as_number
from q_store.qir.diagnostics import error

__all__ = [
    "Call",
    "Expr",
    "Handle",
    "Ref",
    "SymbolArray",
    "array",
    "as_expr",
    "as_number",
    "check_name",
    "matrix",
    "parse_symbol",
    "scalar",
    "vector",
]

_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
_ELEMENT: Final = re.compile(r"([^\W\d]\w*)((?:\[\s*\d{1,9}\s*(?:,\s*\d{1,9}\s*)*\])*)\Z")


def check_name(name: object) -> str:
    """A usable parameter name. Raises `QS313`."""
    if not isinstance(name, str) or not _NAME.match(name):
        raise error(
            "QS313",
            f"{name!r} is no parameter name",
            help="names are letters, digits and `_`, such as 'theta_1'",
        )
    return name


def scalar(name: str) -> Expr:
    """A scalar parameter, an angle in radians unless you scale it. Raises `QS313`."""
    return Expr.of(Ref(check_name(name)))


def vector(name: str, size: int | None = None) -> Handle:
    """A vector of parameters; without a size it grows by the largest index used."""
    return array(name, None if size is None else (size,))


def matrix(name: str, rows: int | None = None, columns: int | None = None) -> Handle:
    """A matrix of parameters, `w[row, column]` or `w[row][column]`."""
    if rows is None or columns is None:
        return array(name, None)
    return array(name, (rows, columns))


def array(name: str, shape: tuple[int, ...] | None) -> Handle:
    """An array of parameters of any shape. Raises `QS313`, or `QS317` for a bad shape."""
    for extent in shape or ():
        if isinstance(extent, bool) or not isinstance(extent, int) or extent < 1:
            raise error("QS317", f"the shape of `{name}` must be positive integers, got {shape}")
    return Handle(check_name(name), shape)


def parse_symbol(text: str) -> Expr:
    """The scalar `"theta"` or the element `"w[3]"`, `"w[1,2]"`, `"w[1][2]"`. Raises `QS313`."""
    match = _ELEMENT.match(text.strip())
    if match is None:
        raise error(
            "QS313",
            f"{text!r} names no parameter",
            help="write 'theta', 'w[3]' or 'w[1,2]'; for arithmetic use symbols: "
            "`2*q_store.scalar('theta')`",
        )
    index = tuple(map(int, re.findall(r"\d+", match[2])))
    if max(index, default=0) >= MAX_GROWN:
        raise error("QS315", f"the index in {text!r} is too large (at most {MAX_GROWN - 1})")
    return Expr.of(Ref(match[1], index))
