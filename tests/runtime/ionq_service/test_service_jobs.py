"""Jobs of the local IonQ service: bodies, life cycle, lists, prices, sessions."""

from typing import Any

import pytest

from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.rates import rate_from_estimate
from tests.runtime.ionq_service.local import BELL, Local, batch, job

JOB_KEYS = {
    *("id", "status", "type", "backend", "dry_run", "submitter_id", "project_id"),
    *("parent_job_id", "child_job_ids", "session_id", "metadata", "name", "submitted_at"),
    *("started_at", "completed_at", "predicted_wait_time_ms", "predicted_execution_duration_ms"),
    *("execution_duration_ms", "failure", "output", "settings", "stats", "results"),
}
"""What the published schema requires of a job."""


def test_a_job_goes_through_its_states_as_time_passes() -> None:
    with Local(queue=30.0) as local:
        identifier = local.submit(job(backend="qpu.forte-1", shots=100))

        def status() -> str:
            return str(local.get(f"/jobs/{identifier}")["status"])

        assert status() == "submitted"
        assert local.ask("GET", f"/jobs/{identifier}/results/probabilities").status == 404
        local.run()
        assert status() == "ready"
        local.now += 29
        local.run()
        assert status() == "ready"
        local.now += 2
        local.run()
        assert status() == "completed"
        shown = local.get(f"/jobs/{identifier}")
        assert shown["predicted_wait_time_ms"] == 30_000
        assert shown["started_at"] > shown["submitted_at"]
        assert shown["execution_duration_ms"] == shown["predicted_execution_duration_ms"] > 0


def test_a_job_has_every_field_of_the_schema(local: Local) -> None:
    for body in (job(), job(backend="qpu.forte-1"), batch([BELL, BELL])):
        shown = local.done(body | {"name": "n", "metadata": {"team": "qml"}})
        assert shown.keys() >= JOB_KEYS
        assert (shown["name"], shown["metadata"]) == ("n", {"team": "qml"})


def test_shots_and_noise_are_shown_where_they_mean_something(local: Local) -> None:
    ideal = local.done(job(shots=50))
    assert "shots" not in ideal
    assert ideal["noise"] == {"model": "ideal"}
    noisy = local.done(job(shots=50, noise={"model": "aria-1", "seed": None}))
    assert noisy["shots"] == 50
    assert noisy["noise"] == {"model": "aria-1"}
    assert "noise" not in local.done(job(backend="qpu.aria-1"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "ionq.circuit.v0"}, "type must be one of"),
        ({"backend": None}, "backend must be a text"),
        ({"backend": "qpu.fort-1"}, "unknown backend 'qpu.fort-1'"),
        ({"backend": "qpu.harmony"}, "is retired"),
        ({"backend": "qpu.tempo-1"}, "is unavailable"),
        ({"shots": 0}, "shots must be"),
        ({"shots": 1_000_001}, "shots must be"),
        ({"shots": "many"}, "shots must be"),
        ({"shot": 5}, "unexpected key 'shot'"),
        ({"input": []}, "input must be an object"),
        ({"input": {"gateset": "qis"}}, "input.circuit must be a list"),
        ({"input": {"circuit": BELL}}, "gateset must be qis or native"),
        ({"input": {"gateset": "qis", "circuits": [BELL]}}, "goes with the type"),
        ({"input": {"gateset": "native", "circuit": BELL}}, "gate 'h' is not in this gate set"),
        ({"input": {"gateset": "qis", "circuit": [{"gate": "h"}]}}, "targets and controls"),
        ({"input": {"gateset": "qis", "circuit": [{"gate": "h", "target": -1}]}}, "targets and"),
        ({"input": {"gateset": "qis", "circuit": ["h"]}}, "must be an object"),
        ({"input": {"gateset": "qis", "qubits": 1, "circuit": BELL}}, "at least 2"),
        ({"noise": {"model": "forte"}}, "model must be one of"),
        ({"noise": {"model": "ideal", "seed": -1}}, "noise.seed"),
        ({"dry_run": "yes"}, "dry_run must be true or false"),
        ({"settings": {"error_mitigation": {"debiasing": "on"}}}, "debiasing"),
        ({"session_id": "none"}, "there is no session"),
    ],
)
def test_a_body_that_is_wrong_is_refused(local: Local, changes: dict[str, Any], words: str) -> None:
    reply = local.ask("POST", "/jobs", job() | changes)
    assert reply.status in (400, 404)
    assert reply.content["statusCode"] == reply.status
    assert words in reply.content["message"]
    assert reply.content["error"].endswith("Error")
    assert local.get("/jobs")["jobs"] == []


