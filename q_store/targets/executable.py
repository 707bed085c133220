"""The executable: a compiled circuit as a handful of flat arrays that every backend consumes.

Parameter vector ``p = [inputs | weights | derived]``. Gate ``k`` is row ``op_names[opcode[k]]`` of
the gate table on ``wires[wire_ptr[k]:wire_ptr[k+1]]`` (qubit 0 is the most significant bit of a
state index) with the angles ``slots[slot_ptr[k]:slot_ptr[k+1]]`` in radians, and
``slots = A p + b`` with A in compressed rows. Observables are sums of Pauli words stored as bit
masks: bit ``n_qubits - 1 - q`` of ``term_x`` or ``term_z`` belongs to qubit ``q``, both set mean Y.

Ops that are no gates, *effects*, stand among the gates under their full names: the noise channels
``n.…``, whose slots are the constant numbers of the op, ``q.reset`` and ``q.measure``. The b-th
measurement in the array defines bit b, and `Conditions` say which bits an op asks for. Where
reading errs, ``readout[2*q]`` is the probability that a 0 of qubit q is read as 1, and
``readout[2*q + 1]`` that a 1 is read as 0, in whatever basis an observable is measured; joint
errors, `Confusions`, act on what that gives.

The file format is numpy's ``.npz`` without pickled objects; its ``format`` entry is an integer that
grows when old readers could not understand a new file. Unitary circuits are written as format 1,
others as format 2, and those with channels that format 2 had not, or with joint errors of reading,
as format 3.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.channels import CONFUSION, MOST_CONFUSED, Listed
from q_store.qir.diagnostics import error
from q_store.qir.registry import all_ops

FORMAT: Final = 3
_NEW_CHANNELS: Final = frozenset(
    ("n.pauli2", "n.generalized_amplitude_damping", "n.kraus", "n.kraus2", "n.kraus3")
)
"""Those that came with format 3."""
MEASURE: Final = "q.measure"
RESET: Final = "q.reset"

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]
MaskArray = NDArray[np.uint64]


def _ints(values: Any = ()) -> IntArray:
    return np.ascontiguousarray(values, dtype=np.int32)


def _floats(values: Any = ()) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float64)


def _pointer() -> IntArray:
    return np.zeros(1, np.int32)


@dataclass(frozen=True, eq=False)
class ClassicalProgram:
    """The non-affine classical ops in order; op ``j`` defines derived parameter ``j``.

    Op ``j`` is ``op_names[opcode[j]]`` of the arguments ``arg_ptr[j]:arg_ptr[j+1]``. Argument ``a``
    is ``const[a] + sum(data[e] * p[indices[e]] for e in indptr[a]:indptr[a+1])``.
    """

    op_names: tuple[str, ...] = ()
    opcode: IntArray = field(default_factory=_ints)
    arg_ptr: IntArray = field(default_factory=_pointer)
    indptr: IntArray = field(default_factory=_pointer)
    indices: IntArray = field(default_factory=_ints)
    data: FloatArray = field(default_factory=_floats)
    const: FloatArray = field(default_factory=_floats)

    def __len__(self) -> int:
        return len(self.opcode)


@dataclass(frozen=True, eq=False)
class AffineRow:
    """One affine form of the parameter vector: ``const + sum(data * p[indices])``."""

    indices: IntArray = field(default_factory=_ints)
    data: FloatArray = field(default_factory=_floats)
    const: float = 0.0


@dataclass(frozen=True, eq=False)
class Conditions:
    """Which measured bits decide whether an op runs.

    Op ``k`` runs when all of ``literals[ptr[k]:ptr[k+1]]`` hold; the literal ``2*b + v`` says that
    bit ``b`` is ``v``. ``ptr`` is the single number 0 where no op has a condition.
    """

    ptr: IntArray = field(default_factory=_pointer)
    literals: IntArray = field(default_factory=_ints)

    def of(self, op: int) -> tuple[tuple[int, int], ...]:
        """What op ``op`` asks for: pairs of a bit and its value."""
        if not len(self.literals):
            return ()
        own = self.literals[self.ptr[op] : self.ptr[op + 1]].tolist()
        return tuple([(literal >> 1, literal & 1) for literal in own])


@dataclass(frozen=True, eq=False)
class Confusions:
    """Joint errors of reading, in the order in which they happen.

    Error ``m`` concerns the ``k`` qubits ``qubits[ptr[m]:ptr[m+1]]``, the first most significant.
    Its matrix is the next ``4**k`` of ``chances``: row by row, the probability to read each outcome
    where the true one is the row's.
    """

    ptr: IntArray = field(default_factory=_pointer)
    qubits: IntArray = field(default_factory=_ints)
    chances: FloatArray = field(default_factory=_floats)

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def items(self) -> list[tuple[tuple[int, ...], FloatArray]]:
        """The qubits and the matrix (2**k, 2**k) of each error."""
        found, start = [], 0
        for first, last in pairwise(self.ptr.tolist()):
            qubits = tuple(self.qubits[first:last].tolist())
            size = 1 << len(qubits)
            matrix = self.chances[start : start + size * size].reshape(size, size)
            found.append((qubits, matrix))
            start += size * size
        return found


@dataclass(frozen=True)
class Output:
    """One output: ``kind`` is "expval", "probs", "sample" or "state".

    ``start`` and ``stop`` bound an expval's range of observables (entries of ``term_ptr``);
    ``qubits`` belong to probs and sample, first qubit most significant; ``shots`` to sample.
    """

    kind: str
    start: int = 0
    stop: int = 0
    qubits: tuple[int, ...] = ()
    shots: int = 0


@dataclass(frozen=True, eq=False)
class Executable:
    """A compiled circuit; see the module text for the meaning of the arrays."""

    n_qubits: int
    op_names: tuple[str, ...] = ()
    opcode: IntArray = field(default_factory=_ints)
    wire_ptr: IntArray = field(default_factory=_pointer)
    wires: IntArray = field(default_factory=_ints)
    slot_ptr: IntArray = field(default_factory=_pointer)
    n_inputs: int = 0
    n_weights: int = 0
    input_names: tuple[str, ...] = ()
    weight_names: tuple[str, ...] = ()
    a_indptr: IntArray = field(default_factory=_pointer)
    a_indices: IntArray = field(default_factory=_ints)
    a_data: FloatArray = field(default_factory=_floats)
    b: FloatArray = field(default_factory=_floats)
    classical: ClassicalProgram = field(default_factory=ClassicalProgram)
    phase_row: AffineRow = field(default_factory=AffineRow)
    outputs: tuple[Output, ...] = ()
    term_ptr: IntArray = field(default_factory=_pointer)
    term_x: MaskArray = field(default_factory=lambda: np.zeros(0, np.uint64))
    term_z: MaskArray = field(default_factory=lambda: np.zeros(0, np.uint64))
    term_coef: FloatArray = field(default_factory=_floats)
    conditions: Conditions = field(default_factory=Conditions)
    readout: FloatArray = field(default_factory=_floats)
    confusions: Confusions = field(default_factory=Confusions)

    @property
    def misreads(self) -> bool:
        """Whether reading errs."""
        return len(self.readout) > 0 or len(self.confusions) > 0

    @property
    def format(self) -> int:
        """The oldest file format that can hold it."""
        if len(self.confusions) or not _NEW_CHANNELS.isdisjoint(self.op_names):
            return 3
        return 2 if self.effects or len(self.readout) else 1

    @property
    def effects(self) -> tuple[str, ...]:
        """Full names of the ops that are no gates; empty for a unitary circuit."""
        return tuple([name for name in self.op_names if "." in name])

    @property
    def n_bits(self) -> int:
        """How many measurements in the middle there are."""
        measures = [code for code, name in enumerate(self.op_names) if name == MEASURE]
        return int(np.isin(self.opcode, measures).sum())

    @property
    def n_derived(self) -> int:
        return len(self.classical)

    @property
    def n_observables(self) -> int:
        """How many expectation values the expval outputs have together."""
        return len(self.term_ptr) - 1

    @cached_property
    def key(self) -> str:
        """sha256 of the content, the same in every process and on every machine."""
        digest = hashlib.sha256()
        for name, value in sorted(_entries(self).items()):
            array = np.asarray(value)
            array = array.astype(array.dtype.newbyteorder("<"))
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the executable to exactly ``path``; a file there is replaced as a whole."""
        target = Path(path)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(self.to_bytes())
            temporary.replace(target)
        except OSError as problem:
            temporary.unlink(missing_ok=True)
            raise error(
                "QS501", f"cannot write the executable to {target}: {problem.strerror}"
            ) from problem

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Executable:
        """Read what :meth:`save` wrote. Raises QS500, QS501 or QS503, never loads code."""
        try:
            content = Path(path).read_bytes()
        except OSError as problem:
            raise error("QS501", f"cannot read {path}: {problem.strerror}") from problem
        return cls.from_bytes(content, str(path))

    def to_bytes(self) -> bytes:
        """The content of the file that :meth:`save` writes."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, format=np.int64(self.format), **_entries(self))
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "the executable") -> Executable:
        """What :meth:`to_bytes` gave. Raises QS500 or QS503, which call it ``name``."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                entries = {name: archive[name] for name in archive.files}
        except (ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile) as problem:
            raise _corrupt(name, "it is not an archive of arrays") from problem
        return _checked(entries, name)


