"""Reading files whole, every refusal a diagnostic."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from q_store.qir.diagnostics import QStoreError, did_you_mean, error

_BINARY: Final = {
    ".qir": "expected IR text: `qir 1` …",
    ".npz": "a compiled executable can only be run: `qstorec run`",
}
"""What helps where a file that should be text is none, by its ending."""


def read_bytes(file: str | Path) -> bytes:
    """What is in a file. Raises `QS701`."""
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as problem:
        raise unreadable(str(file), problem) from None


def read_text(file: str | Path) -> str:
    """The text of a file. Raises `QS701` and `QS702`."""
    return as_text(read_bytes(file), str(file))


def as_text(data: bytes, file: str) -> str:
    """UTF-8 bytes as text, without a byte order mark. Raises `QS702`."""
    if b"\0" in data[:65536]:
        help = _BINARY.get(Path(file).suffix, "")
        raise error("QS702", f"{file} is not a text file", help=help)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            "QS702", f"{file} is not UTF-8 text: byte {problem.start} is {data[problem.start]:#04x}"
        ) from None


def unreadable(file: str, problem: OSError | ValueError) -> QStoreError:
    """The diagnostic for a file that cannot be read, with names near it in its folder."""
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    help = ""
    if isinstance(problem, FileNotFoundError):
        path = Path(file)
        try:
            known = [str(path.with_name(name)) for name in os.listdir(path.parent)]
        except OSError:
            known = []
        help = did_you_mean(file, known)
    return error("QS701", f"cannot read {file}: {reason}", help=help)
