"""Numbers as people type them: `0.3`, `.5`, `-pi/2`, `[0, 3*pi/4]`."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<pi>pi\b)|(?P<sign>[-+*/\[\],]))",
    re.ASCII,
)


def read_numbers(text: str) -> Any:
    """A number or a nested list of numbers: JSON, or products and quotients of numbers and `pi`.

    Raises `ValueError` or `RecursionError` for anything else.
    """
    try:
        return json.loads(text)
    except ValueError:
        return _Reader(text).all()


class _Reader:
    """One pass from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.pos = text.strip(), 0

    def all(self) -> Any:
        value = self.value()
        if self.pos < len(self.text):
            raise self.unexpected()
        return value

    def unexpected(self) -> ValueError:
        return ValueError(f"unexpected {self.text[self.pos :]!r}")

    def take(self, signs: str) -> str:
        """The next token if it is one of these signs, else nothing."""
        match = _TOKEN.match(self.text, self.pos)
        if match is None or not match["sign"] or match["sign"] not in signs:
            return ""
        self.pos = match.end()
        return match["sign"]

    def value(self) -> Any:
        if not self.take("["):
            return self.product()
        parts: list[Any] = []
        while not self.take("]"):
            if parts and not self.take(","):
                raise self.unexpected()
            parts.append(self.value())
        return parts

    def product(self) -> float:
        negative = self.take("+-") == "-"
        result = self.factor()
        while sign := self.take("*/"):
            factor = self.factor()
            if sign == "/" and not factor:
                raise ValueError("division by zero")
            result = result * factor if sign == "*" else result / factor
        return -result if negative else result

    def factor(self) -> float:
        match = _TOKEN.match(self.text, self.pos)
        if match is None or match["sign"]:
            raise self.unexpected()
        self.pos = match.end()
        return math.pi if match["pi"] else float(match["number"])
