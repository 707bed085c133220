"""How gates of other libraries that have no row of their own are written with rows.

Cirq counts exponents in half-turns; here every expression is written with angles in radians, so
`X**(theta/pi)` stands for a Cirq exponent of `theta/pi`. All relations are exact, the global phase
included, and checked by tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from q_store.qir.ops import Steps


@dataclass(frozen=True, slots=True)
class Relation:
    """`expression`, evaluated in the library `sdk`, equals `steps` of its angles."""

    sdk: str
    expression: str
    wires: int
    angle_names: tuple[str, ...]
    steps: Callable[..., Steps]


def _shifted(rotation: str, wires: int) -> Callable[..., Steps]:
    """A power of a Pauli word: its rotation and the phase of half the angle."""
    at = tuple(range(wires))
    return lambda theta: ((rotation, at, (theta,)), ("phase", (), (theta * 0.5,)))


_THETA: Final = ("theta",)

RELATIONS: Final = (
    Relation("cirq", "X**(theta/pi)", 1, _THETA, _shifted("rx", 1)),
    Relation("cirq", "Y**(theta/pi)", 1, _THETA, _shifted("ry", 1)),
    Relation("cirq", "XX**(theta/pi)", 2, _THETA, _shifted("rxx", 2)),
    Relation("cirq", "YY**(theta/pi)", 2, _THETA, _shifted("ryy", 2)),
    Relation("cirq", "ZZ**(theta/pi)", 2, _THETA, _shifted("rzz", 2)),
    Relation(
        "cirq",
        "PhasedXPowGate(exponent=theta/pi, phase_exponent=phi/pi)",
        1,
        ("theta", "phi"),
        lambda theta, phi: (("r", (0,), (theta, phi)), ("phase", (), (theta * 0.5,))),
    ),
)
