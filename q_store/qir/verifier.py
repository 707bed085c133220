"""The verifier: what must hold of every function, checked between passes in tests.

Single binding, definition before use, and one quantum rule, linearity: every `qubit` value is
consumed exactly once, by an op, a region's `yield` or the `return`. No-cloning and "no gate acts
on a wire after it was observed" both follow from it.
"""

from __future__ import annotations

import math
import re
from typing import Final, NoReturn

from q_store.qir import dialects
from q_store.qir.diagnostics import Diagnostic, QStoreError, counted, error
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, Observation, observation_qubits
from q_store.qir.ops import Gate, Op, OpDef, Region
from q_store.qir.printer import print_op
from q_store.qir.types import BIT, F64, QUBIT, Type
from q_store.qir.values import Value

_WINDOW: Final = 3
"""Statements shown either side of the offending one when there is no source text."""


_MAX_ELEMENTS: Final = 2**24
"""Most elements of one parameter."""
_ATTR: Final = re.compile(r"[^\W\d][\w.]*\Z")


def verify_module(module: Module) -> None:
    """Check every function. Raises `QStoreError` at the first violation."""
    seen: set[str] = set()
    for func in module.funcs:
        if func.name in seen:
            raise error("QS203", f"function @{func.name} is defined twice")
        seen.add(func.name)
        verify(func)


def result_types(
    defn: OpDef, operands: int, observations: tuple[Observation, ...] = ()
) -> list[Type]:
    """Types of the values an op defines (`q.alloc` apart, which says so itself).

    Raises `QS210` for an observation of too many qubits.
    """
    if defn is dialects.MEASURE:
        return [QUBIT, BIT]
    if defn is dialects.OBSERVE:
        return [observation.result_type(operands) for observation in observations]
    if defn is dialects.IF:
        return [QUBIT] * (operands - 1)
    if isinstance(defn, dialects.Scalar):
        return [F64]
    return [QUBIT] * operands


def verify(func: Func) -> None:
    """Check one function.

    Raises `QS201` wire used twice, `QS202` wire never consumed, `QS203` defined twice, `QS204`
    used before its definition, `QS205` wrong operands or results, `QS206` wrong angles, `QS207` bad
    index, `QS208` number not finite, `QS209` misplaced observation, `QS210` observed qubit out of
    range, `QS211` malformed body, `QS212` malformed head.
    """
    _Verifier(func).run()


