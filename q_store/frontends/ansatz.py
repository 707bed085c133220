"""The circuit of a layer that was given none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Final

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.symbols import array
from q_store.qir.diagnostics import did_you_mean, error

Pairs = list[tuple[int, int]]

_ENTANGLEMENT: Final[dict[str, Callable[[int], Pairs]]] = {
    "linear": lambda n: [(q, q + 1) for q in range(n - 1)],
    "circular": lambda n: [(q, (q + 1) % n) for q in range(n if n > 2 else n - 1)],
    "full": lambda n: list(combinations(range(n), 2)),
}


def hardware_efficient(
    n_qubits: int, depth: int = 1, entanglement: str = "linear", *, name: str = "weights"
) -> QuantumCircuit:
    """`depth` layers of RX, RY, RZ on every qubit and then CX between pairs of qubits.

    There are `3 * n_qubits * depth` weights in one vector, in the order the gates stand:
    `weights[3*(n_qubits*layer + qubit) + axis]`. Pairs are neighbours (`linear`), neighbours on a
    ring (`circular`) or all (`full`). Raises `QS337` for a bad depth or entanglement.
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise error("QS337", f"depth must be a positive integer, got {depth!r}")
    if entanglement not in _ENTANGLEMENT:
        known = "linear, circular, full"
        raise error(
            "QS337",
            f"unknown entanglement {entanglement!r}: expected {known}",
            help=did_you_mean(str(entanglement), _ENTANGLEMENT),
        )
    circuit = QuantumCircuit(n_qubits)
    weights = iter(array(name, (3 * circuit.n_qubits * depth,)))
    for _ in range(depth):
        for qubit in range(circuit.n_qubits):
            circuit.rx(qubit, next(weights)).ry(qubit, next(weights)).rz(qubit, next(weights))
        for control, target in _ENTANGLEMENT[entanglement](circuit.n_qubits):
            circuit.cx(control, target)
    return circuit
