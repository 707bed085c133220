"""The client at a real service on this machine: jobs, results, prices, sessions, refusals."""

import json
import logging
import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import q_store
from q_store.frontends.circuit import QuantumCircuit
from q_store.ionq import IonQClient, IonQJob, Patience, to_ionq_circuits, to_ionq_json
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import config
from q_store.runtime.ionq_client.keys import find_key
from q_store.runtime.ionq_client.problems import job_failure, refusal
from q_store.runtime.ionq_service.faults import FaultPlan
from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.service import IonqService, ServiceOptions
from q_store.targets.ionq.json.job import JobOptions
from tests.runtime.ionq.scripted import Scripted, serve

QUICK = Patience(retries=3, backoff=0.001, longest_pause=0.01, longest_wait=0.01, read=5.0)
KEY = "k3y-that-nobody-may-see"


def asymmetric() -> QuantumCircuit:
    """Different for every qubit, so that no order of bits can be mistaken for another."""
    return QuantumCircuit(3).ry(0, 0.6).ry(1, 1.3).ry(2, 2.2).cx(0, 1).measure_all()


def exact(circuit: QuantumCircuit) -> np.ndarray:
    function = q_store.compile(circuit, output="probs")
    return np.asarray(function()).ravel()


@pytest.fixture(scope="module")
def service() -> Iterator[IonqServer]:
    with IonqServer(IonqService()) as server:
        yield server


@pytest.fixture
def ionq(service: IonqServer) -> Iterator[IonQClient]:
    with IonQClient(KEY, url=service.url, patience=QUICK) as client:
        yield client


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    server, made.url = serve(made)
    yield made
    server.shutdown()
    server.server_close()


# --- results ----------------------------------------------------------------------------------


@pytest.mark.parametrize("gateset", ["qis", "native"])
def test_probabilities_are_in_the_order_of_our_qubits(ionq: IonQClient, gateset: str) -> None:
    job = ionq.submit(asymmetric(), gateset=gateset, shots=100)
    result = job.wait(10, poll=0.01).result()
    np.testing.assert_allclose(result.array(), exact(asymmetric()), atol=1e-9)
    likely = format(int(np.argmax(exact(asymmetric()))), "03b")
    assert max(result.probabilities, key=result.probabilities.get) == likely
    assert sum(result.counts().values()) == 100


def test_registers_swaps_and_partial_measurements(ionq: IonQClient) -> None:
    circuit = QuantumCircuit(4).x(1).swap(1, 3).x(2).sample(3, 0, 2)
    for gateset in ("qis", "native"):
        job = ionq.submit(circuit, gateset=gateset)
        assert dict(job.results()[0].probabilities) == {"101": 1.0}
        # Another process knows only what the service keeps.
        again = ionq.job(job.id)
        assert dict(again.result().probabilities) == {"101": 1.0}


def test_several_circuits_in_one_job(ionq: IonQClient) -> None:
    circuits = [QuantumCircuit(3, name=f"c{i}").x(i).measure_all() for i in range(3)]
    circuits.append(QuantumCircuit(3).x(0).sample(2, 0))
    job = ionq.submit(circuits)
    found = [dict(one.probabilities) for one in job.results()]
    assert found == [{"100": 1.0}, {"010": 1.0}, {"001": 1.0}, {"01": 1.0}]
    assert [dict(one.probabilities) for one in ionq.job(job.id).results()] == found


def test_one_program_for_many_values(ionq: IonQClient) -> None:
    circuit = QuantumCircuit(2).ry(0, param="a").rxx(0, 1, param="b").measure_all()
    rows = np.random.default_rng(3).uniform(-7, 7, (6, 2))
    for target, noise in (("ionq.simulator", "ideal"), ("ionq.simulator", None)):
        circuits = to_ionq_circuits(
            circuit, target=target, gateset="native", values=rows, noise="aria-1"
        )
        job = ionq.submit(circuits, JobOptions(target=target, noise=noise))
        for row, result in zip(rows, job.results(), strict=True):
            wanted = exact(circuit.bind(a=row[0], b=row[1]))
            np.testing.assert_allclose(result.array(), wanted, atol=1e-9)


