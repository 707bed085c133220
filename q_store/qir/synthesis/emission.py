"""Parts written as gates of the table: blocks taken apart, one-qubit gates merged."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import pi
from typing import Final

import numpy as np

from q_store.qir.gates.matrices import SQRT_HALF
from q_store.qir.ops import Step
from q_store.qir.registry import gate
from q_store.qir.synthesis.pairs import ZERO, count, forms, without_diagonal
from q_store.qir.synthesis.parts import Block, Part, turned, wires_of
from q_store.qir.synthesis.spectra import Complex

_NAMED: Final = ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg")
_AXES: Final = {"cx": "zx", "cz": "zz", "rzz": "zz"}
"""Per entangler and wire: the axis about which rotations pass."""
_ONE: Final = np.eye(2, dtype=np.complex128)


# --- two wires: diagonals that move on ------------------------------------------------------------


def with_diagonals_moved(parts: Sequence[Part]) -> list[Part]:
    """Blocks on two wires without a diagonal that the next block on the same wires takes on, where
    that saves entanglers (the optimisation A.2 of Shende, Bullock and Markov, 2006)."""
    found = list(parts)
    for place, part in enumerate(found):
        if not isinstance(part, Block) or len(part.wires) < 2:
            continue
        later = _next_on(found, place, part.wires)
        if later is None:
            continue
        follower = found[later]
        assert isinstance(follower, Block)
        angle, rest = without_diagonal(part.matrix)
        taken = follower.matrix @ turned("ZZ", angle)
        if count(rest) + count(taken) < count(part.matrix) + count(follower.matrix):
            found[place] = Block(part.wires, rest)
            found[later] = Block(follower.wires, taken)
    return found


def _next_on(parts: Sequence[Part], place: int, wires: tuple[int, ...]) -> int | None:
    """The next block on the same two wires, where everything before it commutes with ZZ there."""
    both = set(wires)
    for later in range(place + 1, len(parts)):
        part = parts[later]
        at = wires_of(part)
        if both.isdisjoint(at):
            continue
        if isinstance(part, Block):
            return later if set(at) == both else None
        if (part[0] == "cx" and at[1] in both) or part[0] == "swap":
            return None
    return None


# --- writing --------------------------------------------------------------------------------------


def steps_of(parts: Sequence[Part]) -> tuple[Step, ...]:
    """Parts as gates of the table; blocks on one wire and rotations next to each other are one
    gate, and the global phase, if any, comes last."""
    writer = _Writer()
    for part in parts:
        writer.take(part)
    return writer.finish()


class _Writer:
    """Holds back what is to be done on single wires until an entangler asks for it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.waiting: dict[int, Complex] = {}
        self.phase = 0.0

    def take(self, part: Part) -> None:
        if isinstance(part, Block):
            if len(part.wires) == 1:
                self.turn(part.wires[0], part.matrix)
            else:
                self.pair(part)
            return
        name, wires, angles = part
        if name == "phase":
            self.phase += angles[0]
        elif len(wires) == 1:
            self.turn(wires[0], gate(name).matrix(*angles))
        elif name == "swap":
            self.swap(*wires)
        elif name == "rzz":
            self.ising(wires, angles[0])
        else:
            self.entangle(name, wires, angles)

    def turn(self, wire: int, matrix: Complex) -> None:
        before = self.waiting.get(wire)
        self.waiting[wire] = matrix if before is None else matrix @ before

    def pair(self, block: Block) -> None:
        """The form of the pair that leaves the fewest gates on single wires."""
        ways = forms(block.matrix)
        for part in min(ways, key=_written) if len(ways) > 1 else ways[0]:
            self.take(_placed(part, block.wires))

    def swap(self, left: int, right: int) -> None:
        held = self.waiting.pop(left, _ONE), self.waiting.pop(right, _ONE)
        self.waiting[right], self.waiting[left] = held
        self.steps.append(("swap", (left, right), ()))

    def ising(self, wires: tuple[int, ...], angle: float) -> None:
        """Quarter turns as CZ, half turns as nothing; others in (-pi, pi]."""
        turns = round(angle / pi)
        rest = angle - turns * pi
        for wire in wires if turns % 2 else ():
            self.turn(wire, gate("z").matrix())
        # rzz(pi) is -i ZZ.
        self.phase -= pi / 2 * turns
        if abs(rest) < ZERO:
            return
        if abs(abs(rest) - pi / 2) > ZERO:
            self.entangle("rzz", wires, (rest,))
            return
        sign = 1.0 if rest > 0 else -1.0
        for wire in wires:
            self.turn(wire, turned("Z", sign * pi / 2))
        self.phase += sign * pi / 4
        self.entangle("cz", wires, ())

    def entangle(self, name: str, wires: tuple[int, ...], angles: tuple[float, ...]) -> None:
        """Append an entangler; what passes it is done later, and a flip changes its other wire or
        the sign of its angle."""
        flips = []
        for wire, axis in zip(wires, _AXES[name], strict=True):
            matrix = self.waiting.pop(wire, None)
            flips.append(matrix is not None and _flips(matrix, axis))
            if matrix is None or flips[-1]:
                self.waiting |= {} if matrix is None else {wire: matrix}
                continue
            needed, rest = _split(matrix, axis)
            self.write(wire, needed)
            if np.abs(rest - np.eye(2)).max() > ZERO:
                self.waiting[wire] = rest
        if name == "rzz":
            angles = (-angles[0],) if flips[0] != flips[1] else angles
        else:
            control, target = wires
            if flips[1]:
                self.waiting[control] = self.waiting.get(control, _ONE) @ gate("z").matrix()
            if flips[0]:
                self.turn(target, gate("x" if name == "cx" else "z").matrix())
        self.steps.append((name, wires, angles))

    def write(self, wire: int, matrix: Complex) -> None:
        name, angles, phase = one_qubit_gate(matrix)
        self.phase += phase
        if name:
            self.steps.append((name, (wire,), angles))

    def finish(self) -> tuple[Step, ...]:
        for wire in sorted(self.waiting):
            self.write(wire, self.waiting[wire])
        phase = self.phase - 2 * pi * round(self.phase / (2 * pi))
        if abs(phase) > ZERO:
            self.steps.append(("phase", (), (phase,)))
        return tuple(self.steps)


