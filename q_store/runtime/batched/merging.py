"""Phases that meet: runs of commuting phases become one instruction, and so do pairs of RY.

A block of Z, Y and Z factors is a real RY between two phases, and RX is one between two phases of
pi/2. Like the parity phases of the circuit, these phases may move to any place between
instructions that they commute with, so each has an interval of places. Fewest runs come out when
a run is placed at the first end of an interval and takes every phase that can be there, and so on
(interval stabbing). Phases whose run does not pay go back to where they came from.

Two real blocks next to each other then share one sweep over groups of four amplitudes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import pi
from typing import Final

from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.frame import odd
from q_store.runtime.batched.fusing import Step, is_real
from q_store.runtime.batched.opcodes import (
    BLOCK,
    DIAGONAL,
    PHASE_RUN,
    REAL_PAIR,
    REAL_SECOND,
    Y_AXIS,
    Z_AXIS,
)

_MOST_RANK: Final = 12
"""A run's table and sums have at most ``2**12`` entries, which stay in a cache while the state goes
by; larger ones would be a second state to stream."""
_FAR: Final = 128
"""How many instructions a phase looks ahead and back."""


class Phase:
    """A phase that may move; ``home`` is the block it came from, ``first`` to ``last`` its places.

    Place k is in front of instruction k. ``saving`` is what its removal saves (``cost``).
    """

    __slots__ = ("first", "home", "last", "mask", "place", "row", "saving")

    def __init__(self, mask: int, row: Row, place: int, home: int | None, saving: float) -> None:
        self.mask, self.row, self.place, self.home = mask, row, place, home
        self.first = self.last = place
        self.saving = saving


class Parts:
    """A block as phase, RY, phase; phases may be None."""

    __slots__ = ("after", "before", "turn")

    def __init__(self, before: Phase | None, turn: Row, after: Phase | None) -> None:
        self.before, self.turn, self.after = before, turn, after

    @property
    def phases(self) -> list[Phase]:
        return [phase for phase in (self.before, self.after) if phase is not None]


def cost(step: Step, exact: bool) -> float:
    """Time of a block or DIAGONAL, forward and backward, in units of one half of a sheared pair."""
    if step.op == DIAGONAL:
        return 1.5
    short = [axis for axis, _ in step.factors] == [Y_AXIS, Z_AXIS]
    return 2.2 if short and not exact else 3.1


def real_cost(shared: bool) -> float:
    """Time of one real block of a pair; shears (``shears.py``) need a shared angle."""
    return 1.0 if shared else 1.4


def run_cost(masks: int, shared: bool) -> float:
    """Time of a run in the same unit."""
    return 2.1 + 0.03 * masks if shared else 2.6 + 0.3 * masks


def merge_phases(
    steps: list[Step], n: int, is_shared: Callable[[Row], bool], seen: list[int] | None
) -> list[Step]:
    """The instructions with phases in runs wherever that pays.

    ``seen``: the X masks of the observables; a phase at the end that commutes with all of them is
    dropped. None: the whole state matters, with its global phase.
    """
    core, blocks, phases = _take_apart(steps, is_shared, seen is None)
    for phase in phases:
        _find_places(phase, core)
    lost = [p for p in phases if seen is not None and _is_unseen(p, len(core), seen)]
    taken = set(map(id, lost))
    moving = [phase for phase in phases if id(phase) not in taken]
    inserted: dict[int, list[Step]] = {}
    for shared in (True, False):
        for place, run in _gather(p for p in moving if is_shared(p.row) == shared):
            merged = _merge(run, n)
            time = sum(run_cost(len(step.factors), shared) for step in merged)
            if sum(p.saving for p in run) > time:
                taken.update(map(id, run))
                inserted.setdefault(place, []).extend(merged)
    for phase in phases:
        if phase.home is None and id(phase) not in taken:
            back = Step(DIAGONAL, 0, phase.mask, 0, [(Z_AXIS, phase.row)])
            inserted.setdefault(phase.place, []).append(back)
    result: list[Step] = []
    for k, step in enumerate(core):
        result.extend(inserted.get(k, ()))
        result.append(_reassemble(step, blocks.get(k), taken))
    return [*result, *inserted.get(len(core), ())]


def _take_apart(
    steps: list[Step], is_shared: Callable[[Row], bool], exact: bool
) -> tuple[list[Step], dict[int, Parts], list[Phase]]:
    """Instructions that stay, the parts of the blocks among them, and all phases."""
    core: list[Step] = []
    blocks: dict[int, Parts] = {}
    phases: list[Phase] = []
    for step in steps:
        if step.op == DIAGONAL:
            place = len(core)
            phases.append(Phase(step.role, step.factors[0][1], place, None, cost(step, exact)))
            continue
        if step.op == BLOCK:
            parts = _parts(step, len(core), is_shared, exact)
            if parts is not None:
                blocks[len(core)] = parts
                phases.extend(parts.phases)
        core.append(step)
    return core, blocks, phases


def _parts(step: Step, at: int, is_shared: Callable[[Row], bool], exact: bool) -> Parts | None:
    """Phase, RY and phase, if the block has exactly one factor that is no phase."""
    turns = [k for k, (axis, _) in enumerate(step.factors) if axis != Z_AXIS]
    if len(turns) != 1:
        return None
    axis, turn = step.factors[turns[0]]
    before, after = Row(), Row()
    for k, (_, row) in enumerate(step.factors):
        if k < turns[0]:
            before = before + row
        elif k > turns[0]:
            after = after + row
    if axis != Y_AXIS:
        before, after = before + pi / 2, after - pi / 2
    rows = [None if row.is_zero else row for row in (before, after)]
    saving = (cost(step, exact) - real_cost(is_shared(turn))) / max(1, len(rows) - rows.count(None))
    phases = [
        None if row is None else Phase(step.role, row, place, at, saving)
        for place, row in enumerate(rows, at)
    ]
    return Parts(phases[0], turn, phases[1])


def _find_places(phase: Phase, core: list[Step]) -> None:
    """The interval of places that the phase can move to."""
    first = last = phase.place
    end = min(len(core), last + _FAR)
    while last < end and not odd(phase.mask & core[last].pair):
        last += 1
    start = max(0, first - _FAR)
    while first > start and not odd(phase.mask & core[first - 1].pair):
        first -= 1
    phase.first, phase.last = first, last


def _is_unseen(phase: Phase, end: int, seen: list[int]) -> bool:
    return phase.last == end and not any(odd(phase.mask & x) for x in seen)


def _gather(phases: Iterable[Phase]) -> list[tuple[int, list[Phase]]]:
    """Runs as (place, phases), as few as possible."""
    by_first = sorted(phases, key=lambda phase: phase.first)
    runs: list[tuple[int, list[Phase]]] = []
    end = 0
    for phase in sorted(by_first, key=lambda phase: phase.last):
        if runs and phase.first <= runs[-1][0]:
            continue  # Taken by the last run, or by one before it.
        start = end
        while end < len(by_first) and by_first[end].first <= phase.last:
            end += 1
        runs.append((phase.last, by_first[start:end]))
    return runs


def _reassemble(step: Step, parts: Parts | None, taken: set[int]) -> Step:
    """A block without its taken phases."""
    if parts is None or not any(id(phase) in taken for phase in parts.phases):
        return step
    factors = [(Y_AXIS, parts.turn)]
    if parts.before is not None and id(parts.before) not in taken:
        factors.insert(0, (Z_AXIS, parts.before.row))
    if parts.after is not None and id(parts.after) not in taken:
        factors.append((Z_AXIS, parts.after.row))
    return Step(BLOCK, step.pair, step.role, step.sign, factors)


def _merge(run: list[Phase], n: int) -> list[Step]:
    """The instructions of a run: none if its phases cancel, several if one table is too large."""
    rows: dict[int, Row] = {}
    for phase in run:
        rows[phase.mask] = rows.get(phase.mask, Row()) + phase.row
    masks = [mask for mask, row in rows.items() if not row.is_zero]
    masks.sort(key=int.bit_count)
    return [_one_run(part, rows, n) for part in parted(masks, _MOST_RANK)]


def _one_run(masks: list[int], rows: dict[int, Row], n: int) -> Step:
    if len(masks) == 1:
        return Step(DIAGONAL, 0, masks[0], 0, [(Z_AXIS, rows[masks[0]])])
    basis, own = coordinates(masks)
    order = sorted(range(len(masks)), key=lambda k: (own[k].bit_length(), own[k].bit_count()))
    layout = (*index_columns(basis, n), *(own[k] for k in order))
    factors = [(Z_AXIS, rows[masks[k]]) for k in order]
    return Step(PHASE_RUN, 0, len(basis), 0, factors, layout=layout)


def parted(masks: list[int], most_rank: int) -> list[list[int]]:
    """Masks in parts that span at most so many dimensions; each goes to the first it fits in."""
    parts: list[tuple[list[int], dict[int, int]]] = []
    for mask in masks:
        spans = enumerate(span for _, span in parts)
        fits = (k for k, span in spans if len(span) < most_rank or not _reduced(mask, span))
        at = next(fits, len(parts))
        if at == len(parts):
            parts.append(([], {}))
        part, span = parts[at]
        part.append(mask)
        rest = _reduced(mask, span)
        if rest:
            span[rest.bit_length()] = rest
    return [part for part, _ in parts]


def _reduced(mask: int, span: dict[int, int]) -> int:
    """What elimination by the masks of a span, by their highest bits, leaves of a mask."""
    while mask and mask.bit_length() in span:
        mask ^= span[mask.bit_length()]
    return mask


def coordinates(masks: list[int]) -> tuple[list[int], list[int]]:
    """A basis chosen from the masks, and every mask as a bit vector over it."""
    basis: list[int] = []
    reduced: dict[int, tuple[int, int]] = {}
    own = []
    for mask in masks:
        rest, combination = mask, 0
        while rest and rest.bit_length() in reduced:
            part, code = reduced[rest.bit_length()]
            rest, combination = rest ^ part, combination ^ code
        if rest:
            bit = 1 << len(basis)
            basis.append(mask)
            reduced[rest.bit_length()] = rest, combination ^ bit
            combination = bit
        own.append(combination)
    return basis, own


def index_columns(basis: list[int], n: int) -> list[int]:
    """Per bit j, what flipping the bits 0 to j of ``p`` does to y (bit i: parity of basis i)."""
    columns, total = [], 0
    for j in range(n):
        for i, mask in enumerate(basis):
            total ^= (mask >> j & 1) << i
        columns.append(total)
    return columns


def pair_blocks(steps: list[Step]) -> None:
    """Mark neighbouring real blocks as pairs, to be applied in one sweep."""
    previous: Step | None = None
    for step in steps:
        if step.op != BLOCK or not is_real(step):
            previous = None
        elif previous is not None and previous.pair != step.pair:
            previous.op, step.op = REAL_PAIR, REAL_SECOND
            previous = None
        else:
            previous = step
