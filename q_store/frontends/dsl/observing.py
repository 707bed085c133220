"""Statements that say what a circuit yields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.dsl.paulis import Paulis
from q_store.frontends.dsl.scope import Poisoned
from q_store.frontends.dsl.syntax import Expect, Measure, Node, Observe, Token
from q_store.qir.observables import (
    MAX_DENSE_QUBITS,
    Expval,
    Observation,
    PauliSum,
    Probs,
    Sample,
    State,
)

if TYPE_CHECKING:
    from q_store.frontends.dsl.lowering import Lowering


def expect(lowering: Lowering, node: Expect) -> None:
    """The expectation value of a Pauli sum."""
    lowering.refuse_inside(node, "an observation", "gate", "if")
    evaluator = lowering.evaluator

    def qubit(at: Node, value: object) -> int:
        if not isinstance(value, int):
            evaluator.fail(at, "QS134", "a Pauli letter acts on a qubit, which is an integer")
        if not 0 <= value < lowering.n_qubits:
            if lowering.unsure_of_qubits:
                raise Poisoned
            evaluator.fail(
                at, "QS126", f"there is no qubit {value}: the circuit has {lowering.n_qubits}"
            )
        return value

    evaluator.observing = qubit
    try:
        value = evaluator.evaluate(node.observable)
    finally:
        evaluator.observing = None
    if isinstance(value, int | float):
        value = Paulis({(): value})
    if not isinstance(value, Paulis):
        what = "a vector" if isinstance(value, tuple) else "an angle"
        evaluator.fail(
            node.observable, "QS134", f"an observable is a sum of Pauli words, not {what}"
        )
    _add(lowering, Expval(_real(lowering, node.observable, value)), node.result)


def _real(lowering: Lowering, node: Node, value: Paulis) -> PauliSum:
    found = value.hermitian()
    if found is None:
        lowering.evaluator.fail(node, "QS134", "this product of Paulis is not Hermitian")
    if not found.is_finite:
        lowering.evaluator.fail(node, "QS131", "a coefficient is too large")
    return found


def observe(lowering: Lowering, node: Observe) -> None:
    """Probabilities, samples, or the state."""
    lowering.refuse_inside(node, "an observation", "gate", "if")
    wires: Sequence[int] = range(lowering.n_qubits)
    if node.operands:
        wires = lowering.all_wires(node.operands)
        lowering.uses.distinct(node, wires)
    if node.kind != "sample" and len(wires) > MAX_DENSE_QUBITS:
        lowering.evaluator.fail(
            node, "QS132", f"`{node.kind}` of more than {MAX_DENSE_QUBITS} qubits"
        )
    made: Observation = State()
    if node.kind != "state":
        made = (Probs if node.kind == "probs" else Sample)(tuple(wires))
    lowering.evaluator.budget.spend(len(wires), node)
    _add(lowering, made, node.result)


def measure_last(lowering: Lowering, node: Measure, wires: Sequence[int]) -> None:
    """A measurement without a bit: the qubits are sampled at the end, in the order measured."""
    lowering.refuse_inside(node, "a measurement without a bit", "if")
    for wire in wires:
        if wire in lowering.measured:
            lowering.evaluator.fail(node, "QS133", f"qubit {wire} is measured already")
    lowering.measured |= dict.fromkeys(wires)


def _add(lowering: Lowering, made: Observation, result: Token | None) -> None:
    name = "" if result is None else result.text
    if result is not None and name in lowering.result_names:
        place = Node(result.start, result.end)
        lowering.evaluator.fail(place, "QS123", f"two results are named `{name}`")
    if not lowering.n_qubits and not lowering.unsure_of_qubits:
        place = Node(0, 0) if result is None else Node(result.start, result.end)
        lowering.evaluator.fail(place, "QS138", "no qubits are declared", "write `qubits q[2]`")
    lowering.observations.append((made, name))
    lowering.result_names.add(name)


STATEMENTS: Final[dict[type, Callable[[Lowering, Any], None]]] = {
    Expect: expect,
    Observe: observe,
}
