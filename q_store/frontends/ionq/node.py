"""A value of a JSON document with its place, so that every error can name it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from q_store.qir.diagnostics import QStoreError, did_you_mean, error


def malformed(path: str, what: str, help: str = "") -> QStoreError:
    """`QS735` at a place."""
    return error("QS735", f"{path}: {what}", help=help)


@dataclass(frozen=True, slots=True)
class Node:
    """One value. `get` and `items` lead to its parts; the other methods say what it is."""

    value: Any
    path: str
    strict: bool = False

    def get(self, key: str) -> Node:
        """A part of an object; the value of one that is absent is `None`."""
        return Node(self.value.get(key), f"{self.path}.{key}", self.strict)

    def need(self, key: str) -> Node:
        """A part that must be there."""
        found = self.get(key)
        if found.value is None:
            raise malformed(self.path, f"`{key}` is missing", did_you_mean(key, self.value))
        return found

    def __bool__(self) -> bool:
        return self.value is not None

    def fail(self, what: str, help: str = "") -> QStoreError:
        """`QS735` about this value."""
        return malformed(self.path, what, help)

    def deviates(self, what: str) -> None:
        """`QS736` where the published format is asked for."""
        if self.strict:
            raise error("QS736", f"{self.path}: {what}")

    def known(self, keys: Iterable[str]) -> None:
        """Keys beside these deviate."""
        for key in self.value.keys() - set(keys):
            Node(None, f"{self.path}.{key}", self.strict).deviates("the format has no such field")

    def object(self) -> Node:
        if not isinstance(self.value, Mapping):
            raise self.fail(f"expected an object, got {shown(self.value)}")
        return self

    def items(self) -> Iterator[Node]:
        """The parts of a list."""
        if not isinstance(self.value, list | tuple):
            raise self.fail(f"expected a list, got {shown(self.value)}")
        for i, part in enumerate(self.value):
            yield Node(part, f"{self.path}[{i}]", self.strict)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail(f"expected a text, got {shown(self.value)}")
        return self.value

    def number(self) -> float:
        """A finite number."""
        value = self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not _is_finite(value):
            raise self.fail(f"expected a number, got {shown(value)}")
        return float(value)

    def integer(self, low: int, high: int) -> int:
        """A whole number in a range, its ends included."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(f"expected a whole number, got {shown(value)}")
        if not low <= value <= high:
            raise self.fail(f"expected a number from {low} to {high}, got {shown(value)}")
        return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def shown(value: object) -> str:
    """A value for a message, long ones cut."""
    if isinstance(value, int) and value.bit_length() > 200:
        return "an integer of many digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
