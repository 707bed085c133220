"""In which direction of the equator each Mølmer-Sørensen gate meets each qubit.

A run of one-qubit gates stands between interactions along the Z axis of the program. The hardware
interacts along an axis of the equator of its own frame, and because Rz is free, any axis will do.
So the frame may be turned by M Rz(alpha), where M = Ry(pi/2) takes Z to X, for any alpha at each
interaction: rotations about the axis of an interaction commute with it. A run Rz(a) core Rz(c) is
then played as Rx(alpha' + a) core Rx(c - alpha), and alphas are chosen so that few pulses remain: a
mixer Rx between Ising gates, or a Hadamard, can vanish altogether.

Only the two alphas next to a run matter to it, so the best choice along a wire is a shortest path.
Candidates are the directions in which neighbouring runs align with an axis, and for runs without
parameters the directions that leave a single pulse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, cos, pi, sin
from typing import Final

from q_store.passes.ionq.turns import (
    HALF_PI,
    Run,
    Turn,
    about_y,
    euler,
)
from q_store.passes.phases import wrap
from q_store.qir.angle import Angle

Key = tuple[object, float]
Core = tuple[Turn | Angle, ...]

_NEAR: Final = 1e-9
_ROUND: Final = 1e-13
_FLIP: Final = 0.02
"""A half-turn inside a wire can be carried to a later pulse, so it costs next to nothing."""
_SLACK: Final = 2.0
"""No run takes more pulses than this that another choice could save."""
_MAX_STATES: Final = 48
_MAX_CANDIDATES: Final = 24
_QUARTERS: Final = (0.0, HALF_PI, pi, -HALF_PI)
_MAP: Final = about_y(HALF_PI)
_UNMAP: Final = about_y(-HALF_PI)


def choose_axes(runs: Sequence[Run]) -> list[Angle]:
    """One alpha per interaction between the runs of a wire, `len(runs) - 1` of them."""
    return _Path([_Segment.of(run) for run in runs]).best()


@dataclass(frozen=True, slots=True)
class _Segment:
    """A run as Rz(last) core Rz(first)."""

    first: Angle
    core: Core
    last: Angle

    @staticmethod
    def of(run: Run) -> _Segment:
        return _Segment(*run.strip())

    @property
    def polar(self) -> float | None:
        """b where the core is Ry(b)."""
        if not self.core:
            return 0.0
        only = self.core[0]
        return euler(only)[1] if len(self.core) == 1 and isinstance(only, tuple) else None


@dataclass(slots=True)
class _State:
    alpha: Angle
    cost: float
    before: _State | None


class _Path:
    def __init__(self, segments: list[_Segment]) -> None:
        self.segments = segments
        self.costs: dict[tuple[object, ...], float] = {}
        self.aligned = [
            _distinct(
                [
                    *[before.last * -1.0 + quarter for quarter in _QUARTERS],
                    *[after.first + quarter for quarter in _QUARTERS],
                ]
            )
            for before, after in pairwise(segments)
        ]

    def best(self) -> list[Angle]:
        if len(self.segments) == 1:
            return []
        candidates = self.candidates()
        first = self.segments[0]
        states = [
            _State(alpha, self.cost(first, alpha + first.last, None), None)
            for alpha in candidates[0]
        ]
        for place in range(1, len(candidates)):
            states = self.step(states, self.segments[place], candidates[place])
        final = self.segments[-1]
        for state in states:
            state.cost += self.cost(final, None, final.first - state.alpha)
        chosen: _State | None = min(states, key=lambda state: state.cost)
        alphas = []
        while chosen is not None:
            alphas.append(chosen.alpha)
            chosen = chosen.before
        return alphas[::-1]

    def candidates(self) -> list[list[Angle]]:
        """Per interaction: aligned directions, and those from which an aligned direction of a later
        one is reached with no pulse or one."""
        found = [list(aligned) for aligned in self.aligned]
        through: list[Angle] = []
        for place in range(len(found) - 2, -1, -1):
            after = self.segments[place + 1]
            if after.core:
                through = []
                found[place] += self.leading_to(self.aligned[place + 1], after)
            else:
                # Rz between two interactions costs nothing where both turn by it alike.
                later = _distinct([*self.aligned[place + 1], *through])[:_MAX_CANDIDATES]
                through = [alpha + (after.last + after.first) for alpha in later]
                found[place] += through
            found[place] = _distinct(found[place])
        return found

    def leading_to(self, aligned: list[Angle], after: _Segment) -> Iterator[Angle]:
        for alpha in aligned:
            u = alpha + after.last
            if after.polar is not None and not u.terms:
                v = _single_pulse(after.polar, u.const)
                yield after.first - v
                yield after.first - (v + pi)

    def step(
        self, states: list[_State], segment: _Segment, candidates: list[Angle]
    ) -> list[_State]:
        """The states behind a run, the cheapest way to each."""
        reached: dict[Key, _State] = {}
        for state in states:
            v = segment.first - state.alpha
            targets = [*candidates, *_followers(segment, v)]
            for alpha in targets:
                total = state.cost + self.cost(segment, alpha + segment.last, v)
                key = _key(alpha)
                known = reached.get(key)
                if known is None or total < known.cost - _NEAR:
                    reached[key] = _State(alpha, total, state)
        ranked = sorted(reached.values(), key=lambda state: state.cost)[:_MAX_STATES]
        return [state for state in ranked if state.cost <= ranked[0].cost + _SLACK]

    def cost(self, segment: _Segment, u: Angle | None, v: Angle | None) -> float:
        """Pulses of Rx(u) core Rx(v); `None` where the wire begins or ends, in the program's
        frame."""
        polar = segment.polar
        if polar is not None and not (u and u.terms) and not (v and v.terms):
            return _numeric_cost(polar, _const(u), _const(v))
        key = (segment.core, u and _key(u), v and _key(v))
        known = self.costs.get(key)
        if known is None:
            known = self.costs[key] = _symbolic_cost(segment.core, u, v)
        return known


def _followers(segment: _Segment, v: Angle) -> list[Angle]:
    """Directions after a run that are reached with no pulse or one, given v before it."""
    if not segment.core:
        return [-v - segment.last]
    if segment.polar is None or v.terms:
        return []
    u = _single_pulse(segment.polar, v.const) - segment.last
    return [u, u + pi]


def _single_pulse(polar: float, other: float) -> float:
    """u such that Rx(u) Ry(polar) Rx(other) takes Z to the equator; the same for v."""
    return atan2(cos(other) * cos(polar), sin(other))


def _const(angle: Angle | None) -> float | None:
    return None if angle is None else angle.const


def _numeric_cost(b: float, u: float | None, v: float | None) -> float:
    if u is None:
        height = cos(v or 0.0) * sin(b)
    elif v is None:
        height = -sin(b) * cos(u)
    else:
        height = cos(u) * cos(v) * cos(b) - sin(u) * sin(v)
    if height > 1 - _ROUND:
        return 0.0
    if height < -1 + _ROUND:
        return 1.0 if u is None else _FLIP
    return 1.0 if abs(height) < _NEAR else 2.0


def _symbolic_cost(core: Core, u: Angle | None, v: Angle | None) -> float:
    before: Core = () if v is None else (_UNMAP, v)
    after: Core = () if u is None else (u, _MAP)
    run = Run(core).extended(before, after)
    return _FLIP if u is not None and run.is_flip() else float(run.pulses())


def _key(angle: Angle) -> Key:
    return (angle.terms, round(wrap(angle.const, 2 * pi), 8) % round(2 * pi, 8))


def _distinct(angles: Iterable[Angle]) -> list[Angle]:
    found: dict[Key, Angle] = {}
    for angle in angles:
        found.setdefault(_key(angle), Angle(wrap(angle.const, 2 * pi), angle.terms))
    return list(found.values())
