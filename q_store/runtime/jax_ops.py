"""Circuits as JAX primitives: forward and reverse mode, any order, `jit` and `vmap`.

Three primitives close over one another. With f(x, w) the values of a circuit:

* `evaluate` is f; its tangent is `pushforward`.
* `pushforward` (x, w, dx, dw) is the Jacobian applied to (dx, dw); its transpose is `pullback`.
* `pullback` (x, w, g) is the vector-Jacobian product, one adjoint sweep; its transpose is
  `pushforward`.

Where the latter two are differentiated for x or w, they are written over slots: the two-term shift
rule turns them into differences of `evaluate`, so derivatives of every order follow. A vmapped
dimension becomes a larger batch. The engine is called back on the host, unless the function is
written down for another process: then the circuit becomes operations of JAX (`plain`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from q_store.runtime import jax_host, jax_plain, plain
from q_store.runtime.gradients.plan import gradient_plan
from q_store.runtime.jax_arithmetic import JAX
from q_store.runtime.program import Real
from q_store.runtime.slots import AnyFunction, is_slot_function, slot_map


def evaluate(function: AnyFunction, inputs: Any, weights: Any) -> Any:
    """Values (B, width) of inputs (B, F) and weights (P,) or (B, P).

    All arrays have the dtype of the function.
    """
    if jax_plain.wanted(inputs, weights):
        return plain.values(jax_plain.OPERATIONS, function, inputs, weights)
    return EVALUATE.bind(inputs, weights, function=function)


# --- on the host -------------------------------------------------------------------------------


def _host_evaluate(function: AnyFunction, x: Real, w: Real) -> Real:
    return function.forward(x, w, False)[0]


def _host_pullback(function: AnyFunction, x: Real, w: Real, g: Real) -> tuple[Real, Real]:
    return function.backward(None, x, w, g)


def _host_pushforward(function: AnyFunction, x: Real, w: Real, dx: Real, dw: Real) -> Real:
    """One row of the Jacobian per output, each applied to the tangent."""
    batch, width = x.shape[0], function.width
    rows = np.tile(np.eye(width, dtype=x.dtype), (batch, 1))
    per_sample = np.broadcast_to(w, (batch, w.shape[-1]))
    by_x, by_w = function.backward(
        None, np.repeat(x, width, axis=0), np.repeat(per_sample, width, axis=0), rows
    )
    along = by_x * np.repeat(dx, width, axis=0)
    tangent = np.repeat(np.broadcast_to(dw, per_sample.shape), width, axis=0)
    total = along.sum(axis=1) + (by_w * tangent).sum(axis=1)
    return np.asarray(total.reshape(batch, width))


# --- primitives --------------------------------------------------------------------------------


def _values_type(x: Any, *_: Any, function: AnyFunction) -> Any:
    return jax.core.ShapedArray((x.shape[0], function.width), x.dtype)


def _gradient_types(x: Any, w: Any, _: Any, *, function: AnyFunction) -> Any:
    return [jax.core.ShapedArray(a.shape, a.dtype) for a in (x, w)]


def _primitive(name: str, host: Callable[..., Any], types: Callable[..., Any]) -> Any:
    """A primitive that runs `host(function, *arrays)`."""
    primitive: Any = Primitive(f"q_store_{name}")
    primitive.multiple_results = types is _gradient_types

    def run(*arrays: Any, function: AnyFunction) -> Any:
        found = types(*arrays, function=function)
        shapes = tuple(found) if primitive.multiple_results else found
        return jax_host.call(partial(host, function), shapes, *arrays)

    primitive.def_impl(run)
    primitive.def_abstract_eval(types)
    mlir.register_lowering(
        primitive, mlir.lower_fun(run, multiple_results=primitive.multiple_results)
    )
    return primitive


EVALUATE: Final = _primitive("evaluate", _host_evaluate, _values_type)
PUSHFORWARD: Final = _primitive("pushforward", _host_pushforward, _values_type)
PULLBACK: Final = _primitive("pullback", _host_pullback, _gradient_types)


# --- differentiation ---------------------------------------------------------------------------


def _evaluate_jvp(primals: Any, tangents: Any, *, function: AnyFunction) -> Any:
    values = EVALUATE.bind(*primals, function=function)
    moved = [ad.instantiate_zeros(tangent) for tangent in tangents]
    return values, PUSHFORWARD.bind(*primals, *moved, function=function)


def _pushforward_jvp(primals: Any, tangents: Any, *, function: AnyFunction) -> Any:
    x, w, *along = primals
    values = PUSHFORWARD.bind(*primals, function=function)
    moved = [ad.instantiate_zeros(tangent) for tangent in tangents]
    tangent = PUSHFORWARD.bind(x, w, *moved[2:], function=function)
    if not all(isinstance(part, ad.Zero) for part in tangents[:2]):

        def on_slots(x: Any, w: Any) -> Any:
            slots, d_slots = jax.jvp(_slots(function), (x, w), tuple(along))
            return jnp.einsum("bs,bse->be", d_slots, _differences(function, slots))

        tangent = tangent + jax.jvp(on_slots, (x, w), tuple(moved[:2]))[1]
    return values, tangent


def _pullback_jvp(primals: Any, tangents: Any, *, function: AnyFunction) -> Any:
    x, w, cotangent = primals
    found = PULLBACK.bind(*primals, function=function)
    moved = [ad.instantiate_zeros(tangent) for tangent in tangents]
    tangent = PULLBACK.bind(x, w, moved[2], function=function)
    if not all(isinstance(part, ad.Zero) for part in tangents[:2]):

        def on_slots(x: Any, w: Any) -> Any:
            slots, pull_back = jax.vjp(_slots(function), x, w)
            return pull_back(jnp.einsum("be,bse->bs", cotangent, _differences(function, slots)))

        second = jax.jvp(on_slots, (x, w), tuple(moved[:2]))[1]
        tangent = [a + b for a, b in zip(tangent, second, strict=True)]
    return found, tangent


def _slots(function: AnyFunction) -> Callable[[Any, Any], Any]:
    if is_slot_function(function):
        return lambda x, w: x
    return lambda x, w: slot_map(function).slots(JAX, x, w)


def _differences(function: AnyFunction, slots: Any) -> Any:
    """Derivatives (B, S, width) of the values for each slot."""
    of_slots = function if is_slot_function(function) else slot_map(function).function
    batch, n = slots.shape
    plan = gradient_plan(((1.0,),) * n)
    moved = (slots[:, None, :] + jnp.asarray(plan.offsets, slots.dtype)).reshape(-1, n)
    values = evaluate(of_slots, moved, jnp.zeros(0, slots.dtype)).reshape(batch, -1, of_slots.width)
    return jnp.einsum("sv,bve->bse", jnp.asarray(plan.coefficients, slots.dtype), values)


def _pushforward_transpose(
    cotangent: Any, x: Any, w: Any, dx: Any, dw: Any, *, function: AnyFunction
) -> Any:
    if isinstance(cotangent, ad.Zero):
        return [None] * 4
    found = PULLBACK.bind(x, w, cotangent, function=function)
    by_x = found[0] if ad.is_undefined_primal(dx) else None
    return [None, None, by_x, found[1] if ad.is_undefined_primal(dw) else None]


def _pullback_transpose(cotangents: Any, x: Any, w: Any, _: Any, *, function: AnyFunction) -> Any:
    if all(isinstance(part, ad.Zero) for part in cotangents):
        return [None] * 3
    along = [ad.instantiate_zeros(part) for part in cotangents]
    return [None, None, PUSHFORWARD.bind(x, w, *along, function=function)]


ad.primitive_jvps[EVALUATE] = _evaluate_jvp
ad.primitive_jvps[PUSHFORWARD] = _pushforward_jvp
ad.primitive_jvps[PULLBACK] = _pullback_jvp
ad.primitive_transposes[PUSHFORWARD] = _pushforward_transpose
ad.primitive_transposes[PULLBACK] = _pullback_transpose


# --- vmap --------------------------------------------------------------------------------------


def _rows(size: int, batch: int, array: Any, dim: int | None) -> Any:
    """An argument as rows (size * batch, n), a row per sample of every slice."""
    if dim is not None:
        array = jnp.moveaxis(array, dim, 0)
    elif array.ndim == 2:
        array = array[None]
    if array.ndim == 2:
        array = array[:, None]
    elif array.ndim == 1:
        array = array[None, None]
    n = array.shape[-1]
    return jnp.broadcast_to(array, (size, batch, n)).reshape(size * batch, n)


def _sizes(args: Sequence[Any], dims: Sequence[int | None]) -> tuple[int, int]:
    """Extent of the vmapped dimension and of the batch, which the inputs have."""
    size = next(arg.shape[dim] for arg, dim in zip(args, dims, strict=True) if dim is not None)
    x, dim = args[0], dims[0]
    return size, x.shape[0] if dim is None else x.shape[0 if dim else 1]


def _batched_values(primitive: Any) -> Any:
    """The rule of `evaluate` and `pushforward`; shared weights stay shared."""

    def rule(args: Any, dims: Any, *, function: AnyFunction) -> Any:
        size, batch = _sizes(args, dims)
        weights = list(range(1, len(args), 2))
        shared = all(dims[i] is None and args[i].ndim == 1 for i in weights)
        flat = [
            arg if shared and i in weights else _rows(size, batch, arg, dim)
            for i, (arg, dim) in enumerate(zip(args, dims, strict=True))
        ]
        values = primitive.bind(*flat, function=function)
        return values.reshape(size, batch, function.width), 0

    return rule


def _batched_pullback(args: Any, dims: Any, *, function: AnyFunction) -> Any:
    """Weights get a row per sample, because every slice has its own sum over samples."""
    size, batch = _sizes(args, dims)
    flat = [_rows(size, batch, arg, dim) for arg, dim in zip(args, dims, strict=True)]
    by_x, by_w = PULLBACK.bind(*flat, function=function)
    by_w = by_w.reshape(size, batch, by_w.shape[-1])
    if args[1].ndim - (dims[1] is not None) == 1:
        by_w = by_w.sum(axis=1)
    return (by_x.reshape(size, batch, by_x.shape[-1]), by_w), (0, 0)


batching.primitive_batchers[EVALUATE] = _batched_values(EVALUATE)
batching.primitive_batchers[PUSHFORWARD] = _batched_values(PUSHFORWARD)
batching.primitive_batchers[PULLBACK] = _batched_pullback
