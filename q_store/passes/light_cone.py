"""Walk back from the observations and drop what cannot influence them.

The walk keeps, per wire, the Pauli letters that everything observed so far commutes with: all
three where nothing is observed, Z where probabilities are read, none after a general gate. A gate
that shares such a letter with every wire it touches commutes with all observations (Heisenberg
picture: O U = U O gives U† O U = O), so it goes. This covers gates outside the cone, diagonal gates
before a measurement, and controls whose target nobody looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.analysis import analysis, parameter_use
from q_store.passes.base import FuncPass, Relation
from q_store.passes.facts import ANY_AXIS, AXIS_OF, NO_AXIS, Z_AXIS, axes
from q_store.passes.rewrite import without
from q_store.passes.scalars import drop_dead_scalars
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.diagnostics import Diagnostic
from q_store.qir.func import Func, element_refs
from q_store.qir.observables import Expval, Observation, State
from q_store.qir.ops import Gate, Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.values import Value


@analysis
def outside_cone(func: Func) -> frozenset[int]:
    """Positions of the ops that no observation depends on. Empty when the function returns wires
    or observes its whole state, because then everything matters."""
    observe = func.observe
    if observe is None or any(isinstance(seen, State) for seen in observe.observations):
        return frozenset()
    walk = _Walk(observe)
    return frozenset(
        position for position, op in reversed(list(enumerate(func.ops[:-1]))) if not walk.keeps(op)
    )


def _observed_axes(observations: tuple[Observation, ...], wires: int) -> list[int]:
    """Per wire, the letters that all observations commute with."""
    free = [ANY_AXIS] * wires
    for seen in observations:
        if isinstance(seen, Expval):
            for _, word in seen.paulis.terms:
                for qubit, letter in word:
                    free[qubit] &= AXIS_OF[letter]
        elif not isinstance(seen, State):
            for qubit in seen.qubits:
                free[qubit] &= Z_AXIS
    return free


class _Walk:
    def __init__(self, observe: Op) -> None:
        free = _observed_axes(observe.observations, len(observe.operands))
        self.free: dict[Value, int] = dict(zip(observe.operands, free, strict=True))
        """What everything later commutes with, on each wire."""
        self.bits: set[Value] = set()
        """Measured bits that something later reads."""

    def keeps(self, op: Op) -> bool:
        """Whether the op matters; moves the walk to before it."""
        if isinstance(op.defn, Gate):
            return self.gate(op, op.defn)
        if isinstance(op.defn, dialects.Scalar) or op.defn is dialects.ALLOC:
            return True
        if op.defn is dialects.BARRIER:
            return self.barrier(op)
        if op.defn is dialects.MEASURE:
            return self.measure(op)
        return self.other(op)

    def gate(self, op: Op, row: Gate) -> bool:
        free = self.free
        after = [free[value] for value in op.results]
        own = axes(row)
        if all(f == ANY_AXIS or f & a for f, a in zip(after, own, strict=True)):
            free.update(zip(op.operands, after, strict=True))
            return False
        for value, f, a in zip(op.operands, after, own, strict=True):
            free[value] = f & a
        return True

    def barrier(self, op: Op) -> bool:
        """A barrier carries nothing from wire to wire, and goes with the last gate it fences."""
        after = [self.free[value] for value in op.results]
        self.free.update(zip(op.operands, after, strict=True))
        return any(f != ANY_AXIS for f in after)

    def measure(self, op: Op) -> bool:
        """Dephasing does nothing to what commutes with Z, and leaves nothing else."""
        wire, bit = op.results
        after = self.free[wire]
        if bit not in self.bits and (after == ANY_AXIS or after & Z_AXIS):
            self.free[op.operands[0]] = after
            return False
        self.free[op.operands[0]] = Z_AXIS
        return True

    def other(self, op: Op) -> bool:
        """Noise, resets and conditional bodies, by whether anything after them matters."""
        linear = [value for value in op.operands if value.type.linear]
        if all(self.free[value] == ANY_AXIS for value in op.results):
            self.free.update(dict.fromkeys(linear, ANY_AXIS))
            return False
        # What a reset leaves does not depend on what it got.
        before = ANY_AXIS if op.defn is dialects.RESET else NO_AXIS
        self.free.update(dict.fromkeys(linear, before))
        self.read_bits(op)
        return True

    def read_bits(self, op: Op) -> None:
        self.bits.update(value for value in op.operands if value.type.kind == "bit")
        for region in op.regions:
            for inner in region.ops:
                self.read_bits(inner)


@dataclass(frozen=True, slots=True)
class LightCone(FuncPass):
    """Drops every op that cannot influence the observations.

    Functions that return wires or observe the whole state stay as they are. Parameters stay
    arguments even where nothing reads them any more; a note `QS410` names those.
    """

    name: ClassVar[str] = "light-cone"
    relation: ClassVar[Relation] = "observed"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One walk back, one pass forward."""
        dropped = outside_cone(func)
        if not dropped:
            return func
        result = drop_dead_scalars(without(func, dropped))
        _report(func, result, ctx)
        return result


def _report(before: Func, after: Func, ctx: Context) -> None:
    used, left = parameter_use(before), parameter_use(after)
    refs = [ref for arg in before.args if arg.type.kind == "f64" for ref in element_refs(arg)]
    lost = [repr(Angle.of(ref[0], *ref[1])) for ref in refs if ref in used and ref not in left]
    if lost:
        shown = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        ctx.report(
            Diagnostic(
                "QS410",
                f"no observation of @{before.name} depends on {shown}",
                severity="note",
            )
        )
