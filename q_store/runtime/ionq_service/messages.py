"""Requests and replies of the service, apart from any transport."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. The key itself is not kept, only whether there is one."""

    method: str
    path: str
    """Without query, such as `/v0.4/jobs`."""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    has_key: bool = False

    def value(self, name: str) -> str | None:
        """The last value of a query parameter."""
        found = self.query.get(name)
        return found[-1] if found else None

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `Refused` for anything else."""
        try:
            found = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            raise Refused(400, "the body is not JSON") from None
        if not isinstance(found, dict):
            raise Refused(400, f"the body must be a JSON object, got {type(found).__name__}")
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    content: Any
    """What JSON can hold."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.content, separators=(",", ":")).encode()


class Refused(Exception):
    """A request that gets an error answer of IonQ's shape."""

    def __init__(self, status: int, message: str, *keys: str, retry_after: int | None = None):
        super().__init__(message)
        self.status, self.message, self.keys = status, message, keys
        self.retry_after = retry_after

    def reply(self) -> Reply:
        """`{statusCode, error, message}`, with `validation` where keys of the body are at fault."""
        content: dict[str, Any] = {
            "statusCode": self.status,
            "error": _title(self.status),
            "message": self.message,
        }
        if self.keys:
            content["validation"] = {"source": "body", "keys": list(self.keys)}
        after = self.retry_after
        return Reply(self.status, content, {} if after is None else {"Retry-After": str(after)})


def _title(status: int) -> str:
    phrase = HTTPStatus(status).phrase
    return phrase if phrase.endswith("Error") else f"{phrase} Error"


class Dropped(Exception):
    """The connection ends without an answer."""
