"""Submitting a job once, whatever happens to the answer.

The service has no idempotency key, so a repeated submission may be a second job that is paid for.
Every job therefore carries a tag in its metadata. When an answer is lost, the jobs of the account
are searched for the tag, several times over a while, because a request may still be on its way. It
is sent again only when the service says that it has no such job. Should two exist all the same,
the first stays and the others are cancelled.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from q_store.qir.diagnostics import Diagnostic, QStoreError, error
from q_store.qir.ionq_names import TAG
from q_store.runtime.ionq_client.transport import Lost, Transport
from q_store.targets.ionq.json.job import body_text

_PAGE: Final = 100
_PAGES: Final = 50
"""Pages of jobs to look through before giving up."""
_SKEW: Final = timedelta(hours=1)
"""How far the clocks may differ: older jobs than this are not the one that was just sent."""
_LOOKS: Final = 4
"""Lookups after a lost answer, before the job is taken not to exist."""


class Submission:
    """One job on its way to the service."""

    def __init__(self, transport: Transport, body: Mapping[str, Any]) -> None:
        metadata = dict(body.get("metadata") or {})
        self.tag: str = metadata.setdefault(TAG, uuid4().hex)
        self.transport = transport
        self.text = body_text({**body, "metadata": metadata})
        self.started = datetime.now(UTC)

    def send(self) -> dict[str, Any]:
        """The service's job. Raises what `Transport.post` raises, and `QS745` where it cannot be
        found out whether the job was accepted."""
        patience = self.transport.patience
        pause, reason = patience.backoff, Lost("")
        for attempt in range(patience.retries + 1):
            try:
                answer = self.transport.post("/jobs", self.text)
                if not isinstance(answer.get("id"), str):
                    raise Lost("an answer without the id of a job")
                return self.only(answer, None if attempt else 1)
            except Lost as lost:
                found = self.find(lost)
                if found is not None:
                    return found
                if lost.in_progress:
                    # It may yet arrive, and then a second one would be too many.
                    raise self.unknown(lost) from None
                pause, reason = self.rest(pause), lost
        raise error(
            "QS750" if reason.refused else "QS744",
            f"the job was not accepted after {patience.retries + 1} attempts: {reason}",
            notes=[f"the service has no job with the tag {self.tag}"],
        )

    def rest(self, pause: float) -> float:
        """Wait, and say how long to wait next time."""
        time.sleep(pause)
        return min(2 * pause, self.transport.patience.longest_pause)

    def find(self, lost: Lost) -> dict[str, Any] | None:
        """The job with the tag, or `None` when the service says repeatedly that it has none."""
        time.sleep(lost.pause)
        pause = self.transport.patience.backoff
        looks, end = 0, time.monotonic() + self.transport.patience.read
        while True:
            try:
                found = list(self.matching())
            except QStoreError as problem:
                raise self.unknown(lost, problem) from problem
            if found:
                return self.first(found)
            looks += 1
            enough = time.monotonic() > end if lost.in_progress else looks >= _LOOKS
            if lost.refused or enough:
                return None
            pause = self.rest(pause)

    def only(self, answer: Mapping[str, Any], pages: int | None) -> dict[str, Any]:
        """See whether the job is there twice: sent again after the first one had arrived, or
        doubled on the way. `pages` is how many to look through; a double is on the first."""
        try:
            found = list(with_tag(self.transport, self.tag, self.started - _SKEW, pages))
        except QStoreError as problem:
            self.unsure(problem)
            return dict(answer)
        return self.first(found) if len(found) > 1 else dict(answer)

    def first(self, jobs: list[dict[str, Any]]) -> dict[str, Any]:
        """The job that was accepted first; the others are cancelled, where that can be done now."""
        try:
            return first_of(self.transport, jobs)
        except QStoreError as problem:
            self.unsure(problem)
            return min(jobs, key=_when)

    def unsure(self, problem: QStoreError) -> None:
        """The job is there in any case; whether it is the only one cannot be settled now."""
        found = Diagnostic(
            "QS753",
            f"it could not be settled whether the job with the tag {self.tag} was accepted twice",
            severity="warning",
            notes=(problem.diagnostics[0].message,),
            help=f"later: qstorec ionq status --tag {self.tag}",
        )
        warnings.warn(found.render(), RuntimeWarning, stacklevel=5)

    def matching(self) -> Iterator[dict[str, Any]]:
        """Jobs of the account with the tag. Raises `QS749` when there are too many to look at."""
        return with_tag(self.transport, self.tag, self.started - _SKEW)

    def unknown(self, lost: Lost, problem: QStoreError | None = None) -> QStoreError:
        notes = [f"its tag is {self.tag}"]
        notes += [problem.diagnostics[0].message] if problem else []
        return error(
            "QS745",
            f"the answer to a submission was lost ({lost}), and it cannot be found out now whether "
            "the job was accepted",
            notes=notes,
            help=f"later: qstorec ionq status --tag {self.tag}",
        )


def with_tag(
    transport: Transport, tag: str, since: datetime | None = None, pages: int | None = None
) -> Iterator[dict[str, Any]]:
    """Jobs with a tag, children of jobs with several circuits aside. `since` ends the search at
    jobs that are all older, `pages` after so many; else `QS749` says that there are too many."""
    mark: Any = None
    for _ in range(_PAGES if pages is None else pages):
        page = transport.get("/jobs", {"limit": _PAGE, "next": mark})
        jobs = page.get("jobs") if isinstance(page, Mapping) else None
        if not isinstance(jobs, list):
            raise error("QS749", "GET /jobs: the answer has no list of jobs")
        entries = [job for job in jobs if isinstance(job, dict)]
        for job in entries:
            notes = job.get("metadata") or {}
            if notes.get(TAG) == tag and not job.get("parent_job_id"):
                yield job
        mark = page.get("next")
        old = since is not None and entries and all(_when(job) < since for job in entries)
        if not mark or not entries or old:
            return
    if pages is None:
        raise error("QS749", f"the account has more than {_PAGES * _PAGE} jobs to look through")


def first_of(transport: Transport, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of jobs with the same tag the one that was accepted first; the others are cancelled."""
    # While pages are turned, new jobs push old ones onto the next page, to be seen again.
    jobs = sorted({job["id"]: job for job in jobs}.values(), key=_when)
    for extra in jobs[1:]:
        if extra.get("status") not in ("completed", "failed", "canceled"):
            transport.put(f"/jobs/{extra['id']}/status/cancel")
    return jobs[0]


_LATEST: Final = datetime.max.replace(tzinfo=UTC)


def _when(job: Mapping[str, Any]) -> datetime:
    """When a job was submitted; the end of time where that is not said."""
    try:
        found = datetime.fromisoformat(str(job.get("submitted_at")))
    except ValueError:
        return _LATEST
    return found if found.tzinfo else found.replace(tzinfo=UTC)
