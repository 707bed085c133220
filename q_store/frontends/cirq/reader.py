"""Reading a Cirq circuit: operations by kind, gates through the table or what they decompose to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import cirq

from q_store.frontends import transform
from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.cirq.channels import channel_step_of
from q_store.frontends.cirq.classical import Records
from q_store.frontends.cirq.gates import entry_of, unit_angle
from q_store.frontends.cirq.symbols import Symbols
from q_store.frontends.cirq.tags import IDLE, declare_noted_parameters, noted_observations
from q_store.frontends.cirq.unitaries import phase_between
from q_store.frontends.classical_bits import drop_idle_resets, split_measurements
from q_store.frontends.instruction import Instruction
from q_store.frontends.matrices import MOST_CONTROLLED, matrix_instructions, state_instructions
from q_store.frontends.observation_notes import observe_as_noted
from q_store.qir import dialects
from q_store.qir.diagnostics import Diagnostic, QStoreError, error
from q_store.qir.ops import OpDef, Step
from q_store.qir.registry import all_gates, gate

MAX_STEPS: Final = 2_000_000
MAX_NESTING: Final = 60
MAX_MATRIX_QUBITS: Final = 8
"""Gates that are a matrix only are synthesised up to this many qubits."""
_MAX_PHASE_QUBITS: Final = 6
"""Up to this many, what Cirq decomposes gets its phase from the matrix."""
_MAX_SHOWN: Final = 80
"""Characters of an operation in an error."""
MAX_OWN_CONTROLS: Final = 6

_BROKEN: Final = (ValueError, TypeError, KeyError, AttributeError)


def from_cirq(
    circuit: Any,
    inputs: Iterable[Any] | None = None,
    *,
    qubits: Iterable[Any] | None = None,
    name: str = "main",
) -> QuantumCircuit:
    """The circuit a Cirq `Circuit` or `FrozenCircuit` describes.

    Qubits in Cirq's sorted order, or in the order of `qubits`, are wires 0, 1, …. Symbols keep
    their names and the order of their first appearance; `w[3]` is an element of `w`. `inputs`
    names the data, all others are weights then; by default names decide, as in `to_ir`.

    Measurements that end the circuit become one sample in the order of the measurements; earlier
    ones write bits named after their key. Moments and waits are left out, tags are ignored.

    Raises `QS350` for an operation without a counterpart, with its text and index, `QS351` for
    an angle, `QS352` for what is no circuit, qudits, or an unknown input, `QS353` for a condition
    and `QS354` beyond the limits of unfolding.
    """
    if not isinstance(circuit, cirq.AbstractCircuit):
        raise error("QS352", f"expected a cirq.Circuit, got {type(circuit).__name__}")
    wire_of = qubit_wires(circuit, qubits)
    symbols = Symbols()
    declare_noted_parameters(circuit, symbols)
    reader = Reader(symbols, wire_of)
    reader.circuit(circuit)
    steps, measured = split_measurements(drop_idle_resets(reader.steps), reader.records.order)
    steps = reader.records.endings(measured, reader.steps, steps)
    if inputs is not None:
        symbols.declare_roles(inputs)
    result = QuantumCircuit.of_steps(len(wire_of), steps, symbols.table, name=name)
    observe_as_noted(result, noted_observations(circuit), measured)
    return result


def qubit_wires(circuit: Any, qubits: Iterable[Any] | None = None) -> dict[Any, int]:
    """The wire of every qubit. Raises `QS352` for qudits and qubits that are missing."""
    used = circuit.all_qubits()
    order = sorted(used) if qubits is None else list(qubits)
    missing = sorted(used - set(order))
    if missing:
        raise error("QS352", f"`qubits` leaves out {missing[0]}, which the circuit uses")
    for qubit in order:
        if qubit.dimension != 2:
            raise error("QS352", f"the qudit {qubit} has {qubit.dimension} levels, not 2")
    if not order:
        raise error("QS352", "the Cirq circuit has no qubits")
    return {qubit: wire for wire, qubit in enumerate(order)}


def convert(item: object) -> QuantumCircuit | None:
    """`from_cirq` for a circuit, `None` for another object of the library."""
    return from_cirq(item) if isinstance(item, cirq.AbstractCircuit) else None


def load_json(path: str | Path, inputs: Iterable[Any] | None = None) -> QuantumCircuit:
    """Read a circuit that `cirq.to_json` wrote. Raises `QS341` when that is not possible."""
    try:
        circuit = cirq.read_json(Path(path))
    except (OSError, *_BROKEN) as problem:
        raise error("QS341", f"cannot read the Cirq file {path}: {problem}") from problem
    return from_cirq(circuit, inputs)


def read_json(text: str, file: str) -> QuantumCircuit:
    """The circuit of the text of such a file. Raises `QS341`, and `QS352` for other objects."""
    try:
        circuit = cirq.read_json(json_text=text)
    except _BROKEN as problem:
        raise error("QS341", f"cannot read the Cirq file {file}: {problem}") from problem
    return from_cirq(circuit)


def unrolled_size(operation: Any, known: dict[int, int | None]) -> int | None:
    """How many operations an operation is when all repetitions are written out, by counting;
    `None` when that is symbolic. `known` has the circuits that were counted, by identity."""
    operation = operation.untagged.without_classical_controls()
    if not isinstance(operation, cirq.CircuitOperation):
        return 1
    circuit = operation.circuit
    if id(circuit) not in known:
        sizes = [unrolled_size(inner, known) for inner in circuit.all_operations()]
        known[id(circuit)] = None if None in sizes else sum(filter(None, sizes))
    size = known[id(circuit)]
    if size is None or not isinstance(operation.repetitions, int):
        return None
    return abs(operation.repetitions) * max(size, 1)


class Reader:
    """Collects the steps of operations on qubits with known wires."""

    def __init__(self, symbols: Symbols, wire_of: dict[Any, int]) -> None:
        self.symbols = symbols
        self.wire_of = wire_of
        self.records = Records()
        self.steps: list[Instruction] = []
        self._nesting = 0

    def circuit(self, circuit: Any) -> None:
        for index, operation in enumerate(circuit.all_operations()):
            try:
                self.operation(operation)
            except QStoreError as problem:
                if self._nesting:
                    raise
                raise _placed(problem, index, operation) from problem

    def operations(self, operations: Iterable[Any]) -> None:
        """Append operations one level further in."""
        self._nesting += 1
        if self._nesting > MAX_NESTING or len(self.steps) > MAX_STEPS:
            raise error(
                "QS354",
                f"operations are nested more than {MAX_NESTING} deep or are more than {MAX_STEPS}",
            )
        try:
            for operation in operations:
                self.operation(operation)
        finally:
            self._nesting -= 1

    def operation(self, operation: Any) -> None:
        """Append one operation. Raises `QS350` when it has no counterpart."""
        if IDLE in operation.tags:
            return
        operation = operation.untagged
        if isinstance(operation, cirq.ClassicallyControlledOperation):
            body = self.inside(lambda: self.operation(operation.without_classical_controls()))
            self.steps += self.records.conditional(operation.classical_controls, body)
        elif isinstance(operation, cirq.CircuitOperation):
            self.circuit_operation(operation)
        elif isinstance(operation, cirq.ControlledOperation):
            self.controlled(operation, operation.controls, operation.sub_operation)
        elif isinstance(operation, cirq.PauliString):
            self.pauli_string(operation)
        elif operation.gate is not None:
            self.gate(operation, operation.gate)
        else:
            self.other(operation)

    def circuit_operation(self, operation: Any) -> None:
        if operation.repeat_until is not None:
            raise error("QS350", "a circuit repeated until a condition holds has no counterpart")
        size = unrolled_size(operation, {})
        if size is None or size > MAX_STEPS:
            raise error(
                "QS354",
                f"repeated circuits are unrolled to at most {MAX_STEPS} operations, this one has "
                f"{'a symbolic number of' if size is None else size}",
            )
        self.operations(operation.mapped_circuit(deep=True).all_operations())

    def gate(self, operation: Any, gate: Any) -> None:
        """Append a gate or channel."""
        kind: type = type(gate)
        entry = entry_of(kind)
        steps = entry(gate, self.symbols) if entry is not None else None
        if steps is not None:
            self.append(steps, self.wires(operation.qubits))
        elif isinstance(gate, cirq.MeasurementGate):
            self.measure(operation, gate)
        elif isinstance(gate, cirq.ControlledGate):
            count = gate.num_controls()
            controls, targets = operation.qubits[:count], operation.qubits[count:]
            self.controlled(operation, controls, gate.sub_gate.on(*targets))
        elif isinstance(gate, cirq.ResetChannel):
            self.steps.append(Instruction(dialects.RESET, self.wires(operation.qubits)))
        elif isinstance(gate, cirq.StatePreparationChannel):
            self.prepared(operation, gate)
        elif isinstance(gate, cirq.MatrixGate):
            self.matrix(operation)
        else:
            self.other(operation)

    def other(self, operation: Any) -> None:
        """Append a channel, or what an operation is made of."""
        step = channel_step_of(operation)
        if step is None:
            self.decomposed(operation)
        else:
            self.append([step], self.wires(operation.qubits))

    def wires(self, qubits: Iterable[Any]) -> tuple[int, ...]:
        return tuple([self.wire_of[qubit] for qubit in qubits])

    def append(self, steps: Iterable[Step], wires: Sequence[int]) -> None:
        """Append steps by name; positions become wires."""
        rows = _rows()
        for name, at, angles in steps:
            stored = tuple([a.const if hasattr(a, "terms") and not a.terms else a for a in angles])
            self.steps.append(Instruction(rows[name], tuple([wires[p] for p in at]), stored))

    def inside(self, action: Callable[[], None]) -> tuple[Instruction, ...]:
        """The steps an action appends, taken off again."""
        outer, self.steps = self.steps, []
        try:
            action()
            return tuple(self.steps)
        finally:
            self.steps = outer

    def measure(self, operation: Any, gate: Any) -> None:
        key = cirq.measurement_key_obj(operation)
        bits = self.records.new(key, gate.full_invert_mask())
        self.records.misread(bits, gate.confusion_map)
        for wire, bit in zip(self.wires(operation.qubits), bits, strict=True):
            self.steps.append(Instruction(dialects.MEASURE, (wire,), bit=bit))

    def controlled(self, operation: Any, controls: Sequence[Any], target: Any) -> None:
        """Append an operation under controls, once for every combination of their values. A
        channel under controls is a channel."""
        step = None if cirq.has_unitary(target) else channel_step_of(operation)
        if step is not None:
            self.append([step], self.wires(operation.qubits))
            return
        few = len(operation.qubits) <= MOST_CONTROLLED
        if few and isinstance(target.gate, cirq.MatrixGate):
            self.matrix(operation)
            return
        if len(controls) > MAX_OWN_CONTROLS and not cirq.is_parameterized(operation):
            self.decomposed(operation)
            return
        values = getattr(operation, "control_values", None) or operation.gate.control_values
        wires = self.wires(controls)
        inner = self.inside(lambda: self.operation(target))
        steps = transform.controlled(inner, wires)
        for combination in values.expand():
            flips = [
                Instruction(gate("x"), (wire,))
                for wire, value in zip(wires, combination, strict=True)
                if not value
            ]
            self.steps += [*flips, *steps, *flips]

    def pauli_string(self, string: Any) -> None:
        if not cirq.has_unitary(string):
            raise error("QS350", f"the Pauli string {string} is not unitary")
        for qubit, pauli in string.items():
            self.append([(str(pauli).lower(), (0,), ())], self.wires([qubit]))
        phase = unit_angle(complex(string.coefficient), self.symbols)
        if phase:
            self.append([("phase", (), (phase,))], ())

    def prepared(self, operation: Any, gate: Any) -> None:
        """Put the qubits into |0>, then into the state."""
        wires = self.wires(operation.qubits)
        self.steps += [Instruction(dialects.RESET, (wire,)) for wire in wires]
        self.steps += state_instructions(gate.state, wires)

    def matrix(self, operation: Any) -> None:
        if len(operation.qubits) > MAX_MATRIX_QUBITS:
            raise error(
                "QS350",
                f"a matrix on {len(operation.qubits)} qubits is not decomposed; at most "
                f"{MAX_MATRIX_QUBITS} are",
            )
        self.steps += matrix_instructions(cirq.unitary(operation), self.wires(operation.qubits))

    def decomposed(self, operation: Any) -> None:
        """Append what Cirq decomposes an operation into, or what its matrix is made of."""
        try:
            parts = cirq.decompose_once(operation, None)
        except _BROKEN as problem:
            raise error("QS350", f"`{operation}` cannot be decomposed: {problem}") from problem
        if parts is None or any(set(part.qubits) - self.wire_of.keys() for part in parts):
            if not cirq.has_unitary(operation):
                raise error("QS350", f"`{operation}` has neither a decomposition nor a matrix")
            self.matrix(operation)
            return
        found = self.inside(lambda: self.operations(parts))
        self.steps += found
        if len(operation.qubits) <= _MAX_PHASE_QUBITS and cirq.has_unitary(operation):
            self.fix_phase(operation, found)

    def fix_phase(self, operation: Any, steps: Sequence[Instruction]) -> None:
        """Decompositions of Cirq are exact up to a global phase; put the phase in."""
        phase = phase_between(operation, steps, self.wires(operation.qubits))
        if phase:
            self.append([("phase", (), (phase,))], ())


def _rows() -> dict[str, OpDef]:
    return {**all_gates(), **_CHANNELS}


_CHANNELS: Final = {row.mnemonic: row for row in dialects.CHANNELS}


def _placed(problem: QStoreError, index: int, operation: Any) -> QStoreError:
    """The same problem with the operation of the whole circuit it came from."""
    first, *more = problem.diagnostics
    shown = str(operation)
    shown = shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"
    message = f"operation {index}, `{shown}`: {first.message}"
    placed = Diagnostic(first.code, message, first.span, first.severity, first.notes, first.help)
    return QStoreError(placed, *more)