def _placed(part: Part, wires: tuple[int, ...]) -> Part:
    if isinstance(part, Block):
        return Block(tuple([wires[place] for place in part.wires]), part.matrix)
    return part[0], tuple([wires[place] for place in part[1]]), part[2]


def _written(parts: Sequence[Part]) -> int:
    """How many gates the parts are, those with angles counted twice."""
    return sum([bool(wires) * (2 if angles else 1) for _, wires, angles in steps_of(parts)])


# --- one wire -------------------------------------------------------------------------------------


def one_qubit_gate(matrix: Complex) -> tuple[str, tuple[float, ...], float]:
    """(mnemonic, angles, phase): the gate times exp(i phase) is the unitary (2, 2); no name where
    that is a phase alone."""
    a, b = matrix[0, 0], matrix[1, 0]
    if max(abs(b), abs(matrix[0, 1])) < ZERO and abs(a - matrix[1, 1]) < ZERO:
        return "", (), float(np.angle(a))
    common = min(abs(abs(a) - modulus) for modulus in (0.0, 1.0, SQRT_HALF)) < ZERO
    for name, known in _known() if common else ():
        overlap = np.vdot(known, matrix) / 2
        if np.abs(known * overlap - matrix).max() < ZERO:
            return name, (), float(np.angle(overlap))
    theta, first, last, phase = _euler(matrix)
    if abs(theta) < ZERO:
        return "rz", (_turned(first + last),), phase + _lost(first + last)
    if abs(first) < ZERO and abs(last) < ZERO:
        return "ry", (theta,), phase
    if abs(first - pi / 2) < ZERO and abs(last + pi / 2) < ZERO:
        # Rz(-pi/2) Ry(theta) Rz(pi/2) is Rx(theta).
        return "rx", (theta,), phase
    if abs(first + pi / 2) < ZERO and abs(last - pi / 2) < ZERO:
        return "rx", (-theta,), phase
    return "u", (theta, last, first), phase - (first + last) / 2


def _turned(angle: float) -> float:
    return angle - 2 * pi * round(angle / (2 * pi))


def _lost(angle: float) -> float:
    """The phase of Rz(angle) without its whole turns."""
    return pi * round(angle / (2 * pi))


def _euler(matrix: Complex) -> tuple[float, float, float, float]:
    """(theta, first, last, phase): exp(i phase) Rz(last) Ry(theta) Rz(first), theta in [0, pi], the
    other angles in (-pi, pi]."""
    corner, below = matrix[0, 0], matrix[1, 0]
    theta = 2 * float(np.arctan2(abs(below), abs(corner)))
    if abs(below) < ZERO:
        theta, first, last = 0.0, 0.0, float(np.angle(matrix[1, 1] / corner))
    elif abs(corner) < ZERO:
        theta, first, last = pi, 0.0, float(np.angle(-below / matrix[0, 1]))
    else:
        # Quotients of the larger entries carry the precision.
        last = float(np.angle(below / corner))
        if abs(below) < abs(corner):
            first = float(np.angle(matrix[1, 1] / corner)) - last
        else:
            first = last - float(np.angle(-below / matrix[0, 1]))
        first = _turned(first)
    made = turned("Z", last) @ turned("Y", theta) @ turned("Z", first)
    return theta, first, last, float(np.angle(np.vdot(made, matrix)))


def _flips(matrix: Complex, axis: str) -> bool:
    """Whether the matrix turns the axis round."""
    if axis == "x":
        edge = gate("h").matrix()
        matrix = edge @ matrix @ edge
    return bool(abs(matrix[0, 0]) < ZERO)


def _split(matrix: Complex, axis: str) -> tuple[Complex, Complex]:
    """(needed, rest): `needed`, then `rest`, a rotation about the axis, are the matrix."""
    if axis == "x":
        edge = gate("h").matrix()
        needed, rest = _split(edge @ matrix @ edge, "z")
        return edge @ needed @ edge, edge @ rest @ edge
    if abs(matrix[1, 0]) < ZERO:
        return _ONE, matrix
    last = float(np.angle(matrix[1, 0] / matrix[0, 0]))
    rest = turned("Z", last)
    return rest.conj().T @ matrix, rest


@cache
def _known() -> tuple[tuple[str, Complex], ...]:
    return tuple([(name, gate(name).matrix()) for name in _NAMED])
