"""A function anew, in the order of a schedule and with its swaps."""

from __future__ import annotations

from collections.abc import Sequence

from q_store.passes.analysis import wires
from q_store.passes.routing.search import Routing, Swap
from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.ops import Op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value


def written(func: Func, ops: Sequence[Op], routing: Routing) -> Func:
    """The function whose `ops` are those of the routing's schedule."""
    writer = _Writer(func, routing)
    scalars = [op for op in func.ops if isinstance(op.defn, dialects.Scalar)]
    body = [
        writer.op(ops[step]) if isinstance(step, int) else writer.swap(step)
        for step in routing.schedule
    ]
    results, last = writer.end()
    return func.replace(ops=(writer.allocation, *scalars, *body, *last), results=results)


class _Writer:
    """Knows the wire that each of the machine's qubits holds."""

    def __init__(self, func: Func, routing: Routing) -> None:
        self.func = func
        self.numbers = wires(func)
        fresh = [op for op in func.ops if op.defn is dialects.ALLOC]
        values = [value for op in fresh for value in op.results]
        swapped = [
            qubit for step in routing.schedule if not isinstance(step, int) for qubit in step
        ]
        top = 1 + max(swapped + routing.start.places)
        self.now = [Value(QUBIT, f"r{qubit}") for qubit in range(top)]
        for wire, place in enumerate(routing.start.places):
            self.now[place] = values[wire]
        self.allocation = fresh[0].replace(results=tuple(self.now))
        self.at = routing.start.copy()

    def op(self, op: Op) -> Op:
        """The op on the wires as they are now."""
        places = [self.at.places[self.numbers[v]] for v in op.operands if v.type.linear]
        current = iter([self.now[place] for place in places])
        operands = tuple([next(current) if v.type.linear else v for v in op.operands])
        for place, value in zip(places, op.results, strict=False):
            self.now[place] = value
        return op if operands == op.operands else op.replace(operands=operands)

    def swap(self, pair: Swap) -> Op:
        """The gate that exchanges what two qubits hold."""
        a, b = pair
        before = (self.now[a], self.now[b])
        self.now[a], self.now[b] = (Value(QUBIT, value.name) for value in before)
        self.at.swap(a, b)
        return Op(gate("swap"), before, (), (self.now[a], self.now[b]))

    def end(self) -> tuple[tuple[Value, ...], tuple[Op, ...]]:
        """Results and the observation: the wires in their order, then those only passed through."""
        observe = self.func.observe
        used = [self.now[place] for place in self.at.places]
        idle = [value for value in self.now if value not in set(used)]
        if observe is None:
            return tuple([self._final(value) for value in self.func.results]), ()
        operands = tuple([self._final(value) for value in observe.operands])
        return self.func.results, (observe.replace(operands=(*operands, *idle)),)

    def _final(self, value: Value) -> Value:
        return self.now[self.at.places[self.numbers[value]]] if value.type.linear else value
