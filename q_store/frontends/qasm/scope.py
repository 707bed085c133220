"""What names stand for while a program is carried out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from q_store.frontends.expr import Expr
from q_store.frontends.qasm.limits import MAX_INTEGER

Cell = int | str | None
"""One classical bit: a known bit, the name of a measured one, or `None` where it depends on the
way a condition went."""


@dataclass(slots=True)
class Qubits:
    """Wires of a register, of a part of it, or of one qubit."""

    wires: tuple[int, ...]
    whole: bool = True
    """Whether a gate is repeated over them; `False` for a single qubit."""


@dataclass(slots=True)
class Bits:
    """Classical bits, the first the least significant."""

    cells: list[Cell]
    whole: bool = True
    """`False` for a single bit, declared without a size."""


@dataclass(slots=True)
class Variable:
    """A classical name that is no bit register."""

    value: Any
    """An int, float, bool or `Expr`, a nested list of them, or `None` before it is assigned."""
    kind: str
    """`int`, `uint`, `float`, `angle`, `bool`, `array`."""
    width: int | None = None
    """Bits of an integer type that has a size."""
    constant: bool = False
    level: int = 0
    """How many undecided conditions surround the declaration."""

    def fitted(self, value: Any) -> Any:
        """An integer as this type keeps it, others unchanged."""
        if self.kind not in ("int", "uint") or not isinstance(value, int) or not self.width:
            return value
        value &= (1 << self.width) - 1
        negative = self.kind == "int" and value >> (self.width - 1)
        return value - (1 << self.width) if negative else value


Meaning = Qubits | Bits | Variable

MAX_WIDTH: Final = MAX_INTEGER.bit_length() - 1


class NeedsBit(Exception):
    """A value depends on a measured bit whose value is not assumed."""

    def __init__(self, bit: str) -> None:
        super().__init__(bit)
        self.bit = bit


@dataclass
class Scopes:
    """Nested blocks; a subroutine or gate sees its own and the outermost one."""

    blocks: list[dict[str, Meaning]] = field(default_factory=lambda: [{}])
    assumed: dict[str, int] = field(default_factory=dict)
    """Measured bits whose values are given where the program is now."""

    def find(self, name: str) -> Meaning | None:
        for block in reversed(self.blocks):
            found = block.get(name)
            if found is not None:
                return found
        return None

    def names(self) -> Iterator[str]:
        for block in self.blocks:
            yield from block

    @contextmanager
    def block(self) -> Iterator[dict[str, Meaning]]:
        """A block inside the current one."""
        self.blocks.append({})
        try:
            yield self.blocks[-1]
        finally:
            self.blocks.pop()

    @contextmanager
    def apart(self, inner: dict[str, Meaning]) -> Iterator[None]:
        """The body of a gate or subroutine, with its arguments."""
        outer, self.blocks = self.blocks, [self.blocks[0], inner]
        try:
            yield
        finally:
            self.blocks = outer

    def bit(self, cell: str) -> int:
        """The value of a measured bit. Raises `NeedsBit`."""
        if cell not in self.assumed:
            raise NeedsBit(cell)
        return self.assumed[cell]


Number = int | float | bool | Expr
