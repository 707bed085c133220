"""Qiskit's gates by name and class: one table, read off the gate table's `names`.

The definitions agree to the phase; only the order of bits inside a matrix differs.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates, gate

_OTHER_NAMES: Final = {"u1": "p", "u3": "u", "cu1": "cp"}
"""Older names of Qiskit for gates that have a row by another name."""

MAX_OWN_CONTROLS: Final = 5
"""More controls than this are read through Qiskit's definition, which grows slower."""


@cache
def standard_rows() -> dict[str, Gate]:
    """The row of every gate Qiskit calls standard, by Qiskit's name.

    `mcx` is missing: the name is shared by gates of different widths.
    """
    named = {row.names["qiskit"]: row for row in all_gates().values() if "qiskit" in row.names}
    del named["mcx"]
    return named | {name: gate(row) for name, row in _OTHER_NAMES.items()}


@cache
def class_rows() -> dict[type, Gate]:
    """The row of every fixed-width gate class of Qiskit's standard library."""
    from qiskit.circuit.library import C3XGate, C4XGate, get_standard_gate_name_mapping

    rows = standard_rows()
    known = {
        other.base_class: rows[name]
        for name, other in get_standard_gate_name_mapping().items()
        if name in rows
    }
    return known | {C3XGate: gate("c3x"), C4XGate: gate("c4x")}


def row_of(operation: Any) -> Gate | None:
    """The row of a gate when all its controls are closed, by its class; `None` for others."""
    return class_rows().get(getattr(operation, "base_class", type(operation)))
