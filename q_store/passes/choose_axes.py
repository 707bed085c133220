"""Two-qubit rotations as native entanglers, their axes chosen so that few pulses are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from q_store.passes.base import FuncPass
from q_store.passes.ionq.axes import choose_axes
from q_store.passes.ionq.emission import Emission, is_run_gate, rewritten
from q_store.passes.ionq.turns import HALF_PI, Run
from q_store.qir.angle import ZERO, Angle
from q_store.qir.ops import Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value

Entangler = Literal["ms", "zz"]
INTERACTIONS: Final = {
    "q.rxx": "xx",
    "q.ryy": "yy",
    "q.rzz": "zz",
    "q.rzx": "zx",
    "ionq.zz": "zz",
    "ionq.ms": "pp",
}
"""Two-qubit rotations with the axis on each wire; `p` is a direction of the equator."""
_TO_Z: Final = {"x": ("ry", -HALF_PI), "y": ("rx", HALF_PI)}
"""The rotation that takes an axis to Z."""


@dataclass(frozen=True, slots=True)
class ChooseAxes(FuncPass):
    """Writes two-qubit rotations as `ms` or `zz` between one-qubit rotations.

    For `ms`, whose axes may point anywhere on the equator, the directions are chosen along each
    wire so that the rotations between take few pulses; `pulses` and `phase-track` then write them.
    """

    name: ClassVar[str] = "choose-axes"
    idempotent: ClassVar[bool] = False

    entangler: Entangler = "zz"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One walk to learn the runs of each wire, one to write the gates."""
        return rewritten(func, _Emission(self.entangler, func.ops))


@dataclass(slots=True)
class _Wire:
    """What happens on a wire between two ops that are neither one-qubit gates nor interactions."""

    runs: list[Run] = field(default_factory=lambda: [Run()])
    legs: list[tuple[Op, int]] = field(default_factory=list)
    """The interactions between the runs: op and place in it."""


def _wires(ops: Sequence[Op]) -> list[_Wire]:
    """The wires of one block, cut at every other op."""
    found: list[_Wire] = []
    now: dict[Value, _Wire] = {}
    for op in ops:
        is_run = is_run_gate(op)
        if not is_run and op.defn.name not in INTERACTIONS:
            continue
        for place, (value, result) in enumerate(zip(op.operands, op.results, strict=True)):
            wire = now.pop(value, None)
            if wire is None:
                wire = _Wire()
                found.append(wire)
            now[result] = wire
            if is_run:
                wire.runs[-1].add(op.defn.mnemonic, op.angles)
            else:
                _meet(wire, op, place)
    return found


def _meet(wire: _Wire, op: Op, place: int) -> None:
    """An interaction ends a run and begins the next, in a frame in which it acts along Z."""
    for name, angle in _into_frame(op, place):
        wire.runs[-1].add(name, (angle,))
    wire.runs.append(Run())
    wire.legs.append((op, place))
    for name, angle in _out_of_frame(op, place):
        wire.runs[-1].add(name, (angle,))


def _into_frame(op: Op, place: int) -> list[tuple[str, Angle]]:
    """Gates that take the axis of an interaction to Z."""
    axis = INTERACTIONS[op.defn.name][place]
    if axis == "p":
        return [("rz", -op.angles[place]), ("ry", Angle(-HALF_PI))]
    return [(_TO_Z[axis][0], Angle(_TO_Z[axis][1]))] if axis in _TO_Z else []


def _out_of_frame(op: Op, place: int) -> list[tuple[str, Angle]]:
    return [(name, -angle) for name, angle in reversed(_into_frame(op, place))]


class _Emission(Emission):
    def __init__(self, entangler: Entangler, ops: Sequence[Op] = ()) -> None:
        super().__init__()
        self.entangler = entangler
        self.alphas: dict[tuple[Op, int], Angle] = {}
        if entangler == "ms":
            for wire in _wires(ops):
                self.alphas.update(zip(wire.legs, choose_axes(wire.runs), strict=True))

    def inner(self) -> _Emission:
        return _Emission(self.entangler)

    def take(self, op: Op) -> None:
        if op.defn.name not in INTERACTIONS:
            self.keep(op)
            return
        wires = [
            self.turned(self.wire(value), [*_into_frame(op, place), *self.onto_axis(op, place)])
            for place, value in enumerate(op.operands)
        ]
        theta = op.angles[-1]
        angles = (ZERO, ZERO, theta) if self.entangler == "ms" else (theta,)
        wires = list(self.gate(self.entangler, wires, angles, op.loc))
        for place, value in enumerate(op.results):
            back = [(name, -angle) for name, angle in reversed(self.onto_axis(op, place))]
            self.now[value] = self.turned(wires[place], [*back, *_out_of_frame(op, place)])

    def onto_axis(self, op: Op, place: int) -> list[tuple[str, Angle]]:
        """Gates that take Z to the axis that the entangler has."""
        if self.entangler == "zz":
            return []
        return [("rz", self.alphas.get((op, place), ZERO)), ("ry", Angle(HALF_PI))]

    def turned(self, wire: Value, gates: list[tuple[str, Angle]]) -> Value:
        for name, angle in gates:
            if not angle.is_zero:
                (wire,) = self.gate(name, (wire,), (angle,))
        return wire
