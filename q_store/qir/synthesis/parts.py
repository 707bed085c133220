"""What synthesis works with: gates of the table, and small matrices that are yet to become some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from q_store.qir.ops import Step
from q_store.qir.synthesis.spectra import Complex


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A unitary on one or two wires, the first most significant."""

    wires: tuple[int, ...]
    matrix: Complex


Part = Block | Step
"""In time order. Steps are `rz`, `cx`, `cz`, `rzz`, `swap` and `phase`."""


def wires_of(part: Part) -> tuple[int, ...]:
    """The wires a part acts on."""
    return part.wires if isinstance(part, Block) else part[1]


def entanglers(parts: Iterable[Part]) -> int:
    """How many of the parts are gates on two wires."""
    return sum([not isinstance(part, Block) and len(part[1]) == 2 for part in parts])