def _entries(executable: Executable) -> dict[str, Any]:
    """All content as arrays; text and small structures go into one JSON string."""
    header = {
        "n_qubits": executable.n_qubits,
        "n_inputs": executable.n_inputs,
        "n_weights": executable.n_weights,
        "op_names": executable.op_names,
        "input_names": executable.input_names,
        "weight_names": executable.weight_names,
        "classical_names": executable.classical.op_names,
        "phase_const": executable.phase_row.const,
        "outputs": [[o.kind, o.start, o.stop, o.qubits, o.shots] for o in executable.outputs],
    }
    entries: dict[str, Any] = {"header": np.array(json.dumps(header, sort_keys=True))}
    parts: tuple[tuple[str, Any], ...] = (
        ("", executable),
        ("classical_", executable.classical),
        ("phase_", executable.phase_row),
        *((("condition_", executable.conditions),) if executable.effects else ()),
        *((("confusion_", executable.confusions),) if len(executable.confusions) else ()),
    )
    for prefix, part in parts:
        for entry in fields(part):
            value = getattr(part, entry.name)
            if isinstance(value, np.ndarray) and not (entry.name == "readout" and not len(value)):
                entries[prefix + entry.name] = value
    return entries


def _corrupt(path: object, reason: str) -> Exception:
    return error(
        "QS500",
        f"{path} is not a valid executable: {reason}",
        help="compile the circuit again and save it anew",
    )


