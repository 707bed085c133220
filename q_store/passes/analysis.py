"""Questions about a function, answered once.

Functions never change, so an answer is kept as long as its function lives and nothing is ever
invalidated. The dictionaries are weak: they keep no function alive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from q_store.qir import dialects
from q_store.qir.angle import Ref
from q_store.qir.func import Func
from q_store.qir.ops import Op
from q_store.qir.values import Value

Answer = TypeVar("Answer")


def analysis(compute: Callable[[Func], Answer]) -> Callable[[Func], Answer]:
    """Remember the answer for each function. It must not refer to the function itself."""
    known: WeakKeyDictionary[Func, Answer] = WeakKeyDictionary()

    @wraps(compute)
    def ask(func: Func) -> Answer:
        try:
            return known[func]
        except KeyError:
            answer = known[func] = compute(func)
            return answer

    return ask


def all_ops(ops: tuple[Op, ...]) -> Iterator[Op]:
    """Every op in order; the bodies of a structured op come right after it."""
    for op in ops:
        yield op
        for region in op.regions:
            yield from all_ops(region.ops)


@analysis
def producers(func: Func) -> Mapping[Value, Op]:
    """The op that defines each value, bodies included; arguments have none."""
    return {value: op for op in all_ops(func.ops) for value in op.results}


@analysis
def users(func: Func) -> Mapping[Value, tuple[Op, ...]]:
    """The ops that read each value as an operand or in an angle, in order."""
    found: dict[Value, list[Op]] = {}
    for op in all_ops(func.ops):
        for value in dict.fromkeys(
            (*op.operands, *(v for a in op.angles for (v, _), _ in a.terms))
        ):
            found.setdefault(value, []).append(op)
    return {value: tuple(ops) for value, ops in found.items()}


@analysis
def wires(func: Func) -> Mapping[Value, int]:
    """Which qubit each qubit value belongs to: arguments first, then allocations, from 0.

    An op gives its wires back in the order it took them; inside a body, a wire keeps its number.
    """
    numbers: dict[Value, int] = {}
    for arg in func.args:
        if arg.type.linear:
            numbers[arg] = len(numbers)
    _number(func.ops, numbers, len(numbers))
    return numbers


def _number(ops: tuple[Op, ...], numbers: dict[Value, int], fresh: int) -> int:
    for op in ops:
        taken = [numbers[value] for value in op.operands if value.type.linear]
        if op.defn is dialects.ALLOC:
            taken = list(range(fresh, fresh + len(op.results)))
            fresh += len(taken)
        for region in op.regions:
            numbers.update(zip(region.args, taken, strict=True))
            fresh = _number(region.ops, numbers, fresh)
        linear = [value for value in op.results if value.type.linear]
        numbers.update(zip(linear, taken, strict=False))
    return fresh


@analysis
def layers(func: Func) -> tuple[int, ...]:
    """The layer of each op of the function's own list, counted from 1.

    An op stands one layer after the latest op it shares a wire with; allocations, barriers, noise,
    global phases, classical ops and the observation take no time and stand in the layer reached.
    """
    return _layers(func, 1)


@analysis
def layers_2q(func: Func) -> tuple[int, ...]:
    """Like `layers`, where only ops on two and more wires take time."""
    return _layers(func, 2)


def _layers(func: Func, least: int) -> tuple[int, ...]:
    reached: dict[Value, int] = {}
    found = []
    for op in func.ops:
        layer = max([reached.get(value, 0) for value in op.operands], default=0)
        if _takes_time(op, least):
            layer += max([1, *(_region_depth(r.ops, least) for r in op.regions)])
        found.append(layer)
        for value in op.results:
            reached[value] = layer
    return tuple(found)


def _region_depth(ops: tuple[Op, ...], least: int) -> int:
    reached: dict[Value, int] = {}
    for op in ops:
        layer = max([reached.get(value, 0) for value in op.operands], default=0)
        if _takes_time(op, least):
            layer += max([1, *(_region_depth(r.ops, least) for r in op.regions)])
        for value in op.results:
            reached[value] = layer
    return max(reached.values(), default=0)


def _takes_time(op: Op, least: int) -> bool:
    if op.is_gate or op.defn is dialects.RESET or op.defn is dialects.MEASURE:
        return len(op.operands) >= least
    return op.defn is dialects.IF


@analysis
def parameter_use(func: Func) -> Mapping[Ref, int]:
    """How many angles of ops other than classical ones each parameter element reaches, through
    any number of `f.*` ops; elements that reach none are absent."""
    sources: dict[Value, frozenset[Ref]] = {}
    count: dict[Ref, int] = {}
    arguments = set(func.args)
    for op in all_ops(func.ops):
        for angle in op.angles:
            reached: set[Ref] = set()
            for ref, _ in angle.terms:
                reached |= {ref} if ref[0] in arguments else sources.get(ref[0], frozenset())
            if isinstance(op.defn, dialects.Scalar):
                result = op.results[0]
                sources[result] = sources.get(result, frozenset()) | reached
            else:
                for ref in reached:
                    count[ref] = count.get(ref, 0) + 1
    return count
