"""What lasts: the local IonQ service after a restart, after `kill -9`, with a file of another."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from q_store import QStoreError
from q_store.runtime.ionq_service.faults import FaultPlan
from q_store.runtime.ionq_service.store import Store
from tests.runtime.ionq_service.local import BELL, Local, batch, job

# A shell that starts tests in the background lets its children ignore interrupts.
MAIN = (
    "import signal, sys; from q_store.cli import main; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main())"
)
HEADERS = {"Authorization": "apiKey any"}


class Died(BaseException):
    """The process ends."""


def die() -> None:
    raise Died


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "ionq.db"
    with Local(db=db) as local:
        done = local.done(job(backend="qpu.forte-1", shots=100))["id"]
        results = local.get(f"/jobs/{done}/results/probabilities")
        many = local.done(batch([BELL, BELL]))["id"]
        waiting = local.submit(job(name="waiting", metadata={"k": "v"}))
        session = local.ask("POST", "/sessions", {"backend": "qpu.forte-1"}).content["id"]
        before = local.get("/jobs")
    with Local(db=db) as local:
        assert local.get("/jobs") == before
        assert local.get(f"/jobs/{done}/results/probabilities") == results
        assert len(local.get(f"/jobs/{many}/results/probabilities")) == 2
        assert local.get(f"/sessions/{session}")["active"]
        assert local.service.store.spent() == 25.7899
        local.run()
        assert local.get(f"/jobs/{waiting}")["status"] == "completed"


@pytest.mark.parametrize("seed", range(8))
def test_a_job_whose_run_was_cut_off_runs_again_and_is_paid_once(tmp_path: Path, seed: int) -> None:
    """The process dies wherever it can, again and again."""
    db = tmp_path / "ionq.db"
    wanted, deaths = 4, 0
    while True:
        plan = FaultPlan({"die": 0.4}, seed=seed * 1000 + deaths)
        with Local(db=db, faults=plan, die=die) as local:
            try:
                while len(local.get("/jobs")["jobs"]) < wanted:
                    local.submit(job(backend="qpu.forte-1", shots=1))
                local.run()
                break
            except Died:
                deaths += 1
    with Local(db=db) as local:
        jobs = local.get("/jobs")["jobs"]
        assert {one["status"] for one in jobs} == {"completed"}
        assert wanted <= len(jobs) <= wanted + deaths
        assert local.service.store.spent() == pytest.approx(25.7899 * len(jobs))
    assert deaths > 0


def test_a_job_cancelled_while_it_runs_costs_nothing(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = local.submit(job(backend="qpu.forte-1"))

    def cancel() -> None:
        local.ask("PUT", f"/jobs/{identifier}/status/cancel")

    monkeypatch.setattr(local.service.faults, "here", cancel)
    local.run()
    shown = local.get(f"/jobs/{identifier}")
    assert (shown["status"], shown["results"]) == ("canceled", None)
    assert local.service.store.spent() == 0


def test_mistakes_of_our_own_end_a_job_and_not_the_service(
    local: Local, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("q_store.runtime.ionq_service.worker.outcomes", lambda *_: 1 // 0)
        shown = local.done(job(backend="qpu.forte-1"))
    assert shown["failure"]["code"] == "InternalError"
    assert "ZeroDivisionError" in shown["failure"]["message"]
    assert "ZeroDivisionError" in caplog.text
    assert local.service.store.spent() == 0
    assert local.done(job())["status"] == "completed"
    with monkeypatch.context() as patched:
        patched.setattr("q_store.runtime.ionq_service.jobs.list_jobs", lambda *_: 1 // 0)
        reply = local.ask("GET", "/jobs")
    assert (reply.status, reply.content["error"]) == (500, "Internal Server Error")
    assert local.ask("GET", "/jobs").status == 200


def test_one_service_at_a_time(tmp_path: Path) -> None:
    db = tmp_path / "ionq.db"
    with Local(db=db), pytest.raises(QStoreError) as caught:
        Store(db)
    assert caught.value.code == "QS761"
    assert "locked" in str(caught.value)
    Store(db).close()


def test_files_that_are_no_state(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("nothing of the kind" * 100)
    newer = tmp_path / "newer.db"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    for path in (text, newer, tmp_path / "none" / "ionq.db"):
        with pytest.raises(QStoreError) as caught:
            Store(path)
        assert caught.value.code == "QS761"


def test_a_transaction_that_fails_changes_nothing() -> None:
    store = Store()

    def half() -> None:
        with store.transaction():
            store.insert("charge", {"job": "a", "usd": 1.0, "at": 0.0})
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert store.spent() == 0
    store.insert("charge", {"job": "a", "usd": 1.0, "at": 0.0})
    with pytest.raises(sqlite3.IntegrityError):
        store.insert("charge", {"job": "a", "usd": 1.0, "at": 1.0})
    store.close()


# --- a process of its own ---------------------------------------------------------------------


class Process:
    """`qstorec ionq serve` as users run it."""

    def __init__(self, db: Path, *options: str) -> None:
        command = [sys.executable, "-c", MAIN, "-q", "ionq", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--db", str(db), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]
        assert self.url.startswith("http://127.0.0.1:"), self.url

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.url}{path}"
        return requests.request(method, url, json=body, headers=HEADERS, timeout=30)

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for one in started:
        if one.process.poll() is None:
            one.end()


def test_kill_9_loses_no_job_and_pays_none_twice(tmp_path: Path, processes: list[Process]) -> None:
    db = tmp_path / "ionq.db"
    accepted: list[str] = []
    for round in range(3):
        server = Process(db)
        processes.append(server)
        for k in range(6):
            body = job(backend="qpu.forte-1", shots=200, metadata={"tag": f"{round}-{k}"})
            accepted.append(server.ask("POST", "/jobs", body).json()["id"])
        time.sleep(0.05 * round)
        server.end()
    server = Process(db)
    processes.append(server)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        jobs = server.ask("GET", "/jobs").json()["jobs"]
        if all(one["status"] == "completed" for one in jobs):
            break
        time.sleep(0.05)
    assert sorted(one["id"] for one in jobs) == sorted(accepted)
    assert {one["status"] for one in jobs} == {"completed"}
    paid = server.ask("GET", "/organizations/any/usage").json()["usages"]
    assert sorted(one["id"] for one in paid) == sorted(accepted)
    assert server.end(signal.SIGINT) == 130


def test_the_key_is_nowhere_on_disk(tmp_path: Path, processes: list[Process]) -> None:
    db = tmp_path / "ionq.db"
    server = Process(db)
    processes.append(server)
    key = "a-key-that-nobody-may-see"
    answer = requests.post(
        f"{server.url}/jobs", json=job(), headers={"Authorization": f"apiKey {key}"}, timeout=30
    )
    assert answer.status_code == 201
    server.end(signal.SIGTERM)
    for path in tmp_path.iterdir():
        assert key.encode() not in path.read_bytes()
    assert os.path.getsize(db) > 0
