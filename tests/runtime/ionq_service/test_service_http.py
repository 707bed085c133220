"""The local IonQ service on a socket, and the faults it makes on purpose."""

import http.client
import json
import logging
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from urllib3 import Retry

from q_store import QStoreError
from q_store.runtime.ionq_service.adapter import ServiceAdapter
from q_store.runtime.ionq_service.faults import FaultPlan, Faults
from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.service import IonqService, ServiceOptions
from tests.runtime.ionq_service.local import Local, job

HEADERS = {"Authorization": "apiKey secret-of-mine"}


@pytest.fixture
def server() -> Iterator[IonqServer]:
    with IonqServer(IonqService()) as running:
        yield running


def raw(server: IonqServer, text: str) -> bytes:
    """What comes back for bytes as they stand."""
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


def test_one_connection_serves_many_requests(server: IonqServer) -> None:
    with requests.Session() as session:
        session.headers.update(HEADERS)
        made = session.post(f"{server.url}/jobs", json=job()).json()["id"]
        for _ in range(20):
            assert session.get(f"{server.url}/jobs/{made}").status_code == 200
        assert session.get(f"{server.url}/nothing").status_code == 404
        assert session.get(f"{server.url}/jobs", json={"limit": 3}).status_code == 200


def test_requests_of_many_threads_are_all_answered(server: IonqServer) -> None:
    made: list[str] = []

    def submit() -> None:
        for _ in range(5):
            answer = requests.post(f"{server.url}/jobs", json=job(), headers=HEADERS, timeout=30)
            made.append(answer.json()["id"])

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = requests.get(f"{server.url}/jobs?limit=100", headers=HEADERS, timeout=30).json()
    assert sorted(one["id"] for one in listed["jobs"]) == sorted(made)
    assert len(made) == 40


def test_clients_that_hang_up_are_no_news(
    server: IonqServer, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            # Closing at once with data unread resets the connection.
            option = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
            connection.sendall(b"GET /v0.4/backends HTTP/1.1\r\nHost: localhost\r\n")
    assert requests.get(f"{server.url}/backends", timeout=10).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_it_listens_on_loopback_only(server: IonqServer) -> None:
    assert server.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8700", "127.0.0.1.evil.example"])
def test_names_of_other_machines_are_refused(server: IonqServer, host: str) -> None:
    """Otherwise a page of the web could rebind its name to this address."""
    answer = requests.get(f"{server.url}/backends", headers={"Host": host}, timeout=10)
    assert answer.status_code == 403


def test_keys_are_not_logged(server: IonqServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        requests.post(f"{server.url}/jobs", json=job(), headers=HEADERS, timeout=10)
    assert "POST /v0.4/jobs" in caplog.text
    assert "secret-of-mine" not in caplog.text


@pytest.mark.parametrize("header", ["", "apiKey", "apiKey ", "Bearer abc"])
def test_a_key_must_be_there(server: IonqServer, header: str) -> None:
    answer = requests.get(f"{server.url}/jobs", headers={"Authorization": header}, timeout=10)
    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)


def test_bodies_above_10_mb_are_refused_unread(server: IonqServer) -> None:
    found = raw(server, "POST /v0.4/jobs HTTP/1.1\nHost: localhost\nContent-Length: 10000001\n\n")
    assert b"413" in found.splitlines()[0]
    assert json.loads(found.split(b"\r\n\r\n")[1])["statusCode"] == 413


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("Content-Length: -1", b"400"),
        ("Content-Length: many", b"400"),
        ("Transfer-Encoding: chunked", b"411"),
    ],
)
def test_bodies_of_unknown_length_are_refused(
    server: IonqServer, lines: str, status: bytes
) -> None:
    found = raw(server, f"POST /v0.4/jobs HTTP/1.1\nHost: localhost\n{lines}\n\n")
    assert status in found.splitlines()[0]


def test_a_port_that_is_taken(server: IonqServer) -> None:
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(QStoreError) as caught:
        IonqServer(IonqService(), port)
    assert caught.value.code == "QS762"


# --- faults -----------------------------------------------------------------------------------


def test_each_fault_does_what_it_says_on_a_socket() -> None:
    kinds = ("429", "500", "502", "503", "drop", "lost", "gone", "slow", "duplicate")
    for kind in kinds:
        plan = FaultPlan({kind: 1.0}, retry_after=7, slow=0.01)
        with IonqServer(IonqService(ServiceOptions(faults=plan))) as server:
            statuses, jobs = _submitted(server)
        wanted: dict[str, tuple[Any, int]] = {
            "drop": (None, 0),
            "lost": (None, 1),
            "gone": (502, 1),
            "slow": (201, 1),
            "duplicate": (201, 2),
        }
        assert (statuses, jobs) == wanted.get(kind, (int(kind) if kind.isdigit() else 0, 0))


def _submitted(server: IonqServer) -> tuple[int | None, int]:
    """The status that came back for one job, and how many jobs there are."""
    status = None
    try:
        answer = requests.post(f"{server.url}/jobs", json=job(), headers=HEADERS, timeout=10)
        status = answer.status_code
        assert status != 429 or answer.headers["Retry-After"] == "7"
    except requests.ConnectionError:
        pass
    found = server.service.store.row("SELECT count(*) AS jobs FROM job")
    assert found is not None
    return status, found["jobs"]