class _Verifier:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.defined: set[Value] = set()
        self.ended: set[Value] = set()
        """Values of bodies that have ended."""
        self.births: list[Value] = []
        self.open: set[Value] = set()
        """Qubit values of the current body defined and not yet consumed."""
        self.enclosing: list[set[Value]] = []
        """The open wires of the bodies around the current one."""
        self.ops: tuple[Op, ...] = func.ops
        self.position = len(func.ops)

    def run(self) -> None:
        self.head()
        for arg in self.func.args:
            self.define(arg)
        self.block(self.func.ops, top=True)
        self.position = len(self.func.ops)
        for value in self.func.results:
            self.use(value, "returned")
        self.all_consumed(self.func.ops)

    def fail(
        self, code: str, message: str, *, help: str = "", culprit: Op | None = None
    ) -> NoReturn:
        """Point at the source of the current or the given op, or at a window of statements."""
        current = self.ops[self.position] if self.position < len(self.ops) else None
        op = culprit or current
        notes = [f"in function @{self.func.name}"]
        span = op.loc.span() if op is not None and op.loc is not None else None
        if span is None:
            low, high = max(0, self.position - _WINDOW), self.position + _WINDOW + 1
            for i, other in enumerate(self.ops[low:high], low):
                notes.append(f"{'>' if i == self.position else ' '} op {i}: {print_op(other)}")
        raise QStoreError(Diagnostic(code, message, span, "error", tuple(notes), help))

    def head(self) -> None:
        for arg, role in zip(self.func.args, self.func.roles, strict=True):
            scalar_only = arg.type.kind != "f64" and arg.type.shape
            if arg.type.kind not in ("qubit", "f64", "bit") or scalar_only:
                self.fail("QS212", f"a function cannot take %{arg.name}: {arg.type}")
            if arg.type.size > _MAX_ELEMENTS:
                self.fail(
                    "QS212", f"%{arg.name}: {arg.type} has more than {_MAX_ELEMENTS} elements"
                )
            if (role is None) == (arg.type.kind == "f64"):
                self.fail("QS212", f"%{arg.name}: {arg.type} cannot have the role {role}")
        for key, value in self.func.attrs.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not _ATTR.match(key) or not (isinstance(value, str) or number):
                self.fail("QS212", f"{key} = {value!r} is no attribute IR text can hold")
            if isinstance(value, float) and not math.isfinite(value):
                self.fail("QS212", f"the attribute {key} is {value}, not finite")

    def define(self, value: Value) -> None:
        if value in self.defined:
            self.fail("QS203", f"%{value.name} is defined twice")
        self.defined.add(value)
        self.births.append(value)
        if value.type.linear:
            self.open.add(value)

    def see(self, value: Value, how: str) -> None:
        """Check that a value is defined here."""
        if value not in self.defined:
            self.fail("QS204", f"%{value.name} is {how} before it is defined")
        if value in self.ended:
            self.fail("QS204", f"%{value.name} is {how} outside the body that defines it")

    def use(self, value: Value, how: str = "used") -> None:
        self.see(value, how)
        if value.type.linear:
            if value not in self.open:
                if any(value in wires for wires in self.enclosing):
                    self.fail(
                        "QS211",
                        f"the wire %{value.name} is {how} inside a body it was not passed to",
                        help="make it an operand of `q.if`; the body gets it as an argument",
                    )
                self.fail(
                    "QS201",
                    f"the wire %{value.name} is {how} a second time",
                    help="qubit values are consumed exactly once; use the value the last op gave",
                )
            self.open.remove(value)

    def all_consumed(self, ops: tuple[Op, ...]) -> None:
        if self.open:
            wire = min(self.open, key=lambda value: value.serial)
            self.fail(
                "QS202",
                f"the wire %{wire.name} is never consumed",
                help="observe it, return it or pass it on",
                culprit=next((op for op in ops if wire in op.results), None),
            )

    def block(self, ops: tuple[Op, ...], *, top: bool) -> None:
        outer, self.ops = (self.ops, self.position), ops
        for self.position, op in enumerate(ops):
            if not self.plain(op):
                self.op(op, top)
        self.ops, self.position = outer

    def plain(self, op: Op) -> bool:
        """Check a gate that is right, as nearly all ops are, by sets. What is not is left to `op`,
        which says why."""
        defn, wires, results = op.defn, op.operands, op.results
        count = len(wires)
        if type(defn) is not Gate or not defn.wires == count == len(results):
            return False
        if op.regions or op.observations or len(op.angles) != len(defn.angle_names):
            return False
        if op.angles:
            self.angles(op)
        if count == 1:
            return self.plain_pair(wires[0], results[0])
        consumed, made = set(wires), set(results)
        fits = consumed <= self.open and made.isdisjoint(self.defined)
        if not fits or len(consumed) != count or len(made) != count:
            return False
        for value in results:
            if value.type is not QUBIT:
                return False
        self.open -= consumed
        self.open |= made
        self.defined |= made
        self.births += results
        return True

    def plain_pair(self, wire: Value, result: Value) -> bool:
        """The same for a gate on one wire."""
        if wire not in self.open or result in self.defined or result.type is not QUBIT:
            return False
        self.open.remove(wire)
        self.open.add(result)
        self.defined.add(result)
        self.births.append(result)
        return True

    def op(self, op: Op, top: bool) -> None:
        self.operands(op)
        self.results(op)
        if op.angles or op.defn.angle_names:
            self.angles(op)
        for value in op.operands:
            self.use(value)
        if op.defn is dialects.OBSERVE:
            if not top or self.position != len(self.func.ops) - 1:
                self.fail("QS209", "`m.observe` must be the last op of its function")
            self.observations(op)
        elif op.observations:
            self.fail("QS209", f"`{op.defn.name}` cannot observe; `m.observe` does")
        if op.defn is dialects.IF:
            self.regions(op)
        elif op.regions:
            self.fail("QS211", f"`{op.defn.name}` has no bodies; `q.if` has")
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
                self.fail(
                    "QS205", f"`{op.defn.name}` needs qubits, got %{value.name}: {value.type}"
                )
        expected = op.defn.wires
        if expected is not None and len(wires) != expected:
            needed = counted(expected, "qubit")
            self.fail("QS205", f"`{op.defn.name}` needs {needed}, got {len(wires)}")

    def results(self, op: Op) -> None:
        if op.defn is dialects.ALLOC:
            types = [QUBIT] * len(op.results)
        else:
            types = result_types(op.defn, len(op.operands), op.observations)
        if len(types) != len(op.results):
            found = counted(len(op.results), "value")
            self.fail("QS205", f"`{op.defn.name}` cannot define {found} here")
        for value, type in zip(op.results, types, strict=True):
            if value.type is not type:
                name = f"%{value.name}: {value.type}"
                self.fail("QS205", f"`{op.defn.name}` defines a {type} here, not {name}")

    def angles(self, op: Op) -> None:
        names = op.defn.angle_names
        if len(op.angles) != len(names) and not isinstance(op.defn, dialects.Listed):
            listed = f" ({', '.join(names)})" if names else ""
            wanted = counted(len(names), "angle") + listed
            self.fail("QS206", f"`{op.defn.name}` takes {wanted}, got {len(op.angles)}")
        for angle in op.angles:
            if not math.isfinite(angle.const):
                self.fail("QS208", f"an angle of `{op.defn.name}` is {angle.const}, not finite")
            for (value, index), coef in angle.terms:
                if not math.isfinite(coef):
                    self.fail("QS208", f"a coefficient of `{op.defn.name}` is {coef}, not finite")
                self.angle_ref(value, index)
        if isinstance(op.defn, dialects.Channel):
            self.probabilities(op, op.defn)

    def probabilities(self, op: Op, row: dialects.Channel) -> None:
        if any(angle.terms for angle in op.angles):
            self.fail("QS206", f"the probabilities of `{row.name}` must be numbers")
        flaw = row.flaw([angle.const for angle in op.angles], len(op.operands))
        if flaw:
            self.fail("QS206", f"`{row.name}` {flaw}")

    def angle_ref(self, value: Value, index: tuple[int, ...]) -> None:
        self.see(value, "used")
        if value.type.kind != "f64":
            self.fail("QS205", f"an angle needs an f64, got %{value.name}: {value.type}")
        shape = value.type.shape
        if len(index) != len(shape) or any(
            not 0 <= i < extent for i, extent in zip(index, shape, strict=True)
        ):
            name = f"%{value.name}: {value.type}"
            self.fail("QS207", f"index {list(index)} is out of range for {name}")

    def observations(self, op: Op) -> None:
        wires = len(op.operands)
        for observation in op.observations:
            qubits = observation_qubits(observation) or ()
            for qubit in qubits:
                if not 0 <= qubit < wires:
                    there = f"this `m.observe` has {counted(wires, 'qubit')}"
                    self.fail("QS210", f"{observation!r} names qubit {qubit}; {there}")
            if isinstance(observation, Expval):
                if not observation.paulis.is_finite:
                    self.fail("QS208", f"a coefficient of {observation!r} is not finite")
            elif len(set(qubits)) != len(qubits):
                self.fail("QS210", f"{observation!r} names a qubit twice")

    def regions(self, op: Op) -> None:
        wires = len(op.operands) - 1
        if len(op.regions) != 2:
            self.fail("QS211", f"`q.if` needs two bodies, got {len(op.regions)}")
        for region in op.regions:
            if len(region.args) != wires or len(region.results) != wires:
                needed = counted(wires, "wire")
                self.fail("QS211", f"each body of this `q.if` must take and yield {needed}")
            self.region(region)

    def region(self, region: Region) -> None:
        self.enclosing.append(self.open)
        self.open, births = set(), len(self.births)
        for arg in region.args:
            if not arg.type.linear:
                self.fail("QS211", f"a body takes qubits, got %{arg.name}: {arg.type}")
            self.define(arg)
        self.block(region.ops, top=False)
        for value in region.results:
            if not value.type.linear:
                self.fail("QS211", f"a body yields qubits, got %{value.name}: {value.type}")
            self.use(value, "yielded")
        self.all_consumed(region.ops)
        self.open = self.enclosing.pop()
        self.ended.update(self.births[births:])
        del self.births[births:]
