"""What q-store writes into the `metadata` of a Qiskit circuit, read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.observation_notes import is_noted, observe_as_noted


def _notes(circuit: Any) -> dict[str, Any]:
    found = (circuit.metadata or {}).get("q_store")
    return found if isinstance(found, dict) else {}


def stored_inputs(circuit: Any) -> list[str] | None:
    """Names of the parameters that are data, or `None` where nothing is said."""
    names = _notes(circuit).get("inputs")
    return list(names) if is_noted(names) else None


def restore_observations(circuit: Any, result: QuantumCircuit, measured: Sequence[int]) -> None:
    """Let the result observe what the circuit measures and what its notes say."""
    texts = _notes(circuit).get("observe")
    observe_as_noted(result, texts if is_noted(texts) else (), measured)
