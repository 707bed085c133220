"""What `q_store.runtime.plain` needs of JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from q_store.runtime import plain
from q_store.runtime.jax_arithmetic import JAX
from q_store.runtime.slots import AnyFunction, Arithmetic


class JaxOperations:
    """See `q_store.runtime.plain.Operations`."""

    arithmetic: Arithmetic = JAX

    def einsum(self, equation: str, *arrays: Any) -> Any:
        return jnp.einsum(equation, *arrays)

    def reshape(self, array: Any, shape: Sequence[int]) -> Any:
        return jnp.reshape(array, tuple(shape))

    def joined(self, parts: Sequence[Any]) -> Any:
        return jnp.concatenate(parts, axis=1)

    def columns(self, array: Any, index: Sequence[int]) -> Any:
        return array[:, np.asarray(index)]

    def cos_sin(self, array: Any) -> tuple[Any, Any]:
        return jnp.cos(array), jnp.sin(array)

    def complex(self, real: Any, imag: Any) -> Any:
        return jax.lax.complex(real, imag)

    def conj_real(self, array: Any) -> tuple[Any, Any]:
        return jnp.conj(array), jnp.real(array)

    def constant(self, array: Any, like: Any) -> Any:
        return jnp.asarray(array, like.dtype)

    def repeated(self, row: Any, like: Any) -> Any:
        return jnp.broadcast_to(row, (like.shape[0], row.shape[1]))


OPERATIONS: Final = JaxOperations()


def wanted(*arrays: Any) -> bool:
    """Whether the circuit of these arrays must not call back into this process."""
    if plain.is_wanted():
        return True
    return any(isinstance(a, jax.core.Tracer) for a in arrays) and plain.is_written_down()


def samples(function: AnyFunction, inputs: Any, weights: Any, shots: int) -> Any:
    """Measured bits (B, shots, k), uint8: the same draws at every call, because an exported
    function has no state."""
    probs = plain.sampled_probs(OPERATIONS, function, inputs, weights)
    key = jax.random.key(0)
    shape = (shots, inputs.shape[0])
    outcomes = jax.random.categorical(key, jnp.log(probs), axis=-1, shape=shape).T
    places = np.arange(plain.sample_width(function))[::-1].copy()
    return ((outcomes[..., None] >> places) & 1).astype(jnp.uint8)
