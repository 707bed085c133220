"""`qstorec ionq` at a local service, and `qstorec emit`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from q_store.command.exit_codes import exit_code
from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.ionq import read_ionq_json
from q_store.runtime.ionq_service.http_server import IonqServer
from q_store.runtime.ionq_service.service import IonqService, ServiceOptions
from q_store.targets.ionq.json.schema import job_schema

KEY = "k3y-that-nobody-may-see"


@pytest.fixture(autouse=True)
def pair(folder: Path) -> None:
    QuantumCircuit(2, name="pair").h(0).cx(0, 1).measure_all().save(folder / "pair.qir")


@pytest.fixture
def service(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IonqServer]:
    queue = getattr(request, "param", 0.1)
    with IonqServer(IonqService(ServiceOptions(queue=queue))) as server:
        monkeypatch.setenv("QSTORE_IONQ_URL", server.url)
        monkeypatch.setenv("IONQ_API_KEY", KEY)
        yield server


def submitted(qstorec: Callable, *argv: str) -> str:
    done = qstorec("ionq", "submit", *argv, "--json")
    assert done.code == 0, done.err
    (job,) = json.loads(done.out)["jobs"]
    return str(job["id"])


def test_a_job_from_submission_to_results(
    qstorec: Callable, folder: Path, service: IonqServer
) -> None:
    job = submitted(qstorec, "pair.qir", "--target", "ionq.forte", "--shots", "200")
    assert job in qstorec("ionq", "status").out
    assert qstorec("ionq", "status", job).out.split()[4] == job
    done = qstorec("ionq", "result", job, "--counts", "--json")
    (result,) = json.loads(done.out)["results"]
    assert sum(result["counts"].values()) == 200
    assert result["counts"]["00"] + result["counts"]["11"] > 160
    cost = qstorec("ionq", "cost", job)
    assert cost.code == 0
    assert "usd" in cost.out
    assert KEY not in done.out + done.err + cost.out


def test_submitting_and_waiting_at_once(
    qstorec: Callable, folder: Path, service: IonqServer
) -> None:
    done = qstorec("ionq", "submit", "pair.qir", "--wait", "--gateset", "native")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("job ")
    assert sorted(line.split()[0] for line in lines[1:]) == ["00", "11"]
    assert done.err.startswith("submitted as job ")


def test_a_file_with_a_job_goes_as_it_is(
    qstorec: Callable, folder: Path, service: IonqServer
) -> None:
    qstorec("emit", "pair.qir", "--target", "ionq.forte", "--shots", "77", "-o", "job.json")
    job = submitted(qstorec, "job.json")
    (shown,) = json.loads(qstorec("ionq", "status", job, "--json").out)["jobs"]
    assert (shown["backend"], shown["shots"]) == ("qpu.forte-1", 77)
    done = qstorec("ionq", "submit", "job.json", "--shots", "5")
    assert (done.code, "QS732" in done.err) == (1, True)
    # A circuit by itself is a program like others.
    body = json.loads((folder / "job.json").read_text())
    (folder / "circuit.json").write_text(json.dumps(body["input"]))
    assert qstorec("ionq", "submit", "circuit.json", "--wait").code == 0
    assert qstorec("ionq", "status", "--limit", "1").out.count("\n") == 2


def test_parameters_get_values(qstorec: Callable, folder: Path, service: IonqServer) -> None:
    (folder / "turn.py").write_text(
        "from q_store import QuantumCircuit\n"
        "circuit = QuantumCircuit(1).ry(0, param='a').measure_all()\n"
    )
    done = qstorec("ionq", "submit", "turn.py:circuit", "--bind", "a=pi", "--wait")
    assert done.out.splitlines()[1].split() == ["1", "1"]
    done = qstorec("ionq", "submit", "turn.py:circuit")
    assert (done.code, "QS730" in done.err) == (1, True)
    done = qstorec("ionq", "submit", "turn.py:circuit", "--bind", "a=x")
    assert "QS713" in done.err


@pytest.mark.parametrize("service", [60.0], indirect=True)
def test_cancelling_and_deleting(qstorec: Callable, folder: Path, service: IonqServer) -> None:
    jobs = [submitted(qstorec, "pair.qir", "--target", "ionq.forte") for _ in range(2)]
    done = qstorec("ionq", "cancel", jobs[0], "no-such-job", jobs[1])
    assert done.code == 1
    assert "404" in done.err
    assert all("canceled" in qstorec("ionq", "status", job).out for job in jobs)
    done = qstorec("ionq", "result", jobs[0])
    assert (done.code, "QS747" in done.err) == (3, True)
    assert qstorec("ionq", "delete", *jobs).code == 0
    assert qstorec("ionq", "status").out.count("\n") == 1


def test_a_job_is_found_by_its_tag(qstorec: Callable, folder: Path, service: IonqServer) -> None:
    job = submitted(qstorec, "pair.qir")
    shown = json.loads(qstorec("ionq", "status", job, "--json").out)
    tag = shown["jobs"][0]["metadata"]["qstore_tag"]
    assert job in qstorec("ionq", "status", "--tag", tag).out
    assert "QS743" in qstorec("ionq", "status", "--tag", "0").err


def test_machines(qstorec: Callable, service: IonqServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IONQ_API_KEY")
    done = qstorec("ionq", "backends")
    assert done.code == 0, done.err
    assert "qpu.forte-1" in done.out
    (one,) = json.loads(qstorec("ionq", "backends", "ionq.forte", "--json").out)["backends"]
    assert one["qubits"] == 36
    done = qstorec("ionq", "status")
    assert (done.code, "QS740" in done.err) == (1, True)


def test_a_service_that_is_not_there(qstorec: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    done = qstorec("ionq", "backends", "--url", "http://127.0.0.1:9/v0.4")
    assert (done.code, "QS744" in done.err) == (3, True)
    assert exit_code("QS745") == 3


@pytest.mark.parametrize("api", ["v0.4", "v0.3"])
@pytest.mark.parametrize("gateset", ["qis", "native"])
def test_emitting_json(qstorec: Callable, folder: Path, api: str, gateset: str) -> None:
    options = ["--target", "ionq.forte", "--gateset", gateset, "--api", api, "--shots", "100"]
    done = qstorec("emit", "pair.qir", *options, "--format", "json")
    assert done.code == 0, done.err
    body = json.loads(done.out)
    Draft202012Validator(job_schema(api)).validate(body)
    assert body["input"]["gateset"] == gateset
    assert read_ionq_json(body, strict=True).main.n_qubits == 2
    assert qstorec("emit", "pair.qir", *options, "-o", "job.json").code == 0
    assert json.loads((folder / "job.json").read_text()) == body


def test_json_is_read_wherever_a_program_is(qstorec: Callable, folder: Path) -> None:
    qstorec("emit", "pair.qir", "-o", "job.json")
    done = qstorec("compile", "job.json")
    assert done.code == 0, done.err
    assert "q.cx" in done.out
    counts = qstorec("run", "job.json", "--shots", "50", "--json")
    assert counts.code == 0
    (folder / "job.json").write_text('{"circuit": [{"gate": "hh", "target": 0}]}')
    done = qstorec("validate", "job.json")
    assert (done.code, "QS735" in done.err) == (1, True)
    assert "$.circuit[0].gate: unknown gate `hh`" in done.err


def test_too_much_is_said_before_anything_is_sent(
    qstorec: Callable, folder: Path, service: IonqServer
) -> None:
    done = qstorec("ionq", "submit", "pair.qir", "--target", "ionq.forte", "--shots", "20000")
    assert (done.code, "QS426" in done.err) == (1, True)
    done = qstorec("ionq", "submit", "pair.qir", "--noise", "fort-1")
    assert "did you mean `forte-1`" in done.err
    assert qstorec("ionq", "status").out.count("\n") == 1


def test_costs_of_machines_that_are_closed_or_have_no_price(qstorec: Callable) -> None:
    for name, retired in (("ionq.aria", True), ("ionq.forte", False), ("ionq.tempo", False)):
        shown = qstorec("cost", "pair.qir", "--target", name).out
        assert (f"{name} is retired" in shown) == retired
        assert "by none" not in shown
        found = json.loads(qstorec("cost", "pair.qir", "--target", name, "--json").out)
        assert found["retired"] is retired
        assert (found["total_cost"] is None) == (name == "ionq.tempo")


def test_costs_are_of_the_job_that_is_written(qstorec: Callable, folder: Path) -> None:
    circuit = QuantumCircuit(2, name="fresh").h(0).cx(0, 1).u(1, 0.0, 0.0, 0.4).cx(0, 1)
    circuit.measure_all().save(folder / "fresh.qir")
    target = ("fresh.qir", "--target", "ionq.forte")
    found = json.loads(qstorec("cost", *target, "--json").out)
    job = json.loads(qstorec("emit", *target, "--gateset", "native").out)
    assert (found["gates_1q"], found["gates_2q"]) == (1, 0)
    assert [gate["gate"] for gate in job["input"]["circuit"]] == ["gpi2"]
