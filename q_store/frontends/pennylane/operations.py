"""PennyLane's operators to gates of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from math import pi
from typing import Any, Final

import numpy as np
import pennylane as qml

from q_store.frontends import transform
from q_store.frontends.channels import MOST_WIRES, channel_step, pauli_step
from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.classical_bits import decide
from q_store.frontends.encoding import amplitude_encoding
from q_store.frontends.expr import Expr, as_number
from q_store.frontends.instruction import Instruction, StoredAngle, check_angles, check_wires
from q_store.frontends.matrices import matrix_instructions
from q_store.frontends.pennylane.amplitudes import is_symbolic, refused
from q_store.frontends.roots import single_power
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.ops import OpDef, Step
from q_store.qir.registry import all_gates, op_def

_MAX_DEPTH: Final = 60
_MAX_CONTROLS: Final = 10
_MAX_COPIES: Final = 100
"""Higher powers of one gate are one gate with other angles where that is known."""
_MAX_MATRIX: Final = 8
"""Wires of an operator that is known by its matrix only."""
_MATRIX_ATOL: Final = 1e-5
"""Matrices further from unitary, as products with the adjoint, are none."""
_GIVEN: Final = (qml.QubitUnitary, qml.ControlledQubitUnitary, qml.DiagonalQubitUnitary)
"""Operators that are given by their matrix."""
_SIMPLE: Final = re.compile(r"(\w+)\((?:[\w, ]+, )?wires\)\Z")
_IDLE: Final = ("WireCut", "Snapshot")
_PAIRS: Final = {"XX": "rxx", "YY": "ryy", "ZZ": "rzz", "ZX": "rzx"}

Steps = list[Instruction]


@cache
def _rows() -> dict[type, OpDef]:
    """Rows by PennyLane's class with the same matrix and the same angles."""
    found: dict[type, OpDef] = {}
    for row in all_gates().values():
        match = _SIMPLE.match(row.names.get("pennylane", ""))
        if match and row.mnemonic not in ("phase", "rzx"):
            found[getattr(qml, match[1])] = row
    channels = {row.mnemonic: row for row in dialects.NOISE}
    found |= {
        qml.U1: all_gates()["p"],
        qml.DepolarizingChannel: channels["depolarizing"],
        qml.BitFlip: channels["bit_flip"],
        qml.PhaseFlip: channels["phase_flip"],
        qml.AmplitudeDamping: channels["amplitude_damping"],
        qml.PhaseDamping: channels["phase_damping"],
    }
    return found


