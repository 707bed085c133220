"""Requests to the service: reading is repeated, submitting never is.

What may be repeated without harm (GET, PUT of a final state, DELETE) goes through urllib3's
`Retry`: connection errors, 429 and 5xx with growing pauses, `Retry-After` obeyed. A POST is sent
once; where its answer is lost, `Lost` says so and the caller has to find out what became of it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.retry import Retry

from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime.config import Secret
from q_store.runtime.ionq_client.keys import find_key, need
from q_store.runtime.ionq_client.problems import refusal

RETRIED: Final = frozenset({429, 500, 502, 503, 504, *range(520, 530)})
_TIMEOUT: Final = 504
"""A gateway's status, and ours, for an answer that did not come in time."""
_GAVE_UP_WAITING: Final = frozenset({_TIMEOUT, 524})
_REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_ANSWER: Final = 512_000_000
"""Bytes of an answer: the probabilities of 29 qubits would be more, and of no use."""


class Lost(Exception):
    """There is no answer to a POST, and what it asked for may have happened."""

    def __init__(self, why: str, status: int = 0, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause
        """Seconds the service asks to wait."""
        self.refused = status == 429
        """Whether the service says that it did nothing."""
        self.in_progress = status in _GAVE_UP_WAITING
        """Whether the service may still be at work on the request."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try. Times are seconds."""

    retries: int = 6
    """Repetitions of a request that may be repeated, and lookups after a lost answer."""
    backoff: float = 0.5
    """The first pause; each is twice the one before, with chance added."""
    longest_pause: float = 30.0
    longest_wait: float = 120.0
    """Most of a `Retry-After` to obey."""
    outage: float = 600.0
    """How long to wait for a service that does not answer, while a job runs there."""
    connect: float = 10.0
    read: float = 60.0


class _Retry(Retry):
    """`Retry` with a limit on what `Retry-After` may ask for."""

    longest_wait = 120.0

    def get_retry_after(self, response: Any) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, self.longest_wait)


class _Key(AuthBase):
    """Puts the key into a request at the last moment; netrc files have no say."""

    def __init__(self, key: Secret) -> None:
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"apiKey {self.key.reveal()}"
        return request


