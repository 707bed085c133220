"""The service without sockets: an adapter for `requests` that calls it in this process.

    session.mount("http://localhost", ServiceAdapter(service.answer, max_retries=retry))

Requests are repeated as on a socket: `urllib3`'s `Retry` decides.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, Retry
from urllib3.exceptions import MaxRetryError, ProtocolError

from q_store.runtime.ionq_service.messages import Dropped, Reply, Request


class ServiceAdapter(HTTPAdapter):
    """Sends requests to a function, such as `IonqService.answer`."""

    def __init__(self, answer: Callable[[Request], Reply], max_retries: Retry | int = 0) -> None:
        super().__init__(max_retries=max_retries)
        self._answer = answer

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Raises `requests.ConnectionError` where a connection would break."""
        asked, retries = _request(request), self.max_retries
        while True:
            try:
                reply = self._answer(asked)
            except Dropped:
                retries = self._broken(request, retries)
                retries.sleep()
                continue
            response = _response(request, reply)
            if not retries.is_retry(asked.method, reply.status, "Retry-After" in reply.headers):
                return self.build_response(request, response)
            try:
                retries = retries.increment(asked.method, request.path_url, response)
            except MaxRetryError:
                return self.build_response(request, response)
            retries.sleep(response)

    def _broken(self, request: requests.PreparedRequest, retries: Retry) -> Retry:
        problem = ProtocolError("Connection aborted.", RemoteDisconnected("no answer"))
        try:
            return retries.increment(str(request.method), request.path_url, error=problem)
        except (MaxRetryError, ProtocolError) as end:
            raise requests.ConnectionError(end, request=request) from None


def _request(sent: requests.PreparedRequest) -> Request:
    url = urlsplit(str(sent.url))
    body = sent.body or b""
    key = str(sent.headers.get("Authorization", ""))
    return Request(
        str(sent.method),
        url.path,
        parse_qs(url.query),
        body.encode() if isinstance(body, str) else bytes(body),
        key.lower().startswith("apikey ") and bool(key[7:].strip()),
    )


def _response(sent: requests.PreparedRequest, reply: Reply) -> HTTPResponse:
    return HTTPResponse(
        io.BytesIO(reply.encoded()),
        {"Content-Type": "application/json", **reply.headers},
        reply.status,
        request_method=sent.method,
        preload_content=False,
    )
