"""Fewer factors: neighbours on the same digits become one where that is not more work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from q_store.runtime.noise.factors import Factor
from q_store.runtime.noise.harmonics import joined

_NEGLIGIBLE: Final = 1e-15


def merge(factors: Iterable[Factor], sizes: Sequence[int]) -> list[Factor]:
    """An equal list of factors, usually shorter.

    A channel after a gate disappears in it, Clifford gates and channels in each other. Of two
    factors at most one may have an angle, so that the product has one harmonic.
    """
    merging = _Merging(sizes)
    for item in factors:
        merging.add(item)
    return [item for item in merging.kept if item is not None]


class _Merging:
    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = sizes
        self.kept: list[Factor | None] = []
        self.on: dict[int, list[int]] = {}
        """For each digit the places of the factors on it."""

    def last(self, digit: int) -> int:
        """The place of the last factor on a digit, or -1."""
        places = self.on.get(digit)
        return places[-1] if places else -1

    def add(self, item: Factor) -> None:
        """Join a factor to the one before it on all its digits, else append it."""
        places = {self.last(digit) for digit in item.digits}
        for at in sorted(places, reverse=True):
            before = self.kept[at] if at >= 0 else None
            if before is None:
                continue
            if len(places) == 1 and set(item.digits) <= set(before.digits):
                joined = _product(before, item, self.sizes)
                if joined is not None:
                    self.kept[at] = joined
                    return
            elif set(before.digits) <= set(item.digits) and self._ends(before, at):
                joined = _product(before, item, self.sizes)
                if joined is not None:
                    self.kept[at] = None
                    for digit in before.digits:
                        self.on[digit].pop()
                    self.add(joined)
                    return
        for digit in item.digits:
            self.on.setdefault(digit, []).append(len(self.kept))
        self.kept.append(item)

    def _ends(self, item: Factor, at: int) -> bool:
        """Whether nothing follows a factor on any of its digits."""
        return all(self.last(digit) == at for digit in item.digits)


def _product(before: Factor, after: Factor, sizes: Sequence[int]) -> Factor | None:
    """`after` times `before` as one factor, where that costs no more."""
    if before.varies or after.varies or (before.parts.frequency and after.parts.frequency):
        return None
    wide, narrow = sorted((before, after), key=lambda item: len(item.digits), reverse=True)
    if not set(narrow.digits) <= set(wide.digits):
        return None
    first, second = before.on(wide.digits, sizes), after.on(wide.digits, sizes)
    turning, fixed = (first, second.constant) if first.frequency else (second, first.constant)
    products = [fixed @ part if turning is first else part @ fixed for part in turning[:3]]
    parts = [np.where(np.abs(part) < _NEGLIGIBLE, 0.0, part) for part in products]
    angle = before.angle if before.parts.frequency else after.angle
    found = Factor(wide.digits, joined(parts, turning.frequency), angle)
    return found if found.cost <= before.cost + after.cost else None
