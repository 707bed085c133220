"""The Keras face of q-store, for any backend: `from q_store.keras import QuantumLayer`."""

from __future__ import annotations

from q_store.runtime.keras_layer import QuantumLayer

__all__ = ["QuantumLayer"]
