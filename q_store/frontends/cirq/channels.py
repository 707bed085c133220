"""Cirq's noise channels as rows of the op table `n`."""

from __future__ import annotations

from typing import Any, Final

import cirq

from q_store.frontends.channels import MOST_WIRES, channel_step, pauli_step
from q_store.qir.diagnostics import error
from q_store.qir.ops import Step


def channel_step_of(operation: Any) -> Step | None:
    """An operation that is noise, on its own qubits 0, 1, …, as an op by mnemonic; `None` for one
    that is made of others.

    Channels of the table keep their name and numbers, all others are known by their Kraus
    operators. Raises `QS350` for symbols, for more than three qubits, for channels that record
    what happened, and for operators that are no channel.
    """
    gate = operation.gate
    if isinstance(gate, cirq.KrausChannel | cirq.MixedUnitaryChannel) and cirq.is_measurement(gate):
        raise error("QS350", "a channel that records which of its operators acted is not read")
    if cirq.is_parameterized(operation) and isinstance(gate, _KINDS):
        raise error("QS350", "the channel has symbols; probabilities are numbers here")
    if cirq.has_unitary(operation) or cirq.is_measurement(operation):
        return None
    if cirq.is_parameterized(operation) or not cirq.has_kraus(operation):
        return None
    known = _named(gate)
    return known if known is not None else _by_operators(operation)


def _by_operators(operation: Any) -> Step | None:
    wires = len(operation.qubits)
    if wires > MOST_WIRES:
        if cirq.decompose_once(operation, None) is not None:
            return None
        raise error("QS350", f"a channel on {wires} qubits: channels act on at most {MOST_WIRES}")
    operators = cirq.kraus(operation, default=())
    return channel_step(operators, "QS350") if len(operators) else None


_KINDS: Final = (
    *(cirq.DepolarizingChannel, cirq.AsymmetricDepolarizingChannel, cirq.BitFlipChannel),
    *(cirq.PhaseFlipChannel, cirq.AmplitudeDampingChannel, cirq.PhaseDampingChannel),
    *(cirq.GeneralizedAmplitudeDampingChannel, cirq.RandomGateChannel),
)


def _named(gate: Any) -> Step | None:
    if isinstance(gate, cirq.DepolarizingChannel) and gate.num_qubits() <= 2:
        wires = tuple(range(gate.num_qubits()))
        name = "depolarizing" if len(wires) == 1 else "depolarizing2"
        return name, wires, (float(gate.p),)
    if isinstance(gate, cirq.AsymmetricDepolarizingChannel) and gate.num_qubits() <= 2:
        return pauli_step({word: float(p) for word, p in gate.error_probabilities.items()})
    if isinstance(gate, cirq.BitFlipChannel):
        return "bit_flip", (0,), (float(gate.p),)
    if isinstance(gate, cirq.PhaseFlipChannel):
        return "phase_flip", (0,), (float(gate.p),)
    if isinstance(gate, cirq.AmplitudeDampingChannel):
        return "amplitude_damping", (0,), (float(gate.gamma),)
    if isinstance(gate, cirq.PhaseDampingChannel):
        return "phase_damping", (0,), (float(gate.gamma),)
    if isinstance(gate, cirq.GeneralizedAmplitudeDampingChannel):
        return "generalized_amplitude_damping", (0,), (float(gate.gamma), float(gate.p))
    return None
