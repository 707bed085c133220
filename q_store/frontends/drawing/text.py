"""Circuits as text, one line per wire and one between two wires where something crosses."""

from __future__ import annotations

from typing import Final

from q_store.frontends.drawing.layout import Cell, Glyph, Layout

_CROSS: Final = "\N{BOX DRAWINGS LIGHT DIAGONAL CROSS}"
_SIGNS: Final = {"control": "●", "not": "⊕", "swap": _CROSS, "barrier": "░"}


def draw_text(layout: Layout, width: int) -> str:
    """The drawing, folded at `width` characters (0 for never); remarks come below.

    Lines are 2q for wire q and 2q+1 for the gap under it; gaps where nothing crosses are left out.
    """
    names = [f"q{qubit}: " for qubit in range(layout.n_qubits)]
    margin = max(map(len, names))
    columns = [_column(column, layout.n_qubits) for column in layout.columns]
    blocks = [
        _block(names, margin, block) for block in _folded(columns, width - margin if width else 0)
    ]
    return "\n".join(["\n\n".join(blocks), *layout.remarks])


def _folded(columns: list[list[str]], width: int) -> list[list[list[str]]]:
    """Columns in groups that fit; a column that is too wide stands alone."""
    groups: list[list[list[str]]] = [[]]
    used = 0
    for column in columns:
        size = len(column[0])
        if width and groups[-1] and used + size > width:
            groups.append([])
            used = 0
        groups[-1].append(column)
        used += size
    return groups


def _block(names: list[str], margin: int, columns: list[list[str]]) -> str:
    lines = []
    for row in range(2 * len(names) - 1):
        text = "".join([column[row] for column in columns])
        if row % 2 == 0:
            lines.append(names[row // 2].rjust(margin) + (text or "─"))
        elif text.strip():
            lines.append((" " * margin + text).rstrip())
    return "\n".join(lines)


def _column(cells: list[Cell], n_qubits: int) -> list[str]:
    """One text per line, all of the same odd width, signs and lines centred."""
    marks: dict[int, str] = {}
    for cell in cells:
        marks |= _marks(cell)
    width = max(map(len, marks.values()), default=1) + 2
    width += 1 - width % 2
    return [_centred(marks.get(row, ""), width, row % 2 == 0) for row in range(2 * n_qubits - 1)]


def _marks(cell: Cell) -> dict[int, str]:
    marks = {}
    if cell.linked:
        rows = range(2 * cell.first + 1, 2 * cell.last)
        marks = {row: "│" if row % 2 else "┼" for row in rows}
    return marks | {2 * wire: _sign(glyph) for wire, glyph in cell.glyphs.items()}


def _sign(glyph: Glyph) -> str:
    return _SIGNS.get(glyph.kind) or f"[{glyph.label}]"


def _centred(mark: str, width: int, on_wire: bool) -> str:
    filler = "─" if on_wire else " "
    left = (width - len(mark)) // 2
    return filler * left + mark + filler * (width - left - len(mark))
