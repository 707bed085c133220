"""Permutations of basis states as X under controls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from q_store.qir.gates.matrices import PAULIS
from q_store.qir.synthesis.diagonals import diagonal_parts
from q_store.qir.synthesis.parts import Block, Part
from q_store.qir.synthesis.spectra import NOISE, Complex, phases_of

Flip = tuple[int, int]
"""X on the bits of the second mask, which has one, where all bits of the first are 1."""


def reversible_parts(unitary: Complex, wires: Sequence[int]) -> list[Part] | None:
    """A diagonal and X under controls, where the unitary sends basis states to phases times basis
    states; `None` for others, and where that takes too many.

    State after state is put into its place by flips that leave those before it where they are, on
    the side of the permutation where it takes fewer bits (Miller, Maslov and Dueck, 2003, DAC,
    doi:10.1145/775832.775915).
    """
    places = np.argmax(np.abs(unitary), axis=0)
    values = unitary[places, range(len(unitary))]
    if np.abs(unitary).sum() > np.abs(values).sum() + NOISE * len(values):
        return None
    flips = flips_of(places.tolist())
    if sum([2 << controls.bit_count() for controls, _ in flips]) > 4 ** len(wires):
        return None
    parts = diagonal_parts(phases_of(values), wires)
    for flip in flips:
        parts += _written(flip, wires)
    return parts


def flips_of(images: Sequence[int]) -> list[Flip]:
    """Flips, in time order, that send state k to `images[k]`."""
    table = list(images)
    before: list[Flip] = []
    after: list[Flip] = []
    for state in range(len(table)):
        image, source = table[state], table.index(state)
        if (image ^ state).bit_count() <= (source ^ state).bit_count():
            for flip in _path(image, state):
                table = [_flipped(each, flip) for each in table]
                after.append(flip)
        else:
            for flip in _path(source, state):
                table = [table[_flipped(each, flip)] for each in range(len(table))]
                before.append(flip)
    return [*before, *after[::-1]]


def _path(state: int, wanted: int) -> list[Flip]:
    """Flips from a state to a smaller one that change no state below it: bits that are missing
    first, under the bits that are there, then those too many, under those that are wanted."""
    flips = []
    for bit in _bits(wanted & ~state):
        flips.append((state, bit))
        state |= bit
    return [*flips, *[(wanted, bit) for bit in _bits(state & ~wanted)]]


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]


def _flipped(state: int, flip: Flip) -> int:
    controls, bit = flip
    return state ^ bit if state & controls == controls else state


def _written(flip: Flip, wires: Sequence[int]) -> list[Part]:
    controls, bit = flip
    target = wires[len(wires) - bit.bit_length()]
    chosen = [wires[len(wires) - each.bit_length()] for each in _bits(controls)]
    x = np.array(PAULIS["X"], np.complex128)
    if not chosen:
        return [Block((target,), x)]
    if len(chosen) == 1:
        return [("cx", (chosen[0], target), ())]
    edge = np.array([[1, 1], [1, -1]], np.complex128) / np.sqrt(2)
    phases = np.zeros(2 << len(chosen))
    phases[-1] = np.pi
    inside = diagonal_parts(phases, [*chosen, target])
    return [Block((target,), edge), *inside, Block((target,), edge)]
