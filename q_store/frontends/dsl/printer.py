"""IR functions as programs of the text language: the inverse of reading one.

Loops and gate definitions are not found again. Numbers that are no affine form of the parameters
become `derived` names, each written once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from q_store.frontends.dsl.evaluator import BUILT_IN
from q_store.frontends.dsl.tables import tables
from q_store.frontends.expr import Atom, Call, Expr, Ref
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.parameters import Parameter
from q_store.frontends.raising import raise_func
from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, Observation, State, observation_qubits

_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
_USUAL_RESULTS: Final = frozenset(("e", "p", "s", "psi", "v", ""))
"""Names that results get when nobody names them."""


def to_dsl(program: Func | Module) -> str:
    """The text of a function, or of the first function of a module.

    Reading it gives a function with the same parameters, steps and observations. Raises `QS140`
    for a parameter whose name is no name of the language and for a function without qubits,
    `QS340` for a function that is no circuit and `QS322` for a number that has no value.
    """
    func = program.main if isinstance(program, Module) else program
    if not isinstance(func, Func):
        raise error("QS140", f"expected a Func or a Module, got {type(program).__name__}")
    return _Printer(func).text()


class _Printer:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.raised = raise_func(func)
        self.words = {text for text in tables().literals if text.isalpha()} | set(BUILT_IN)
        self.taken = {entry.name for entry in self.raised.parameters} | self.words
        for entry in self.raised.parameters:
            if not self.is_name(entry.name):
                raise error(
                    "QS140",
                    f"the parameter `{entry.name}` cannot be written in the text language: its "
                    "name is a word of the language or no name at all",
                )
        if not self.raised.n_qubits:
            raise error("QS140", f"@{func.name} has no qubits; a program declares at least one")
        self.register = self.fresh("q")
        self.calls: dict[Call, str] = {}
        self.computed: dict[Call, Expr] = {}
        self.bits: dict[str, str] = {}
        self.lines: list[str] = []

    def is_name(self, text: str) -> bool:
        return bool(_NAME.match(text)) and text not in self.words

    def fresh(self, base: str) -> str:
        """A name nothing else has."""
        name, number = base, 0
        while name in self.taken:
            number += 1
            name = f"{base}{number}"
        self.taken.add(name)
        return name

    def text(self) -> str:
        name = re.sub(r"\W", "_", self.func.name) or "_"
        name = name if self.is_name(name) else f"c_{name}"
        self.lines = [f"circuit {name}", f"qubits {self.register}[{self.raised.n_qubits}]"]
        self.lines += [_declaration(entry) for entry in self.raised.parameters]
        self.steps(self.raised.steps, "")
        named = zip(self.raised.observations, self.func.results, strict=False)
        self.lines += [self.observation(made, value.name) for made, value in named]
        return "\n".join(self.lines) + "\n"

    # --- steps --------------------------------------------------------------------------------

    def steps(self, steps: Iterable[Instruction], indent: str) -> None:
        for step in steps:
            if step.row is dialects.IF:
                self.conditional(step, indent)
                continue
            if not indent:
                self.derive(step.angles)
            self.lines.append(indent + self.step(step))

    def step(self, step: Instruction) -> str:
        name = "noise " + step.name if isinstance(step.row, dialects.Channel) else step.name
        angles = f"({', '.join(map(self.angle, step.angles))})" if step.angles else ""
        bit = f" -> {self.bit(step.bit or 'c')}" if step.row is dialects.MEASURE else ""
        return f"{name}{angles} {self.wires(step.wires)}{bit}".rstrip()

    def wires(self, wires: Sequence[int]) -> str:
        return ", ".join(f"{self.register}[{wire}]" for wire in wires)

    def bit(self, text: str) -> str:
        if text not in self.bits:
            self.bits[text] = self.fresh(text if _NAME.match(text) else "c")
        return self.bits[text]

    def conditional(self, step: Instruction, indent: str) -> None:
        """`if` with its bodies; what they compute is derived before it, where it is seen."""
        if not indent:
            self.derive(_angles(step))
        then, otherwise = step.bodies
        self.lines.append(f"{indent}if {self.bit(step.bit or 'c')} {{")
        self.steps(then, indent + "  ")
        if otherwise:
            self.lines.append(f"{indent}}} else {{")
            self.steps(otherwise, indent + "  ")
        self.lines.append(f"{indent}}}")

    # --- numbers ------------------------------------------------------------------------------

    def derive(self, angles: Iterable[StoredAngle]) -> None:
        """Write down every call these angles need that is not written down yet."""
        for angle in angles:
            if isinstance(angle, Expr):
                self.derive_calls(self.known(angle))

    def known(self, angle: Expr) -> Expr:
        """The expression as reading it back gives it: functions of numbers are computed."""
        return angle.substitute(lambda ref: None, self.computed) if angle.depth else angle

    def derive_calls(self, expr: Expr) -> None:
        for atom, _ in expr.terms:
            if isinstance(atom, Call) and atom not in self.calls:
                for argument in atom.args:
                    self.derive_calls(argument)
                arguments = ", ".join(map(self.angle, atom.args))
                name = self.fresh("t")
                self.lines.append(f"derived {name} = {atom.function}({arguments})")
                self.calls[atom] = name

    def angle(self, angle: StoredAngle) -> str:
        if not isinstance(angle, Expr):
            return repr(angle + 0.0)
        angle, text = self.known(angle), ""
        for atom, coef in angle.terms:
            factor = "" if abs(coef) == 1.0 else f"{abs(coef)!r}*"
            text += _sign(text, coef) + factor + self.atom(atom)
        if angle.const or not text:
            text += _sign(text, angle.const) + repr(abs(angle.const))
        return text

    def atom(self, atom: Atom) -> str:
        return repr(atom) if isinstance(atom, Ref) else self.calls[atom]

    # --- observations -------------------------------------------------------------------------

    def observation(self, made: Observation, name: str) -> str:
        result = f" as {name}" if name not in _USUAL_RESULTS and self.is_name(name) else ""
        if isinstance(made, Expval):
            return f"expect {made.paulis!r}{result}"
        kind = type(made).__name__.lower()
        if isinstance(made, State):
            return kind + result
        return f"{kind} {self.wires(observation_qubits(made) or ())}{result}"


def _declaration(entry: Parameter) -> str:
    shape = f"[{', '.join(map(str, entry.shape))}]" if entry.shape else ""
    return f"{entry.role} {entry.name}{shape}"


def _angles(step: Instruction) -> Iterator[StoredAngle]:
    """The angles of a step and of everything in its bodies."""
    yield from step.angles
    for body in step.bodies:
        for inner in body:
            yield from _angles(inner)


def _sign(before: str, value: float) -> str:
    if not before:
        return "-" if value < 0 else ""
    return " - " if value < 0 else " + "
