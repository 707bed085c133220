"""Circuits to Qiskit.

Wire i becomes Qiskit's qubit i of one register `q`, so Qiskit prints bit strings and state
indices the other way round. Vectors become `ParameterVector`s, other parameters keep their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from qiskit import QuantumCircuit as QiskitCircuit
from qiskit.circuit import (
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    Parameter,
    ParameterVector,
    QuantumRegister,
)
from qiskit.circuit.library import Barrier, Measure, Reset, get_standard_gate_name_mapping
from qiskit.quantum_info import Kraus, SparsePauliOp

from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum, Sample
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.qir.values import Value
from q_store.targets.flat import (
    Expressions,
    FlatFunc,
    FlatStep,
    cannot,
    flatten,
    observation_note,
    parts,
)
from q_store.targets.reading import with_channels

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: (lambda a, name=name: getattr(a, name)()) for name in ("sin", "cos", "tan", "exp")},
    "asin": lambda a: a.arcsin(),
    "acos": lambda a: a.arccos(),
    "atan": lambda a: a.arctan(),
    "log": lambda a: a.log(),
    "abs": abs,
    "sqrt": lambda a: a**0.5,
    "sinh": lambda a: a.exp() / 2 - (-a).exp() / 2,
    # Not exp(a) + exp(-a), which some versions of Qiskit simplify to 0.
    "cosh": lambda a: (1 + (a * 2).exp()) / (a.exp() * 2),
    "tanh": lambda a: 1 - 2 / ((a * 2).exp() + 1),
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    # Half-angle form; it has no value on the negative real axis.
    "atan2": lambda y, x: ((y / ((x * x + y * y) ** 0.5 + x)).arctan()) * 2,
}
"""Qiskit's expression of every `f.*` op; where Qiskit has no such function, an equal one."""

_BIT: Final = re.compile(r"(.+)_(\d{1,6})\Z")


def to_qiskit(func: Func) -> QiskitCircuit:
    """A Qiskit circuit of a function.

    Samples become measurements into a register `meas`; expectation values, probabilities and
    states, which Qiskit circuits cannot hold, are noted in `metadata["q_store"]` (as is which
    parameters are data), from where `from_qiskit` takes them back; `qiskit_observables` gives
    them as operators. Gates without a counterpart are decomposed exactly, phase included. Noise
    becomes Kraus instructions, and so do errors of reading.

    Raises `QS340` for a function that is no circuit and `QS356` for errors of reading in other
    bases than the computational one.
    """
    return _Export(with_channels(flatten(func), "Qiskit")).run()


def qiskit_observables(func: Func) -> list[SparsePauliOp]:
    """The expectation values a function yields, as operators on all its qubits."""
    last = func.observe
    observed = last.observations if last else ()
    return [
        sparse_pauli_op(item.paulis, func.n_qubits) for item in observed if isinstance(item, Expval)
    ]


def sparse_pauli_op(paulis: PauliSum, n_qubits: int) -> SparsePauliOp:
    """The operator of a Pauli sum; qubit i is Qiskit's qubit i."""
    terms = [
        ("".join(letter for _, letter in word), [qubit for qubit, _ in word], coef)
        for coef, word in paulis.terms
    ]
    return SparsePauliOp.from_sparse_list(terms or [("", [], 0.0)], num_qubits=n_qubits)


@cache
def _classes() -> dict[str, type]:
    """Qiskit's gate class of every row that has one, by mnemonic."""
    library = get_standard_gate_name_mapping()
    return {
        row.mnemonic: library[row.names["qiskit"]].base_class
        for row in all_gates().values()
        if row.names.get("qiskit") in library
    }


