"""Cirq's gates by class: one table of functions from a gate to steps of rows.

Cirq counts exponents in half-turns, and every gate with an exponent t carries the phase
exp(i pi t global_shift). All entries are exact, phase included.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

import cirq

from q_store.frontends.cirq.symbols import Symbols
from q_store.frontends.expr import Expr
from q_store.frontends.sympy_reader import phase_of
from q_store.qir.gates.rules import diagonal_steps
from q_store.qir.ops import Steps

Entry = Callable[[Any, Symbols], Steps | None]
"""The steps of a gate, or `None` where it has to be decomposed. `angles(value)` is a number or
expression of Cirq in radians, `angles(t, 1)` that of t half-turns."""

_NO_NAMES: Final[Mapping[float, str]] = {}


def _power(
    wires: int, row: str, fixed: Mapping[float, str] = _NO_NAMES, *, rotation: bool = False
) -> Callable[[Any, Symbols], Steps]:
    """A gate with an exponent: `row` at the angle pi t, or a row without angles for some t.

    A rotation `row` is the gate with `global_shift` -1/2.
    """
    at = tuple(range(wires))

    def steps(gate: Any, angles: Symbols) -> Steps:
        exponent, shift = gate.exponent, gate.global_shift
        turn = angles(exponent, 1)
        name = fixed.get(exponent) if isinstance(turn, float) and shift == 0.0 else None
        if name is not None:
            return ((name, at, ()),)
        rest = shift + 0.5 if rotation else shift
        phase = (("phase", (), (turn * float(rest),)),) if rest else ()
        return ((row, at, (turn,)), *phase)

    return steps


def _z_power(gate: Any, angles: Symbols) -> Steps:
    """The phase gate, or the rotation when the shift makes it one."""
    if gate.global_shift == -0.5:
        return (("rz", (0,), (angles(gate.exponent, 1),)),)
    return _PHASE_POWER(gate, angles)


_PHASE_POWER: Final = _power(1, "p", {1: "z", 0.5: "s", -0.5: "sdg", 0.25: "t", -0.25: "tdg"})


def _phased_x(gate: Any, angles: Symbols) -> Steps:
    turn = angles(gate.exponent, 1)
    rotation = ("r", (0,), (turn, angles(gate.phase_exponent, 1)))
    rest = gate.global_shift + 0.5
    return (rotation, ("phase", (), (turn * float(rest),))) if rest else (rotation,)


def _row(name: str, wires: int, *fields: str, half_turns: bool = False) -> Entry:
    """A row whose angles are attributes of the gate, in radians or in half-turns."""
    at, power = tuple(range(wires)), 1 if half_turns else 0
    return lambda gate, angles: (
        (name, at, tuple([angles(getattr(gate, field), power) for field in fields])),
    )


def _diagonal(gate: Any, angles: Symbols) -> Steps:
    phases = [angles(angle) for angle in gate._diag_angles_radians]
    rows = {4: "diag2", 8: "diag3"}
    at = tuple(range(len(phases).bit_length() - 1))
    if len(phases) in rows:
        return ((rows[len(phases)], at, tuple(phases)),)
    return diagonal_steps(at, phases)


def _identity(gate: Any, angles: Symbols) -> Steps:
    return tuple([("id", (wire,), ()) for wire in range(cirq.num_qubits(gate))])


def _phase(gate: Any, angles: Symbols) -> Steps:
    coefficient = gate.coefficient
    return (("phase", (), (unit_angle(coefficient, angles),)),)


def unit_angle(coefficient: Any, angles: Symbols) -> Expr | float:
    """The angle of a number on the unit circle, symbolic as `exp(I*t)`."""
    if isinstance(coefficient, complex | float | int):
        return cmath.phase(coefficient)
    return phase_of(coefficient, angles.symbol)


def _nothing(gate: Any, angles: Symbols) -> Steps:
    return ()


def pauli_rotation(word: Mapping[int, str], angle: Any) -> Steps:
    """exp(-i angle/2 P) for the Pauli word with these letters on these wires."""
    wires, letters = list(word), "".join(word.values())
    if not wires:
        return (("phase", (), (angle * -0.5,)),)
    row = _ROTATIONS.get(letters)
    if row is not None:
        return ((row, tuple(wires), (angle,)),)
    if letters == "XZ":
        return (("rzx", (wires[1], wires[0]), (angle,)),)
    before = [step for wire in wires for step in _TO_Z[word[wire]](wire)]
    ladder = [("cx", pair, ()) for pair in pairwise(wires)]
    after = [(_UNDO[name], at, ()) for name, at, _ in reversed(before)]
    middle = ("rz", (wires[-1],), (angle,))
    return (*before, *ladder, middle, *reversed(ladder), *after)


_ROTATIONS: Final = {
    **{"X": "rx", "Y": "ry", "Z": "rz"},
    **{"XX": "rxx", "YY": "ryy", "ZZ": "rzz", "ZX": "rzx"},
}
_TO_Z: Final[dict[str, Callable[[int], Steps]]] = {
    "X": lambda wire: (("h", (wire,), ()),),
    "Y": lambda wire: (("sx", (wire,), ()),),
    "Z": lambda wire: (),
}
_UNDO: Final = {"h": "h", "sx": "sxdg"}


def phasor(word: Mapping[int, str], sign: int, gate: Any, angles: Symbols) -> Steps:
    """`exponent_neg` half-turns on the word's eigenvalue -1, `exponent_pos` on +1."""
    negative, positive = angles(gate.exponent_neg, 1), angles(gate.exponent_pos, 1)
    if sign < 0:
        negative, positive = positive, negative
    turn, mean = negative - positive, (negative + positive) * 0.5
    return (*pauli_rotation(word, turn), ("phase", (), (mean,)))


