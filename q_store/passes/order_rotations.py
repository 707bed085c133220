"""Commuting rotations of one pair in the order that changes axes least often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, rewritten
from q_store.qir import dialects
from q_store.qir.ops import Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class OrderRotations(FuncPass):
    """Reorders neighbouring `rxx`, `ryy` and `rzz` of one pair of qubits, which commute.

    Each group begins with the axis in which its wires stand after the gates before, and ends with
    Z where it can, so that fewer changes of axis are left to pulses.
    """

    name: ClassVar[str] = "order-rotations"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; exact."""
        return rewritten(func, _Emission())


_MAX_PERMUTED: Final = 4
_AXES: Final = {"q.rxx": "x", "q.ryy": "y", "q.rzz": "z"}


@dataclass(slots=True)
class _Group:
    wires: tuple[Value, ...]
    """The last wires of the source, in the order of the first rotation."""
    ops: list[Op] = field(default_factory=list)


class _Emission(Emission):
    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[Value, _Group] = {}
        self.standing: dict[Value, str] = {}
        """The axis in which a wire of the source stands; Z unless known."""

    def take(self, op: Op) -> None:
        axis = _AXES.get(op.defn.name)
        if axis is None:
            if op.defn is not dialects.ALLOC:
                self.end(op.operands)
            self.keep(op)
            self.standing.update(dict.fromkeys(op.results, "" if op.is_gate else "z"))
            return
        group = self.groups.get(op.operands[0])
        if group is None or group is not self.groups.get(op.operands[1]):
            self.end(op.operands)
            group = _Group(op.operands)
        for value in group.wires:
            self.groups.pop(value, None)
        after = dict(zip(op.operands, op.results, strict=True))
        group.wires = tuple([after[value] for value in group.wires])
        group.ops.append(op)
        self.groups.update(dict.fromkeys(group.wires, group))

    def end(self, wires: Sequence[Value]) -> None:
        for value in wires:
            group = self.groups.get(value)
            if group is not None:
                self.write(group)

    def write(self, group: _Group) -> None:
        """Append the rotations of a group in their best order."""
        for value in group.wires:
            del self.groups[value]
        first = group.ops[0]
        before = [self.standing.get(value, "z") for value in first.operands]
        order = min(_orders(group.ops), key=lambda ops: _changes(ops, before))
        wires: tuple[Value, ...] = tuple([self.wire(value) for value in first.operands])
        for op in order:
            wires = self.gate(op.defn.mnemonic, wires, op.angles, op.loc)
        self.now.update(zip(group.wires, wires, strict=True))
        self.standing.update(dict.fromkeys(group.wires, _AXES[order[-1].defn.name]))


def _orders(ops: list[Op]) -> Iterable[Sequence[Op]]:
    """All orders of a few rotations; for many, those in which equal axes stand together."""
    if len(ops) <= _MAX_PERMUTED:
        return permutations(ops)
    orders = permutations("xyz")
    return [sorted(ops, key=lambda op: order.index(_AXES[op.defn.name])) for order in orders]


def _changes(ops: Sequence[Op], before: Sequence[str]) -> int:
    axes = [_AXES[op.defn.name] for op in ops]
    inside = sum([2 * (a != b) for a, b in pairwise(axes)])
    return inside + sum([axes[0] != axis for axis in before]) + (axes[-1] != "z")
