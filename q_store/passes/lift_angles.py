"""Give every symbolic angle a name of its own: the slots of differentiation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import FuncPass
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.types import F64
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func


@dataclass(frozen=True, slots=True)
class LiftAngles(FuncPass):
    """Makes every angle that is not a number its own scalar `%s = f.affine(angle)`.

    Each such scalar, a slot, is read by exactly one angle of one gate, so a gradient with respect
    to the slots followed by the affine maps is the gradient with respect to the parameters.
    """

    name: ClassVar[str] = "lift-angles"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """Slots stand right before the gate that reads them."""
        ops = _Lifting().block(func.ops)
        return func if ops is None else func.replace(ops=ops)


class _Lifting:
    def __init__(self) -> None:
        self.slots: dict[Value, Angle] = {}
        """Slots that exist, with what they name."""
        self.taken: set[Value] = set()
        """Slots that an angle reads already."""

    def block(self, ops: tuple[Op, ...]) -> tuple[Op, ...] | None:
        """The ops with their slots; `None` when nothing changed."""
        result: list[Op] = []
        changed = False
        for op in ops:
            if op.defn is dialects.AFFINE:
                self.slots[op.results[0]] = op.angles[0]
            elif op.regions:
                op, lifted = self.regions(op)
                changed |= lifted
            elif isinstance(op.defn, Gate) and any(angle.terms for angle in op.angles):
                angles = tuple([self.lift(angle, result) for angle in op.angles])
                if angles != op.angles:
                    op, changed = op.replace(angles=angles), True
            result.append(op)
        return tuple(result) if changed else None

    def lift(self, angle: Angle, result: list[Op]) -> Angle:
        """The angle that is exactly one fresh slot; its `f.affine` is appended to `result`."""
        if angle.is_const:
            return angle
        slot = angle.terms[0][0][0]
        if slot in self.slots and angle == Angle.of(slot):
            if slot not in self.taken:
                self.taken.add(slot)
                return angle
            angle = self.slots[slot]
        slot = Value(F64, "s")
        self.slots[slot] = angle
        self.taken.add(slot)
        result.append(Op(dialects.AFFINE, (), (angle,), (slot,)))
        return Angle.of(slot)

    def regions(self, op: Op) -> tuple[Op, bool]:
        blocks = [self.block(region.ops) for region in op.regions]
        if all(block is None for block in blocks):
            return op, False
        regions = [
            region if block is None else Region(region.args, block, region.results)
            for region, block in zip(op.regions, blocks, strict=True)
        ]
        return op.replace(regions=tuple(regions)), True
