"""Clifford gates for Aer's stabiliser method, rotations by multiples of pi/2 among them."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Final

CLIFFORD: Final = frozenset(
    ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap")
)
_NEAR: Final = 1e-9
_QUARTERS: Final = ((), ("s",), ("z",), ("sdg",))
"""Turns about Z by 0, 1, 2, 3 times pi/2."""
_AROUND: Final = {"rz": ((), ()), "rx": (("h",), ("h",)), "ry": (("sdg", "h"), ("h", "s"))}
"""What turns an axis into Z, and back."""


def clifford_calls(name: str, angles: Sequence[float]) -> tuple[str, ...] | None:
    """Clifford gates equal to a gate up to phase, or `None` where it is none."""
    if name in CLIFFORD:
        return (name,)
    quarters = angles[0] / (pi / 2)
    if name not in _AROUND or abs(quarters - round(quarters)) > _NEAR:
        return None
    before, after = _AROUND[name]
    turn = _QUARTERS[round(quarters) % 4]
    return (*before, *turn, *after) if turn else ()
