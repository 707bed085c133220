"""Instructions and how they fuse.

A new factor looks back over the instructions it commutes with, in physical masks, and joins the
nearest one that acts on the same virtual qubit. What joins: rx, ry, rz on the same pairs and roles
become one SU(2) block; parity phases with the same row add their angles; a parity phase met by a
block on its own row becomes the block's first factor.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.frame import odd
from q_store.runtime.batched.opcodes import (
    BLOCK,
    CONTROLLED_BLOCK,
    CONTROLLED_PHASE,
    DIAGONAL,
    X_AXIS,
    Y_AXIS,
    Z_AXIS,
)

_LOOK_BACK = 64

Factor = tuple[int, Row]


@dataclass(slots=True)
class Step:
    """One instruction: opcode, masks, factors in time order, controls (mask, value).

    ``layout`` belongs to a phase run: index columns, then masks (``merging.py``).
    """

    op: int
    pair: int
    role: int
    sign: int
    factors: list[Factor]
    controls: tuple[tuple[int, int], ...] = ()
    layout: tuple[int, ...] = ()
    diagonal_masks: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        masks = {self.role, self.sign, *(mask for mask, _ in self.controls)} - {0}
        self.diagonal_masks = tuple(masks)

    @property
    def touched(self) -> int:
        """All physical bits that the instruction depends on or changes."""
        bits = self.pair
        for mask in self.diagonal_masks:
            bits |= mask
        return bits


def commute(a: Step, b: Step) -> bool:
    """True if the masks alone show that two instructions commute."""
    if b.pair and any(odd(mask & b.pair) for mask in a.diagonal_masks):
        return False
    return not (a.pair and any(odd(mask & a.pair) for mask in b.diagonal_masks))


def add_factor(factors: list[Factor], axis: int, row: Row) -> None:
    """Append a rotation, joining it with a neighbour about the same axis."""
    if factors and factors[-1][0] == axis:
        row = factors.pop()[1] + row
    if not row.is_zero:
        factors.append((axis, row))


class Fuser:
    """The instruction list under construction."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def rotate(self, pair: int, role: int, sign: int, axis: int, row: Row) -> None:
        """A rotation about X or Y (or Z with its pair known) on a virtual qubit."""
        if axis == Z_AXIS:
            self.phase(role, row)
            return
        new = Step(BLOCK, pair, role, sign, [(axis, row)])
        for at in range(len(self.steps) - 1, max(-1, len(self.steps) - 1 - _LOOK_BACK), -1):
            old = self.steps[at]
            if old.op == BLOCK and (old.pair, old.role, old.sign) == (pair, role, sign):
                add_factor(old.factors, axis, row)
                return
            if old.op == DIAGONAL and old.role == role:
                self.steps[at] = Step(BLOCK, pair, role, sign, [*old.factors, (axis, row)])
                return
            if not commute(new, old):
                break
        self.steps.append(new)

    def phase(self, role: int, row: Row) -> None:
        """exp(-i t/2 (-1)^parity(p & role))."""
        new = Step(DIAGONAL, 0, role, 0, [(Z_AXIS, row)])
        for at in range(len(self.steps) - 1, max(-1, len(self.steps) - 1 - _LOOK_BACK), -1):
            old = self.steps[at]
            if old.op in (BLOCK, DIAGONAL) and old.role == role:
                add_factor(old.factors, Z_AXIS, row)
                return
            if not commute(new, old):
                break
        self.steps.append(new)

    def controlled(
        self,
        pair: int,
        role: int,
        sign: int,
        factors: list[Factor],
        controls: tuple[tuple[int, int], ...],
    ) -> None:
        """An SU(2) block where every control parity has its value."""
        self.steps.append(Step(CONTROLLED_BLOCK, pair, role, sign, factors, controls))

    def controlled_phase(self, row: Row, controls: tuple[tuple[int, int], ...]) -> None:
        """exp(i t) where every control parity has its value."""
        self.steps.append(Step(CONTROLLED_PHASE, 0, 0, 0, [(Z_AXIS, row)], controls))


def drop_unobserved(steps: list[Step], words: list[tuple[int, int]]) -> list[Step]:
    """Remove what cannot change the expectations of Pauli words (x mask, z mask).

    Going backwards, an instruction that commutes with the words and with every later instruction
    that was kept is dropped, and so are the trailing Z factors of blocks. An observable that is
    diagonal as a whole is the word (0, all ones per bit): pass one word (0, 1 << bit) for each.
    """
    pairs = [x for x, _ in words if x]
    masks = [z for _, z in words if z]
    kept: list[Step] = []
    for step in reversed(steps):
        if step.op == BLOCK and not any(odd(step.role & pair) for pair in pairs):
            while step.factors and step.factors[-1][0] == Z_AXIS:
                step.factors.pop()
        unseen = not any(odd(mask & pair) for mask in step.diagonal_masks for pair in pairs)
        if unseen and step.pair:
            unseen = not any(odd(mask & step.pair) for mask in masks)
        if unseen or not step.factors:
            continue
        kept.append(step)
        if step.pair:
            pairs.append(step.pair)
        masks.extend(step.diagonal_masks)
    return kept[::-1]


def split_products(steps: list[Step], n: int) -> tuple[dict[int, Step], list[Step], Row]:
    """First blocks on single bits of |0...0>, the other instructions, and a global phase.

    A parity phase on bits nothing has touched yet is that global phase.
    """
    products: dict[int, Step] = {}
    rest: list[Step] = []
    phase = Row()
    seen = 0
    for step in steps:
        if step.op == DIAGONAL and not step.role & seen:
            phase = phase + step.factors[0][1] * -0.5
            continue
        single = step.op == BLOCK and step.pair == step.role and step.pair.bit_count() == 1
        if single and not step.sign and not step.pair & seen:
            products[step.pair.bit_length() - 1] = step
        else:
            rest.append(step)
        seen |= step.touched
    return products, rest, phase


def is_real(step: Step) -> bool:
    """A block of one ry."""
    return [axis for axis, _ in step.factors] == [Y_AXIS]


def is_yz(step: Step) -> bool:
    """A block of one ry followed by one rz."""
    return [axis for axis, _ in step.factors] == [Y_AXIS, Z_AXIS]


__all__ = [
    "X_AXIS",
    "Fuser",
    "Step",
    "commute",
    "drop_unobserved",
    "is_real",
    "is_yz",
    "split_products",
]
