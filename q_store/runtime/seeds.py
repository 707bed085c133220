"""Seeds: integers from 0 up, or `None` for a fresh one."""

from __future__ import annotations

from typing import Final

import numpy as np

from q_store.qir.diagnostics import error

_FRAMEWORKS: Final = 2**62
"""Seeds of layers are below: the generators of the frameworks take 64 bits with a sign, and a layer
of several tensors counts on from its seed."""


def check_seed(seed: object) -> int | None:
    """A seed as an integer of Python's own. Raises `QS626` for one of the wrong kind."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise error("QS626", f"seed must be an integer from 0 up or None, got {seed!r}")
    return int(seed)


def seed_of_layer(seed: object) -> int | None:
    """The seed of a layer as a number that every framework takes. Raises `QS626`."""
    number = check_seed(seed)
    if number is not None and number >= _FRAMEWORKS:
        raise error("QS626", f"the seed of a layer must be less than 2**62, got {number}")
    return number
