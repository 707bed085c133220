"""The pipelines that have a name. Each is text that users could have written."""

from __future__ import annotations

from typing import Final

PIPELINES: Final[dict[str, str]] = {
    "O0": "verify",
    "O1": "canonicalize,fixpoint(cancel,merge-rotations)",
    "O2": "canonicalize,light-cone,fixpoint(cancel,merge-rotations,canonicalize,light-cone)",
    "default": "O2",
}
