"""A folder of byte strings by key: what costs time to make and can be made again.

Keys are hashes of everything the content follows from, so an entry is never out of date. Processes
may share a folder: an entry is written beside its place and moved there, readers check its
checksum, and a damaged one is removed and made anew. When the folder grows beyond its bound, the
entries that were not used for longest go. A folder that cannot be written is said once; then
nothing is kept.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_SUFFIX: Final = ".entry"
_KEPT_SHARE: Final = 0.8
"""How full the folder is after entries had to go; a margin, so that it happens seldom."""
_ABANDONED_SECONDS: Final = 3600.0
_numbers = itertools.count()


class DiskCache:
    """Entries in `folder`, at most `max_bytes` of them together; 0 keeps none."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._broken = False
        self._size: int | None = None

    def get(self, key: str) -> bytes | None:
        """The content stored under a key, or `None` when there is none that is whole."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        checksum, _, body = content.partition(b"\n")
        if _checksum(body) != checksum:
            logging.getLogger("q_store").warning(
                "q-store: the cache entry %s is damaged and is made anew", path
            )
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return body

    def put(self, key: str, body: bytes) -> None:
        """Store content under a key, if the folder has room for it and can be written."""
        if self._broken or len(body) > self.max_bytes:
            return
        path = self._path(key)
        mark = f"{os.getpid()}-{threading.get_ident()}-{next(_numbers)}"
        temporary = path.with_name(f".{path.name}.{mark}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = temporary.write_bytes(_checksum(body) + b"\n" + body)
            temporary.replace(path)
        except OSError as problem:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            self._give_up(problem)
            return
        self._make_room(written)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def _give_up(self, problem: OSError) -> None:
        self._broken = True
        logging.getLogger("q_store").warning(
            "q-store: cannot write the cache %s (%s); nothing is kept there. "
            "`configure(cache_dir=)` or QSTORE_CACHE_DIR names another folder.",
            self.folder,
            problem.strerror,
        )

    def _make_room(self, added: int) -> None:
        """Remove the entries unused for longest when there are too many bytes.

        The sum is an estimate between scans: other processes write too, and each scans for itself.
        """
        if self._size is not None:
            self._size += added
            if self._size <= self.max_bytes:
                return
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        if total > self.max_bytes:
            for _, size, path in entries:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                    total -= size
                if total <= _KEPT_SHARE * self.max_bytes:
                    break
        self._size = total

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Time of last use, bytes and path of every entry. Abandoned temporary files go."""
        found = []
        for path in self.folder.glob("??/*"):
            try:
                status = path.stat()
                if path.suffix == _SUFFIX:
                    found.append((status.st_mtime, status.st_size, path))
                elif time.time() - status.st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
            except OSError:
                continue
        return found


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
