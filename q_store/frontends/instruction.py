"""One step of a circuit under construction, and the checks every wire and angle goes through."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Final

from q_store.frontends.expr import Expr, as_number
from q_store.frontends.symbols import parse_symbol
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.location import Location
from q_store.qir.ops import Gate, OpDef

AngleLike = Expr | float | str
"""What users pass for an angle: a number of radians, an expression, or a parameter's name."""

WireLike = int | Iterable[int]
"""What users pass for a wire of a gate: its number, or those of several gates in order."""

AnglesLike = AngleLike | Iterable[AngleLike]
"""An angle, or those of several gates in order."""

StoredAngle = Expr | float

_WIRE_HELP: Final = "wires are integers counted from 0"


class Instruction:
    """One gate, channel, measurement or conditional of a circuit. Immutable by convention."""

    __slots__ = ("angles", "bit", "bodies", "loc", "row", "wires")

    row: OpDef
    wires: tuple[int, ...]
    angles: tuple[StoredAngle, ...]
    """Radians, or probabilities of a noise channel."""
    loc: Location | None
    bit: str | None
    """The bit a measurement writes or a conditional reads."""
    bodies: tuple[tuple[Instruction, ...], ...]
    """Of a conditional: what runs when the bit is 1, and what runs when it is 0."""

    def __init__(
        self,
        row: OpDef,
        wires: tuple[int, ...],
        angles: tuple[StoredAngle, ...] = (),
        loc: Location | None = None,
        bit: str | None = None,
        bodies: tuple[tuple[Instruction, ...], ...] = (),
    ) -> None:
        self.row = row
        self.wires = wires
        self.angles = angles
        self.loc = loc
        self.bit = bit
        self.bodies = bodies

    @property
    def name(self) -> str:
        """Mnemonic, `rx`."""
        return self.row.mnemonic

    @property
    def is_gate(self) -> bool:
        return isinstance(self.row, Gate)

    def mapped(
        self, wire: Callable[[int], int], angle: Callable[[StoredAngle], StoredAngle] | None = None
    ) -> Instruction:
        """The same step on other wires and with other angles."""
        return Instruction(
            self.row,
            tuple(map(wire, self.wires)),
            self.angles if angle is None else tuple(map(angle, self.angles)),
            self.loc,
            self.bit,
            tuple([tuple([step.mapped(wire, angle) for step in body]) for body in self.bodies]),
        )

    def __repr__(self) -> str:
        angles = f"({', '.join(map(repr, self.angles))})" if self.angles else ""
        if isinstance(self.row, dialects.Listed):
            angles = "(…)"
        bit = f" -> {self.bit}" if self.row is dialects.MEASURE else ""
        return f"{self.name}{angles} {list(self.wires)}{bit}"


def failure(
    loc: Location | None, code: str, message: str, help: str = "", notes: Sequence[str] = ()
) -> QStoreError:
    """An error that points at the user's line."""
    return error(code, message, span=loc.span() if loc else None, help=help, notes=notes)


def check_wires(
    name: str, wires: Sequence[object], n_qubits: int, loc: Location | None
) -> tuple[int, ...]:
    """Distinct wires of the circuit as Python integers.

    Raises `QS303` for anything but an integer, `QS301` out of range, `QS302` repeated.
    """
    checked = tuple([w if type(w) is int else _integer(name, w, loc) for w in wires])
    for wire in checked:
        if not 0 <= wire < n_qubits:
            raise failure(
                loc,
                "QS301",
                f"`{name}` on wire {wire}: the circuit has {n_qubits} qubits, 0 to {n_qubits - 1}",
            )
    if len(set(checked)) != len(checked):
        shown = ", ".join(map(str, checked))
        raise failure(loc, "QS302", f"`{name}` on wires {shown}: a wire is repeated")
    return checked


def _integer(name: str, wire: object, loc: Location | None) -> int:
    if isinstance(wire, Expr):
        raise failure(
            loc, "QS303", f"`{name}` got the symbol {wire!r} as a wire", "wires come before angles"
        )
    is_bool = isinstance(wire, bool) or type(wire).__name__ in ("bool", "bool_")
    if is_bool or not hasattr(wire, "__index__") or hasattr(wire, "__len__"):
        raise failure(loc, "QS303", f"`{name}` got {wire!r} as a wire", _WIRE_HELP)
    return operator.index(wire)


def check_angles(
    row: OpDef, angles: Sequence[object], loc: Location | None, wires: int | None = None
) -> tuple[StoredAngle, ...]:
    """Angles as floats and expressions; `wires` counts those of a row that takes any number.

    Raises `QS306` for a wrong number or type of angles, `QS307` for one that is not finite and
    `QS308` for numbers of a channel that are no probabilities or no channel.
    """
    names, listed = row.angle_names, isinstance(row, dialects.Listed)
    if listed:
        names = tuple([f"[{k}]" for k in range(len(angles))])
    if len(angles) != len(names) or any(a is None for a in angles):
        raise _wrong_count(row, angles, loc)
    checked = tuple(
        [
            a if type(a) is float and math.isfinite(a) else _angle(row, n, a, loc)
            for n, a in zip(names, angles, strict=True)
        ]
    )
    if isinstance(row, dialects.Channel):
        _check_channel(row, checked, row.wires if wires is None else wires, loc)
    return checked


def _wrong_count(row: OpDef, angles: Sequence[object], loc: Location | None) -> QStoreError:
    names = row.angle_names
    wanted = f"{len(names)} ({', '.join(names)})" if names else "none"
    got = sum(angle is not None for angle in angles)
    return failure(loc, "QS306", f"`{row.mnemonic}` takes this many angles: {wanted}; got {got}")


def _angle(row: OpDef, name: str, angle: object, loc: Location | None) -> StoredAngle:
    if isinstance(angle, str):
        return parse_symbol(angle)
    if isinstance(angle, Expr):
        return angle if angle.terms else angle.const
    number = as_number(angle)
    if number is None:
        raise failure(
            loc,
            "QS306",
            f"the angle {name} of `{row.mnemonic}` must be a number of radians, an expression of "
            f"symbols or a parameter name, got {angle!r}",
        )
    if not math.isfinite(number):
        raise failure(loc, "QS307", f"the angle {name} of `{row.mnemonic}` is {number}, not finite")
    return number


def _check_channel(
    row: dialects.Channel,
    values: Sequence[StoredAngle],
    wires: int | None,
    loc: Location | None,
) -> None:
    numbers: list[float] = []
    for name, value in zip_longest(row.angle_names[: len(values)], values, fillvalue="number"):
        if not isinstance(value, float):
            raise failure(
                loc, "QS308", f"{name} of `{row.mnemonic}` must be a number, got {value!r}"
            )
        numbers.append(value)
    flaw = row.flaw(numbers, wires or 0)
    if flaw:
        raise failure(loc, "QS308", f"`{row.mnemonic}` {flaw}")
