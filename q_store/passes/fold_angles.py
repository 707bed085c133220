"""Angles of two-qubit rotations into the range of the hardware."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.ionq.emission import Emission, rewritten
from q_store.passes.ionq.turns import HALF_PI, TOLERANCE, wrapped
from q_store.qir.angle import Angle
from q_store.qir.ops import Op

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func
    from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class FoldAngles(FuncPass):
    """Brings numeric angles of `rxx ryy rzz rzx zz` into [-pi/2, pi/2], of `ms` into [0, pi/2].

    A turn by pi more is a Pauli gate on either wire; a negative `ms` is a positive one about the
    opposite axis. Rotations by zero go. Symbolic angles are folded when they are bound.
    """

    name: ClassVar[str] = "fold-angles"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """One sweep; exact, the global phase included."""
        return rewritten(func, _Emission())


_LETTERS: Final = {"q.rxx": "xx", "q.ryy": "yy", "q.rzz": "zz", "q.rzx": "zx", "ionq.zz": "zz"}


class _Emission(Emission):
    def take(self, op: Op) -> None:
        theta = op.angles[-1] if op.angles else None
        known = op.defn.name in _LETTERS or op.defn.name == "ionq.ms"
        if not known or theta is None or theta.terms:
            self.keep(op)
            return
        half_turns = _half_turns(theta.const)
        rest = theta.const - half_turns * pi
        if half_turns == 0 and rest >= (0.0 if op.defn.name == "ionq.ms" else -pi):
            self.keep(op) if abs(rest) > TOLERANCE else self.passes(op)
            return
        wires = tuple([self.wire(value) for value in op.operands])
        if abs(rest) > TOLERANCE:
            wires = self.gate(op.defn.mnemonic, wires, _folded(op, rest), op.loc)
        if half_turns % 2:
            wires = tuple([self.flip(op, place, wire) for place, wire in enumerate(wires)])
        self.phase(wrapped(Angle(_phase(op, half_turns))))
        self.now.update(zip(op.results, wires, strict=True))

    def flip(self, op: Op, place: int, wire: Value) -> Value:
        """The half-turn of one wire."""
        if op.defn.name == "ionq.ms":
            return self.gate("gpi", (wire,), (op.angles[place],), op.loc)[0]
        row = f"r{_LETTERS[op.defn.name][place]}"
        return self.gate(row, (wire,), (pi,), op.loc)[0]


def _half_turns(theta: float) -> int:
    """The multiple of pi nearest to the angle; none for angles in range."""
    return 0 if abs(theta) <= HALF_PI + TOLERANCE else round(theta / pi)


def _folded(op: Op, rest: float) -> tuple[Angle, ...]:
    if op.defn.name != "ionq.ms" or rest >= 0:
        return (*op.angles[:-1], Angle(rest))
    return (wrapped(op.angles[0] + pi), op.angles[1], Angle(-rest))


def _phase(op: Op, half_turns: int) -> float:
    """exp(-i k pi/2 P Q) is (-1)**(k/2) for even k; for odd k it is sin(k pi/2) times -i P Q, where
    a gpi is P and a rotation by pi is -i P."""
    if half_turns % 2 == 0:
        return pi * (half_turns // 2 % 2)
    return (-HALF_PI if op.defn.name == "ionq.ms" else HALF_PI) + pi * (half_turns // 2 % 2)