def _checked(entries: dict[str, Any], path: object) -> Executable:
    version = entries.get("format")
    if version is None or version.shape != () or version.dtype.kind not in "iu":
        raise _corrupt(path, "it has no format version")
    if int(version) > FORMAT:
        raise error(
            "QS503",
            f"{path} has format {int(version)}; this q-store reads up to format {FORMAT}",
            help="upgrade q-store to read it",
        )
    try:
        executable = _from_entries(entries)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise _corrupt(path, f"an entry is missing or malformed ({problem})") from problem
    reason = inconsistency(executable)
    if reason:
        raise _corrupt(path, reason)
    return executable


def _from_entries(entries: dict[str, Any]) -> Executable:
    header = json.loads(str(entries["header"][()]))
    given: dict[str, Any] = {}
    for name in ("n_qubits", "n_inputs", "n_weights"):
        given[name] = _size(header[name])
    for name in ("op_names", "input_names", "weight_names"):
        given[name] = tuple(map(str, header[name]))

    def arrays(kind: type, prefix: str = "") -> dict[str, Any]:
        picked = [f.name for f in fields(kind) if "Array" in str(f.type)]
        picked = [name for name in picked if name != "readout" or name in entries]
        return {name: _array(kind, name, entries[prefix + name]) for name in picked}

    return Executable(
        **given,
        **arrays(Executable),
        classical=ClassicalProgram(
            op_names=tuple(map(str, header["classical_names"])),
            **arrays(ClassicalProgram, "classical_"),
        ),
        phase_row=AffineRow(const=float(header["phase_const"]), **arrays(AffineRow, "phase_")),
        conditions=Conditions(
            **(arrays(Conditions, "condition_") if "condition_ptr" in entries else {})
        ),
        confusions=Confusions(
            **(arrays(Confusions, "confusion_") if "confusion_ptr" in entries else {})
        ),
        outputs=tuple(
            Output(str(kind), int(start), int(stop), tuple(map(int, qubits)), int(shots))
            for kind, start, stop, qubits, shots in header["outputs"]
        ),
    )


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is not a size")
    return value


