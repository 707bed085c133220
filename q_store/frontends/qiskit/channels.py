"""Qiskit's channels: `kraus` and `superop` instructions, which noise of Aer is defined by too."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Kraus, SuperOp

from q_store.frontends.channels import channel_step
from q_store.frontends.instruction import Instruction
from q_store.qir.diagnostics import error
from q_store.qir.registry import op_def


def is_channel(operation: Any) -> bool:
    """Whether an instruction is a channel given by matrices."""
    return operation.name in ("kraus", "superop") and bool(operation.params)


def channel(operation: Any) -> Instruction:
    """The op on the instruction's own qubits 0, 1, …. Raises `QS350` for what is no channel."""
    try:
        matrices = _operators(operation)
    except (QiskitError, TypeError, ValueError) as problem:
        raise error("QS350", f"`{operation.name}` has no matrices of numbers: {problem}") from None
    # Qiskit's first qubit is the least significant of a matrix.
    name, wires, numbers = channel_step(matrices, "QS350")
    return Instruction(op_def(f"n.{name}"), wires[::-1], numbers)


def _operators(operation: Any) -> Any:
    if operation.name == "kraus":
        return np.array(operation.params, np.complex128)
    found = Kraus(SuperOp(np.asarray(operation.params[0], np.complex128))).data
    if isinstance(found, tuple):
        raise error("QS350", "the superoperator is not completely positive, so it is no channel")
    return np.array(found)
