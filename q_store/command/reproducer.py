"""What is kept of an internal error, so that someone can repeat it."""

from __future__ import annotations

import os
import platform
import shlex
import tempfile
import traceback
from pathlib import Path

from q_store import __version__

_MAX_INPUT = 1_000_000


def write_reproducer(problem: Exception, argv: list[str]) -> str:
    """Write command, versions, traceback and input files to one new file; says where."""
    parts = [
        "# This is a mistake in q-store, not in your program. Please report it with this file.",
        f"command: qstorec {shlex.join(argv)}",
        f"q-store {__version__}, Python {platform.python_version()}, {platform.platform()}",
        "".join(traceback.format_exception(problem)),
    ]
    parts += [_content(name) for name in argv if not name.startswith("-")]
    try:
        handle, path = tempfile.mkstemp(prefix="qstorec-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(filter(None, parts)))
    except OSError as refused:
        return f"no reproducer could be written: {refused.strerror}"
    return f"a mistake in q-store; to report it, send {path}"


def _content(name: str) -> str:
    """An argument that is a file, with its text."""
    path = Path(name.partition(".py:")[0] + ".py" if ".py:" in name else name)
    try:
        if not path.is_file() or path.stat().st_size > _MAX_INPUT:
            return ""
        return f"--- {path}\n{path.read_text(encoding='utf-8', errors='backslashreplace')}"
    except (OSError, ValueError):
        return ""
