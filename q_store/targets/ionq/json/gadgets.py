"""Rotations between Clifford gates that undo each other, found again as exponentials of Paulis.

C, then exp(-i t/2 P), then the inverse of C is exp(-i t/2 Q) with Q = C**-1 P C. The gates after
the rotation may stand in any order in which those on common wires are reversed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.ops import Gate, Trait
from q_store.qir.registry import all_gates

if TYPE_CHECKING:
    Matrix = NDArray[np.complex128]

_PAULIS: Final = {
    "I": np.eye(2, dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], np.complex128),
    "Z": np.array([[1, 0], [0, -1]], np.complex128),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One gate of a program; angles are one number for each row of a batch."""

    row: Gate
    wires: tuple[int, ...]
    angles: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Gadget:
    """exp(-i angle/2 P), letters of P by wire."""

    wires: tuple[int, ...]
    word: str
    angle: Any


def gadgets(steps: Sequence[Step]) -> Iterator[Step | Gadget]:
    """The same program with exponentials for rotations that have no other name: of three wires
    and more, or of two with different letters."""
    pending: list[Step] = []
    at = 0
    while at < len(steps):
        found = _around(pending, steps, at)
        if found is None:
            pending.append(steps[at])
            at += 1
            continue
        gadget, before, after = found
        yield from pending[: len(pending) - before]
        yield gadget
        pending = []
        at += 1 + after
    yield from pending


def _around(
    before: Sequence[Step], steps: Sequence[Step], at: int
) -> tuple[Gadget, int, int] | None:
    """The widest gadget about a rotation, with the numbers of steps before and after in it."""
    step = steps[at]
    if step.row.pauli is None or not step.row.has(Trait.ROTATION):
        return None
    word = dict(zip(step.wires, step.row.pauli, strict=True))
    sign, used = 1.0, set[int]()
    best = _named(word, sign, step, 0, 0)
    for count, outer in enumerate(reversed(before), start=1):
        undone = _undone(outer, steps, at, used)
        if undone is None or not word.keys() & set(outer.wires):
            break
        used.add(undone)
        letters = "".join(word.get(wire, "I") for wire in outer.wires)
        factor, letters = _conjugated(outer.row.mnemonic, letters)
        sign *= factor
        word |= dict(zip(outer.wires, letters, strict=True))
        word = {wire: letter for wire, letter in word.items() if letter != "I"}
        if max(used) == at + len(used):
            best = _named(word, sign, step, count, len(used)) or best
    return best


def _named(
    word: dict[int, str], sign: float, step: Step, before: int, after: int
) -> tuple[Gadget, int, int] | None:
    letters = "".join(word.values())
    if len(letters) < 2 or (len(letters) == 2 and letters[0] == letters[1]):
        return None
    angle = step.angles[0] * sign
    return Gadget(tuple(word), letters, angle), before, after


def _undone(outer: Step, steps: Sequence[Step], at: int, used: set[int]) -> int | None:
    """The index of the step that undoes `outer`, when only steps on other wires stand between."""
    if outer.angles or not outer.row.has(Trait.CLIFFORD) or len(outer.wires) > 2:
        return None
    inverse = outer.row.inverse()
    if len(inverse) != 1:
        return None
    name, places, _ = inverse[0]
    wires = tuple([outer.wires[p] for p in places])
    for index in range(at + 1, min(len(steps), at + len(used) + 2 * len(wires) + 8)):
        if index in used:
            continue
        other = steps[index]
        if other.row.mnemonic == name and other.wires == wires:
            return index
        if set(other.wires) & set(wires):
            return None
    return None


@cache
def _conjugated(name: str, letters: str) -> tuple[float, str]:
    """The sign and the letters of C**-1 P C for a Clifford gate C."""
    matrix = all_gates()[name].matrix()
    image = matrix.conj().T @ _tensor(letters) @ matrix
    for found in map("".join, product("IXYZ", repeat=len(letters))):
        overlap = np.trace(_tensor(found) @ image).real / len(image)
        if abs(overlap) > 0.5:
            return float(np.sign(overlap)), found
    raise AssertionError(f"{name} is a Clifford gate")


def _tensor(letters: str) -> Matrix:
    made: Matrix = np.eye(1, dtype=np.complex128)
    for letter in letters:
        made = np.kron(made, _PAULIS[letter]).astype(np.complex128)
    return made
