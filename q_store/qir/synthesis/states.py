"""States made of |0...0>."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from q_store.qir.synthesis.pairs import without_diagonal
from q_store.qir.synthesis.parts import Block, Part, turned
from q_store.qir.synthesis.shannon import parts_of
from q_store.qir.synthesis.spectra import NOISE, Complex


def state_parts(amplitudes: Complex, wires: Sequence[int]) -> list[Part]:
    """Parts that make a state (2**n,) of |0...0>, the first wire most significant, its global phase
    included.

    Schmidt coefficients are made on half of the wires, copied by CX, and turned into the state by
    one unitary on either half (Plesch and Brukner, 2011, arXiv:1003.5760). Halves that are not
    entangled are states of their own.
    """
    if len(wires) == 1:
        first, second = amplitudes
        column = np.array([[first, -second.conj()], [second, first.conj()]])
        return [Block(tuple(wires), column)]
    half = len(wires) // 2
    left, weights, right = np.linalg.svd(amplitudes.reshape(1 << half, -1))
    upper, lower = wires[:half], wires[half:]
    if len(weights) < 2 or weights[1] < NOISE:
        ours = state_parts(left[:, 0] * weights[0], upper)
        return [*ours, *state_parts(right[0], lower)]
    used = [place for place in range(half) if _reads_one(weights, half - 1 - place)]
    copies: list[Part] = [("cx", (upper[place], lower[place - half]), ()) for place in used]
    return [
        *state_parts(weights.astype(np.complex128), upper),
        *copies,
        *parts_of(left, upper),
        *_after_zero(right.T, lower, half),
    ]


def _reads_one(weights: Complex, bit: int) -> bool:
    """Whether some basis state with the bit has a weight."""
    states = np.arange(len(weights))
    return bool((weights[states >> bit & 1 == 1] > NOISE).any())


def _after_zero(unitary: Complex, wires: Sequence[int], known: int) -> list[Part]:
    """A unitary of which only the columns where all but the last `known` wires read 0 matter; on
    two wires with one known it takes two CX."""
    if len(wires) != 2 or known != 1:
        return parts_of(unitary, wires)
    angle, rest = without_diagonal(unitary.T)
    return [Block((wires[1],), turned("Z", angle)), Block(tuple(wires), rest.T)]
