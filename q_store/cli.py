"""`qstorec`, the command line of q-store; the work is done in `q_store.command`."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. `argv` defaults to the program's arguments."""
    from q_store.command.main import run

    return run(argv)
