"""From a function to an executable: the last step every backend shares.

Parameters become one vector p = [inputs | weights | derived]; every gate angle becomes a slot, a
row of the affine map from p. Non-affine `f.*` ops become the classical program that computes the
derived part. Global phases are summed into one affine row.

Measurements in the middle, resets and noise channels become ops beside the gates. The bodies of a
`q.if` are written out one after the other, each op with the bits it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.passes.analysis import all_ops
from q_store.passes.outside_gates import written_out
from q_store.qir import dialects
from q_store.qir.angle import ZERO, Angle, Ref
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Func, element_names, element_refs
from q_store.qir.observables import Expval, PauliSum, Probs, Sample
from q_store.qir.ops import Gate, Op
from q_store.qir.values import Value
from q_store.targets.executable import (
    AffineRow,
    ClassicalProgram,
    Conditions,
    Confusions,
    Executable,
    Output,
)

_MASK_BITS: Final = 64


def lower(func: Func) -> Executable:
    """The executable of a function on |0…0>.

    Raises `QS520` for ops no executable has, naming the op and its place, and `QS542` for a
    `q.if` on a bit that is not measured in the function.
    """
    return _Lowering(written_out(func)).run()


def has_effects(func: Func) -> bool:
    """Whether the executable has ops that are no gates: noise, measurements, resets."""
    return any(
        (isinstance(op.defn, dialects.Channel) and op.defn not in dialects.READING)
        or op.defn in (dialects.MEASURE, dialects.RESET)
        for op in all_ops(func.ops)
    )


class _Lowering:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.inputs = func.args_with_role("input")
        self.weights = func.args_with_role("weight")
        self.columns: dict[Ref, int] = {}
        for value in (*self.inputs, *self.weights):
            for ref in element_refs(value):
                self.columns[ref] = len(self.columns)
        self.affine: dict[Value, Angle] = {}
        """What each `f.affine` value stands for."""
        self.qubit: dict[Value, int] = {}
        self.gates: list[tuple[str, tuple[int, ...], tuple[Angle, ...], tuple[int, ...]]] = []
        """Name, qubits, angles, conditions."""
        self.bits: dict[Value, int] = {}
        self.misread: dict[Value, tuple[float, float]] = {}
        """Of the wires whose reading errs: the probabilities for 0 and for 1."""
        self.readout: list[tuple[float, float]] = []
        """The same for each qubit as observed."""
        self.joint: set[Value] = set()
        """Wires that are read jointly with others."""
        self.joint_errors: list[tuple[list[int], list[float]]] = []
        """Qubits and matrix of every such error."""
        self.conditions: tuple[int, ...] = ()
        """Literals that hold where the lowering is."""
        self.classical: list[tuple[str, tuple[Angle, ...]]] = []
        self.phase = ZERO

    def run(self) -> Executable:
        for arg in self.func.args:
            if arg.type.linear:
                self.qubit[arg] = len(self.qubit)
        self.n_qubits = len(self.qubit)
        for op in self.func.ops:
            self.op(op)
        return self.executable()

    def op(self, op: Op) -> None:
        defn = op.defn
        reading = defn in (*dialects.READING, dialects.OBSERVE)
        if self.misread and not reading:
            self.check_unread(op)
        if isinstance(defn, Gate):
            self.gate(op, defn)
        elif isinstance(defn, dialects.Scalar):
            self.scalar(op)
        elif defn is dialects.ALLOC:
            for value in op.results:
                self.qubit[value] = self.n_qubits
                self.n_qubits += 1
        elif defn is dialects.BARRIER:
            self.thread(op)
        elif defn is dialects.OBSERVE:
            self.observe(op)
        elif defn in dialects.READING:
            self.misreading(op)
        elif isinstance(defn, dialects.Channel) or defn is dialects.RESET:
            self.emit(defn.name, op, op.angles)
        elif defn is dialects.MEASURE:
            self.bits[op.results[1]] = len(self.bits)
            self.emit(defn.name, op, ())
        elif defn is dialects.IF:
            self.branch(op)
        else:
            raise _refusal(op)

    def gate(self, op: Op, row: Gate) -> None:
        angles = tuple([self.resolve(angle) for angle in op.angles])
        if row.mnemonic == "phase":
            # After a measurement nothing can show the phase that one of the outcomes took on.
            self.phase = self.phase if self.conditions else self.phase + angles[0]
            return
        self.emit(row.mnemonic, op, angles)

    def emit(self, name: str, op: Op, angles: tuple[Angle, ...]) -> None:
        self.gates.append(
            (name, tuple([self.qubit[v] for v in op.operands]), angles, self.conditions)
        )
        self.thread(op)

    def thread(self, op: Op) -> None:
        """Results that are wires carry on from the operands; a measured bit comes last."""
        for before, after in zip(op.operands, op.results, strict=False):
            self.qubit[after] = self.qubit[before]

    def branch(self, op: Op) -> None:
        """Both bodies of a `q.if`, the first for the bit 1."""
        bit, *wires = op.operands
        if bit not in self.bits:
            raise _unknown_bit(op, bit)
        places = [self.qubit[wire] for wire in wires]
        outside = self.conditions
        for value, body in zip((1, 0), op.regions, strict=True):
            self.conditions = (*outside, 2 * self.bits[bit] + value)
            self.qubit.update(zip(body.args, places, strict=True))
            for inner in body.ops:
                self.op(inner)
            self.settle([self.qubit[wire] for wire in body.results], places)
        self.conditions = outside
        self.qubit.update(zip(op.results, places, strict=True))

    def scalar(self, op: Op) -> None:
        (value,) = op.results
        angles = tuple([self.resolve(angle) for angle in op.angles])
        if op.defn.mnemonic == "affine":
            self.affine[value] = angles[0]
            return
        self.classical.append((op.defn.mnemonic, angles))
        self.columns[(value, ())] = len(self.columns)

    def resolve(self, angle: Angle) -> Angle:
        """The angle with every `f.affine` value replaced by what it stands for."""
        if not self.affine or all(ref[0] not in self.affine for ref, _ in angle.terms):
            return angle
        return angle.map_refs(lambda ref: self.affine.get(ref[0]) or Angle.of(ref[0], *ref[1]))

    def observe(self, op: Op) -> None:
        """Observed position i becomes qubit i, as the outputs count them."""
        places = [self.qubit[value] for value in op.operands]
        if any(any(pair) for pair in self.misread.values()):
            self.readout = [self.misread.get(value, (0.0, 0.0)) for value in op.operands]
        self.joint_errors = [
            ([places.index(qubit) for qubit in qubits], chances)
            for qubits, chances in self.joint_errors
        ]
        self.settle(places, list(range(len(places))))

    def misreading(self, op: Op) -> None:
        """Note how reading the wires errs; a second error acts on what the first one gives."""
        if self.conditions:
            raise _misplaced_readout(op)
        numbers = [angle.const for angle in op.angles]
        before = [self.misread.get(value, (0.0, 0.0)) for value in op.operands]
        single = op.defn is dialects.READOUT
        if single and op.operands[0] not in self.joint:
            before = [_both(before[0], (numbers[0], numbers[1]))]
        else:
            if single:
                numbers = [1 - numbers[0], numbers[0], numbers[1], 1 - numbers[1]]
            self.joint.update(op.results)
            self.joint_errors.append(([self.qubit[value] for value in op.operands], numbers))
        self.misread.update(zip(op.results, before, strict=True))
        self.thread(op)

    def check_unread(self, op: Op) -> None:
        if any(value in self.misread for value in op.operands):
            raise _misplaced_readout(op)

    def settle(self, place: list[int], wanted: list[int]) -> None:
        """Swap qubits so that what is at `place[i]` gets to `wanted[i]`."""
        for position, target in enumerate(wanted):
            source = place[position]
            if source != target:
                self.gates.append(("swap", (target, source), (), self.conditions))
                place = [source if q == target else target if q == source else q for q in place]

    def executable(self) -> Executable:
        names = list(dict.fromkeys(name for name, *_ in self.gates))
        index = {name: i for i, name in enumerate(names)}
        indptr, indices, data, const = self.rows(
            a for _, _, angles, _ in self.gates for a in angles
        )
        input_names = [name for value in self.inputs for name in element_names(value)]
        weight_names = [name for value in self.weights for name in element_names(value)]
        outputs, sums = self.outputs()
        return Executable(
            n_qubits=self.n_qubits,
            op_names=tuple(names),
            opcode=np.array([index[name] for name, *_ in self.gates], dtype=np.int32),
            wire_ptr=_pointers(len(wires) for _, wires, *_ in self.gates),
            wires=np.array([w for _, wires, *_ in self.gates for w in wires], dtype=np.int32),
            slot_ptr=_pointers(len(angles) for _, _, angles, _ in self.gates),
            n_inputs=len(input_names),
            n_weights=len(weight_names),
            input_names=tuple(input_names),
            weight_names=tuple(weight_names),
            a_indptr=indptr,
            a_indices=indices,
            a_data=data,
            b=const,
            classical=self.classical_program(),
            phase_row=self.phase_row(),
            outputs=outputs,
            conditions=self.condition_arrays(),
            readout=np.array(self.readout, np.float64).ravel(),
            confusions=self.confusion_arrays(),
            **pauli_arrays(sums, self.n_qubits),
        )

    def condition_arrays(self) -> Conditions:
        if not any(literals for *_, literals in self.gates):
            return Conditions()
        return Conditions(
            ptr=_pointers(len(literals) for *_, literals in self.gates),
            literals=np.array([v for *_, literals in self.gates for v in literals], np.int32),
        )

    def confusion_arrays(self) -> Confusions:
        return Confusions(
            ptr=_pointers(len(qubits) for qubits, _ in self.joint_errors),
            qubits=np.array([q for qubits, _ in self.joint_errors for q in qubits], np.int32),
            chances=np.array([p for _, own in self.joint_errors for p in own], np.float64),
        )

    def rows(self, angles: Iterable[Angle]) -> tuple[NDArray[Any], ...]:
        """Affine rows over the parameter vector, one per angle: indptr, indices, data, const."""
        listed = list(angles)
        terms = [(self.columns[ref], coef) for angle in listed for ref, coef in angle.terms]
        return (
            _pointers(len(angle.terms) for angle in listed),
            np.array([column for column, _ in terms], dtype=np.int32),
            np.array([coef for _, coef in terms], dtype=np.float64),
            np.array([angle.const for angle in listed], dtype=np.float64),
        )

    def phase_row(self) -> AffineRow:
        _, indices, data, const = self.rows([self.phase])
        return AffineRow(indices=indices, data=data, const=float(const[0]))

    def classical_program(self) -> ClassicalProgram:
        names = list(dict.fromkeys(name for name, _ in self.classical))
        indptr, indices, data, const = self.rows(a for _, angles in self.classical for a in angles)
        return ClassicalProgram(
            op_names=tuple(names),
            opcode=np.array([names.index(name) for name, _ in self.classical], dtype=np.int32),
            arg_ptr=_pointers(len(angles) for _, angles in self.classical),
            indptr=indptr,
            indices=indices,
            data=data,
            const=const,
        )

    def outputs(self) -> tuple[tuple[Output, ...], list[PauliSum]]:
        """The outputs, and the Pauli sums of the expectation values among them."""
        observe = self.func.observe
        sums: list[PauliSum] = []
        outputs = []
        for observation in observe.observations if observe else ():
            if isinstance(observation, Expval):
                outputs.append(Output("expval", start=len(sums), stop=len(sums) + 1))
                sums.append(observation.paulis)
            elif isinstance(observation, Probs | Sample):
                kind = "probs" if isinstance(observation, Probs) else "sample"
                outputs.append(Output(kind, qubits=observation.qubits))
            else:
                outputs.append(Output("state"))
        return tuple(outputs), sums


def _both(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """The chances to read 0 and 1 wrongly after two errors."""
    return (
        first[0] * (1 - second[1]) + (1 - first[0]) * second[0],
        first[1] * (1 - second[0]) + (1 - first[1]) * second[1],
    )


def pauli_arrays(sums: list[PauliSum], n_qubits: int) -> dict[str, NDArray[Any]]:
    """The term arrays of an executable: bit n-1-q of a mask stands for qubit q. Raises `QS505` for
    words that reach over more qubits than a mask has bits."""
    masks = [
        (
            coef,
            sum(1 << (n_qubits - 1 - q) for q, letter in word if letter in "XY"),
            sum(1 << (n_qubits - 1 - q) for q, letter in word if letter in "YZ"),
        )
        for paulis in sums
        for coef, word in paulis.terms
    ]
    if any(max(x, z) >> _MASK_BITS for _, x, z in masks):
        raise error(
            "QS505",
            f"observables of {n_qubits} qubits do not fit into masks of {_MASK_BITS} bits",
            help=f"no backend runs more than {_MASK_BITS} qubits; use fewer",
        )
    return {
        "term_ptr": _pointers(len(paulis.terms) for paulis in sums),
        "term_x": np.array([x for _, x, _ in masks], dtype=np.uint64),
        "term_z": np.array([z for _, _, z in masks], dtype=np.uint64),
        "term_coef": np.array([coef for coef, _, _ in masks], dtype=np.float64),
    }


def _pointers(lengths: Iterable[int]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(list(lengths), dtype=np.int64)]).astype(np.int32)


def _refusal(op: Op) -> QStoreError:
    span = op.loc.span() if op.loc is not None else None
    return error(
        "QS520",
        f"an executable cannot contain `{op.defn.name}`",
        span=span,
        help="executables hold gates, noise, measurements and resets",
    )


def _misplaced_readout(op: Op) -> QStoreError:
    span = op.loc.span() if op.loc is not None else None
    return error(
        "QS544",
        f"`{op.defn.name}` follows an error of reading on a wire, or is one under `q.if`",
        span=span,
        help="put `n.readout` and `n.confusion` last, right before the observation",
    )


def _unknown_bit(op: Op, bit: Value) -> QStoreError:
    span = op.loc.span() if op.loc is not None else None
    return error(
        "QS542",
        f"`q.if` asks for the bit %{bit.name}, which this function does not measure",
        span=span,
        help="measure it with `q.measure`, or call the function from one that does",
    )
