"""Jobs as JSON, as IonQ's API shows them in v0.4 and v0.3."""

from __future__ import annotations

import json
from typing import Any, Final

from q_store.runtime.ionq_service.jobs import CANCELED, COMPLETED, STARTED
from q_store.runtime.ionq_service.machines import SIMULATOR, iso
from q_store.runtime.ionq_service.outcomes import AGGREGATE, MEDIA, NATIVE, Outcome, formats_of
from q_store.runtime.ionq_service.store import Row, Store

OWNER: Final = "00000000-0000-4000-8000-000000000001"
PROJECT: Final = "00000000-0000-4000-8000-000000000002"
ORGANIZATION: Final = "00000000-0000-4000-8000-000000000003"


def _descriptor(format: str) -> dict[str, str]:
    """A result of a job; a job has one of each format, so that is its identifier."""
    return {"id": format, "format": format, "media_type": MEDIA}


def has_results(store: Store, job: Row) -> bool:
    """Whether a job has been run; one that was cancelled afterwards keeps what it gave."""
    if job["dry_run"] or job["status"] not in (COMPLETED, CANCELED):
        return False
    return job["status"] == COMPLETED or store.has_result(job["id"])


def outcome_of(store: Store, job: Row) -> Outcome | None:
    """What a job of one circuit gave."""
    found = store.result(job["id"])
    if found is None:
        return None
    return Outcome(
        job["qubits"],
        json.loads(found["probabilities"]),
        Outcome.unpacked(found["shots"]),
        json.loads(found["registers"]) if found["registers"] else None,
    )


def job_v04(store: Store, job: Row) -> dict[str, Any]:
    """`GET /v0.4/jobs/{id}`."""
    several = not job["input"]
    children = [child["id"] for child in store.children(job["id"])] if several else []
    shown: dict[str, Any] = {
        "id": job["id"],
        "status": job["status"],
        "type": job["type"],
        "backend": job["backend"],
        "dry_run": bool(job["dry_run"]),
        "submitter_id": OWNER,
        "project_id": PROJECT,
        "parent_job_id": job["parent"],
        "child_job_ids": children if several else None,
        "session_id": job["session"],
        "metadata": _loaded(job["metadata"]),
        "name": job["name"],
        **_times(store, job),
        "failure": _failure(job, "message"),
        "settings": json.loads(job["settings"]),
        "stats": _stats(job, max(len(children), 1)),
        "output": _output(job),
        "results": _results(store, job, several),
    }
    return shown | _machine(job)


def _times(store: Store, job: Row) -> dict[str, Any]:
    duration = None
    if has_results(store, job):
        measured = round(1e3 * (job["completed"] - job["started"]))
        duration = job["predicted_ms"] or max(measured, 1)
    return {
        "submitted_at": iso(job["submitted"]),
        "started_at": _moment(job["started"]),
        "completed_at": _moment(job["completed"]),
        "predicted_wait_time_ms": job["wait_ms"],
        "predicted_execution_duration_ms": job["predicted_ms"],
        "execution_duration_ms": duration,
    }


def _machine(job: Row) -> dict[str, Any]:
    noise = _loaded(job["noise"]) or {"model": "ideal"}
    if job["backend"] != SIMULATOR:
        return {"shots": job["shots"], "cost_model": "2QGE_operations"}
    # The ideal simulator takes no shots.
    shots = {} if noise["model"] == "ideal" else {"shots": job["shots"]}
    return {"noise": noise, **shots}


def _stats(job: Row, circuits: int) -> dict[str, Any]:
    return {
        "qubits": job["qubits"],
        "circuits": circuits,
        "gate_counts": {"1q": job["gates_1q"], "2q": job["gates_2q"]},
    }


def has_program(job: Row) -> bool:
    """Whether there is a compiled program: of what ran on a machine, and of dry runs."""
    played = job["backend"] != SIMULATOR or job["dry_run"]
    return bool(job["status"] == COMPLETED and job["input"] and played)


def _output(job: Row) -> dict[str, Any]:
    if not has_program(job):
        return {}
    return {"compilation": {"compiled_circuits": {NATIVE: _descriptor(NATIVE)}}}


def _results(store: Store, job: Row, several: bool) -> dict[str, Any] | None:
    """Descriptors of artifacts, and the addresses that clients of the first v0.4 read."""
    if not has_results(store, job):
        return None
    where = f"/v0.4/jobs/{job['id']}/results"
    if several:
        return {
            AGGREGATE: _descriptor(AGGREGATE),
            "probabilities": {"url": f"{where}/probabilities/aggregated"},
        }
    sampled = store.has_shots(job["id"])
    shown: dict[str, Any] = {name: _descriptor(name) for name in formats_of(sampled)}
    shown["probabilities"] = {"url": f"{where}/probabilities"}
    if sampled:
        shown["histogram"] = {"url": f"{where}/histogram"}
        shown["shots"] = {"url": f"{where}/shots"}
    return shown


def job_v03(store: Store, job: Row) -> dict[str, Any]:
    """`GET /v0.3/jobs/{id}`; moments are seconds since 1970."""
    several = not job["input"]
    children = store.children(job["id"]) if several else []
    shown: dict[str, Any] = {
        "id": job["id"],
        "status": "running" if job["status"] == STARTED else job["status"],
        "target": job["backend"],
        "type": "circuit",
        "name": job["name"],
        "metadata": _loaded(job["metadata"]) or {},
        "shots": job["shots"],
        "qubits": job["qubits"],
        "circuits": max(len(children), 1),
        "gate_counts": {"1q": job["gates_1q"], "2q": job["gates_2q"]},
        "cost_usd": job["estimate"],
        "request": int(job["submitted"]),
        "predicted_execution_time": job["predicted_ms"],
    }
    if several:
        shown["children"] = [child["id"] for child in children]
    if job["backend"] == SIMULATOR:
        shown["noise"] = _loaded(job["noise"]) or {"model": "ideal"}
    for name, column in (("start", "started"), ("response", "completed")):
        if job[column] is not None:
            shown[name] = int(job[column])
    if has_results(store, job):
        shown["execution_time"] = _times(store, job)["execution_duration_ms"]
        shown["results_url"] = f"/v0.3/jobs/{job['id']}/results"
    failure = _failure(job, "error")
    return shown | ({"failure": failure} if failure else {})


def _failure(job: Row, key: str) -> dict[str, str] | None:
    if job["failure_code"] is None:
        return None
    return {"code": job["failure_code"], key: job["failure_message"]}


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _moment(moment: float | None) -> str | None:
    return None if moment is None else iso(moment)
