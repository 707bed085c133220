"""Circuits to OpenQASM 2 and 3.

Gates the standard libraries lack are written as definitions made from the gate table's rules, or,
in OpenQASM 3, under modifiers. What OpenQASM has no words for stands in comments that begin with
`// q-store:`, and `from_qasm` reads them: which parameters are data, names that had to be changed,
and what is observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.diagnostics import error
from q_store.qir.func import Func, Role, element_refs
from q_store.qir.observables import Sample
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.qir.types import F64
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
from q_store.targets.qasm_text import Definitions, GivenNames, Text, as_text

_SAME: Final = "u2 cx id x y z h s sdg t tdg rx ry rz cz cy ch ccx crz cu3"
_OLD: Final = {
    **{name: name for name in _SAME.split()},
    **{"u": "u3", "p": "u1", "cp": "cu1"},
}
"""Rows in the first published `qelib1.inc`, which every reader of OpenQASM 2 knows."""


def to_qasm2(func: Func) -> str:
    """OpenQASM 2.0 text. Only gates of the first published `qelib1.inc` are used without a
    definition. Global phases, which the language lacks, are left out.

    Raises `QS382` for a circuit with parameters, which the language has none of, `QS356` for noise
    and conditions within conditions, `QS340` for a function that is no circuit.
    """
    named = [value.name for value in func.args]
    if named:
        raise error(
            "QS382",
            f"OpenQASM 2 has no parameters, and the circuit has {', '.join(named[:5])}",
            help="bind them first, or write OpenQASM 3",
        )
    return _Export(flatten(func), 2, "spec", True).text()


def to_qasm3(func: Func, *, u: str = "spec", arrays: bool = True, register: str = "c") -> str:
    """OpenQASM 3.0 text. Parameters are `input float[64]` and `input array[float[64], n]`; with
    `arrays=False` one scalar for each element, which more readers know.

    `u` is the convention for the phase of `U` and `u2`: `"spec"`, where `gphase` makes up for the
    difference to the gate table, or `"qiskit"`. `register` is what the bits of the first sample are
    called where the name is free. Raises `QS356` and `QS340` as `to_qasm2` does, and
    `QS381` for an unknown convention.
    """
    if u not in ("spec", "qiskit"):
        raise error("QS381", f"u must be 'spec' or 'qiskit', got {u!r}")
    return _Export(flatten(func), 3, u, arrays, register).text()


class _Export:
    def __init__(
        self, flat: FlatFunc, version: int, u: str, arrays: bool, register: str = "c"
    ) -> None:
        self.last = register
        self.flat, self.version, self.arrays = flat, version, arrays
        self.spec = version == 3 and u == "spec"
        self.names = GivenNames(all_gates())
        self.notes: list[str] = []
        self.gates: list[str] = []
        self.inputs: list[str] = []
        self.lines: list[str] = []
        self.defined: dict[str, str] = {}
        self.elements: dict[tuple[Value, tuple[int, ...]], str] = {}
        self.bits: dict[str, str] = {}
        self.phase = Angle()
        for value in flat.func.args:
            self.declare(value)
        self.roles()
        self.definitions = Definitions(self.names)
        self.expressions = Expressions(flat, self.symbol, self.definitions.functions)
        self.register = self.names.free("q")

    def text(self) -> str:
        library = "qelib1.inc" if self.version == 2 else "stdgates.inc"
        n = self.flat.n_qubits
        qubits = f"qreg {self.register}[{n}];" if self.version == 2 else ""
        qubits = qubits or f"qubit[{n}] {self.register};"
        self.steps(self.flat.steps, "")
        self.end()
        head = [f"OPENQASM {self.version}.0;", f'include "{library}";']
        parts_of_text = (head, self.notes, self.gates, self.inputs, [qubits], self.bit_lines())
        lines = [line for part in parts_of_text for line in part]
        return "\n".join([*lines, *self.definitions.lines, *self.lines]) + "\n"

    # --- parameters ---------------------------------------------------------------------------

    def declare(self, value: Value) -> None:
        """An input; a name that is taken in OpenQASM is changed, and noted."""
        if value.type is F64 or self.arrays:
            name = self.names.free(value.name)
            if name != value.name:
                self.notes.append(f"// q-store: name {name} {value.name}")
            extents = "".join(f", {extent}" for extent in value.type.shape)
            kind = f"array[float[64]{extents}]" if extents else "float[64]"
            self.inputs.append(f"input {kind} {name};")
            for _, index in element_refs(value):
                place = f"[{', '.join(map(str, index))}]" if index else ""
                self.elements[value, index] = name + place
            return
        for _, index in element_refs(value):
            name = self.names.free("_".join([value.name, *map(str, index)]))
            place = ",".join(map(str, index))
            self.notes.append(f"// q-store: name {name} {value.name}[{place}]")
            self.inputs.append(f"input float[64] {name};")
            self.elements[value, index] = name

    def roles(self) -> None:
        roles: tuple[Role, ...] = ("input", "weight")
        for role in roles:
            named = [value.name for value in self.flat.func.args_with_role(role)]
            if named:
                self.notes.append(f"// q-store: {role} {' '.join(named)}")

    def symbol(self, value: Value, index: tuple[int, ...]) -> Text:
        return Text(self.elements[value, index], shorten=self.definitions.short)

    def angle(self, angle: Angle) -> str:
        made = self.expressions.angle(angle)
        return self.definitions.short(made).text if isinstance(made, Text) else as_text(made).text

    # --- steps --------------------------------------------------------------------------------

    def steps(self, steps: Iterable[FlatStep], lead: str) -> None:
        for step in steps:
            if isinstance(step.row, Gate):
                self.gate(step, lead)
            else:
                self.other(step, lead)

    def gate(self, step: FlatStep, lead: str) -> None:
        if step.row.mnemonic == "phase":
            self.phase = self.phase + step.angles[0]
            return
        name = self.call(step)
        self.phase = self.phase + self.difference(step)
        angles = [self.angle(angle) for angle in step.angles]
        if step.row.mnemonic == "cu3" and self.version == 3:
            angles.append("0.0")
        self.lines.append(lead + _statement(name, angles, self.qubits(step.wires)))

    def qubits(self, wires: Sequence[int]) -> list[str]:
        return [f"{self.register}[{wire}]" for wire in wires]

    def difference(self, step: FlatStep) -> Angle:
        """The phase by which the row differs from what the name means in the specification."""
        if not self.spec:
            return Angle()
        if step.row.mnemonic == "u":
            return step.angles[0] * -0.5
        return (step.angles[0] + step.angles[1]) * 0.5 if step.row.mnemonic == "u2" else Angle()

    def call(self, step: FlatStep) -> str:
        """What a call of the row begins with: modifiers and a name, which is defined if need be."""
        row = step.row
        assert isinstance(row, Gate)
        known = self.spelling(row)
        if known is not None:
            return known
        if self.version == 3:
            modified = self.modified(row)
            if modified is not None:
                return modified
        if row.mnemonic not in self.defined:
            self.define(row)
        return self.defined[row.mnemonic]

    def spelling(self, row: Gate) -> str | None:
        if self.version == 2:
            return _OLD.get(row.mnemonic)
        own = {"u": "U", "u2": "u2", "cu3": "cu"}
        return own.get(row.mnemonic) or row.names.get("qasm3")

    def modified(self, row: Gate) -> str | None:
        """A row as modifiers on a gate of the library."""
        if row.mnemonic == "sxdg":
            return "inv @ sx"
        if row.base == "phase":
            return _controlled(row.controls - 2, "cp") if row.controls > 2 else None
        base = all_gates()[row.base].names.get("qasm3") if row.base else None
        return _controlled(row.controls, base) if base else None

    def define(self, row: Gate) -> None:
        """Write the definition of a row, and before it those of the rows it is made of."""
        angles = [Value(F64, f"p{k}") for k in range(len(row.angle_names))]
        step = FlatStep(row, tuple(range(row.wires or 0)), tuple(map(Angle.of, angles)))
        body, phase = [], Angle()
        for part in _rule(step):
            if part.row.mnemonic == "phase":
                phase = phase + part.angles[0]
                continue
            name = self.call(part)
            phase = phase + self.difference(part)
            shown = [_local(angle) for angle in part.angles]
            if part.row.mnemonic == "cu3" and self.version == 3:
                shown.append("0.0")
            body.append(_statement(name, shown, [f"q{wire}" for wire in part.wires]))
        if self.version == 3 and not phase.is_zero:
            body.append(f"gphase({_local(phase)});")
        wish = row.names.get(f"qasm{self.version}", row.mnemonic)
        name = wish if wish in all_gates() or self.version == 2 else self.names.free(wish)
        self.defined[row.mnemonic] = name
        head = f"gate {name}" + (f"({', '.join(v.name for v in angles)})" if angles else "")
        wires = ", ".join(f"q{wire}" for wire in step.wires)
        self.gates.append(f"{head} {wires} {{ {' '.join(body)} }}")

    # --- what is no gate ----------------------------------------------------------------------

    def other(self, step: FlatStep, lead: str) -> None:
        if step.row is dialects.BARRIER:
            self.lines.append(f"{lead}barrier {', '.join(self.qubits(step.wires))};")
        elif step.row is dialects.RESET:
            self.lines.append(f"{lead}reset {self.register}[{step.wires[0]}];")
        elif step.row is dialects.MEASURE:
            self.lines.append(lead + self.measurement(step.wires[0], self.bit(step.bit or "c")))
        elif step.row is dialects.IF:
            self.conditional(step, lead)
        else:
            raise cannot(f"OpenQASM {self.version}", step, "it has no noise")

    def bit(self, name: str) -> str:
        if name not in self.bits:
            self.bits[name] = self.names.free(name)
        return self.bits[name]

    def bit_lines(self) -> list[str]:
        if self.version == 2:
            return [f"creg {name}[1];" for name in self.bits.values()]
        return [f"bit {name};" for name in self.bits.values()]

    def measurement(self, wire: int, bit: str) -> str:
        if self.version == 2:
            place = bit if bit.endswith("]") else f"{bit}[0]"
            return f"measure {self.register}[{wire}] -> {place};"
        return f"{bit} = measure {self.register}[{wire}];"

    def conditional(self, step: FlatStep, lead: str) -> None:
        bit = self.bit(step.bit or "c")
        if self.version == 2:
            if lead:
                raise cannot("OpenQASM 2", step, "it has no conditions within conditions")
            for value, body in zip((1, 0), step.bodies, strict=True):
                self.steps(body, f"if({bit}=={value}) ")
            return
        phase, self.phase = self.phase, Angle()
        for opening, body in zip((f"if ({bit}) {{", "} else {"), step.bodies, strict=True):
            if not body and opening.startswith("}"):
                continue
            self.lines.append(lead + opening)
            self.steps(body, lead + "  ")
            self.write_phase(lead + "  ")
        self.lines.append(lead + "}")
        self.phase = phase

    def write_phase(self, lead: str) -> None:
        if self.version == 3 and not self.phase.is_zero:
            self.lines.append(f"{lead}gphase({self.angle(self.phase)});")
        self.phase = Angle()

    def end(self) -> None:
        """The phase, what is observed as notes, and the measurements of the first sample."""
        self.write_phase("")
        observed = self.flat.observations
        samples = [item for item in observed if isinstance(item, Sample)]
        if self.bits and not observed:
            self.notes.append("// q-store: observe nothing")
        if self.bits or len(observed) > 1 or len(samples) != len(observed):
            self.notes += [f"// q-store: observe {observation_note(item)}" for item in observed]
        if not samples:
            return
        name, size = self.names.free(self.last), len(samples[0].qubits)
        register = f"creg {name}[{size}];" if self.version == 2 else f"bit[{size}] {name};"
        self.lines.append(register)
        for place, qubit in enumerate(samples[0].qubits):
            self.lines.append(self.measurement(qubit, f"{name}[{place}]"))


def _controlled(count: int, name: str) -> str:
    return f"ctrl({count}) @ {name}" if count > 1 else f"ctrl @ {name}"


def _statement(name: str, angles: Sequence[str], qubits: Sequence[str]) -> str:
    return name + (f"({', '.join(angles)})" if angles else "") + f" {', '.join(qubits)};"


def _local(angle: Angle) -> str:
    """An angle of a definition in terms of its parameters."""
    total: Any = None
    for (value, _), coef in angle.terms:
        part = Text(value.name) if coef == 1.0 else Text(value.name) * coef
        total = part if total is None else total + part
    if total is None:
        return as_text(angle.const).text
    text: str = total.text if angle.const == 0.0 else (total + angle.const).text
    return text


def _rule(step: FlatStep) -> Iterable[FlatStep]:
    """The steps of a definition; the roots of X are primitives of the table."""
    middle = {"sx": "s", "sxdg": "sdg"}.get(step.row.mnemonic)
    if middle is None:
        return list(parts(step))
    return [FlatStep(all_gates()[name], step.wires) for name in ("h", middle, "h")]
