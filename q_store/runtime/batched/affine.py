"""Affine rows: an angle as a constant plus a sparse sum over the parameter vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """``const + sum(coef * p[index])`` in radians; closed under what gate rules do to angles."""

    const: float = 0.0
    terms: Mapping[int, float] = field(default_factory=dict)

    def __add__(self, other: Row | float) -> Row:
        if not isinstance(other, Row):
            return Row(self.const + other, self.terms)
        if not other.terms:
            return Row(self.const + other.const, self.terms)
        merged = dict(self.terms)
        for index, coef in other.terms.items():
            merged[index] = merged.get(index, 0.0) + coef
        kept = {index: coef for index, coef in merged.items() if coef != 0.0}
        return Row(self.const + other.const, kept)

    __radd__ = __add__

    def __mul__(self, factor: float) -> Row:
        if factor == 1.0:
            return self
        return Row(self.const * factor, {i: coef * factor for i, coef in self.terms.items()})

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Row:
        return self * (1.0 / divisor)

    def __neg__(self) -> Row:
        return self * -1.0

    def __sub__(self, other: Row | float) -> Row:
        return self + (-other)

    def __rsub__(self, other: float) -> Row:
        return -self + other

    @property
    def is_zero(self) -> bool:
        """True for the constant 0."""
        return self.const == 0.0 and not self.terms
