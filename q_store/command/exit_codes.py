"""What the exit codes of `qstorec` mean."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
WRONG_INPUT: Final = 1
USAGE: Final = 2
CANNOT: Final = 3
MISSING_EXTRA: Final = 4
INTERNAL: Final = 70
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

_CANNOT: Final = frozenset(
    {
        *("QS422", "QS423", "QS505", "QS510", "QS604"),
        *("QS733", "QS742", "QS744", "QS745", "QS746", "QS747", "QS748", "QS750"),
    }
)
_INTERNAL: Final = frozenset({"QS406", "QS411"})


def exit_code(code: str) -> int:
    """The exit code for a diagnostic code: too large a circuit, a missing backend or
    a service that does not deliver is 3, a
    missing extra 4, a pass that broke a program 70, and anything else wrong input."""
    if code in _INTERNAL:
        return INTERNAL
    if code.startswith("QS8"):
        return MISSING_EXTRA
    return CANNOT if code in _CANNOT else WRONG_INPUT
