"""Principal powers of single gates: fractions of fixed gates, scaled angles of rotations."""

from __future__ import annotations

from math import pi
from typing import Final

from q_store.frontends import transform
from q_store.frontends.expr import Expr
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.qir.registry import all_gates

_ROOTS: Final = {
    **{"x": ("h", 1.0), "sx": ("h", 0.5), "sxdg": ("h", -0.5), "y": ("sx", 1.0)},
    **{"z": ("", 1.0), "s": ("", 0.5), "sdg": ("", -0.5), "t": ("", 0.25), "tdg": ("", -0.25)},
}
"""Gates that are a phase of half-turns between a gate and its inverse."""
_POWERS: Final = {"h": ("hpow", pi), "swap": ("swappow", pi), "cx": ("cxpow", pi)}
"""Gates whose powers are a row with one angle."""
_SCALED: Final = ("id", "rx", "ry", "rz", "p", "phase", "rxx", "ryy", "rzz", "cp")


def single_power(step: Instruction, exponent: float) -> list[Instruction] | None:
    """One gate to a power, or `None` where no rule is known.

    Eigenvalues of fixed gates take the root nearest to 1, and -1 takes exp(i pi exponent); angles
    are scaled, which is continuous in them.
    """
    rows, name = all_gates(), step.name
    if name in _ROOTS:
        frame, turns = _ROOTS[name]
        middle = Instruction(rows["p"], step.wires, (turns * pi * exponent,), step.loc)
        if not frame:
            return [middle]
        before = Instruction(rows[frame], step.wires, (), step.loc)
        return [before, middle, *transform.inverse([before])]
    if name in _POWERS:
        row, angle = _POWERS[name]
        return [Instruction(rows[row], step.wires, (angle * exponent,), step.loc)]
    if name in _SCALED:
        angles = tuple([plain(angle * exponent) for angle in step.angles])
        return [Instruction(step.row, step.wires, angles, step.loc)]
    return None


def plain(angle: Expr | float) -> StoredAngle:
    """An angle without parameters as a float."""
    if isinstance(angle, Expr):
        return angle if angle.terms else angle.const
    return float(angle)
