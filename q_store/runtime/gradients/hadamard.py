"""The Hadamard test: one circuit with an ancilla per angle instead of two or more shifted ones.

With psi the circuit's state and phi what it becomes when the generator P of one rotation
exp(-i t/2 P) is applied after it, the ancilla makes (|0> psi + |1> phi) / sqrt(2), and the
derivative of <O> for t is <Y (x) O> in that state (Guerreschi and Smelyanskiy, arXiv:1701.01450).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.observables import Expval, Observation, PauliSum, Probs
from q_store.qir.ops import Op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value
from q_store.runtime.gradients.method import Array, Call, Doubles
from q_store.runtime.gradients.rotations import Rotation, RotationSlots, rotation_slots
from q_store.runtime.gradients.slot_level import SlotDerivatives, SlotMethod
from q_store.runtime.slots import AnyFunction


class Hadamard(SlotMethod):
    """See the module text. Needs one qubit more than the circuit."""

    def at_slots(self, call: Call) -> SlotDerivatives:
        slots = rotation_slots(call.function, "hadamard")
        point = slots.chain.at(call.given)
        used = slots.chain.depends(call.moving)
        shape = (call.batch, len(slots.rotations), call.function.width)
        values, spread = np.zeros(shape), np.zeros(shape)
        for s in np.flatnonzero(used).tolist():
            test = _test(slots, s)
            found, variance = call.sampler.read(test, point.slots)
            values[:, s] = _differences(slots, found)
            if variance is not None:
                spread[:, s] = variance
        exact = call.sampler.shots is None
        return SlotDerivatives(slots.chain, point, values, None if exact else spread)


def hadamard_test(func: Func, rotation: Rotation) -> Func:
    """The circuit with an ancilla, its last qubit, whose Z times each observable is the derivative
    of that observable for the rotation's angle. `probs` gain the ancilla as first qubit: their
    derivative is the half for 0 minus the half for 1."""
    last = func.observe
    assert last is not None
    before, after = func.ops[: rotation.place], func.ops[rotation.place + 1 : -1]
    ancilla = _fresh()
    kicked, ancilla_after = _controlled(rotation.op, prepared := _fresh())
    turned, read = _fresh(), _fresh()
    start = (
        Op(dialects.ALLOC, (), (), (ancilla,)),
        Op(gate("h"), (ancilla,), (), (prepared,)),
    )
    # Y of the ancilla is Z after sdg and h.
    end = (
        Op(gate("sdg"), (ancilla_after,), (), (turned,)),
        Op(gate("h"), (turned,), (), (read,)),
    )
    n = len(last.operands)
    observations = tuple([_with_ancilla(item, n) for item in last.observations])
    results = tuple([Value(item.result_type(n + 1), "d") for item in observations])
    observe = Op(dialects.OBSERVE, (*last.operands, read), (), results, observations=observations)
    ops = (*before, *start, *kicked, *after, *end, observe)
    return func.replace(name=f"{func.name}_hadamard", ops=ops, results=results)


def _fresh() -> Value:
    return Value(QUBIT, "a")


def _controlled(op: Op, ancilla: Value) -> tuple[list[Op], Value]:
    """The rotation, and its Pauli word controlled by the ancilla; ends on the rotation's wires."""
    between = tuple([Value(QUBIT, wire.name) for wire in op.results])
    ops = [op.replace(results=between)]
    letters = getattr(op.defn, "pauli", "").lower()
    for letter, wire, out in zip(letters, between, op.results, strict=True):
        after = _fresh()
        ops.append(Op(gate(f"c{letter}"), (ancilla, wire), (), (after, out)))
        ancilla = after
    return ops, ancilla


def _with_ancilla(item: Observation, ancilla: int) -> Observation:
    if isinstance(item, Expval):
        terms = item.paulis.terms
        return Expval(PauliSum(tuple((c, (*word, (ancilla, "Z"))) for c, word in terms)))
    if isinstance(item, Probs):
        return Probs((ancilla, *item.qubits))
    return item


def _test(slots: RotationSlots, s: int) -> AnyFunction:
    """The test of one slot, made once."""
    tests: dict[int, AnyFunction] = slots.__dict__.setdefault("hadamard_tests", {})
    if s not in tests:
        tests[s] = slots.circuit(hadamard_test(slots.func, slots.rotations[s]))
    return tests[s]


def _differences(slots: RotationSlots, values: Array) -> Doubles:
    """Derivatives (B, width) from the outputs of a test: expectation values come first."""
    parts, start = [], sum(isinstance(item, Expval) for item in slots.observations)
    parts.append(values[:, :start])
    for size in _halves(slots.observations):
        parts.append(values[:, start : start + size] - values[:, start + size : start + 2 * size])
        start += 2 * size
    return np.concatenate(parts, axis=1).astype(np.float64)


def _halves(observations: Iterable[Observation]) -> list[int]:
    return [2 ** len(item.qubits) for item in observations if isinstance(item, Probs)]
