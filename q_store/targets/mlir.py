"""Circuits to MLIR in the shape Catalyst gives them, in MLIR's generic form.

One function on the dialects `quantum`, `arith`, `math`, `tensor`, `scf` and `func`: qubits are
extracted from a register and threaded as values, parameters are tensors, angles are computed with
`arith` and `math`, observables are built and measured before the qubits go back. Gate names are
PennyLane's. Names and roles of parameters are argument attributes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from q_store.qir import dialects
from q_store.qir.angle import Angle, Ref
from q_store.qir.func import Func
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample
from q_store.qir.ops import Gate
from q_store.qir.types import Type
from q_store.qir.values import Value
from q_store.targets.flat import Expressions, FlatFunc, FlatStep, cannot, flatten, parts
from q_store.targets.pennylane_names import spelling

_BIT: Final = "!quantum.bit"
_REG: Final = "!quantum.reg"
_OBS: Final = "!quantum.obs"
_MATH: Final = {
    **{name: f"math.{name}" for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh")},
    **{name: f"math.{name}" for name in ("cosh", "tanh", "exp", "log", "sqrt", "atan2")},
    **{"abs": "math.absf", "mul": "arith.mulf", "div": "arith.divf", "pow": "math.powf"},
}
_NAMES: Final = {"I": "Identity", "X": "PauliX", "Y": "PauliY", "Z": "PauliZ"}


def to_mlir(func: Func) -> str:
    """A module with one function. Raises `QS340` for a function that is no circuit and `QS356` for
    noise."""
    return _Export(flatten(func)).text()


def _float(value: float) -> str:
    """A number MLIR reads: with a point, also before an exponent."""
    text = repr(float(value))
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{e}{exponent}"


class _Number:
    """A value of type f64 while an angle is computed."""

    def __init__(self, export: _Export, name: str) -> None:
        self.export, self.name = export, name

    def __mul__(self, factor: float) -> _Number:
        return self.export.binary("arith.mulf", self, factor)

    def __add__(self, other: _Number | float) -> _Number:
        return self.export.binary("arith.addf", self, other)


class _Export:
    def __init__(self, flat: FlatFunc) -> None:
        self.flat = flat
        self.lines: list[str] = []
        self.indent = "    "
        self.count = 0
        self.constants: dict[str, str] = {}
        self.wires: list[str] = []
        self.bits: dict[str, str] = {}
        self.elements: dict[Ref, _Number] = {}
        self.args = {value: f"%arg{k}" for k, value in enumerate(flat.func.args)}

    # --- text ---------------------------------------------------------------------------------

    def text(self) -> str:
        n = self.flat.n_qubits
        register = self.op("quantum.alloc", (), f"<{{nqubits_attr = {n} : i64}}>", (_REG,))[0]
        for wire in range(n):
            place = f"<{{idx_attr = {wire} : i64}}>"
            self.wires += self.op("quantum.extract", [(register, _REG)], place, (_BIT,))
        functions: dict[str, Callable[..., _Number]] = {
            name: self.function(full) for name, full in _MATH.items()
        }
        # Read before any body, which could not share what it reads with later steps.
        for value, index in _refs(self.flat.steps):
            if value in self.args:
                self.elements[value, index] = self.element(value, index)
        self.expressions = Expressions(self.flat, self.element, functions)
        self.steps(self.flat.steps)
        results = [self.observe(item) for item in self.flat.observations]
        for wire, name in enumerate(self.wires):
            place = f"<{{idx_attr = {wire} : i64}}>"
            operands = [(register, _REG), (name, _BIT)]
            register = self.op("quantum.insert", operands, place, (_REG,))[0]
        self.op("quantum.dealloc", [(register, _REG)])
        self.op("func.return", results)
        return self.module([type for _, type in results])

    def module(self, results: Sequence[str]) -> str:
        func = self.flat.func
        types = [_tensor(value.type) for value in func.args]
        args = ", ".join(f"%arg{k}: {type}" for k, type in enumerate(types))
        attrs = ", ".join(
            f'{{q_store.name = {json.dumps(value.name)}, q_store.role = "{role}"}}'
            for value, role in zip(func.args, func.roles, strict=True)
        )
        properties = [
            f"sym_name = {json.dumps(func.name)}",
            f"function_type = ({', '.join(types)}) -> ({', '.join(results)})",
            'sym_visibility = "public"',
            *([f"arg_attrs = [{attrs}]"] if types else []),
        ]
        block = f"  ^bb0({args}):\n" if types else ""
        body = "\n".join(self.lines)
        return (
            '"builtin.module"() ({\n'
            f'  "func.func"() <{{{", ".join(properties)}}}> ({{\n{block}{body}\n'
            "  }) {qnode} : () -> ()\n}) : () -> ()\n"
        )

    def op(
        self,
        name: str,
        operands: Iterable[tuple[str, str]] = (),
        attributes: str = "",
        results: Sequence[str] = (),
    ) -> list[str]:
        """Write one op without regions; gives the names of its results."""
        operands = list(operands)
        names = [self.fresh() for _ in results]
        left = f"{', '.join(names)} = " if names else ""
        values = ", ".join(value for value, _ in operands)
        types = ", ".join(type for _, type in operands)
        right = results[0] if len(results) == 1 else f"({', '.join(results)})"
        space = f" {attributes}" if attributes else ""
        self.lines.append(f'{self.indent}{left}"{name}"({values}){space} : ({types}) -> {right}')
        return names

    def fresh(self) -> str:
        self.count += 1
        return f"%{self.count - 1}"

    # --- numbers ------------------------------------------------------------------------------

    def constant(self, value: str, type: str) -> str:
        """A constant, written once in each region that uses it."""
        key = value if value == "true" else f"{value} : {type}"
        if key not in self.constants:
            self.constants[key] = self.op("arith.constant", (), f"<{{value = {key}}}>", (type,))[0]
        return self.constants[key]

    def number(self, value: _Number | float) -> _Number:
        if isinstance(value, _Number):
            return value
        return _Number(self, self.constant(_float(value), "f64"))

    def binary(self, name: str, *args: _Number | float) -> _Number:
        operands = [(self.number(arg).name, "f64") for arg in args]
        fast = "<{fastmath = #arith.fastmath<none>}>"
        return _Number(self, self.op(name, operands, fast, ("f64",))[0])

    def function(self, name: str) -> Callable[..., _Number]:
        return lambda *args: self.binary(name, *args)

    def element(self, value: Value, index: tuple[int, ...]) -> _Number:
        if (value, index) in self.elements:
            return self.elements[value, index]
        operands = [(self.args[value], _tensor(value.type))]
        operands += [(self.constant(str(place), "index"), "index") for place in index]
        return _Number(self, self.op("tensor.extract", operands, "", ("f64",))[0])

    def angle(self, angle: Angle) -> str:
        return self.number(self.expressions.angle(angle)).name

    # --- steps --------------------------------------------------------------------------------

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
        if row.mnemonic == "phase":
            # Catalyst's global phase, like PennyLane's, has the other sign.
            angle = self.angle(-step.angles[0])
            sizes = "<{operandSegmentSizes = array<i32: 1, 0, 0>}>"
            self.op("quantum.gphase", [(angle, "f64")], sizes)
        elif found is None:
            self.steps(parts(step))
        else:
            name = _NAMES.get(found.name, found.name)
            self.custom(name, found.adjoint, found.controls, step)

    def custom(self, name: str, adjoint: bool, controls: int, step: FlatStep) -> None:
        angles = [(self.angle(angle), "f64") for angle in step.angles]
        held, targets = step.wires[:controls], step.wires[controls:]
        true = [(self.constant("true", "i1"), "i1") for _ in held] if held else []
        qubits = [(self.wires[wire], _BIT) for wire in (*targets, *held)]
        sizes = (len(angles), len(targets), len(held), len(held))
        attributes = (
            f'<{{gate_name = "{name}"{", adjoint" if adjoint else ""}, '
            f"operandSegmentSizes = array<i32: {', '.join(map(str, sizes))}>, "
            f"resultSegmentSizes = array<i32: {len(targets)}, {len(held)}>}}>"
        )
        types = (_BIT,) * len(qubits)
        results = self.op("quantum.custom", [*angles, *qubits, *true], attributes, types)
        for wire, result in zip((*targets, *held), results, strict=True):
            self.wires[wire] = result

    def other(self, step: FlatStep) -> None:
        if step.row is dialects.MEASURE:
            self.bits[step.bit or ""] = self.measure(step.wires[0])
        elif step.row is dialects.RESET:
            self.reset(step.wires[0])
        elif step.row is dialects.IF:
            wires = step.wires
            bodies = [lambda body=body: self.steps(body) for body in step.bodies]
            self.conditional(self.bits[step.bit or ""], wires, bodies)
        elif step.row is not dialects.BARRIER:
            raise cannot("MLIR", step, "its dialects hold no noise")

    def measure(self, wire: int) -> str:
        operands = [(self.wires[wire], _BIT)]
        bit, self.wires[wire] = self.op("quantum.measure", operands, "", ("i1", _BIT))
        return bit

    def reset(self, wire: int) -> None:
        """Measured, and flipped where the outcome is 1."""
        bit = self.measure(wire)
        flip = FlatStep(_x(), (wire,))
        self.conditional(bit, (wire,), [lambda: self.steps([flip]), lambda: None])

    def conditional(
        self, bit: str, wires: Sequence[int], bodies: Sequence[Callable[[], None]]
    ) -> None:
        types = ", ".join([_BIT] * len(wires))
        names = [self.fresh() for _ in wires]
        left = f"{', '.join(names)} = " if names else ""
        self.lines.append(f'{self.indent}{left}"scf.if"({bit}) ({{')
        before, constants, indent = list(self.wires), dict(self.constants), self.indent
        for place, body in enumerate(bodies):
            self.indent = indent + "  "
            body()
            self.op("scf.yield", [(self.wires[wire], _BIT) for wire in wires])
            self.indent, self.wires, self.constants = indent, list(before), dict(constants)
            end = "}, {" if place == 0 else f"}}) : (i1) -> ({types})"
            self.lines.append(indent + end)
        for wire, name in zip(wires, names, strict=True):
            self.wires[wire] = name

    # --- observations -------------------------------------------------------------------------

    def observe(self, observation: Observation) -> tuple[str, str]:
        """The result of an observation and its type."""
        if isinstance(observation, Expval):
            made = self.paulis(observation.paulis)
            return self.op("quantum.expval", [(made, _OBS)], "", ("f64",))[0], "f64"
        every = tuple(range(self.flat.n_qubits))
        qubits = observation.qubits if isinstance(observation, Probs | Sample) else every
        basis = self.op("quantum.compbasis", [(self.wires[q], _BIT) for q in qubits], "", (_OBS,))
        name, type = "quantum.state", f"tensor<{2 ** len(qubits)}xcomplex<f64>>"
        if isinstance(observation, Probs):
            name, type = "quantum.probs", f"tensor<{2 ** len(qubits)}xf64>"
        elif isinstance(observation, Sample):
            name, type = "quantum.sample", f"tensor<?x{len(qubits)}xf64>"
        return self.op(name, [(basis[0], _OBS)], "", (type,))[0], type

    def paulis(self, paulis: PauliSum) -> str:
        words = [self.word(word) for _, word in paulis.terms] or [self.word(())]
        coefficients = [coef for coef, _ in paulis.terms] or [0.0]
        if coefficients == [1.0]:
            return words[0]
        type = f"tensor<{len(words)}xf64>"
        numbers = ", ".join(map(_float, coefficients))
        weights = self.constant(f"dense<[{numbers}]>", type)
        operands = [(weights, type), *[(word, _OBS) for word in words]]
        return self.op("quantum.hamiltonian", operands, "", (_OBS,))[0]

    def word(self, word: Sequence[tuple[int, str]]) -> str:
        factors = [
            self.op(
                "quantum.namedobs",
                [(self.wires[qubit], _BIT)],
                f"<{{type = #quantum<named_observable {_NAMES[letter]}>}}>",
                (_OBS,),
            )[0]
            for qubit, letter in word or ((0, "I"),)
        ]
        if len(factors) == 1:
            return factors[0]
        return self.op("quantum.tensor", [(factor, _OBS) for factor in factors], "", (_OBS,))[0]


def _x() -> Gate:
    from q_store.qir.registry import gate

    return gate("x")


def _refs(steps: Iterable[FlatStep]) -> Iterator[Ref]:
    """Everything the angles of these steps and their bodies depend on."""
    for step in steps:
        for angle in step.angles:
            yield from [ref for ref, _ in angle.terms]
        for body in step.bodies:
            yield from _refs(body)


def _tensor(type: Type) -> str:
    return f"tensor<{''.join(f'{extent}x' for extent in type.shape)}f64>"
