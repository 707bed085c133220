"""The types a value can have.

Types are interned: two equal types are the same object, so `is` compares them. `qubit` is the
one linear type; everything the verifier knows about no-cloning follows from that flag.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final


class Type:
    """An element kind and a shape, such as `f64`, `f64[4]`, `f64[2,3]`, `bit` or `qubit`."""

    __slots__ = ("kind", "shape", "text")

    _interned: ClassVar[dict[tuple[str, tuple[int, ...]], Type]] = {}

    kind: str
    """One of `qubit`, `f64`, `bit`, `c128`."""
    shape: tuple[int, ...]
    """Empty for a scalar."""
    text: str
    """How the type is written in IR text."""

    def __new__(cls, kind: str, shape: tuple[int, ...] = ()) -> Type:
        key = (kind, shape)
        found = cls._interned.get(key)
        if found is None:
            found = super().__new__(cls)
            found.kind = kind
            found.shape = shape
            found.text = kind + (f"[{','.join(map(str, shape))}]" if shape else "")
            # Another thread may have been faster.
            found = cls._interned.setdefault(key, found)
        return found

    def __reduce__(self) -> tuple[type[Type], tuple[str, tuple[int, ...]]]:
        return Type, (self.kind, self.shape)

    @property
    def linear(self) -> bool:
        """Whether a value of this type must be consumed exactly once."""
        return self.kind == "qubit"

    @property
    def size(self) -> int:
        """Number of elements; 1 for a scalar."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    def __repr__(self) -> str:
        return self.text


QUBIT: Final = Type("qubit")
F64: Final = Type("f64")
BIT: Final = Type("bit")
C128: Final = Type("c128")

_TYPE_TEXT: Final = re.compile(r"(qubit|f64|bit|c128)(?:\[([0-9]{1,10}(?:,[0-9]{1,10})*)\])?\Z")


def f64(*shape: int) -> Type:
    """A real vector or matrix type; `f64()` is the scalar.

    >>> f64(2, 3)
    f64[2,3]
    """
    return Type("f64", shape)


def parse_type(text: str) -> Type | None:
    """Read a type as it is printed, or `None` when `text` names no type.

    >>> parse_type("f64[4]") is f64(4)
    True
    """
    match = _TYPE_TEXT.match(text)
    if match is None:
        return None
    shape = match[2]
    return Type(match[1], tuple(map(int, shape.split(","))) if shape else ())
