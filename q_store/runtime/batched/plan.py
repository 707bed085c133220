"""The plan: an executable as the two arrays that the kernels interpret.

A plan belongs to one kind of output, because what cannot change that output is left out: trailing
phases in front of a diagonal observable, everything outside its light cone, and global phases
unless the state itself is wanted. It also belongs to one sharing of weights: shared by the batch
(their rows are evaluated once per call) or given per sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.frame import Frame
from q_store.runtime.batched.fusing import (
    Step,
    drop_unobserved,
    is_real,
    is_yz,
    split_products,
)
from q_store.runtime.batched.lowering import Lowering
from q_store.runtime.batched.merging import merge_phases, pair_blocks
from q_store.targets.executable import AffineRow, Executable

_KEPT_NUMBERS: Final = 1 << 17
"""Plain numbers in tables that stay for a call; with them a core's cache is still half free."""


_FORWARD_NANOSECONDS: Final = {
    oc.BLOCK: 2.2, oc.REAL_BLOCK: 1.3, oc.YZ_BLOCK: 1.7, oc.CONTROLLED_BLOCK: 2.2, oc.DIAGONAL: 1.2,
    oc.CONTROLLED_PHASE: 1.2, oc.PRODUCT: 0.3, oc.REAL_PAIR: 2.0, oc.REAL_SECOND: 0.0,
    oc.PHASE_RUN: 1.8, oc.OBSERVING: 3.5,
}  # fmt: skip
_BACKWARD_NANOSECONDS: Final = {
    oc.BLOCK: 6.4, oc.REAL_BLOCK: 2.9, oc.YZ_BLOCK: 4.5, oc.CONTROLLED_BLOCK: 6.4, oc.DIAGONAL: 3.0,
    oc.CONTROLLED_PHASE: 3.0, oc.PRODUCT: 0.6, oc.REAL_PAIR: 4.2, oc.REAL_SECOND: 0.0,
    oc.PHASE_RUN: 4.6, oc.OBSERVING: 3.5,
}  # fmt: skip
"""Measured time of an instruction for one amplitude and a full lane vector."""
_LONE_FORWARD: Final = _FORWARD_NANOSECONDS | {
    oc.REAL_BLOCK: 0.3, oc.REAL_PAIR: 0.44, oc.PHASE_RUN: 1.6, oc.PRODUCT: 0.04, oc.OBSERVING: 6.5,
}  # fmt: skip
_LONE_BACKWARD: Final = _BACKWARD_NANOSECONDS | {
    oc.REAL_BLOCK: 0.6, oc.REAL_PAIR: 0.96, oc.PHASE_RUN: 3.4, oc.PRODUCT: 0.2, oc.OBSERVING: 12.0,
}  # fmt: skip
"""The same for a state of one lane (``lone.py``), on the same scale."""
_REAL: Final = frozenset((oc.PRODUCT, oc.REAL_PAIR, oc.REAL_SECOND, oc.REAL_BLOCK, oc.PHASE_RUN))


