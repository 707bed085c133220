"""The paths of the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from q_store.runtime.ionq_service import job_routes, machines, sessions
from q_store.runtime.ionq_service.context import Context
from q_store.runtime.ionq_service.job_views import ORGANIZATION, PROJECT
from q_store.runtime.ionq_service.messages import Refused, Reply, Request

Handler = Callable[..., Reply]
_KEY_ID: Final = "00000000-0000-4000-8000-000000000004"
_PAGE: Final = 10


def answer(at: Context, request: Request) -> Reply:
    """The reply to a request. Raises `Refused`."""
    methods = set()
    for method, pattern, handler, is_open in _ROUTES:
        found = pattern.fullmatch(request.path)
        if found is None:
            continue
        methods.add(method)
        if method == request.method:
            if not is_open and not request.has_key:
                raise Refused(401, "an API key is needed: `Authorization: apiKey YOUR_KEY`")
            version, *rest = found.groups()
            return handler(at, request, version, *rest)
    if methods:
        raise Refused(405, f"{request.path} takes {', '.join(sorted(methods))}")
    raise Refused(404, f"there is nothing at {request.path}")


# --- everything but jobs ----------------------------------------------------------------------


def _whoami(at: Context, request: Request, version: str) -> Reply:
    return Reply(200, {"key_id": _KEY_ID, "key_name": "local", "project_id": PROJECT})


def _backends(at: Context, request: Request, version: str) -> Reply:
    return Reply(200, machines.listed(at.queue_ms, at.clock()))


def _backend(at: Context, request: Request, version: str, name: str) -> Reply:
    return Reply(200, machines.shown(name, at.queue_ms, at.clock()))


def _characterizations(at: Context, request: Request, version: str, name: str) -> Reply:
    start, end = request.value("start") or "", request.value("end") or "9999"
    found = [one for one in machines.characterizations(name) if start <= one["date"] < end]
    return Reply(200, {"characterizations": found[:_PAGE], "pages": 1})


def _characterization(
    at: Context, request: Request, version: str, name: str, identifier: str
) -> Reply:
    for one in machines.characterizations(name):
        if identifier in (one["id"], "current"):
            return Reply(200, one)
    raise Refused(404, f"there is no characterization {identifier!r} of {name!r}")


def _open_session(at: Context, request: Request, version: str) -> Reply:
    now = at.clock()
    opened = sessions.open_session(at.store, request.document(), now)
    return Reply(201, sessions.session_view(opened, now))


def _sessions(at: Context, request: Request, version: str) -> Reply:
    now, active = at.clock(), request.value("active")
    shown = [sessions.session_view(row, now) for row in sessions.all_sessions(at.store)]
    kept = [one for one in shown if active is None or one["active"] == (active == "true")]
    return Reply(200, {"organization_id": ORGANIZATION, "sessions": kept})


def _session(at: Context, request: Request, version: str, identifier: str) -> Reply:
    found = sessions.known_session(at.store, identifier)
    return Reply(200, sessions.session_view(found, at.clock()))


def _end_session(at: Context, request: Request, version: str, identifier: str) -> Reply:
    now = at.clock()
    return Reply(200, sessions.session_view(sessions.end_session(at.store, identifier, now), now))


def _session_jobs(at: Context, request: Request, version: str, identifier: str) -> Reply:
    return job_routes.listed(at, request, version, identifier)


def _usage(at: Context, request: Request, version: str, organization: str) -> Reply:
    """Dollars by job; whatever the grouping, there is one project and one user."""
    rows = at.store.rows("SELECT job, usd, at FROM charge ORDER BY at")
    usages = [
        {"id": row["job"], "date": machines.iso(row["at"]), "usd": row["usd"]} for row in rows
    ]
    return Reply(200, {"organization_id": organization, "unit": "usd", "usages": usages})


def _routes() -> list[tuple[str, re.Pattern[str], Handler, bool]]:
    """Method, path, handler, and whether no key is needed."""
    jobs, one = "/jobs", r"/jobs/([^/]+)"
    session = r"/sessions/([^/]+)"
    both: list[tuple[str, str, Handler, bool]] = [
        ("POST", jobs, job_routes.create, False),
        ("GET", jobs, job_routes.listed, False),
        ("DELETE", jobs, job_routes.delete_all, False),
        ("PUT", "/jobs/status/cancel", job_routes.cancel_all, False),
        ("PUT", f"{one}/status/cancel", job_routes.cancel, False),
        ("GET", "/jobs/estimate", job_routes.estimate, False),
        ("GET", one, job_routes.show, False),
        ("DELETE", one, job_routes.delete, False),
        ("GET", "/backends", _backends, True),
        ("GET", "/whoami", _whoami, False),
    ]
    old: list[tuple[str, str, Handler, bool]] = [
        ("GET", f"{one}/results", job_routes.probabilities, False),
        ("GET", r"/characterizations/backends/([^/]+)", _characterizations, True),
        ("GET", r"/characterizations/backends/([^/]+)/([^/]+)", _characterization, True),
    ]
    new: list[tuple[str, str, Handler, bool]] = [
        ("POST", f"{one}/clone", job_routes.clone, False),
        ("POST", f"{one}/move", job_routes.move, False),
        ("GET", f"{one}/cost", job_routes.cost, False),
        ("GET", rf"{one}/results/probabilities(?:/aggregated)?", job_routes.probabilities, False),
        ("GET", f"{one}/results/histogram", job_routes.histogram, False),
        ("GET", f"{one}/results/shots", job_routes.shots, False),
        ("GET", rf"{one}/artifacts/([^/]+)", job_routes.artifact, False),
        ("GET", r"/backends/([^/]+)", _backend, True),
        ("GET", r"/backends/([^/]+)/characterizations", _characterizations, True),
        ("GET", r"/backends/([^/]+)/characterizations/([^/]+)", _characterization, True),
        ("POST", "/sessions", _open_session, False),
        ("GET", "/sessions", _sessions, False),
        ("GET", session, _session, False),
        ("POST", f"{session}/end", _end_session, False),
        ("GET", f"{session}/jobs", _session_jobs, False),
        ("GET", r"/organizations/([^/]+)/usage", _usage, False),
    ]
    return [
        (method, re.compile(f"/({version}){path}/?"), handler, is_open)
        for version, own in ((r"v0\.4", both + new), (r"v0\.3", both + old))
        for method, path, handler, is_open in own
    ]


_ROUTES: Final = _routes()
