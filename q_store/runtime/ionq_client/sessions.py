"""Sessions: a machine reserved for jobs that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.transport import Transport


class IonQSession(AbstractContextManager["IonQSession"]):
    """A session that is under way; leaving the `with` block ends it."""

    def __init__(self, transport: Transport, info: Mapping[str, Any]) -> None:
        self._transport = transport
        self.info: dict[str, Any] = dict(info)
        self.id: str = str(info["id"])

    def __repr__(self) -> str:
        return f"IonQSession({self.id!r}, {self.status!r})"

    @property
    def status(self) -> str:
        """`created`, `started` or `ended`, when last seen."""
        return str(self.info.get("status", "created"))

    def refresh(self) -> IonQSession:
        """Ask the service for the session's state."""
        self.info = dict(self._transport.get(f"/sessions/{self.id}"))
        return self

    def end(self) -> IonQSession:
        """End the session; jobs that have not started are not run."""
        answer = self._transport.post_final(f"/sessions/{self.id}/end")
        self.info = dict(answer) if isinstance(answer, Mapping) else self.info
        return self.refresh()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
