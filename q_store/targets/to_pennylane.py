"""Circuits to PennyLane."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

import pennylane as qml

from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample
from q_store.qir.ops import Gate
from q_store.qir.values import Value
from q_store.targets.flat import Expressions, FlatFunc, FlatStep, flatten, parts
from q_store.targets.pennylane_names import (
    CHANNELS,
    Spelling,
    argument_names,
    channel_numbers,
    check_steps,
    spelling,
)
from q_store.targets.reading import with_channels

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(qml.math, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(qml.math, name) for name in ("exp", "log", "sqrt", "abs")},
    **{f"a{name}": getattr(qml.math, f"arc{name}") for name in ("sin", "cos", "tan")},
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": lambda a, b: qml.math.arctan2(a, b),
}


def to_pennylane(func: Func, *, samples: str = "sample") -> Callable[..., Any]:
    """A quantum function of the circuit's parameters, in order and by name, for `qml.QNode`.
    Names that are keywords of Python, as `lambda`, get an underscore.

    Wire i is the label i. Array parameters may have leading batch dimensions, which PennyLane
    broadcasts; any of its interfaces differentiates through the function. It returns what the
    circuit observes; samples are `qml.sample` or, with `samples="counts"`, `qml.counts`. The
    attributes `parameter_shapes`, `input_names` and `n_qubits` describe it. Gates without a
    counterpart are decomposed exactly.

    Raises `QS340` for a function that is no circuit, `QS356` for conditions within conditions and
    errors of reading in other bases than the computational one.
    """
    if samples not in ("sample", "counts"):
        raise error("QS381", f"samples must be 'sample' or 'counts', got {samples!r}")
    flat = with_channels(flatten(func), "PennyLane")
    check_steps(flat.steps)
    names = argument_names(func)
    signature = inspect.Signature(
        [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names.values()]
    )

    def circuit(*args: Any, **named: Any) -> Any:
        bound = signature.bind(*args, **named).arguments
        run = _Run(flat, {value: bound[name] for value, name in names.items()})
        run.steps(flat.steps)
        measured = [_process(item, samples) for item in flat.observations]
        return measured[0] if len(measured) == 1 else tuple(measured) or None

    # A plain function, which is what PennyLane inspects; what it stands for is written on it.
    written: Any = circuit
    written.__name__ = written.__qualname__ = func.name
    written.__signature__ = signature
    written.parameter_shapes = {names[v]: v.type.shape for v in func.args}
    written.input_names = tuple(names[v] for v in func.args_with_role("input"))
    written.n_qubits = flat.n_qubits
    return circuit


def pennylane_observable(paulis: PauliSum) -> Any:
    """The operator of a Pauli sum; qubit i is the wire i."""
    words = [
        qml.prod(*[getattr(qml, letter)(qubit) for qubit, letter in word])
        if len(word) > 1
        else getattr(qml, word[0][1])(word[0][0])
        if word
        else qml.I(0)
        for _, word in paulis.terms
    ]
    if len(words) == 1 and paulis.terms[0][0] == 1.0:
        return words[0]
    coefficients = [coef for coef, _ in paulis.terms]
    return qml.dot(coefficients or [0.0], words or [qml.I(0)])


def _process(observation: Observation, samples: str) -> Any:
    if isinstance(observation, Expval):
        return qml.expval(pennylane_observable(observation.paulis))
    if isinstance(observation, Probs):
        return qml.probs(wires=observation.qubits)
    if isinstance(observation, Sample):
        return getattr(qml, samples)(wires=observation.qubits)
    return qml.state()


class _Run:
    """One call of the quantum function."""

    def __init__(self, flat: FlatFunc, arguments: dict[Value, Any]) -> None:
        self.arguments = arguments
        self.bits: dict[str, Any] = {}
        self.expressions = Expressions(flat, self.element, _FUNCTIONS)

    def element(self, value: Value, index: tuple[int, ...]) -> Any:
        argument = self.arguments[value]
        part = argument[(..., *index)] if index else argument
        return part.item() if _is_symbol(part) else part

    def steps(self, steps: Iterable[FlatStep]) -> None:
        for step in steps:
            if isinstance(step.row, Gate):
                self.gate(step)
            else:
                self.other(step)

    def gate(self, step: FlatStep) -> None:
        row = step.row
        assert isinstance(row, Gate)
        found = spelling(row)
        angles = [self.expressions.angle(angle) for angle in step.angles]
        if row.mnemonic == "phase":
            qml.GlobalPhase(-angles[0])
        elif row.mnemonic == "rzx":
            qml.PauliRot(angles[0], "ZX", wires=step.wires)
        elif found is None:
            self.steps(parts(step))
        else:
            _queue(found, angles, step.wires)

    def other(self, step: FlatStep) -> None:
        row = step.row
        if row is dialects.BARRIER:
            qml.Barrier(wires=step.wires)
        elif row is dialects.RESET:
            qml.measure(step.wires[0], reset=True)
        elif row is dialects.MEASURE:
            self.bits[step.bit or ""] = qml.measure(step.wires[0])
        elif row is dialects.IF:
            then, otherwise = step.bodies
            bit = self.bits[step.bit or ""]
            qml.cond(bit, lambda: self.steps(then), lambda: self.steps(otherwise))()
        else:
            self.channel(step)

    def channel(self, step: FlatStep) -> None:
        row = step.row
        assert isinstance(row, dialects.Channel)
        rates = [angle.const for angle in step.angles]
        if row.mnemonic in CHANNELS:
            own = channel_numbers(row.mnemonic, rates)
            getattr(qml, CHANNELS[row.mnemonic])(*own, wires=step.wires)
        else:
            qml.QubitChannel(row.kraus(*rates), wires=step.wires)


def _is_symbol(part: Any) -> bool:
    """Whether this is one element of an array of objects, which numpy wraps."""
    return getattr(part, "shape", None) == () and str(getattr(part, "dtype", "")) == "object"


def _queue(found: Spelling, angles: list[Any], wires: tuple[int, ...]) -> None:
    """Put one operator down."""
    made: Any = getattr(qml, found.name)
    if found.adjoint:
        made = qml.adjoint(made)
    if found.controls:
        made = qml.ctrl(made, control=wires[: found.controls])
    made(*angles, wires=wires[found.controls :])
