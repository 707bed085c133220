"""What synthesis works with: gates of the table, and small matrices that are yet to become some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import cos, sin

import numpy as np

from q_store.qir.gates.matrices import pauli_word
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


def turned(word: str, angle: float) -> Complex:
    """exp(-i angle/2 P) for a Pauli word P and one number, which `rotation` does for arrays."""
    one, pauli = _words(word)
    return cos(angle / 2) * one - sin(angle / 2) * pauli


@cache
def _words(word: str) -> tuple[Complex, Complex]:
    """The identity and i times the word."""
    pauli = pauli_word(word)
    return np.eye(len(pauli), dtype=np.complex128), 1j * pauli