def _array(kind: type, name: str, value: Any) -> Any:
    declared = next(str(f.type) for f in fields(kind) if f.name == name)
    wanted = {"IntArray": np.int32, "FloatArray": np.float64, "MaskArray": np.uint64}[declared]
    if value.ndim != 1 or value.dtype.newbyteorder("=") != np.dtype(wanted):
        raise TypeError(f"{name} has type {value.dtype} and {value.ndim} axes")
    return np.ascontiguousarray(value, dtype=wanted)


def _broken_pointer(pointer: IntArray, rows: int, total: int) -> bool:
    good = len(pointer) == rows + 1 and pointer[0] == 0 and pointer[-1] == total
    return not (good and bool(np.all(np.diff(pointer) >= 0)))


def _outside(values: NDArray[Any], limit: int) -> bool:
    return bool(len(values)) and not (int(values.min()) >= 0 and int(values.max()) < limit)


def inconsistency(x: Executable) -> str:
    """Why the arrays of an executable do not fit together; an empty text if they do."""
    c = x.classical
    n_params = x.n_inputs + x.n_weights + len(c)
    gates, slots, args, words = len(x.opcode), len(x.b), len(c.const), len(x.term_coef)
    checks = (
        (_broken_pointer(x.wire_ptr, gates, len(x.wires)), "wire_ptr"),
        (_broken_pointer(x.slot_ptr, gates, slots), "slot_ptr"),
        (_broken_pointer(x.a_indptr, slots, len(x.a_indices)), "a_indptr"),
        (_broken_pointer(c.arg_ptr, len(c), args), "classical.arg_ptr"),
        (_broken_pointer(c.indptr, args, len(c.indices)), "classical.indptr"),
        (_broken_pointer(x.term_ptr, max(len(x.term_ptr) - 1, 0), words), "term_ptr"),
        (_outside(x.opcode, len(x.op_names)), "opcode"),
        (_outside(x.wires, x.n_qubits), "wires"),
        (_outside(x.a_indices, n_params) or len(x.a_data) != len(x.a_indices), "a_indices"),
        (_outside(c.opcode, len(c.op_names)), "classical.opcode"),
        (_outside(c.indices, n_params) or len(c.data) != len(c.indices), "classical.indices"),
        (_outside(x.phase_row.indices, n_params), "phase_row"),
        (len(x.phase_row.data) != len(x.phase_row.indices), "phase_row"),
        (not len(x.term_x) == len(x.term_z) == words, "term_x and term_z"),
        (
            _outside(x.term_x, 1 << x.n_qubits) or _outside(x.term_z, 1 << x.n_qubits),
            "a Pauli word",
        ),
        (len(x.readout) not in (0, 2 * x.n_qubits) or _improbable(x.readout), "readout"),
        (len(x.input_names) not in (0, x.n_inputs), "input_names"),
        (len(x.weight_names) not in (0, x.n_weights), "weight_names"),
    )
    for broken, what in checks:
        if broken:
            return f"{what} does not fit the other arrays"
    further = (_derived_too_early, _bad_channel, _bad_confusion, _bad_conditions, _bad_output)
    return next((reason for check in further if (reason := check(x))), "")