class _Export:
    def __init__(self, flat: FlatFunc) -> None:
        self.flat = flat
        self.vectors: dict[Value, ParameterVector] = {}
        self.expressions = Expressions(flat, self.symbol, _FUNCTIONS)
        self.register = QuantumRegister(flat.n_qubits, "q")
        self.bits: dict[str, Clbit] = {}

    def run(self) -> QiskitCircuit:
        circuit = QiskitCircuit(self.register, name=self.flat.func.name)
        for register in self.classical_registers():
            circuit.add_register(register)
        self.steps(circuit, self.flat.steps)
        for item in self.flat.observations:
            if isinstance(item, Sample):
                self.sample(circuit, item)
        circuit.metadata = {"q_store": self.notes()}
        return circuit

    def notes(self) -> dict[str, list[str]]:
        return {
            "observe": [observation_note(item) for item in self.flat.observations],
            "inputs": [value.name for value in self.flat.func.args_with_role("input")],
        }

    def symbol(self, value: Value, index: tuple[int, ...]) -> Any:
        if len(value.type.shape) == 1:
            vector = self.vectors.get(value)
            if vector is None:
                vector = ParameterVector(value.name, value.type.shape[0])
                self.vectors[value] = vector
            return vector[index[0]]
        return Parameter(value.name + (f"[{','.join(map(str, index))}]" if index else ""))

    def classical_registers(self) -> list[ClassicalRegister]:
        """Registers whose bits are named as the measurements name them, `c_0` for c[0]."""
        sizes: dict[str, int] = {}
        for name in _bit_names(self.flat.steps):
            register, index = _place(name)
            sizes[register] = max(sizes.get(register, 0), index + 1)
        registers = {name: ClassicalRegister(size, name) for name, size in sizes.items()}
        for name in _bit_names(self.flat.steps):
            register, index = _place(name)
            self.bits[name] = registers[register][index]
        return list(registers.values())

    def steps(self, circuit: QiskitCircuit, steps: Iterable[FlatStep]) -> None:
        for step in steps:
            if isinstance(step.row, Gate):
                self.gate(circuit, step)
            else:
                self.other(circuit, step)

    def gate(self, circuit: QiskitCircuit, step: FlatStep) -> None:
        row = step.row
        assert isinstance(row, Gate)
        if row.mnemonic == "phase":
            circuit.global_phase += self.expressions.angle(step.angles[0])
            return
        found = _classes().get(row.mnemonic)
        base = _classes().get(row.base or "")
        angles = [self.expressions.angle(angle) for angle in step.angles]
        if found is not None:
            self.add(circuit, found(*angles), step)
        elif base is not None and row.controls:
            self.add(circuit, base(*angles).control(row.controls, annotated=False), step)
        else:
            self.steps(circuit, parts(step))

    def add(self, circuit: QiskitCircuit, operation: Any, step: FlatStep) -> None:
        qubits = [self.register[wire] for wire in step.wires]
        bits = [self.bits[step.bit]] if step.bit else []
        circuit.append(CircuitInstruction(operation, qubits, bits))

    def other(self, circuit: QiskitCircuit, step: FlatStep) -> None:
        if step.row is dialects.BARRIER:
            self.add(circuit, Barrier(len(step.wires)), step)
        elif step.row is dialects.RESET:
            self.add(circuit, Reset(), step)
        elif step.row is dialects.MEASURE:
            self.add(circuit, Measure(), step)
        elif step.row is dialects.IF:
            self.conditional(circuit, step)
        elif isinstance(step.row, dialects.Channel) and step.row not in dialects.READING:
            operators = step.row.kraus(*[angle.const for angle in step.angles])
            # Qiskit's first qubit is the least significant of a matrix.
            turned = FlatStep(step.row, step.wires[::-1])
            self.add(circuit, Kraus(operators).to_instruction(), turned)
        else:
            raise cannot("Qiskit", step, "reading errs under a condition")

    def conditional(self, circuit: QiskitCircuit, step: FlatStep) -> None:
        then, otherwise = [self.body(circuit, body) for body in step.bodies]
        condition = (self.bits[step.bit or ""], 1)
        circuit.if_else(
            condition, then, otherwise if otherwise.data else None, circuit.qubits, circuit.clbits
        )

    def body(self, circuit: QiskitCircuit, steps: Iterable[FlatStep]) -> QiskitCircuit:
        """A circuit on the same bits, as the bodies of conditionals are."""
        inner = QiskitCircuit(circuit.qubits, circuit.clbits)
        for register in circuit.cregs:
            inner.add_register(register)
        self.steps(inner, steps)
        return inner

    def sample(self, circuit: QiskitCircuit, sample: Sample) -> None:
        taken = {register.name for register in circuit.cregs}
        name = next(n for n in ("meas", *(f"meas{k}" for k in range(len(taken)))) if n not in taken)
        register = ClassicalRegister(len(sample.qubits), name)
        circuit.add_register(register)
        circuit.measure([self.register[qubit] for qubit in sample.qubits], register)


def _bit_names(steps: Iterable[FlatStep]) -> list[str]:
    """Bits in the order they are written, those of bodies included."""
    names: list[str] = []
    for step in steps:
        if step.row is dialects.MEASURE and step.bit:
            names.append(step.bit)
        for body in step.bodies:
            names += _bit_names(body)
    return names


def _place(name: str) -> tuple[str, int]:
    """Register and index of a bit: `c_3` is c[3], `flag` is the only bit of `flag`."""
    match = _BIT.match(name)
    return (match[1], int(match[2])) if match else (name, 0)
