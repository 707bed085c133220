"""Circuits to IR functions: names become values, expressions become affine angles and `f.*` ops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from q_store.frontends.expr import Atom, Call, Expr, Ref
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.frontends.parameters import Parameter
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func
from q_store.qir.observables import Observation
from q_store.qir.ops import Op, Region
from q_store.qir.types import QUBIT, f64
from q_store.qir.values import Value


def lower(
    name: str,
    n_qubits: int,
    steps: Iterable[Instruction],
    parameters: Sequence[Parameter],
    observations: Sequence[Observation],
) -> Func:
    """The function that does these steps; its arguments are the parameters in the order given,
    each with a role."""
    return _Lowering(name, n_qubits, parameters).run(steps, observations)


class _Lowering:
    def __init__(self, name: str, n_qubits: int, parameters: Sequence[Parameter]) -> None:
        self.builder = FuncBuilder(name, n_qubits)
        self.values = {
            entry.name: self.builder.param(entry.name, f64(*entry.shape), entry.role or "weight")
            for entry in parameters
        }
        self.calls: dict[Call, Value] = {}
        self.bits: dict[str, Value] = {}

    def run(self, steps: Iterable[Instruction], observations: Sequence[Observation]) -> Func:
        for step in steps:
            self.step(step)
        return self.builder.finish(observations)

    def step(self, step: Instruction) -> None:
        if step.row is dialects.MEASURE:
            bit = self.builder.measure(step.wires[0], step.loc)
            bit.name = self.bit_name(step)
            self.bits[step.bit or ""] = bit
        elif step.row is dialects.IF:
            self.conditional(step)
        else:
            angles = [Angle(a) if type(a) is float else self.angle(a) for a in step.angles]
            self.builder.gate(step.row, step.wires, angles, step.loc)

    def bit_name(self, step: Instruction) -> str:
        return step.bit or f"c{step.wires[0]}"

    def angle(self, angle: StoredAngle) -> Angle:
        if not isinstance(angle, Expr):
            return Angle(angle)
        return Angle.sum(angle.const, [(self.ref(atom), coef) for atom, coef in angle.terms])

    def ref(self, atom: Atom) -> tuple[Value, tuple[int, ...]]:
        if isinstance(atom, Ref):
            return (self.values[atom.name], atom.indices)
        if atom not in self.calls:
            args = [self.angle(arg) for arg in atom.args]
            self.calls[atom] = self.builder.scalar(atom.function, args)
        return (self.calls[atom], ())

    def conditional(self, step: Instruction) -> None:
        """Classical ops of both bodies go before the `q.if`, where later steps see them too."""
        for body in step.bodies:
            self.hoist(body)
        wires = self.builder.wires
        operands = (self.bits[step.bit or ""], *[wires[wire] for wire in step.wires])
        regions = tuple([self.region(step, body) for body in step.bodies])
        results = tuple([Value(QUBIT, f"q{wire}") for wire in step.wires])
        self.builder.append(Op(step.row, operands, (), results, regions=regions, loc=step.loc))
        for wire, result in zip(step.wires, results, strict=True):
            wires[wire] = result

    def hoist(self, body: Iterable[Instruction]) -> None:
        for step in body:
            for angle in step.angles:
                self.angle(angle)
            for inner in step.bodies:
                self.hoist(inner)

    def region(self, step: Instruction, body: Sequence[Instruction]) -> Region:
        """One body, built with the wires it takes as its own; bits it measures stay inside."""
        outer, bits = self.builder, dict(self.bits)
        self.builder = FuncBuilder("body", 0)
        self.builder.wires = list(outer.wires)
        args = tuple([Value(QUBIT, f"q{wire}") for wire in step.wires])
        for wire, arg in zip(step.wires, args, strict=True):
            self.builder.wires[wire] = arg
        for inner in body:
            self.step(inner)
        func = self.builder.finish()
        results = tuple([func.results[wire] for wire in step.wires])
        self.builder, self.bits = outer, bits
        return Region(args, func.ops, results)
