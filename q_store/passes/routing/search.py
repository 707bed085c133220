"""Swaps until every pair has met: the search of SABRE.

Gushu Li, Yufei Ding, Yuan Xie, "Tackling the Qubit Mapping Problem for NISQ-Era Quantum Devices"
(ASPLOS 2019, arXiv:1809.02573): of all swaps that touch a pair which waits, take the one after
which those pairs, and to a lesser degree the next ones, are nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from q_store.passes.routing.coupling import Coupling
from q_store.passes.routing.order import Order

Swap = tuple[int, int]
"""Two coupled qubits that exchange what they hold."""

AHEAD: Final = (20, 40)
"""How many of the next pairs are looked at. Which is better depends on machine and circuit."""
_AHEAD_WEIGHT: Final = 0.5
_DECAY: Final = 0.001
"""What a qubit that has just moved costs more, so that swaps spread over the machine."""
_FORGET: Final = 5
"""After so many swaps those costs are forgotten."""


@dataclass(slots=True)
class Placement:
    """Where the wires are: `places[wire]` is a qubit, `held[qubit]` a wire, or -1 for none."""

    places: list[int]
    held: list[int]

    @classmethod
    def of(cls, places: list[int], qubits: int) -> Placement:
        held = [-1] * qubits
        for wire, qubit in enumerate(places):
            held[qubit] = wire
        return cls(places, held)

    def copy(self) -> Placement:
        return Placement(self.places.copy(), self.held.copy())

    def swap(self, a: int, b: int) -> None:
        """Exchange what two qubits hold."""
        held, places = self.held, self.places
        held[a], held[b] = held[b], held[a]
        for qubit in (a, b):
            if held[qubit] >= 0:
                places[held[qubit]] = qubit


@dataclass(slots=True)
class Routing:
    """Ops and swaps in the order in which they happen."""

    start: Placement
    end: Placement
    schedule: list[int | Swap]
    swaps: int


def search(
    order: Order, coupling: Coupling, start: Placement, random: Random, ahead: int = AHEAD[0]
) -> Routing:
    """Route all ops from a placement in which waiting pairs have paths."""
    walk = _Walk(order, coupling, start.copy(), random, ahead)
    walk.run()
    swaps = len(walk.schedule) - len(order.pairs)
    return Routing(start, walk.at, walk.schedule, swaps)


@dataclass(slots=True)
class _Walk:
    order: Order
    coupling: Coupling
    at: Placement
    random: Random
    ahead: int
    schedule: list[int | Swap] = field(default_factory=list)
    waits: list[int] = field(init=False)
    blocked: list[int] = field(init=False)
    """Ops that only wait for their two wires to meet."""
    decay: list[float] = field(init=False)
    pulls: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """Per wire, the wires it wants to meet and how much."""

    def run(self) -> None:
        self.waits = list(self.order.waits)
        self.blocked = [op for op, n in enumerate(self.waits) if n == 0]
        self.decay = [1.0] * self.coupling.qubits
        tried = 0
        while self._proceed():
            tried = 0 if self.schedule and isinstance(self.schedule[-1], int) else tried + 1
            if tried > 2 * self.coupling.qubits:
                self._bring_together()
            else:
                self._swap(*self._best())

    def _proceed(self) -> bool:
        """Do all ops that can be done; whether any are left."""
        ready, self.blocked, done = self.blocked, [], False
        while ready:
            op = ready.pop()
            pair = self.order.pairs[op]
            if pair is not None and not self._meet(pair):
                self.blocked.append(op)
                continue
            done = True
            self.schedule.append(op)
            for later in self.order.followers[op]:
                self.waits[later] -= 1
                if self.waits[later] == 0:
                    ready.append(later)
        if done:
            self.decay = [1.0] * self.coupling.qubits
        if done or not self.pulls:
            self._pull()
        return bool(self.blocked)

    def _meet(self, pair: tuple[int, int]) -> bool:
        places = self.at.places
        return self.coupling.coupled(places[pair[0]], places[pair[1]])

    def _pull(self) -> None:
        """Note who wants to meet whom: the blocked pairs, and the next ones with less weight."""
        self.pulls = {}
        following = self._following()
        for ops, total in ((self.blocked, 1.0), (following, _AHEAD_WEIGHT)):
            for op in ops:
                a, b = self.order.pairs[op] or (0, 0)
                self.pulls.setdefault(a, []).append((b, total / len(ops)))
                self.pulls.setdefault(b, []).append((a, total / len(ops)))

    def _following(self) -> list[int]:
        found: list[int] = []
        seen = set(self.blocked)
        level = self.blocked
        while level and len(found) < self.ahead:
            after = [op for before in level for op in self.order.followers[before]]
            level = [op for op in dict.fromkeys(after) if op not in seen]
            seen.update(level)
            found += [op for op in level if self.order.pairs[op] is not None]
        return found[: self.ahead]

    def _best(self) -> Swap:
        """The swap that brings together most; by lot among equals."""
        total = sum([self._distance(wire, self.at.places[wire]) for wire in self.pulls]) / 2
        best, choices = float("inf"), []
        for swap in self._candidates():
            score = (total + self._gain(*swap)) * max(self.decay[q] for q in swap)
            if score < best - 1e-9:
                best, choices = score, [swap]
            elif score < best + 1e-9:
                choices.append(swap)
        return self.random.choice(choices)

    def _candidates(self) -> list[Swap]:
        places, near = self.at.places, self.coupling.neighbours
        ends = [places[wire] for op in self.blocked for wire in self.order.pairs[op] or ()]
        return sorted({(min(a, b), max(a, b)) for a in ends for b in near[a]})

    def _distance(self, wire: int, qubit: int, but: int = -1) -> float:
        """How far a wire would be, at this qubit, from those it wants to meet, without one."""
        row, places = self.coupling.distances[qubit], self.at.places
        return sum([w * row[places[other]] for other, w in self.pulls[wire] if other != but])

    def _gain(self, a: int, b: int) -> float:
        """By how much distances change when two qubits exchange what they hold."""
        gain = 0.0
        for here, there in ((a, b), (b, a)):
            wire, other = self.at.held[here], self.at.held[there]
            if wire in self.pulls:
                gain += self._distance(wire, there, other) - self._distance(wire, here, other)
        return gain

    def _swap(self, a: int, b: int) -> None:
        self.at.swap(a, b)
        self.schedule.append((a, b))
        self.decay[a] += _DECAY
        self.decay[b] += _DECAY
        if sum([value > 1.0 for value in self.decay]) > 2 * _FORGET:
            self.decay = [1.0] * self.coupling.qubits

    def _bring_together(self) -> None:
        """Walk one pair along a shortest path: where swaps went in circles, this ends it."""
        places, distances = self.at.places, self.coupling.distances
        pairs = [self.order.pairs[op] or (0, 0) for op in self.blocked]
        a, b = min(pairs, key=lambda pair: distances[places[pair[0]]][places[pair[1]]])
        while not self._meet((a, b)):
            here, goal = places[a], places[b]
            nearer = min(self.coupling.neighbours[here], key=lambda q: distances[q][goal])
            self._swap(min(here, nearer), max(here, nearer))
