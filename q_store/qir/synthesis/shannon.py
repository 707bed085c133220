"""Unitaries on any number of wires by the recursion of the quantum Shannon decomposition.

A unitary with one qubit that only controls is demultiplexed into two unitaries on the others and
a multiplexed Rz between them (Shende, Bullock and Markov, 2006, arXiv:quant-ph/0406176). A unitary
without structure becomes three of those and two H by the block-ZXZ decomposition (De Vos and
De Baerdemacker, 2016, arXiv:1512.02916), whose outer multiplexed rotations each give a CX to the
one in the middle (Krol and Al-Ars, 2024, arXiv:2403.13692). Both need two singular value
decompositions and nothing from numbers that come out near zero, unlike the cosine-sine
decomposition, and the second takes (22/48) 4**n - (3/2) 2**n + 5/3 CX instead of (23/48) 4**n -
(3/2) 2**n + 4/3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from q_store.qir.synthesis.diagonals import diagonal_parts, multiplexed_rz
from q_store.qir.synthesis.emission import steps_of, with_diagonals_moved
from q_store.qir.synthesis.linear import linear_parts
from q_store.qir.synthesis.parts import Block, Part, entanglers
from q_store.qir.synthesis.reversible import reversible_parts
from q_store.qir.synthesis.spectra import Complex, Real, common_eigenbasis, is_scalar, phases_of
from q_store.qir.synthesis.structure import (
    controlling,
    is_diagonal,
    moved,
    product_eigenbasis,
    tensor_split,
    under_controls,
)

_H = np.array([[1, 1], [1, -1]], np.complex128) / np.sqrt(2)


def parts_of(unitary: Complex, wires: Sequence[int]) -> list[Part]:
    """Parts equal to a unitary (2**n, 2**n) on n wires, the first most significant."""
    if len(wires) <= 2:
        if not wires:
            return [("phase", (), (float(np.angle(unitary[0, 0])),))]
        return [Block(tuple(wires), unitary)]
    split = tensor_split(unitary)
    if split is not None:
        some, left, others, right = split
        return [*parts_of(left, _at(wires, some)), *parts_of(right, _at(wires, others))]
    if is_diagonal(unitary):
        return diagonal_parts(phases_of(np.diag(unitary)), wires)
    linear = linear_parts(unitary, wires)
    if linear is not None:
        return linear
    controls = controlling(unitary)
    found = _controlled(unitary, wires, controls) if controls else _general(unitary, wires)
    flips = reversible_parts(unitary, wires)
    return found if flips is None else min(flips, found, key=_price)


def _price(parts: Sequence[Part]) -> int:
    return entanglers(steps_of(with_diagonals_moved(parts)))


def _at(wires: Sequence[int], places: Sequence[int]) -> list[int]:
    return [wires[place] for place in places]


# --- multiplexed unitaries ------------------------------------------------------------------------


def _controlled(unitary: Complex, wires: Sequence[int], controls: Sequence[int]) -> list[Part]:
    """All controls at once where what they do commutes up to a common factor, else one of them."""
    together = _commuting(unitary, wires, controls)
    if together is not None and len(controls) > 1:
        return together[0]
    top = controls[0]
    order = [top, *[place for place in range(len(wires)) if place != top]]
    turned, at = moved(unitary, order), _at(wires, order)
    half = len(unitary) // 2
    first, angles, last = _demultiplexed(turned[:half, :half], turned[half:, half:])
    middle = multiplexed_rz(angles, at[1:], at[0])
    if together is not None and together[1] <= entanglers(middle):
        return together[0]
    return [*parts_of(first, at[1:]), *middle, *parts_of(last, at[1:])]


def _commuting(
    unitary: Complex, wires: Sequence[int], controls: Sequence[int]
) -> tuple[list[Part], int] | None:
    """A unitary on the targets, a diagonal, and another unitary on the targets, with the number of
    entanglers in the diagonal; `None` where that is not possible."""
    targets, blocks = under_controls(unitary, controls)
    base = _most_frequent(blocks)
    found = _shared(np.array([base.conj().T @ block for block in blocks]))
    if found is None:
        return None
    vectors, angles = found
    at = _at(wires, targets)
    middle = diagonal_parts(angles.ravel(), [*_at(wires, controls), *at])
    first, last = parts_of(vectors.conj().T, at), parts_of(base @ vectors, at)
    return [*first, *middle, *last], entanglers(middle)


def _shared(blocks: Complex) -> tuple[Complex, Real] | None:
    """A common eigenbasis of blocks, of one block where the others are numbers."""
    changing = [place for place, block in enumerate(blocks) if not is_scalar(block)]
    if len(changing) != 1:
        return common_eigenbasis(list(blocks))
    vectors, angles = product_eigenbasis(blocks[changing[0]])
    phases = np.repeat(phases_of(blocks[:, :1, 0]), len(vectors), axis=1)
    phases[changing[0]] = angles
    return vectors, phases


def _most_frequent(blocks: Complex) -> Complex:
    """The block that is there most often, up to a factor: it need not be controlled."""
    names = Counter[int]()
    for place, block in enumerate(blocks):
        same = next(k for k in range(place + 1) if is_scalar(blocks[k].conj().T @ block))
        names[same] += 1
    return np.asarray(blocks[names.most_common(1)[0][0]])


def _demultiplexed(zero: Complex, one: Complex) -> tuple[Complex, Real, Complex]:
    """(first, angles, last): `zero` and `one`, by the reading of one more wire, are `first`, that
    wire turned by Rz of the angles under control of the others, and `last`."""
    last, turns = product_eigenbasis(zero @ one.conj().T)
    first = np.exp(0.5j * turns)[:, None] * (last.conj().T @ one)
    return first, -turns, last


# --- unitaries without structure ------------------------------------------------------------------


def _general(unitary: Complex, wires: Sequence[int]) -> list[Part]:
    top, lower = wires[0], wires[1:]
    left, middle, right = _block_zxz(unitary)
    one = np.eye(len(middle), dtype=np.complex128)
    c_first, c_angles, c_last = _demultiplexed(one, right)
    a_first, a_angles, a_last = _demultiplexed(*left)
    start, end = _outer(c_angles, lower, top), _outer(-a_angles, lower, top)
    # CX on the inside of the outer rotations are CZ between the H, part of what is there.
    sign = np.ones(len(middle))
    sign[len(sign) // 2 :] = -1
    before, after = sign if start[1] else abs(sign), sign if end[1] else abs(sign)
    zero, other = a_first @ c_last, after[:, None] * (a_first @ middle @ c_last) * before
    b_first, b_angles, b_last = _demultiplexed(zero, other)
    return [
        *parts_of(c_first, lower),
        *start[0],
        Block((top,), _H),
        *parts_of(b_first, lower),
        *multiplexed_rz(b_angles, lower, top),
        *parts_of(b_last, lower),
        Block((top,), _H),
        *_mirrored(end[0]),
        *parts_of(a_last, lower),
    ]


def _outer(angles: Real, controls: Sequence[int], target: int) -> tuple[list[Part], bool]:
    """A multiplexed Rz, without its last CX if that makes it shorter, and whether it does."""
    whole = multiplexed_rz(angles, controls, target)
    short = multiplexed_rz(angles, controls, target, open_end=True)
    shorter = entanglers(short) < entanglers(whole)
    return (short, True) if shorter else (whole, False)


def _mirrored(parts: Sequence[Part]) -> list[Part]:
    """The inverse of parts that are `rz`, `rzz` and `cx`."""
    return [
        (part[0], part[1], tuple([-angle for angle in part[2]]))
        for part in reversed(parts)
        if not isinstance(part, Block)
    ]


def _block_zxz(unitary: Complex) -> tuple[tuple[Complex, Complex], Complex, Complex]:
    """((a, d), b, c): `unitary` is diag(a, d) H diag(1, b) H diag(1, c) with H on the first qubit.

    With the polar decompositions of the upper blocks, S U and T V, a = (S + i T) U, c = -i U† V
    and b = 2 a† S U - 1.
    """
    half = len(unitary) // 2
    upper, other = unitary[:half, :half], unitary[:half, half:]
    stretch, turn = _polar(upper)
    other_stretch, other_turn = _polar(other)
    a = (stretch + 1j * other_stretch) @ turn
    c = -1j * turn.conj().T @ other_turn
    b = 2 * a.conj().T @ upper - np.eye(half)
    d = unitary[half:, :half] + unitary[half:, half:] @ c.conj().T
    return (a, d), b, c


def _polar(matrix: Complex) -> tuple[Complex, Complex]:
    """(S, U): the matrix is S U, S positive semidefinite and U unitary."""
    left, values, right = np.linalg.svd(matrix)
    stretch = (left * values) @ left.conj().T
    return np.asarray(stretch, np.complex128), np.asarray(left @ right, np.complex128)
