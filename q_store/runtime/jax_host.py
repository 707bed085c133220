"""Numpy code inside functions of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

try:
    from jax.experimental.buffer_callback import buffer_callback
except ImportError:  # an experimental part of JAX, which some versions do not have
    IN_PLACE = False
else:
    IN_PLACE = True


def call(
    host: Callable[..., Any], shapes: Any, *arrays: Any, vmap_method: str | None = None
) -> Any:
    """Results of `host(*arrays)`, one array or a tuple of them as `shapes` says.

    Compiled for the processor, the host reads and fills JAX's own memory, which takes a few
    microseconds; `pure_callback`, for other devices, takes a hundred. Arrays that are there are
    handed to the host at once, because a callback outside `jit` is compiled anew at every call.
    """

    def run(*given: Any) -> Any:
        return host(*map(np.asarray, given))

    def by_copies(*given: Any) -> Any:
        return jax.pure_callback(run, shapes, *given, vmap_method=vmap_method)

    def in_place(*given: Any) -> Any:
        def fill(_: Any, buffers: Any, *given: Any) -> None:
            jax.tree.map(
                lambda buffer, part: np.copyto(np.asarray(buffer), part), buffers, run(*given)
            )

        return buffer_callback(fill, shapes, vmap_method=vmap_method)(*given)

    if not any(isinstance(array, jax.core.Tracer) for array in arrays):
        return jax.tree.map(jnp.asarray, run(*arrays))
    if not IN_PLACE:
        return by_copies(*arrays)
    return jax.lax.platform_dependent(*arrays, cpu=in_place, default=by_copies)
