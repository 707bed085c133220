"""The gate table: one row per gate, one module per family.

To add a gate, add one row to a family's module and its name to that module's `ROWS`. Tests check
every field of every row against its matrix.
"""

from __future__ import annotations

from typing import Final

from q_store.qir.gates import (
    controlled,
    exchange,
    ionq,
    many_qubit,
    one_qubit,
    rotations,
    two_qubit,
)
from q_store.qir.ops import Gate

ROWS: Final[tuple[Gate, ...]] = (
    *one_qubit.ROWS,
    *rotations.ROWS,
    *controlled.ROWS,
    *two_qubit.ROWS,
    *exchange.ROWS,
    *many_qubit.ROWS,
    *ionq.ROWS,
)
"""Every gate, in the order of the documentation."""
