"""Fresh qubits named so that wires end in the order in which they are observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import FuncPass, Relation
from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.ops import Op
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context


@dataclass(frozen=True, slots=True)
class SettleWires(FuncPass):
    """Undoes the new order of wires that relabelled swaps leave, at the start instead of the end.

    All fresh qubits are alike, so the one that becomes the i-th observed wire may be the i-th that
    is allocated. Functions that observe nothing, or take qubits as arguments, stay as they are.
    """

    name: ClassVar[str] = "settle-wires"
    relation: ClassVar[Relation] = "observed"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """The observed wires keep their order; only allocations change."""
        return func if func.observe is None else settled(func, func.observe.operands)


def settled(func: Func, final: tuple[Value, ...]) -> Func:
    """The function with its allocated qubits in the order of these final wires."""
    fresh = [value for op in func.ops if op.defn is dialects.ALLOC for value in op.results]
    origin = _origins(func.ops, fresh)
    order = [origin.get(value) for value in final]
    if None in order or len(order) != len(fresh) or order == fresh:
        return func
    # Allocations may stand anywhere; a wire that is used before another one is allocated would
    # move behind its use.
    if sum(op.defn is dialects.ALLOC for op in func.ops) != 1:
        return func
    results = tuple([value for value in order if value is not None])
    ops = [op.replace(results=results) if op.defn is dialects.ALLOC else op for op in func.ops]
    return func.replace(ops=tuple(ops))


def _origins(ops: tuple[Op, ...], fresh: list[Value]) -> dict[Value, Value]:
    """The fresh qubit each wire started as."""
    origin = dict(zip(fresh, fresh, strict=True))
    for op in ops:
        if op.defn in (dialects.ALLOC, dialects.OBSERVE):
            continue
        wires = [value for value in op.operands if value.type.linear]
        for before, after in zip(wires, op.results, strict=False):
            if before in origin:
                origin[after] = origin[before]
    return origin