class Reader:
    """Reads the operators of one tape."""

    def __init__(self, tape: Any, order: Sequence[Any] | None) -> None:
        self.places = _places(tape, order)
        self.n_qubits = max(self.places.values(), default=-1) + 1
        self.steps: Steps = []
        self.bits: dict[Any, str] = {}
        self.position = 0
        self._special: dict[str, Callable[[Any], Steps]] = {
            "GlobalPhase": lambda op: [self.gate("phase", (), [-_angle(op.data[0])])],
            "PauliRot": self._pauli_rotation,
            "MultiRZ": self._parity_rotation,
            "MultiControlledX": self._controlled_x,
            "Barrier": self._barrier,
        }

    def circuit(self, name: str) -> QuantumCircuit:
        """A circuit of the steps so far."""
        if self.n_qubits == 0:
            raise error("QS385", "the tape uses no wires")
        circuit = QuantumCircuit(self.n_qubits, name=name)
        circuit._steps = self.steps
        circuit._bits = {step.bit: None for step in self.steps if step.bit}
        for step in _all(self.steps):
            circuit.parameter_table.note(step.angles)
        return circuit

    def add(self, op: Any, position: int) -> None:
        """Append the steps of one operator of the tape."""
        self.position = position
        try:
            self.steps += self.read(op, 0)
        except QStoreError as problem:
            first = problem.diagnostics[0]
            if first.code == "QS383":
                raise
            raise error(
                first.code, f"{self._label(op)}: {first.message}", help=first.help
            ) from problem

    def wires(self, wires: Iterable[Any]) -> tuple[int, ...]:
        return tuple([self.place(wire) for wire in wires])

    def place(self, wire: Any) -> int:
        """The qubit of a wire label. Raises `QS385`."""
        if wire not in self.places:
            raise error("QS385", f"the wire {wire!r} is not among {list(self.places)}")
        return self.places[wire]

    def gate(self, name: str, wires: Sequence[int], angles: Sequence[StoredAngle]) -> Instruction:
        row = all_gates()[name]
        return Instruction(row, tuple(wires), check_angles(row, angles, None))

    def _label(self, op: Any) -> str:
        return f"operator {self.position}, `{getattr(op, 'name', type(op).__name__)}`"

    # --- one operator -------------------------------------------------------------------------

    def read(self, op: Any, depth: int) -> Steps:
        """The steps of an operator. Raises `QS383` where there are none."""
        if depth > _MAX_DEPTH:
            raise error("QS383", f"{self._label(op)} is decomposed too deeply")
        row = _rows().get(type(op))
        if row is not None:
            wires = check_wires(row.mnemonic, self.wires(op.wires), self.n_qubits, None)
            return [Instruction(row, wires, check_angles(row, list(map(_angle, op.data)), None))]
        if isinstance(op, qml.StatePrep) and is_symbolic(op.data[0]):
            return self._amplitudes(op, depth)
        special = self._special.get(type(op).__name__)
        if special is not None:
            return special(op)
        if isinstance(op, qml.operation.Channel):
            return self._channel(op)
        if type(op).__name__ in _IDLE:
            return []
        if type(op).__name__ in ("MidMeasure", "MidMeasureMP"):
            return self._measurement(op)
        if isinstance(op, _GIVEN):
            matrix = _matrix_of(op)
            if matrix is not None:
                return matrix_instructions(matrix, self.wires(op.wires))
        structured = self._structured(op, depth)
        return structured if structured is not None else self._expanded(op, depth)

    def _amplitudes(self, op: Any, depth: int) -> Steps:
        """A normalized state of symbols on wires that are still |0>. Raises `QS383`."""
        wires = self.wires(op.wires)
        used = {
            q for step in _all(self.steps) if step.row is not dialects.BARRIER for q in step.wires
        }
        if depth or used & set(wires):
            raise refused(op.name, "stands first on its wires, alone and not under control")
        steps = amplitude_encoding(len(wires), list(op.data[0]))._steps
        return [
            Instruction(step.row, tuple([wires[q] for q in step.wires]), step.angles)
            for step in steps
        ]

    def _structured(self, op: Any, depth: int) -> Steps | None:
        """Operators made of others."""
        if isinstance(op, qml.ops.Conditional):
            return self._conditional(op, depth)
        if isinstance(op, qml.ops.Adjoint):
            return transform.inverse(self.read(op.base, depth + 1))
        if isinstance(op, qml.ops.Pow):
            return self._power(op, depth)
        if isinstance(op, qml.ops.Controlled) and not isinstance(op, qml.ControlledQubitUnitary):
            inner = self.read(op.base, depth + 1)
            return self._under_control(inner, op.control_wires, op.control_values)
        if isinstance(op, qml.ops.Prod):
            return [step for part in reversed(op.operands) for step in self.read(part, depth + 1)]
        return None

    def _expanded(self, op: Any, depth: int) -> Steps:
        parts = _decomposition(op)
        if parts is None:
            matrix = _matrix_of(op)
            if matrix is not None:
                return matrix_instructions(matrix, self.wires(op.wires))
            raise error(
                "QS383",
                f"{self._label(op)} on wires {list(op.wires)} is no gate and has no decomposition",
            )
        return [step for part in parts for step in self.read(part, depth + 1)]

    def _power(self, op: Any, depth: int) -> Steps:
        inner, exponent = self.read(op.base, depth + 1), as_number(op.z)
        if exponent is None:
            raise error("QS383", f"{self._label(op)} has an exponent that is no number")
        if len(inner) == 1 and (not exponent.is_integer() or abs(exponent) > _MAX_COPIES):
            single = single_power(inner[0], exponent)
            if single is not None:
                return single
        if exponent.is_integer():
            return transform.power(inner, exponent)
        return self._expanded(op, depth)

    def _under_control(self, inner: Steps, wires: Any, values: Any) -> Steps:
        controls = self.wires(wires)
        if len(controls) > _MAX_CONTROLS:
            raise error("QS383", f"{len(controls)} controls: at most {_MAX_CONTROLS} are supported")
        flips = [
            self.gate("x", (wire,), ())
            for wire, value in zip(controls, values, strict=True)
            if not value
        ]
        return [*flips, *transform.controlled(inner, controls), *flips]

    def _controlled_x(self, op: Any) -> Steps:
        *_, target = op.wires
        inner = [self.gate("x", (self.place(target),), ())]
        return self._under_control(inner, op.control_wires, op.control_values)

    def _pauli_rotation(self, op: Any) -> Steps:
        word, angle = op.hyperparameters["pauli_word"], _angle(op.data[0])
        named = [(self.place(w), c) for w, c in zip(op.wires, word, strict=True) if c != "I"]
        letters = "".join(letter for _, letter in named)
        wires = [wire for wire, _ in named]
        if letters in ("", "X", "Y", "Z"):
            if letters:
                return [self.gate(f"r{letters.lower()}", wires, [angle])]
            return [self.gate("phase", (), [angle * -0.5])]
        if letters in _PAIRS:
            return [self.gate(_PAIRS[letters], wires, [angle])]
        before = [step for wire, letter in named for step in self._to_z(wire, letter)]
        return [*before, *self._parity(wires, angle), *transform.inverse(before)]

    def _to_z(self, wire: int, letter: str) -> Steps:
        """What turns a letter into Z."""
        if letter == "X":
            return [self.gate("h", (wire,), ())]
        return [self.gate("rx", (wire,), [pi / 2])] if letter == "Y" else []

    def _parity_rotation(self, op: Any) -> Steps:
        return self._parity(self.wires(op.wires), _angle(op.data[0]))

    def _parity(self, wires: Sequence[int], angle: StoredAngle) -> Steps:
        """exp(-i angle/2 Z...Z)."""
        if len(wires) == 1:
            return [self.gate("rz", wires, [angle])]
        chain = [self.gate("cx", pair, ()) for pair in pairwise(wires[:-1])]
        return [*chain, self.gate("rzz", wires[-2:], [angle]), *transform.inverse(chain)]

    def _barrier(self, op: Any) -> Steps:
        wires = self.wires(op.wires) or tuple(range(self.n_qubits))
        return [Instruction(dialects.BARRIER, wires)]

    def _channel(self, op: Any) -> Steps:
        """A channel by its numbers or its Kraus operators. Raises `QS383`."""
        wires, label = self.wires(op.wires), self._label(op)
        if any(np.asarray(number).dtype == object for number in op.data):
            raise error("QS383", f"{label} has symbols; its numbers are constants here")
        if len(wires) > MOST_WIRES:
            raise error("QS383", f"{label} on {len(wires)} wires: at most {MOST_WIRES} are read")
        if isinstance(op, qml.PauliError) and len(wires) <= 2:
            step = pauli_step({op.hyperparameters["operators"]: float(op.data[0])})
        elif isinstance(op, qml.GeneralizedAmplitudeDamping):
            # p is the probability of going up there.
            gamma, up = map(float, op.data)
            step = ("generalized_amplitude_damping", (0,), (gamma, 1 - up))
        else:
            step = self._by_operators(op, label)
        row = op_def(f"n.{step[0]}")
        return [Instruction(row, wires, check_angles(row, step[2], None))]

    def _by_operators(self, op: Any, label: str) -> Step:
        try:
            return channel_step(_stacked(op.kraus_matrices()), "QS383")
        except QStoreError as problem:
            message = problem.diagnostics[0].message
            raise error("QS383", f"{label}: {message}") from problem

    # --- measurement in the middle ------------------------------------------------------------

    def _measurement(self, op: Any) -> Steps:
        if getattr(op, "postselect", None) is not None:
            raise error("QS383", f"{self._label(op)} selects an outcome, which is not supported")
        wires = self.wires(op.wires)
        name = f"m{len(self.bits)}"
        self.bits[_identity(op)] = name
        steps = [Instruction(dialects.MEASURE, wires, (), None, name)]
        if op.reset:
            steps.append(Instruction(dialects.RESET, wires))
        return steps

    def _conditional(self, op: Any, depth: int) -> Steps:
        value = op.meas_val
        bits = [self.bits.get(_identity(m), "") for m in value.measurements]
        if not all(bits):
            raise error("QS383", f"{self._label(op)} depends on a measurement that is not there")
        body = tuple(self.read(op.base, depth + 1))

        def choose(values: Any) -> bool:
            return bool(value.processing_fn(*[values[bit] for bit in bits]))

        return list(decide(bits, choose, {True: body, False: ()}))


