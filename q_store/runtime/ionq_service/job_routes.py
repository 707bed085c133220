"""What the service does about jobs."""

from __future__ import annotations

import json
from typing import Any

from q_store.runtime.ionq_service import jobs, machines, sessions
from q_store.runtime.ionq_service.charges import GateCount, execution_ms
from q_store.runtime.ionq_service.context import Context
from q_store.runtime.ionq_service.intake import MAX_BODY, MAX_SHOTS, READERS
from q_store.runtime.ionq_service.job_views import (
    ORGANIZATION,
    PROJECT,
    has_program,
    has_results,
    job_v03,
    job_v04,
    outcome_of,
)
from q_store.runtime.ionq_service.messages import Refused, Reply, Request
from q_store.runtime.ionq_service.outcomes import AGGREGATE, NATIVE
from q_store.runtime.ionq_service.runs import compiled
from q_store.runtime.ionq_service.store import Row


def create(at: Context, request: Request, version: str) -> Reply:
    """`POST /jobs`."""
    if len(request.body) > MAX_BODY:
        raise Refused(413, f"the body has {len(request.body)} bytes, the limit is {MAX_BODY}")
    made = READERS[version](request.document())
    device, now = machines.machine(made.backend), at.clock()
    if made.session is not None:
        total = sum([part.count() for part in made.circuits], GateCount())
        usd = at.prices.usd(device, total, made.shots, made.mitigated)
        sessions.admit_to_session(at.store, made.session, made.backend, usd, now)
    at.faults.here()
    job = jobs.add_job(at.store, made, device, at.prices, now, at.queue)
    at.faults.here()
    at.worker.wake()
    if version == "v0.3":
        return Reply(200, {"id": job["id"], "status": "ready", "request": int(now)})
    answer = {"id": job["id"], "status": job["status"], "session_id": job["session"]}
    return Reply(201, answer)


def listed(at: Context, request: Request, version: str, session: str | None = None) -> Reply:
    """`GET /jobs` and `GET /sessions/{id}/jobs`."""
    filters: dict[str, Any] = {
        name: request.value(name) for name in ("parent_job_id", "target", "session_id")
    }
    filters["ids"] = [part for text in request.query.get("ids", ()) for part in text.split(",")]
    filters["status"] = _status(request.value("status"))
    filters["limit"] = _integer(request, "limit", jobs.PAGE, 1, jobs.MAX_PAGE)
    if request.value("next"):
        filters["next"] = _integer(request, "next", 0, 0, 2**62)
    if session is not None:
        sessions.known_session(at.store, session)
        filters["session_id"] = session
    rows, after = jobs.list_jobs(at.store, filters)
    view = job_v03 if version == "v0.3" else job_v04
    return Reply(200, {"jobs": [view(at.store, row) for row in rows], "next": after})


def _status(text: str | None) -> str | None:
    found = "started" if text == "running" else text
    if found and found not in jobs.STATUSES:
        raise Refused(400, f"unknown status {text!r}", "status")
    return found


