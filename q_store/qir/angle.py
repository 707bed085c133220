"""Angles: the only symbolic numbers gates see.

An angle is an affine form `const + sum(coef * ref)` in radians, where a ref is a scalar `f64`
value or one element of a vector or matrix value. The class is closed under everything a compiler
does to angles: negation (inverse), addition (merging), scaling (decomposition), adding a constant
(parameter shift). Anything else is computed by an `f.*` op, which defines a fresh scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Union

from q_store.qir.values import Value

Ref = tuple[Value, tuple[int, ...]]
"""A scalar value with `()`, or a vector or matrix value with the index of one element."""

AngleLike = Union["Angle", float, int]


def _order(term: tuple[Ref, float]) -> tuple[int, tuple[int, ...]]:
    (value, index), _ = term
    return (value.serial, index)


class Angle:
    """A frozen affine form in radians; supports `+ - *` with angles and real numbers.

    >>> from q_store.qir.types import f64
    >>> x = Value(f64(2), "x")
    >>> 2 * Angle.of(x, 0) + 0.5 - Angle.of(x, 0)
    %x[0] + 0.5
    """

    __slots__ = ("_hash", "const", "terms")

    const: float
    terms: tuple[tuple[Ref, float], ...]
    """Refs in creation order with non-zero coefficients."""

    def __init__(self, const: float = 0.0, terms: tuple[tuple[Ref, float], ...] = ()) -> None:
        """Build from canonical parts; use `Angle.of` and arithmetic to make new forms."""
        self.const = const
        self.terms = terms
        self._hash: int | None = None

    @staticmethod
    def of(value: Value, *index: int) -> Angle:
        """The angle that is exactly one scalar value, or one element of an array value."""
        return Angle(0.0, (((value, index), 1.0),))

    @staticmethod
    def sum(const: float, terms: Iterable[tuple[Ref, float]]) -> Angle:
        """An angle from terms in any order, equal refs added, zero coefficients dropped."""
        merged: dict[Ref, float] = {}
        for ref, coef in terms:
            merged[ref] = merged.get(ref, 0.0) + float(coef)
        kept = [term for term in merged.items() if term[1] != 0.0]
        kept.sort(key=_order)
        return Angle(float(const), tuple(kept))

    @property
    def is_const(self) -> bool:
        return not self.terms

    @property
    def is_zero(self) -> bool:
        """Exactly zero; tolerances are options of passes."""
        return not self.terms and self.const == 0.0

    def map_refs(self, image: Callable[[Ref], AngleLike]) -> Angle:
        """Substitute an angle or a number for every ref."""
        result: Angle = Angle(self.const)
        for ref, coef in self.terms:
            result = result + coef * as_angle(image(ref))
        return result

    def evaluate(self, refs: Mapping[Ref, float]) -> float:
        """The number this angle is when every ref has the given value."""
        return self.const + sum(coef * refs[ref] for ref, coef in self.terms)

    def __add__(self, other: AngleLike) -> Angle:
        if isinstance(other, Angle):
            if not other.terms:
                return Angle(self.const + other.const, self.terms)
            if not self.terms:
                return Angle(self.const + other.const, other.terms)
            return Angle.sum(self.const + other.const, (*self.terms, *other.terms))
        if isinstance(other, int | float):
            # Not `+ other`: a numpy scalar is a float too, and prints differently.
            return Angle(self.const + float(other), self.terms)
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Angle:
        return Angle(0.0 - self.const, tuple([(ref, -coef) for ref, coef in self.terms]))

    def __sub__(self, other: AngleLike) -> Angle:
        if isinstance(other, Angle | int | float):
            return self + (-other)
        return NotImplemented

    def __rsub__(self, other: AngleLike) -> Angle:
        return (-self) + other

    def __mul__(self, factor: AngleLike) -> Angle:
        if isinstance(factor, Angle):
            if factor.terms and self.terms:
                return NotImplemented
            return factor * self.const if factor.terms else self * factor.const
        if not isinstance(factor, int | float):
            return NotImplemented
        if factor == 0:
            return ZERO
        factor = float(factor)
        scaled = [(ref, coef * factor) for ref, coef in self.terms]
        # A product of tiny numbers may be zero.
        kept = tuple([term for term in scaled if term[1] != 0.0])
        return Angle(self.const * factor, kept)

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Angle:
        if isinstance(divisor, int | float):
            return self * (1.0 / divisor)
        return NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Angle):
            return NotImplemented
        return self.const == other.const and self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.const, self.terms))
        return self._hash

    def __reduce__(self) -> tuple[Callable[..., Angle], tuple[object, ...]]:
        # Copied values have new hashes and a new order, so the terms are sorted again.
        return Angle.sum, (self.const, self.terms)

    def __repr__(self) -> str:
        return format_angle(self, lambda value: f"%{value.name}")


ZERO: Final = Angle()


def as_angle(number: AngleLike) -> Angle:
    """An angle unchanged, or a constant angle of a real number."""
    return number if isinstance(number, Angle) else Angle(float(number))


def format_angle(angle: Angle, name: Callable[[Value], str]) -> str:
    """Text of an angle; floats by `repr`, so reading it back gives the same angle."""
    parts = []
    for (value, index), coef in angle.terms:
        ref = name(value) + (f"[{','.join(map(str, index))}]" if index else "")
        parts.append(ref if coef == 1.0 else f"{coef!r}*{ref}")
    if angle.const != 0.0 or not parts:
        parts.append(repr(angle.const + 0.0))  # -0.0 is equal to 0.0 and must print the same
    return " + ".join(parts)
