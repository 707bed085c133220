"""One-qubit runs as products of numbers and symbols, and the fewest native pulses they take.

A rotation of one qubit is a unit quaternion (w, x, y, z), the matrix w - i (x X + y Y + z Z). The
hardware has no Z pulse, because Rz(t) only shifts the phases of later pulses. So a rotation
Rz(a) Ry(b) Rz(c) costs what its polar angle b costs: nothing for 0, one `gpi` for pi, one `gpi2`
for pi/2 and otherwise two `gpi2` (McKay et al., 2017, arXiv:1612.00858).

A run alternates numeric rotations and symbolic Rz. Every other symbolic gate is a symbolic Rz
between numeric rotations, so all phases stay affine in the parameters.
"""

from __future__ import annotations

from functools import cache
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Any, Final

from q_store.passes.bases import ways
from q_store.passes.phases import wrap
from q_store.qir.angle import ZERO, Angle

Turn = tuple[float, float, float, float]
Pulse = tuple[str, Angle]
"""`gpi` or `gpi2` with its phase in radians."""

TOLERANCE: Final = 1e-10
"""Polar angles this near to 0, pi/2 and pi count as those."""
ONE: Final[Turn] = (1.0, 0.0, 0.0, 0.0)
HALF_PI: Final = pi / 2
_BASIS: Final = frozenset({"rx", "ry", "rz", "phase"})


def about_x(angle: float) -> Turn:
    """Rx(angle)."""
    return (cos(angle / 2), sin(angle / 2), 0.0, 0.0)


def about_y(angle: float) -> Turn:
    """Ry(angle)."""
    return (cos(angle / 2), 0.0, sin(angle / 2), 0.0)


def about_z(angle: float) -> Turn:
    """Rz(angle)."""
    return (cos(angle / 2), 0.0, 0.0, sin(angle / 2))


def times(left: Turn, right: Turn) -> Turn:
    """The matrix product: `right` acts first."""
    a, b, c, d = left
    e, f, g, h = right
    return (
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    )


def euler(turn: Turn) -> tuple[float, float, float]:
    """(a, b, c) with Rz(a) Ry(b) Rz(c) exactly the turn, sign included; b in [0, pi]."""
    w, x, y, z = turn
    total, difference = atan2(z, w), atan2(-x, y)
    if hypot(x, y) <= TOLERANCE:
        return (2 * total, 0.0, 0.0)
    if hypot(w, z) <= TOLERANCE:
        return (difference, pi, -difference)
    return (total + difference, 2 * atan2(hypot(x, y), hypot(w, z)), total - difference)


def polar_pulses(turn: Turn) -> int:
    """How many pulses a numeric rotation takes; 0 for Rz."""
    w, x, y, z = turn
    off, on = hypot(x, y), hypot(w, z)
    if off <= TOLERANCE:
        return 0
    return 1 if on <= TOLERANCE or abs(on - off) <= TOLERANCE else 2


def _is_rz(turn: Turn) -> bool:
    return hypot(turn[1], turn[2]) <= TOLERANCE


def _is_flip(turn: Turn) -> bool:
    return hypot(turn[0], turn[3]) <= TOLERANCE


@cache
def _ways() -> Any:
    return ways(_BASIS)