def test_shots_of_a_machine_come_with_their_memory(ionq: IonQClient) -> None:
    job = ionq.submit(asymmetric(), target="ionq.forte", shots=400, debiasing=False)
    result = job.result()
    assert len(result.memory) == 400
    counts = result.counts()
    assert counts == {bits: result.memory.count(bits) for bits in counts}
    assert np.abs(result.array() - exact(asymmetric())).max() < 0.12
    z0 = result.expectation([0])
    assert z0 == pytest.approx(np.cos(0.6), abs=0.15)


def test_dry_runs_are_compiled_only(ionq: IonQClient) -> None:
    job = ionq.submit(asymmetric(), target="ionq.forte", shots=10, dry_run=True)
    assert job.compiled()
    with pytest.raises(QStoreError, match="QS751"):
        job.results()


# --- the life of a job ------------------------------------------------------------------------


def test_states_cost_and_end_of_a_job() -> None:
    with (
        IonqServer(IonqService(ServiceOptions(queue=60))) as server,
        IonQClient(KEY, url=server.url, patience=QUICK) as ionq,
    ):
        job = ionq.submit(asymmetric(), target="ionq.forte", shots=200, name="mine")
        assert job.refresh().status in ("submitted", "ready")
        with pytest.raises(QStoreError, match=r"QS748.*still (submitted|ready) after 0\.02 s"):
            job.wait(0.02, poll=0.005)
        assert job.cost()["estimated_cost"]["value"] > 0
        assert [one.id for one in ionq.jobs()] == [job.id]
        assert ionq.find(job.tag).id == job.id
        assert job.cancel().status == "canceled"
        with pytest.raises(QStoreError, match="QS747"):
            job.wait(1)
        job.delete()
        with pytest.raises(QStoreError, match=r"QS743.*404"):
            ionq.job(job.id)


def test_a_job_that_is_done_is_not_cancelled(ionq: IonQClient) -> None:
    """The service would call it cancelled, results and all."""
    job = ionq.submit(asymmetric())
    job.wait(10, poll=0.01)
    assert job.cancel().status == "completed"


def test_a_job_that_fails_says_why() -> None:
    options = ServiceOptions(faults=FaultPlan({"fail": 1.0}))
    with (
        IonqServer(IonqService(options)) as server,
        IonQClient(KEY, url=server.url, patience=QUICK) as ionq,
    ):
        job = ionq.submit(asymmetric())
        with pytest.raises(QStoreError, match=r"QS746.*failed \(\w+Error\): \w+"):
            job.result(10)


def test_a_quota_that_is_exhausted() -> None:
    options = ServiceOptions(quota=1.0)
    with (
        IonqServer(IonqService(options)) as server,
        IonQClient(KEY, url=server.url, patience=QUICK) as ionq,
        pytest.raises(QStoreError, match="QS742"),
    ):
        ionq.submit(asymmetric(), target="ionq.forte", shots=5000).result(10)


def test_many_faults_at_a_real_service() -> None:
    """Requests go wrong in any of the service's ways; every job is there once and has a result."""
    rates = {"429": 0.05, "503": 0.05, "drop": 0.05, "lost": 0.05, "gone": 0.05}
    plan = FaultPlan(rates, seed=11, retry_after=0)
    patience = Patience(retries=8, backoff=0.0005, longest_pause=0.002, longest_wait=0.01, read=5)
    with (
        IonqServer(IonqService(ServiceOptions(faults=plan))) as server,
        IonQClient(KEY, url=server.url, patience=patience) as ionq,
    ):
        futures = [ionq.submit_async(asymmetric(), name=f"n{i}") for i in range(40)]
        jobs = [future.result() for future in futures]
        for job in jobs:
            assert job.wait(20, poll=0.01).result().n_bits == 3
        assert sorted(job.info["name"] for job in ionq.jobs()) == sorted(f"n{i}" for i in range(40))


