"""Reading a Qiskit circuit: gates through the table, the rest by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit import Barrier, ControlFlowOp, ControlledGate, Delay, Measure, Reset
from qiskit.circuit.annotated_operation import AnnotatedOperation
from qiskit.exceptions import QiskitError

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.classical_bits import drop_idle_resets, split_measurements
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.names import Names
from q_store.frontends.qiskit import control_flow
from q_store.frontends.qiskit.channels import channel, is_channel
from q_store.frontends.qiskit.gates import MAX_OWN_CONTROLS, row_of, standard_rows
from q_store.frontends.qiskit.modifiers import annotated, controlled, matrix_of, of_matrix
from q_store.frontends.qiskit.notes import restore_observations, stored_inputs
from q_store.frontends.qiskit.parameters import Symbols
from q_store.qir import dialects
from q_store.qir.diagnostics import Diagnostic, QStoreError, error
from q_store.qir.registry import gate

MAX_STEPS: Final = 2_000_000
"""Loops and definitions are unfolded up to this many steps."""
MAX_NESTING: Final = 60

_PHASE: Final = gate("phase")
_BROKEN: Final = (QiskitError, ValueError, TypeError, AttributeError, RuntimeError, KeyError)
"""What Qiskit raises when a definition or a matrix cannot be made."""


def from_qiskit(
    circuit: Any, inputs: Iterable[Any] | None = None, *, name: str | None = None
) -> QuantumCircuit:
    """The circuit a Qiskit `QuantumCircuit` describes; Qiskit's qubit i is wire i.

    Parameters keep names, vectors and Qiskit's order. `inputs` says which are data (names,
    parameters or vectors), all others are weights then; by default names decide, as in `to_ir`.

    Measurements that end the circuit become one sample in the order of Qiskit's classical bits;
    earlier ones write bits named after register and index, `c_0`. The global phase is kept.
    Delays are left out.

    Raises `QS350` for an instruction without a counterpart, with its name and index, `QS351` for
    an angle, `QS352` for what is no circuit or an unknown input, `QS353` for a condition and
    `QS354` beyond the limits of unfolding.
    """
    if not isinstance(circuit, QiskitCircuit):
        raise error("QS352", f"expected a qiskit.QuantumCircuit, got {type(circuit).__name__}")
    if not circuit.num_qubits:
        raise error("QS352", f"the Qiskit circuit {circuit.name!r} has no qubits")
    symbols = Symbols(circuit.parameters, stored_inputs(circuit) if inputs is None else inputs)
    reader = Reader(symbols, _bit_names(circuit))
    reader.circuit(circuit, range(circuit.num_qubits), {})
    order = [reader.bits[bit] for bit in circuit.clbits]
    steps, measured = split_measurements(drop_idle_resets(reader.steps), order)
    result = QuantumCircuit.of_steps(
        circuit.num_qubits, steps, symbols.table, name=name or Names().of(0, circuit.name)
    )
    restore_observations(circuit, result, measured)
    return result


def convert(item: object) -> QuantumCircuit | None:
    """`from_qiskit` for a circuit, `None` for another object of the library."""
    return from_qiskit(item) if isinstance(item, QiskitCircuit) else None


def _bit_names(circuit: Any) -> dict[Any, str]:
    """Names of classical bits: register and index, or `bit` and the index for loose bits."""
    names = Names()
    found: dict[Any, str] = {}
    for register in circuit.cregs:
        for index, bit in enumerate(register):
            found.setdefault(bit, names.of(bit, f"{register.name}_{index}"))
    for index, bit in enumerate(circuit.clbits):
        found.setdefault(bit, names.of(bit, f"bit_{index}"))
    return found


class Reader:
    """Collects the steps of a circuit and of everything inside it."""

    def __init__(self, symbols: Symbols, bits: dict[Any, str]) -> None:
        self.symbols = symbols
        self.bits = bits
        """Names of classical bits."""
        self.measured: set[str] = set()
        """Bits that have been written; others read 0."""
        self.steps: list[Instruction] = []
        self.rounds = 0
        """Turns of loops so far."""
        self._known: dict[int, tuple[Any, tuple[Instruction, ...]]] = {}
        """Steps of gates by the identity of their object, which is kept alive here."""
        self._nesting = 0

    def circuit(self, circuit: Any, wires: Sequence[int], bits: Mapping[Any, str]) -> None:
        """Append the steps of a circuit on some wires; `bits` renames its classical bits."""
        self._nesting += 1
        if self._nesting > MAX_NESTING or len(self.steps) > MAX_STEPS:
            raise error(
                "QS354",
                f"definitions are nested more than {MAX_NESTING} deep or have more than "
                f"{MAX_STEPS} steps",
            )
        outer, self.bits = self.bits, {**self.bits, **bits}
        try:
            phase = self.symbols.angle(circuit.global_phase)
            if not isinstance(phase, float) or phase:
                self.steps.append(Instruction(_PHASE, (), (phase,)))
            self._data(circuit, dict(zip(circuit.qubits, wires, strict=True)))
        finally:
            self.bits = outer
            self._nesting -= 1

    def _data(self, circuit: Any, wire_of: dict[Any, int]) -> None:
        rows, angle, append = standard_rows(), self.symbols.angle, self.steps.append
        for index, item in enumerate(circuit.data):
            row = rows.get(item.name) if item.is_standard_gate() else None
            wires = tuple([wire_of[qubit] for qubit in item.qubits])
            try:
                if row is not None:
                    params = item.params
                    plain = [p if type(p) is float and isfinite(p) else angle(p) for p in params]
                    append(Instruction(row, wires, tuple(plain)))
                else:
                    self.operation(item.operation, wires, item.clbits)
            except QStoreError as problem:
                if self._nesting > 1:
                    raise
                raise _placed(problem, index, item.name) from problem

    def operation(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        """Append the steps of one operation. Raises `QS350` when it has no counterpart."""
        for kind, handler in _KINDS.items():
            if isinstance(operation, kind):
                handler(self, operation, wires, clbits)
                return
        if clbits:
            self.defined(operation, wires, clbits)
        else:
            self.gate(operation, wires)

    def gate(self, operation: Any, wires: tuple[int, ...]) -> None:
        """Append a gate, whose steps are found once per object."""
        known = self._known.get(id(operation))
        if known is None:
            local = self.inside(lambda: self._gate(operation))
            known = self._known[id(operation)] = (operation, local)
        if len(self.steps) + len(known[1]) > MAX_STEPS:
            raise error("QS354", f"definitions have more than {MAX_STEPS} steps")
        self.steps += [step.mapped(wires.__getitem__) for step in known[1]]

    def inside(self, action: Callable[[], None]) -> tuple[Instruction, ...]:
        """The steps an action appends, taken off again."""
        outer, self.steps = self.steps, []
        try:
            action()
            return tuple(self.steps)
        finally:
            self.steps = outer

    def _gate(self, operation: Any) -> None:
        wires = tuple(range(operation.num_qubits))
        row = row_of(operation)
        given = matrix_of(operation)
        if given is not None:
            self.steps += given
        elif isinstance(operation, AnnotatedOperation):
            self.steps += annotated(self, operation)
        elif isinstance(operation, ControlledGate) and (row is not None or _few(operation)):
            self.steps += controlled(self, operation, row)
        elif row is not None:
            self.steps.append(Instruction(row, wires, self.angles(operation.params)))
        elif is_channel(operation):
            self.steps.append(channel(operation))
        else:
            self.defined(operation, wires, ())

    def angles(self, params: Iterable[Any]) -> tuple[StoredAngle, ...]:
        return tuple([self.symbols.angle(param) for param in params])

    def defined(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        """Append what an operation is defined as, or what its matrix is made of."""
        try:
            definition = getattr(operation, "definition", None)
            known = definition is None and hasattr(operation, "__array__")
            matrix = operation.to_matrix() if known else None
        except _BROKEN as problem:
            raise error(
                "QS350", f"`{operation.name}` has no definition that can be used: {problem}"
            ) from problem
        if matrix is not None:
            steps = of_matrix(matrix, len(wires))
            self.steps += [step.mapped(wires.__getitem__) for step in steps]
            return
        if definition is None:
            raise error(
                "QS350",
                f"`{operation.name}` has neither a definition nor a matrix",
                help=_help(operation.name),
            )
        inner = zip(definition.clbits, clbits, strict=True)
        self.circuit(definition, wires, {bit: self.bits[outer] for bit, outer in inner})

    def barrier(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        self.steps.append(Instruction(dialects.BARRIER, wires))

    def measure(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        bit = self.bits[clbits[0]]
        self.measured.add(bit)
        self.steps.append(Instruction(dialects.MEASURE, wires, bit=bit))

    def reset(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        self.steps.append(Instruction(dialects.RESET, wires))

    def delay(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        """A delay does nothing to an ideal qubit."""

    def flow(self, operation: Any, wires: tuple[int, ...], clbits: Sequence[Any]) -> None:
        control_flow.append(self, operation, wires, clbits)


_KINDS: Final[dict[type, Callable[..., None]]] = {
    Barrier: Reader.barrier,
    Measure: Reader.measure,
    Reset: Reader.reset,
    Delay: Reader.delay,
    ControlFlowOp: Reader.flow,
}


def _help(name: str) -> str:
    if name.startswith(("save_", "set_")):
        return "what only tells Aer's simulator what to do is no part of a circuit; leave it out"
    return "transpile the circuit first; some gates need spare qubits for that"


def _few(operation: Any) -> bool:
    """Whether a controlled gate is its base gate under a few controls, on the base's qubits only
    (unlike `MCMTGate`, which repeats its base)."""
    controls, base = operation.num_ctrl_qubits, operation.base_gate
    return bool(controls <= MAX_OWN_CONTROLS and controls + base.num_qubits == operation.num_qubits)


def _placed(problem: QStoreError, index: int, name: str) -> QStoreError:
    """The same problem with the instruction of the whole circuit it came from."""
    first, *more = problem.diagnostics
    message = f"instruction {index}, `{name}`: {first.message}"
    placed = Diagnostic(first.code, message, first.span, first.severity, first.notes, first.help)
    return QStoreError(placed, *more)
