"""Circuits as SVG, in the colours of the page they stand on."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from q_store.frontends.drawing.layout import Cell, Glyph, Layout

_ROW: Final = 34
_TOP: Final = 20
_LETTER: Final = 7.3
"""Width of a character of 12 px monospace, rounded up."""
_GAP: Final = 12
_STYLE: Final = (
    ".w{stroke:currentColor;stroke-width:1.3;fill:none}.c{fill:currentColor}"
    ".b{fill:#eef3fc;stroke:#4a6fb5;stroke-width:1.2}.m{fill:#f3f0e6;stroke:#8a7a3c}"
    ".l{fill:#16233c}.n{fill:currentColor;text-anchor:end}.f{stroke:currentColor;"
    "stroke-width:6;stroke-opacity:.2}.r{fill:currentColor;text-anchor:start}"
)


def draw_svg(layout: Layout) -> str:
    """One SVG element; every box has its label as a tooltip too."""
    margin = _LETTER * len(f"q{layout.n_qubits - 1}") + _GAP
    x, parts = margin + _GAP, []
    for column in layout.columns:
        width = max(_width(glyph) for cell in column for glyph in cell.glyphs.values())
        parts += [_draw_cell(cell, x + width / 2) for cell in column]
        x += width + _GAP
    wires = [_wire(qubit, margin, x) for qubit in range(layout.n_qubits)]
    below = _TOP + _ROW * layout.n_qubits
    remarks = [
        f'<text class="r" x="8" y="{below + 18 * i}">{escape(remark)}</text>'
        for i, remark in enumerate(layout.remarks)
    ]
    width = max([x, *[_LETTER * len(remark) + 16 for remark in layout.remarks]])
    height = below + 18 * len(remarks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" font-family="monospace" font-size="12" '
        f'text-anchor="middle"><style>{_STYLE}</style>{"".join([*wires, *parts, *remarks])}</svg>'
    )


def _y(qubit: int) -> int:
    return _TOP + _ROW * qubit


def _width(glyph: Glyph) -> float:
    return max(26.0, _LETTER * len(glyph.label) + 12)


def _wire(qubit: int, margin: float, end: float) -> str:
    y = _y(qubit)
    return (
        f'<text class="n" x="{margin:.1f}" y="{y + 4}">q{qubit}</text>'
        f'<path class="w" d="M{margin + 4:.1f} {y}H{end:.1f}"/>'
    )


def _draw_cell(cell: Cell, x: float) -> str:
    line = ""
    if cell.linked and len(cell.glyphs) > 1:
        line = f'<path class="w" d="M{x:.1f} {_y(cell.first)}V{_y(cell.last)}"/>'
    glyphs = [_DRAW[glyph.kind](x, _y(wire), glyph) for wire, glyph in cell.glyphs.items()]
    return line + "".join(glyphs)


def _control(x: float, y: int, glyph: Glyph) -> str:
    return f'<circle class="c" cx="{x:.1f}" cy="{y}" r="4"/>'


def _not(x: float, y: int, glyph: Glyph) -> str:
    cross = f'<path class="w" d="M{x - 9:.1f} {y}h18M{x:.1f} {y - 9}v18"/>'
    return f'<circle class="b" cx="{x:.1f}" cy="{y}" r="9"/>{cross}'


def _swap(x: float, y: int, glyph: Glyph) -> str:
    return f'<path class="w" d="M{x - 6:.1f} {y - 6}l12 12m0 -12l-12 12"/>'


def _barrier(x: float, y: int, glyph: Glyph) -> str:
    return f'<path class="f" d="M{x:.1f} {y - _ROW // 2}v{_ROW}"/>'


def _box(x: float, y: int, glyph: Glyph) -> str:
    width, label = _width(glyph), escape(glyph.label)
    kind = "m" if glyph.kind == "measure" else "b"
    return (
        f'<g><title>{label}</title><rect class="{kind}" x="{x - width / 2:.1f}" y="{y - 12}" '
        f'width="{width:.1f}" height="24" rx="3"/><text class="l" x="{x:.1f}" y="{y + 4}">'
        f"{label}</text></g>"
    )


_DRAW: Final[dict[str, Callable[[float, int, Glyph], str]]] = {
    "control": _control,
    "not": _not,
    "swap": _swap,
    "barrier": _barrier,
    "box": _box,
    "measure": _box,
}