def test_a_dropped_connection_sends_nothing() -> None:
    plan = FaultPlan({"lost": 1.0})
    with IonqServer(IonqService(ServiceOptions(faults=plan))) as server:
        assert raw(server, "GET /v0.4/backends HTTP/1.1\nHost: localhost\n\n") == b""
        host, port = server.address.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port))
        connection.request("GET", "/v0.4/backends")
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()


def test_faults_come_as_often_as_asked_and_in_the_same_order_for_a_seed() -> None:
    def drawn(seed: int) -> list[str | None]:
        plan = FaultPlan({"429": 0.1, "lost": 0.2, "slow": 0.05}, seed=seed)
        faults = Faults(plan, lambda: None)
        return [faults.of_request() for _ in range(4000)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    counts = Counter(drawn(1))
    for kind, rate in (("429", 0.1), ("lost", 0.2), ("slow", 0.05)):
        assert counts[kind] == pytest.approx(4000 * rate, abs=100)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("fail", "failed", "QuantumComputerError"), ("cancel", "canceled", None)],
)
def test_jobs_that_end_badly_are_free(kind: str, status: str, code: str | None) -> None:
    with Local(faults=FaultPlan({kind: 1.0})) as local:
        shown = local.done(job(backend="qpu.forte-1"))
        assert shown["status"] == status
        assert (shown["failure"] or {}).get("code") == code
        assert local.service.store.spent() == 0


def test_slow_answers_take_their_time() -> None:
    with Local(faults=FaultPlan({"slow": 1.0}, slow=2.5)) as local:
        local.submit(job())
        assert local.slept == 2.5


@pytest.mark.parametrize("texts", [["404=0.1"], ["429=2"], ["429=x"], ["drop=-1"], [""]])
def test_faults_that_cannot_be(texts: list[str]) -> None:
    with pytest.raises(QStoreError) as caught:
        FaultPlan.parse(texts)
    assert caught.value.code == "QS760"


def test_faults_are_read_from_texts() -> None:
    plan = FaultPlan.parse(["429=0.25", "lost"], seed=3)
    assert (plan.rates, plan.seed) == ({"429": 0.25, "lost": 1.0}, 3)


ADDRESS = "http://localhost"


def test_the_adapter_answers_without_a_socket() -> None:
    with IonqService(ServiceOptions(background=False)) as service, requests.Session() as session:
        session.mount(ADDRESS, ServiceAdapter(service.answer))
        session.headers.update(HEADERS)
        made = session.post(f"{ADDRESS}/v0.4/jobs", json=job())
        assert (made.status_code, made.json()["status"]) == (201, "submitted")
        service.worker.drain()
        listed = session.get(f"{ADDRESS}/v0.4/jobs", params={"status": "completed"}).json()
        assert len(listed["jobs"]) == 1
        refused = session.get(f"{ADDRESS}/v0.4/jobs", headers={"Authorization": ""})
        assert refused.status_code == 401


def test_the_adapter_breaks_connections_and_repeats_what_may_be() -> None:
    options = ServiceOptions(faults=FaultPlan({"drop": 0.3, "503": 0.3}, seed=2))
    retry = Retry(20, backoff_factor=0, status_forcelist=[503], allowed_methods=["GET"])
    with IonqService(options) as service, requests.Session() as session:
        session.mount(ADDRESS, ServiceAdapter(service.answer, retry))
        for _ in range(50):
            assert session.get(f"{ADDRESS}/v0.4/backends").status_code == 200
        session.mount(ADDRESS, ServiceAdapter(service.answer))
        statuses: Counter[int] = Counter()
        for _ in range(50):
            try:
                statuses[session.get(f"{ADDRESS}/v0.4/backends").status_code] += 1
            except requests.ConnectionError:
                statuses[0] += 1
        assert min(statuses[0], statuses[200], statuses[503]) > 5


def test_a_server_that_closes_ends_its_connections() -> None:
    server = IonqServer(IonqService())
    host, port = server.address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/v0.4/backends", headers=HEADERS)
    assert connection.getresponse().read()
    unused = socket.create_connection((host, int(port)), timeout=10)
    start = time.monotonic()
    server.close()
    assert time.monotonic() - start < 5
    assert connection.sock.recv(1) == b""
    with suppress(ConnectionResetError):  # Where the server had not taken it yet.
        assert unused.recv(1) == b""
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/backends", timeout=10)
    connection.close()
    unused.close()


def test_a_server_that_closes_answers_what_it_was_asked() -> None:
    waiting, go_on = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        waiting.set()
        go_on.wait(10)

    plan = FaultPlan.parse(["slow=1"])
    server = IonqServer(IonqService(ServiceOptions(faults=plan), sleep=sleep))
    found: list[requests.Response] = []
    ask = threading.Thread(
        target=lambda: found.append(
            requests.post(f"{server.url}/jobs", json=job(), headers=HEADERS, timeout=30)
        )
    )
    ask.start()
    assert waiting.wait(10)
    close = threading.Thread(target=server.close)
    close.start()
    close.join(0.3)
    assert close.is_alive()
    go_on.set()
    close.join(10)
    ask.join(10)
    assert not close.is_alive()
    assert found[0].status_code == 201
    assert found[0].headers["Connection"] == "close"


def test_a_request_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("q_store.runtime.ionq_service.http_server._GRACE", 0.2)
    server = IonqServer(IonqService())
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v0.4/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n")
        connection.sendall(b"Authorization: apiKey k\r\n\r\n{")
        time.sleep(0.2)
        start = time.monotonic()
        server.close()
        assert time.monotonic() - start < 5
        assert b"HTTP/1.1 500" not in connection.recv(65536)
