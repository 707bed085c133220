"""Finding an earlier op that gates in between commute with.

An op may be moved back past every gate that commutes with it. So two gates that are not
neighbours can still meet, if each gate on their wires in between commutes with the later one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from q_store.passes.facts import commutes, wire_order
from q_store.qir.ops import Gate, Op, OpDef
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.rewrite import Sweep

Places = tuple[int, ...]
Accept = Callable[[Op, Op], bool]
"""Called with the earlier and the later op."""


def find_earlier(sweep: Sweep, op: Op, row: Gate, at: Places, accept: Accept) -> Op | None:
    """The nearest emitted op of `row` that `op` can be moved next to and that is accepted.

    Wire k of `op` must be wire `at[k]` of it, up to exchanges the row allows.
    """
    if len(op.operands) == 1:
        return _on_one_wire(sweep, op, row, accept)
    return _on_wires(sweep, op, row, at, accept)


def _on_one_wire(sweep: Sweep, op: Op, row: Gate, accept: Accept) -> Op | None:
    made, out, defn = sweep.made, sweep.out, op.defn
    passes = _passes[defn] if defn in _passes else _passes.setdefault(defn, {})
    wire = op.operands[0]
    for _ in range(sweep.look_back + 1):
        position = made.get(wire)
        if position is None:
            return None
        other = out[position]
        assert other is not None
        if other.defn is row and accept(other, op):
            return other
        on = passes.get(other.defn)
        if on is None:
            on = passes[other.defn] = _passable(defn, other.defn)
        if not on:
            return None
        place = 0 if other.results[0] is wire else other.results.index(wire)
        if not on[place]:
            return None
        wire = other.operands[place]
    sweep.clipped = True
    return None


_passes: dict[OpDef, dict[OpDef, tuple[bool, ...]]] = {}
"""For a one-wire row and another row: on which wires of the other it may pass."""


def _passable(row: OpDef, other: OpDef) -> tuple[bool, ...]:
    if not isinstance(row, Gate) or not isinstance(other, Gate):
        return ()
    return tuple([commutes(row, other, ((0, wire),)) for wire in range(other.wires or 0)])


def _on_wires(sweep: Sweep, op: Op, row: Gate, at: Places, accept: Accept) -> Op | None:
    """Walk back on all wires of `op` at once, always past the latest op on any of them, so that
    every op met shows all the wires it shares."""
    made, out, defn = sweep.made, sweep.out, op.defn
    front = list(op.operands)
    for _ in range(sweep.look_back + 1):
        places = [made.get(wire, -1) for wire in front]
        latest = max(places)
        if latest < 0:
            return None
        other = out[latest]
        assert other is not None
        if other.defn is row and _covers(other, front, at) and accept(other, op):
            return other
        if type(other.defn) is not Gate or type(defn) is not Gate:
            return None
        shared = [(k, other.results.index(front[k])) for k, p in enumerate(places) if p == latest]
        if not commutes(defn, other.defn, tuple(shared)):
            return None
        for mine, theirs in shared:
            front[mine] = other.operands[theirs]
    sweep.clipped = True
    return None


def _covers(other: Op, front: list[Value], at: Places) -> bool:
    """Whether `other` made exactly these wires, in an order its row allows."""
    results = other.results
    if len(results) == 2 and front[0] is results[at[0]] and front[1] is results[at[1]]:
        return True
    order = wire_order(other.defn)
    if len(results) != len(front):
        return False
    groups = [order[results.index(wire)] if wire in results else -1 for wire in front]
    return groups == [order[place] for place in at]