class Transport:
    """Connections to one service with one key, for any number of threads."""

    def __init__(self, url: str, key: Secret, patience: Patience, agent: str) -> None:
        """Raises `QS732` for an address that would send the key in the clear."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise error("QS732", f"the address of the service must be an https URL, got {url!r}")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise error(
                "QS732",
                f"{url} is not encrypted, so the key is not sent there",
                help="use https, or a service on this machine",
            )
        self.url = url.rstrip("/")
        self.key, self.patience, self.agent = key, patience, agent
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy in another process has the key that is found there.
        return _again, (self.url, self.patience, self.agent)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
        self._local = threading.local()

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, open: bool = False) -> Any:
        """The JSON of an answer; `open` for what needs no key. Raises `QS740` to `QS750`."""
        return self._repeatable("GET", path, query, None, open)

    def put(self, path: str, body: object = None) -> Any:
        """As `get`; only for what may happen twice."""
        return self._repeatable("PUT", path, None, body, False)

    def post_final(self, path: str) -> Any:
        """A POST that asks for a state in which things stay, so that it may happen twice."""
        for again in range(self.patience.retries + 1):
            try:
                return self.post(path, "{}")
            except Lost as lost:
                time.sleep(max(lost.pause, self.patience.backoff * 2**again))
        raise error("QS744", f"POST {path}: no answer")

    def delete(self, path: str) -> None:
        """As `get`; what is gone already after a lost answer is no error."""
        self._repeatable("DELETE", path, None, None, False)

    def post(self, path: str, text: str) -> Any:
        """Send JSON text once.

        Raises `Lost` where it is unknown whether the service acted, `QS744` where nothing reached
        it, and `refusal` where it says no.
        """
        need(self.key)
        try:
            response = self._send("POST", path, None, text.encode())
        except requests.exceptions.RequestException as problem:
            if _never_sent(problem):
                raise self._unreachable(problem) from None
            raise Lost(_reason(problem), _TIMEOUT * _timed_out(problem)) from None
        status = response.status_code
        if status in RETRIED:
            raise Lost(f"status {status}", status, self._asked(response))
        payload = self._payload(response)
        if status >= 300:
            raise refusal(status, payload, f"POST {path}")
        if not isinstance(payload, Mapping):
            raise Lost("an answer that is no JSON")
        return payload

    # --- one request --------------------------------------------------------------------------

    def _repeatable(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: object, open: bool
    ) -> Any:
        if not open:
            need(self.key)
        data = None if body is None else json.dumps(body).encode()
        response, payload = self._answer(method, path, query, data)
        if response.status_code == 404 and method == "DELETE" and _was_repeated(response):
            return None
        if response.status_code >= 300:
            raise refusal(response.status_code, payload, f"{method} {path}")
        if payload is None and method == "GET":
            raise error("QS749", f"{method} {path}: the answer is no JSON")
        return payload

    def _answer(
        self, method: str, path: str, query: Mapping[str, Any] | None, data: bytes | None
    ) -> tuple[requests.Response, Any]:
        """An answer with its JSON. `Retry` sees to the head of it; here the body is tried again."""
        for again in range(self.patience.retries + 1):
            last = again == self.patience.retries
            try:
                response = self._send(method, path, query, data)
            except requests.exceptions.RequestException as problem:
                if last or not _broke_off(problem):
                    raise self._unreachable(problem) from None
            else:
                payload = self._payload(response)
                if last or payload is not None or method != "GET" or response.status_code >= 300:
                    return response, payload
            time.sleep(min(self.patience.backoff * 2**again, self.patience.longest_pause))
        raise AssertionError("the last turn of the loop returns or raises")

    def _send(
        self, method: str, path: str, query: Mapping[str, Any] | None, data: bytes | None
    ) -> requests.Response:
        found = {key: value for key, value in (query or {}).items() if value is not None}
        return self._session().request(
            method,
            self.url + path,
            params=found,
            data=data,
            headers={"Content-Type": "application/json"} if data is not None else {},
            auth=_Key(self.key),
            timeout=(self.patience.connect, self.patience.read),
            # A redirection could lead the key elsewhere.
            allow_redirects=False,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = self.agent
            adapter = HTTPAdapter(max_retries=self._retry())
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _retry(self) -> Retry:
        patience = self.patience

        class Bounded(_Retry):
            longest_wait = patience.longest_wait

        return Bounded(
            total=patience.retries,
            backoff_factor=patience.backoff,
            backoff_max=patience.longest_pause,
            backoff_jitter=patience.backoff,
            status_forcelist=RETRIED,
            allowed_methods=_REPEATABLE,
            raise_on_status=False,
        )

    def _asked(self, response: requests.Response) -> float:
        value = response.headers.get("Retry-After", "")
        seconds = float(value) if value.replace(".", "", 1).isdigit() else 0.0
        return min(seconds, self.patience.longest_wait)

    def _payload(self, response: requests.Response) -> Any:
        if len(response.content) > _MAX_ANSWER:
            raise error("QS749", f"the answer has {len(response.content)} bytes")
        try:
            return response.json()
        except (ValueError, RecursionError):
            return None

    def _unreachable(self, problem: requests.exceptions.RequestException) -> QStoreError:
        return error(
            "QS744",
            f"no answer from {self.url}: {_reason(problem)}",
            help="check the network, and status.ionq.co",
        )


def _again(url: str, patience: Patience, agent: str) -> Transport:
    return Transport(url, find_key(None), patience, agent)


def _was_repeated(response: requests.Response) -> bool:
    retries = getattr(response.raw, "retries", None)
    return bool(retries is not None and retries.history)


def _never_sent(problem: requests.exceptions.RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been received."""
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return True
    inner = problem.args[0] if problem.args else None
    reason = getattr(inner, "reason", inner)
    kinds = ("NewConnectionError", "NameResolutionError", "ProxyError")
    return type(reason).__name__ in kinds or "CERTIFICATE_VERIFY_FAILED" in str(reason)


def _timed_out(problem: requests.exceptions.RequestException) -> bool:
    inner = problem.args[0] if problem.args else None
    return isinstance(problem, requests.exceptions.ReadTimeout) or "Read timed out" in str(inner)


def _broke_off(problem: requests.exceptions.RequestException) -> bool:
    """Whether the body of an answer ended early, which `Retry` does not see."""
    broken = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
    inner = problem.args[0] if problem.args else None
    return isinstance(problem, broken) or type(inner).__name__ == "ReadTimeoutError"


def _reason(problem: requests.exceptions.RequestException) -> str:
    """What went wrong, without the request that has the key in its headers."""
    if problem.request is not None:
        problem.request.headers.pop("Authorization", None)
    inner = problem.args[0] if problem.args else problem
    reason = getattr(inner, "reason", None) or inner
    text = " ".join(str(reason).split())
    return f"{type(reason).__name__}: {text}"[:300]
