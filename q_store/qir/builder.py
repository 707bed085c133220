"""Building functions with reference semantics: name a wire by its index, threading is done here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from q_store.qir import dialects
from q_store.qir.angle import Angle, AngleLike, as_angle
from q_store.qir.diagnostics import error
from q_store.qir.func import Func, Role
from q_store.qir.location import Location
from q_store.qir.observables import Observation
from q_store.qir.ops import Op, OpDef
from q_store.qir.registry import gate as gate_row
from q_store.qir.registry import op_def
from q_store.qir.types import BIT, F64, QUBIT, Type
from q_store.qir.values import Value


class FuncBuilder:
    """Appends ops to a function under construction.

    >>> b = FuncBuilder("bell", 2)
    >>> b.gate("h", [0])
    >>> b.gate("cx", [0, 1])
    >>> print(b.finish(), end="")
    func @bell() -> (qubit, qubit) {
      %q0, %q1 = q.alloc 2
      %q0.1 = q.h %q0
      %q0.2, %q1.1 = q.cx %q0.1, %q1
      return %q0.2, %q1.1
    }
    """

    def __init__(self, name: str, n_qubits: int) -> None:
        self.name = name
        self.wires = [Value(QUBIT, f"q{i}") for i in range(n_qubits)]
        """The current value of every wire."""
        self._args: list[Value] = []
        self._roles: list[Role | None] = []
        self._ops: list[Op] = []
        if n_qubits:
            self._ops.append(Op(dialects.ALLOC, results=tuple(self.wires)))

    def param(self, name: str, type: Type = F64, role: Role = "weight") -> Value:
        """A new parameter of the function."""
        value = Value(type, name)
        self._args.append(value)
        self._roles.append(role)
        return value

    def gate(
        self,
        row: OpDef | str,
        wires: Sequence[int],
        angles: Iterable[AngleLike] = (),
        loc: Location | None = None,
    ) -> None:
        """Append an op that consumes and gives back these wires: a gate, a channel, a reset.

        Raises `QS301` for a wire out of range and `QS302` for a repeated one.
        """
        defn = gate_row(row) if isinstance(row, str) else row
        made = tuple([a if type(a) is Angle else as_angle(a) for a in angles]) if angles else ()
        current = self.wires
        if len(wires) == 1 and 0 <= wires[0] < len(current):  # most gates
            (wire,) = wires
            operand = current[wire]
            result = current[wire] = Value(QUBIT, operand.name)
            self._ops.append(Op(defn, (operand,), made, (result,), loc=loc))
            return
        operands = self._take(wires, defn.name)
        results = tuple([Value(QUBIT, wire.name) for wire in operands])
        self._ops.append(Op(defn, operands, made, results, loc=loc))
        self._put(wires, results)

    def scalar(self, name: str, args: Iterable[AngleLike], loc: Location | None = None) -> Value:
        """Append the classical op `f.name` and return the value it defines."""
        value = Value(F64, "t")
        angles = tuple(map(as_angle, args))
        self._ops.append(Op(op_def(f"f.{name}"), angles=angles, results=(value,), loc=loc))
        return value

    def measure(self, wire: int, loc: Location | None = None, name: str | None = None) -> Value:
        """Append a mid-circuit measurement and return its bit."""
        operands = self._take([wire], "q.measure")
        bit = Value(BIT, name or f"c{wire}")
        results = (Value(QUBIT, operands[0].name), bit)
        self._ops.append(Op(dialects.MEASURE, operands, (), results, loc=loc))
        self._put([wire], results[:1])
        return bit

    def append(self, op: Op) -> None:
        """Append an op made elsewhere; the caller threads its wires."""
        self._ops.append(op)

    def finish(self, observations: Sequence[Observation] = ()) -> Func:
        """The function: it observes every wire, or returns the wires when nothing is observed."""
        results = tuple(self.wires)
        if observations:
            results = tuple(
                Value(obs.result_type(len(self.wires)), _RESULT_HINTS[type(obs).__name__])
                for obs in observations
            )
            wires = tuple(self.wires)
            self._ops.append(
                Op(dialects.OBSERVE, wires, (), results, observations=tuple(observations))
            )
        return Func(self.name, tuple(self._args), tuple(self._roles), tuple(self._ops), results)

    def _take(self, wires: Sequence[int], name: str) -> tuple[Value, ...]:
        """The current values of some wires, checked."""
        current = self.wires
        inside = [wire for wire in wires if 0 <= wire < len(current)]
        if len(inside) == len(wires) and (len(inside) < 2 or len(set(inside)) == len(inside)):
            return tuple([current[wire] for wire in inside])
        for wire in wires:
            if not 0 <= wire < len(self.wires):
                raise error(
                    "QS301", f"`{name}` on wire {wire}: the circuit has {len(self.wires)} wires"
                )
        raise error("QS302", f"`{name}` on wires {list(wires)}: a wire occurs twice")

    def _put(self, wires: Sequence[int], values: Sequence[Value]) -> None:
        for wire, value in zip(wires, values, strict=True):
            self.wires[wire] = value


_RESULT_HINTS = {"Expval": "e", "Probs": "p", "Sample": "s", "State": "psi"}
