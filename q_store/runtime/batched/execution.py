"""One call: buffers, memory, threads, and the compiled kernel over all lane groups."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.arguments import Arguments
from q_store.runtime.batched.cache import Kernel, get_kernel
from q_store.runtime.batched.layout import (
    KEEP_BYTES,
    WORKSPACE,
    aligned,
    lane_dtype,
    lane_width,
    memory_shortage,
    require_memory,
)
from q_store.runtime.batched.plan import Plan
from q_store.runtime.batched.pool import PAYS_FROM_NANOSECONDS, run_split

_FORWARD_NANOSECONDS: Final = 1.5
_BACKWARD_NANOSECONDS: Final = 4.5
"""Measured cost of one instruction on one amplitude, for a full lane vector."""


class Buffers:
    """Results of one call and the optional saved state, all of the program's dtype."""

    __slots__ = ("cotangent", "d_inputs", "d_weights", "saved", "sums", "values", "width")

    def __init__(
        self, plan: Plan, args: Arguments, dtype: np.dtype[Any], keep: bool = False
    ) -> None:
        self.width = width = lane_width(dtype, plan.n_qubits, args.batch)
        groups = -(-args.batch // width)
        require_memory(args.batch * plan.outputs * dtype.itemsize, "the result")
        make = np.zeros if plan.kind == oc.PROBS else np.empty
        self.values: NDArray[Any] = make((args.batch, plan.outputs), dtype)
        self.cotangent: NDArray[Any] = self.values
        self.d_inputs: NDArray[Any] = np.zeros(args.inputs.shape, dtype)
        self.d_weights: NDArray[Any] = np.zeros(args.weights.shape, dtype)
        self.sums: NDArray[np.float64] = np.zeros((groups, plan.rows))
        shape = (groups, 1 << plan.n_qubits, 2, width)
        if keep:
            require_memory(
                groups * width * (2 << plan.n_qubits) * dtype.itemsize, "the saved state"
            )
            self.saved: NDArray[Any] = aligned(int(np.prod(shape)), dtype).reshape(shape)
        else:
            self.saved = self.values[:0].reshape(0)


def run(plan: Plan, flags: int, args: Arguments, buffers: Buffers, threads: int) -> None:
    """Fill ``buffers`` for all samples of ``args``."""
    if not args.batch:
        return
    groups = len(buffers.sums)
    parts = _parts(plan, flags, groups, threads, buffers)
    kernel = get_kernel(buffers.values.dtype, buffers.width)
    if parts == 1:
        _run_groups(kernel, plan, flags, args, buffers, 0, groups)
        return

    def task(begin: int, end: int) -> None:
        _run_groups(kernel, plan, flags & ~oc.REDUCE, args, buffers, begin, end)

    run_split(task, groups, parts)
    if flags & oc.REDUCE:
        _run_groups(kernel, plan, oc.REDUCE, args, buffers, 0, 0)


def _parts(plan: Plan, flags: int, groups: int, threads: int, buffers: Buffers) -> int:
    """How many threads to use: as many as pay and fit into memory."""
    amplitudes = 1 << plan.n_qubits
    cost = _FORWARD_NANOSECONDS * bool(flags & oc.FORWARD)
    cost += _BACKWARD_NANOSECONDS * bool(flags & oc.BACKWARD)
    parts = min(threads, groups)
    if parts > 1 and groups * (plan.steps + 2) * amplitudes * cost < PAYS_FROM_NANOSECONDS:
        parts = 1
    states = 2 if flags & oc.BACKWARD else 1
    state = 2 * amplitudes * buffers.width * buffers.values.itemsize
    if state > KEEP_BYTES:
        while parts > 1 and memory_shortage(parts * states * state):
            parts -= 1
        require_memory(parts * states * state, f"a circuit of {plan.n_qubits} qubits")
    return parts


def _run_groups(
    kernel: Kernel,
    plan: Plan,
    flags: int,
    args: Arguments,
    buffers: Buffers,
    begin: int,
    end: int,
) -> None:
    record = lane_dtype(buffers.values.dtype, buffers.width)
    count = 2 << plan.n_qubits
    psi = WORKSPACE.get("psi", count if end else 1, record)
    lam = WORKSPACE.get("lambda", count, record) if end and flags & oc.BACKWARD else psi
    scratch = WORKSPACE.get("scratch", plan.scratch, record)
    kernel(
        flags, plan.ints, plan.floats, args.inputs, args.weights, buffers.cotangent,
        buffers.values, buffers.d_inputs, buffers.d_weights, buffers.sums,
        buffers.saved.reshape(-1), psi, lam, scratch, begin, end,
    )  # fmt: skip
