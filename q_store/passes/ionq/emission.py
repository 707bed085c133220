"""Writing a block anew, op by op: threads wires, goes into bodies, tells what really changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from q_store.passes.phases import collect_phases
from q_store.qir.angle import Angle, AngleLike, as_angle
from q_store.qir.func import Func
from q_store.qir.location import Location
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value


class Emission:
    """What the ops of one block become. Subclasses define `take` and `end`."""

    def __init__(self) -> None:
        self.now: dict[Value, Value] = {}
        """The emitted wire that stands for a wire of the source."""
        self.out: list[Op] = []

    # --- what subclasses define ---------------------------------------------------------------

    def take(self, op: Op) -> None:
        """Treat one op; the default keeps it."""
        self.keep(op)

    def end(self, wires: Sequence[Value]) -> None:
        """Called with the wires a block returns, before they leave it."""

    def inner(self) -> Emission:
        """The emission for a body, which starts without knowledge."""
        return type(self)()

    # --- what they call -----------------------------------------------------------------------

    def wire(self, value: Value) -> Value:
        """The emitted wire for a wire of the source."""
        return self.now.get(value, value)

    def keep(self, op: Op) -> None:
        """Append an op as it is, on the wires as they are now."""
        operands = tuple([self.now.get(value, value) for value in op.operands])
        regions = tuple([self._region(region) for region in op.regions])
        if operands != op.operands or any(
            new is not old for new, old in zip(regions, op.regions, strict=True)
        ):
            op = op.replace(operands=operands, regions=regions)
        self.out.append(op)

    def passes(self, op: Op) -> None:
        """The op is dropped, and its wires go on."""
        for before, after in zip(op.operands, op.results, strict=True):
            self.now[after] = self.wire(before)

    def gate(
        self,
        name: str,
        wires: Sequence[Value],
        angles: Iterable[AngleLike] = (),
        loc: Location | None = None,
    ) -> tuple[Value, ...]:
        """Append a gate on emitted wires and return the wires after it."""
        results = tuple([Value(QUBIT, wire.name) for wire in wires])
        self.out.append(
            Op(gate(name), tuple(wires), tuple(map(as_angle, angles)), results, loc=loc)
        )
        return results

    def phase(self, angle: AngleLike) -> None:
        """A global phase, unless it is zero."""
        number = as_angle(angle)
        if not number.is_zero:
            self.gate("phase", (), (number,))

    def block(self, ops: Iterable[Op], results: Sequence[Value]) -> tuple[Op, ...]:
        """The ops of a whole block anew."""
        for op in ops:
            self.take(op)
        self.end(results)
        return tuple(self.out)

    def _region(self, region: Region) -> Region:
        inner = self.inner()
        ops = inner.block(region.ops, region.results)
        results = tuple([inner.wire(value) for value in region.results])
        if same_ops(ops, region.ops):
            return region
        return Region(region.args, ops, results)


def rewritten(func: Func, emission: Emission) -> Func:
    """The function as the emission writes it; the same object when that does the same gates on
    the same qubits with the same angles."""
    ops = emission.block(func.ops, func.results)
    results = tuple([emission.wire(value) for value in func.results])
    made = collect_phases(func.replace(ops=ops, results=results))
    return func if same_ops(made.ops, func.ops) else made


def same_ops(left: tuple[Op, ...], right: tuple[Op, ...]) -> bool:
    """Whether two blocks do the same on every wire, whatever the names of wires and the order of
    ops that share none."""
    if len(left) != len(right):
        return False
    names: dict[Value, Value] = {}
    users = {value: op for op in right for value in op.operands if value.type.linear}
    free = iter([op for op in right if not _linear(op)])
    for op in left:
        operands = tuple([names.get(value, value) for value in op.operands])
        wires = [value for value in operands if value.type.linear]
        twin = users.get(wires[0]) if wires else next(free, None)
        if twin is None or twin.defn is not op.defn or twin.operands != operands:
            return False
        if twin.angles != op.angles or twin.regions != op.regions:
            return False
        names.update(zip(op.results, twin.results, strict=True))
    return True


def _linear(op: Op) -> bool:
    return any(value.type.linear for value in op.operands)


def is_run_gate(op: Op) -> bool:
    """Whether the op is a unitary gate on one wire."""
    return type(op.defn) is Gate and len(op.operands) == 1


def negligible(angle: Angle, tolerance: float) -> bool:
    """Whether an angle is a number near zero."""
    return not angle.terms and abs(angle.const) <= tolerance
