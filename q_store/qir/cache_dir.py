"""Where q-store keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """``$QSTORE_CACHE_DIR`` or ``~/.cache/q-store``. Nothing is created.

    Raises `RuntimeError` where there is neither the variable nor a home directory.
    """
    chosen = os.environ.get("QSTORE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "q-store"
