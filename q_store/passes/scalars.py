"""The classical ops of a function: folding, sharing, and removing what nothing reads.

`f.*` ops define scalars that angles refer to. `f.affine` names an angle on purpose, so it is folded
only when its angle is a number, and never shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from q_store.passes.analysis import all_ops
from q_store.qir import dialects
from q_store.qir.angle import Angle, as_angle
from q_store.qir.func import Func
from q_store.qir.ops import Op, Region
from q_store.qir.values import Value

_FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "affine": float,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": math.pow,
    "atan2": math.atan2,
}
_COMMUTATIVE: Final = ("f.mul",)


def evaluate(op: Op) -> float | None:
    """The number a classical op of numbers defines; `None` where there is no finite one."""
    try:
        value = _FUNCTIONS[op.defn.mnemonic](*[angle.const for angle in op.angles])
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def has_scalars(func: Func) -> bool:
    """Whether the function has any classical op."""
    return any(isinstance(op.defn, dialects.Scalar) for op in all_ops(func.ops))


def simplify_scalars(func: Func) -> Func:
    """Fold classical ops of numbers and products and quotients by numbers into the angles that
    read them, and compute equal values once. The same object when nothing changed."""
    if not has_scalars(func):
        return func
    state = _Folding(frozenset(func.results))
    ops = state.block(func.ops, {})
    return func.replace(ops=ops) if state.images else func


class _Folding:
    def __init__(self, kept: frozenset[Value]) -> None:
        self.kept = kept
        """Values that are returned, so their ops must stay."""
        self.images: dict[Value, Angle] = {}
        """What stands for a scalar that is no longer computed."""

    def block(self, ops: tuple[Op, ...], seen: dict[tuple[object, ...], Value]) -> tuple[Op, ...]:
        """The ops of a block; `seen` finds the value that an equal op defined before."""
        result = []
        for op in ops:
            op = self.substitute(op)
            if isinstance(op.defn, dialects.Scalar):
                image = None if op.results[0] in self.kept else self.image(op, seen)
                if image is not None:
                    self.images[op.results[0]] = image
                    continue
            elif op.regions:
                op = self.regions(op, seen)
            result.append(op)
        return tuple(result)

    def substitute(self, op: Op) -> Op:
        images = self.images
        if not images or not any(ref[0] in images for a in op.angles for ref, _ in a.terms):
            return op
        angles = [
            a.map_refs(
                lambda ref: images[ref[0]] if ref[0] in images else Angle.of(ref[0], *ref[1])
            )
            for a in op.angles
        ]
        return op.replace(angles=tuple(angles))

    def image(self, op: Op, seen: dict[tuple[object, ...], Value]) -> Angle | None:
        """The angle that can stand for the op's value wherever it is read."""
        if all(angle.is_const for angle in op.angles):
            number = evaluate(op)
            if number is not None:
                return as_angle(number)
        folded = _affine_image(op)
        if folded is not None:
            return folded
        if op.defn is dialects.AFFINE:
            return None
        angles = op.angles
        if op.defn.name in _COMMUTATIVE and (op.defn, angles[::-1]) in seen:
            angles = angles[::-1]
        first = seen.setdefault((op.defn, angles), op.results[0])
        return None if first is op.results[0] else Angle.of(first)

    def regions(self, op: Op, seen: dict[tuple[object, ...], Value]) -> Op:
        """Bodies see what was computed outside; what they compute stays inside."""
        blocks = [self.block(region.ops, dict(seen)) for region in op.regions]
        if all(ops == region.ops for ops, region in zip(blocks, op.regions, strict=True)):
            return op
        regions = [
            Region(region.args, ops, region.results)
            for ops, region in zip(blocks, op.regions, strict=True)
        ]
        return op.replace(regions=tuple(regions))


def _affine_image(op: Op) -> Angle | None:
    """A product with a number, or a quotient by one, is affine."""
    if op.defn.name == "f.mul":
        left, right = op.angles
        if left.is_const:
            return right * left.const
        return left * right.const if right.is_const else None
    if op.defn.name == "f.div" and op.angles[1].is_const and op.angles[1].const:
        return op.angles[0] / op.angles[1].const
    return None


def drop_dead_scalars(func: Func) -> Func:
    """Remove classical ops whose value nothing reads. The same object when there are none."""
    if not has_scalars(func):
        return func
    read = set(func.results)
    ops = _live(func.ops, read)
    return func if ops is None else func.replace(ops=ops)


def _live(ops: tuple[Op, ...], read: set[Value]) -> tuple[Op, ...] | None:
    """The ops of a block without dead classical ones, `None` when all live; `read` collects what
    is read from below."""
    kept, changed = [], False
    for op in reversed(ops):
        if isinstance(op.defn, dialects.Scalar) and op.results[0] not in read:
            changed = True
            continue
        read.update(ref[0] for angle in op.angles for ref, _ in angle.terms)
        blocks = [_live(region.ops, read) for region in op.regions]
        if any(block is not None for block in blocks):
            changed = True
            op = op.replace(
                regions=tuple(
                    region if block is None else Region(region.args, block, region.results)
                    for region, block in zip(op.regions, blocks, strict=True)
                )
            )
        kept.append(op)
    return tuple(reversed(kept)) if changed else None
