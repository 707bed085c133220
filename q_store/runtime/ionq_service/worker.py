"""Runs jobs: submitted, ready, started, completed, each step one transaction.

A job that was started when the process ended is run again. It is charged in the transaction that
completes it, so it is charged once however often it was started.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from q_store.qir.diagnostics import QStoreError
from q_store.runtime.ionq_service import jobs
from q_store.runtime.ionq_service.faults import Faults
from q_store.runtime.ionq_service.guard import Guard
from q_store.runtime.ionq_service.machines import is_simulator, machine
from q_store.runtime.ionq_service.outcomes import Outcome
from q_store.runtime.ionq_service.preflight import Failure, check
from q_store.runtime.ionq_service.runs import compiled, outcomes
from q_store.runtime.ionq_service.store import Row, Store

_LOG: Final = logging.getLogger("q_store.ionq_service")
_NEXT: Final = """
SELECT * FROM job WHERE parent IS NULL AND (
  status = 'submitted' OR status = 'started' OR (status = 'ready' AND due <= ?)
) ORDER BY status = 'submitted' DESC, due, seq LIMIT 1
"""


class Worker:
    """Does one step of one job at a time. `clock` gives seconds since 1970."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        clock: Callable[[], float],
        *,
        seed: int = 0,
        quota: float | None = None,
        keep: int | None = None,
    ) -> None:
        self.store, self.faults, self.clock = store, faults, clock
        self.seed, self.quota, self.keep = seed, quota, keep
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    # --- running on its own -------------------------------------------------------------------

    def start(self) -> None:
        """Work in a thread until `stop`."""
        self._thread = threading.Thread(target=self._work, name="ionq-service", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the step at hand and end the thread."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if not self.step():
                self._wake.wait(self._patience())

    def _patience(self) -> float:
        """Seconds until the next job is due, at most a minute."""
        found = self.store.row(
            "SELECT min(due) AS due FROM job WHERE status = 'ready' AND parent IS NULL"
        )
        due = found["due"] if found else None
        return 60.0 if due is None else min(max(due - self.clock(), 0.001), 60.0)

    def drain(self) -> None:
        """Do everything that can be done now, in the calling thread."""
        while self.step():
            pass

    # --- steps --------------------------------------------------------------------------------

    def step(self) -> bool:
        """Bring the next job one step further; whether there was one."""
        job = self.store.row(_NEXT, self.clock())
        if job is None:
            return False
        with Guard(f"job {job['id']}") as guard:
            try:
                act = self._admit if job["status"] == jobs.SUBMITTED else self._run
                act(job)
            except Failure as problem:
                self._fail(job, problem)
        if guard.problem is not None:
            self._fail(job, Failure("InternalError", guard.said))
        return True

    def _admit(self, job: Row) -> None:
        self._check(job)
        self._advance(job, jobs.SUBMITTED, jobs.READY)

    def _check(self, job: Row) -> None:
        device, noise = machine(job["backend"]), _loaded(job["noise"])
        mitigation = json.loads(job["settings"]).get("error_mitigation") or {}
        parts = jobs.parts_of(self.store, job)
        check(device, parts, job["shots"], noise, bool(mitigation.get("debiasing")))
        if self.quota is None:
            return
        if self.store.spent() + self.store.promised() + job["estimate"] > self.quota:
            raise Failure("QuotaExhaustedError", f"the job would exceed {self.quota} USD")

    def _run(self, job: Row) -> None:
        if not self._begin(job):
            return
        self.faults.here()
        fault = self.faults.of_job()
        if fault == "fail":
            raise Failure("QuantumComputerError", "a fault of the machine, made on purpose")
        if fault == "cancel":
            jobs.cancel_jobs(self.store, [job["id"]], self.clock())
            return
        parts = jobs.parts_of(self.store, job)
        noise = _loaded(job["noise"])
        seed = (noise or {}).get("seed")
        try:
            if job["dry_run"]:
                # Only whether they can be compiled; the program is made when it is asked for.
                found: list[Outcome] = []
                for part in parts:
                    compiled(job["backend"], part)
            else:
                seed = self.seed + int(job["seq"]) if seed is None else seed
                found = outcomes(job["backend"], noise, parts, job["shots"], seed)
        except (QStoreError, MemoryError) as problem:
            raise _failure(problem) from None
        self.faults.here()
        self._finish(job, found)

    def _begin(self, job: Row) -> bool:
        now = self.clock()
        with self.store.transaction():
            current = self.store.job(job["id"])
            if current is None or current["status"] not in (jobs.READY, jobs.STARTED):
                return False
            attempts = current["attempts"] + 1
            self.store.set_status([job["id"]], jobs.STARTED, started=now, attempts=attempts)
            self._start_session(job["session"], now)
        return True

    def _start_session(self, session: str | None, now: float) -> None:
        self.store.change(
            "UPDATE session SET started = ? WHERE id = ? AND started IS NULL", now, session
        )

    def _finish(self, job: Row, found: list[Outcome]) -> None:
        """Results, completion and charge, together or not at all."""
        now = self.clock()
        with self.store.transaction():
            current = self.store.job(job["id"])
            if current is None or current["status"] != jobs.STARTED:
                return
            rows = [job] if job["input"] else self.store.children(job["id"])
            for row, outcome in zip(rows, found, strict=False):
                self.store.insert("result", _columns(row["id"], outcome))
            self.faults.here()
            self.store.set_status([job["id"]], jobs.COMPLETED, completed=now)
            if not job["dry_run"] and not is_simulator(machine(job["backend"])):
                self.store.insert("charge", {"job": job["id"], "usd": job["estimate"], "at": now})
        self.faults.here()
        if self.keep is not None:
            jobs.forget_jobs(self.store, self.keep)

    def _fail(self, job: Row, problem: Failure) -> None:
        with self.store.transaction():
            current = self.store.job(job["id"])
            if current is not None and current["status"] in jobs.WAITING:
                self.store.set_status(
                    [job["id"]],
                    jobs.FAILED,
                    completed=self.clock(),
                    failure_code=problem.code,
                    failure_message=problem.message,
                )
        _LOG.info("job %s failed: %s", job["id"], problem.code)

    def _advance(self, job: Row, before: str, after: str) -> None:
        self.store.change(
            "UPDATE job SET status = ? WHERE (id = ? OR parent = ?) AND status = ?",
            after,
            job["id"],
            job["id"],
            before,
        )


def _columns(job: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "job": job,
        "probabilities": json.dumps(outcome.probabilities),
        "shots": outcome.packed,
        "registers": json.dumps(outcome.registers) if outcome.registers else None,
    }


def _failure(problem: QStoreError | MemoryError) -> Failure:
    """IonQ's code for what is wrong with a circuit."""
    if isinstance(problem, MemoryError):
        return Failure("SimulationError", "the circuit needs more memory than there is")
    code = problem.code
    if code.startswith("QS73"):
        return Failure("InvalidInput", problem.diagnostics[0].message)
    kind = "SimulationError" if code.startswith("QS5") else "CompilationError"
    return Failure(kind, problem.diagnostics[0].message)


def _loaded(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
