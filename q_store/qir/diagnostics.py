"""Diagnostics: what is wrong, where, and what to do about it.

Every error a user can cause is a `Diagnostic` with a stable code from `error_codes`, carried by
the one exception type `QStoreError`. A diagnostic points at text (DSL, IR) with carets, at the
user's Python line, or at an op by its index.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_MAX_SHOWN: Final = 120
"""Longest stretch of a source line to show."""
_LEAD: Final = 40
"""Characters to show before the carets when a line is cut."""
_MAX_KNOWN: Final = 500
"""Comparing names is slow: this many of the latest ones are looked at."""
_MAX_NAME: Final = 60
_MAX_TEXT: Final = 500
"""Longest message or note to show; names in them are as long as users like."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text: lines and columns count from 1, `end_col` is exclusive."""

    file: str
    line: int
    col: int
    end_col: int
    source: str = ""
    """The text of that line, without its newline; empty when unknown."""
    label: str = ""
    """What stands at the carets."""

    def render(self) -> list[str]:
        """The place, the line and the carets, in rustc's layout."""
        gutter = " " * len(str(self.line))
        lines = [f"{gutter}--> {_visible(self.file)}:{self.line}:{self.col}"]
        if self.source:
            shown, first, last = self._window()
            carets = "^" * max(1, last - first)
            lead = "".join("\t" if c == "\t" else " " for c in shown[:first])
            label = f" {self.label}" if self.label else ""
            lines += [
                f"{gutter} |",
                f"{self.line} | {shown}",
                f"{gutter} | {lead}{carets}{label}",
            ]
        return lines

    def _window(self) -> tuple[str, int, int]:
        """The part of the line to show, and where the carets start and end in it.

        Long lines are cut around the carets; what a terminal could obey is shown as a box.
        """
        first, last = self.col - 1, self.end_col - 1
        low = max(0, first - _LEAD) if len(self.source) > _MAX_SHOWN else 0
        high = low + _MAX_SHOWN
        shown = "…" * (low > 0) + self.source[low:high] + "…" * (high < len(self.source))
        shift = low - (low > 0)
        return _visible(shown.rstrip("\r")), first - shift, min(last, high) - shift

    def to_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "line": self.line,
            "col": self.col,
            "end_col": self.end_col,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `str()` gives the human form, `to_json()` the machine form."""

    code: str
    message: str
    span: Span | None = None
    severity: str = "error"
    notes: tuple[str, ...] = ()
    help: str = ""

    def render(self) -> str:
        """Several lines: severity and code, place with carets, notes, help."""
        lines = [f"{self.severity}[{self.code}]: {_clip(self.message)}"]
        if self.span is not None:
            lines += self.span.render()
        lines += [f"  = note: {_clip(note)}" for note in self.notes]
        if self.help:
            lines.append(f"  = help: {_clip(self.help)}")
        return "\n".join(lines)

    def short(self) -> str:
        """One line that editors and grep understand: `file:line:col: error[QS101]: text`."""
        span = self.span
        place = f"{_visible(span.file)}:{span.line}:{span.col}: " if span else ""
        return f"{place}{self.severity}[{self.code}]: {_clip(self.message)}"

    def to_json(self) -> str:
        """One JSON object on one line, schema `qstorec/diagnostic/1`."""
        return json.dumps(
            {
                "schema": "qstorec/diagnostic/1",
                "code": self.code,
                "severity": self.severity,
                "message": self.message,
                "spans": [self.span.to_json()] if self.span else [],
                "notes": list(self.notes),
                "help": self.help,
                "rendered": self.render(),
            }
        )

    __str__ = render


def _clip(text: str) -> str:
    return _visible(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…")


def _visible(text: str) -> str:
    """The text with a box for what a terminal could obey or an encoding refuse."""
    return "".join([c if c.isprintable() or c in "\t\n" else "□" for c in text])


class QStoreError(Exception):
    """The one exception of q-store: one or more diagnostics, the first of them the message."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @property
    def code(self) -> str:
        """Stable code of the first diagnostic, such as `QS201`."""
        return self.diagnostics[0].code

    def __str__(self) -> str:
        return "\n".join(d.render() for d in self.diagnostics)


def error(
    code: str,
    message: str,
    *,
    span: Span | None = None,
    notes: Iterable[str] = (),
    help: str = "",
) -> QStoreError:
    """A `QStoreError` to raise: `raise error("QS201", "wire used twice", help="...")`."""
    return QStoreError(Diagnostic(code, message, span, "error", tuple(notes), help))


def counted(count: int, noun: str) -> str:
    """`1 qubit`, `2 qubits`."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Help text with the nearest known names, or an empty string when none is near."""
    if len(name) > _MAX_NAME:
        return ""
    near = difflib.get_close_matches(name, list(known)[-_MAX_KNOWN:], n=3, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
