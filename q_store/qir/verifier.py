"""The verifier: what must hold of every function, checked between passes in tests.

Single binding, definition before use, and one quantum rule, linearity: every `qubit` value is
consumed exactly once, by an op, a region's `yield` or the `return`. No-cloning and "no gate acts
on a wire after it was observed" both follow from it.
"""

from __future__ import annotations

import math
from typing import NoReturn

from q_store.qir import dialects
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, observation_qubits
from q_store.qir.ops import Op, OpDef, Region
from q_store.qir.printer import print_op
from q_store.qir.values import Value

_WINDOW = 3
"""Statements shown either side of the offending one when there is no source text."""


def verify_module(module: Module) -> None:
    """Check every function. Raises `QStoreError` at the first violation."""
    for func in module.funcs:
        verify(func)


def verify(func: Func) -> None:
    """Check one function.

    Raises `QS201` wire used twice, `QS202` wire never consumed, `QS203` defined twice, `QS204`
    used before its definition, `QS205` wrong operands, `QS206` wrong number of angles, `QS207` bad
    index, `QS208` angle not finite, `QS209` misplaced observation, `QS210` observed qubit out of
    range, `QS211` malformed body.
    """
    _Verifier(func).run()


class _Verifier:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.defined: set[Value] = set()
        self.open: set[Value] = set()
        """Qubit values defined and not yet consumed."""
        self.ops: tuple[Op, ...] = func.ops
        self.position = 0

    def run(self) -> None:
        for arg in self.func.args:
            self.define(arg)
        self.block(self.func.ops, top=True)
        self.position = len(self.func.ops)
        for value in self.func.results:
            self.use(value, "returned")
        self.all_consumed()

    def fail(self, code: str, message: str, *, help: str = "") -> NoReturn:
        """Point at the source of the current op, or at a window of printed statements."""
        op = self.ops[self.position] if self.position < len(self.ops) else None
        notes = [f"in function @{self.func.name}"]
        span = op.loc.span() if op is not None and op.loc is not None else None
        if span is None:
            low, high = max(0, self.position - _WINDOW), self.position + _WINDOW + 1
            for i, other in enumerate(self.ops[low:high], low):
                notes.append(f"{'>' if i == self.position else ' '} op {i}: {print_op(other)}")
        raise QStoreError(Diagnostic(code, message, span, "error", tuple(notes), help))

    def define(self, value: Value) -> None:
        if value in self.defined:
            self.fail("QS203", f"%{value.name} is defined twice")
        self.defined.add(value)
        if value.type.linear:
            self.open.add(value)

    def use(self, value: Value, how: str = "used") -> None:
        if value not in self.defined:
            self.fail("QS204", f"%{value.name} is {how} before it is defined")
        if value.type.linear:
            if value not in self.open:
                self.fail(
                    "QS201",
                    f"the wire %{value.name} is {how} a second time",
                    help="every qubit value is consumed exactly once; use the value the last op gave",
                )
            self.open.remove(value)

    def all_consumed(self) -> None:
        if self.open:
            wire = min(self.open, key=lambda value: value.serial)
            self.fail(
                "QS202",
                f"the wire %{wire.name} is never consumed",
                help="observe it, return it or pass it on",
            )

    def block(self, ops: tuple[Op, ...], *, top: bool) -> None:
        outer, self.ops = (self.ops, self.position), ops
        for self.position, op in enumerate(ops):
            self.op(op, top)
        self.ops, self.position = outer

    def op(self, op: Op, top: bool) -> None:
        self.operands(op)
        if op.angles or op.defn.angle_names:
            self.angles(op)
        for value in op.operands:
            self.use(value)
        if op.defn is dialects.OBSERVE:
            if not top or self.position != len(self.func.ops) - 1:
                self.fail("QS209", "`m.observe` must be the last op of its function")
            self.observations(op)
        elif op.defn is dialects.IF:
            self.regions(op)
        for value in op.results:
            self.define(value)

    def operands(self, op: Op) -> None:
        wires = op.operands
        if op.defn is dialects.IF:
            if not wires or wires[0].type.kind != "bit":
                self.fail("QS205", "`q.if` needs a bit as its first operand")
            wires = wires[1:]
        for value in wires:
            if not value.type.linear:
                self.fail("QS205", f"`{op.defn.name}` needs qubits, got %{value.name}: {value.type}")
        expected = op.defn.wires
        if expected is not None and len(wires) != expected:
            self.fail("QS205", f"`{op.defn.name}` needs {expected} qubits, got {len(wires)}")
        if _result_count(op.defn, op) != len(op.results):
            self.fail("QS205", f"`{op.defn.name}` cannot define {len(op.results)} values here")

    def angles(self, op: Op) -> None:
        names = op.defn.angle_names
        if len(op.angles) != len(names):
            wanted = f"{len(names)} ({', '.join(names)})" if names else "no"
            self.fail("QS206", f"`{op.defn.name}` takes {wanted} angles, got {len(op.angles)}")
        for angle in op.angles:
            if not math.isfinite(angle.const):
                self.fail("QS208", f"an angle of `{op.defn.name}` is {angle.const}, not finite")
            for (value, index), coef in angle.terms:
                if not math.isfinite(coef):
                    self.fail("QS208", f"a coefficient of `{op.defn.name}` is {coef}, not finite")
                self.angle_ref(value, index)
        if isinstance(op.defn, dialects.Channel) and any(angle.terms for angle in op.angles):
            self.fail("QS206", f"the probabilities of `{op.defn.name}` must be numbers")

    def angle_ref(self, value: Value, index: tuple[int, ...]) -> None:
        if value not in self.defined:
            self.fail("QS204", f"%{value.name} is used before it is defined")
        if value.type.kind != "f64":
            self.fail("QS205", f"an angle needs an f64, got %{value.name}: {value.type}")
        shape = value.type.shape
        if len(index) != len(shape) or any(
            not 0 <= i < extent for i, extent in zip(index, shape, strict=True)
        ):
            self.fail("QS207", f"index {list(index)} is out of range for %{value.name}: {value.type}")

    def observations(self, op: Op) -> None:
        wires = len(op.operands)
        for observation, value in zip(op.observations, op.results, strict=True):
            qubits = observation_qubits(observation) or ()
            for qubit in qubits:
                if not 0 <= qubit < wires:
                    self.fail("QS210", f"{observation!r} names qubit {qubit}; there are {wires} qubits")
            if not isinstance(observation, Expval) and len(set(qubits)) != len(qubits):
                self.fail("QS210", f"{observation!r} names a qubit twice")
            if value.type is not observation.result_type(wires):
                self.fail("QS205", f"the result of {observation!r} cannot be {value.type}")

    def regions(self, op: Op) -> None:
        wires = len(op.operands) - 1
        if len(op.regions) != 2:
            self.fail("QS211", f"`q.if` needs two bodies, got {len(op.regions)}")
        for region in op.regions:
            if len(region.args) != wires or len(region.results) != wires:
                self.fail("QS211", f"each body of this `q.if` must take and yield {wires} wires")
            self.region(region)

    def region(self, region: Region) -> None:
        outside, self.open = self.open, set()
        for arg in region.args:
            if not arg.type.linear:
                self.fail("QS211", f"a body takes qubits, got %{arg.name}: {arg.type}")
            self.define(arg)
        self.block(region.ops, top=False)
        for value in region.results:
            if not value.type.linear:
                self.fail("QS211", f"a body yields qubits, got %{value.name}: {value.type}")
            self.use(value, "yielded")
        self.all_consumed()
        self.open = outside


def _result_count(defn: OpDef, op: Op) -> int:
    if defn is dialects.ALLOC:
        return len(op.results)
    if defn is dialects.MEASURE:
        return 2
    if defn is dialects.OBSERVE:
        return len(op.observations)
    if defn is dialects.IF:
        return len(op.operands) - 1
    if isinstance(defn, dialects.Scalar):
        return 1
    return len(op.operands)
