"""A service of jobs over a real socket whose every answer can be spoilt by a script.

`faults` gives for each request what goes wrong with it: `None` for nothing; `drop-before` and
`drop-after` close the connection before or after the request has had its effect; a status with
`-before` or `-after` answers that instead; `cut-after` ends the body early; `garbled-after` answers
what is no JSON; `late-after` answers when the client has given up, and `late-before` has not even
begun then. `doubled` delivers a submission twice.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[str, str], str | None]


def _no_fault(method: str, path: str) -> str | None:
    return None


@dataclass
class Scripted:
    """State of the service, and what was asked of it."""

    faults: Fault = _no_fault
    jobs: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    """Fixed answers by method and path."""
    headers: dict[str, str] = field(default_factory=dict)
    seen_keys: set[str] = field(default_factory=set)
    late: float = 1.0
    retry_after: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, query: dict, body: Any) -> tuple[int, Any]:
        if (method, path) in self.answers:
            return self.answers[method, path]
        if (method, path) == ("POST", "/v0.4/jobs"):
            return self.accept(body)
        if (method, path) == ("GET", "/v0.4/jobs"):
            start, size = int(query.get("next", ["0"])[0]), 3
            page = self.jobs[::-1][start : start + size]
            more = start + size < len(self.jobs)
            return 200, {"jobs": page, "next": str(start + size) if more else None}
        parts = path.split("/")
        job = next((one for one in self.jobs if one["id"] == parts[3]), None)
        if job is None:
            return 404, {"statusCode": 404, "error": "Not Found", "message": "no such job"}
        if path.endswith("/status/cancel"):
            job["status"] = "canceled"
        if method == "DELETE":
            self.jobs.remove(job)
        return 200, job

    def accept(self, body: dict[str, Any]) -> tuple[int, Any]:
        job = {
            "id": f"job-{len(self.jobs)}",
            "status": "submitted",
            "submitted_at": datetime.now(UTC).isoformat(),
            "metadata": body.get("metadata", {}),
            "body": body,
        }
        self.jobs.append(job)
        return 201, {key: job[key] for key in ("id", "status")}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service: Scripted

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, ValueError, OSError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PUT = do_DELETE = do_GET

    def serve(self) -> None:
        service, url = self.service, urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with service.lock:
            service.requests.append((self.command, url.path))
            service.seen_keys.add(self.headers.get("Authorization", ""))
            fault = service.faults(self.command, url.path) or ""
            if fault == "drop-before":
                return self.drop()
            if fault.endswith("-before") and fault[0].isdigit():
                return self.reply(int(fault.partition("-")[0]), b'{"message": "not now"}')
        if fault == "late-before":
            time.sleep(service.late)
        with service.lock:
            body = json.loads(data) if data else None
            if fault == "doubled" and self.command == "POST":
                service.answer(self.command, url.path, parse_qs(url.query), body)
            status, payload = service.answer(self.command, url.path, parse_qs(url.query), body)
            # Made while nobody else changes it.
            text = json.dumps(payload).encode()
        if fault == "drop-after":
            return self.drop()
        if fault == "late-after":
            time.sleep(service.late)
        if fault == "garbled-after":
            return self.reply(status, b"<html>")
        if fault == "cut-after":
            self.reply(status, text, len(text) + 10)
            return self.drop()
        if fault[:1].isdigit():
            return self.reply(int(fault.partition("-")[0]), b"{}")
        self.reply(status, text)

    def reply(self, status: int, text: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text) if length is None else length))
        if status == 429 and self.service.retry_after:
            self.send_header("Retry-After", self.service.retry_after)
        for name, value in self.service.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Nothing is printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report."""


def serve(service: Scripted) -> tuple[_Server, str]:
    """Start a server on a free port of this machine; its address has the version."""
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/v0.4"