def test_refusals_name_the_keys_that_are_wrong(local: Local) -> None:
    reply = local.ask("POST", "/jobs", job(shots=0))
    assert reply.content == {
        "statusCode": 400,
        "error": "Bad Request Error",
        "message": "shots must be an integer from 1 to 1000000",
        "validation": {"source": "body", "keys": ["shots"]},
    }


def test_bodies_that_are_no_object_are_refused(local: Local) -> None:
    assert local.ask("POST", "/jobs", [1]).status == 400
    assert "JSON object" in local.ask("POST", "/jobs", "text").content["message"]


def test_limits_of_several_circuits(local: Local) -> None:
    few = [{"gate": "x", "target": 0}]
    assert "at most 5000" in local.ask("POST", "/jobs", batch([few] * 5001)).content["message"]
    many = batch([few * 75_001] * 2)
    assert "at most 150000 gates" in local.ask("POST", "/jobs", many).content["message"]
    both = batch([few])
    both["input"]["circuit"] = few
    assert local.ask("POST", "/jobs", both).status == 400
    assert local.ask("POST", "/jobs", batch([])).status == 400
    big = job(name="n" * 10_000_001)
    assert local.ask("POST", "/jobs", big).status == 413


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (job([{"gate": "x", "target": 36}], "qpu.forte-1"), "NotEnoughQubits"),
        (job([{"gate": "x", "target": 29}]), "NotEnoughQubits"),
        (job([{"gate": "x", "target": 11}], noise={"model": "harmony"}), "NotEnoughQubits"),
        (job(backend="qpu.forte-1", shots=10_001), "TooManyShots"),
        (
            job(
                [{"gate": "ms", "targets": [0, 1], "phases": [0, 0]}],
                "qpu.forte-1",
                gateset="native",
            ),
            "UnsupportedGate",
        ),
        (
            job([{"gate": "x", "target": 9, "controls": list(range(8))}], "qpu.forte-1"),
            "TooManyControls",
        ),
        (
            job(
                backend="qpu.forte-1",
                shots=499,
                settings={"error_mitigation": {"debiasing": True}},
            ),
            "DebiasingError",
        ),
        (job([{"gate": "rx", "target": 0}]), "InvalidInput"),
        (job([{"gate": "swap", "target": 0}]), "InvalidInput"),
        (job([{"gate": "x", "target": k} for k in range(29)]), "SimulationError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_machine_does_not_take_fails_and_is_free(
    local: Local, body: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("q_store.runtime.batched.layout.available_memory", lambda: 1 << 30)
    shown = local.done(body)
    assert shown["status"] == "failed"
    assert shown["failure"]["code"] == code
    assert shown["failure"]["message"]
    assert shown["results"] is None
    assert local.get(f"/jobs/{shown['id']}/cost")["cost"]["value"] == 0.0


def test_every_route_but_the_catalogue_needs_a_key(local: Local) -> None:
    assert local.ask("GET", "/backends", key=False).status == 200
    path = "/backends/qpu.forte-1/characterizations"
    assert local.ask("GET", path, key=False).status == 200
    for method, path in (("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/whoami")):
        reply = local.ask(method, path, {}, key=False)
        assert (reply.status, reply.content["error"]) == (401, "Unauthorized Error")


def test_unknown_paths_and_methods(local: Local) -> None:
    assert local.ask("GET", "/nothing").status == 404
    assert local.ask("GET", "/v0.2/jobs").status == 404
    reply = local.ask("PUT", "/jobs")
    assert (reply.status, reply.content["message"]) == (405, "/v0.4/jobs takes DELETE, GET, POST")
    assert local.ask("GET", "/jobs/none").status == 404


def test_lists_page_from_the_newest_on(local: Local) -> None:
    made = [local.submit(job(name=str(k))) for k in range(5)]
    first = local.get("/jobs", limit=2)
    assert [one["id"] for one in first["jobs"]] == made[:2:-1]
    second = local.get("/jobs", limit=2, next=first["next"])
    third = local.get("/jobs", limit=2, next=second["next"])
    assert [one["name"] for one in second["jobs"] + third["jobs"]] == ["2", "1", "0"]
    assert third["next"] is None
    assert local.ask("GET", "/jobs", limit="x").status == 400


def test_lists_are_filtered(local: Local) -> None:
    one = local.submit(job())
    local.run()
    two = local.submit(job(backend="qpu.forte-1"))
    many = local.submit(batch([BELL, BELL]))

    def found(**query: Any) -> list[str]:
        return [shown["id"] for shown in local.get("/jobs", **query)["jobs"]]

    assert found(status="completed") == [one]
    assert found(target="qpu.forte-1,qpu.aria-1") == [two]
    assert found(ids=f"{one},{two}") == [two, one]
    children = local.get(f"/jobs/{many}")["child_job_ids"]
    assert sorted(found(parent_job_id=many)) == sorted(children)
    assert many in found()
    assert not set(children) & set(found())
    assert local.ask("GET", "/jobs", status="odd").status == 400


def test_cancelled_jobs_do_not_run_and_cost_nothing(local: Local) -> None:
    identifier = local.submit(job(backend="qpu.forte-1"))
    reply = local.ask("PUT", f"/jobs/{identifier}/status/cancel")
    assert reply.content == {"id": identifier, "status": "canceled"}
    local.run()
    shown = local.get(f"/jobs/{identifier}")
    assert (shown["status"], shown["results"]) == ("canceled", None)
    assert local.get(f"/jobs/{identifier}/cost")["cost"]["value"] == 0.0
    both = [local.submit(job()), local.submit(job())]
    assert local.ask("PUT", "/jobs/status/cancel", {"ids": both}).content["ids"] == both
    assert local.ask("PUT", "/jobs/status/cancel", {"ids": "x"}).status == 400


def test_cancelling_a_completed_job_keeps_what_was_paid(local: Local) -> None:
    shown = local.done(job(backend="qpu.forte-1"))
    local.ask("PUT", f"/jobs/{shown['id']}/status/cancel")
    assert local.get(f"/jobs/{shown['id']}")["status"] == "canceled"
    assert local.get(f"/jobs/{shown['id']}/cost")["cost"]["value"] > 0
    assert local.get(f"/jobs/{shown['id']}/results/probabilities")


def test_deleted_jobs_are_gone(local: Local) -> None:
    many = local.done(batch([BELL, BELL]))["id"]
    children = local.get(f"/jobs/{many}")["child_job_ids"]
    assert local.ask("DELETE", f"/jobs/{many}").content == {"id": many, "status": "deleted"}
    for identifier in (many, *children):
        assert local.ask("GET", f"/jobs/{identifier}").status == 404
    some = [local.submit(job()), local.submit(job())]
    assert local.ask("DELETE", "/jobs", {"ids": [some[0], "none"]}).status == 404
    assert local.ask("DELETE", "/jobs", {"ids": some}).status == 200
    assert local.get("/jobs")["jobs"] == []


def test_a_circuit_of_a_job_is_not_cancelled_or_deleted_by_itself(local: Local) -> None:
    many = local.submit(batch([BELL, BELL]))
    child = local.get(f"/jobs/{many}")["child_job_ids"][0]
    assert local.ask("PUT", f"/jobs/{child}/status/cancel").status == 409
    assert local.ask("DELETE", f"/jobs/{child}").status == 409
    local.run()
    assert len(local.get(f"/jobs/{many}/results/probabilities")) == 2


def test_cloning_changes_what_is_asked_for(local: Local) -> None:
    body = batch([BELL, [{"gate": "x", "target": 0}]], name="first", metadata={"a": "b"})
    identifier = local.submit(body)
    reply = local.ask("POST", f"/jobs/{identifier}/clone", {"name": "second", "shots": 7})
    assert reply.status == 201
    local.run()
    shown = local.get(f"/jobs/{reply.content['id']}")
    assert (shown["name"], shown["metadata"], shown["status"]) == (
        "second",
        {"a": "b"},
        "completed",
    )
    moved = local.ask("POST", f"/jobs/{identifier}/move", {})
    assert moved.status == 409
    waiting = local.submit(job())
    moved = local.ask("POST", f"/jobs/{waiting}/move", {"backend": "qpu.forte-1"})
    assert local.get(f"/jobs/{waiting}")["status"] == "canceled"
    assert local.get(f"/jobs/{moved.content['id']}")["backend"] == "qpu.forte-1"


def test_prices_are_those_of_the_rates(local: Local) -> None:
    gates = [{"gate": "h", "target": 0}] * 100 + [{"gate": "zz", "targets": [0, 1], "rotation": 1}]
    shown = local.done(job(gates, "qpu.forte-1", shots=5000))
    wanted = 5000 * (100 * 0.0001645 + 0.001121)
    costs = local.get(f"/jobs/{shown['id']}/cost")
    assert costs["estimated_cost"] == {"value": pytest.approx(wanted), "unit": "usd"}
    assert costs["cost"] == costs["estimated_cost"]
    cheap = local.done(job(backend="qpu.forte-1", shots=1))
    assert local.get(f"/jobs/{cheap['id']}/cost")["cost"]["value"] == 25.7899
    free = local.done(job(shots=5000))
    assert local.get(f"/jobs/{free['id']}/cost")["cost"]["value"] == 0.0


def test_gates_are_counted_as_they_are_charged(local: Local) -> None:
    gates = [
        {"gate": "x", "target": 2, "controls": [0, 1]},
        {"gate": "x", "target": 3, "controls": [0, 1, 2]},
        {"gate": "swap", "targets": [0, 1]},
        {"gate": "ry", "target": 0, "rotation": 1.0, "control": 1},
        {"gate": "pauliexp", "targets": [0, 1, 2], "terms": ["ZZX", "IIX"]}
        | {"coefficients": [1.0, 1.0], "time": 0.1},
        {"gate": "h", "target": 0},
    ]
    counted = local.done(job(gates))["stats"]["gate_counts"]
    assert counted == {"1q": 2, "2q": 6 + 12 + 1 + 1 + 3}


def test_the_quota_is_for_all_jobs_together() -> None:
    with Local(quota=60.0) as local:
        ends = [local.done(job(backend="qpu.forte-1")) for _ in range(3)]
        assert [one["status"] for one in ends] == ["completed", "completed", "failed"]
        assert ends[2]["failure"]["code"] == "QuotaExhaustedError"
        assert local.service.store.spent() == pytest.approx(2 * 25.7899)


def test_the_quota_counts_jobs_that_wait() -> None:
    with Local(quota=60.0) as local:
        made = [local.submit(job(backend="qpu.forte-1")) for _ in range(3)]
        free = local.submit(job())
        local.run()
        found = [local.get(f"/jobs/{one}")["status"] for one in (*made, free)]
        assert found == ["completed", "completed", "failed", "completed"]


def test_estimates_become_rates(local: Local) -> None:
    query = {"backend": "qpu.forte-1", "shots": 1000, "1q_gates": 150, "2q_gates": 40}
    found = local.get("/jobs/estimate", **query)
    assert found["estimated_total_cost"] == pytest.approx(1000 * (150 * 0.0001645 + 40 * 0.001121))
    assert found["estimated_execution_time"] == round(1e6 * (150 * 130e-6 + 40 * 950e-6))
    assert found["estimate_context"]["1q_gates"] == 150
    rate = rate_from_estimate(found, "ionq.forte")
    assert (rate.usd_1q, rate.usd_2q, rate.minimum) == (0.0001645, 0.001121, 25.7899)
    assert local.ask("GET", "/jobs/estimate").status == 400


def test_backends_and_characterizations(local: Local) -> None:
    backends = {one["backend"]: one for one in local.get("/backends")}
    assert backends["qpu.forte-1"]["supported_native_gates"] == ["gpi", "gpi2", "zz"]
    assert backends["qpu.aria-1"]["status"] == "available"
    assert backends["qpu.tempo-1"]["status"] == "unavailable"
    assert local.get("/backends/simulator")["qubits"] == 29
    assert local.ask("GET", "/backends/qpu.none").status == 404
    path = "/backends/qpu.forte-enterprise-1/characterizations"
    newest = local.get(path)["characterizations"][0]
    assert newest["fidelity"]["2q"]["median"] == 0.9925
    assert newest["timing"]["readout"] == 250e-6
    assert len(newest["connectivity"]) == 36 * 35 // 2
    assert local.get(f"{path}/{newest['id']}") == newest
    assert local.get("/backends/simulator/characterizations")["characterizations"] == []
    assert local.get(path, start="2026-06-01")["characterizations"] == []
    fresh = IonqDevice("ionq.x", "x", 36, "forte", "", None).characterized(newest)
    assert fresh.characterization is not None
    assert fresh.characterization.time_2q == 650e-6


def test_sessions_limit_jobs_minutes_and_dollars(local: Local) -> None:
    settings = {"job_count_limit": 2, "duration_limit_min": 10}
    body = {"backend": "qpu.forte-1", "settings": settings}
    opened = local.ask("POST", "/sessions", body)
    assert (opened.status, opened.content["status"]) == (201, "created")
    session = opened.content["id"]
    mine = job(backend="qpu.forte-1", session_id=session)
    assert local.ask("POST", "/jobs", mine | {"backend": "simulator"}).status == 400
    first = local.done(mine)
    assert first["session_id"] == session
    assert local.get(f"/sessions/{session}")["status"] == "started"
    local.submit(mine)
    assert "takes 2 jobs" in local.ask("POST", "/jobs", mine).content["message"]
    assert len(local.get(f"/sessions/{session}/jobs")["jobs"]) == 2
    assert local.get("/sessions", active="true")["sessions"][0]["id"] == session
    local.now += 601
    assert local.get(f"/sessions/{session}")["status"] == "ended"
    assert "has ended" in local.ask("POST", "/jobs", mine).content["message"]
    assert local.get("/sessions", active="true")["sessions"] == []


def test_sessions_end_when_told_to_and_hold_a_budget(local: Local) -> None:
    limit = {"cost_limit": {"unit": "usd", "value": 30}}
    body = {"backend": "qpu.forte-1", "settings": limit}
    session = local.ask("POST", "/sessions", body).content["id"]
    mine = job(backend="qpu.forte-1", session_id=session)
    local.submit(mine)
    assert "30 USD" in local.ask("POST", "/jobs", mine).content["message"]
    ended = local.ask("POST", f"/sessions/{session}/end").content
    assert (ended["active"], ended["status"]) == (False, "ended")
    assert local.ask("POST", "/jobs", mine).status == 400
    assert local.ask("POST", "/sessions", {"backend": "none"}).status == 400
    assert local.ask("POST", "/sessions", body | {"settings": {"cost_limit": 3}}).status == 400


def test_old_jobs_are_forgotten_where_that_is_asked_for() -> None:
    with Local(keep=2) as local:
        done = [local.done(batch([BELL, BELL], backend="qpu.forte-1"))["id"] for _ in range(4)]
        assert [one["id"] for one in local.get("/jobs")["jobs"]] == done[:1:-1]
        assert local.service.store.spent() == pytest.approx(4 * 25.7899)
        rows = local.service.store.rows("SELECT * FROM job")
        assert len(rows) == 2 * 3
        waiting = [local.submit(job()) for _ in range(4)]
        local.run()
        assert local.get("/jobs")["jobs"][0]["id"] == waiting[-1]


def test_usage_and_whoami(local: Local) -> None:
    assert local.get("/whoami")["key_name"] == "local"
    shown = local.done(job(backend="qpu.forte-1"))
    usage = local.get("/organizations/any/usage")["usages"]
    assert [one["id"] for one in usage] == [shown["id"]]


def test_version_0_3(local: Local) -> None:
    content = {"format": "ionq.circuit.v0", "gateset": "qis", "qubits": 2, "circuit": BELL}
    reply = local.ask("POST", "/v0.3/jobs", {"target": "qpu.aria-1", "input": content, "shots": 64})
    assert (reply.status, reply.content["status"]) == (200, "ready")
    identifier = reply.content["id"]
    local.run()
    shown = local.get(f"/v0.3/jobs/{identifier}")
    assert (shown["status"], shown["target"], shown["qubits"]) == ("completed", "qpu.aria-1", 2)
    found = local.get(shown["results_url"])
    assert sum(found.values()) == pytest.approx(1)
    older = {"lang": "json", "body": {"gateset": "qis", "qubits": 2, "circuit": BELL}, "shots": "9"}
    identifier = local.ask("POST", "/v0.3/jobs", older).content["id"]
    local.run()
    assert local.get(f"/v0.3/jobs/{identifier}/results") == {
        "0": pytest.approx(0.5),
        "3": pytest.approx(0.5),
    }
    many = {"input": {"gateset": "qis", "circuits": [{"circuit": BELL}, {"circuit": BELL}]}}
    identifier = local.ask("POST", "/v0.3/jobs", many).content["id"]
    local.run()
    shown = local.get(f"/v0.3/jobs/{identifier}")
    assert set(local.get(shown["results_url"])) == set(shown["children"])
    bad = {"target": "simulator", "input": {"format": "qasm", "data": ""}}
    assert local.ask("POST", "/v0.3/jobs", bad).status == 400
    failing = {"target": "qpu.forte-1", "input": content, "shots": 20_000}
    identifier = local.ask("POST", "/v0.3/jobs", failing).content["id"]
    local.run()
    shown = local.get(f"/v0.3/jobs/{identifier}")
    assert shown["failure"]["code"] == "TooManyShots"
    assert "10000" in shown["failure"]["error"]
    current = local.get("/v0.3/characterizations/backends/qpu.aria-1/current")
    assert current["backend"] == "qpu.aria-1"
