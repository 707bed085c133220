"""Circuits to Cirq.

Wire i becomes `LineQubit(i)`, which keeps the order of state indices. Symbols are SymPy symbols
of the same names, `w[3]` for an element of a vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from types import CodeType
from typing import Any, Final

import cirq
import sympy

from q_store.qir import dialects
from q_store.qir.channels import pauli_words
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
from q_store.targets.reading import Misread, sampled_errors, with_channels

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{
        name: getattr(sympy, name)
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
    },
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "abs": sympy.Abs,
    "atan2": sympy.atan2,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}

_CHANNELS: Final[dict[str, Callable[..., cirq.Gate]]] = {
    "depolarizing": cirq.DepolarizingChannel,
    "depolarizing2": lambda p: cirq.DepolarizingChannel(p, n_qubits=2),
    "bit_flip": cirq.BitFlipChannel,
    "phase_flip": cirq.PhaseFlipChannel,
    "pauli": cirq.AsymmetricDepolarizingChannel,
    "pauli2": lambda *chances: cirq.AsymmetricDepolarizingChannel(
        error_probabilities={"II": 1 - sum(chances)}
        | dict(zip(pauli_words(2), chances, strict=True))
    ),
    "amplitude_damping": cirq.AmplitudeDampingChannel,
    "generalized_amplitude_damping": lambda gamma, p: cirq.GeneralizedAmplitudeDampingChannel(
        p, gamma
    ),
    "phase_damping": cirq.PhaseDampingChannel,
}


def to_cirq(func: Func) -> cirq.Circuit:
    """A Cirq circuit of a function.

    Samples become one measurement with the key `meas`; expectation values, probabilities and
    states, which circuits cannot hold, are noted in tags of the circuit (as are the shapes and
    roles of parameters), from where `from_cirq` takes them back; `cirq_observables` gives them as
    Pauli sums. Gates without a counterpart are decomposed exactly, phase included. Barriers,
    which Cirq has not, are left out, and so are global phases of circuits with noise. Errors of
    reading are confusion maps of the measurement where their qubits are sampled, else channels at
    the end.

    Raises `QS340` for a function that is no circuit, and `QS356` for a measurement under a
    condition and for errors of reading in other bases without samples.
    """
    flat = flatten(func)
    misread = sampled_errors(flat)
    if misread is None:
        flat, misread = with_channels(flat, "Cirq"), []
    export = _Export(flat, misread)
    operations = list(export.steps(flat.steps))
    operations += [export.sample(item) for item in flat.observations if isinstance(item, Sample)]
    idle = set(export.qubits) - {qubit for op in operations for qubit in op.qubits}
    operations += [cirq.I(qubit).with_tags("q_store idle") for qubit in sorted(idle)]
    return cirq.Circuit(operations, tags=_tags(flat))


def _tags(flat: FlatFunc) -> list[str]:
    declared = [
        " ".join(["q_store", role or "weight", value.name, *map(str, value.type.shape)])
        for value, role in zip(flat.func.args, flat.func.roles, strict=True)
    ]
    observed = [f"q_store observe {observation_note(item)}" for item in flat.observations]
    return declared + observed


def cirq_observables(func: Func) -> list[cirq.PauliSum]:
    """The expectation values a function yields, on line qubits."""
    last = func.observe
    observed = last.observations if last else ()
    return [pauli_sum(item.paulis) for item in observed if isinstance(item, Expval)]


def pauli_sum(paulis: PauliSum) -> cirq.PauliSum:
    """Cirq's form of a Pauli sum; qubit i is `LineQubit(i)`."""
    strings: list[Any] = [
        cirq.PauliString({cirq.LineQubit(q): letter for q, letter in word}, coefficient=coef)
        for coef, word in paulis.terms
    ]
    return cirq.PauliSum.from_pauli_strings(strings or [cirq.PauliString(coefficient=0.0)])


@cache
def _compiled() -> dict[str, CodeType]:
    """Cirq's spelling of every row that has one: expressions of the row's angles."""
    return {
        row.mnemonic: compile(row.names["cirq"], f"<{row.name}>", "eval")
        for row in all_gates().values()
        if "cirq" in row.names
    }


