"""Finding an earlier op that a gate can be moved back to.

A gate may be moved back past every gate that commutes with it. Most commutation is by axes: on each
shared wire both gates commute with the same Pauli letter. So a wire is cut into runs for each
letter, stretches of gates that all commute with it, and gates in the same runs on all their wires
meet, however far apart. Runs are found with path compression and gates are filed under the starts
of their runs, so looking costs next to nothing. Other commutation (rxx past rzz on the same wires)
is found by walking back op by op, a bounded number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from q_store.passes.facts import ANY_AXIS, X_AXIS, Y_AXIS, Z_AXIS, axes, commutes, wire_order
from q_store.qir.ops import Gate, Op, OpDef
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.rewrite import Sweep

Places = tuple[int, ...]
Key = tuple[OpDef | Value, ...]
"""A row and, per wire, where the run starts that its gate is in."""
Entry = tuple[Value, "Entry | None"]
"""The first result of a filed gate, and the entry before."""
Accept = Callable[[Op, Op], bool]
"""Called with the earlier and the later op."""


class RowAxes(dict[OpDef, tuple[int, ...]]):
    """The axes of gates; empty for what is no gate and stops every run."""

    def __missing__(self, row: OpDef) -> tuple[int, ...]:
        self[row] = axes(row) if isinstance(row, Gate) else ()
        return self[row]


class _Letters(dict[OpDef, tuple[int, ...]]):
    """The letter whose runs a gate belongs to, per wire; empty when some wire has none."""

    def __missing__(self, row: OpDef) -> tuple[int, ...]:
        masks = row_axes[row]
        letters = tuple([Z_AXIS if mask == ANY_AXIS else mask for mask in masks])
        self[row] = letters if all(masks) else ()
        return self[row]


row_axes = RowAxes()
_letters = _Letters()


class Runs:
    """The runs of one sweep, and the gates filed under them."""

    def __init__(self, sweep: Sweep) -> None:
        self.made, self.out, self.gone = sweep.made, sweep.out, sweep.gone
        self.jumps: dict[int, dict[Value, Value]] = {X_AXIS: {}, Y_AXIS: {}, Z_AXIS: {}}
        """Per letter, from a wire to an earlier one in the same run."""
        self.filed: dict[Key, Entry | None] = {}
        """The latest gate of a row in runs that start at these wires."""

    def start(self, wire: Value, letter: int) -> Value:
        """The wire at which the run of a letter that reaches `wire` starts."""
        earlier = self.before(wire, letter)
        if earlier is None:
            return wire
        jump, passed = self.jumps[letter], [wire]
        while earlier is not None:
            wire = earlier
            passed.append(wire)
            earlier = jump.get(wire) or self.before(wire, letter)
        for value in passed[:-1]:
            jump[value] = wire
        return wire

    def before(self, wire: Value, letter: int) -> Value | None:
        """The wire one op earlier in the same run, `None` at its start."""
        position = self.made.get(wire)
        if position is None:
            return self.gone.get(wire)
        op = self.out[position]
        assert op is not None
        masks, results = row_axes[op.defn], op.results
        place = 0 if results[0] is wire else results.index(wire)
        return op.operands[place] if masks and masks[place] & letter else None


def find_earlier(sweep: Sweep, op: Op, row: Gate, at: Places, accept: Accept) -> Op | None:
    """The nearest emitted op of `row` that `op` can be moved next to and that is accepted.

    Wire k of `op` must be wire `at[k]` of it, up to exchanges the row allows. Where there is none,
    `op` is filed, for later ops to find.
    """
    letters = _letters[op.defn]
    if not letters:
        return _walk(sweep, op, row, at, accept)
    runs = sweep.runs
    found = None
    if len(letters) == 1:
        start = runs.start(op.operands[0], letters[0])
        own: Key = (op.defn, start)
        wanted: Key = own if row is op.defn else (row, start)
        if wanted in runs.filed:
            found = _filed(sweep, op, wanted, accept)
    else:
        starts = tuple(map(runs.start, op.operands, letters))
        own = _key(op.defn, starts)
        wanted = own if row is op.defn and at == _PLACES[: len(at)] else _key(row, _at(at, starts))
        if wanted in runs.filed:
            found = _filed(sweep, op, wanted, accept)
        if found is None and _may_pass(sweep, op, starts, letters):
            found = _walk(sweep, op, row, at, accept)
    if found is None:
        runs.filed[own] = (op.results[0], runs.filed.get(own))
    return found


_PLACES = tuple(range(32))


def _at(at: Places, starts: tuple[Value, ...]) -> tuple[Value, ...]:
    """The start for wire k of an op put at place `at[k]`."""
    return tuple([starts[at.index(place)] for place in range(len(at))])


def _key(row: OpDef, starts: tuple[Value, ...]) -> Key:
    """Row and starts, those of exchangeable wires in an order of their own."""
    order = wire_order(row)
    if order[-1] == len(order) - 1 and order == _PLACES[: len(order)]:
        return (row, *starts)
    ranked = sorted(range(len(starts)), key=lambda k: (order[k], id(starts[k])))
    return (row, *[starts[k] for k in ranked])


def _filed(sweep: Sweep, op: Op, key: Key, accept: Accept) -> Op | None:
    """The latest filed op that is still there and accepted."""
    filed, made = sweep.runs.filed, sweep.made
    entry = filed[key]
    while entry is not None and entry[0] not in made:
        entry = entry[1]
    filed[key] = entry
    for _ in range(sweep.look_back + 1):
        if entry is None:
            return None
        position = made.get(entry[0])
        other = None if position is None else sweep.out[position]
        if other is not None and other.defn is key[0] and accept(other, op):
            return other
        entry = entry[1]
    sweep.clipped = True
    return None


def _may_pass(sweep: Sweep, op: Op, starts: tuple[Value, ...], letters: tuple[int, ...]) -> bool:
    """Whether the op that stops the runs of `op` commutes with it for another reason than axes.

    That takes two shared wires: on a single one, a gate with just one axis commutes with nothing
    but gates that have it too.
    """
    made = sweep.made
    places = [made.get(start, -1) for start in starts]
    latest = max(places)
    other = sweep.out[latest] if latest >= 0 else None
    if other is None or type(other.defn) is not Gate or len(other.results) < 2:
        return False
    # Where it stops a run it made the start; elsewhere its wire is in the run, or not shared.
    shared = {other.results.index(starts[k]): k for k, p in enumerate(places) if p == latest}
    for k, place in enumerate(places):
        if place != latest:
            for j, result in enumerate(other.results):
                if j not in shared and sweep.runs.start(result, letters[k]) is starts[k]:
                    shared[j] = k
    if len(shared) == 1:
        return False
    assert isinstance(op.defn, Gate)
    return commutes(op.defn, other.defn, tuple(sorted([(k, j) for j, k in shared.items()])))


def _walk(sweep: Sweep, op: Op, row: Gate, at: Places, accept: Accept) -> Op | None:
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
    order = wire_order(other.defn)
    groups = [order[results.index(wire)] if wire in results else -1 for wire in front]
    return len(results) == len(front) and groups == [order[place] for place in at]