def _phasor_gate(gate: Any, angles: Symbols) -> Steps:
    dense = gate.dense_pauli_string
    letters = {wire: "IXYZ"[mask] for wire, mask in enumerate(dense.pauli_mask) if mask}
    return phasor(letters, int(dense.coefficient.real), gate, angles)


def _dense(gate: Any, angles: Symbols) -> Steps:
    letters = [("xyz"[mask - 1], (wire,), ()) for wire, mask in enumerate(gate.pauli_mask) if mask]
    return (*letters, ("phase", (), (unit_angle(gate.coefficient, angles),)))


def _clifford(gate: Any, angles: Symbols) -> Steps | None:
    """The two Clifford gates of Cirq that have names and rows."""
    for known, row in ((cirq.CXSWAP, "cxswap"), (cirq.CZSWAP, "czswap")):
        if gate == known:
            return ((row, (0, 1), ()),)
    return None


@cache
def table() -> dict[type, Entry]:
    """What each gate class is made of."""
    return {
        cirq.XPowGate: _power(1, "rx", {1: "x", 0.5: "sx", -0.5: "sxdg"}, rotation=True),
        cirq.YPowGate: _power(1, "ry", {1: "y"}, rotation=True),
        cirq.ZPowGate: _z_power,
        cirq.HPowGate: _power(1, "hpow", {1: "h"}),
        cirq.PhasedXPowGate: _phased_x,
        cirq.PhasedXZGate: _row(
            "phased_xz", 1, "x_exponent", "z_exponent", "axis_phase_exponent", half_turns=True
        ),
        cirq.XXPowGate: _power(2, "rxx", rotation=True),
        cirq.YYPowGate: _power(2, "ryy", rotation=True),
        cirq.ZZPowGate: _power(2, "rzz", rotation=True),
        cirq.CXPowGate: _power(2, "cxpow", {1: "cx", 0.5: "csx", -0.5: "csxdg"}),
        cirq.CYPowGate: _power(2, "cypow", {1: "cy"}),
        cirq.CZPowGate: _power(
            2, "cp", {1: "cz", 0.5: "cs", -0.5: "csdg", 0.25: "ct", -0.25: "ctdg"}
        ),
        cirq.SwapPowGate: _power(2, "swappow", {1: "swap"}),
        cirq.ISwapPowGate: _power(
            2, "isingxy", {1: "iswap", -1: "iswapdg", 0.5: "sqrt_iswap", -0.5: "sqrt_iswapdg"}
        ),
        cirq.PhasedISwapPowGate: _row(
            "phased_iswap", 2, "exponent", "phase_exponent", half_turns=True
        ),
        cirq.FSimGate: _row("fsim", 2, "theta", "phi"),
        cirq.PhasedFSimGate: _row("phased_fsim", 2, "theta", "zeta", "chi", "gamma", "phi"),
        cirq.TwoQubitDiagonalGate: _diagonal,
        cirq.ThreeQubitDiagonalGate: _diagonal,
        cirq.DiagonalGate: _diagonal,
        cirq.CCXPowGate: _power(3, "ccxpow", {1: "ccx"}),
        cirq.CCYPowGate: _power(3, "ccypow", {1: "ccy"}),
        cirq.CCZPowGate: _power(3, "ccp", {1: "ccz"}),
        cirq.CSwapGate: _row("cswap", 3),
        cirq.IdentityGate: _identity,
        cirq.GlobalPhaseGate: _phase,
        cirq.WaitGate: _nothing,
        cirq.PauliStringPhasorGate: _phasor_gate,
        cirq.CliffordGate: _clifford,
        cirq.DensePauliString: _dense,
        cirq.MutableDensePauliString: _dense,
    }


@cache
def entry_of(kind: type) -> Entry | None:
    """The entry of a gate class or of its nearest base that has one."""
    return next((table()[base] for base in kind.__mro__ if base in table()), None)
