"""From parameters to coefficients, and from block gradients back to parameters.

Every *row* of the plan is an angle: a constant plus a sparse sum over the parameter vector. Rows
that depend on weights shared by the batch are evaluated once per call, rows that depend on a
sample once per lane group. A row's half-angle cosine and sine lie at ``co[2 row]`` and
``co[2 row + 1]`` of the trigonometric area; an instruction's coefficients follow from them.

The way back uses the adjoint rotation: with V = exp(-i t P/2) the triple
(Im<X>, Im<Y>, Im<Z>) before V is the triple after it, rotated by t about the axis of P, and the
component along the axis is the gradient of t itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from q_store.runtime.batched.intrinsics import (
    get,
    kernel,
    load,
    put,
    splat,
    store,
    total,
    width,
)
from q_store.runtime.batched.opcodes import (
    BLOCK,
    CONTROLLED_BLOCK,
    CONTROLLED_PHASE,
    DIAGONAL,
    FACTOR_BEGIN,
    FACTOR_END,
    OP,
    PHASE_RUN,
    PRODUCT,
    SHARED,
    SLOTS,
    X_AXIS,
    Y_AXIS,
    YZ_BLOCK,
)


@kernel
def shared_angle(
    row: int, begin: Any, index: Any, base: Any, coef: Any, weights: Any, f: int
) -> Any:
    """Angle of a row that depends on weights only (``weights[0]``), in float64."""
    angle = base[row]
    for e in range(begin[row], begin[row + 1]):
        angle += coef[e] * weights[0, index[e] - f]
    return angle


@kernel
def bind_shared(
    co: Any, rows: int, is_shared: Any, begin: Any, index: Any, base: Any, coef: Any, weights: Any,
    f: int,
) -> None:  # fmt: skip
    """Fill the cosines and sines of all shared rows."""
    for row in range(rows):
        if is_shared[row]:
            half = 0.5 * shared_angle(row, begin, index, base, coef, weights, f)
            store(co, 2 * row, splat(co, np.cos(half)))
            store(co, 2 * row + 1, splat(co, np.sin(half)))


@kernel
def bind_lanes(
    co: Any, rows: int, is_shared: Any, begin: Any, index: Any, base: Any, coef: Any, inputs: Any,
    weights: Any, start: int,
) -> None:  # fmt: skip
    """Fill the cosines and sines of the other rows for the samples from ``start`` on."""
    batch, f = inputs.shape
    last = weights.shape[0] - 1
    half = inputs.dtype.type(0.5)
    for row in range(rows):
        if not is_shared[row]:
            for lane in range(width(co)):
                sample = start + lane
                angle = inputs.dtype.type(base[row])
                if sample < batch:
                    for e in range(begin[row], begin[row + 1]):
                        c = inputs.dtype.type(coef[e])
                        if index[e] < f:
                            angle += c * inputs[sample, index[e]]
                        else:
                            angle += c * weights[min(sample, last), index[e] - f]
                put(co, 2 * row, lane, np.cos(half * angle))
                put(co, 2 * row + 1, lane, np.sin(half * angle))


@kernel
def compose_block(co: Any, axis: Any, first: int, stop: int, k: int) -> None:
    """Multiply the factors of a block; store ar, ai, br, bi, -br, -bi."""
    zero = splat(co, 0.0)
    ar, ai, br, bi = splat(co, 1.0), zero, zero, zero
    for row in range(first, stop):
        c, s = load(co, 2 * row), load(co, 2 * row + 1)
        if axis[row] == X_AXIS:
            ar, ai, br, bi = c * ar + s * bi, c * ai - s * br, c * br + s * ai, c * bi - s * ar
        elif axis[row] == Y_AXIS:
            ar, ai, br, bi = c * ar - s * br, c * ai - s * bi, s * ar + c * br, s * ai + c * bi
        else:
            ar, ai, br, bi = c * ar + s * ai, c * ai - s * ar, c * br - s * bi, c * bi + s * br
    store(co, k, ar)
    store(co, k + 1, ai)
    store(co, k + 2, br)
    store(co, k + 3, bi)
    store(co, k + 4, -br)
    store(co, k + 5, -bi)


@kernel
def compose(co: Any, axis: Any, step: Any, k: int) -> None:
    """Coefficients of one instruction (layouts: see ``sweeps.py``)."""
    op, row = step[OP], step[FACTOR_BEGIN]
    if op == PHASE_RUN:
        return  # A table instead: ``tables.py``.
    c, s = load(co, 2 * row), load(co, 2 * row + 1)
    if op in (BLOCK, CONTROLLED_BLOCK, PRODUCT):
        compose_block(co, axis, row, step[FACTOR_END], k)
    elif op == DIAGONAL:
        store(co, k, c)
        store(co, k + 1, s)
        store(co, k + 2, -s)
    elif op == CONTROLLED_PHASE:
        store(co, k, c * c - s * s)
        store(co, k + 1, c * s + s * c)
    else:
        store(co, k, c)
        store(co, k + 2, s)
        store(co, k + 4, -s)
        if op != YZ_BLOCK:  # The way back, see ``shears.py``.
            store(co, k + 1, c)
            store(co, k + 3, s)
            store(co, k + 5, -s)
        else:
            c, s = load(co, 2 * row + 2), load(co, 2 * row + 3)
            store(co, k + 1, c * c - s * s)
            store(co, k + 3, c * s + s * c)


@kernel
def compose_all(co: Any, axis: Any, tape: Any, area: int, shared: int) -> None:
    """Coefficients of the instructions whose shared flag equals ``shared``."""
    for step in range(tape.shape[0]):
        if tape[step, SHARED] == shared:
            compose(co, axis, tape[step], area + SLOTS * step)


@kernel
def factor_gradients(co: Any, axis: Any, first: int, stop: int, g: int, out: int) -> None:
    """Rotate the x, y, z sums at ``co[g]`` back through a block.

    The gradient of the angle of factor ``row`` goes to ``co[out + row]``.
    """
    gx, gy, gz = load(co, g), load(co, g + 1), load(co, g + 2)
    for row in range(stop - 1, first - 1, -1):
        c, s = load(co, 2 * row), load(co, 2 * row + 1)
        cos, sin = c * c - s * s, c * s + s * c
        if axis[row] == X_AXIS:
            store(co, out + row, gx)
            gy, gz = cos * gy + sin * gz, cos * gz - sin * gy
        elif axis[row] == Y_AXIS:
            store(co, out + row, gy)
            gz, gx = cos * gz + sin * gx, cos * gx - sin * gz
        else:
            store(co, out + row, gz)
            gx, gy = cos * gx + sin * gy, cos * gy - sin * gx


@kernel
def scatter(
    co: Any, rows: int, begin: Any, index: Any, coef: Any, out: int, start: int, d_inputs: Any,
    d_weights: Any, per_sample: int, sums: Any, group: int,
) -> None:  # fmt: skip
    """Chain row gradients at ``co[out + row]`` to the parameters of the samples from ``start`` on.

    Inputs and per-sample weights are added to in place. For shared weights the lane sum of every
    row goes to ``sums[group, row]``; the caller adds these up over the lane groups.
    """
    batch, f = d_inputs.shape
    lanes = min(width(co), batch - start)
    for row in range(rows):
        shared = False
        for e in range(begin[row], begin[row + 1]):
            if index[e] >= f and not per_sample:
                shared = True
            else:
                c = d_inputs.dtype.type(coef[e])
                for lane in range(lanes):
                    value = c * get(co, out + row, lane)
                    if index[e] < f:
                        d_inputs[start + lane, index[e]] += value
                    else:
                        d_weights[start + lane, index[e] - f] += value
        if shared:
            sums[group, row] = total(load(co, out + row))


@kernel
def reduce_shared(
    rows: int,
    begin: Any,
    index: Any,
    coef: Any,
    f: int,
    sums: Any,
    exact: Any,
    d_weights: Any,
) -> None:
    """Gradient ``d_weights[0]`` of shared weights from the lane sums (groups, rows).

    Groups are added in order and in float64 (``exact`` is scratch), so the result does not depend
    on which thread ran which group.
    """
    for i in range(exact.shape[0]):
        exact[i] = 0.0
    for row in range(rows):
        for e in range(begin[row], begin[row + 1]):
            if index[e] >= f:
                value = 0.0
                for group in range(sums.shape[0]):
                    value += sums[group, row]
                exact[index[e] - f] += coef[e] * value
    for i in range(exact.shape[0]):
        d_weights[0, i] = exact[i]
