"""Names that IonQ's JSON and q-store share: gates, and keys of a job's metadata.

Gates take IonQ's names from the gate table (`Gate.names["ionq"]`); two things share `zz`, a
rotation of the `qis` gates and the native entangler, so a name means a row of one gate set.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates

MEASURED: Final = "qstore_measured"
"""Metadata: the qubits of each register, `0,2,1`. Registers are separated by `|`, circuits of one
job by `;`, and `!` stands before a qubit whose bit is to be read as its opposite."""
TAG: Final = "qstore_tag"
"""Metadata: a word that no other job has, by which a job is found again."""
FINAL: Final = "qstore_final"
"""The register of OpenQASM 3 jobs that holds all qubits as they are measured at the end."""
ALIASES: Final = {"not": "x", "cx": "cnot"}
"""Other names the service knows."""


@cache
def qis_gates() -> dict[str, Gate]:
    """Rows of the `qis` gate set by IonQ's name; controls are fields of a gate, not names."""
    return {
        row.names["ionq"]: row
        for row in all_gates().values()
        if row.dialect == "q" and "ionq" in row.names
    }


@cache
def native_gates() -> dict[str, Gate]:
    """Rows of the native gate set by IonQ's name."""
    return {row.mnemonic: row for row in all_gates().values() if row.dialect == "ionq"}


@cache
def qis_form(row: Gate) -> tuple[str, int] | None:
    """IonQ's name of a gate and its number of leading control wires; `None` without a
    counterpart.

    Only one-qubit gates take controls here: what the service makes of a controlled swap or Ising
    rotation is not documented.
    """
    if row.base is None:
        return (row.names["ionq"], 0) if row.names.get("ionq") and row.dialect == "q" else None
    root = all_gates()[row.base]
    if root.wires != 1 or "ionq" not in root.names:
        return None
    return root.names["ionq"], row.controls
