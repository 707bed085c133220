"""Native programs with parameters, bound for many values at once.

The program is compiled once; a binding gives every angle a number. Entanglers accept angles in a
limited range only, and what exceeds it is a Pauli gate on either wire: for `zz` a Z, for `ms` a
half-turn pulse. Neither is played. It becomes part of a frame X**flip Rz(angle) per wire that
changes the phases of the pulses to come, so every row of a batch is the same program with other
numbers, and what remains at the end is at most a flip of the measured bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import error
from q_store.targets.executable import Executable

if TYPE_CHECKING:
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_ROUNDING: Final = 1e-14
_NEAR: Final = 1e-12


@dataclass(frozen=True, eq=False, slots=True)
class NativeBatch:
    """B bindings of one native program of G gates on n qubits."""

    n_qubits: int
    gates: tuple[str, ...]
    """`gpi`, `gpi2`, `ms`, `zz`, in time order; length G."""
    wires: tuple[tuple[int, ...], ...]
    """Qubits of each gate."""
    slot_ptr: NDArray[np.int32]
    """Gate k has the columns slot_ptr[k] to slot_ptr[k+1] of `turns`; shape (G+1,)."""
    turns: Floats
    """Phases and angles in turns, shape (B, S): phases in (-1/2, 1/2], then for `ms` an angle in
    [0, 1/4]; for `zz` an angle in [-1/4, 1/4]."""
    flips: Flags
    """Whether the bit that qubit q gives is the opposite of the program's; shape (B, n)."""
    frames: Floats
    """What is left of each wire's frame: Rz by so many radians, then X where flipped, (B, n). It
    does not matter to a measurement in the computational basis."""
    order: tuple[int, ...]
    """The physical qubit that carries each observed one."""


def slot_values(executable: Executable, params: Floats) -> Floats:
    """Angles (B, S) in radians of parameter rows [inputs | weights | derived], (B, P)."""
    indices, data = executable.a_indices, executable.a_data
    rows = np.repeat(np.arange(len(executable.b)), np.diff(executable.a_indptr))
    values = np.tile(executable.b, (len(params), 1))
    np.add.at(values.T, rows, (params[:, indices] * data).T)
    return values


def bind_native(executable: Executable, angles: Floats) -> NativeBatch:
    """Bind a native program to angles (B, S) in radians.

    `executable` is what `lower` makes of a function in native gates, with `rz` and final swaps
    allowed. Raises `QS425` for another gate.
    """
    return _Binding(executable, np.asarray(angles, np.float64)).run()


class _Binding:
    def __init__(self, executable: Executable, angles: Floats) -> None:
        self.exe = executable
        self.angles = angles
        batch, n = len(angles), executable.n_qubits
        self.flips: Flags = np.zeros((batch, n), np.bool_)
        self.frames: Floats = np.zeros((batch, n))
        self.order = list(range(n))
        self.gates: list[str] = []
        self.wires: list[tuple[int, ...]] = []
        self.columns: list[Floats] = []
        self.pointer = [0]

    def run(self) -> NativeBatch:
        exe = self.exe
        for k, code in enumerate(exe.opcode):
            name = exe.op_names[code]
            wires = tuple(map(int, exe.wires[exe.wire_ptr[k] : exe.wire_ptr[k + 1]]))
            self.gate(
                name,
                tuple([self.order[wire] for wire in wires]),
                [self.angles[:, s] for s in range(exe.slot_ptr[k], exe.slot_ptr[k + 1])],
            )
            if name == "swap":
                a, b = wires
                self.order[a], self.order[b] = self.order[b], self.order[a]
        columns = np.stack(self.columns, axis=1) if self.columns else self.angles[:, :0]
        return NativeBatch(
            exe.n_qubits,
            tuple(self.gates),
            tuple(self.wires),
            np.array(self.pointer, np.int32),
            columns,
            self.flips,
            self.frames,
            tuple(self.order),
        )

    def gate(self, name: str, at: tuple[int, ...], angles: list[Floats]) -> None:
        if name == "rz":
            self.frames[:, at[0]] += np.where(self.flips[:, at[0]], -angles[0], angles[0])
        elif name in ("gpi", "gpi2"):
            self.play(name, at, [self.phase(at[0], angles[0])])
        elif name == "ms":
            self.entangle(
                at, [self.phase(q, a) for q, a in zip(at, angles[:2], strict=True)], angles[2]
            )
        elif name == "zz":
            self.ising(at, angles[0])
        elif name != "swap":
            raise error("QS425", f"`{name}` is not a native gate", help="compile with ionq-native")

    def phase(self, wire: int, phase: Floats) -> Floats:
        """The phase of a pulse that a frame has come before."""
        return np.where(self.flips[:, wire], -phase, phase) - self.frames[:, wire]

    def play(self, name: str, at: tuple[int, ...], angles: list[Floats]) -> None:
        self.gates.append(name)
        self.wires.append(at)
        self.columns += [angle / (2 * pi) for angle in angles[:-1]]
        last = angles[-1] / (2 * pi)
        self.columns.append(last if name in ("ms", "zz") else _in_one_turn(last))
        if name == "ms":
            self.columns[-3:-1] = [_in_one_turn(column) for column in self.columns[-3:-1]]
        self.pointer.append(len(self.columns))

    def entangle(self, at: tuple[int, ...], phases: list[Floats], theta: Floats) -> None:
        """MS(t + pi) is MS(t), then a half-turn of both wires; MS(-t) turns the other way."""
        odd, rest = _fold(theta)
        opposite = np.where(rest < 0, phases[0] + pi, phases[0])
        self.play("ms", at, [opposite, phases[1], np.abs(rest)])
        for wire, phase in zip(at, phases, strict=True):
            # X**f Rz(g) gpi(p) with gpi(p) = X Rz(-2p) is X**(1-f) Rz(-g - 2p).
            turned = -self.frames[:, wire] - 2 * phase
            self.frames[:, wire] = np.where(odd, turned, self.frames[:, wire])
            self.flips[:, wire] ^= odd

    def ising(self, at: tuple[int, ...], theta: Floats) -> None:
        """ZZ(t + pi) is ZZ(t), then Z on both wires; a flip on one wire turns it round."""
        against = self.flips[:, at[0]] ^ self.flips[:, at[1]]
        odd, rest = _fold(np.where(against, -theta, theta))
        self.play("zz", at, [rest])
        for wire in at:
            self.frames[:, wire] += pi * odd


def _fold(theta: Floats) -> tuple[Flags, Floats]:
    """Whether an odd number of half-turns is taken off, and what is left, in [-pi/2, pi/2]."""
    half_turns = np.where(np.abs(theta) <= pi / 2 + _NEAR, 0.0, np.rint(theta / pi))
    rest = np.clip(theta - half_turns * pi, -pi / 2, pi / 2)
    return np.asarray(half_turns % 2 == 1), rest


def _in_one_turn(turns: Floats) -> Floats:
    """The same phases in (-1/2, 1/2]; eighths without what rounding left of sums."""
    turns = turns - np.ceil(turns - 0.5)
    eighths = np.rint(turns * 8) / 8
    made: Floats = np.where(np.abs(turns - eighths) <= _ROUNDING, eighths, turns)
    return np.where(made == -0.5, 0.5, made)
