"""Virtual Z gates: carried to where they end, instead of played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, negligible, rewritten
from q_store.passes.ionq.turns import TOLERANCE, wrapped
from q_store.passes.phases import wrap
from q_store.qir import dialects
from q_store.qir.angle import ZERO, Angle
from q_store.qir.ops import Gate, Op, Trait

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class PhaseTrack(FuncPass):
    """Carries `rz` and `gpi` past native gates to the end of each wire, where they are one gate.

    An `rz` shifts the phases of the pulses it passes, a half-turn `gpi` negates them, and both
    leave the number of pulses alone (McKay et al., 2017, arXiv:1612.00858). What arrives at a
    measurement, a gate that is not native or the end is written there; before a measurement in the
    computational basis `light-cone` drops an `rz`.
    """

    name: ClassVar[str] = "phase-track"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; the meaning stays exactly the same, the global phase included."""
        return rewritten(func, _Emission())


_NOTHING: Final = (False, ZERO)


class _Emission(Emission):
    """A frame is X**flip Rz(angle), the Rz first."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: dict[Value, tuple[bool, Angle]] = {}
        """By the wire of the source after the gates the frame stands for."""

    def take(self, op: Op) -> None:
        rule = _RULES.get(op.defn.name)
        if rule is not None:
            rule(self, op)
        elif _is_diagonal(op):
            self.diagonal(op)
        else:
            if op.defn is not dialects.ALLOC:
                self.end(op.operands)
            self.keep(op)

    def end(self, wires: Sequence[Value]) -> None:
        for value in wires:
            flip, angle = self.frames.pop(value, _NOTHING)
            if flip:
                # X Rz(t) is gpi(-t/2).
                self.now[value] = self.gate("gpi", (self.wire(value),), (wrapped(angle * -0.5),))[0]
            elif not negligible(angle, TOLERANCE):
                number = wrap(angle.const, 4 * pi)
                if not -pi < number <= pi:
                    number, around = wrap(number, 2 * pi), True
                    self.phase(pi * around)
                turn = Angle(number, angle.terms)
                if not negligible(turn, TOLERANCE):
                    self.now[value] = self.gate("rz", (self.wire(value),), (turn,))[0]

    def frame(self, value: Value) -> tuple[bool, Angle]:
        return self.frames.pop(value, _NOTHING)

    def turn(self, op: Op) -> None:
        """Rz(t) X = X Rz(-t)."""
        flip, angle = self.frame(op.operands[0])
        more = op.angles[0]
        self.frames[op.results[0]] = (flip, angle - more if flip else angle + more)
        self.passes(op)

    def half_turn(self, op: Op) -> None:
        """gpi(p) = X Rz(-2p), so gpi(p) X Rz(t) = Rz(2p) Rz(t) and gpi(p) Rz(t) = X Rz(t-2p)."""
        flip, angle = self.frame(op.operands[0])
        twice = op.angles[0] * 2.0
        self.frames[op.results[0]] = (not flip, angle + twice if flip else angle - twice)
        self.passes(op)

    def quarter_turn(self, op: Op) -> None:
        frame = self.frame(op.operands[0])
        angles = (_framed(op.angles[0], frame),)
        self.play(op, angles)
        self.frames[op.results[0]] = frame

    def entangler(self, op: Op) -> None:
        frames = [self.frame(value) for value in op.operands]
        phases = [_framed(p, f) for p, f in zip(op.angles[:2], frames, strict=True)]
        self.play(op, (*phases, op.angles[2]))
        self.frames.update(zip(op.results, frames, strict=True))

    def ising(self, op: Op) -> None:
        frames = [self.frame(value) for value in op.operands]
        odd = frames[0][0] != frames[1][0]
        self.play(op, (-op.angles[0],) if odd else op.angles)
        self.frames.update(zip(op.results, frames, strict=True))

    def diagonal(self, op: Op) -> None:
        """A gate or a reading that Rz commutes with: an Rz passes, a flip does not."""
        linear = [value for value in op.operands if value.type.linear]
        frames = {value: self.frame(value) for value in linear}
        for value, (flip, angle) in frames.items():
            if flip:
                self.frames[value] = (flip, angle)
        self.end(linear)
        self.keep(op)
        for value, result in zip(linear, op.results, strict=False):
            if not frames[value][0]:
                self.frames[result] = frames[value]

    def play(self, op: Op, angles: tuple[Angle, ...]) -> None:
        self.keep(op if angles == op.angles else op.replace(angles=angles))


def _framed(phase: Angle, frame: tuple[bool, Angle]) -> Angle:
    flip, angle = frame
    if not flip and angle.is_zero:
        return phase
    return wrapped((-phase if flip else phase) - angle)


def _is_diagonal(op: Op) -> bool:
    row = op.defn
    return row is dialects.MEASURE or (
        isinstance(row, Gate) and bool(row.wires) and row.has(Trait.DIAGONAL)
    )


_RULES: Final = {
    "q.rz": _Emission.turn,
    "ionq.gpi": _Emission.half_turn,
    "ionq.gpi2": _Emission.quarter_turn,
    "ionq.ms": _Emission.entangler,
    "ionq.zz": _Emission.ising,
    "q.rzz": _Emission.ising,
}
