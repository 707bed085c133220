"""What gate methods call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from q_store.qir.location import PythonLocation


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
    def _targets(
        self, name: str, wires: tuple[object, ...]
    ) -> tuple[tuple[int, ...], PythonLocation]:
        """Wires that gates may act on now, as integers, for a method `name` that adds any number of
        gates, and the user's line, which is two calls up."""
