"""The two streams of a command: data on standard output, talk on standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from q_store.qir.diagnostics import Diagnostic

_RESET: Final = "\x1b[0m"
_STYLES: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "gutter": "\x1b[1;34m",
    "help": "\x1b[1;32m",
}
_HEAD: Final = re.compile(r"(error|warning|note)(\[QS\d+\])?:")
_GUTTER: Final = re.compile(r" *(-->|\d* \|)")
_CARETS: Final = re.compile(r"\^+.*")
_REMARK: Final = re.compile(r"  = (note|help):")


class Output:
    """Where a command writes. Every word of `qstorec` goes through one of these."""

    def __init__(self, color: str = "auto", form: str = "human", verbosity: int = 0) -> None:
        """`color` is auto, always or never; `form` of diagnostics human, short or json;
        `verbosity` -1 for errors only, 1 for more."""
        self.stdout: TextIO = sys.stdout
        self.stderr: TextIO = sys.stderr
        self.color, self.form, self.verbosity = color, form, verbosity

    def data(self, text: str) -> None:
        """What was asked for, as it is. Raises `QS706` where it cannot be written."""
        self._written(lambda: self.stdout.write(text))

    def finish(self) -> None:
        """Write what is still in memory. Raises `QS706` where it cannot be written."""
        self._written(self.stdout.flush)

    def _written(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BrokenPipeError:
            raise
        except OSError as problem:
            self.silence()
            from q_store.qir.diagnostics import error

            reason = problem.strerror or str(problem)
            raise error("QS706", f"cannot write to standard output: {reason}") from problem

    def silence(self) -> None:
        """Let what is still in memory, and the interpreter's own last flush, go nowhere."""
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())

    def document(self, schema: str, content: Mapping[str, Any]) -> None:
        """One JSON document that names its schema, such as `qstorec/run/1`."""
        self.data(json_document(schema, content))

    def talk(self, text: str) -> None:
        """A line for people, unless they want quiet."""
        if self.verbosity >= 0:
            self.stderr.write(f"{text}\n")

    def detail(self, text: str) -> None:
        """A line for people who asked for more."""
        if self.verbosity > 0:
            self.stderr.write(f"{text}\n")

    def failure(self, text: str) -> None:
        """A line that is shown however quiet it should be."""
        self.stderr.write(f"{text}\n")

    def diagnostic(self, found: Diagnostic) -> None:
        """One finding in the form that was asked for; warnings and notes only when not quiet."""
        if found.severity != "error" and self.verbosity < 0:
            return
        if found.severity == "note" and self.verbosity < 1:
            return
        if self.form == "json":
            self.stderr.write(f"{found.to_json()}\n")
        elif self.form == "short":
            self.stderr.write(f"{found.short()}\n")
        else:
            text = found.render()
            self.stderr.write(f"{paint(text) if self.colored(self.stderr) else text}\n")

    def colored(self, stream: TextIO) -> bool:
        """Whether this stream gets colours: as asked for, else by NO_COLOR and FORCE_COLOR, else
        when it is a terminal that is not dumb."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"


def json_document(schema: str, content: Mapping[str, Any]) -> str:
    """JSON text with a schema field first; numbers that are not finite become null."""
    import json

    return json.dumps({"schema": schema, **_finite(content)}, indent=2, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value


def paint(text: str) -> str:
    """A rendered diagnostic in the colours of a terminal."""
    return "\n".join(map(_paint_line, text.split("\n")))


def _paint_line(line: str) -> str:
    if head := _HEAD.match(line):
        return _styled(head[1], head[0]) + line[head.end() :]
    if remark := _REMARK.match(line):
        return _styled(remark[1], remark[0]) + line[remark.end() :]
    if gutter := _GUTTER.match(line):
        rest = line[gutter.end() :]
        if gutter[0].strip() == "|":
            rest = _CARETS.sub(lambda carets: _styled("error", carets[0]), rest)
        return _styled("gutter", gutter[0]) + rest
    return line


def _styled(style: str, text: str) -> str:
    return f"{_STYLES[style]}{text}{_RESET}"


def table(rows: Sequence[tuple[str, ...]], right: str = "") -> str:
    """Rows in columns, the first row their titles. `right` has `>` for columns of numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = right.ljust(len(widths), "<")
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if side == ">" else cell.ljust(width)
            for cell, width, side in zip(row, widths, aligned, strict=True)
        ]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)
