"""Plugins of installed distributions: entry points of the group `q_store.plugins`.

They are looked for once, when a name is met that nothing in this process has: programs that use
none cost no time.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import TracebackType

GROUP: Final = "q_store.plugins"
_looked: list[bool] = []


def load_installed() -> bool:
    """Import what the entry points name, which registers gates and passes; a function is called.

    Whether there was anything new. A plugin that raises is left out with a warning.
    """
    if _looked:
        return False
    _looked.append(True)
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    for point in found:
        with _Kept(point):
            loaded = point.load()
            if callable(loaded) and not isinstance(loaded, type):
                loaded()
    return bool(found)


class _Kept(AbstractContextManager[None]):
    """Other plugins, and programs that need none, go on when one of them is broken."""

    def __init__(self, point: EntryPoint) -> None:
        self.point = point

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(problem, Exception):
            return False
        logging.getLogger("q_store").warning(
            "q-store: the plugin `%s` of %s is left out, because loading it raised %s: %s",
            self.point.name,
            self.point.dist.name if self.point.dist else "an unknown distribution",
            type(problem).__name__,
            problem,
        )
        return True
