"""Where an op came from.

Locations are cheap to record and resolved to a `Span` only when a diagnostic needs one.
"""

from __future__ import annotations

import linecache
import re
from bisect import bisect_right
from functools import cached_property
from typing import Protocol

from q_store.qir.diagnostics import Span


class Location(Protocol):
    """Anything that can say which line of which file it stands for."""

    def span(self) -> Span: ...


class SourceText:
    """A text with a name; turns character offsets into spans."""

    def __init__(self, text: str, file: str = "<text>") -> None:
        self.text = text
        self.file = file

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *[newline.end() for newline in re.finditer("\n", self.text)]]

    def span(self, start: int, end: int, label: str = "") -> Span:
        """The span of `text[start:end]`, cut at the end of its first line."""
        line = bisect_right(self._line_starts, start)
        begin = self._line_starts[line - 1]
        stop = self.text.find("\n", begin)
        source = self.text[begin : stop if stop >= 0 else len(self.text)]
        end_col = min(max(end, start + 1) - begin, len(source) + 1) + 1
        return Span(self.file, line, start - begin + 1, end_col, source, label)


class TextLocation:
    """A stretch of a source text."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: SourceText, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    def span(self) -> Span:
        return self.source.span(self.start, self.end)


class PythonLocation:
    """A line of the user's Python program."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def span(self) -> Span:
        source = linecache.getline(self.file, self.line).rstrip("\n")
        indent = len(source) - len(source.lstrip())
        return Span(self.file, self.line, indent + 1, len(source) + 1, source)
