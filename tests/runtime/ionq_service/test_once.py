"""No job is lost and none is paid twice, whatever the network and the service do.

A client submits jobs to a service that refuses, drops, loses answers, is slow and dies at any
point, in thousands of seeded runs. Then everything is quiet, and the books are compared.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
import requests
from requests.structures import CaseInsensitiveDict

from q_store import QStoreError
from q_store.ionq import IonQClient, Patience
from q_store.qir.ionq_names import TAG
from q_store.runtime.ionq_client.transport import Transport
from q_store.runtime.ionq_service.adapter import ServiceAdapter
from q_store.runtime.ionq_service.faults import FaultPlan
from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.messages import Dropped, Reply, Request
from q_store.runtime.ionq_service.outcomes import Outcome
from q_store.runtime.ionq_service.service import IonqService, ServiceOptions
from tests.runtime.ionq_service.local import BELL, batch, job

RUNS = 2_000
BOOKS = 8
"""Runs share a file of state, as those of one account do."""
HASTE = Patience(retries=8, backoff=1e-6, longest_pause=1e-6, longest_wait=0.0, read=5.0)
PRICE = 25.7899
SETTLED = {"QS744", "QS750"}
"""Errors that say that there is no job."""
UNKNOWN = {"QS745"}
"""Errors that say that there may be one."""
ENDED = {"QS746", "QS747", "QS748", "QS744", "QS750"}
"""What waiting for a result may end with."""


class Died(BaseException):
    """The process of the service ends."""


def die() -> None:
    raise Died


class World:
    """A service that is started again whenever it dies, on the same file."""

    def __init__(self, db: Path, queue: float = 0.0) -> None:
        self.db, self.queue = db, queue
        self.later = 0.0
        """Seconds that the service's clock is ahead."""
        self.deaths = 0
        self.plan = FaultPlan()
        self.service = self._opened()

    def _opened(self) -> IonqService:
        options = ServiceOptions(db=self.db, queue=self.queue, faults=self.plan, background=False)

        def clock() -> float:
            return time.time() + self.later

        return IonqService(options, clock=clock, sleep=lambda seconds: None, die=die)

    def begin(self, plan: FaultPlan) -> None:
        self.plan = plan
        self.service.faults.follow(plan)

    def _restart(self) -> None:
        self.service.close()
        self.service = self._opened()

    def died(self) -> None:
        self.deaths += 1
        self.plan = FaultPlan(self.plan.rates, self.plan.seed + 1, self.plan.retry_after)
        self._restart()

    def answer(self, request: Request) -> Reply:
        try:
            reply = self.service.answer(request)
        except Died:
            self.died()
            raise Dropped from None
        self.work()
        return reply

    def work(self) -> None:
        try:
            self.service.worker.step()
        except Died:
            self.died()

    def quiet(self) -> None:
        """No more faults, and all jobs done."""
        self.begin(FaultPlan())
        self.service.worker.drain()

    def jobs(self, tag: str) -> list[dict[str, Any]]:
        rows = self.service.store.rows(
            "SELECT job.*, usd FROM job LEFT JOIN charge ON charge.job = job.id "
            "WHERE parent IS NULL AND metadata LIKE ?",
            f'%"{tag}"%',
        )
        return [dict(row) for row in rows]


