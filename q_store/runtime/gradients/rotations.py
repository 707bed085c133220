"""A circuit over the angles of Pauli rotations, for methods that need a gate's generator.

Every angle that depends on parameters becomes one of gates exp(-i t/2 P) with a Pauli word P; other
gates are written with such rotations, global phases are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from q_store.passes.analysis import wires
from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir.func import Func
from q_store.qir.observables import Observation, Word
from q_store.qir.ops import Gate, Op
from q_store.qir.registry import built_in_gates
from q_store.qir.values import Value
from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradients.chain import Chain
from q_store.runtime.gradients.choice import needs_gates_alone
from q_store.runtime.slots import AnyFunction, slot_func
from q_store.targets.lower import has_effects, lower


@dataclass(frozen=True, slots=True)
class Rotation:
    """The gate of one slot."""

    place: int
    """Its position among the ops."""
    op: Op
    word: Word
    """P, on the qubits of the circuit."""


class RotationSlots:
    """The circuit, its rotations in the order of the slots, and the way from parameters to them."""

    def __init__(self, function: AnyFunction) -> None:
        simple = Decompose(_rotations()).on_func(function.func, Context())
        self.func: Func = slot_func(simple).replace(attrs={})
        self.chain = Chain(lower(simple))
        self.rotations = tuple(_found(self.func))
        self._beside = function
        self.function = self.circuit(self.func)

    def circuit(self, func: Func) -> AnyFunction:
        """Another circuit over the same slots, for the same backend."""
        made = CircuitFunction(func, self._beside.dtype, self._beside.backend)
        return self._beside.beside(made)

    @property
    def observations(self) -> tuple[Observation, ...]:
        last = self.func.observe
        return last.observations if last else ()


def rotation_slots(function: AnyFunction, method: str) -> RotationSlots:
    """The rotations of a circuit, made once per circuit. Raises `QS643` for a circuit with noise
    or measurements in the middle, naming the method that wants them."""
    if has_effects(function.func):
        raise needs_gates_alone(method)
    # Kept by the function itself: the rotations refer to it.
    found: RotationSlots | None = function.__dict__.get("rotation_slots")
    if found is None:
        found = function.__dict__["rotation_slots"] = RotationSlots(function)
    return found


@cache
def _rotations() -> tuple[str, ...]:
    return tuple(
        name
        for name, row in built_in_gates().items()
        if row.pauli is not None or not row.angle_names
    )


def _found(func: Func) -> Iterator[Rotation]:
    number = wires(func)
    for place, op in enumerate(func.ops):
        row = op.defn
        if isinstance(row, Gate) and row.pauli is not None and op.angles[0].terms:
            letters = zip([number[wire] for wire in op.operands], row.pauli, strict=True)
            yield Rotation(place, op, tuple(sorted(letters)))


def current(func: Func, ops: tuple[Op, ...]) -> list[Value]:
    """The values that stand for the qubits of a function after some of its ops, in order."""
    number = wires(func)
    values = {number[value]: value for op in ops for value in op.results if value.type.linear}
    return [values[qubit] for qubit in sorted(values)]
