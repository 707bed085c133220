"""Which ops must wait for which: gates that commute need not keep their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from q_store.passes.facts import NO_AXIS, axes
from q_store.qir.ops import Gate, Op
from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class Order:
    """Ops 0 to n-1 as a graph; `pairs` are the wires of those that need two qubits together."""

    pairs: tuple[tuple[int, int] | None, ...]
    followers: tuple[tuple[int, ...], ...]
    """Per op, those that wait for it."""
    waits: tuple[int, ...]
    """Per op, for how many it waits."""

    def reversed(self) -> Order:
        """The same ops from the end to the beginning."""
        before: list[list[int]] = [[] for _ in self.pairs]
        for op, after in enumerate(self.followers):
            for later in after:
                before[later].append(op)
        waits = tuple([len(after) for after in self.followers])
        return Order(self.pairs, tuple(map(tuple, before)), waits)


@dataclass(slots=True)
class _Wire:
    """The last ops on a wire: the latest of them commute with each other, and wait for the
    others."""

    axis: int = NO_AXIS
    latest: list[int] = field(default_factory=list)
    earlier: list[int] = field(default_factory=list)

    def add(self, op: int, axis: int) -> list[int]:
        """Append an op; the result is what it waits for."""
        if self.axis & axis:
            self.axis &= axis
            self.latest.append(op)
        else:
            self.axis, self.earlier, self.latest = axis, self.latest, [op]
        return self.earlier


def order_of(ops: Sequence[Op], numbers: Mapping[Value, int]) -> Order:
    """The order that ops need, given the wire of each qubit value.

    Ops stay in a group on a wire as long as all of them commute with one Pauli letter there.
    """
    wires: dict[int, _Wire] = {}
    producers: dict[Value, int] = {}
    pairs: list[tuple[int, int] | None] = []
    before: list[set[int]] = []
    for index, op in enumerate(ops):
        at = [numbers[value] for value in op.operands if value.type.linear]
        row = op.defn
        letters = axes(row) if isinstance(row, Gate) else (NO_AXIS,) * len(at)
        found = {producers[value] for value in op.operands if value in producers}
        for wire, axis in zip(at, letters, strict=True):
            found.update(wires.setdefault(wire, _Wire()).add(index, axis))
        before.append(found)
        pairs.append((at[0], at[1]) if isinstance(row, Gate) and len(at) == 2 else None)
        producers.update((value, index) for value in op.results if not value.type.linear)
    followers: list[list[int]] = [[] for _ in before]
    for index, found in enumerate(before):
        for earlier in found:
            followers[earlier].append(index)
    return Order(tuple(pairs), tuple(map(tuple, followers)), tuple(map(len, before)))