@dataclass(frozen=True, eq=False)
class Plan:
    """Packed arrays and the sizes that Python needs.

    ``rows`` angles, ``steps`` instructions, ``outputs`` numbers per sample (for states twice the
    number of amplitudes), ``scratch`` lane vectors beside the states and ``table_numbers`` plain
    numbers behind them. Costs are nanoseconds for one lane group, lone ones for a group of one
    lane; ``real`` says that all sweeps are real blocks and runs of phases. ``addresses`` are those
    of the two arrays, each followed by the number of its items.
    """

    n_qubits: int
    kind: int
    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    rows: int
    steps: int
    outputs: int
    scratch: int
    table_numbers: int
    per_sample: bool
    forward_cost: float
    backward_cost: float
    lone_forward_cost: float
    lone_backward_cost: float
    real: bool
    addresses: tuple[int, int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        ints, floats = self.ints, self.floats
        parts = ints.ctypes.data, ints.size, floats.ctypes.data, floats.size
        object.__setattr__(self, "addresses", parts)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy has arrays of its own, so it must look up their addresses anew.
        return Plan, tuple(getattr(self, f.name) for f in fields(self) if f.init)


class Packer:
    """Appends parts to the two arrays and notes their offsets in the header."""

    def __init__(self) -> None:
        self.ints = [0] * oc.H_COUNT
        self.floats: list[float] = []

    def put(self, header: int, value: int) -> None:
        self.ints[header] = int(value)

    def add_ints(self, header: int, values: Iterable[int]) -> None:
        self.put(header, len(self.ints))
        self.ints.extend(int(v) for v in values)

    def add_floats(self, header: int, values: Iterable[float]) -> None:
        self.put(header, len(self.floats))
        self.floats.extend(values)

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return np.array(self.ints, np.int64), np.array(self.floats, np.float64)


def slot_rows(executable: Executable, position: Sequence[int]) -> list[Row]:
    """The slots as affine rows; ``position`` renumbers the parameter vector."""
    indptr, indices = executable.a_indptr.tolist(), executable.a_indices.tolist()
    data, const = executable.a_data.tolist(), executable.b.tolist()
    rows = []
    for slot, value in enumerate(const):
        terms: dict[int, float] = {}
        for e in range(indptr[slot], indptr[slot + 1]):
            index = position[indices[e]]
            terms[index] = terms.get(index, 0.0) + data[e]
        rows.append(Row(value, terms))
    return rows


def parameter_positions(executable: Executable) -> list[int]:
    """Kernel order [inputs | derived | weights] of the executable's [inputs | weights | derived].

    Derived parameters travel with the inputs, one value per sample.
    """
    f, w, d = executable.n_inputs, executable.n_weights, executable.n_derived
    return [*range(f), *range(f + d, f + d + w), *range(f, f + d)]


def lower(executable: Executable) -> Lowering:
    """Walk over the gates."""
    position = parameter_positions(executable)
    rows = slot_rows(executable, position)
    lowering = Lowering(executable.n_qubits)
    names = [executable.op_names[k] for k in executable.opcode.tolist()]
    wires, wire_ptr = executable.wires.tolist(), executable.wire_ptr.tolist()
    slot_ptr = executable.slot_ptr.tolist()
    for k, name in enumerate(names):
        here = wires[wire_ptr[k] : wire_ptr[k + 1]]
        lowering.gate(name, here, rows[slot_ptr[k] : slot_ptr[k + 1]])
    lowering.add_phase(_affine(executable.phase_row, position))
    lowering.finish()
    return lowering


def _affine(row: AffineRow, position: Sequence[int]) -> Row:
    total = Row(row.const)
    for index, coef in zip(row.indices.tolist(), row.data.tolist(), strict=True):
        total = total + Row(0.0, {position[index]: coef})
    return total


def build(
    executable: Executable, kind: int, per_sample: bool, qubits: tuple[int, ...] = ()
) -> Plan:
    """Plan ``executable`` for one kind of output; ``qubits`` are those of probabilities."""
    low = lower(executable)
    n, frame = low.n, low.frame
    steps = [step for step in low.fuser.steps if step.factors]
    pack = Packer()
    z_terms, x_terms = _pack_words(pack, executable, frame, kind)
    seen: list[int] | None = None
    if kind == oc.STATE:
        qubits = tuple(range(n))
    else:
        words = [(0, frame.rows[q]) for q in qubits] if kind == oc.PROBS else z_terms + x_terms
        steps = drop_unobserved(steps, words)
        seen = [x for x, _ in words]
    products, rest, phase = split_products(steps, n)
    weights_from = executable.n_inputs + executable.n_derived
    shared = partial(_is_shared, weights_from=weights_from, per_sample=per_sample)
    rest = merge_phases(rest, n, shared, seen)
    pair_blocks(rest)
    if kind == oc.STATE:
        low.add_phase(phase)
        if not low.phase.is_zero:
            rest.append(Step(oc.CONTROLLED_PHASE, 0, 0, 0, [(oc.Z_AXIS, low.phase)]))
    pack.put(oc.H_QUBITS, n)
    pack.put(oc.H_KIND, kind)
    pack.put(oc.H_PER_SAMPLE, per_sample)
    pack.add_ints(oc.H_COLUMNS, frame.index_columns(qubits))
    pack.add_ints(oc.H_QUADRATIC, [frame.upper(i) for i in range(n)])
    pack.put(oc.H_LINEAR, frame.linear)
    rows = _pack_steps(pack, products, rest, n, kind, shared)
    count = len(products) + len(rest)
    fixed = 3 * rows + oc.SLOTS * count + oc.SCRATCH + len(z_terms) + len(x_terms)
    scratch, table_numbers = _place_tables(pack, fixed)
    begin = pack.ints[oc.H_TAPE]
    ops = [oc.OBSERVING, *pack.ints[begin : begin + count * oc.COLUMNS : oc.COLUMNS]]
    ints, floats = pack.arrays()
    outputs = executable.n_observables if kind == oc.EXPVAL else 1 << len(qubits)
    return Plan(
        n_qubits=n,
        kind=kind,
        ints=ints,
        floats=floats,
        rows=rows,
        steps=count,
        outputs=2 * outputs if kind == oc.STATE else outputs,
        scratch=scratch,
        table_numbers=table_numbers,
        per_sample=per_sample,
        forward_cost=sum(_FORWARD_NANOSECONDS[op] for op in ops) * (1 << n),
        backward_cost=sum(_BACKWARD_NANOSECONDS[op] for op in ops) * (1 << n),
        lone_forward_cost=sum(_LONE_FORWARD[op] for op in ops) * (1 << n),
        lone_backward_cost=sum(_LONE_BACKWARD[op] for op in ops) * (1 << n),
        real=_REAL.issuperset(ops[1:]),
    )


def _pack_words(
    pack: Packer, executable: Executable, frame: Frame, kind: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pauli words through the frame; gives the (x, z) masks of those without and with X or Y."""
    outputs = executable.n_observables if kind == oc.EXPVAL else 0
    ptr = executable.term_ptr.tolist()
    const = [0.0] * outputs
    z_words: list[tuple[int, int, float]] = []
    x_words: list[tuple[int, int, bool, int, float]] = []
    for output in range(outputs):
        for t in range(ptr[output], ptr[output + 1]):
            x, z = int(executable.term_x[t]), int(executable.term_z[t])
            word = frame.pauli(x, z)
            coef = float(executable.term_coef[t]) * (-1 if word.negative else 1)
            if word.x:
                x_words.append((word.x, word.z, word.imaginary, output, coef))
            elif word.z:
                z_words.append((word.z, output, coef))
            else:
                const[output] += coef
    pack.put(oc.H_OUTPUTS, outputs)
    pack.put(oc.H_Z_COUNT, len(z_words))
    pack.put(oc.H_X_COUNT, len(x_words))
    pack.add_ints(oc.H_Z_TERMS, [v for z, o, _ in z_words for v in (z, o)])
    pack.add_ints(oc.H_X_TERMS, [v for x, z, i, o, _ in x_words for v in (x, z, i, o)])
    pack.add_floats(oc.H_Z_COEF_F, [c for *_, c in z_words])
    pack.add_floats(oc.H_X_COEF_F, [c for *_, c in x_words])
    pack.add_floats(oc.H_CONST_F, const)
    return [(0, z) for z, *_ in z_words], [(x, z) for x, z, *_ in x_words]


def _opcode(step: Step, kind: int) -> int:
    """The cheapest opcode for a block. A YZ block loses a phase, which a state would show."""
    if step.op != oc.BLOCK:
        return step.op
    if is_real(step):
        return oc.REAL_BLOCK
    return oc.YZ_BLOCK if kind != oc.STATE and is_yz(step) else oc.BLOCK


def _pack_steps(
    pack: Packer, products: dict[int, Step], rest: list[Step], n: int, kind: int,
    is_shared: Callable[[Row], bool],
) -> int:  # fmt: skip
    """Tape, factors and affine rows; returns the number of rows."""
    tape: list[int] = []
    axes: list[int] = []
    rows: list[Row] = []
    controls: list[int] = []
    ordered = [*products.values(), *rest]
    live = []
    for k, step in enumerate(ordered):
        op = oc.PRODUCT if k < len(products) else _opcode(step, kind)
        first, begin = len(rows), len(controls)
        axes.extend(axis for axis, _ in step.factors)
        rows.extend(row for _, row in step.factors)
        controls.extend(step.layout or (v for control in step.controls for v in control))
        shared = all(is_shared(row) for _, row in step.factors)
        live.append(any(row.terms for _, row in step.factors))
        tape += [op, step.pair, step.role, step.sign, first, len(rows), begin, len(controls)]
        tape += [int(shared), int(live[-1]), 0, 0]
    where = {bit: k for k, bit in enumerate(products)}
    pack.put(oc.H_STEPS, len(ordered))
    pack.put(oc.H_PRODUCTS, len(products))
    stop = live.index(True) if True in live else len(live)
    if stop < len(live) and ordered[stop].op == oc.REAL_SECOND:
        stop -= 1
    pack.put(oc.H_STOP, stop)
    pack.put(oc.H_ROWS, len(rows))
    pack.add_ints(oc.H_TAPE, tape)
    pack.add_ints(oc.H_FIRST, [where.get(bit, -1) for bit in range(n)])
    pack.add_ints(oc.H_AXIS, axes)
    pack.add_ints(oc.H_CONTROLS, controls)
    pack.add_ints(oc.H_SHARED, [is_shared(row) for row in rows])
    begins = np.cumsum([0, *(len(row.terms) for row in rows)]).tolist()
    pack.add_ints(oc.H_BEGIN, begins)
    pack.add_ints(oc.H_INDEX, [i for row in rows for i in row.terms])
    pack.add_floats(oc.H_BASE_F, [row.const for row in rows])
    pack.add_floats(oc.H_COEF_F, [c for row in rows for c in row.terms.values()])
    return len(rows)


def _place_tables(pack: Packer, fixed: int) -> tuple[int, int]:
    """Give the phase runs their places behind ``fixed`` scratch vectors.

    Returns the number of vectors, and of plain numbers behind them. Tables of plain numbers stay
    for the whole call as long as they are small; others share one place.
    """
    begin = pack.ints[oc.H_TAPE]
    tape = range(begin, begin + pack.ints[oc.H_STEPS] * oc.COLUMNS, oc.COLUMNS)
    runs = [at for at in tape if pack.ints[at + oc.OP] == oc.PHASE_RUN]
    sizes = {at: 1 << pack.ints[at + oc.ROLE] for at in runs}
    shared = {
        at: 2 * max(sizes[at], oc.MOST_LANES) + oc.MOST_LANES
        for at in runs
        if pack.ints[at + oc.SHARED]
    }
    sums = max(sizes.values(), default=0)
    own = max((2 * size for at, size in sizes.items() if at not in shared), default=0)
    kept = 0
    for at, numbers in shared.items():
        pack.ints[at + oc.KEPT] = kept + numbers <= _KEPT_NUMBERS
        if kept + numbers <= _KEPT_NUMBERS:
            pack.ints[at + oc.TABLE], kept = kept, kept + numbers
    for at in runs:
        if not pack.ints[at + oc.KEPT]:
            pack.ints[at + oc.TABLE] = kept if at in shared else fixed + sums
    pack.put(oc.H_HISTOGRAM, fixed)
    pack.put(oc.H_TABLES, fixed + sums + own)
    passing = (n for at, n in shared.items() if not pack.ints[at + oc.KEPT])
    return fixed + sums + own, kept + max(passing, default=0)


def _is_shared(row: Row, weights_from: int, per_sample: bool) -> bool:
    if per_sample:
        return not row.terms
    return all(index >= weights_from for index in row.terms)
