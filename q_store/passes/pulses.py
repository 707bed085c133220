"""Every run of one-qubit gates as native pulses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, is_run_gate, rewritten
from q_store.passes.ionq.turns import Run
from q_store.qir import dialects
from q_store.qir.ops import Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value

_NATIVE = frozenset({"ionq.gpi", "ionq.gpi2", "q.rz"})


@dataclass(frozen=True, slots=True)
class Pulses(FuncPass):
    """Writes every run of one-qubit gates as `gpi` and `gpi2` pulses and one `rz` at its end.

    A run without parameters takes at most two pulses; symbolic angles go into the phases of pulses
    and stay affine. The `rz` is no pulse: see `phase-track`.
    """

    name: ClassVar[str] = "pulses"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; runs that are pulses already and no longer than needed stay as they are."""
        return rewritten(func, _Emission())


class _Emission(Emission):
    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[Value, list[Op]] = {}
        """The gates not written yet, by the last wire they make."""

    def take(self, op: Op) -> None:
        if is_run_gate(op):
            self.runs[op.results[0]] = [*self.runs.pop(op.operands[0], []), op]
            self.passes(op)
            return
        if op.defn is not dialects.ALLOC:
            self.end(op.operands)
        self.keep(op)

    def end(self, wires: Sequence[Value]) -> None:
        for value in wires:
            run = self.runs.pop(value, None)
            if run is not None:
                self.write(value, run)

    def write(self, value: Value, ops: list[Op]) -> None:
        """Append the pulses of a run that ends in the wire `value`."""
        run = Run()
        for op in ops:
            run.add(op.defn.mnemonic, op.angles)
        pulses, rest, phase = run.emit()
        wire = self.wire(value)
        if _is_written(ops, len(pulses)):
            for op in ops:
                (wire,) = self.gate(op.defn.mnemonic, (wire,), op.angles, op.loc)
        else:
            loc = ops[0].loc
            for name, angle in pulses:
                (wire,) = self.gate(name, (wire,), (angle,), loc)
            if not rest.is_zero:
                (wire,) = self.gate("rz", (wire,), (rest,), loc)
            self.phase(phase)
        self.now[value] = wire


def _is_written(ops: list[Op], pulses: int) -> bool:
    """Whether the run is native, ends with its only `rz` and has no pulse too many."""
    names = [op.defn.name for op in ops]
    turns = names.count("q.rz")
    if not _NATIVE.issuperset(names) or turns > 1 or (turns and names[-1] != "q.rz"):
        return False
    rest = ops[-1].angles[0] if turns else None
    if rest is not None and not rest.terms and abs(rest.const) > _FULL:
        return False
    return len(names) - turns <= pulses


_FULL = 6.283185307179586
