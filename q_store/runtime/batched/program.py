"""The whole program: bind, forward, observe, seed, backward, for a run of lane groups.

Everything a plan says reaches this function in two arrays, so a new circuit compiles nothing. The
scratch array ``co`` holds, in lane vectors: cosines and sines of the rows, coefficients of the
instructions, row gradients, the constants +1 and -1, sums of one block, the transform of
``observing.py``, one vector per Pauli word, and sums and tables of phase runs.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched import adjoint, lone, shears, sweeps, tables
from q_store.runtime.batched.binding import (
    bind_lanes,
    bind_shared,
    compose_all,
    factor_gradients,
    reduce_shared,
    scatter,
)
from q_store.runtime.batched.intrinsics import (
    get,
    kernel,
    put,
    splat,
    store,
    width,
)
from q_store.runtime.batched.observing import (
    expect_x,
    expect_z,
    read_probs,
    read_state,
    seed_probs,
    seed_state,
    seed_x,
    seed_z,
)
from q_store.runtime.batched.opcodes import (
    BACKWARD,
    BLOCK,
    CONTROL_BEGIN,
    CONTROL_END,
    CONTROLLED_BLOCK,
    CONTROLLED_PHASE,
    DIAGONAL,
    EXPVAL,
    FACTOR_BEGIN,
    FACTOR_END,
    FORWARD,
    H_AXIS,
    H_BASE_F,
    H_BEGIN,
    H_COEF_F,
    H_COLUMNS,
    H_CONST_F,
    H_CONTROLS,
    H_FIRST,
    H_INDEX,
    H_KIND,
    H_LINEAR,
    H_OUTPUTS,
    H_PER_SAMPLE,
    H_PRODUCTS,
    H_QUADRATIC,
    H_QUBITS,
    H_ROWS,
    H_SHARED,
    H_STOP,
    H_X_COEF_F,
    H_X_COUNT,
    H_X_TERMS,
    H_Z_COEF_F,
    H_Z_COUNT,
    H_Z_TERMS,
    KEEP,
    LIVE,
    OP,
    PAIR,
    PHASE_RUN,
    PROBS,
    REAL_BLOCK,
    REAL_PAIR,
    REAL_SECOND,
    REDUCE,
    ROLE,
    SIGN,
    SLOTS,
    YZ_BLOCK,
)


@kernel
def forward(s: Any, ip: Any, tape: Any, co: Any, area: int) -> None:
    """From |0...0> to the final state."""
    n = ip[H_QUBITS]
    sweeps.product_state(s, n, ip[ip[H_FIRST] : ip[H_FIRST] + n], co, area)
    for k in range(ip[H_PRODUCTS], tape.shape[0]):
        step, at = tape[k], area + SLOTS * k
        op, m, r, z = step[OP], step[PAIR], step[ROLE], step[SIGN]
        controls = ip[ip[H_CONTROLS] + step[CONTROL_BEGIN] : ip[H_CONTROLS] + step[CONTROL_END]]
        if op == BLOCK:
            sweeps.block(s, n, m, r, z, co, at)
        elif op == YZ_BLOCK:
            sweeps.yz_block(s, n, m, r, z, co, at)
        elif op in (REAL_BLOCK, REAL_PAIR) and lone.is_lone(s, n):
            two, pair = tape[k + 1 if op == REAL_PAIR else k], op == REAL_PAIR
            lone.forward(s, n, step, two, co, at, pair, pair and shears.is_sheared(co, at, 0))
        elif op == REAL_BLOCK:
            sweeps.real_block(s, n, m, r, z, co, at)
        elif op == REAL_PAIR:
            if shears.is_sheared(co, at, 0):
                sweeps.shear_pair(s, n, step, tape[k + 1], co, at)
            else:
                sweeps.real_pair(s, n, step, tape[k + 1], co, at)
        elif op == PHASE_RUN:
            tables.apply(s, ip, step, co)
        elif op == DIAGONAL:
            sweeps.diagonal(s, n, r, co, at)
        elif op == CONTROLLED_BLOCK:
            sweeps.controlled_block(s, n, m, r, z, co, at, controls)
        elif op == CONTROLLED_PHASE:
            sweeps.controlled_phase(s, n, co, at, controls)


@kernel
def undo_lone(s: Any, t: Any, n: int, tape: Any, k: int, co: Any, at: int, out: int) -> None:
    """:func:`undo` of a real block, or of a pair of shears, on states of one lane."""
    step = tape[k]
    op, row, sine = step[OP], step[FACTOR_BEGIN], get(co, at + 3, 0)
    if op == REAL_PAIR and shears.is_sheared(co, at, 1):
        two, sine2 = tape[k + 1], get(co, at + SLOTS + 3, 0)
        second = out + two[FACTOR_BEGIN]
        lone.undo_shears(s, t, n, step, two, sine, sine2, co, out + row, second)
    elif op != REAL_SECOND or not shears.is_sheared(co, at - SLOTS, 1):
        lone.undo_block(s, t, n, step, get(co, at + 1, 0), sine, co, out + row)


@kernel
def undo(
    s: Any, t: Any, ip: Any, tape: Any, k: int, axis: Any, co: Any, at: int, signs: int, out: int
) -> None:
    """Un-apply instruction ``k`` on psi and lambda; row gradients go to ``co[out + row]``."""
    n, step = ip[H_QUBITS], tape[k]
    op, m, r, z = step[OP], step[PAIR], step[ROLE], step[SIGN]
    row, g = step[FACTOR_BEGIN], signs + 2
    controls = ip[ip[H_CONTROLS] + step[CONTROL_BEGIN] : ip[H_CONTROLS] + step[CONTROL_END]]
    if op == BLOCK:
        adjoint.block(s, t, n, m, r, z, co, at, signs, co, g)
        factor_gradients(co, axis, row, step[FACTOR_END], g, out)
    elif op == YZ_BLOCK:
        adjoint.yz_block(s, t, n, m, r, z, co, at, signs, co, out + row)
    elif op in (REAL_BLOCK, REAL_PAIR, REAL_SECOND) and lone.is_lone(s, n):
        undo_lone(s, t, n, tape, k, co, at, out)
    elif op == REAL_BLOCK:
        adjoint.real_block(s, t, n, m, r, z, co, at, signs, co, out + row)
    elif op == REAL_PAIR and shears.is_sheared(co, at, 1):
        two = tape[k + 1]
        second = out + two[FACTOR_BEGIN]
        adjoint.shear_pair(s, t, n, step, two, co, at, signs, co, out + row, second)
    elif op == REAL_PAIR or (op == REAL_SECOND and not shears.is_sheared(co, at - SLOTS, 1)):
        adjoint.real_block(s, t, n, m, r, z, co, at, signs, co, out + row)
    elif op == PHASE_RUN:
        tables.undo(s, t, ip, step, co, signs, out)
    elif op == DIAGONAL:
        adjoint.diagonal(s, t, n, r, co, at, signs, co, out + row)
    elif op == CONTROLLED_BLOCK:
        adjoint.controlled_block(s, t, n, m, r, z, co, at, signs, controls, co, g)
        factor_gradients(co, axis, row, step[FACTOR_END], g, out)
    elif op == CONTROLLED_PHASE:
        adjoint.controlled_phase(s, t, n, co, at, controls, co, out + row)


@kernel
def backward(
    s: Any, t: Any, ip: Any, tape: Any, axis: Any, co: Any, area: int, signs: int, out: int
) -> None:
    """Row gradients of every live instruction, last to first; destroys psi and lambda."""
    n, products, stop = ip[H_QUBITS], ip[H_PRODUCTS], ip[H_STOP]
    for k in range(tape.shape[0] - 1, max(stop, products) - 1, -1):
        undo(s, t, ip, tape, k, axis, co, area + SLOTS * k, signs, out)
        shears.rescale(co, tape, k, area, out)
    if stop < products:
        first = ip[ip[H_FIRST] : ip[H_FIRST] + n]
        adjoint.product_prefixes(s, n, first, co, area)
        for j in range(n - 1, -1, -1):
            k = first[j]
            if k < 0:
                continue
            adjoint.product_bit(s, t, j, co, area + SLOTS * k, co, signs + 2)
            if tape[k, LIVE]:
                row, end = tape[k, FACTOR_BEGIN], tape[k, FACTOR_END]
                factor_gradients(co, axis, row, end, signs + 2, out)


@kernel
def read_expvals(
    s: Any, ip: Any, fp: Any, co: Any, scratch: int, words: int, start: int, values: Any
) -> None:
    """Expectations of all outputs to ``values[sample]``."""
    n, outputs = ip[H_QUBITS], ip[H_OUTPUTS]
    nz, nx = ip[H_Z_COUNT], ip[H_X_COUNT]
    zt, xt = ip[ip[H_Z_TERMS] :], ip[ip[H_X_TERMS] :]
    expect_z(s, n, zt, nz, co, scratch, words)
    for t in range(nx):
        expect_x(s, n, xt[4 * t], xt[4 * t + 1], xt[4 * t + 2], co, words + nz + t)
    number = values.dtype.type
    for lane in range(min(width(co), values.shape[0] - start)):
        for e in range(outputs):
            values[start + lane, e] = fp[ip[H_CONST_F] + e]
        for t in range(nz):
            c = number(fp[ip[H_Z_COEF_F] + t])
            values[start + lane, zt[2 * t + 1]] += c * get(co, words + t, lane)
        for t in range(nx):
            c = number(fp[ip[H_X_COEF_F] + t])
            values[start + lane, xt[4 * t + 3]] += c * get(co, words + nz + t, lane)


@kernel
def put_weight(co: Any, at: int, c: float, cotangent: Any, start: int, output: int) -> None:
    """``co[at]`` = ``c`` times one column of the cotangent; zero in unused lanes."""
    number = cotangent.dtype.type
    for lane in range(width(co)):
        sample = start + lane
        g = cotangent[sample, output] if sample < cotangent.shape[0] else number(0.0)
        put(co, at, lane, number(c) * g)


@kernel
def seed_expvals(
    s: Any, t: Any, ip: Any, fp: Any, co: Any, scratch: int, words: int, start: int, cotangent: Any
) -> None:
    """lambda = sum over outputs of cotangent times observable, applied to psi."""
    n, nz, nx = ip[H_QUBITS], ip[H_Z_COUNT], ip[H_X_COUNT]
    zt, xt = ip[ip[H_Z_TERMS] :], ip[ip[H_X_TERMS] :]
    for k in range(nz):
        put_weight(co, words + k, fp[ip[H_Z_COEF_F] + k], cotangent, start, zt[2 * k + 1])
    seed_z(s, t, n, zt, nz, co, scratch, words)
    for k in range(nx):
        at = words + nz + k
        put_weight(co, at, fp[ip[H_X_COEF_F] + k], cotangent, start, xt[4 * k + 3])
        seed_x(s, t, n, xt[4 * k], xt[4 * k + 1], xt[4 * k + 2], co, at)


@kernel
def execute(
    flags: int,
    ip: Any,
    fp: Any,
    tape: Any,
    inputs: Any,
    weights: Any,
    cotangent: Any,
    values: Any,
    d_inputs: Any,
    d_weights: Any,
    sums: Any,
    exact: Any,
    saved: Any,
    s: Any,
    t: Any,
    co: Any,
    begin: int,
    end: int,
) -> None:
    """Run the plan for the lane groups ``begin`` to ``end - 1``.

    Shapes: inputs and d_inputs (B, F), weights (1 or B, P), d_weights as weights, cotangent and
    values (B, outputs), sums (groups, rows) and exact (P,) float64; ``s`` and ``t`` hold two lane
    vectors per amplitude, ``saved`` those of all groups. ``flags``: FORWARD computes psi and
    values; KEEP has psi in ``saved`` instead of ``s``, where the next call without FORWARD finds
    it; BACKWARD uses psi up, adds to d_inputs and per-sample d_weights and fills sums; REDUCE turns
    the sums of all groups into the gradient of shared weights.
    """
    n, kind, rows, f = ip[H_QUBITS], ip[H_KIND], ip[H_ROWS], inputs.shape[1]
    axis, is_shared = ip[ip[H_AXIS] :], ip[ip[H_SHARED] :]
    row_begin, index = ip[ip[H_BEGIN] :], ip[ip[H_INDEX] :]
    base, coef = fp[ip[H_BASE_F] :], fp[ip[H_COEF_F] :]
    columns = ip[ip[H_COLUMNS] : ip[H_COLUMNS] + n + 1]
    quadratic, linear = ip[ip[H_QUADRATIC] : ip[H_QUADRATIC] + n], ip[H_LINEAR]
    area = 2 * rows
    out = area + SLOTS * tape.shape[0]
    signs = out + rows
    scratch = signs + 5
    words = scratch + 16
    if begin < end:
        store(co, signs, splat(co, 1.0))
        store(co, signs + 1, splat(co, -1.0))
        bind_shared(co, rows, is_shared, row_begin, index, base, coef, weights, f)
        compose_all(co, axis, tape, area, 1)
        shears.choose(co, tape, area, ip[H_PRODUCTS])
        tables.prepare_kept(ip, tape, co)
    for group in range(begin, end):
        start = group * width(co)
        bind_lanes(co, rows, is_shared, row_begin, index, base, coef, inputs, weights, start)
        compose_all(co, axis, tape, area, 0)
        if flags & KEEP:
            s = saved[group * (2 << n) : (group + 1) * (2 << n)]
        if flags & FORWARD:
            forward(s, ip, tape, co, area)
            if kind == EXPVAL:
                read_expvals(s, ip, fp, co, scratch, words, start, values)
            elif kind == PROBS:
                read_probs(s, n, columns, start, values)
            else:
                read_state(s, n, columns, quadratic, linear, start, values)
        if flags & BACKWARD:
            if kind == EXPVAL:
                seed_expvals(s, t, ip, fp, co, scratch, words, start, cotangent)
            elif kind == PROBS:
                seed_probs(s, t, n, columns, start, cotangent)
            else:
                seed_state(t, n, columns, quadratic, linear, start, cotangent)
            for row in range(rows):
                store(co, out + row, splat(co, 0.0))
            backward(s, t, ip, tape, axis, co, area, signs, out)
            per_sample = ip[H_PER_SAMPLE]
            scatter(
                co, rows, row_begin, index, coef, out, start, d_inputs, d_weights, per_sample,
                sums, group,
            )  # fmt: skip
    if flags & REDUCE and not ip[H_PER_SAMPLE]:
        reduce_shared(rows, row_begin, index, coef, f, sums, exact, d_weights)
