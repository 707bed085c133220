"""Numbers, expressions and names as OpenQASM writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from math import pi
from typing import Any, Final

_DIVISORS: Final = (1, 2, 3, 4, 6, 8, 16)
_LONG: Final = 100
"""Characters of an expression that is given a name before it is used."""
_MANY: Final = 40
"""Terms of a sum that is given a name: parsers nest once for each."""

_WORDS: Final = """
    OPENQASM include gate def qubit qreg bit creg input output const let if else for while in
    switch case default measure reset barrier box delay return end break continue int uint float
    angle bool complex array duration stretch extern opaque inv ctrl negctrl pow gphase defcal cal
    defcalgrammar pragma mutable readonly durationof sizeof im true false void mod popcount sqrt
    sin cos tan exp log ln ceiling floor rotl rotr arcsin arccos arctan pi tau euler nop U CX
    p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu phase cphase id
    u1 u2 u3 u0 u cu1 cu3
"""
RESERVED: Final = frozenset(_WORDS.split())
"""Words that no name of a program may be: keywords, functions, and gates of both libraries."""


def number(value: float) -> str:
    """A number that reads back as the same float: a multiple of pi, or digits without an exponent,
    which some readers do not know.

    >>> number(1e-05), number(2.0), number(-3 * pi / 4)
    ('0.00001', '2.0', '-3*pi/4')
    """
    if value != 0.0 and abs(value) < 100.0:
        for divisor in _DIVISORS:
            count = round(value * divisor / pi)
            if count and count * pi / divisor == value:
                return _multiple(count, divisor)
    text = repr(float(value))
    if "e" not in text:
        return text
    plain = format(Decimal(text), "f")
    return plain if "." in plain else f"{plain}.0"


def _multiple(count: int, divisor: int) -> str:
    factor = {1: "pi", -1: "-pi"}.get(count, f"{count}*pi")
    return factor if divisor == 1 else f"{factor}/{divisor}"


@dataclass(frozen=True, slots=True)
class Text:
    """An expression's text, and what is needed to put it into a larger one."""

    text: str
    level: int = 2
    """0 for a sum or a sign, 1 for a product, 2 for what needs no parentheses anywhere."""
    terms: int = 1
    shorten: Callable[[Text], Text] | None = None
    """Gives a long text a name."""

    def inside(self, level: int) -> str:
        """The text as an operand of an operator of a level."""
        return self.text if self.level >= level else f"({self.text})"

    def __mul__(self, factor: float) -> Text:
        if factor == -1:
            return self._like(f"-{self.inside(1)}", 0)
        shown = number(float(factor))
        return self._like(f"{shown}*{self.inside(2)}", 0 if factor < 0 else 1)

    def _like(self, text: str, level: int, terms: int = 1) -> Text:
        return Text(text, level, terms, self.shorten)

    def __add__(self, other: Text | float) -> Text:
        part = other if isinstance(other, Text) else _constant(other)
        sign, rest = (" - ", part.text[1:]) if part.text.startswith("-") else (" + ", part.text)
        left = self.shorten(self) if self.shorten and self.terms >= _MANY else self
        return self._like(f"{left.text}{sign}{rest}", 0, left.terms + part.terms)


def _constant(value: float) -> Text:
    shown = number(value)
    return Text(shown, 0 if shown.startswith("-") else 1 if "*" in shown or "/" in shown else 2)


def as_text(item: Text | float) -> Text:
    """The text of an expression or a number."""
    return item if isinstance(item, Text) else _constant(item)


def _call(name: str) -> Callable[..., Text]:
    return lambda *args: Text(f"{name}({', '.join(as_text(arg).text for arg in args)})")


def _operator(sign: str, right: int = 2) -> Callable[[Any, Any], Text]:
    return lambda a, b: Text(f"{as_text(a).inside(2)}{sign}{as_text(b).inside(right)}", 1)


def _hyperbolic(pattern: str) -> Callable[[Any], Text]:
    return lambda a: Text("(" + pattern.replace("?", as_text(a).inside(2)) + ")")


def _atan2(y: Any, x: Any) -> Text:
    """The half-angle form, which has no value on the negative real axis."""
    v, u = as_text(y).inside(2), as_text(x).inside(2)
    return Text(f"2.0*arctan({v}/(sqrt({u}*{u} + {v}*{v}) + {u}))", 1)


FUNCTIONS: Final[dict[str, Callable[..., Text]]] = {
    **{name: _call(name) for name in ("sin", "cos", "tan", "exp", "log", "sqrt")},
    **{name: _call(f"arc{name[1:]}") for name in ("asin", "acos", "atan")},
    "sinh": _hyperbolic("exp(?)/2.0 - exp(-?)/2.0"),
    "cosh": _hyperbolic("exp(?)/2.0 + exp(-?)/2.0"),
    "tanh": _hyperbolic("1.0 - 2.0/(exp(2.0*?) + 1.0)"),
    "abs": _hyperbolic("sqrt(?*?)"),
    "mul": _operator("*"),
    "div": _operator("/"),
    "pow": _operator("**"),
    "atan2": _atan2,
}
"""Every `f.*` op in OpenQASM 3's functions; where it has none, an equal expression."""

_SAME: Final = "sin cos tan asin acos atan sinh cosh tanh exp log sqrt atan2 pow"
_NUMERIC: Final[dict[str, Callable[..., float]]] = {
    **{name: getattr(math, name) for name in _SAME.split()},
    "abs": abs,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}


class Definitions:
    """Functions that give long results a name, so that shared parts are written once."""

    def __init__(self, names: GivenNames) -> None:
        self.lines: list[str] = []
        self._names = names
        self.functions = {name: self._defining(name, make) for name, make in FUNCTIONS.items()}

    def short(self, text: Text) -> Text:
        """The text, or a name for it when it is long."""
        if len(text.text) <= _LONG and text.terms < _MANY:
            return text
        name = self._names.free("t")
        self.lines.append(f"float[64] {name} = {text.text};")
        return Text(name, shorten=self.short)

    def _defining(self, name: str, make: Callable[..., Text]) -> Callable[..., Text | float]:
        def write(*args: Text | float) -> Text | float:
            if not any(isinstance(arg, Text) for arg in args):
                return _NUMERIC[name](*args)
            made = make(*[self.short(arg) if isinstance(arg, Text) else arg for arg in args])
            return self.short(replace(made, shorten=self.short))

        return write


class GivenNames:
    """Names of a program, each given once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(RESERVED) | set(taken)

    def free(self, wish: str) -> str:
        """A name like the wish that nothing else has."""
        base = re.sub(r"\W", "_", wish) or "v"
        base = base if not base[0].isdigit() else f"v{base}"
        name, count = base, 0
        while name in self._taken:
            count += 1
            name = f"{base}_{count}" if count > 1 else f"{base}_"
        self._taken.add(name)
        return name
