"""The service without sockets: an adapter for `requests` that calls it in this process.

session.mount("http://ionq.local", ServiceAdapter(service))
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

from q_store.runtime.ionq_service.messages import Dropped, Reply, Request
from q_store.runtime.ionq_service.service import IonqService

ADDRESS = "http://ionq.local"


class ServiceAdapter(BaseAdapter):
    """Answers requests by a service. `service` may be a function that gives the one of today."""

    def __init__(self, service: IonqService | Callable[[], IonqService]) -> None:
        super().__init__()
        self._service = service

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Raises `requests.ConnectionError` where a connection would break."""
        service = self._service if isinstance(self._service, IonqService) else self._service()
        try:
            reply = service.answer(_request(request))
        except Dropped:
            raise requests.ConnectionError("the connection was closed", request=request) from None
        return _response(request, reply)

    def close(self) -> None:
        """Nothing is held."""


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


def _response(sent: requests.PreparedRequest, reply: Reply) -> requests.Response:
    response = requests.Response()
    response.status_code = reply.status
    response.request = sent
    response.url = str(sent.url)
    headers: Mapping[str, str] = {"Content-Type": "application/json", **reply.headers}
    response.headers.update(headers)
    response.raw = io.BytesIO(reply.encoded())
    return response
