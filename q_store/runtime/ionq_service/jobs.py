"""Jobs in the store: made from submissions, read back as parts, listed, cancelled, deleted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from q_store.runtime.ionq_service.charges import GateCount, Prices, execution_ms
from q_store.runtime.ionq_service.intake import CircuitPart, Submission
from q_store.runtime.ionq_service.machines import is_simulator
from q_store.runtime.ionq_service.messages import Refused
from q_store.runtime.ionq_service.store import Row, Store
from q_store.targets.ionq.devices import IonqDevice

SUBMITTED: Final = "submitted"
READY: Final = "ready"
STARTED: Final = "started"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELED: Final = "canceled"
STATUSES: Final = (SUBMITTED, READY, STARTED, COMPLETED, FAILED, CANCELED)
WAITING: Final = (SUBMITTED, READY, STARTED)
PAGE: Final = 25
MAX_PAGE: Final = 1_000


def add_job(
    store: Store, made: Submission, device: IonqDevice, prices: Prices, now: float, queue: float
) -> Row:
    """Put a new job, and one for each circuit of several, into the store in one transaction."""
    counts = [part.count() for part in made.circuits]
    total = sum(counts, GateCount())
    queue = 0.0 if is_simulator(device) else queue
    identifier = str(uuid.uuid4())
    common = _common(made, now, queue)
    usd = 0.0 if made.dry_run else prices.usd(device, total, made.shots, made.mitigated)
    several = len(made.circuits) > 1 or made.type.startswith("ionq.multi")
    only = None if several else made.circuits[0]
    row = common | _own(identifier, made.name, made.qubits, total, only)
    row |= {
        "type": made.type,
        "estimate": usd,
        "predicted_ms": sum(execution_ms(device, count, made.shots) for count in counts),
    }
    with store.transaction():
        store.insert("job", row)
        if several:
            _add_children(store, made, identifier, common, counts)
    found = store.job(identifier)
    if found is None:
        raise Refused(500, "the job is not in the store")
    return found


def _add_children(
    store: Store,
    made: Submission,
    parent: str,
    common: Mapping[str, Any],
    counts: Sequence[GateCount],
) -> None:
    for place, (part, count) in enumerate(zip(made.circuits, counts, strict=True)):
        own = _own(str(uuid.uuid4()), part.name, part.qubits, count, part)
        place_of = {"parent": parent, "place": place, "type": "ionq.circuit.v1"}
        store.insert("job", {**common, **own, **place_of, "estimate": 0.0, "predicted_ms": 0})


def _common(made: Submission, now: float, queue: float) -> dict[str, Any]:
    return {
        "version": made.version,
        "status": SUBMITTED,
        "backend": made.backend,
        "shots": made.shots,
        "session": made.session,
        "dry_run": int(made.dry_run),
        "metadata": None if made.metadata is None else json.dumps(made.metadata),
        "settings": json.dumps(made.settings),
        "noise": None if made.noise is None else json.dumps(made.noise),
        "wait_ms": round(1e3 * queue),
        "submitted": now,
        "due": now + queue,
    }


def _own(
    identifier: str, name: str | None, qubits: int, count: GateCount, part: CircuitPart | None
) -> dict[str, Any]:
    return {
        "id": identifier,
        "name": name,
        "qubits": qubits,
        "gates_1q": count.one,
        "gates_2q": count.two,
        "input": "" if part is None else json.dumps(asdict(part), separators=(",", ":")),
    }


def parts_of(store: Store, job: Row) -> tuple[CircuitPart, ...]:
    """The circuits of a job."""
    rows = [job] if job["input"] else store.children(job["id"])
    return tuple([CircuitPart(**json.loads(row["input"])) for row in rows])


def known_job(store: Store, identifier: str) -> Row:
    """A job that must be there. Raises `Refused` with 404."""
    found = store.job(identifier)
    if found is None:
        raise Refused(404, f"there is no job {identifier!r}")
    return found


def _whole_job(store: Store, identifier: str) -> Row:
    """A job that is not one circuit of another. Raises `Refused`."""
    job = known_job(store, identifier)
    if job["parent"] is not None:
        raise Refused(409, f"job {identifier!r} is a circuit of job {job['parent']!r}")
    return job


def cancel_jobs(store: Store, identifiers: Sequence[str], now: float) -> None:
    """Cancel jobs, all or none. One that has been paid for stays paid.

    A completed job becomes `canceled` too, as at IonQ; its results can still be read.
    """
    with store.transaction():
        for identifier in identifiers:
            job = _whole_job(store, identifier)
            if job["status"] in (FAILED, CANCELED):
                continue
            ended = job["completed"] if job["status"] == COMPLETED else now
            store.set_status([identifier], CANCELED, completed=ended)


def delete_jobs(store: Store, identifiers: Sequence[str]) -> None:
    """Take jobs with their results out of the store; charges stay."""
    with store.transaction():
        for identifier in identifiers:
            _whole_job(store, identifier)
            some = "SELECT id FROM job WHERE id = ? OR parent = ?"
            store.change(f"DELETE FROM result WHERE job IN ({some})", identifier, identifier)
            store.change("DELETE FROM job WHERE parent = ?", identifier)
            store.change("DELETE FROM job WHERE id = ?", identifier)


def forget_jobs(store: Store, keep: int) -> None:
    """Delete the oldest jobs that have ended, so that at most `keep` jobs stay; charges stay."""
    old = store.rows(
        "SELECT id FROM job WHERE parent IS NULL AND completed IS NOT NULL "
        "ORDER BY seq DESC LIMIT -1 OFFSET ?",
        keep,
    )
    delete_jobs(store, [row["id"] for row in old])


def list_jobs(store: Store, filters: Mapping[str, Any]) -> tuple[list[Row], str | None]:
    """One page of jobs, the newest first, and where the next page starts.

    Filters: `ids`, `parent_job_id`, `status`, `target` (names separated by commas), `session_id`,
    `limit`, `next`. The circuits of a multi-circuit job are listed with `ids` or `parent_job_id`.
    """
    wheres, values = _conditions(filters)
    limit = filters.get("limit") or PAGE
    sql = f"SELECT * FROM job WHERE {' AND '.join(wheres)} ORDER BY seq DESC LIMIT ?"
    rows = store.rows(sql, *values, limit + 1)
    after = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
    return rows[:limit], after


def _conditions(filters: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    wheres: list[str] = []
    values: list[Any] = []

    def among(column: str, some: Sequence[str]) -> None:
        wheres.append(f"{column} IN ({', '.join('?' * len(some))})")
        values.extend(some)

    if filters.get("ids"):
        among("id", filters["ids"])
    elif filters.get("parent_job_id"):
        among("parent", [filters["parent_job_id"]])
    else:
        wheres.append("parent IS NULL")
    for column, name in (("status", "status"), ("session", "session_id")):
        if filters.get(name):
            among(column, [filters[name]])
    if filters.get("target"):
        among("backend", filters["target"].split(","))
    if filters.get("next"):
        wheres.append("seq < ?")
        values.append(int(filters["next"]))
    return wheres, values
