"""Qiskit's control flow: conditionals become `q.if`, loops over numbers are unrolled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from qiskit.circuit import (
    BoxOp,
    ClassicalRegister,
    Clbit,
    ForLoopOp,
    IfElseOp,
    SwitchCaseOp,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.controlflow import CASE_DEFAULT

from q_store.frontends.classical_bits import decide
from q_store.frontends.instruction import Instruction
from q_store.qir.diagnostics import error

if TYPE_CHECKING:
    from q_store.frontends.qiskit.reader import Reader

_Values = Mapping[str, int]
_MAX_ROUNDS: Final = 100_000
"""Turns of one loop."""
_MAX_ALL_ROUNDS: Final = 1_000_000
"""Turns of all loops, those of loops in loops counted each time."""


def append(reader: Reader, operation: Any, wires: Sequence[int], clbits: Sequence[Any]) -> None:
    """Append a control-flow operation. Raises `QS350` for the kinds that have no counterpart."""
    flow = _Flow(reader, operation, wires, clbits)
    if isinstance(operation, IfElseOp):
        flow.if_else()
    elif isinstance(operation, SwitchCaseOp):
        flow.switch()
    elif isinstance(operation, ForLoopOp):
        flow.for_loop()
    elif isinstance(operation, BoxOp):
        flow.block(operation.body)
    else:
        raise error(
            "QS350",
            f"`{operation.name}` has no counterpart",
            help="conditionals, switches, boxes and `for` over numbers are understood",
        )


class _Flow:
    def __init__(
        self, reader: Reader, operation: Any, wires: Sequence[int], clbits: Sequence[Any]
    ) -> None:
        self.reader, self.operation, self.wires, self.clbits = reader, operation, wires, clbits

    def block(self, body: Any) -> None:
        """Append a body on the wires of the operation."""
        pairs = zip(body.clbits, self.clbits, strict=True)
        inner = {bit: self.reader.bits[outer] for bit, outer in pairs}
        self.reader.circuit(body, self.wires, inner)

    def body(self, block: Any) -> tuple[Instruction, ...]:
        if block is None:
            return ()
        return self.reader.inside(lambda: self.block(block))

    def if_else(self) -> None:
        bits, test = self.condition(self.operation.condition)
        blocks = (*self.operation.blocks, None)
        bodies = {True: self.body(blocks[0]), False: self.body(blocks[1])}
        self.choose(bits, lambda values: bool(test(values)), bodies)

    def choose(self, bits: Sequence[Any], choice: Any, bodies: Any) -> None:
        """A bit that has not been measured reads 0, and is not asked."""
        names = list(dict.fromkeys(self.reader.bits[bit] for bit in bits))
        asked = [name for name in names if name in self.reader.measured]
        zeros = dict.fromkeys(names, 0)
        self.reader.steps += decide(asked, lambda values: choice({**zeros, **values}), bodies)

    def switch(self) -> None:
        bits, target = self.condition(self.operation.target)
        cases = self.operation.cases_specifier()
        bodies: dict[Any, tuple[Instruction, ...]] = {-1: ()}
        labels: dict[Any, int] = {}
        default = -1
        for number, (values, block) in enumerate(cases):
            bodies[number] = self.body(block)
            for value in values:
                if value is CASE_DEFAULT:
                    default = number
                else:
                    labels.setdefault(int(value), number)
        self.choose(bits, lambda values: labels.get(int(target(values)), default), bodies)

    def for_loop(self) -> None:
        indices, parameter, body = self.operation.params
        if not hasattr(indices, "__len__") or len(indices) > _MAX_ROUNDS:
            raise error("QS354", f"the loop does not run at most {_MAX_ROUNDS} times")
        self.reader.rounds += len(indices)
        if self.reader.rounds > _MAX_ALL_ROUNDS:
            raise error("QS354", f"the loops of the circuit run more than {_MAX_ALL_ROUNDS} times")
        jumps = {item.name for item in body.data} & {"break_loop", "continue_loop"}
        if jumps:
            raise error("QS350", f"`{min(jumps)}` has no counterpart in a loop that is unrolled")
        for index in indices:
            bound = body if parameter is None else body.assign_parameters({parameter: index})
            self.block(bound)

    # --- conditions ---------------------------------------------------------------------------

    def condition(self, target: Any) -> tuple[list[Any], Callable[[_Values], int]]:
        """The classical bits something depends on, and its value for given values of them."""
        if isinstance(target, tuple):
            bits, value = self.condition(target[0])
            wanted = int(target[1])
            return bits, lambda values: value(values) == wanted
        if isinstance(target, Clbit):
            name = self.reader.bits[target]
            return [target], lambda values: values[name]
        if isinstance(target, ClassicalRegister):
            return list(target), self.register(target)
        if isinstance(target, expr.Expr):
            return self.expression(target)
        raise error("QS353", f"the condition {target!r} is not understood")

    def register(self, register: Any) -> Callable[[_Values], int]:
        """A register as a number, its first bit the least significant."""
        names = [self.reader.bits[bit] for bit in register]
        return lambda values: sum(values[name] << i for i, name in enumerate(names))

    def expression(self, node: Any) -> tuple[list[Any], Callable[[_Values], int]]:
        if isinstance(node, expr.Value):
            constant = int(node.value)
            return [], lambda values: constant
        if isinstance(node, expr.Var) and isinstance(node.var, Clbit | ClassicalRegister):
            return self.condition(node.var)
        if isinstance(node, expr.Cast):
            bits, value = self.expression(node.operand)
            if str(node.type) == "Bool()":
                return bits, lambda values: bool(value(values))
            return bits, value
        operator = getattr(getattr(node, "op", None), "name", type(node).__name__)
        if isinstance(node, expr.Unary) and operator in _UNARY:
            bits, value = self.expression(node.operand)
            mask = (1 << getattr(node.type, "width", 1)) - 1
            unary = _UNARY[operator]
            return bits, lambda values: unary(value(values), mask)
        if isinstance(node, expr.Binary) and operator in _BINARY:
            left_bits, left = self.expression(node.left)
            right_bits, right = self.expression(node.right)
            mask = (1 << getattr(node.type, "width", 1)) - 1
            binary = _BINARY[operator]
            return [*left_bits, *right_bits], lambda v: binary(left(v), right(v)) & mask
        if isinstance(node, expr.Index):
            bits, value = self.expression(node.target)
            more, index = self.expression(node.index)
            return [*bits, *more], lambda values: value(values) >> index(values) & 1
        raise error("QS353", f"`{operator}` in a condition is not understood")


_UNARY: Final[dict[str, Callable[[int, int], int]]] = {
    "BIT_NOT": lambda a, mask: ~a & mask,
    "LOGIC_NOT": lambda a, mask: int(not a),
}

_BINARY: Final[dict[str, Callable[[int, int], int]]] = {
    "BIT_AND": lambda a, b: a & b,
    "BIT_OR": lambda a, b: a | b,
    "BIT_XOR": lambda a, b: a ^ b,
    "LOGIC_AND": lambda a, b: int(bool(a) and bool(b)),
    "LOGIC_OR": lambda a, b: int(bool(a) or bool(b)),
    "EQUAL": lambda a, b: int(a == b),
    "NOT_EQUAL": lambda a, b: int(a != b),
    "LESS": lambda a, b: int(a < b),
    "LESS_EQUAL": lambda a, b: int(a <= b),
    "GREATER": lambda a, b: int(a > b),
    "GREATER_EQUAL": lambda a, b: int(a >= b),
    "SHIFT_LEFT": lambda a, b: a << b,
    "SHIFT_RIGHT": lambda a, b: a >> b,
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
}
