"""Shots, samples and states in JAX. Shot noise is drawn on the host, from a seed per call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from q_store.runtime import jax_plain, plain
from q_store.runtime.backend import Real
from q_store.runtime.jax_arithmetic import JAX
from q_store.runtime.shots import Shots
from q_store.runtime.slots import AnyFunction, slot_map
from q_store.runtime.usage import MeteredFunction

Seeds = Callable[[Any], int]
"""Makes the seed of one call from the seed array handed in, or draws one when that is empty."""


def sampled_expvals(
    function: AnyFunction, inputs: Any, weights: Any, shots: int | None, seeds: Seeds, seed: Any
) -> Any:
    """Expectation values (B, width), exact when `shots` is None, with parameter-shift gradients
    in reverse mode. `seed` is an array of at most one integer."""
    if jax_plain.wanted(inputs, weights):
        return plain.values(jax_plain.OPERATIONS, function, inputs, weights)
    of_slots = slot_map(function)
    slots = of_slots.slots(JAX, inputs, _noted(function, weights))

    @jax.custom_vjp
    def run(s: Any) -> Any:
        return _estimate(of_slots.function, s, shots, seeds, seed)

    def backward(s: Any, g: Any) -> tuple[Any]:
        jacobian = _jacobian(of_slots.function, s, shots, seeds, seed)
        return (jnp.einsum("be,bse->bs", g, jacobian),)

    run.defvjp(lambda s: (run(s), s), backward)
    return run(slots)


def _estimate(function: AnyFunction, slots: Any, shots: int | None, seeds: Seeds, seed: Any) -> Any:
    def host(s: Any, given: Any) -> Real:
        flat = np.asarray(s).reshape(-1, s.shape[-1])
        found = Shots(shots, seeds(given)).estimate(function, flat)
        return found.reshape(*s.shape[:-1], function.width)

    shape = jax.ShapeDtypeStruct((*slots.shape[:-1], function.width), slots.dtype)
    return jax.pure_callback(host, shape, slots, seed, vmap_method="broadcast_all")


def _jacobian(function: AnyFunction, slots: Any, shots: int | None, seeds: Seeds, seed: Any) -> Any:
    def host(s: Any, given: Any) -> Real:
        flat = np.asarray(s).reshape(-1, s.shape[-1])
        # Other draws than those of the values at the same seed.
        found = Shots(shots, seeds(given) ^ 0x5DEECE66D).jacobian(function, flat)
        return found.reshape(*s.shape, function.width)

    shape = jax.ShapeDtypeStruct((*slots.shape, function.width), slots.dtype)
    return jax.pure_callback(host, shape, slots, seed, vmap_method="broadcast_all")


def _noted(function: AnyFunction, weights: Any) -> Any:
    """The weights; their gradient is noted in the usage of a metered function."""
    if not isinstance(function, MeteredFunction):
        return weights

    @jax.custom_vjp
    def run(w: Any) -> Any:
        return w

    def note(_: None, g: Any) -> tuple[Any]:
        jax.debug.callback(lambda g: function.usage.backward(0.0, np.asarray(g)), g)
        return (g,)

    run.defvjp(lambda w: (w, None), note)
    return run(weights)


def samples(
    function: AnyFunction, inputs: Any, weights: Any, shots: int, seeds: Seeds, seed: Any
) -> Any:
    """Measured bits (B, shots, k), uint8, without gradients."""
    if jax_plain.wanted(inputs, weights):
        return jax_plain.samples(function, inputs, weights, shots)
    width = next(len(out.qubits) for out in function.executable.outputs if out.kind == "sample")

    def host(x: Any, w: Any, given: Any) -> Any:
        return function.samples(np.asarray(x), np.asarray(w), shots, seeds(given))

    shape = jax.ShapeDtypeStruct((inputs.shape[0], shots, width), np.uint8)
    x, w = jax.lax.stop_gradient((inputs, weights))
    return jax.pure_callback(host, shape, x, w, seed, vmap_method="sequential")


def state(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """States (B, 2**n), complex, qubit 0 most significant; once differentiable in reverse mode."""
    if jax_plain.wanted(inputs, weights):
        return plain.state(jax_plain.OPERATIONS, function, inputs, weights)
    dtype = np.result_type(function.dtype, np.complex64)
    shape = jax.ShapeDtypeStruct((inputs.shape[0], *function.state_shape), dtype)

    @jax.custom_vjp
    def run(x: Any, w: Any) -> Any:
        def host(x: Any, w: Any) -> Any:
            return function.state(np.asarray(x), np.asarray(w))

        return jax.pure_callback(host, shape, x, w, vmap_method="sequential")

    def backward(kept: tuple[Any, Any], g: Any) -> Any:
        def host(x: Any, w: Any, g: Any) -> Any:
            # JAX multiplies cotangents without conjugation, the engine with.
            conjugate = np.conj(np.asarray(g))
            return function.program.state_vjp(np.asarray(x), np.asarray(w), conjugate)[1:]

        shapes = tuple(jax.ShapeDtypeStruct(part.shape, part.dtype) for part in kept)
        return jax.pure_callback(host, shapes, *kept, g, vmap_method="sequential")

    run.defvjp(lambda x, w: (run(x, w), (x, w)), backward)
    return run(inputs, weights)
