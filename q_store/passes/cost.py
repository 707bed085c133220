"""Gate counts and depth: an analysis, and a pass that writes its result on the function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.analysis import all_ops, analysis, layers, layers_2q, parameter_use
from q_store.passes.base import COST_ATTRS, FuncPass
from q_store.qir.ops import Gate

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func


@dataclass(frozen=True, slots=True)
class CostReport:
    """What a function costs. Global phases are free and not counted; both bodies of a `q.if`
    count as gates, the longer one as depth."""

    gates: int
    gates_1q: int
    gates_2q: int
    gates_3q_plus: int
    depth: int
    """Layers of gates, measurements and resets."""
    depth_2q: int
    """Layers of gates on two and more wires."""
    parameters: int
    """Distinct parameter elements that reach a gate."""
    histogram: Mapping[str, int]
    """Uses of each gate by full name, most used first."""


@analysis
def gate_counts(func: Func) -> tuple[int, int]:
    """Gates, and gates on two and more wires; global phases are not counted."""
    wires = [len(op.operands) for op in all_ops(func.ops) if type(op.defn) is Gate and op.operands]
    return len(wires), len(wires) - wires.count(1)


@analysis
def cost(func: Func) -> CostReport:
    """The cost of a function."""
    count: dict[str, int] = {}
    by_wires = [0, 0, 0, 0]
    for op in all_ops(func.ops):
        if isinstance(op.defn, Gate) and op.operands:
            count[op.defn.name] = count.get(op.defn.name, 0) + 1
            by_wires[min(len(op.operands), 3)] += 1
    return CostReport(
        gates=sum(by_wires),
        gates_1q=by_wires[1],
        gates_2q=by_wires[2],
        gates_3q_plus=by_wires[3],
        depth=max(layers(func), default=0),
        depth_2q=max(layers_2q(func), default=0),
        parameters=len(parameter_use(func)),
        histogram=MappingProxyType(dict(sorted(count.items(), key=lambda entry: -entry[1]))),
    )


@dataclass(frozen=True, slots=True)
class Cost(FuncPass):
    """Writes gate counts, depths and the number of parameters on each function as attributes.

    They describe the ops, so a later pass that changes the ops takes them off again.
    """

    name: ClassVar[str] = "cost"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """The function with the attributes `gates`, `gates_1q`, … of `CostReport`."""
        report = cost(func)
        facts = {key: getattr(report, key) for key in COST_ATTRS}
        if all(func.attrs.get(key) == fact for key, fact in facts.items()):
            return func
        return func.replace(attrs={**func.attrs, **facts})
