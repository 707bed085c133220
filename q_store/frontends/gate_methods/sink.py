"""What gate methods call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class GateSink(ABC):
    """Takes gates one after the other."""

    @abstractmethod
    def _gate(
        self,
        name: str,
        wires: tuple[object, ...],
        angles: tuple[object, ...],
        params: object = None,
    ) -> Self:
        """Add the op with this full name; angles left out are `None`."""

    @abstractmethod
    def _targets(self, name: str, wires: tuple[object, ...]) -> tuple[int, ...]:
        """Wires that gates may act on now, as integers, for a method `name` that adds any number of
        gates; the user's line is two calls up."""