def _derived_too_early(x: Executable) -> str:
    """A classical op may use only what is defined before it."""
    c = x.classical
    for op in range(len(c)):
        run = slice(int(c.indptr[c.arg_ptr[op]]), int(c.indptr[c.arg_ptr[op + 1]]))
        if _outside(c.indices[run], x.n_inputs + x.n_weights + op):
            return f"classical op {op} uses a value defined later"
    return ""


def _improbable(numbers: FloatArray) -> bool:
    return not bool(np.all((numbers >= 0) & (numbers <= 1)))


def _bad_channel(x: Executable) -> str:
    """The slots of a channel are constants that its row can use."""
    rows = [all_ops().get(name) if name.startswith("n.") else None for name in x.op_names]
    channels = np.array([row is not None for row in rows], bool)
    listed = np.array([isinstance(row, Listed) for row in rows], bool)
    chosen = channels[x.opcode] if len(rows) else np.zeros(0, bool)
    matrices = listed[x.opcode] if len(rows) else chosen
    own, plain = (np.repeat(which, np.diff(x.slot_ptr)) for which in (chosen, chosen & ~matrices))
    if bool(np.any(np.diff(x.a_indptr)[own])) or _improbable(x.b[plain]):
        return "a channel has numbers that are no probabilities"
    for op in np.flatnonzero(matrices).tolist():
        row, wires = rows[x.opcode[op]], int(x.wire_ptr[op + 1] - x.wire_ptr[op])
        assert isinstance(row, Listed)
        flaw = row.flaw(x.b[x.slot_ptr[op] : x.slot_ptr[op + 1]].tolist(), wires)
        flaw = f"acts on {row.wires} qubits, got {wires}" if row.wires != wires else flaw
        if flaw:
            return f"`{row.name}` {flaw}"
    return ""


def _bad_confusion(x: Executable) -> str:
    """Errors of reading are matrices of probabilities on different qubits."""
    c = x.confusions
    if _broken_pointer(c.ptr, len(c), len(c.qubits)) or _outside(c.qubits, x.n_qubits):
        return "confusions.ptr does not fit the other arrays"
    sizes = np.diff(c.ptr)
    if bool(np.any(sizes > MOST_CONFUSED)) or int(np.sum(4**sizes)) != len(c.chances):
        return "confusions.chances does not fit the other arrays"
    for qubits, matrix in c.items():
        flaw = CONFUSION.flaw(matrix.ravel().tolist(), len(qubits))
        if flaw or len(set(qubits)) != len(qubits):
            return f"an error of reading {flaw or 'names a qubit twice'}"
    return ""


def _bad_conditions(x: Executable) -> str:
    """An op may ask only for bits that are measured before it."""
    ptr, literals = x.conditions.ptr, x.conditions.literals
    if len(ptr) == 1 and ptr[0] == 0 and not len(literals):
        return ""
    if _broken_pointer(ptr, len(x.opcode), len(literals)):
        return "conditions.ptr does not fit the other arrays"
    names = np.array([name == MEASURE for name in x.op_names], np.int64)
    measured = np.cumsum(names[x.opcode]) - names[x.opcode]
    early = literals >= 2 * np.repeat(measured, np.diff(ptr))
    if bool(early.any()) or _outside(literals, 2 * x.n_bits):
        return "a condition asks for a bit that is not measured before"
    return ""


def _bad_output(x: Executable) -> str:
    for k, output in enumerate(x.outputs):
        if output.kind not in ("expval", "probs", "sample", "state"):
            return f"output {k} has the unknown kind {output.kind!r}"
        if not 0 <= output.start <= output.stop <= x.n_observables or output.shots < 0:
            return f"output {k} does not fit the other arrays"
        chosen = output.qubits
        if len(set(chosen)) != len(chosen) or not all(0 <= q < x.n_qubits for q in chosen):
            return f"output {k} names qubits that are not there, or one twice"
    return ""