def _spelled(row: Gate, angles: Sequence[Any]) -> cirq.Gate:
    """The gate of a row, from the spelling in the gate table."""
    symbolic = any(isinstance(angle, sympy.Basic) for angle in angles)
    numbers = {"pi": sympy.pi, "e": sympy.E} if symbolic else {"pi": math.pi, "e": math.e}
    names = {**vars(cirq), **numbers, **dict(zip(row.angle_names, angles, strict=True))}
    made: cirq.Gate = eval(_compiled()[row.mnemonic], names)
    return made


class _Export:
    def __init__(self, flat: FlatFunc, misread: Sequence[Misread]) -> None:
        self.misread = misread
        self.noisy = _is_noisy(flat.steps)
        self.qubits = cirq.LineQubit.range(flat.n_qubits)
        self.expressions = Expressions(flat, self.symbol, _FUNCTIONS)

    def symbol(self, value: Value, index: tuple[int, ...]) -> Any:
        return sympy.Symbol(value.name + (f"[{','.join(map(str, index))}]" if index else ""))

    def steps(self, steps: Iterable[FlatStep]) -> Iterator[cirq.Operation]:
        for step in steps:
            if isinstance(step.row, Gate):
                yield from self.gate(step, step.row)
            else:
                yield from self.other(step)

    def on(self, wires: Iterable[int]) -> list[cirq.LineQubit]:
        return [self.qubits[wire] for wire in wires]

    def gate(self, step: FlatStep, row: Gate) -> Iterator[cirq.Operation]:
        angles = [self.expressions.angle(angle) for angle in step.angles]
        if row.mnemonic == "phase" and self.noisy:
            # Nothing shows it, and Cirq's simulator of density matrices cannot run one.
            return
        if row.mnemonic == "phase" and isinstance(angles[0], sympy.Basic):
            # Cirq cannot draw a symbolic global phase; this is one on any qubit.
            turns = 2 * angles[0] / sympy.pi
            yield cirq.ZPowGate(exponent=turns).on(self.qubits[0])
            yield cirq.ZPowGate(exponent=-turns, global_shift=-0.5).on(self.qubits[0])
        elif row.mnemonic in _compiled():
            yield _spelled(row, angles).on(*self.on(step.wires))
        elif row.base in _compiled() and row.controls:
            base = _spelled(all_gates()[row.base], angles)
            yield base.controlled(row.controls).on(*self.on(step.wires))
        else:
            yield from self.steps(parts(step))

    def other(self, step: FlatStep) -> Iterator[cirq.Operation]:
        qubits = self.on(step.wires)
        if step.row is dialects.RESET:
            yield cirq.ResetChannel().on(*qubits)
        elif step.row is dialects.MEASURE:
            yield cirq.measure(*qubits, key=step.bit)
        elif step.row is dialects.IF:
            yield from self.conditional(step)
        elif isinstance(step.row, dialects.Channel) and step.row not in dialects.READING:
            yield _channel(step.row, [angle.const for angle in step.angles]).on(*qubits)

    def conditional(self, step: FlatStep) -> Iterator[cirq.Operation]:
        """Every operation of both bodies with its condition; Cirq has no blocks."""
        key = sympy.Symbol(step.bit or "")
        then, otherwise = step.bodies
        for body, condition in ((then, step.bit), (otherwise, sympy.Eq(key, 0))):
            if any(inner.row in dialects.READING for inner in body):
                raise cannot("Cirq", step, "reading errs under a condition")
            for operation in self.steps(body):
                if cirq.is_measurement(operation):
                    raise cannot("Cirq", step, "it measures under a condition")
                yield operation.with_classical_controls(condition)

    def sample(self, sample: Sample) -> cirq.Operation:
        confusion = {
            tuple([sample.qubits.index(wire) for wire in each.wires]): each.matrix
            for each in self.misread
            if set(each.wires) <= set(sample.qubits)
        }
        return cirq.measure(*self.on(sample.qubits), key="meas", confusion_map=confusion or None)


def _is_noisy(steps: Iterable[FlatStep]) -> bool:
    return any(
        isinstance(step.row, dialects.Channel) or any(map(_is_noisy, step.bodies)) for step in steps
    )


def _channel(row: dialects.Channel, numbers: Sequence[float]) -> cirq.Gate:
    made = _CHANNELS.get(row.mnemonic)
    return made(*numbers) if made is not None else cirq.KrausChannel(row.kraus(*numbers))
