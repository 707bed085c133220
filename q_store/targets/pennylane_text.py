"""Circuits as the Python source of a PennyLane quantum function, for `qstorec --emit pennylane`.

It needs no q-store to run, and is written without PennyLane.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from q_store.qir import dialects
from q_store.qir.diagnostics import counted
from q_store.qir.func import Func
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample
from q_store.qir.ops import Gate
from q_store.qir.values import Value
from q_store.targets.flat import Expressions, FlatFunc, FlatStep, flatten, parts
from q_store.targets.pennylane_names import (
    CHANNELS,
    argument_names,
    channel_numbers,
    check_steps,
    spelling,
)
from q_store.targets.qasm_text import Text, as_text
from q_store.targets.reading import with_channels

_OPERATORS: Final = {"mul": "*", "div": "/", "pow": "**"}
_TAKEN: Final = {*keyword.kwlist, *keyword.softkwlist, "qml", "np", "pi", "range"}


def to_pennylane_text(func: Func) -> str:
    """The source of a module with one function, named after the circuit, for `qml.QNode`.

    Its arguments are the parameters in order; arrays may have leading batch dimensions. Wire i is
    the label i. It does and returns what `to_pennylane`'s function does.

    Raises `QS340` for a function that is no circuit, `QS356` for conditions within conditions and
    errors of reading in other bases than the computational one.
    """
    flat = with_channels(flatten(func), "PennyLane")
    check_steps(flat.steps)
    return _Source(flat).text()


class _Source:
    def __init__(self, flat: FlatFunc) -> None:
        self.flat = flat
        self.lines: list[str] = []
        self.lead = "    "
        self.arguments = argument_names(flat.func, _TAKEN)
        self.taken = {*_TAKEN, *self.arguments.values()}
        self.name = self.free(flat.func.name)
        self.bits: dict[str, str] = {}
        functions = {name: self.function(name) for name in _FUNCTIONS}
        self.expressions = Expressions(flat, self.element, functions)

    def text(self) -> str:
        self.steps(self.flat.steps)
        returned = ", ".join(map(_process, self.flat.observations))
        if returned:
            self.line(f"return {returned}")
        signature = ", ".join(self.arguments.values())
        body = self.lines or [f"{self.lead}pass"]
        used = "\n".join(body)
        head = ["from math import pi", ""] if re.search(r"\bpi\b", used) else []
        head += ["import numpy as np"] if "np." in used else []
        named = self.arguments.items()
        shapes = [f"{name}: shape {v.type.shape}" for v, name in named if v.type.shape]
        note = (
            f'    """On {counted(self.flat.n_qubits, "wire")}. {"; ".join(shapes)}'.rstrip() + '"""'
        )
        lines = [*head, "import pennylane as qml", "", "", f"def {self.name}({signature}):", note]
        return "\n".join([*lines, *body]) + "\n"

    def line(self, text: str) -> None:
        self.lines.append(self.lead + text)

    def free(self, wish: str) -> str:
        """A name like the wish that nothing else has."""
        name, count = wish if wish.isidentifier() else f"v_{wish}", 0
        while name in self.taken:
            count += 1
            name = f"{wish}_" if count == 1 else f"{wish}_{count}"
        self.taken.add(name)
        return name

    # --- angles -------------------------------------------------------------------------------

    def element(self, value: Value, index: tuple[int, ...]) -> Text:
        name = self.arguments[value]
        return Text(f"{name}[..., {', '.join(map(str, index))}]" if index else name)

    def function(self, name: str) -> Callable[..., Text]:
        """Writes the result of a function into a variable, so that it is computed once."""

        def write(*args: Any) -> Text:
            shown = [as_text(arg) for arg in args]
            if name in _OPERATORS:
                left, right = shown
                made = f"{left.inside(2)} {_OPERATORS[name]} {right.inside(2)}"
            else:
                made = f"qml.math.{_FUNCTIONS[name]}({', '.join(part.text for part in shown)})"
            variable = self.free("t")
            self.line(f"{variable} = {made}")
            return Text(variable)

        return write

    def angle(self, angle: Any) -> Text:
        return as_text(self.expressions.angle(angle))

    # --- steps --------------------------------------------------------------------------------

    def steps(self, steps: Iterable[FlatStep]) -> None:
        for step in steps:
            if isinstance(step.row, Gate):
                self.gate(step)
            elif step.row is dialects.IF:
                self.conditional(step)
            else:
                self.line(self.other(step))

    def gate(self, step: FlatStep) -> None:
        row = step.row
        assert isinstance(row, Gate)
        found, angles = spelling(row), [self.angle(angle).text for angle in step.angles]
        if row.mnemonic == "phase":
            self.line(f"qml.GlobalPhase({self.angle(-step.angles[0]).text})")
        elif row.mnemonic == "rzx":
            self.line(f'qml.PauliRot({angles[0]}, "ZX", wires={_wires(step.wires)})')
        elif found is None:
            self.steps(parts(step))
        else:
            made = f"qml.{found.name}"
            made = f"qml.adjoint({made})" if found.adjoint else made
            if found.controls:
                made = f"qml.ctrl({made}, control={_wires(step.wires[: found.controls])})"
            wires = f"wires={_wires(step.wires[found.controls :])}"
            self.line(f"{made}({', '.join([*angles, wires])})")

    def other(self, step: FlatStep) -> str:
        row, wires = step.row, f"wires={_wires(step.wires)}"
        if row is dialects.BARRIER:
            return f"qml.Barrier({wires})"
        if row is dialects.RESET:
            return f"qml.measure({step.wires[0]}, reset=True)"
        if row is dialects.MEASURE:
            name = self.bits[step.bit or ""] = self.free(step.bit or "c")
            return f"{name} = qml.measure({step.wires[0]})"
        assert isinstance(row, dialects.Channel)
        rates = [angle.const for angle in step.angles]
        if row.mnemonic in CHANNELS:
            own = channel_numbers(row.mnemonic, rates)
            return f"qml.{CHANNELS[row.mnemonic]}({', '.join([*map(repr, own), wires])})"
        kraus = ", ".join(f"np.array({matrix.tolist()!r})" for matrix in row.kraus(*rates))
        return f"qml.QubitChannel([{kraus}], {wires})"

    def conditional(self, step: FlatStep) -> None:
        """Two functions, and a call of one of them."""
        names = []
        for wish, body in zip(("then", "otherwise"), step.bodies, strict=True):
            names.append(self.free(wish))
            self.line(f"def {names[-1]}():")
            outer, self.lead = self.lead, self.lead + "    "
            before = len(self.lines)
            self.steps(body)
            if len(self.lines) == before:
                self.line("pass")
            self.lead = outer
        self.line(f"qml.cond({self.bits[step.bit or '']}, {', '.join(names)})()")


_FUNCTIONS: Final = {
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log")},
    **{name: name for name in ("sqrt", "abs", *_OPERATORS)},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "tan2")},
}
"""Names in `qml.math` of the `f.*` ops."""


def _wires(wires: tuple[int, ...]) -> str:
    return str(wires[0]) if len(wires) == 1 else repr(list(wires))


def _process(observation: Observation) -> str:
    if isinstance(observation, Expval):
        return f"qml.expval({_operator(observation.paulis)})"
    if isinstance(observation, Probs):
        return f"qml.probs(wires={list(observation.qubits)!r})"
    if isinstance(observation, Sample):
        return f"qml.sample(wires={list(observation.qubits)!r})"
    return "qml.state()"


def _operator(paulis: PauliSum) -> str:
    words = [
        " @ ".join(f"qml.{letter}({qubit})" for qubit, letter in word) or "qml.I(0)"
        for _, word in paulis.terms
    ]
    coefficients = [coefficient for coefficient, _ in paulis.terms]
    if coefficients == [1.0]:
        return words[0]
    return f"qml.dot({coefficients or [0.0]!r}, [{', '.join(words or ['qml.I(0)'])}])"
