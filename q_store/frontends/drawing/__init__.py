"""Pictures of circuits: one layout, drawn as text or as SVG."""

from __future__ import annotations

from q_store.frontends.drawing.svg import draw_svg
from q_store.frontends.drawing.text import draw_text

__all__ = ["draw_svg", "draw_text"]
