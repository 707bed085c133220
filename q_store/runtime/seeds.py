"""Seeds: integers from 0 up, or `None` for a fresh one."""

from __future__ import annotations

import numpy as np

from q_store.qir.diagnostics import error


def check_seed(seed: object) -> None:
    """Raises `QS626` for a seed of the wrong kind."""
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise error("QS626", f"seed must be an integer from 0 up or None, got {seed!r}")