def test_a_service_that_dies_and_comes_back(tmp_path: Path) -> None:
    """The job outlives the service, and the client waits for both, or as long as it should."""
    options = ServiceOptions(db=tmp_path / "state.db", queue=0.5)
    with IonqServer(IonqService(options)) as server:
        port = int(server.address.rpartition(":")[2])
        ionq = IonQClient(KEY, url=server.url, patience=QUICK)
        short = IonQClient(KEY, url=server.url, patience=replace(QUICK, outage=0.0))
        job = ionq.submit(asymmetric(), target="ionq.forte", shots=50)
    with pytest.raises(QStoreError, match=r"QS744.*no answer from http://127\.0\.0\.1"):
        IonQJob(short._transport, job.info).wait(5)
    ionq._transport.close()
    with pytest.raises(QStoreError, match=r"QS748.*still submitted"):
        job.wait(0.05, poll=0.01)
    with ThreadPoolExecutor(1) as pool:
        # In a thread of its own, whose connections are new: in one process, those to the first
        # server would outlive it.
        waiting = pool.submit(lambda: job.wait(20, 0.05).result())
        time.sleep(0.2)
        assert not waiting.done()
        with IonqServer(IonqService(options), port):
            assert waiting.result().shots == 50
    ionq.close()
    short.close()


def test_nothing_is_paid_twice_at_a_real_service() -> None:
    """Requests are doubled and answers lost while jobs wait for a machine; what is left to be run
    and paid is one job for each submission."""
    rates = {"duplicate": 0.15, "lost": 0.1, "gone": 0.05, "drop": 0.05, "429": 0.05}
    plan = FaultPlan(rates, seed=5, retry_after=0)
    patience = Patience(retries=8, backoff=0.0005, longest_pause=0.002, longest_wait=0.01, read=5)
    with (
        IonqServer(IonqService(ServiceOptions(faults=plan, queue=60.0))) as server,
        IonQClient(KEY, url=server.url, patience=patience) as ionq,
    ):
        circuits = to_ionq_circuits(asymmetric())
        options = [JobOptions(target="ionq.forte", shots=10, name=f"n{i}") for i in range(30)]
        futures = [ionq.submit_async(circuits, one) for one in options]
        submitted = {future.result().id for future in futures}
        listed = list(ionq.jobs())
        waiting = {job.id for job in listed if job.status != "canceled"}
    assert waiting == submitted
    assert len(submitted) == 30
    assert len(listed) > 30


# --- machines, prices, sessions ---------------------------------------------------------------


def test_machines_and_prices(ionq: IonQClient) -> None:
    assert "qpu.forte-1" in [one["backend"] for one in ionq.backends()]
    assert ionq.backend("ionq.forte")["qubits"] == 36
    assert ionq.device("ionq.forte").characterization.source.startswith("characterisation")
    counts = {"gates_1q": 10, "gates_2q": 5, "qubits": 3, "shots": 1000}
    assert ionq.estimate("ionq.forte", **counts)["estimated_total_cost"] > 0
    assert ionq.rate("ionq.forte").route == "ionq"
    assert ionq.whoami()


