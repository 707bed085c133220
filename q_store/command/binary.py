"""Executables as bytes, so that they are written like every other output."""

from __future__ import annotations

import tempfile
from pathlib import Path

from q_store.qir.func import Module
from q_store.targets.lower import lower


def executable_bytes(module: Module) -> bytes:
    """The executable of the first function in its file format."""
    with tempfile.TemporaryDirectory(prefix="qstorec-") as folder:
        path = Path(folder) / "circuit.npz"
        lower(module.main).save(path)
        return path.read_bytes()
