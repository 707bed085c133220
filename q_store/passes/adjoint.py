"""The inverse of a function's unitary body, as another function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import Relation
from q_store.qir import dialects
from q_store.qir.angle import Angle, Ref, as_angle
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.ops import Gate, Op
from q_store.qir.printer import print_op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context

SUFFIX: Final = "_dag"


@dataclass(frozen=True, slots=True)
class Adjoint:
    """Adds `@name_dag`, the inverse of a function's unitary body, taking and returning wires.

    Allocations become arguments and the observation is left out. Does nothing when there is a
    function of that name.
    """

    name: ClassVar[str] = "adjoint"
    relation: ClassVar[Relation] = "exact"
    idempotent: ClassVar[bool] = True

    func: str = ""
    """The function to invert; the first one by default."""

    def run(self, module: Module, ctx: Context) -> Module:
        """The module with one more function. Raises `QS110` for an unknown function and `QS407`
        when its body is not unitary."""
        func = module.func(self.func) if self.func else module.main
        if any(other.name == func.name + SUFFIX for other in module.funcs):
            return module
        return Module((*module.funcs, adjoint(func)))


def adjoint(func: Func) -> Func:
    """`@name_dag`: parameters as in `func`, then one wire per qubit in the order `func` gives them
    back; returns them in the order `func` takes and allocates them. Raises `QS407`."""
    return _Inversion(func).run()


def final_wires(func: Func) -> list[Value]:
    """The wires a function ends with, in the order it observes or returns them."""
    values = func.results if func.observe is None else func.observe.operands
    return [value for value in values if value.type.linear]


class _Inversion:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.params = {
            arg: Value(arg.type, arg.name) for arg in func.args if arg.type.kind == "f64"
        }
        """Parameters and scalars of the function to those of its inverse."""
        self.scalars: list[Op] = []
        self.ops: list[Op] = []
        self.wires: dict[Value, Value] = {}
        """A wire value of the function to the wire of the inverse that carries it."""

    def run(self) -> Func:
        func, ops = self.func, self.func.ops
        ends = final_wires(func)
        starts = [arg for arg in func.args if arg.type.linear]
        for op in ops:
            if isinstance(op.defn, dialects.Scalar):
                self.scalar(op)
            elif op.defn is dialects.ALLOC:
                starts += op.results
        args = [Value(QUBIT, end.name) for end in ends]
        self.wires = dict(zip(ends, args, strict=True))
        for op in reversed(ops if func.observe is None else ops[:-1]):
            self.invert(op)
        params = [
            (arg, role)
            for arg, role in zip(func.args, func.roles, strict=True)
            if arg in self.params
        ]
        return Func(
            func.name + SUFFIX,
            (*[self.params[arg] for arg, _ in params], *args),
            (*[role for _, role in params], *[None] * len(args)),
            (*self.scalars, *self.ops),
            tuple([self.wires[start] for start in starts]),
        )

    def scalar(self, op: Op) -> None:
        value = Value(op.results[0].type, op.results[0].name)
        self.scalars.append(op.replace(angles=self.angles(op.angles), results=(value,)))
        self.params[op.results[0]] = value

    def angles(self, angles: tuple[Angle, ...]) -> tuple[Angle, ...]:
        def image(ref: Ref) -> Angle:
            return Angle.of(self.params[ref[0]], *ref[1])

        return tuple([angle.map_refs(image) for angle in angles])

    def invert(self, op: Op) -> None:
        """Append the inverse of an op and go on with the wires the op took."""
        if isinstance(op.defn, dialects.Scalar) or op.defn is dialects.ALLOC:
            return
        now = [self.wires[value] for value in op.results if value in self.wires]
        if isinstance(op.defn, Gate):
            for name, at, angles in op.defn.inverse(*self.angles(op.angles)):
                taken = tuple([now[place] for place in at])
                given = tuple([Value(QUBIT, wire.name) for wire in taken])
                row, numbers = gate(name), tuple(map(as_angle, angles))
                self.ops.append(Op(row, taken, numbers, given, loc=op.loc))
                for place, value in zip(at, given, strict=True):
                    now[place] = value
        elif op.defn is dialects.BARRIER:
            given = tuple([Value(QUBIT, wire.name) for wire in now])
            self.ops.append(op.replace(operands=tuple(now), results=given))
            now = list(given)
        else:
            raise self.refusal(op)
        self.wires.update(zip(op.operands, now, strict=True))

    def refusal(self, op: Op) -> QStoreError:
        span = op.loc.span() if op.loc is not None else None
        place = f"op {self.func.ops.index(op)} of @{self.func.name}: {print_op(op)}"
        return QStoreError(
            Diagnostic(
                "QS407",
                f"@{self.func.name} has no adjoint: `{op.defn.name}` is not unitary",
                span,
                notes=() if span else (place,),
                help="only gates, barriers and a final `m.observe` may occur",
            )
        )
