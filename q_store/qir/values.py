"""Values: what ops consume and define.

A value is its identity. It has a type and a name hint for the printer, but no owner and no use
list: those are questions about one function, and a value may be shared by several versions of it.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from q_store.qir.types import Type

_serial: Final = count()


class Value:
    """One SSA value, compared and hashed by identity."""

    __slots__ = ("name", "serial", "type")

    type: Type
    name: str
    """A hint for the printer, which adds version numbers; need not be unique."""
    serial: int
    """Creation order; gives the terms of an angle a stable order within a process."""

    def __init__(self, type: Type, name: str = "") -> None:
        self.type = type
        self.name = name
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"%{self.name or '?'}: {self.type}"

    def __getstate__(self) -> tuple[Type, str]:
        return (self.type, self.name)

    def __setstate__(self, state: tuple[Type, str]) -> None:
        self.type, self.name = state
        self.serial = next(_serial)
