"""Diagonal unitaries and multiplexed rotations about Z."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from q_store.qir.synthesis.parts import Part, entanglers
from q_store.qir.synthesis.spectra import Real

ZERO: Final = 1e-11


def diagonal_parts(phases: Real, wires: Sequence[int]) -> list[Part]:
    """exp(i phases[k]) on basis state k, the first wire most significant: 2**n - 3 entanglers at
    most for two and more wires.

    Whole turns may be added to every phase; the choice that gives a polynomial in the bits with
    small coefficients keeps apart what acts on few wires each.
    """
    ways = [_diagonal(each, wires) for each in (phases, _unwound(phases))]
    return min(ways, key=entanglers)


def _unwound(phases: Real) -> Real:
    """Phases of the polynomial in the bits whose coefficients are the given ones', modulo 2 pi."""
    steps = [1 << bit for bit in range(len(phases).bit_length() - 1)]
    found = np.array(phases, np.float64)
    for step in steps:
        halves = found.reshape(-1, 2, step)
        found = np.stack([halves[:, 0], halves[:, 1] - halves[:, 0]], 1).ravel()
    found -= 2 * np.pi * np.round(found / (2 * np.pi))
    for step in steps:
        halves = found.reshape(-1, 2, step)
        found = np.stack([halves[:, 0], halves[:, 1] + halves[:, 0]], 1).ravel()
    return found


def _diagonal(phases: Real, wires: Sequence[int]) -> list[Part]:
    """The last wire is rotated under every reading of the others; what is left is a diagonal on the
    others (Bullock and Markov, 2003, arXiv:quant-ph/0303039).
    """
    if not wires:
        return [("phase", (), (float(phases[0]),))]
    pairs = phases.reshape(-1, 2)
    rest = _diagonal(pairs.mean(axis=1), wires[:-1])
    return [*multiplexed_rz(pairs[:, 1] - pairs[:, 0], wires[:-1], wires[-1]), *rest]


def multiplexed_rz(
    angles: Real, controls: Sequence[int], target: int, *, open_end: bool = False
) -> list[Part]:
    """Rz of `angles[k]` on the target where the controls, the first most significant, read k.

    2**n CX at most in Gray-code order (Möttönen et al., 2004, arXiv:quant-ph/0404089); rotations
    by nothing and the CX between them are left out, and single words are one `rzz` between CX.
    With `open_end` the CX of the first control at the end is left out, so that the gate is that
    much short of the multiplexed rotation.
    """
    words = {mask: angle for mask, angle in enumerate(_walsh(angles)) if abs(angle) > ZERO}
    walk = _walk(words, controls, target, 1 << (len(controls) - 1) if open_end else 0)
    if open_end:
        return walk
    single = [part for mask in words for part in _word(words[mask], mask, controls, target)]
    return min(walk, single, key=entanglers)


def _walsh(angles: Real) -> list[float]:
    """The angle of every word Z^mask Z of controls and target."""
    found = np.array(angles, np.float64)
    for step in [1 << bit for bit in range(len(found).bit_length() - 1)]:
        halves = found.reshape(-1, 2, step)
        found = np.stack([halves[:, 0] + halves[:, 1], halves[:, 0] - halves[:, 1]], 1).ravel()
    return [float(value) for value in found / len(found)]


def _walk(words: dict[int, float], controls: Sequence[int], target: int, end: int) -> list[Part]:
    """Rotations of the target while it carries the parities of the words one after the other."""
    parts: list[Part] = []
    at = 0
    for position in range(1 << len(controls)):
        mask = position ^ (position >> 1)
        if mask in words:
            parts += _carry(at ^ mask, controls, target)
            parts.append(("rz", (target,), (words[mask],)))
            at = mask
    return [*parts, *_carry(at ^ end, controls, target)]


def _carry(mask: int, controls: Sequence[int], target: int) -> list[Part]:
    return [("cx", (control, target), ()) for control in _chosen(mask, controls)]


def _chosen(mask: int, controls: Sequence[int]) -> list[int]:
    last = len(controls) - 1
    return [control for place, control in enumerate(controls) if mask >> (last - place) & 1]


def _word(angle: float, mask: int, controls: Sequence[int], target: int) -> list[Part]:
    """exp(-i angle/2 Z...Z) on the target and the chosen controls."""
    chosen = _chosen(mask, controls)
    if not chosen:
        return [("rz", (target,), (angle,))]
    ladder: list[Part] = [("cx", (other, target), ()) for other in chosen[:-1]]
    return [*ladder, ("rzz", (chosen[-1], target), (angle,)), *reversed(ladder)]
