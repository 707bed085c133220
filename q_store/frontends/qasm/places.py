"""Where a node of the parser's tree stands in the text.

The parser counts lines from 1 and columns from 0, gives the first column of the last token as the
end of a node, and for names on their own gives offsets in the text in the place of columns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

from q_store.qir.diagnostics import QStoreError, Span, error
from q_store.qir.location import SourceText, TextLocation

if TYPE_CHECKING:
    from openqasm3.ast import QASMNode

_NEWLINE: Final = re.compile("\n")
_TOKEN: Final = re.compile(r'\w+|"[^"\n]*"|\S')


class Source(SourceText):
    """A program's text, with the dialect it is written in."""

    def __init__(self, text: str, file: str, version: int = 3) -> None:
        super().__init__(text, file)
        self.version = version
        """2 or 3."""
        self.parsed = text
        """What the parser was given: the text, in which some lines may be blank."""

    @cached_property
    def starts(self) -> list[int]:
        """Offset of every line."""
        return _line_starts(self.text)

    @cached_property
    def parsed_starts(self) -> list[int]:
        """Offset of every line of what the parser was given."""
        return self.starts if self.parsed is self.text else _line_starts(self.parsed)

    def offset(self, line: int, column: int) -> int:
        """Offset of a place, cut to the text."""
        start = self.starts[min(max(line, 1), len(self.starts)) - 1]
        return min(start + max(column, 0), len(self.text))

    def begin(self, node: QASMNode) -> int:
        """Offset of the first character of a node."""
        span = node.span
        if span is None:
            return 0
        name = getattr(node, "name", None)
        if isinstance(name, str) and self.parsed.startswith(name, span.start_column):
            line = bisect_right(self.parsed_starts, span.start_column)
            if line == span.start_line:
                column = span.start_column - self.parsed_starts[line - 1]
                return self.offset(line, column)
        return self.offset(span.start_line, span.start_column)

    def end(self, node: QASMNode) -> int:
        """Offset after the last character of a node."""
        span, begin = node.span, self.begin(node)
        name = getattr(node, "name", None)
        if span is None or isinstance(name, str):
            return begin + len(name if isinstance(name, str) else "")
        last = self.offset(span.end_line, span.end_column)
        match = _TOKEN.match(self.text, last)
        return max(match.end() if match else last, begin + 1)

    def span_of(self, node: QASMNode) -> Span:
        """The place of a node, cut at the end of its first line."""
        return self.span(self.begin(node), self.end(node))

    def location(self, node: QASMNode) -> TextLocation:
        """The place of a node, to be resolved when it is needed."""
        return NodeLocation(self, node)

    def error(
        self, code: str, message: str, node: QASMNode | None, help: str = "", label: str = ""
    ) -> QStoreError:
        """An error that points at a node."""
        span = None if node is None else self.span(self.begin(node), self.end(node), label)
        return error(code, message, span=span, help=help)


def _line_starts(text: str) -> list[int]:
    return [0, *[match.end() for match in _NEWLINE.finditer(text)]]


class NodeLocation(TextLocation):
    """The place of a node of the tree."""

    __slots__ = ("node",)

    def __init__(self, source: Source, node: QASMNode) -> None:
        super().__init__(source, -1, -1)
        self.node = node

    def span(self) -> Span:
        assert isinstance(self.source, Source)
        return self.source.span_of(self.node)
