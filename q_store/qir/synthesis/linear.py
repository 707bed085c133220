"""Permutations of basis states that CX and X do, with phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from q_store.qir.gates.matrices import PAULIS
from q_store.qir.synthesis.diagonals import diagonal_parts
from q_store.qir.synthesis.parts import Block, Part
from q_store.qir.synthesis.spectra import NOISE, Complex, phases_of


def linear_parts(unitary: Complex, wires: Sequence[int]) -> list[Part] | None:
    """A diagonal, CX by Gaussian elimination, and X, where the unitary sends basis state k to a
    phase times M k + b over two-valued numbers; `None` for others."""
    places = np.argmax(np.abs(unitary), axis=0)
    values = unitary[places, range(len(unitary))]
    if np.abs(unitary).sum() > np.abs(values).sum() + NOISE * len(values):
        return None
    count = len(wires)
    shift = int(places[0])
    columns = [int(places[1 << bit]) ^ shift for bit in range(count)]
    for state, image in enumerate(places.tolist()):
        expected = shift
        for bit in range(count):
            expected ^= columns[bit] * (state >> bit & 1)
        if expected != image:
            return None
    flip = np.array(PAULIS["X"], np.complex128)
    flips = [Block((wires[count - 1 - bit],), flip) for bit in range(count) if shift >> bit & 1]
    ladder: list[Part] = [
        ("cx", (wires[count - 1 - control], wires[count - 1 - target]), ())
        for control, target in _elimination(columns)
    ]
    return [*diagonal_parts(phases_of(values), wires), *ladder, *flips]


def _elimination(columns: Sequence[int]) -> list[tuple[int, int]]:
    """CX (control, target), in time order, that send bit k alone to `columns[k]`.

    Rows are reduced to the identity; adding row c to row t undoes one CX.
    """
    count = len(columns)
    rows = [
        sum([(column >> bit & 1) << place for place, column in enumerate(columns)])
        for bit in range(count)
    ]
    made: list[tuple[int, int]] = []

    def add(source: int, target: int) -> None:
        rows[target] ^= rows[source]
        made.append((source, target))

    for bit in range(count):
        if not rows[bit] >> bit & 1:
            add(next(row for row in range(bit + 1, count) if rows[row] >> bit & 1), bit)
        for row in range(count):
            if row != bit and rows[row] >> bit & 1:
                add(bit, row)
    return made[::-1]
