"""The torch face of q-store: `from q_store.torch import QuantumLayer`."""

from __future__ import annotations

from q_store.qir.diagnostics import error

try:
    import torch as _torch  # noqa: F401
except ImportError as missing:
    raise error(
        "QS801", "q_store.torch needs PyTorch", help="pip install 'q-store[torch]'"
    ) from missing

from q_store.runtime.plain import plain_operations
from q_store.runtime.torch_layer import QuantumLayer, log_metrics

__all__ = ["QuantumLayer", "log_metrics", "plain_operations"]
