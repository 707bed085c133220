"""Exact sampling of measured bits from probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.batched.arguments import Arguments
from q_store.runtime.seeds import check_seed

_CHUNK_NUMBERS: Final = 1 << 22


def draw(
    probabilities: Callable[[Arguments], NDArray[Any]],
    args: Arguments,
    n_bits: int,
    shots: int,
    seed: int | None,
) -> NDArray[np.uint8]:
    """Bits (B, shots, n_bits); ``probabilities`` gives (b, 2**n_bits) for a part of the batch."""
    check_seed(seed)
    if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 0:
        raise error("QS533", f"shots must be a non-negative integer, got {shots!r}")
    entropy = np.random.SeedSequence(seed).entropy
    bits = np.empty((args.batch, shots, n_bits), np.uint8)
    places = np.arange(n_bits - 1, -1, -1)
    size = max(16, (_CHUNK_NUMBERS >> n_bits) // 16 * 16)
    for start in range(0, args.batch, size):
        part = args.part(start, start + size)
        for row, chances in enumerate(probabilities(part), start):
            stream = np.random.SeedSequence(entropy, spawn_key=(row,))
            outcomes = _outcomes(chances, shots, np.random.default_rng(stream), row)
            bits[row] = outcomes[:, None] >> places & 1
    return bits


def _outcomes(
    chances: NDArray[Any], shots: int, random: np.random.Generator, row: int
) -> NDArray[np.int64]:
    """Outcome numbers by inverting the cumulative distribution; rounding is normalised away."""
    ladder = np.cumsum(chances, dtype=np.float64)
    if not np.isfinite(ladder[-1]):
        raise error("QS534", f"sample {row} of the batch has parameters that are not finite")
    found = np.searchsorted(ladder, random.random(shots) * ladder[-1], side="right")
    return np.asarray(found, np.int64)
