"""Mistakes of our own: noted, answered, and no reason to stop serving."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

_LOG: Final = logging.getLogger("q_store.ionq_service")


class Guard(AbstractContextManager["Guard"]):
    """Lets no `Exception` out; `problem` has it. What ends a process goes through."""

    def __init__(self, doing: str) -> None:
        self.doing = doing
        self.problem: Exception | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(problem, Exception):
            self.problem = problem
            _LOG.error("%s failed", self.doing, exc_info=problem)
            return True
        return False

    @property
    def said(self) -> str:
        """What went wrong, in one line."""
        text = " ".join(str(self.problem).split())[:200]
        return f"{type(self.problem).__name__}: {text}"
