"""Gates to frame changes and fused instructions.

Primitive rows are handled here; every other row of the gate table goes through its ``decompose``.
Rules used: rx, ry, rz and Pauli rotations of two wires are one instruction each; p(t) is rz(t) with
phase t/2; cp(t) is rz(t/2) on both wires, rzz(-t/2) and phase t/4; crz(t) is rz(t/2) and rzz(-t/2);
h is Z and then ry(pi/2); cx with more controls is a phase of pi between two h; cswap is ccx
between two free cx.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import Any

from q_store.qir.diagnostics import error
from q_store.runtime.batched.affine import Row
from q_store.runtime.batched.frame import Frame
from q_store.runtime.batched.fusing import Fuser
from q_store.runtime.batched.opcodes import X_AXIS, Y_AXIS, Z_AXIS

Rule = Callable[["Lowering", Sequence[int], Sequence[Row]], None]


class Lowering:
    """State of the walk over the gates: frame, instructions, global phase."""

    def __init__(self, n_qubits: int) -> None:
        self.n = n_qubits
        self.frame = Frame(n_qubits)
        self.fuser = Fuser()
        self.phase = Row()

    def gate(self, name: str, wires: Sequence[int], angles: Sequence[Row]) -> None:
        """Apply one gate of the table."""
        rule = _RULES.get(name)
        if rule is not None:
            rule(self, wires, angles)
            return
        for step, places, values in _decomposition(name, angles):
            rows = [v if isinstance(v, Row) else Row(float(v)) for v in values]
            self.gate(step, [wires[place] for place in places], rows)

    def turn(self, wire: int, axis: int, row: Row) -> None:
        """A rotation of one wire."""
        frame = self.frame
        if axis == Z_AXIS:
            self.fuser.phase(frame.rows[wire], -row if frame.flips[wire] else row)
            return
        pair = frame.columns[wire]
        negative = frame.sign_constant(pair) ^ (axis == Y_AXIS and frame.flips[wire])
        sign = frame.sign_mask(pair)
        self.fuser.rotate(pair, frame.rows[wire], sign, axis, -row if negative else row)

    def pauli_rotation(self, x_mask: int, z_mask: int, row: Row) -> None:
        """exp(-i t/2 P) for a Pauli word given by masks (bit ``n - 1 - w`` for wire ``w``)."""
        word = self.frame.pauli(x_mask, z_mask)
        row = -row if word.negative else row
        if not word.x:
            self.fuser.phase(word.z, row)
        elif word.imaginary:
            self.fuser.rotate(word.x, word.z, 0, Y_AXIS, row)
        else:
            self.fuser.rotate(word.x, word.x & -word.x, word.z, X_AXIS, row)

    def controlled_turn(self, control: int, wire: int, axis: int, row: Row) -> None:
        """A rotation about X or Y of ``wire`` where ``control`` is one."""
        frame = self.frame
        pair = frame.columns[wire]
        negative = frame.sign_constant(pair) ^ (axis == Y_AXIS and frame.flips[wire])
        factors = [(axis, -row if negative else row)]
        sign = frame.sign_mask(pair)
        self.fuser.controlled(pair, frame.rows[wire], sign, factors, self.controls([control]))

    def controls(self, wires: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """The parities that say that all ``wires`` are one."""
        return tuple((self.frame.rows[w], int(not self.frame.flips[w])) for w in wires)

    def bits(self, wires: Sequence[int]) -> int:
        """Logical mask of wires."""
        return sum(1 << (self.n - 1 - w) for w in wires)

    def add_phase(self, row: Row | float) -> None:
        self.phase = self.phase + row

    def finish(self) -> None:
        """Fold the frame's half turns into the global phase."""
        if self.frame.half_turns:
            self.frame.half_turns = 0
            self.add_phase(pi)


def _decomposition(
    name: str, angles: Sequence[Row]
) -> Sequence[tuple[str, Sequence[int], Sequence[Any]]]:
    from q_store.qir.registry import gate

    row = gate(name)
    if row.decompose is None:
        raise error(
            "QS502",
            f"the batched engine cannot run `{name}`",
            help="it runs unitary gates only; remove the op or choose another backend",
        )
    steps: Sequence[tuple[str, Sequence[int], Sequence[Any]]] = row.decompose(*angles)
    return steps


def _turn(axis: int) -> Rule:
    return lambda low, wires, angles: low.turn(wires[0], axis, angles[0])