def test_machines_need_no_key(service: IonqServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IONQ_API_KEY", raising=False)
    with IonQClient(url=service.url, patience=QUICK) as ionq:
        assert ionq.backends()
        for act in (lambda: ionq.submit(asymmetric()), lambda: next(ionq.jobs()), ionq.whoami):
            with pytest.raises(QStoreError, match="QS740"):
                act()


def test_a_session_ends_with_its_block(ionq: IonQClient) -> None:
    with ionq.start_session("ionq.forte", max_jobs=3, max_minutes=10, max_usd=50.0) as session:
        job = ionq.submit(asymmetric(), target="ionq.forte", shots=10, session=session.id)
        assert job.refresh().info["session_id"] == session.id
        assert [one.id for one in ionq.sessions(active=True)] == [session.id]
    assert session.status == "ended"
    assert ionq.sessions(active=True) == []


# --- the key ----------------------------------------------------------------------------------


def test_the_key_is_found_in_three_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IONQ_API_KEY", "from-environment")
    assert find_key(None).reveal() == "from-environment"
    try:
        q_store.configure(ionq_api_key="from-configure")
        assert find_key(None).reveal() == "from-configure"
        assert find_key(" given ").reveal() == "given"
    finally:
        config.reset()
    for bad in ("", "  ", "two words", "schlüssel", 7):
        with pytest.raises(QStoreError, match="QS740") as caught:
            find_key(bad)
        assert "words" not in str(caught.value)


def test_copies_find_a_key_of_their_own(ionq: IonQClient, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ionq.submit(asymmetric(), shots=100)
    text = pickle.dumps(job)
    assert KEY.encode() not in text
    monkeypatch.delenv("IONQ_API_KEY", raising=False)
    with pytest.raises(QStoreError, match="QS740"):
        pickle.loads(text).refresh()
    monkeypatch.setenv("IONQ_API_KEY", "another")
    copy = pickle.loads(text)
    assert copy.wait(10, poll=0.01).result().probabilities == job.result().probabilities
    copy._transport.close()


def test_the_key_appears_nowhere(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    with IonQClient(KEY, url=scripted.url, patience=QUICK) as ionq:
        job = ionq.submit(asymmetric())
        copy = pickle.loads(pickle.dumps(ionq))
        assert not copy._transport.key or copy._transport.key.reveal() != KEY
        shown += [repr(ionq), repr(job), repr(job.info), repr(ionq._transport), repr(vars(ionq))]
        shown += [pickle.dumps(ionq).decode("latin1"), scripted.jobs[0]]
        for fault in ("drop-before", "500-before", "garbled-after", "cut-after"):
            scripted.faults = lambda method, path, fault=fault: fault
            with pytest.raises(QStoreError) as caught:
                ionq.job(job.id)
            shown += [str(caught.value), *everything_behind(caught.value)]
        scripted.faults = lambda method, path: "late-after"
        scripted.late = 0.0
    assert scripted.seen_keys == {f"apiKey {KEY}"}
    assert KEY not in "\n".join(map(str, [*shown, caplog.text]))


def everything_behind(problem: BaseException) -> list[str]:
    """Texts of an error and of all that led to it, with the headers of requests in them."""
    found, left = [], [problem]
    while left:
        one = left.pop()
        left += [e for e in (one.__cause__, one.__context__) if e is not None]
        request = getattr(one, "request", None)
        found += [repr(one), repr(dict(request.headers)) if request is not None else ""]
    return found


def test_the_key_goes_to_no_other_place(scripted: Scripted) -> None:
    with pytest.raises(QStoreError, match=r"QS732.*not encrypted"):
        IonQClient(KEY, url="http://api.example.com/v0.4")
    for bad in ("ftp://127.0.0.1/v0.4", "https://user:pw@api.ionq.co", "nonsense"):
        with pytest.raises(QStoreError, match="QS732"):
            IonQClient(KEY, url=bad)
    scripted.answers["GET", "/v0.4/whoami"] = (302, {})
    scripted.headers["Location"] = "http://127.0.0.1:9/elsewhere"
    ionq = IonQClient(KEY, url=scripted.url, patience=QUICK)
    with ionq, pytest.raises(QStoreError, match=r"QS743.*302"):
        ionq.whoami()


# --- refusals ---------------------------------------------------------------------------------

REFUSALS = [
    (401, {"statusCode": 401, "error": "Unauthorized", "message": "no such key"}, "QS741"),
    (403, {"code": "Forbidden", "message": "not yours"}, "QS741"),
    (402, {}, "QS742"),
    (403, {"code": "QuotaExhaustedError", "message": "nothing left"}, "QS742"),
    (
        400,
        {"error": "Bad Request", "message": "too big", "validation": {"keys": ["shots"]}},
        "QS743",
    ),
    (404, {"error": {"type": "not_found_error", "message": "no job"}}, "QS743"),
    (413, None, "QS743"),
    (429, {"message": "slower"}, "QS750"),
    (503, "<html>", "QS744"),
]


@pytest.mark.parametrize(("status", "payload", "code"), REFUSALS)
def test_refusals_keep_the_code_and_the_words_of_the_service(
    status: int, payload: Any, code: str
) -> None:
    problem = refusal(status, payload, "GET /jobs")
    assert problem.code == code
    text = str(problem)
    assert str(status) in text
    if isinstance(payload, dict):
        inner = payload["error"] if isinstance(payload.get("error"), dict) else payload
        assert inner.get("message", "") in text
        assert all(key in text for key in payload.get("validation", {}).get("keys", []))


def test_failures_of_old_and_new_versions() -> None:
    new = {"id": "j", "failure": {"code": "TooManyGates", "message": "sorry"}}
    old = {"id": "j", "failure": {"code": "CompilationError", "error": "cannot"}}
    assert "j failed (TooManyGates): sorry" in str(job_failure(new))
    assert "j failed (CompilationError): cannot" in str(job_failure(old))
    assert job_failure({"id": "j", "failure": {"code": "ContractExpiredError"}}).code == "QS742"
    assert job_failure({"id": "j"}).code == "QS746"


@pytest.mark.parametrize("fault", ["500-before", "503-before", "drop-before", "cut-after"])
def test_reading_is_repeated(scripted: Scripted, fault: str) -> None:
    with IonQClient(KEY, url=scripted.url, patience=QUICK) as ionq:
        job = ionq.submit(asymmetric())
        left = [fault] * 2
        scripted.faults = lambda method, path: left.pop() if left else None
        assert ionq.job(job.id).id == job.id
        assert left == []


def test_deleting_twice_is_deleting(scripted: Scripted) -> None:
    with IonQClient(KEY, url=scripted.url, patience=QUICK) as ionq:
        job = ionq.submit(asymmetric())
        left = ["drop-after"]
        scripted.faults = lambda method, path: left.pop() if left else None
        job.delete()
        with pytest.raises(QStoreError, match=r"QS743.*404"):
            job.delete()


def test_answers_that_are_not_understood(scripted: Scripted) -> None:
    with IonQClient(KEY, url=scripted.url, patience=QUICK) as ionq:
        job = ionq.submit(asymmetric())
        path = ("GET", f"/v0.4/jobs/{job.id}")
        for answer in ({}, [], {"status": 3}):
            scripted.answers[path] = (200, answer)
            with pytest.raises(QStoreError, match="QS749"):
                job.refresh()
        scripted.answers["GET", "/v0.4/jobs"] = (200, {"jobs": None})
        with pytest.raises(QStoreError, match="QS749"):
            next(ionq.jobs())


def test_options_by_name_or_as_an_object_but_not_both(ionq: IonQClient) -> None:
    with pytest.raises(QStoreError, match=r"QS732.*shots beside"):
        ionq.submit(asymmetric(), JobOptions(), shots=3)
    with pytest.raises(QStoreError, match=r"QS732.*no option `shot`(.|\n)*did you mean `shots`"):
        ionq.submit(asymmetric(), shot=3)
    for options in ({"workers": 0}, {"queue": True}):
        with pytest.raises(QStoreError, match="QS732"):
            IonQClient(KEY, **options)


def test_a_body_made_elsewhere_can_be_submitted(ionq: IonQClient) -> None:
    body = json.loads(json.dumps(to_ionq_json(asymmetric(), shots=10)))
    result = ionq.submit_body(body).result()
    np.testing.assert_allclose(result.array(), exact(asymmetric()), atol=1e-9)
