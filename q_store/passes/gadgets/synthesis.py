"""From gathered rotations to short ones: the cheapest plan, and the same operator exactly."""

from __future__ import annotations

from cmath import phase
from collections.abc import Iterator
from math import pi
from typing import Final, NamedTuple

from q_store.passes.gadgets.amplitude import Amplitude
from q_store.passes.gadgets.plan import Order, Plan, Search, Taste
from q_store.passes.gadgets.words import Gathering, Word, word
from q_store.qir.angle import Angle

_TASTES: Final = (
    Taste(-1.0, 0.3, 4, 0.3),
    Taste(-1.0, 0.2, 4, 0.3),
    Taste(0.0, 0.1, 4, 0.5),
    Taste(-1.0, 0.0, 4, 0.3),
)


class Rotation(NamedTuple):
    """exp(-i angle/2 P), P a product of one or two letters by qubit."""

    letters: dict[int, int]
    angle: Angle


class Synthesis(NamedTuple):
    """An operator: rotations in time order, then the qubits in a new order, and a phase."""

    rotations: list[Rotation]
    homes: list[int]
    """Where qubit q of the operator is found."""
    phase: float


def shortest(gathering: Gathering, limit: int, tries: int, effort: int) -> tuple[Plan | None, int]:
    """The shortest plan found with fewer than `limit` entanglers, and the effort it took.

    Effort is counted in turns weighed; a search that has begun is finished.
    """
    order = Order(gathering)
    best: Plan | None = None
    spent = 0
    for taste in _tastes(tries):
        if spent >= effort:
            break
        search = Search(order, taste, limit)
        found = search.run()
        spent += search.looks
        if found is not None and (best is None or found.cost < best.cost):
            best, limit = found, found.entanglers + 1
    return best, spent


def _tastes(tries: int) -> Iterator[Taste]:
    """Every taste once, then again with random choices between equals."""
    for number in range(tries):
        round_, place = divmod(number, len(_TASTES))
        yield _TASTES[place]._replace(seed=round_ or None)


def written(gathering: Gathering, plan: Plan) -> Synthesis:
    """The rotations of a plan, and what makes them the gathered operator exactly."""
    rotations, turns = [], []
    for gadget, letters, negative in plan.moves:
        if gadget is None:
            angle = Angle(pi / 2)
            turns.append((word(letters), 1))
        else:
            angle = gathering.gadgets[gadget].angle
            angle = -angle if negative else angle
        rotations.append(Rotation(letters, angle))
    for q, home in enumerate(plan.homes):
        for letter, count in home_turns(*plan.ends[q]):
            rotations.append(Rotation({home: letter}, Angle(count * pi / 2)))
            turns.append((word({home: letter}), count))
    rest = _phase_between(gathering, turns, plan.homes)
    return Synthesis(rotations, plan.homes, rest)


def home_turns(x: tuple[int, bool], z: tuple[int, bool]) -> list[tuple[int, int]]:
    """Rotations (letter, multiple of pi/2) of one qubit that take two signed letters to X and Z."""
    words = [Word(a & 1, a >> 1, (a == 3) + 2 * minus) for a, minus in (x, z)]
    turns: list[tuple[int, int]] = []
    goals = (Word(1, 0, 0), Word(0, 1, 0))
    # At most two quarter-turns bring the first letter home, at most one half-turn the second.
    for axis_1, count_1, axis_2, count_2 in _PAIRS:
        now = [_turned(_turned(w, axis_1, count_1), axis_2, count_2) for w in words]
        if tuple(now) == goals:
            turns = [(axis_1, count_1), (axis_2, count_2)]
            break
    return [(axis, count) for axis, count in turns if count]


_PAIRS: Final = sorted(
    [(a, m, b, n) for a in (2, 1, 3) for m in range(4) for b in (2, 1, 3) for n in range(4)],
    key=lambda p: (bool(p[1]) + bool(p[3]), p[0] != 2),
)
"""Pairs of rotations of one qubit; those that are nothing or about Z come first."""


def _turned(given: Word, axis: int, count: int) -> Word:
    """R Q R^-1 for R = R(axis, count pi/2)."""
    letter = word({0: axis})
    minus = Word(letter.x, letter.z, (letter.k + 3) % 4)
    for _ in range(count):
        if not given.commutes(letter):
            given = minus.times(given)
    return given


def _phase_between(gathering: Gathering, turns: list[tuple[Word, int]], homes: list[int]) -> float:
    """The phase of the gathered Clifford operator beyond that of the turns and the new order."""
    wanted, made = Amplitude(gathering.n), Amplitude(gathering.n)
    for given, count in gathering.turns:
        wanted.rotate(given, count)
    for given, count in turns:
        made.rotate(given, count)
    basis = sum([(wanted.basis >> q & 1) << home for q, home in enumerate(homes)])
    eighths = round(phase(wanted.value / made.at(basis)) / (pi / 4))
    return eighths * pi / 4