def _all(steps: Iterable[Instruction]) -> Iterator[Instruction]:
    """Steps and the steps of their bodies."""
    for step in steps:
        yield step
        for body in step.bodies:
            yield from _all(body)


def _stacked(matrices: Sequence[Any]) -> Any:
    """Matrices of any interface as one array; all alike, or none for a batch."""
    found = [np.asarray(qml.math.toarray(matrix), np.complex128) for matrix in matrices]
    return np.array(found) if len({each.shape for each in found}) == 1 else np.zeros(0)


def _identity(measurement: Any) -> Any:
    return getattr(measurement, "meas_uid", None) or measurement.id


def _places(tape: Any, order: Sequence[Any] | None) -> dict[Any, int]:
    """The qubit of every wire label."""
    labels = list(dict.fromkeys(tape.wires))
    if order is not None:
        missing = [label for label in labels if label not in set(order)]
        if missing or len(set(order)) != len(order):
            raise error(
                "QS385",
                f"the wires {missing or list(order)} do not fit the order {list(order)}",
                help="name every wire once",
            )
        return {label: place for place, label in enumerate(order)}
    if all(type(label) is int and label >= 0 for label in labels):
        top = max(labels, default=-1)
        return {label: label for label in range(top + 1)}
    return {label: place for place, label in enumerate(labels)}


