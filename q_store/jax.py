"""The JAX face of q-store: `from q_store.jax import quantum_function`."""

from __future__ import annotations

from q_store.qir.diagnostics import error

try:
    import jax as _jax  # noqa: F401
except ImportError as missing:
    raise error("QS801", "q_store.jax needs JAX", help="pip install 'q-store[jax]'") from missing

from q_store.runtime.jax_function import QuantumFunction, quantum_function
from q_store.runtime.plain import plain_operations

__all__ = ["QuantumFunction", "plain_operations", "quantum_function"]
