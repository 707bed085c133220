"""Cirq's noise channels as rows of the op table `n`."""

from __future__ import annotations

from math import isclose
from typing import Any, Final

import cirq
import numpy as np

from q_store.qir.diagnostics import error
from q_store.qir.ops import Step

_PAULIS: Final = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}
_ATOL: Final = 1e-10


def channel_steps(gate: Any) -> list[Step]:
    """A channel on its own qubits 0, 1, …, as ops by mnemonic.

    Amplitude damping that also excites is damping, then damping of the flipped qubit. Channels
    on one qubit that apply Pauli matrices at random are `n.pauli`, however they are written.
    Raises `QS350` for channels without a counterpart.
    """
    if cirq.is_parameterized(gate):
        raise error("QS350", f"the channel {gate} has symbols; probabilities are numbers here")
    known = _named(gate)
    if known is not None:
        return known
    weights = _pauli_weights(gate)
    if weights is None:
        raise error(
            "QS350",
            f"the channel {gate} has no counterpart",
            help="channels of Pauli errors on one qubit, uniform ones on two, and damping are read",
        )
    return [("pauli", (0,), (weights["X"], weights["Y"], weights["Z"]))]


def _named(gate: Any) -> list[Step] | None:
    if isinstance(gate, cirq.DepolarizingChannel) and gate.num_qubits() <= 2:
        wires = tuple(range(gate.num_qubits()))
        name = "depolarizing" if len(wires) == 1 else "depolarizing2"
        return [(name, wires, (float(gate.p),))]
    if isinstance(gate, cirq.BitFlipChannel):
        return [("bit_flip", (0,), (float(gate.p),))]
    if isinstance(gate, cirq.PhaseFlipChannel):
        return [("phase_flip", (0,), (float(gate.p),))]
    if isinstance(gate, cirq.AmplitudeDampingChannel):
        return [("amplitude_damping", (0,), (float(gate.gamma),))]
    if isinstance(gate, cirq.PhaseDampingChannel):
        return [("phase_damping", (0,), (float(gate.gamma),))]
    if isinstance(gate, cirq.GeneralizedAmplitudeDampingChannel):
        return _generalized(float(gate.p), float(gate.gamma))
    return None


def _generalized(p: float, gamma: float) -> list[Step]:
    """With e = gamma (1-p) and d = gamma p / (1-e): decay by d, then excitation by e."""
    excite = gamma * (1 - p)
    decay = gamma * p / (1 - excite) if not isclose(excite, 1.0) else 0.0
    return [
        ("amplitude_damping", (0,), (min(decay, 1.0),)),
        ("x", (0,), ()),
        ("amplitude_damping", (0,), (excite,)),
        ("x", (0,), ()),
    ]


def _pauli_weights(gate: Any) -> dict[str, float] | None:
    """Probabilities of I, X, Y, Z when the channel is a mixture of them."""
    if cirq.num_qubits(gate) != 1 or not cirq.has_kraus(gate):
        return None
    transfer = _transfer_matrix(cirq.kraus(gate))
    diagonal = np.diag(transfer)
    if np.abs(transfer - np.diag(diagonal)).max() > _ATOL or not isclose(diagonal[0], 1.0):
        return None
    signs = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    weights = np.clip(signs @ diagonal / 4, 0.0, 1.0)
    return dict(zip("IXYZ", map(float, weights), strict=True))


def _transfer_matrix(kraus: Any) -> Any:
    """What the channel does to Pauli matrices, (4, 4) real."""
    return np.array(
        [
            [
                sum(np.trace(left @ k @ right @ k.conj().T) for k in kraus).real / 2
                for right in _PAULIS.values()
            ]
            for left in _PAULIS.values()
        ]
    )
