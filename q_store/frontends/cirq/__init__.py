"""Cirq circuits to circuits: `from_cirq`, and what tracing and files use.

Qubits in Cirq's sorted order become wires 0, 1, …: grid qubits by row and column, line qubits by
number, named qubits with numbers in names compared as numbers. State indices agree: the first
qubit is the most significant bit.
"""

from __future__ import annotations

from q_store.frontends.cirq.reader import convert, from_cirq, load_json, read_json

__all__ = ["convert", "from_cirq", "load_json", "read_json"]
