"""One call: buffers, memory, threads, and the compiled kernel over all lane groups."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.arguments import Arguments
from q_store.runtime.batched.cache import get_kernel
from q_store.runtime.batched.layout import (
    KEEP_BYTES,
    WORKSPACE,
    address_of,
    aligned,
    lane_width,
    memory_shortage,
    require_memory,
)
from q_store.runtime.batched.plan import Plan
from q_store.runtime.batched.pool import PAYS_FROM_NANOSECONDS, run_split

_FORWARD_NANOSECONDS: Final = 1.5
_BACKWARD_NANOSECONDS: Final = 4.5
"""Measured cost of one instruction on one amplitude, for a full lane vector."""


_BLOCK: Final = ctypes.c_int64 * oc.A_COUNT


class Buffers:
    """Results of one call, the optional saved state, and the addresses the kernel needs.

    Values and gradients are parts of one allocation, because every allocation and every address
    costs as much as a small circuit takes to simulate.
    """

    __slots__ = ("address", "d_inputs", "d_weights", "groups", "saved", "values", "width")

    def __init__(
        self, plan: Plan, args: Arguments, dtype: np.dtype[Any], keep: bool = False
    ) -> None:
        self.width = width = lane_width(dtype, plan.n_qubits, args.batch)
        self.groups = -(-args.batch // width)
        shape = (args.batch, plan.outputs)
        sizes = (args.batch * plan.outputs, args.inputs.size, args.weights.size)
        require_memory(sum(sizes) * dtype.itemsize, "the result")
        whole = np.zeros(sum(sizes), dtype)
        self.address = address_of(whole)
        self.values: NDArray[Any] = whole[: sizes[0]].reshape(shape)
        self.d_inputs: NDArray[Any] = whole[sizes[0] : sizes[0] + sizes[1]].reshape(
            args.inputs.shape
        )
        self.d_weights: NDArray[Any] = whole[sizes[0] + sizes[1] :].reshape(args.weights.shape)
        self.saved: NDArray[Any] | None = None
        if keep:
            numbers = self.groups * width * (2 << plan.n_qubits)
            require_memory(numbers * dtype.itemsize, "the saved state")
            saved = aligned(numbers, dtype)
            self.saved = saved.reshape(self.groups, 1 << plan.n_qubits, 2, width)


def run(
    plan: Plan,
    flags: int,
    args: Arguments,
    buffers: Buffers,
    threads: int,
    cotangent: NDArray[Any] | None = None,
) -> None:
    """Fill ``buffers`` for all samples of ``args``."""
    if not args.batch:
        return
    dtype = buffers.values.dtype
    parts = _parts(plan, flags, buffers, threads)
    kernel = get_kernel(dtype, buffers.width)
    fixed = _block(plan, args, buffers, cotangent)
    vector = buffers.width * dtype.itemsize
    vectors = plan.scratch - (-plan.table_numbers // buffers.width)

    def task(begin: int, end: int, what: int) -> None:
        rooms = [WORKSPACE.get("psi", (2 << plan.n_qubits) * vector)] * 2
        if what & oc.BACKWARD:
            rooms[1] = WORKSPACE.get("lambda", (2 << plan.n_qubits) * vector)
        scratch = WORKSPACE.get("scratch", vectors * vector)
        own = (rooms[0].address, rooms[1].address, scratch.address, what, begin, end)
        kernel(_BLOCK(*fixed, *own))

    if parts == 1:
        task(0, buffers.groups, flags)
        return
    run_split(lambda begin, end: task(begin, end, flags & ~oc.REDUCE), buffers.groups, parts)
    if flags & oc.REDUCE:
        task(0, 0, oc.REDUCE)


def _block(
    plan: Plan, args: Arguments, buffers: Buffers, cotangent: NDArray[Any] | None
) -> tuple[int, ...]:
    """The part of the argument block that all threads share, in the order of ``opcodes.A_...``."""
    item = buffers.values.itemsize
    address = buffers.address
    d_inputs = address + item * buffers.values.size
    weight_rows, weight_count = args.weights.shape
    sums = WORKSPACE.get("sums", 8 * (buffers.groups * plan.rows + weight_count)).address
    saved, saved_size = 0, 0
    if buffers.saved is not None:
        saved = address_of(buffers.saved)
        saved_size = buffers.saved.size // buffers.width
    return (
        plan.ints_address,
        plan.ints.size,
        plan.floats_address,
        plan.floats.size,
        args.batch,
        args.inputs.shape[1],
        plan.outputs,
        weight_rows,
        weight_count,
        buffers.groups,
        address_of(args.inputs),
        address_of(args.weights),
        address if cotangent is None else address_of(cotangent),
        address,
        d_inputs,
        d_inputs + item * args.inputs.size,
        sums,
        sums + 8 * buffers.groups * plan.rows,
        saved,
        saved_size,
        2 << plan.n_qubits,
        plan.scratch - (-plan.table_numbers // buffers.width),
    )


def _parts(plan: Plan, flags: int, buffers: Buffers, threads: int) -> int:
    """How many threads to use: as many as pay and fit into memory."""
    amplitudes = 1 << plan.n_qubits
    cost = _FORWARD_NANOSECONDS * bool(flags & oc.FORWARD)
    cost += _BACKWARD_NANOSECONDS * bool(flags & oc.BACKWARD)
    parts = min(threads, buffers.groups)
    if parts > 1 and buffers.groups * (plan.steps + 2) * amplitudes * cost < PAYS_FROM_NANOSECONDS:
        parts = 1
    states = 2 if flags & oc.BACKWARD else 1
    state = 2 * amplitudes * buffers.width * buffers.values.itemsize
    if state > KEEP_BYTES:
        while parts > 1 and memory_shortage(parts * states * state):
            parts -= 1
        require_memory(parts * states * state, f"a circuit of {plan.n_qubits} qubits")
    return parts
