"""No job is lost and none is sent twice, whatever happens to requests and answers."""

import random
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.qir.ionq_names import TAG
from q_store.runtime.ionq_client.client import IonQClient, in_jobs
from q_store.runtime.ionq_client.transport import Patience
from q_store.targets.ionq.json.circuits import IonqCircuit, ionq_circuits
from q_store.targets.ionq.json.job import JobOptions
from tests.runtime.ionq.scripted import Scripted, serve

QUICK = Patience(retries=5, backoff=0.0002, longest_pause=0.0005, longest_wait=0.01, read=10.0)
HASTY = replace(QUICK, read=0.4)
AFTER = ("drop-after", "cut-after", "garbled-after", "500-after", "503-after")
BEFORE = ("drop-before", "429-before", "500-before", "502-before", "503-before")


def bell() -> IonqCircuit:
    return ionq_circuits(QuantumCircuit(2).h(0).cx(0, 1).measure_all().to_ir())[0]


@pytest.fixture
def service() -> Iterator[Scripted]:
    made = Scripted()
    server, made.url = serve(made)
    yield made
    server.shutdown()
    server.server_close()


def client(service: Scripted, patience: Patience = QUICK, **options: object) -> IonQClient:
    return IonQClient("secret-key", url=service.url, patience=patience, **options)


def once(fault: str, method: str = "POST") -> Callable[[str, str], str | None]:
    """The first request of a method goes wrong."""
    left = [fault]
    return lambda found, path: left.pop() if found == method and left else None


def posts(service: Scripted) -> int:
    return service.requests.count(("POST", "/v0.4/jobs"))


def active(service: Scripted) -> list[str]:
    return [job["id"] for job in service.jobs if job["status"] != "canceled"]


@pytest.mark.parametrize("fault", AFTER)
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_again(
    service: Scripted, fault: str
) -> None:
    service.faults = once(fault)
    with client(service) as ionq:
        job = ionq.submit(bell())
    assert job.id == "job-0"
    assert job.tag == service.jobs[0]["metadata"][TAG]
    assert posts(service) == 1


@pytest.mark.parametrize("fault", BEFORE)
def test_a_job_that_did_not_arrive_is_sent_again_after_looking(
    service: Scripted, fault: str
) -> None:
    service.faults = once(fault)
    with client(service) as ionq:
        ionq.submit(bell())
    asked = service.requests.index(("GET", "/v0.4/jobs"))
    assert service.requests[0][0] == "POST"
    assert service.requests.index(("POST", "/v0.4/jobs"), 1) > asked
    assert len(service.jobs) == 1


def test_an_answer_that_comes_too_late_is_looked_up(service: Scripted) -> None:
    service.faults = once("late-after")
    with client(service, HASTY) as ionq:
        assert ionq.submit(bell()).id == "job-0"
    assert posts(service) == 1


def test_a_request_that_may_still_be_worked_on_is_never_sent_again(service: Scripted) -> None:
    service.faults, service.late = once("late-before"), 1.2
    with client(service, HASTY) as ionq, pytest.raises(QStoreError, match="QS745") as caught:
        ionq.submit(bell())
    assert posts(service) == 1
    notes = "\n".join(caught.value.diagnostics[0].notes)
    tag = notes.partition("its tag is ")[2].split()[0]
    assert len(tag) == 32
    with client(service) as ionq:
        deadline = time.monotonic() + 10
        while (found := ionq.find(tag)) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert found is not None
        assert found.id == "job-0"


def test_when_looking_fails_too_the_error_has_the_tag(service: Scripted) -> None:
    service.faults = lambda method, path: "drop-after"
    with client(service) as ionq, pytest.raises(QStoreError, match="QS745") as caught:
        ionq.submit(bell())
    assert posts(service) == 1
    tag = service.jobs[0]["metadata"][TAG]
    assert f"qstorec ionq status --tag {tag}" in str(caught.value)
    service.faults = lambda method, path: None
    with client(service) as ionq:
        assert ionq.find(tag).id == "job-0"
        assert ionq.find("0" * 32) is None


def test_too_many_requests_are_given_up_in_the_end(service: Scripted) -> None:
    service.faults = lambda method, path: "429-before" if method == "POST" else None
    service.retry_after = "0"
    with client(service) as ionq, pytest.raises(QStoreError, match="QS750"):
        ionq.submit(bell())
    assert posts(service) == QUICK.retries + 1
    assert service.jobs == []


def test_a_service_that_is_not_there_gets_nothing(service: Scripted) -> None:
    closed = service.url.replace("/v0.4", "").rpartition(":")[0] + ":9/v0.4"
    ionq = IonQClient("k", url=closed, patience=QUICK)
    with ionq, pytest.raises(QStoreError, match="QS744"):
        ionq.submit(bell())


def test_the_second_of_two_jobs_is_cancelled(service: Scripted) -> None:
    """A request that the network kept and delivered after all."""
    service.faults = once("drop-before")
    accept = service.accept

    def twice(body: dict) -> tuple:
        accept(body)
        return accept(body)

    service.accept = twice
    with client(service) as ionq:
        job = ionq.submit(bell())
    assert job.id == "job-0"
    assert active(service) == ["job-0"]


