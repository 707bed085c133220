"""Hessians: second derivatives of every value for every pair of given parameters.

For slots they are sums over shifted circuits (Mari, Bromley and Killoran, arXiv:2008.06517): of
values with two shifts, or, where the backend has the adjoint method, of gradients with one. The
chain rule carries them to the parameters, curvature of expressions included.
"""

from __future__ import annotations

import numpy as np

from q_store.runtime.gradients.curvature import curvature
from q_store.runtime.gradients.gate_slots import GateSlots, gate_slots
from q_store.runtime.gradients.method import Array, Call, Doubles
from q_store.runtime.gradients.plan import gradient_plan, hessian_plan


def hessian(call: Call, swept: bool) -> Doubles:
    """Second derivatives (B, width, F + P, F + P), in the order [inputs | weights].

    With `swept` from gradients of the backend, which are exact; otherwise from values, with shots
    where the call has them.
    """
    slots = gate_slots(call.function)
    point = slots.chain.at(call.given)
    width, n = call.function.width, slots.chain.n_given
    if not call.batch:
        return np.zeros((0, width, n, n))
    find = _from_sweeps if swept else _from_values
    first, second = find(slots, call, point.slots)
    jacobian = slots.chain.jacobian(point)
    found = np.einsum("bsp,bstw,btq->bwpq", jacobian, second, jacobian, optimize=True)
    for column in range(width):
        found[:, column] += curvature(slots.chain, point, first[:, :, column])
    return np.asarray(found)


def _from_values(slots: GateSlots, call: Call, at: Doubles) -> tuple[Doubles, Doubles]:
    """First (B, S, width) and second (B, S, S, width) derivatives from shifted values."""
    batch, n = at.shape
    width = call.function.width

    def evaluate(rows: Array) -> Array:
        return np.asarray(call.sampler.values(slots.function, rows), np.float64)

    shape = (batch, n, n, width)
    upper = hessian_plan(slots.frequencies).derivatives(evaluate, at)
    upper = upper.reshape(shape) if upper.size else np.zeros(shape)
    diagonal = np.einsum("bssw->bsw", upper)
    second = upper + np.swapaxes(upper, 1, 2)
    second[:, range(n), range(n)] -= diagonal
    first = gradient_plan(slots.frequencies).derivatives(evaluate, at)
    return first if first.size else np.zeros((batch, n, width)), second


def _from_sweeps(slots: GateSlots, call: Call, at: Doubles) -> tuple[Doubles, Doubles]:
    """The same from shifted gradients, each value a sample of a larger batch."""
    batch, n = at.shape
    width, dtype = call.function.width, slots.function.dtype
    nothing = np.zeros(0, dtype)

    def gradients(rows: Array) -> Array:
        wide = np.ascontiguousarray(np.repeat(rows, width, axis=0), dtype)
        units = np.tile(np.eye(width, dtype=dtype), (len(rows), 1))
        found = slots.function.sweep(None, wide, nothing, units)[0]
        return np.asarray(found, np.float64).reshape(len(rows), width * n)

    first = gradients(at).reshape(batch, width, n)
    second = gradient_plan(slots.frequencies).derivatives(gradients, at)
    second = second.reshape(batch, n, width, n) if second.size else np.zeros((batch, n, width, n))
    return np.swapaxes(first, 1, 2), np.swapaxes(second, 2, 3)
