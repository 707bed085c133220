"""CX, a rotation, the same CX again: one two-qubit rotation."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, ClassVar, Final

from q_store.passes.base import FuncPass
from q_store.passes.facts import AXIS_OF, axes
from q_store.passes.phases import collect_phases, global_phase
from q_store.passes.rewrite import Answer, RuleSet, Sweep, rule, sweep
from q_store.qir.angle import ZERO, Angle
from q_store.qir.ops import Gate, Op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.values import Value

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func

_AXES: Final = {"q.cx": "ZX", "q.cy": "ZY", "q.cz": "ZZ"}
"""The Pauli letter of each wire of a controlled Pauli gate."""
_PAIRS: Final = {"XX": "rxx", "YY": "ryy", "ZZ": "rzz", "ZX": "rzx"}
_MAX_STEPS: Final = 64
_QUARTER: Final = pi / 2


@rule("q.u")
def name_rotation(s: Sweep, op: Op) -> Answer:
    """u that is p, ry, rx or its inverse -> that, as other compilers write rotations."""
    theta, phi, lam = op.angles
    if theta.is_zero:
        return _one("p", op, phi + lam)
    if phi.is_zero and lam.is_zero:
        return _one("ry", op, theta)
    if phi.is_const and lam.is_const and phi.const == -lam.const:
        if phi.const == -_QUARTER:
            return _one("rx", op, theta)
        if phi.const == _QUARTER:
            return _one("rx", op, -theta)
    return None


def _one(name: str, op: Op, angle: Angle) -> Op:
    return Op(gate(name), op.operands, (angle,), op.results, loc=op.loc)


@rule(*_AXES)
def fold_conjugation(s: Sweep, op: Op) -> Answer:
    """CP R CP -> one rotation, where R is a rotation of one of its wires that does not commute
    with it and the gates between on the other wire do."""
    letters = _AXES[op.defn.name]
    for place in (1, 0):
        middle = s.producer(op.operands[place])
        turn = _turn(middle, letters[place])
        if middle is None or turn is None:
            continue
        first = s.producer(middle.operands[0])
        if first is None or first.defn is not op.defn:
            continue
        at = first.results.index(middle.operands[0])
        roles_agree = at == place or op.defn.name == "q.cz"
        goal = first.results[1 - at]
        if roles_agree and _reaches(s, op.operands[1 - place], goal, letters[1 - place]):
            s.retract(middle)
            s.retract(first)
            letter, angle, phase = turn
            word = letters[0] + letter if place else letter + letters[1]
            return _rotate(s, s.resolve(op.operands), word, angle, phase)
    return None


def _turn(middle: Op | None, letter: str) -> tuple[str, Angle, Angle] | None:
    """(letter, angle, phase) of a rotation about another axis than `letter`."""
    if middle is None or middle.defn.name not in ("q.rx", "q.ry", "q.rz", "q.p"):
        return None
    angle, is_phase = middle.angles[0], middle.defn.name == "q.p"
    own = "Z" if is_phase else middle.defn.mnemonic[1].upper()
    return None if own == letter else (own, angle, angle * 0.5 if is_phase else ZERO)


def _reaches(s: Sweep, wire: Value, goal: Value, letter: str) -> bool:
    """Whether walking back along gates that commute with a Pauli letter leads to a wire."""
    for _ in range(_MAX_STEPS):
        if wire is goal:
            return True
        made = s.producer(wire)
        if made is None or not isinstance(made.defn, Gate):
            return False
        at = made.results.index(wire)
        if not axes(made.defn)[at] & AXIS_OF[letter]:
            return False
        wire = made.operands[at]
    return False


def _rotate(
    s: Sweep, wires: tuple[Value, ...], word: str, angle: Angle, phase: Angle
) -> tuple[Value, ...]:
    """Emit exp(-i angle/2 word) and return the wires after it; Y is Rx(-pi/2) Z Rx(pi/2)."""
    if not phase.is_zero:
        s.emit(global_phase(phase))
    mixed = [place for place in (0, 1) if word[place] == "Y"] if word != "YY" else []
    now = list(wires)
    for place in mixed:
        now[place] = _emit(s, "rx", (now[place],), Angle(pi / 2))[0]
    plain = word.replace("Y", "Z") if mixed else word
    if plain == "XZ":
        now.reverse()
    after = list(_emit(s, _PAIRS["ZX" if plain == "XZ" else plain], tuple(now), angle))
    if plain == "XZ":
        after.reverse()
    for place in mixed:
        after[place] = _emit(s, "rx", (after[place],), Angle(-pi / 2))[0]
    return tuple(after)


def _emit(s: Sweep, name: str, wires: tuple[Value, ...], angle: Angle) -> tuple[Value, ...]:
    results = tuple([Value(QUBIT, wire.name) for wire in wires])
    s.emit(Op(gate(name), wires, (angle,), results))
    return results


RULES: Final = RuleSet([name_rotation, fold_conjugation])


@dataclass(frozen=True, slots=True)
class FoldConjugations(FuncPass):
    """Writes CX RZ CX as one RZZ, and likewise for CY, CZ and rotations about other axes.

    Rotations may be written as u. Angles may be symbolic, and gates that commute with the CX may
    stand between on its other wire.
    """

    name: ClassVar[str] = "fold-conjugations"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """Sweeps until nothing folds; a fold may bring the next pair of gates together."""
        while True:
            folded = sweep(func, RULES, ctx)
            if folded is func:
                return collect_phases(func)
            func = folded
