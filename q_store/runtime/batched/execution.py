"""One call: buffers, memory, threads, and the compiled kernel over all lane groups."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.arguments import Arguments
from q_store.runtime.batched.cache import get_kernel
from q_store.runtime.batched.handover import Bytes, FinalStates
from q_store.runtime.batched.layout import (
    KEEP_BYTES,
    WORKSPACE,
    address_of,
    lane_width,
    memory_shortage,
    require_memory,
)
from q_store.runtime.batched.plan import Plan
from q_store.runtime.batched.pool import PAYS_FROM_NANOSECONDS, run_split

_BLOCK: Final = struct.Struct(f"{oc.A_COUNT}q")


class Buffers:
    """Results of one call, the memory of states to keep, and the addresses the kernel needs.

    Values and gradients are parts of one allocation, because every allocation and every address
    costs as much as a small circuit takes to simulate.
    """

    __slots__ = ("address", "d_inputs", "d_weights", "groups", "saved", "values", "width")

    def __init__(self, plan: Plan, args: Arguments, dtype: np.dtype[Any]) -> None:
        self.width = width = lane_width(dtype, plan.n_qubits, args.batch, plan.real)
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
        self.saved: Bytes | None = None
        """Where the final states are or go; None leaves them in the workspace."""

    def keep(self, n_qubits: int) -> FinalStates:
        """Have the call leave its final states where a later one can go on from them."""
        kept = FinalStates((self.groups, 1 << n_qubits, 2, self.width), self.values.dtype)
        self.saved = kept.memory()
        return kept


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
    dtype, width, groups = buffers.values.dtype, buffers.width, buffers.groups
    kernel = get_kernel(dtype, width)
    state = (2 << plan.n_qubits) * width * dtype.itemsize
    scratch = (plan.scratch - (-plan.table_numbers // width)) * width * dtype.itemsize
    states = (not flags & oc.KEEP) + bool(flags & oc.BACKWARD)
    room = states * state + scratch
    parts = _parts(plan, flags, buffers, threads, room)
    sums = WORKSPACE.get("sums", 8 * (groups * plan.rows + args.weights.shape[1]))
    shared = _shared_block(plan, args, buffers, sums.address, cotangent)

    def task(begin: int, end: int, what: int) -> None:
        place = WORKSPACE.get("states", room)
        psi = place.address
        other = psi + state if states == 2 else psi
        kernel(_BLOCK.pack(*shared, psi, other, psi + room - scratch, what, begin, end))

    if parts == 1:
        task(0, groups, flags)
        return
    run_split(lambda begin, end: task(begin, end, flags & ~oc.REDUCE), groups, parts)
    if flags & oc.REDUCE:
        task(0, 0, oc.REDUCE)


def _shared_block(
    plan: Plan,
    args: Arguments,
    buffers: Buffers,
    sums: int,
    cotangent: NDArray[Any] | None,
) -> tuple[int, ...]:
    """The part of the argument block that all threads share, in the order of ``opcodes.A_...``."""
    item = buffers.values.itemsize
    address = buffers.address
    d_inputs = address + item * buffers.values.size
    saved, saved_size = 0, 0
    if buffers.saved is not None:
        saved = address_of(buffers.saved)
        saved_size = buffers.saved.size // (buffers.width * item)
    return (
        *plan.addresses,
        args.batch,
        args.inputs.shape[1],
        plan.outputs,
        *args.weights.shape,
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


def _parts(plan: Plan, flags: int, buffers: Buffers, threads: int, room: int) -> int:
    """How many threads to use: as many as pay and fit into memory, ``room`` bytes for each."""
    parts = min(threads, buffers.groups)
    if parts > 1:
        cost = plan.forward_cost if flags & oc.FORWARD else 0.0
        if flags & oc.BACKWARD:
            cost += plan.backward_cost
        if buffers.groups * cost < PAYS_FROM_NANOSECONDS:
            parts = 1
    if room > KEEP_BYTES:
        while parts > 1 and memory_shortage(parts * room):
            parts -= 1
        require_memory(parts * room, f"a circuit of {plan.n_qubits} qubits")
    return parts
