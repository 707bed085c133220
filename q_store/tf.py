"""The TensorFlow face of q-store: `from q_store.tf import QuantumLayer`."""

from __future__ import annotations

from q_store.qir.diagnostics import error

try:
    import tensorflow as _tensorflow  # noqa: F401
except ImportError as missing:
    raise error(
        "QS801", "q_store.tf needs TensorFlow", help="pip install 'q-store[tf]'"
    ) from missing

from q_store.runtime.keras_layer import QuantumLayer
from q_store.runtime.plain import plain_operations

__all__ = ["QuantumLayer", "plain_operations"]
