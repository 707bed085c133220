"""IR functions to circuits: the inverse of lowering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from q_store.frontends.expr import Atom, Call, Expr, Ref
from q_store.frontends.instruction import Instruction, StoredAngle, failure
from q_store.frontends.parameters import Parameter, ParameterTable
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.observables import Observation, moved
from q_store.qir.ops import Op, Region
from q_store.qir.registry import gate
from q_store.qir.values import Value


@dataclass
class Raised:
    """The parts of a circuit."""

    n_qubits: int
    parameters: ParameterTable
    steps: list[Instruction] = field(default_factory=list)
    observations: tuple[Observation, ...] = ()


def raise_func(func: Func) -> Raised:
    """The circuit of a function. Where it ends with wires in another order, what is observed is
    named by where it is; wires that are returned, or seen as a state, are swapped into place.

    Raises `QS340` for a function that takes qubits or bits, or returns anything but its wires.
    """
    return _Raising(func).run()


class _Raising:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.wires: dict[Value, int] = {}
        self.allocated = 0
        self.exprs: dict[Value, Expr] = {}
        self.bits: dict[Value, str] = {}
        entries = []
        for value, role in zip(func.args, func.roles, strict=True):
            if value.type.kind != "f64":
                raise error(
                    "QS340",
                    f"@{func.name} takes %{value.name}: {value.type}; a circuit takes numbers only "
                    "and allocates its own qubits",
                )
            entries.append(Parameter(value.name, value.type.shape, bool(value.type.shape), role))
        self.raised = Raised(func.n_qubits, ParameterTable(entries))
        if len(self.raised.parameters) != len(entries):
            raise error("QS340", f"two parameters of @{func.name} have the same name")

    def run(self) -> Raised:
        for op in self.func.ops:
            self.op(op, self.raised.steps)
        observe = self.func.observe
        final = observe.operands if observe else self.func.results
        if len(final) != self.raised.n_qubits or (observe and observe.results != self.func.results):
            raise error("QS340", f"@{self.func.name} must end by observing or returning every wire")
        order = [self.wire(value) for value in final]
        observations = observe.observations if observe else ()
        placed = [moved(seen, order) for seen in observations]
        if observe is None or None in placed:
            self.restore_order(order)
            placed = list(observations)
        self.raised.observations = tuple([seen for seen in placed if seen is not None])
        return self.raised

    def wire(self, value: Value) -> int:
        if value not in self.wires:
            raise error("QS340", f"@{self.func.name} returns %{value.name}, which is not a wire")
        return self.wires[value]

    def restore_order(self, order: list[int]) -> None:
        """Swap wires until position i holds what the function calls its i-th wire."""
        swap = gate("swap")
        for position in range(len(order)):
            source = order[position]
            if source != position:
                self.raised.steps.append(Instruction(swap, (position, source)))
                order[order.index(position)] = source
                order[position] = position

    def op(self, op: Op, steps: list[Instruction]) -> None:
        if op.defn is dialects.ALLOC:
            for value in op.results:
                self.wires[value] = self.allocated
                self.allocated += 1
        elif isinstance(op.defn, dialects.Scalar):
            args = tuple([self.expr(angle) for angle in op.angles])
            affine = op.defn is dialects.AFFINE
            known = args[0] if affine else Expr.of(Call(op.defn.mnemonic, args))
            self.exprs[op.results[0]] = known
        elif op.defn is not dialects.OBSERVE:
            steps.append(self.step(op))

    def step(self, op: Op) -> Instruction:
        operands = op.operands[1:] if op.defn is dialects.IF else op.operands
        wires = tuple([self.wires[value] for value in operands])
        bit: str | None = None
        bodies: tuple[tuple[Instruction, ...], ...] = ()
        if op.defn is dialects.MEASURE:
            bit = self.new_bit(op.results[1])
        elif op.defn is dialects.IF:
            bit, bodies = self.conditional(op, wires)
        for value, wire in zip(op.results, wires, strict=False):
            self.wires[value] = wire
        angles = tuple([self.angle(angle) for angle in op.angles])
        return Instruction(op.defn, wires, angles, op.loc, bit, bodies)

    def new_bit(self, value: Value) -> str:
        """The hint of the bit, made unique."""
        name, number, taken = value.name, 0, set(self.bits.values())
        while name in taken:
            number += 1
            name = f"{value.name}_{number}"
        self.bits[value] = name
        return name

    def conditional(
        self, op: Op, wires: tuple[int, ...]
    ) -> tuple[str, tuple[tuple[Instruction, ...], ...]]:
        bit = self.bits.get(op.operands[0])
        if bit is None:
            raise failure(op.loc, "QS340", "this `q.if` reads a bit that no `q.measure` gave")
        return bit, tuple([self.body(op, region, wires) for region in op.regions])

    def body(self, op: Op, region: Region, wires: Sequence[int]) -> tuple[Instruction, ...]:
        self.wires |= dict(zip(region.args, wires, strict=True))
        steps: list[Instruction] = []
        for inner in region.ops:
            self.op(inner, steps)
        if [self.wires[value] for value in region.results] != list(wires):
            raise failure(op.loc, "QS340", "a body of this `q.if` reorders its wires")
        return tuple(steps)

    def angle(self, angle: Angle) -> StoredAngle:
        return self.expr(angle) if angle.terms else angle.const

    def expr(self, angle: Angle) -> Expr:
        """The expression of an angle; refs of `f.*` results are replaced by their calls."""
        terms: list[tuple[Atom, float]] = []
        const = angle.const
        for (value, index), coef in angle.terms:
            known = self.exprs.get(value)
            if known is None:
                terms.append((Ref(value.name, index, value.type.shape or None), coef))
            else:
                terms += known.scaled(coef).terms
                const += known.const * coef
        return Expr.sum(const, terms)
