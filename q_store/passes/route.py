"""Two-qubit gates on coupled pairs only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.analysis import wires
from q_store.passes.base import FuncPass, Relation
from q_store.passes.routing.coupling import Coupling, coupling_of
from q_store.passes.routing.order import order_of
from q_store.passes.routing.placement import best_routing
from q_store.passes.routing.writing import written
from q_store.qir import dialects
from q_store.qir.diagnostics import Span, counted, error
from q_store.qir.func import Func
from q_store.qir.observables import State
from q_store.qir.ops import Gate, Op

if TYPE_CHECKING:
    from q_store.passes.context import Context


_GIVES_ALL: Final = (
    "only as many qubits of the machine are taken as the function gives away; observe expectation "
    "values, probabilities or samples to use them all"
)


@dataclass(frozen=True, slots=True)
class Route(FuncPass):
    """Places qubits on a machine and exchanges them by `swap`, so that gates on two act on coupled
    pairs only.

    The i-th allocated qubit is the machine's qubit i; more of them than the circuit has may be
    allocated, as places to pass through. Gates that commute may change their order where that
    saves swaps. What is observed keeps its order. A function that observes nothing keeps its
    qubits where they are at the start, and it and one that observes its state get no others. A
    function whose gates fit as they are stays as it is. Gates on three and more wires must have
    been taken apart.
    """

    name: ClassVar[str] = "route"
    relation: ClassVar[Relation] = "observed"

    coupling: tuple[str, ...] = ()
    """Chains of coupled qubits: `0-1-2-3` is a line, `0-1-2-0,2-3` a triangle with a tail. None
    means that all pairs are coupled."""
    trials: int = 6
    """How many placements are tried."""

    def on_func(self, func: Func, ctx: Context) -> Func:
        """Raises `QS415` for unusable options, `QS416` for a circuit that has no place on the
        machine, `QS417` for one that cannot be routed."""
        if self.trials < 1:
            raise error("QS415", f"option `trials` of `route` must be positive, got {self.trials}")
        if not self.coupling:
            return func
        coupling = coupling_of(self.coupling)
        if _fits(func, coupling):
            return func
        if _gives_all(func):
            coupling = coupling.first(func.n_qubits)
        _check(func, coupling)
        ops = tuple([op for op in func.ops if _is_routed(op)])
        order = order_of(ops, wires(func))
        fixed = func.observe is None
        routing = best_routing(order, func.n_qubits, coupling, self.trials, fixed=fixed)
        return written(func, ops, routing)


def _is_routed(op: Op) -> bool:
    """Allocations and classical ops wait for nothing but each other, and stand first."""
    first = op.defn is dialects.ALLOC or isinstance(op.defn, dialects.Scalar)
    return not first and op.defn is not dialects.OBSERVE


def _gives_all(func: Func) -> bool:
    """Whether the function returns its qubits or their state, so that there may be no others."""
    observe = func.observe
    return observe is None or any(isinstance(seen, State) for seen in observe.observations)


def _fits(func: Func, coupling: Coupling) -> bool:
    numbers = wires(func)
    if func.n_qubits > coupling.qubits:
        return False
    for op in func.ops:
        if op.regions or (isinstance(op.defn, Gate) and len(op.operands) > 1):
            at = [numbers[value] for value in op.operands if value.type.linear]
            if len(at) > 2 or (len(at) == 2 and not coupling.coupled(*at)):
                return False
    return True


def _check(func: Func, coupling: Coupling) -> None:
    n = func.n_qubits
    room = max([len(coupling.part(qubit)) for qubit in range(coupling.qubits)])
    if n > room:
        raise error(
            "QS416",
            f"@{func.name} has {counted(n, 'qubit')}, the machine {room} that are connected",
            help=_GIVES_ALL if _gives_all(func) else "",
        )
    if any(arg.type.linear for arg in func.args):
        raise error("QS417", f"`route` needs @{func.name} to allocate its qubits, not take them")
    for op in func.ops:
        linear = sum(value.type.linear for value in op.operands)
        if linear > 2 and isinstance(op.defn, Gate):
            raise error(
                "QS417",
                f"`route` takes gates on one and two qubits, `{op.defn.mnemonic}` has {linear}",
                span=_span(op),
                help="run `expand-entanglers` or `decompose` before it",
            )
        if linear > 1 and op.regions:
            raise error(
                "QS417", f"`route` does not go into bodies on {linear} qubits", span=_span(op)
            )


def _span(op: Op) -> Span | None:
    return None if op.loc is None else op.loc.span()
