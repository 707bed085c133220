"""The arithmetic of slots in JAX."""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp

from q_store.runtime.program import Real


class JaxArithmetic:
    """See `q_store.runtime.slots.Arithmetic`."""

    def parameters(self, inputs: Any, weights: Any) -> Any:
        if weights.ndim == 1:
            weights = jnp.broadcast_to(weights, (inputs.shape[0], weights.shape[0]))
        return jnp.concatenate([inputs, weights], axis=1)

    def affine(self, matrix: Real, const: Real, params: Any) -> Any:
        return jnp.dot(params, matrix.T, precision="highest") + const

    def derive(self, ufunc: str, args: Any, params: Any) -> Any:
        function: Any = getattr(jnp, ufunc)
        column = function(*[args[:, i] for i in range(args.shape[1])])
        return jnp.concatenate([params, column[:, None]], axis=1)


JAX: Final = JaxArithmetic()