def show(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`GET /jobs/{id}`."""
    job = jobs.known_job(at.store, identifier)
    return Reply(200, (job_v03 if version == "v0.3" else job_v04)(at.store, job))


def delete(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`DELETE /jobs/{id}`."""
    jobs.delete_jobs(at.store, [identifier])
    return Reply(200, {"id": identifier, "status": "deleted"})


def delete_all(at: Context, request: Request, version: str) -> Reply:
    """`DELETE /jobs`."""
    identifiers = _identifiers(request)
    jobs.delete_jobs(at.store, identifiers)
    return Reply(200, {"ids": identifiers, "status": "deleted"})


def cancel(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`PUT /jobs/{id}/status/cancel`."""
    jobs.cancel_jobs(at.store, [identifier], at.clock())
    return Reply(200, {"id": identifier, "status": "canceled"})


def cancel_all(at: Context, request: Request, version: str) -> Reply:
    """`PUT /jobs/status/cancel`."""
    identifiers = _identifiers(request)
    jobs.cancel_jobs(at.store, identifiers, at.clock())
    return Reply(200, {"ids": identifiers, "status": "canceled"})


def _identifiers(request: Request) -> list[str]:
    found = request.document().get("ids")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused(400, "ids must be a list of identifiers", "ids")
    return found


def clone(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`POST /jobs/{id}/clone`: the same circuits again, with what the body changes."""
    return _again(at, request, jobs.known_job(at.store, identifier))


def move(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`POST /jobs/{id}/move`: the same, and the job itself is cancelled."""
    job = jobs.known_job(at.store, identifier)
    if job["status"] not in jobs.WAITING:
        raise Refused(409, f"job {identifier!r} is {job['status']}")
    reply = _again(at, request, job)
    jobs.cancel_jobs(at.store, [identifier], at.clock())
    return reply


def _again(at: Context, request: Request, job: Row) -> Reply:
    parts = jobs.parts_of(at.store, job)
    content: dict[str, Any]
    if job["input"]:
        content = parts[0].input()
    else:
        circuits = [
            part.input() | {k: v for k, v in _names(part).items() if v is not None}
            for part in parts
        ]
        content = {"gateset": parts[0].gateset, "circuits": circuits}
    body: dict[str, Any] = {
        "type": job["type"],
        "backend": job["backend"],
        "name": job["name"],
        "shots": job["shots"],
        "session_id": job["session"],
        "dry_run": bool(job["dry_run"]),
        "metadata": json.loads(job["metadata"]) if job["metadata"] else None,
        "settings": json.loads(job["settings"]),
        "noise": json.loads(job["noise"]) if job["noise"] else None,
        "input": content,
    }
    changes = {key: value for key, value in request.document().items() if key != "parent"}
    again = Request("POST", "/v0.4/jobs", body=json.dumps(body | changes).encode())
    return create(at, again, "v0.4")


def _names(part: Any) -> dict[str, Any]:
    return {"name": part.name, "registers": part.registers}


def cost(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`GET /jobs/{id}/cost`."""
    job = jobs.known_job(at.store, identifier)
    shown = {
        "dry_run": bool(job["dry_run"]),
        "estimated_cost": {"value": job["estimate"], "unit": "usd"},
    }
    charge = at.store.row("SELECT usd FROM charge WHERE job = ?", identifier)
    if job["completed"] is not None:
        shown["cost"] = {"value": charge["usd"] if charge else 0.0, "unit": "usd"}
    return Reply(200, shown)


def estimate(at: Context, request: Request, version: str) -> Reply:
    """`GET /jobs/estimate`."""
    device = machines.machine(request.value("backend") or "")
    shots = _integer(request, "shots", 1000, 1, MAX_SHOTS)
    gates = GateCount(
        _integer(request, "1q_gates", 0, 0, 10**9), _integer(request, "2q_gates", 0, 0, 10**9)
    )
    mitigation = request.value("error_mitigation") == "true"
    context = {
        "backend": device.api_name,
        "type": request.value("type") or "ionq.circuit.v1",
        "qubits": _integer(request, "qubits", min(25, device.qubits), 1, 10**6),
        "shots": shots,
        "1q_gates": gates.one,
        "2q_gates": gates.two,
        "error_mitigation": mitigation,
        "organization": ORGANIZATION,
        "project": PROJECT,
    }
    content = {
        "estimate_context": context,
        "estimated_at": machines.iso(at.clock()),
        "estimated_unit": "usd",
        "rate_card": at.prices.card(device),
        "estimated_total_cost": at.prices.usd(device, gates, shots, mitigation),
        "estimated_execution_time": execution_ms(device, gates, shots),
        "current_predicted_queue_time": 0 if machines.is_simulator(device) else at.queue_ms,
    }
    return Reply(200, content)


def _integer(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.value(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and low <= int(text[:20]) <= high):
        raise Refused(400, f"{name} must be an integer from {low} to {high}", name)
    return int(text)


# --- results ----------------------------------------------------------------------------------


def probabilities(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`GET /jobs/{id}/results/probabilities`; of several circuits, those of each."""
    job = _finished(at, identifier)
    if job["input"]:
        return Reply(200, _form(at, job, "ionq.result.probabilities.json.v1"))
    return Reply(200, _aggregate(at, job))


def histogram(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`GET /jobs/{id}/results/histogram`."""
    return Reply(200, _form(at, _finished(at, identifier), "ionq.result.histogram.json.v1"))


def shots(at: Context, request: Request, version: str, identifier: str) -> Reply:
    """`GET /jobs/{id}/results/shots`."""
    return Reply(200, _form(at, _finished(at, identifier), "ionq.result.shots.json.v1"))


def artifact(at: Context, request: Request, version: str, identifier: str, wanted: str) -> Reply:
    """`GET /jobs/{id}/artifacts/{artifact}`."""
    job = jobs.known_job(at.store, identifier)
    if wanted == NATIVE and has_program(job):
        (part,) = jobs.parts_of(at.store, job)
        program = compiled(job["backend"], part)
        if program is not None:
            return Reply(200, program)
    if has_results(at.store, job):
        if not job["input"] and wanted == AGGREGATE:
            return Reply(200, _aggregate(at, job))
        outcome = outcome_of(at.store, job)
        if outcome is not None and wanted in outcome.formats():
            return Reply(200, outcome.document(wanted))
    raise Refused(404, f"job {identifier!r} has no artifact {wanted!r}")


def _finished(at: Context, identifier: str) -> Row:
    job = jobs.known_job(at.store, identifier)
    if not has_results(at.store, job):
        raise Refused(404, f"job {identifier!r} is {job['status']} and has no results")
    return job


def _form(at: Context, job: Row, name: str) -> Any:
    outcome = outcome_of(at.store, job)
    if outcome is None or name not in outcome.formats():
        raise Refused(404, f"job {job['id']!r} has no {name}")
    return outcome.document(name)


def _aggregate(at: Context, job: Row) -> dict[str, Any]:
    name = "ionq.result.probabilities.json.v1"
    return {row["id"]: _form(at, row, name) for row in at.store.children(job["id"])}
