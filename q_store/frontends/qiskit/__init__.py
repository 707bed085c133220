"""Qiskit circuits to circuits: `from_qiskit`, and what tracing and files use.

Qiskit's qubit i becomes wire i. Qiskit prints its last qubit as the most significant bit of a
state index, here wire 0 is: the same circuit, the index read the other way round.
"""

from __future__ import annotations

from q_store.frontends.qiskit.qpy_files import load_qpy, read_qpy
from q_store.frontends.qiskit.reader import convert, from_qiskit

__all__ = ["convert", "from_qiskit", "load_qpy", "read_qpy"]
