"""Executables of large circuits on disk, by the circuit's text and the passes.

A key is a hash of the IR text before the passes, the pipeline, what registered gates decompose
into, and the sources of this package, so neither another circuit nor another version ever meets an
old entry. Circuits of fewer than
`SMALLEST` ops compile faster than a file is read, and are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from q_store.qir.cache_dir import cache_root
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.gates.custom import fingerprint
from q_store.qir.registry import custom_gates
from q_store.runtime.config import settings
from q_store.runtime.disk_cache import DiskCache
from q_store.targets.executable import Executable

SMALLEST: Final = 500
_FOLDER: Final = "circuits"
_SOURCES: Final = ("qir", "passes", "targets")


def cached_executable(func: Func, passes: str, make: Callable[[], Executable]) -> Executable:
    """What `make` gives for a function and its passes, from the cache where it is there."""
    store = _store()
    if store is None or len(func.ops) < SMALLEST:
        return make()
    key = _key(func, passes)
    found = store.get(key)
    if found is not None:
        read = _read(found)
        if read is not None:
            return read
    made = make()
    store.put(key, made.to_bytes())
    return made


def _read(data: bytes) -> Executable | None:
    """`None` for what is no executable of this version."""
    try:
        return Executable.from_bytes(data)
    except QStoreError:
        return None


def _store() -> DiskCache | None:
    """The cache that `configure` describes, or `None` when nothing is to be kept."""
    limit = settings().cache_bytes
    if not limit:
        return None
    try:
        return _open(cache_root() / _FOLDER, limit)
    except RuntimeError:  # There is no home directory.
        return None


@cache
def _open(folder: Path, limit: int) -> DiskCache:
    return DiskCache(folder, limit)


def _key(func: Func, passes: str) -> str:
    digest = hashlib.sha256(f"{_stamp()}\n{passes}\n".encode())
    for row in custom_gates():
        digest.update(f"{fingerprint(row)}\n".encode())
    digest.update(str(Module((func,))).encode())
    return digest.hexdigest()


@cache
def _stamp() -> str:
    """Changes whenever a source of the compiler does."""
    root = Path(__file__).parents[1]
    parts = []
    for path in sorted(path for room in _SOURCES for path in (root / room).rglob("*.py")):
        status = path.stat()
        parts.append(f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
