"""Seeds: integers from 0 up, or `None` for a fresh one."""

from __future__ import annotations

import numpy as np

from q_store.qir.diagnostics import error


def check_seed(seed: object) -> None:
    """Raises `QS626` for a seed of the wrong kind."""
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if seed is not None and not (whole and int(seed) >= 0):  # type: ignore[call-overload]
        raise error("QS626", f"seed must be an integer from 0 up or None, got {seed!r}")
