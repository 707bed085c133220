"""Two-qubit unitaries as local rotations around exp(-i/2 (a XX + b YY + c ZZ)), one partial-angle
rotation for each of the three angles that is not zero."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, Final

from q_store.passes.ionq.turns import Turn
from q_store.qir.ops import Step
from q_store.qir.unitary import steps_matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Complex = NDArray[np.complex128]

_ZERO: Final = 1e-9
"""Rotations by less count as none."""
_ROWS: Final = ("rxx", "ryy", "rzz")


@dataclass(frozen=True, slots=True)
class PairForm:
    """Steps equal to a two-qubit unitary, the global phase included, and how many entangle."""

    steps: tuple[Step, ...]
    entanglers: int


def pair_form(unitary: Complex, *, swaps: bool = True) -> PairForm | None:
    """The fewest partial-angle rotations for a unitary (4, 4), first wire most significant.

    With `swaps` one in front is free, so the mirror image is taken where that needs fewer. `None`
    when the numbers do not come out, which a unitary never causes.
    """
    import numpy as np

    swap = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]
    plain = _form(unitary, ())
    mirrored = _form(unitary @ swap, (("swap", (0, 1), ()),)) if swaps else None
    forms = [form for form in (plain, mirrored) if form is not None]
    return min(forms, key=lambda form: form.entanglers, default=None)


def _form(unitary: Complex, before: tuple[Step, ...]) -> PairForm | None:
    import numpy as np

    from q_store.qir.synthesis.weyl import canonical_form

    after, angles, first = canonical_form(unitary)
    rotations, flips = [], []
    for row, angle in zip(_ROWS, angles, strict=True):
        half_turns = round(angle / pi)
        rest = float(angle - half_turns * pi)
        if half_turns % 2:
            flips += [(f"r{row[1]}", (wire,), (pi,)) for wire in (0, 1)]
        if abs(rest) > _ZERO:
            rotations.append((row, (0, 1), (rest,)))
    inner = (*_local_steps(first), *rotations, *flips, *_local_steps(after))
    made = steps_matrix(inner, 2)
    phase = float(np.angle(np.vdot(made, unitary)))
    if np.abs(made * np.exp(1j * phase) - unitary).max() > _ZERO:
        return None
    steps: tuple[Step, ...] = (*before, *inner, ("phase", (), (phase,)))
    return PairForm(steps, len(rotations))


def _local_steps(local: Complex) -> tuple[Step, ...]:
    """Rotations on either wire equal to a tensor product, up to a global phase."""
    import numpy as np

    from q_store.qir.synthesis.weyl import local_factors

    steps: list[Step] = []
    for wire, square in enumerate(local_factors(local)):
        special = square / np.sqrt(np.linalg.det(square))
        steps += _turn_steps(_as_turn(special), wire)
    return tuple(steps)


def _as_turn(special: Complex) -> Turn:
    a, b = special[0, 0], special[1, 0]
    return (float(a.real), float(-b.imag), float(b.real), float(-a.imag))


def _turn_steps(turn: Turn, wire: int) -> list[Step]:
    from q_store.passes.ionq.turns import euler

    a, b, c = euler(turn)
    steps: list[Step] = [("rz", (wire,), (c,)), ("ry", (wire,), (b,)), ("rz", (wire,), (a,))]
    return [step for step in steps if step[2][0] != 0.0]
