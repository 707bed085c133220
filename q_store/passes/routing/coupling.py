"""The pairs of qubits that can interact, as a graph with distances."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from q_store.qir.diagnostics import error

FAR: Final = 1 << 20
"""The distance of qubits without a path."""
_CHAIN: Final = re.compile(r"\d{1,6}(-\d{1,6})+", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """Qubits 0 to N-1 and who is next to whom, in both directions."""

    neighbours: tuple[tuple[int, ...], ...]
    distances: tuple[tuple[int, ...], ...]
    """Pairs on the shortest path between two qubits, `FAR` where there is none."""

    @property
    def qubits(self) -> int:
        return len(self.neighbours)

    def coupled(self, a: int, b: int) -> bool:
        """Whether two qubits can interact."""
        return self.distances[a][b] == 1

    def part(self, start: int) -> list[int]:
        """The qubits with a path to `start`, nearest first."""
        row = self.distances[start]
        return sorted([q for q, far in enumerate(row) if far < FAR], key=lambda q: (row[q], q))

    def first(self, n: int) -> Coupling:
        """The graph without qubits beyond the first n."""
        rows = [[other for other in row if other < n] for row in self.neighbours[:n]]
        rows += [[] for _ in range(n - len(rows))]
        return _measured(tuple(map(tuple, rows)))


def chains(pairs: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Pairs as `coupling_of` reads them."""
    return tuple([f"{a}-{b}" for a, b in sorted(pairs)])


def coupling_of(texts: tuple[str, ...]) -> Coupling:
    """The graph of chains such as `0-1-2-3`. Raises `QS415`."""
    pairs: set[tuple[int, int]] = set()
    for text in texts:
        places = [int(part) for part in text.split("-")] if _CHAIN.fullmatch(text) else []
        steps = list(pairwise(places))
        if not steps or any(a == b for a, b in steps):
            raise error(
                "QS415",
                "option `coupling` of `route` needs chains of different qubits such as 0-1-2, "
                f"got {text!r}",
            )
        pairs.update(steps)
    return _graph(pairs)


def _graph(pairs: set[tuple[int, int]]) -> Coupling:
    n = 1 + max([max(pair) for pair in pairs])
    near: list[set[int]] = [set() for _ in range(n)]
    for a, b in pairs:
        near[a].add(b)
        near[b].add(a)
    return _measured(tuple([tuple(sorted(row)) for row in near]))


def _measured(neighbours: tuple[tuple[int, ...], ...]) -> Coupling:
    n = len(neighbours)
    return Coupling(neighbours, tuple([_hops(neighbours, start) for start in range(n)]))


def _hops(neighbours: tuple[tuple[int, ...], ...], start: int) -> tuple[int, ...]:
    reached = [FAR] * len(neighbours)
    reached[start] = 0
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in neighbours[here]:
            if reached[there] == FAR:
                reached[there] = reached[here] + 1
                waiting.append(there)
    return tuple(reached)
