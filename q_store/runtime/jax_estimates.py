"""Estimates, samples and states in JAX. Random numbers come from the host, from a seed per call."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from q_store.runtime import jax_host, jax_plain, plain
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.program import Real
from q_store.runtime.slots import AnyFunction

Seeds = Callable[[Any], int]
"""Makes the seed of one call from the seed array handed in, or draws one when that is empty."""


def estimated(
    function: AnyFunction, inputs: Any, weights: Any, estimate: Estimate, seeds: Seeds, seed: Any
) -> Any:
    """Values (B, width), once differentiable in reverse mode. `seed` is an array of at most one
    integer."""
    if jax_plain.wanted(inputs, weights):
        return plain.values(jax_plain.OPERATIONS, function, inputs, weights)

    @jax.custom_vjp
    def run(x: Any, w: Any) -> Any:
        return _values(function, x, w, estimate, seeds, seed)

    def backward(kept: tuple[Any, Any], g: Any) -> tuple[Any, Any]:
        return _gradients(function, *kept, g, estimate, seeds, seed)

    run.defvjp(lambda x, w: (run(x, w), (x, w)), backward)
    return run(inputs, weights)


def _values(
    function: AnyFunction, x: Any, w: Any, estimate: Estimate, seeds: Seeds, seed: Any
) -> Any:
    def host(x: Any, w: Any, given: Any) -> Real:
        rows, per_sample, _ = _rows(x, w)
        found = estimate.values(function, rows, per_sample, seeds(given))
        return found.reshape(*x.shape[:-1], function.width)

    shape = jax.ShapeDtypeStruct((*x.shape[:-1], function.width), x.dtype)
    return jax_host.call(host, shape, x, w, seed, vmap_method="broadcast_all")


def _gradients(
    function: AnyFunction, x: Any, w: Any, g: Any, estimate: Estimate, seeds: Seeds, seed: Any
) -> tuple[Any, Any]:
    def host(x: Any, w: Any, g: Any, given: Any) -> tuple[Real, Real]:
        rows, per_sample, shape = _rows(x, w)
        cotangent = g.reshape(len(rows), function.width)
        d_x, d_w = estimate.vjp(function, rows, per_sample, cotangent, seeds(given))
        if shape is not None:
            d_w = d_w.reshape(shape).sum(axis=-2)
        return d_x.reshape(x.shape), d_w.reshape(w.shape)

    @jax.custom_jvp
    def run(x: Any, w: Any, g: Any) -> tuple[Any, Any]:
        shapes = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (x, w))
        found: tuple[Any, Any]
        found = jax_host.call(host, shapes, x, w, g, seed, vmap_method="broadcast_all")
        return found

    @run.defjvp
    def refuse(primals: Any, tangents: Any) -> Any:
        raise estimate.no_second_derivative()

    found: tuple[Any, Any] = run(x, w, g)
    return found


def _rows(x: Real, w: Real) -> tuple[Real, Real, tuple[int, ...] | None]:
    """One batch from vmapped ones: inputs (R, F) from (..., B, F), and weights (P,) or (R, P). The
    shape is (..., B, P) where every slice has weights of its own, shared by its samples."""
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    if w.ndim == 1:
        return rows, w, None
    if w.ndim == x.ndim:
        return rows, w.reshape(len(rows), w.shape[-1]), None
    shape = (*x.shape[:-1], w.shape[-1])
    return rows, np.broadcast_to(w[..., None, :], shape).reshape(len(rows), w.shape[-1]), shape


def samples(
    function: AnyFunction, inputs: Any, weights: Any, shots: int, seeds: Seeds, seed: Any
) -> Any:
    """Measured bits (B, shots, k), uint8, without gradients."""
    if jax_plain.wanted(inputs, weights):
        return jax_plain.samples(function, inputs, weights, shots)
    width = next(len(out.qubits) for out in function.executable.outputs if out.kind == "sample")

    def host(x: Any, w: Any, given: Any) -> Any:
        return function.samples(x, w, shots, seeds(given))

    shape = jax.ShapeDtypeStruct((inputs.shape[0], shots, width), np.uint8)
    x, w = jax.lax.stop_gradient((inputs, weights))
    return jax_host.call(host, shape, x, w, seed, vmap_method="sequential")


def state(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """States (B, 2**n), complex, qubit 0 most significant; once differentiable in reverse mode."""
    if jax_plain.wanted(inputs, weights):
        return plain.state(jax_plain.OPERATIONS, function, inputs, weights)
    dtype = np.result_type(function.dtype, np.complex64)
    shape = jax.ShapeDtypeStruct((inputs.shape[0], *function.state_shape), dtype)

    @jax.custom_vjp
    def run(x: Any, w: Any) -> Any:
        def host(x: Any, w: Any) -> Any:
            return function.state(x, w)

        return jax_host.call(host, shape, x, w, vmap_method="sequential")

    def backward(kept: tuple[Any, Any], g: Any) -> Any:
        def host(x: Any, w: Any, g: Any) -> Any:
            # JAX multiplies cotangents without conjugation, the engine with.
            conjugate = np.conj(g)
            return function.program.state_vjp(x, w, conjugate)[1:]

        shapes = tuple(jax.ShapeDtypeStruct(part.shape, part.dtype) for part in kept)
        return jax_host.call(host, shapes, *kept, g, vmap_method="sequential")

    run.defvjp(lambda x, w: (run(x, w), (x, w)), backward)
    return run(inputs, weights)
