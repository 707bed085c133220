"""Reading and writing files: whole or not at all, and every refusal a diagnostic."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from q_store.frontends.files import read_bytes, unreadable
from q_store.qir.diagnostics import QStoreError, error


def read_input(file: str) -> bytes:
    """What is in a file, or on standard input for `-`. Raises `QS701`."""
    if file != "-":
        return read_bytes(file)
    try:
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as problem:
        raise unreadable(file, problem) from None


def write_files(files: Sequence[tuple[str, bytes]]) -> None:
    """Write several files. Each is written beside its place first, and none is moved there before
    all of them are complete. Raises `QS706`."""
    with ExitStack() as stack:
        moves = []
        for name, data in files:
            try:
                target = Path(os.path.realpath(name))
                moves.append((name, target, _prepare(target, data, stack)))
            except (OSError, ValueError) as problem:
                raise _unwritable(name, problem) from None
        for name, target, temporary in moves:
            try:
                if temporary is not None:
                    temporary.replace(target)
            except OSError as problem:
                raise _unwritable(name, problem) from None


def _prepare(target: Path, data: bytes, stack: ExitStack) -> Path | None:
    """Write the data beside its place and say where; a device or pipe takes it directly."""
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        target.write_bytes(data)
        return None
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    stack.callback(temporary.unlink, missing_ok=True)
    temporary.write_bytes(data)
    if target.exists():
        shutil.copymode(target, temporary)
    return temporary


def _unwritable(name: str, problem: OSError | ValueError) -> QStoreError:
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    return error("QS706", f"cannot write {name}: {reason}", help="nothing was written")
