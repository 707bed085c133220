"""Where the wires start: next to each other for good if possible, else by trial.

Trials go through the circuit forwards and backwards, so that the end of one is a start which suits
the beginning (Li, Ding, Xie, arXiv:1809.02573, section IV.C).
"""

from __future__ import annotations

from random import Random
from typing import Final

from q_store.passes.routing.coupling import Coupling
from q_store.passes.routing.order import Order
from q_store.passes.routing.search import AHEAD, Placement, Routing, search

_STEPS: Final = 20_000
"""How many tries a placement without any swap is worth."""
_ROUNDS: Final = 2
"""Ways there and back before a trial counts."""


def best_routing(
    order: Order, n: int, coupling: Coupling, trials: int, *, fixed: bool = False
) -> Routing:
    """The routing of n wires with the fewest swaps that was found; the same one every time.
    `fixed` wires start on the qubits of their numbers."""
    random = Random(0)
    if fixed:
        start = Placement.of(list(range(n)), coupling.qubits)
        routings = [search(order, coupling, start, random, _ahead(k)) for k in range(trials)]
        return min(routings, key=lambda routing: routing.swaps)
    places = _without_swaps(order, n, coupling)
    if places is not None:
        return search(order, coupling, Placement.of(places, coupling.qubits), random)
    found = [_trial(order, n, coupling, random, trial) for trial in range(trials)]
    return min(found, key=lambda routing: routing.swaps)


def _trial(order: Order, n: int, coupling: Coupling, random: Random, trial: int) -> Routing:
    back, ahead = order.reversed(), _ahead(trial)
    placement = Placement.of(_somewhere(n, coupling, random, trial), coupling.qubits)
    best = search(order, coupling, placement, random, ahead)
    for _ in range(_ROUNDS):
        start = search(back, coupling, best.end, random, ahead).end
        routing = search(order, coupling, start, random, ahead)
        best = min(best, routing, key=lambda routing: routing.swaps)
    return best


def _ahead(trial: int) -> int:
    return AHEAD[trial % len(AHEAD)]


def _somewhere(n: int, coupling: Coupling, random: Random, trial: int) -> list[int]:
    """Qubits near each other, in a part of the machine with room for all wires; in order at the
    first trial, shuffled later."""
    roomy = [q for q in range(coupling.qubits) if len(coupling.part(q)) >= n]
    if trial == 0:
        return sorted(coupling.part(roomy[0])[:n])
    places = coupling.part(random.choice(roomy))[:n]
    random.shuffle(places)
    return places


def _without_swaps(order: Order, n: int, coupling: Coupling) -> list[int] | None:
    """A place for each wire such that all pairs are coupled, if a short search finds one."""
    friends: list[set[int]] = [set() for _ in range(n)]
    for pair in order.pairs:
        if pair is not None:
            friends[pair[0]].add(pair[1])
            friends[pair[1]].add(pair[0])
    if max(map(len, friends), default=0) > max(map(len, coupling.neighbours)):
        return None
    return _Matching(friends, coupling).find()


class _Matching:
    """Depth-first search for a copy of the circuit's graph inside the machine's."""

    def __init__(self, friends: list[set[int]], coupling: Coupling) -> None:
        self.friends = friends
        self.coupling = coupling
        self.places: dict[int, int] = {}
        self.taken: set[int] = set()
        self.steps = 0

    def find(self) -> list[int] | None:
        """Iterative, because circuits have more wires than Python has frames to spare."""
        wires = self._connected_order()
        options = [self._options(wires[0])] if wires else []
        while options and len(self.places) < len(wires):
            wire = wires[len(options) - 1]
            self._lift(wire)
            self.steps += 1
            if self.steps > _STEPS:
                return None
            if not options[-1]:
                options.pop()
                continue
            self._put(wire, options[-1].pop())
            if len(self.places) < len(wires):
                options.append(self._options(wires[len(options)]))
        if len(self.places) < len(wires):
            return None
        return [self.places[wire] for wire in range(len(wires))]

    def _put(self, wire: int, qubit: int) -> None:
        self.places[wire] = qubit
        self.taken.add(qubit)

    def _lift(self, wire: int) -> None:
        if wire in self.places:
            self.taken.remove(self.places.pop(wire))

    def _connected_order(self) -> list[int]:
        """Wires so that each has met one before it where that is possible, well-connected ones
        first, wires without a gate last."""
        left = sorted(range(len(self.friends)), key=lambda wire: -len(self.friends[wire]))
        found: list[int] = []
        known: set[int] = set()
        while left:
            wire = next((wire for wire in left if self.friends[wire] & known), left[0])
            left.remove(wire)
            found.append(wire)
            known.add(wire)
        return found

    def _options(self, wire: int) -> list[int]:
        """Free qubits next to all friends that have a place, the best last."""
        near = self.coupling.neighbours
        placed = [self.places[friend] for friend in self.friends[wire] if friend in self.places]
        around = near[placed[0]] if placed else range(self.coupling.qubits)
        fit = [
            qubit
            for qubit in around
            if qubit not in self.taken
            and len(near[qubit]) >= len(self.friends[wire])
            and all(self.coupling.coupled(qubit, other) for other in placed)
        ]
        return sorted(fit, key=lambda qubit: (-len(near[qubit]), -qubit))