class Run:
    """Gates on one wire between two other ops, in time order, simplified while they are added.

    Adding keeps the invariant: numeric rotations and symbolic Rz alternate, and a numeric rotation
    between two symbols neither is an Rz nor maps Z to -Z.
    """

    __slots__ = ("parts", "phase")

    def __init__(self, parts: tuple[Turn | Angle, ...] = (), phase: Angle = ZERO) -> None:
        self.parts: list[Turn | Angle] = list(parts)
        self.phase = phase
        """The global phase that the gates had beyond their rotations."""

    def add(self, name: str, angles: tuple[Any, ...]) -> None:
        """Append a one-qubit gate or a `phase`, angles as `Angle`s or numbers."""
        if name == "rz":
            self.rz(angles[0])
        elif name in ("rx", "ry"):
            self._rotation(name, angles[0])
        elif name == "phase":
            self.phase = self.phase + angles[0]
        elif name == "gpi":
            self.rz(angles[0] * -2.0)
            self.turn((0.0, 1.0, 0.0, 0.0))
            self.phase = self.phase + HALF_PI
        elif name == "gpi2":
            self.rz(-angles[0])
            self.turn(about_x(HALF_PI))
            self.rz(angles[0])
        else:
            for step, _, step_angles in _ways()[name](*angles):
                self.add(step, step_angles)

    def _rotation(self, name: str, angle: Angle | float) -> None:
        make, other, sign = (about_x, about_y, -1.0) if name == "rx" else (about_y, about_x, 1.0)
        number = angle.const if isinstance(angle, Angle) else angle
        if isinstance(angle, Angle) and angle.terms:
            # Rx(t) = Ry(pi/2) Rz(t) Ry(-pi/2) and Ry(t) = Rx(-pi/2) Rz(t) Rx(pi/2).
            self.turn(other(sign * HALF_PI))
            self.rz(angle)
            self.turn(other(-sign * HALF_PI))
        else:
            self.turn(make(number))

    def turn(self, turn: Turn) -> None:
        """Append a numeric rotation."""
        parts = self.parts
        last = parts[-1] if parts else None
        if isinstance(last, tuple):
            turn = times(turn, last)
            parts.pop()
        if len(parts) >= 2 and _is_flip(turn):
            before, symbol = parts[-2:]
            assert isinstance(before, tuple)
            assert isinstance(symbol, Angle)
            if not _is_rz(before):
                # F Rz(t) = Rz(-t) F, and F joins the rotation before.
                parts[-2:] = [times(turn, before), -symbol]
                return
        parts.append(turn)

    def rz(self, angle: Angle | float) -> None:
        """Append Rz, numeric or symbolic."""
        if not isinstance(angle, Angle) or not angle.terms:
            number = angle.const if isinstance(angle, Angle) else angle
            if number:
                self.turn(about_z(number))
            return
        parts = self.parts
        last = parts[-1] if parts else None
        if isinstance(last, Angle):
            parts.pop()
            self._symbol(last + angle)
            return
        if len(parts) == 1 and isinstance(last, tuple) and _is_flip(last):
            parts.insert(0, -angle)
            return
        if len(parts) > 1:
            middle, before = parts[-1], parts[-2]
            assert isinstance(middle, tuple)
            assert isinstance(before, Angle)
            if _is_rz(middle):
                del parts[-2:]
                self._symbol(before + angle + euler(middle)[0])
                return
            if _is_flip(middle):
                # Rz(t) F = F Rz(-t) for any F that maps Z to -Z.
                del parts[-2:]
                self._symbol(before - angle)
                self.turn(middle)
                return
        parts.append(angle)

    def _symbol(self, angle: Angle) -> None:
        """Append a sum of symbols, which may turn out to be a number."""
        if angle.terms:
            constant, symbol = angle.const, Angle(0.0, angle.terms)
            self.parts.append(symbol if not constant else angle)
        elif angle.const:
            self.turn(about_z(angle.const))

    def extended(self, before: tuple[Turn | Angle, ...], after: tuple[Turn | Angle, ...]) -> Run:
        """This run with more rotations on either side."""
        longer = Run()
        for part in (*before, *self.parts, *after):
            if isinstance(part, tuple):
                longer.turn(part)
            else:
                longer.rz(part)
        longer.phase = self.phase
        return longer

    def pulses(self) -> int:
        """How many pulses the run takes."""
        return sum([polar_pulses(part) for part in self.parts if isinstance(part, tuple)])

    def is_flip(self) -> bool:
        """Whether the run maps Z to -Z, so that it is one `gpi`."""
        return (
            sum([not _is_rz(part) for part in self.parts if isinstance(part, tuple)]) == 1
            and self.pulses() == 1
            and any(isinstance(part, tuple) and _is_flip(part) for part in self.parts)
        )

    def strip(self) -> tuple[Angle, tuple[Turn | Angle, ...], Angle]:
        """(first, core, last): the run is Rz(first), then the core, then Rz(last), and the core
        starts and ends with rotations that change Z; it is empty when nothing does."""
        parts = list(self.parts)
        first, last = ZERO, ZERO
        while parts and (isinstance(parts[0], Angle) or _is_rz(parts[0])):
            part = parts.pop(0)
            first = first + (part if isinstance(part, Angle) else euler(part)[0])
        while parts and (isinstance(parts[-1], Angle) or _is_rz(parts[-1])):
            part = parts.pop()
            last = last + (part if isinstance(part, Angle) else euler(part)[0])
        if parts:
            a, b, c = _euler_of(parts[0])
            first, parts[0] = first + c, times(about_z(a), about_y(b))
            a, b, c = _euler_of(parts[-1])
            last, parts[-1] = last + a, times(about_y(b), about_z(c))
        return first, tuple(parts), last

    def emit(self) -> tuple[list[Pulse], Angle, Angle]:
        """(pulses, rest, phase): the run is the pulses in order, then Rz(rest), times
        exp(i phase), exactly."""
        pulses: list[Pulse] = []
        frame, phase = ZERO, self.phase
        for part in self.parts:
            if isinstance(part, Angle):
                frame = frame + part
                continue
            a, b, c = euler(part)
            count = polar_pulses(part)
            if count == 0:
                frame = frame + a
            elif _is_flip(part):
                pulses.append(("gpi", wrapped(Angle(HALF_PI + (a - c) / 2) - frame * 0.5)))
                frame, phase = ZERO, phase - HALF_PI
            elif count == 1:
                pulses.append(("gpi2", wrapped(HALF_PI - c - frame)))
                frame = frame + (a + c)
            else:
                pulses.append(("gpi2", wrapped(-c - frame)))
                pulses.append(("gpi2", wrapped(pi - b - c - frame)))
                frame = frame + (a + b + c)
        rest = Angle(wrap(frame.const, 4 * pi), frame.terms)
        if not rest.terms and abs(rest.const) > 2 * pi - TOLERANCE:
            rest, phase = Angle(rest.const - 2 * pi * (1 if rest.const > 0 else -1)), phase + pi
        if not rest.terms and abs(rest.const) <= TOLERANCE:
            rest = ZERO
        return pulses, rest, phase


def _euler_of(part: Turn | Angle) -> tuple[float, float, float]:
    assert isinstance(part, tuple)
    return euler(part)


def wrapped(angle: Angle) -> Angle:
    """A phase of a pulse with its constant in (-pi, pi], where pulses repeat."""
    return Angle(wrap(angle.const, 2 * pi), angle.terms)


SQRT_HALF: Final = sqrt(0.5)
