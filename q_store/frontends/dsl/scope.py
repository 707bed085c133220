"""Names and what they stand for while a program is lowered, and how much it may still unroll."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from q_store.frontends.dsl.syntax import Node
from q_store.frontends.expr import Expr, Ref
from q_store.qir.diagnostics import error
from q_store.qir.location import SourceText

MAX_STEPS: Final = 1_000_000
"""Gates, turns of loops, elements of vectors and terms of sums a program may unroll to."""

Scalar = int | float | Expr
"""Integers stay integers, so that they can be indices; an `Expr` depends on parameters."""


class Poisoned(Exception):
    """What is wrong has been said where the name that is used here was declared."""


@dataclass(frozen=True, slots=True)
class Register:
    """Consecutive qubits."""

    first: int
    size: int


@dataclass(frozen=True)
class Array:
    """A parameter with a shape."""

    name: str
    shape: tuple[int, ...]

    def element(self, *index: int) -> Expr:
        return Expr.of(Ref(self.name, index, self.shape))

    @cached_property
    def vector(self) -> tuple[Expr, ...]:
        """All elements of a one-dimensional parameter."""
        return tuple([self.element(i) for i in range(self.shape[0])])


Binding = Scalar | tuple[Scalar, ...] | Register | Array | None
"""What a name stands for; `None` where its declaration failed."""


class Scope:
    """Two levels: names of the circuit, and names of the loops or of the gate around a statement.

    A gate sees its own names and those names of the circuit that are older than the gate.
    """

    def __init__(self) -> None:
        self.globals: dict[str, Binding] = {}
        self.locals: dict[str, Binding] = {}
        self.declared: dict[str, Node] = {}
        """Where each name of the circuit was declared."""
        self._births: dict[str, int] = {}
        self.horizon: int | None = None
        """Inside a gate: how many names of the circuit it sees."""

    @property
    def age(self) -> int:
        """How many names of the circuit there are."""
        return len(self._births)

    def declare(self, name: str, value: Binding, node: Node) -> None:
        """A new name of the circuit."""
        self.globals[name] = value
        self.declared[name] = node
        self._births.setdefault(name, len(self._births))

    def __contains__(self, name: str) -> bool:
        if name in self.locals:
            return True
        return name in self.globals and self._visible(name)

    def __getitem__(self, name: str) -> Binding:
        """Raises `KeyError` for a name that is not visible and `Poisoned` for a broken one."""
        try:
            value = self.locals[name]
        except KeyError:
            value = self.globals[name]
            if value is not None and not self._visible(name):
                raise
        if value is None:
            raise Poisoned(name)
        return value

    def _visible(self, name: str) -> bool:
        return self.horizon is None or self._births.get(name, 0) < self.horizon

    def names(self, kind: type | tuple[type, ...] = object) -> Iterator[str]:
        """Visible names of some kind, for suggestions."""
        for names in (self.globals, self.locals):
            for name, value in names.items():
                if value is not None and isinstance(value, kind) and name in self:
                    yield name


class Budget:
    """Counts what a program unrolls to."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.left = MAX_STEPS

    def spend(self, count: int, node: Node) -> None:
        """Raises `QS132` when the program does more than it may."""
        if count > self.left:
            raise error(
                "QS132",
                f"the program unrolls to more than {MAX_STEPS} steps, turns of loops and elements",
                span=self.source.span(node.start, node.end),
                help="make the circuit in Python, or shorter",
            )
        self.left -= count
