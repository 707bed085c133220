"""The service on a socket of this machine.

It is the standard library's threading server: a few clients on loopback need no more, the
simulation holds no event loop up, and a connection can be closed without an answer, which servers
behind ASGI or WSGI do not let an application do.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from q_store.qir.diagnostics import error
from q_store.runtime.ionq_service.intake import MAX_BODY
from q_store.runtime.ionq_service.messages import Dropped, Refused, Reply, Request
from q_store.runtime.ionq_service.service import IonqService

HOST: Final = "127.0.0.1"
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LOG: Final = logging.getLogger("q_store.ionq_service")
_TIMEOUT: Final = 60.0
"""Seconds that a connection may be silent."""
_GRACE: Final = 10.0
"""Seconds that a request may still take when the server closes."""


class IonqServer:
    """A service that listens on 127.0.0.1, in threads of its own.

    >>> with IonqServer(IonqService()) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, service: IonqService, port: int = 0) -> None:
        """Port 0 takes a free one. Raises `QS762` for a port that cannot be had."""
        self.service = service
        try:
            self._server = _Server((HOST, port), _Handler)
        except (OSError, OverflowError) as problem:
            service.close()
            raise error("QS762", f"cannot listen on {HOST}:{port}: {problem}") from None
        self._server.service = service
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="ionq-http", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Scheme, host and port, such as `http://127.0.0.1:8700`."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where the API of v0.4 starts."""
        return f"{self.address}/v0.4"

    def close(self) -> None:
        """Stop listening, answer what was asked, end all connections, finish the job at hand and
        close the file of state."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.end_connections()
        self.service.close()

    def __enter__(self) -> IonqServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    service: IonqService

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.changed = threading.Condition()
        """Guards the two below, and tells when a connection has ended."""
        self.open: set[_Handler] = set()
        self.closing = False
        super().__init__(address, handler)

    def end_connections(self) -> None:
        """End connections that wait for a request now, the others after their answer. One that
        takes too long is cut off."""
        with self.changed:
            self.closing = True
            for handler in self.open:
                if not handler.busy:
                    handler.hang_up(socket.SHUT_RD)
            if not self.changed.wait_for(self._is_quiet, _GRACE):
                for handler in self.open:
                    handler.hang_up(socket.SHUT_RDWR)
                self.changed.wait_for(self._is_quiet, 1.0)

    def _is_quiet(self) -> bool:
        return not self.open

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""
        _LOG.debug("a connection of %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "q-store-ionq"
    sys_version = ""
    timeout = _TIMEOUT
    server: _Server
    # One packet for each answer.
    wbufsize = -1
    disable_nagle_algorithm = True
    busy = False
    """Whether a request has begun to come in and is not answered yet."""

    def setup(self) -> None:
        super().setup()
        with self.server.changed:
            self.server.open.add(self)
            if self.server.closing:
                self.hang_up(socket.SHUT_RD)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            with self.server.changed:
                self.server.open.discard(self)
                self.server.changed.notify_all()

    def hang_up(self, how: int) -> None:
        """Shut the connection down, unless the client was faster."""
        with suppress(OSError):
            self.connection.shutdown(how)

    def parse_request(self) -> bool:
        self.busy = True
        return super().parse_request()

    def handle_one_request(self) -> None:
        super().handle_one_request()
        with self.server.changed:
            self.busy = False
            self.close_connection |= self.server.closing

    def _answer(self) -> None:
        try:
            reply = self._reply()
        except Dropped:
            self.close_connection = True
            return
        except Refused as problem:
            # The rest of the request was not read, so the connection is of no more use.
            self.close_connection = True
            reply = problem.reply()
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _reply(self) -> Reply:
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in _LOCAL:
            # A page of the web that found a name for this address.
            raise Refused(403, "this service answers to names of this machine only")
        body = self._body()
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        query = {name.removesuffix("[]"): values for name, values in query.items()}
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        has_key = scheme.lower() == "apikey" and bool(key.strip())
        return self.server.service.answer(Request(self.command, url.path, query, body, has_key))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            raise Refused(411, "send the body with its Content-Length")
        text = self.headers.get("Content-Length") or "0"
        if not (text.isascii() and text.isdecimal()):
            raise Refused(400, "Content-Length is no number")
        if int(text[:20]) > MAX_BODY:
            raise Refused(413, f"the body has {text[:20]} bytes, the limit is {MAX_BODY}")
        return self.rfile.read(int(text))

    def _send(self, reply: Reply) -> None:
        content = reply.encoded()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection or self.server.closing:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Methods, paths and statuses, never headers."""
        _LOG.debug(format, *args)