def _fixed(axis: int, angle: float, phase: float) -> Rule:
    def rule(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
        low.turn(wires[0], axis, Row(angle))
        low.add_phase(phase)

    return rule


def _pauli_rotation(x: tuple[int, ...], z: tuple[int, ...]) -> Rule:
    """Word with X on the wire places ``x`` and Z on the places ``z`` (Y where both)."""

    def rule(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
        x_mask, z_mask = low.bits([wires[i] for i in x]), low.bits([wires[i] for i in z])
        low.pauli_rotation(x_mask, z_mask, angles[0])

    return rule


def _y(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.frame.z(wires[0])
    low.frame.x(wires[0])
    low.add_phase(pi / 2)


def _h(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.frame.z(wires[0])
    low.turn(wires[0], Y_AXIS, Row(pi / 2))


def _p(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.turn(wires[0], Z_AXIS, angles[0])
    low.add_phase(angles[0] * 0.5)


def _cp(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    half = angles[0] * 0.5
    low.turn(wires[0], Z_AXIS, half)
    low.turn(wires[1], Z_AXIS, half)
    low.pauli_rotation(0, low.bits(wires), -half)
    low.add_phase(half * 0.5)


def _crz(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.turn(wires[1], Z_AXIS, angles[0] * 0.5)
    low.pauli_rotation(0, low.bits(wires), angles[0] * -0.5)


def _controlled(axis: int) -> Rule:
    return lambda low, wires, angles: low.controlled_turn(wires[0], wires[1], axis, angles[0])


def _cy(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.turn(wires[1], Z_AXIS, Row(-pi / 2))
    low.frame.cx(wires[0], wires[1])
    low.turn(wires[1], Z_AXIS, Row(pi / 2))


def _iswap(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    for wire in wires:
        low.turn(wire, Z_AXIS, Row(pi / 2))
    low.add_phase(pi / 2)
    low.frame.cz(*wires)
    low.frame.swap(*wires)


def _mcz(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.fuser.controlled_phase(Row(pi), low.controls(wires))


def _mcp(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.fuser.controlled_phase(angles[0], low.controls(wires))


def _mcx(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    _h(low, wires[-1:], ())
    _mcz(low, wires, ())
    _h(low, wires[-1:], ())


def _cswap(low: Lowering, wires: Sequence[int], angles: Sequence[Row]) -> None:
    low.frame.cx(wires[2], wires[1])
    _mcx(low, wires, ())
    low.frame.cx(wires[2], wires[1])


_RULES: dict[str, Rule] = {
    "id": lambda low, wires, angles: None,
    "x": lambda low, wires, angles: low.frame.x(wires[0]),
    "y": _y,
    "z": lambda low, wires, angles: low.frame.z(wires[0]),
    "h": _h,
    "s": _fixed(Z_AXIS, pi / 2, pi / 4),
    "sdg": _fixed(Z_AXIS, -pi / 2, -pi / 4),
    "t": _fixed(Z_AXIS, pi / 4, pi / 8),
    "tdg": _fixed(Z_AXIS, -pi / 4, -pi / 8),
    "sx": _fixed(X_AXIS, pi / 2, pi / 4),
    "sxdg": _fixed(X_AXIS, -pi / 2, -pi / 4),
    "rx": _turn(X_AXIS),
    "ry": _turn(Y_AXIS),
    "rz": _turn(Z_AXIS),
    "p": _p,
    "phase": lambda low, wires, angles: low.add_phase(angles[0]),
    "cx": lambda low, wires, angles: low.frame.cx(*wires),
    "cy": _cy,
    "cz": lambda low, wires, angles: low.frame.cz(*wires),
    "swap": lambda low, wires, angles: low.frame.swap(*wires),
    "iswap": _iswap,
    "rxx": _pauli_rotation((0, 1), ()),
    "ryy": _pauli_rotation((0, 1), (0, 1)),
    "rzz": _pauli_rotation((), (0, 1)),
    "rzx": _pauli_rotation((1,), (0,)),
    "cp": _cp,
    "crx": _controlled(X_AXIS),
    "cry": _controlled(Y_AXIS),
    "crz": _crz,
    "ccx": _mcx,
    "c3x": _mcx,
    "c4x": _mcx,
    "ccz": _mcz,
    "c3z": _mcz,
    "ccp": _mcp,
    "cswap": _cswap,
}
