"""Sessions: a number of jobs, minutes and dollars that jobs of one group may take together."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from q_store.runtime.ionq_service.job_views import ORGANIZATION, OWNER, PROJECT
from q_store.runtime.ionq_service.machines import iso, machine
from q_store.runtime.ionq_service.messages import Refused
from q_store.runtime.ionq_service.store import Row, Store


def open_session(store: Store, body: Mapping[str, Any], now: float) -> Row:
    """`POST /sessions`. Raises `Refused`."""
    backend = body.get("backend")
    if not isinstance(backend, str):
        raise Refused(400, f"backend must be a text, got {backend!r}", "backend")
    machine(backend)
    settings = body.get("settings") or {}
    _check(settings)
    identifier = str(uuid.uuid4())
    row = {
        "id": identifier,
        "backend": backend,
        "settings": json.dumps(settings),
        "created": now,
    }
    store.insert("session", row)
    return known_session(store, identifier)


def _check(settings: Any) -> None:
    if not isinstance(settings, dict):
        raise Refused(400, "settings must be an object", "settings")
    for key in ("job_count_limit", "duration_limit_min"):
        if key in settings and not _positive(settings[key]):
            raise Refused(400, f"{key} must be a positive number", f"settings.{key}")
    limit = settings.get("cost_limit")
    if limit is not None and not (isinstance(limit, dict) and _positive(limit.get("value"))):
        raise Refused(400, "cost_limit must be {unit, value}", "settings.cost_limit")


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def known_session(store: Store, identifier: str) -> Row:
    """A session that must be there. Raises `Refused` with 404."""
    found = store.row("SELECT * FROM session WHERE id = ?", identifier)
    if found is None:
        raise Refused(404, f"there is no session {identifier!r}")
    return found


def all_sessions(store: Store) -> list[Row]:
    """The newest first."""
    return store.rows("SELECT * FROM session ORDER BY seq DESC")


def end_session(store: Store, identifier: str, now: float) -> Row:
    """`POST /sessions/{id}/end`; a session that has ended stays as it is."""
    known_session(store, identifier)
    store.change("UPDATE session SET ended = ? WHERE id = ? AND ended IS NULL", now, identifier)
    return known_session(store, identifier)


def admit_to_session(store: Store, identifier: str, backend: str, usd: float, now: float) -> None:
    """Raises `Refused` for a job that a session does not take."""
    session = known_session(store, identifier)
    settings = json.loads(session["settings"])
    if not is_active(session, now):
        raise Refused(400, f"session {identifier!r} has ended", "session_id")
    if session["backend"] != backend:
        raise Refused(400, f"the session is for {session['backend']!r}", "session_id")
    jobs = store.row(
        "SELECT count(*) AS jobs, total(estimate) AS usd FROM job "
        "WHERE session = ? AND parent IS NULL",
        identifier,
    )
    taken, spent = (jobs["jobs"], jobs["usd"]) if jobs else (0, 0.0)
    if taken >= settings.get("job_count_limit", taken + 1):
        raise Refused(400, f"the session takes {taken} jobs", "session_id")
    limit = (settings.get("cost_limit") or {}).get("value")
    if limit is not None and spent + usd > limit:
        raise Refused(400, f"the job would exceed the session's limit of {limit} USD")


def is_active(session: Row, now: float) -> bool:
    """Whether a session takes jobs."""
    expires = _expires(session)
    return session["ended"] is None and (expires is None or now < expires)


def _expires(session: Row) -> float | None:
    minutes = json.loads(session["settings"]).get("duration_limit_min")
    return None if minutes is None else float(session["created"] + 60 * minutes)


def session_view(session: Row, now: float) -> dict[str, Any]:
    """A session as JSON."""
    active, expires = is_active(session, now), _expires(session)
    ended = session["ended"] if active or session["ended"] is not None else expires
    settings = json.loads(session["settings"])
    if expires is not None:
        settings["expires_at"] = iso(expires)
    status = "created" if session["started"] is None else "started"
    return {
        "id": session["id"],
        "created_at": iso(session["created"]),
        "organization_id": ORGANIZATION,
        "backend": session["backend"],
        "project_id": PROJECT,
        "creator_id": OWNER,
        "started_at": None if session["started"] is None else iso(session["started"]),
        "ended_at": None if ended is None else iso(ended),
        "ender_id": OWNER if session["ended"] is not None else None,
        "settings": settings,
        "active": active,
        "status": status if active else "ended",
    }
