"""Where q-store keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

_chosen: Path | None = None


def choose(folder: Path | None) -> None:
    """Let `cache_root` be this folder; `None` gives the choice back to the environment."""
    global _chosen
    _chosen = folder


def cache_root() -> Path:
    """The folder chosen by `q_store.configure`, ``$QSTORE_CACHE_DIR`` or ``~/.cache/q-store``.

    Nothing is created. Raises `RuntimeError` where there is none of them and no home directory.
    """
    if _chosen is not None:
        return _chosen
    chosen = os.environ.get("QSTORE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "q-store"
