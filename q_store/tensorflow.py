"""Another name of `q_store.tf`."""

from __future__ import annotations

from q_store.tf import QuantumLayer, plain_operations

__all__ = ["QuantumLayer", "plain_operations"]
