"""Global phases: a block has at most one, as its last op but the observation."""

from __future__ import annotations

from math import pi, remainder
from typing import Final

from q_store.qir import dialects
from q_store.qir.angle import ZERO, Angle
from q_store.qir.func import Func
from q_store.qir.ops import Op, Region
from q_store.qir.registry import gate


def wrap(number: float, period: float) -> float:
    """The number in (-period/2, period/2] that differs by a multiple of the period."""
    if -period / 2 < number <= period / 2:
        return number
    wrapped = remainder(number, period)
    return period / 2 if wrapped == -period / 2 else wrapped


_PHASE: Final = "q.phase"


def global_phase(angle: Angle) -> Op:
    """The op exp(i angle)."""
    return Op(gate("phase"), (), (angle,))


def collect_phases(func: Func) -> Func:
    """Add up the global phases of every block. The same object when nothing changed."""
    ops = _collect(func.ops)
    return func if ops is func.ops else func.replace(ops=ops)


def _collect(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    nested = [_regions(op) if op.regions else op for op in ops]
    phases = [op for op in nested if op.defn.name == _PHASE]
    total = sum((op.angles[0] for op in phases), ZERO)
    total = Angle(wrap(total.const, 2 * pi), total.terms)
    rest = [op for op in nested if op.defn.name != _PHASE]
    if not total.is_zero:
        first = phases[0]
        single = len(phases) == 1 and first.angles == (total,)
        place = len(rest) - bool(rest and rest[-1].defn is dialects.OBSERVE)
        rest.insert(place, first if single else first.replace(angles=(total,)))
    same = len(rest) == len(ops) and all(new is old for new, old in zip(rest, ops, strict=True))
    return ops if same else tuple(rest)


def _regions(op: Op) -> Op:
    blocks = [_collect(region.ops) for region in op.regions]
    if all(ops is region.ops for ops, region in zip(blocks, op.regions, strict=True)):
        return op
    pairs = zip(blocks, op.regions, strict=True)
    return op.replace(regions=tuple([Region(r.args, ops, r.results) for ops, r in pairs]))