def _angle(value: Any) -> StoredAngle:
    """An angle of an operator as a float or an expression."""
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value.item()
    if isinstance(value, Expr):
        return value if value.terms else value.const
    number = as_number(value)
    if number is None and hasattr(value, "detach"):
        number = as_number(value.detach())
    if number is None:
        number = _from_other_array(value)
    if number is None:
        raise error("QS383", f"the angle {value!r} is no real number or expression")
    return number


def _from_other_array(value: Any) -> float | None:
    """Scalars of JAX and of PennyLane's numpy, and complex numbers without an imaginary part."""
    if isinstance(value, complex) and value.imag == 0.0:
        return value.real
    array = qml.math.toarray(value) if hasattr(value, "shape") else value
    return as_number(array.item()) if getattr(array, "shape", None) == () else None


def _decomposition(op: Any) -> list[Any] | None:
    """PennyLane's decomposition. Raises `QS383` where it fails, as with symbols it cannot use."""
    if not getattr(op, "has_decomposition", False):
        return None
    symbolic = any(np.asarray(d).dtype == object for d in getattr(op, "data", ()))
    with qml.QueuingManager.stop_recording():
        try:
            return list(op.decomposition())
        except (TypeError, ValueError, AttributeError, ArithmeticError, QStoreError) as problem:
            if not symbolic:
                raise error("QS383", f"`{op.name}` cannot be decomposed: {problem}") from problem
            raise error(
                "QS383",
                f"`{op.name}` cannot be decomposed with parameters that have no value yet",
                help="give these arguments values by `constants`",
            ) from problem


def _matrix_of(op: Any) -> Any:
    """The matrix of an operator, or `None` unless it is a unitary of numbers on a few wires."""
    if not getattr(op, "has_matrix", False) or not 0 < len(op.wires) <= _MAX_MATRIX:
        return None
    if any(np.asarray(d).dtype == object for d in getattr(op, "data", ())):
        return None
    found = qml.math.toarray(qml.matrix(op, wire_order=op.wires))
    matrix = np.asarray(found, dtype=np.complex128)
    if matrix.ndim != 2:
        return None
    far = np.abs(matrix @ matrix.conj().T - np.eye(len(matrix))).max()
    return matrix if far < _MATRIX_ATOL else None
