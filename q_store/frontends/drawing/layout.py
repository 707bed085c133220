"""Which sign stands on which wire in which column."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from q_store.frontends.expr import Expr, format_expr
from q_store.frontends.instruction import Instruction, StoredAngle
from q_store.qir import dialects
from q_store.qir.observables import Observation, Sample
from q_store.qir.ops import Gate, Trait

Kind = Literal["box", "control", "not", "swap", "barrier", "measure"]
_MOST_ANGLES: Final = 6
_MAX_DENOMINATOR: Final = 16
_MAX_PIS: Final = 16


@dataclass(frozen=True, slots=True)
class Glyph:
    """The sign on one wire; only boxes and measurements have a text."""

    kind: Kind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The signs of one step, joined by a line when there are several."""

    glyphs: dict[int, Glyph]
    linked: bool = True

    @property
    def first(self) -> int:
        return min(self.glyphs)

    @property
    def last(self) -> int:
        return max(self.glyphs)


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns from left to right, each with steps that do not overlap, and remarks below."""

    n_qubits: int
    columns: list[list[Cell]]
    remarks: list[str]


def lay_out(
    n_qubits: int, steps: Iterable[Instruction], observations: Sequence[Observation]
) -> Layout:
    """Put every step in the first column where its wires, and the wires between, are free."""
    columns: list[list[Cell]] = []
    free = [0] * n_qubits
    remarks: list[str] = []
    phase: Expr = Expr()
    for step in steps:
        if not step.wires:
            phase = phase + step.angles[0]
            continue
        remarks += _remarks(step)
        _place(_cell(step), columns, free)
    for observation in observations:
        if isinstance(observation, Sample):
            free = [max(free)] * n_qubits
            for qubit in observation.qubits:
                _place(Cell({qubit: Glyph("measure", "M")}), columns, free)
        else:
            remarks.append(f"observe {observation!r}")
    if phase != Expr():
        remarks.insert(0, f"global phase {angle_text(phase)}")
    return Layout(n_qubits, columns, remarks)


def _place(cell: Cell, columns: list[list[Cell]], free: list[int]) -> None:
    span = slice(cell.first, cell.last + 1)
    column = max(free[span])
    if column == len(columns):
        columns.append([])
    columns[column].append(cell)
    free[span] = [column + 1] * len(free[span])


def _cell(step: Instruction) -> Cell:
    if step.row is dialects.BARRIER:
        return Cell({wire: Glyph("barrier") for wire in step.wires}, linked=False)
    if step.row is dialects.MEASURE:
        return Cell({step.wires[0]: Glyph("measure", f"M {step.bit}")})
    if step.row is dialects.RESET:
        return Cell({step.wires[0]: Glyph("box", "|0>")})
    if step.row is dialects.IF:
        return Cell({wire: Glyph("box", f"if {step.bit}") for wire in step.wires})
    if isinstance(step.row, Gate):
        return Cell(_gate(step, step.row))
    return Cell(_boxes(step.name, step))


def _gate(step: Instruction, row: Gate) -> dict[int, Glyph]:
    controls = min(row.controls, len(step.wires) - 1)
    glyphs = {wire: Glyph("control") for wire in step.wires[:controls]}
    targets = step.wires[controls:]
    base = row.base if controls and row.base else row.mnemonic
    signs: dict[str, Kind] = {"x": "not", "z": "control", "swap": "swap"}
    if base in signs and (controls or base == "swap"):
        return glyphs | {wire: Glyph(signs[base]) for wire in targets}
    name = "P" if base == "phase" else base.upper()
    return glyphs | _boxes(name, step, targets, symmetric=row.has(Trait.SYMMETRIC))


def _boxes(
    name: str, step: Instruction, wires: Sequence[int] | None = None, symmetric: bool = True
) -> dict[int, Glyph]:
    """Boxes with a name, numbered where wires may not be exchanged; the first has the angles."""
    wires = step.wires if wires is None else wires
    angles = _angles(step)
    numbered = len(wires) > 1 and not symmetric
    glyphs = {}
    for position, wire in enumerate(wires):
        label = f"{name}:{position}" if numbered else name
        glyphs[wire] = Glyph("box", label + (angles if position == 0 else ""))
    return glyphs


def _remarks(step: Instruction) -> list[str]:
    """What the bodies of a conditional do."""
    if step.row is not dialects.IF:
        return []
    texts = [", ".join(map(_short, body)) for body in step.bodies]
    line = f"if {step.bit}: {texts[0] or 'nothing'}"
    return [line + (f"; else: {texts[1]}" if texts[1] else "")]


def _short(step: Instruction) -> str:
    return f"{step.name}{_angles(step)} {' '.join(map(str, step.wires))}"


def _angles(step: Instruction) -> str:
    """Angles in parentheses, where they are no long list."""
    if not step.angles or len(step.angles) > _MOST_ANGLES or isinstance(step.row, dialects.Listed):
        return ""
    return f"({', '.join(map(angle_text, step.angles))})"


def angle_text(angle: StoredAngle) -> str:
    """An angle for a label: names, simple multiples of pi as such, else four digits."""
    return format_expr(angle, _number) if isinstance(angle, Expr) else _signed(angle)


def _signed(value: float) -> str:
    return f"-{_number(-value)}" if value < 0 else _number(value)


def _number(value: float) -> str:
    ratio = Fraction(value / math.pi).limit_denominator(_MAX_DENOMINATOR)
    exact = math.isclose(value, float(ratio) * math.pi, rel_tol=1e-12)
    if value == 0.0 or not exact or ratio > _MAX_PIS:
        return f"{value:.4g}"
    over = f"/{ratio.denominator}" if ratio.denominator > 1 else ""
    return ("π" if ratio.numerator == 1 else f"{ratio.numerator}π") + over
