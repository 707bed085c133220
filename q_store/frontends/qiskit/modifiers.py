"""Controlled, inverted and powered operations of Qiskit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import ControlledGate
from qiskit.circuit.annotated_operation import (
    ControlModifier,
    InverseModifier,
    PowerModifier,
)
from qiskit.circuit.library import DiagonalGate, UnitaryGate
from qiskit.quantum_info import Operator

from q_store.frontends import transform
from q_store.frontends.instruction import Instruction
from q_store.frontends.matrices import (
    MOST_CONTROLLED,
    MOST_QUBITS,
    diagonal_instructions,
    matrix_instructions,
)
from q_store.qir.diagnostics import error
from q_store.qir.ops import Gate
from q_store.qir.registry import gate

if TYPE_CHECKING:
    from q_store.frontends.qiskit.reader import Reader


def controlled(reader: Reader, operation: ControlledGate, row: Gate | None) -> list[Instruction]:
    """A controlled gate on its own wires 0, 1, …; `row` is the gate with all controls closed."""
    count = operation.num_ctrl_qubits
    if row is not None:
        wires = tuple(range(operation.num_qubits))
        steps = [Instruction(row, wires, reader.angles(operation.params))]
    else:
        base = tuple(range(operation.base_gate.num_qubits))
        inner = reader.inside(lambda: reader.operation(operation.base_gate, base, ()))
        steps = _under_controls(inner, count)
    return between_flips(steps, count, operation.ctrl_state)


def _under_controls(steps: Sequence[Instruction], count: int) -> list[Instruction]:
    moved = [step.mapped(count.__add__) for step in steps]
    return transform.controlled(moved, range(count))


def between_flips(steps: list[Instruction], count: int, state: int | None) -> list[Instruction]:
    """Closed controls 0 to `count` made to wait for `state`, whose bit i is control i."""
    flips = [
        Instruction(gate("x"), (i,))
        for i in range(count)
        if state is not None and not state >> i & 1
    ]
    return [*flips, *steps, *flips]


def annotated(reader: Reader, operation: Any) -> list[Instruction]:
    """An operation with modifiers, the first of them applied first; new controls come first."""
    base, matrix = operation.base_op, None
    wires = tuple(range(base.num_qubits))
    steps = list(reader.inside(lambda: reader.operation(base, wires, ())))
    for position, modifier in enumerate(operation.modifiers):
        if isinstance(modifier, InverseModifier):
            steps = transform.inverse(steps)
        elif isinstance(modifier, ControlModifier):
            steps = _under_controls(steps, modifier.num_ctrl_qubits)
            steps = between_flips(steps, modifier.num_ctrl_qubits, modifier.ctrl_state)
        elif isinstance(modifier, PowerModifier):
            matrix = type(operation)(base, operation.modifiers[:position]) if position else base
            steps = _power(reader, steps, matrix, modifier.power)
        else:
            raise error("QS350", f"the modifier {modifier!r} is not understood")
    return steps


def _power(reader: Reader, steps: list[Instruction], base: Any, exponent: Any) -> list[Instruction]:
    """Whole powers by repetition; others from the matrix, as Qiskit takes them, where the gate is
    made of numbers, else by scaling angles."""
    numeric = all(isinstance(angle, float) for step in steps for angle in step.angles)
    if float(exponent).is_integer() or not numeric:
        return transform.power(steps, float(exponent))
    return of_matrix(Operator(base).power(float(exponent)).data, base.num_qubits)


def of_matrix(matrix: Any, qubits: int) -> list[Instruction]:
    """A unitary matrix in Qiskit's order of bits on wires 0, 1, …. Raises `QS350`."""
    if qubits > MOST_QUBITS:
        raise error(
            "QS350",
            f"a matrix on {qubits} qubits is not decomposed; at most {MOST_QUBITS} are",
        )
    return matrix_instructions(matrix, range(qubits)[::-1])


def matrix_of(operation: Any) -> list[Instruction] | None:
    """A gate that is given by its matrix, a diagonal, or the like under a few controls; `None` for
    other gates."""
    qubits = operation.num_qubits
    if isinstance(operation, DiagonalGate) and qubits <= MOST_QUBITS:
        return diagonal_instructions(operation.params, range(qubits)[::-1])
    if isinstance(operation, UnitaryGate):
        return of_matrix(operation.to_matrix(), qubits)
    if not isinstance(operation, ControlledGate) or qubits > MOST_CONTROLLED:
        return None
    if not isinstance(operation.base_gate, UnitaryGate):
        return None
    size = 1 << operation.num_ctrl_qubits
    chosen = np.diag(np.arange(size) == operation.ctrl_state).astype(np.complex128)
    base = operation.base_gate.to_matrix()
    matrix = np.kron(base, chosen) + np.kron(np.eye(len(base)), np.eye(size) - chosen)
    return of_matrix(matrix, qubits)
