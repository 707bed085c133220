"""The frequencies of a circuit's values as functions of one weight.

A slot with frequencies f and the coefficient m moves with m f; where a weight reaches several
slots, every sum and difference of what they move with may occur (Wierichs et al., Quantum 6, 677
(2022)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from q_store.qir.diagnostics import error
from q_store.runtime.gradients.chain import Chain
from q_store.runtime.gradients.plan import slot_frequencies
from q_store.targets.executable import Executable

Spectrum = tuple[float, ...]

_MOST: Final = 256
"""Frequencies beyond which nobody wants to interpolate."""
_DIGITS: Final = 9
"""Frequencies that agree to so many are one."""


def weight_spectra(executable: Executable) -> tuple[Spectrum, ...]:
    """For every weight, the positive frequencies its values may have, in order; none for a weight
    that moves nothing.

    Raises `QS648` where a weight is in an expression that is not affine, and where more than 256
    frequencies may occur.
    """
    chain, own = Chain(executable), slot_frequencies(executable)
    numbers = range(chain.n_inputs, chain.n_given)
    return tuple(
        _spectrum(executable.weight_names[k], number, chain, own)
        for k, number in enumerate(numbers)
    )


def _spectrum(name: str, number: int, chain: Chain, own: tuple[Spectrum, ...]) -> Spectrum:
    marked = np.zeros(chain.n_given, np.bool_)
    marked[number] = True
    if chain.derives(marked).any():
        raise error(
            "QS648",
            f"the weight {name!r} is in an expression that is not affine, so values have no fixed "
            "frequencies in it",
        )
    column = chain.matrix[:, number]
    found: set[float] = {0.0}
    for slot in np.flatnonzero(column).tolist():
        found = _sums(found, [abs(float(column[slot])) * f for f in own[slot]])
        if len(found) > _MOST + 1:
            raise error("QS648", f"values may have more than {_MOST} frequencies in {name!r}")
    return tuple(sorted(found - {0.0}))


def _sums(found: set[float], more: Sequence[float]) -> set[float]:
    """Frequencies from 0 up, of products of polynomials with these ones."""
    both = {abs(a + sign * b) for a in found for b in more for sign in (1, -1)} | found
    return {round(f, _DIGITS) for f in both}