def test_a_request_that_the_network_doubles_is_one_job(service: Scripted) -> None:
    accept = service.accept

    def twice(body: dict) -> tuple:
        accept(body)
        return accept(body)

    service.accept = twice
    with client(service) as ionq:
        assert ionq.submit(bell()).id == "job-0"
    assert active(service) == ["job-0"]
    assert posts(service) == 1


def test_a_job_is_kept_when_doubles_cannot_be_looked_for(service: Scripted) -> None:
    service.faults = lambda method, path: "503-before" if method == "GET" else None
    with client(service) as ionq, pytest.warns(RuntimeWarning, match="QS753"):
        assert ionq.submit(bell()).id == "job-0"


def test_hundreds_of_submissions_with_every_fault(service: Scripted) -> None:
    """Each run draws a fault for each request by its seed. What the client says and what the
    service has must agree: one job for a success, none for a failure. Where the client cannot
    know, it says so with the tag, and asking for the tag later leaves one job at most."""
    outcomes: Counter[str] = Counter()
    draw = random.Random()
    kinds = (*AFTER, *BEFORE, "doubled")
    rate = 0.0
    service.faults = lambda method, path: draw.choice(kinds) if draw.random() < rate else None
    with client(service) as ionq:
        circuit = bell()
        for seed in range(600):
            draw.seed(seed)
            service.jobs.clear()
            rate = (0.1, 0.3, 0.5, 0.9)[seed % 4]
            outcome, said = attempt(ionq, circuit)
            outcomes[outcome] += 1
            assert "secret-key" not in said
            rate = 0.0
            if outcome in ("QS745", "QS753"):
                found = ionq.find(re.search(r"[0-9a-f]{32}", said)[0])
                assert [found.id] == active(service) if found else service.jobs == []
            elif outcome == "done":
                assert active(service) == [said]
            else:
                assert service.jobs == []
    assert outcomes.keys() <= {"done", "QS744", "QS745", "QS750", "QS753"}
    assert outcomes["done"] > 300


def attempt(ionq: IonQClient, circuit: IonqCircuit) -> tuple[str, str]:
    """`done` and the id of the job, or the code of the error or warning and its text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            done = ionq.submit(circuit).id
        except QStoreError as problem:
            return problem.code, str(problem)
    return ("QS753", str(caught[0].message)) if caught else ("done", done)


def test_a_job_that_is_seen_twice_while_pages_are_turned_is_one_job(service: Scripted) -> None:
    """New jobs push others onto the next page, where they are listed again."""
    service.faults = once("drop-before")
    listed = service.answer

    def shifting(method: str, path: str, query: dict, body: object) -> tuple:
        if (method, path) == ("GET", "/v0.4/jobs") and "next" in query:
            for job in [job for job in service.jobs if job["id"] == "job-0"]:
                return 200, {"jobs": [job], "next": None}
        status, page = listed(method, path, query, body)
        if (method, path) == ("GET", "/v0.4/jobs") and service.jobs:
            page = {**page, "next": "1"}
        return status, page

    service.answer = shifting
    with client(service) as ionq:
        assert ionq.submit(bell()).id == "job-0"
    assert active(service) == ["job-0"]


# --- many at a time ---------------------------------------------------------------------------


def test_many_submissions_at_a_time_with_a_bounded_queue(service: Scripted) -> None:
    draw = random.Random(7)
    service.faults = lambda m, p: draw.choice((*AFTER, *BEFORE)) if draw.random() < 0.1 else None
    with client(service, workers=4, queue=3) as ionq:
        futures = [ionq.submit_async(bell(), JobOptions(name=f"n{i}")) for i in range(40)]
        jobs = [future.result() for future in futures]
    assert len({job.id for job in jobs}) == 40
    assert len(active(service)) == 40
    named = {job["id"]: job["body"]["name"] for job in service.jobs}
    assert [named[job.id] for job in jobs] == [f"n{i}" for i in range(40)]


def test_circuits_are_distributed_over_jobs_in_order(service: Scripted) -> None:
    many = [bell()] * 5001
    assert [len(part) for part in in_jobs(many)] == [5000, 1]
    long = IonqCircuit("long", "qis", 1, ({"gate": "h", "target": 0},) * 30_000, (0,), ((0,),))
    assert [len(part) for part in in_jobs([long] * 3 + [bell()])] == [1, 1, 2]
    middle = ionq_circuits(QuantumCircuit(1).h(0).reset(0).measure_all().to_ir())[0]
    parts = in_jobs([bell(), bell(), middle, middle, bell()])
    assert [len(part) for part in parts] == [2, 1, 1, 1]
    with client(service) as ionq:
        jobs = ionq.submit_all([long, long, bell()])
    sizes = {job["id"]: len(job["body"]["input"].get("circuits", [1])) for job in service.jobs}
    assert [sizes[job.id] for job in jobs] == [1, 2]


def test_a_refused_part_does_not_hide_the_others(service: Scripted) -> None:
    service.answers["POST", "/v0.4/jobs"] = (400, {"error": "Bad Request", "message": "no"})
    with client(service) as ionq, pytest.raises(QStoreError, match=r"QS743.*400 Bad Request.*no"):
        ionq.submit_all([bell()])


def test_a_closed_client_sends_nothing(service: Scripted) -> None:
    ionq = client(service)
    ionq.close()
    for act in (ionq.submit, ionq.submit_async):
        with pytest.raises(QStoreError, match="QS752"):
            act(bell())
    assert service.requests == []