@pytest.fixture
def quick_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What circuits give is of no interest here."""

    def outcomes(backend: str, noise: Any, parts: Any, shots: int, seed: int) -> list[Outcome]:
        return [Outcome.sampled(2, np.zeros(shots, np.uint64), None) for _ in parts]

    monkeypatch.setattr("q_store.runtime.ionq_service.worker.outcomes", outcomes)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], IonQClient]:
    """A client whose requests go to a world without sockets."""

    def connect(world: World) -> IonQClient:
        client = IonQClient("a-key", url="http://localhost/v0.4", patience=HASTE)
        adapter = ServiceAdapter(world.answer, client._transport._retry())

        def send(
            transport: Transport, method: str, path: str, query: Any, data: bytes | None
        ) -> requests.Response:
            """What a session of `requests` does, but for its search for proxies and cookies."""
            asked = {k: v for k, v in (query or {}).items() if v is not None}
            prepared = requests.PreparedRequest()
            prepared.method, prepared.body = method, data
            prepared.url = f"{transport.url}{path}?{urlencode(asked)}"
            prepared.headers = CaseInsensitiveDict({"Authorization": "apiKey a-key"})
            return adapter.send(prepared)

        monkeypatch.setattr(Transport, "_send", send)
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        return client

    return connect


def rates(draw: random.Random) -> dict[str, float]:
    """A few kinds of fault, together up to every second request."""
    kinds = ("429", "500", "502", "503", "drop", "lost", "gone", "slow", "fail", "cancel", "die")
    some = draw.sample(kinds, draw.randint(1, 5))
    return {kind: draw.uniform(0.02, 0.5) / len(some) for kind in some}


def one_run(world: World, client: IonQClient, seed: int) -> tuple[str, str | None, str]:
    """Submit a job and wait for it: its tag, its id if there is one, and how it ended."""
    draw = random.Random(seed)
    world.begin(FaultPlan(rates(draw), seed=seed * 1_000, retry_after=1))
    tag = f"run-{seed}"
    body = draw.choice([job(backend="qpu.forte-1"), batch([BELL, BELL], backend="qpu.forte-1")])
    try:
        sent = client.submit_body(body | {"shots": 5, "metadata": {TAG: tag}})
    except QStoreError as problem:
        return tag, None, problem.code
    try:
        if draw.random() < 0.1:
            sent.cancel()
        sent.wait(timeout=2, poll=1e-6)
        assert sent.results()
    except QStoreError as problem:
        return tag, sent.id, problem.code
    return tag, sent.id, "completed"


def check(world: World, tag: str, identifier: str | None, end: str) -> None:
    """The books agree with what the client was told."""
    found = world.jobs(tag)
    assert sum(row["usd"] is not None for row in found) <= 1, "paid twice"
    alive = [row for row in found if row["status"] != "canceled"]
    assert len(alive) <= 1, "two jobs for one"
    for row in found:
        assert (row["usd"] is not None) <= (row["status"] in ("completed", "canceled"))
        assert row["usd"] in (None, PRICE)
    if identifier is not None:
        (mine,) = [row for row in found if row["id"] == identifier]
        assert mine["status"] in ("completed", "failed", "canceled"), "lost"
        assert end in ENDED | {"completed"}
        if end == "completed":
            assert (mine["status"], mine["usd"]) == ("completed", PRICE)
    elif end in SETTLED:
        assert not alive, "the client said there was no job"
    else:
        assert end in UNKNOWN


@pytest.mark.usefixtures("quick_runs")
def test_thousands_of_runs_lose_no_job_and_pay_none_twice(
    tmp_path: Path, connected: Callable[[World], IonQClient]
) -> None:
    ends: dict[str, int] = {}
    deaths = 0
    for first in range(0, RUNS, BOOKS):
        world = World(tmp_path / f"{first}.db")
        with connected(world) as client:
            told = [one_run(world, client, seed) for seed in range(first, first + BOOKS)]
            world.quiet()
            for tag, identifier, end in told:
                check(world, tag, identifier, end)
                found = client.find(tag)
                assert (found is None) == (not world.jobs(tag))
                ends[end] = ends.get(end, 0) + 1
        deaths += world.deaths
        world.service.close()
    # The runs are worth something only if all of it happened.
    assert deaths > RUNS / 20
    assert ends["completed"] > RUNS / 2
    assert {"completed", "QS746", "QS747"} <= ends.keys()
    assert sum(ends.values()) == RUNS


@pytest.mark.usefixtures("quick_runs")
def test_doubles_that_the_network_makes_are_cancelled_while_they_wait(
    tmp_path: Path, connected: Callable[[World], IonQClient]
) -> None:
    world = World(tmp_path / "ionq.db", queue=600.0)
    plan = FaultPlan({"duplicate": 0.3, "lost": 0.1, "gone": 0.1, "429": 0.1}, seed=3)
    with connected(world) as client:
        world.begin(plan)
        tags = [f"double-{k}" for k in range(100)]
        sent = {}
        for tag in tags:
            body = job(backend="qpu.forte-1", shots=5, metadata={TAG: tag})
            sent[tag] = client.submit_body(body).id
        doubles = sum(len(world.jobs(tag)) > 1 for tag in tags)
        world.later = 601.0
        world.quiet()
        for tag in tags:
            check(world, tag, sent[tag], "completed")
    assert doubles > 20
    world.service.close()


# That doubles could not be looked for is a warning: the job is there.
@pytest.mark.filterwarnings(r"ignore:warning\[QS753\]:RuntimeWarning")
@pytest.mark.usefixtures("quick_runs")
def test_hundreds_of_runs_over_sockets(tmp_path: Path) -> None:
    """The same over HTTP, with several threads of one client and without deaths."""
    plan = FaultPlan(
        {"429": 0.05, "503": 0.05, "drop": 0.05, "lost": 0.1, "gone": 0.1, "slow": 0.1},
        seed=5,
        retry_after=0,
        slow=0.001,
    )
    options = ServiceOptions(db=tmp_path / "ionq.db", faults=plan)
    patience = Patience(retries=8, backoff=1e-4, longest_pause=1e-3, read=10.0)
    told: dict[str, str | None] = {}
    with IonqServer(IonqService(options)) as server:
        with IonQClient("a-key", url=server.url, patience=patience, workers=4) as client:
            pending = {}
            for k in range(200):
                body = job(backend="qpu.forte-1", shots=5, metadata={TAG: f"job-{k}"})
                pending[f"job-{k}"] = client._executor().submit(client.submit_body, body)
            for tag, future in pending.items():
                problem = future.exception()
                told[tag] = None if problem else future.result().id
                assert problem is None or problem.code in SETTLED | UNKNOWN
        server.service.worker.stop()
        server.service.worker.drain()
        rows = server.service.store.rows("SELECT * FROM job")
        charged = server.service.store.rows("SELECT job FROM charge")
    by_tag: dict[str, list[str]] = {}
    for row in rows:
        if row["status"] != "canceled":
            by_tag.setdefault(json.loads(row["metadata"])[TAG], []).append(row["id"])
    for tag, identifier in told.items():
        assert len(by_tag.get(tag, [])) <= 1
        if identifier is not None:
            assert by_tag[tag] == [identifier]
    alive = [one for some in by_tag.values() for one in some]
    assert sorted(row["job"] for row in charged) == sorted(alive)
    assert sum(identifier is not None for identifier in told.values()) > 150


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "ionq.db")
    yield world
    world.service.close()


def test_the_check_finds_a_client_that_sends_again(worlds: World, quick_runs: None) -> None:
    """A client that repeats a submission whose answer was lost pays twice, and is found out."""
    worlds.begin(FaultPlan({"lost": 0.5}, seed=1))
    body = json.dumps(job(backend="qpu.forte-1", metadata={TAG: "twice"})).encode()
    while True:
        try:
            worlds.answer(Request("POST", "/v0.4/jobs", {}, body, True))
        except Dropped:
            continue
        if len(worlds.jobs("twice")) > 1:
            break
        worlds.begin(FaultPlan({"lost": 0.5}, seed=2))
    worlds.quiet()
    with pytest.raises(AssertionError, match="paid twice"):
        check(worlds, "twice", None, "QS744")
