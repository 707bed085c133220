"""The client of IonQ's service."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final

from q_store.qir.diagnostics import error
from q_store.runtime.config import Secret
from q_store.runtime.ionq_client.job import IonQJob
from q_store.runtime.ionq_client.keys import find_key
from q_store.runtime.ionq_client.programs import job_options, to_ionq_circuits
from q_store.runtime.ionq_client.results import Layout
from q_store.runtime.ionq_client.sessions import IonQSession
from q_store.runtime.ionq_client.submitting import Submission, first_of, with_tag
from q_store.runtime.ionq_client.transport import Patience, Transport
from q_store.targets.ionq.devices import IonqDevice, device
from q_store.targets.ionq.json.circuits import Gateset, IonqCircuit
from q_store.targets.ionq.json.job import (
    MAX_BODY,
    MAX_CIRCUITS,
    MAX_GATES,
    JobOptions,
    job_body,
)
from q_store.targets.ionq.rates import Rate, rate_from_estimate

URL: Final = "https://api.ionq.co/v0.4"
URL_VARIABLE: Final = "QSTORE_IONQ_URL"
_AGENT: Final = "q-store"
_BYTES_PER_GATE: Final = 200
"""More than any gate takes as JSON."""


class IonQClient(AbstractContextManager["IonQClient"]):
    """Jobs, results and prices at IonQ's service, or at any other of the same kind.

    A client may be used by many threads at once. It keeps no secrets but the key, which appears in
    no text, log, pickle or error. Closing it waits for submissions that have begun.
    """

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        url: str | None = None,
        patience: Patience | None = None,
        workers: int = 4,
        queue: int = 64,
    ) -> None:
        """
        Args:
            api_key: Default: that of `q_store.configure`, else the variable IONQ_API_KEY. Public
                information (machines, characterisations) needs none.
            url: Where the service is, with its version. Default: the variable QSTORE_IONQ_URL,
                else IonQ's own. Without TLS only this machine is allowed.
            patience: How long to try.
            workers: Submissions at the same time.
            queue: Submissions that may wait for a worker; `submit_async` blocks above that.

        Raises:
            QStoreError: `QS740` for an unusable key, `QS732` for an unusable address or number.
        """
        for name, number in (("workers", workers), ("queue", queue)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise error("QS732", f"{name} must be a whole number from 1 up, got {number!r}")
        address = url or os.environ.get(URL_VARIABLE) or URL
        self._transport = Transport(address, find_key(api_key), patience or Patience(), _AGENT)
        self._workers, self._queue = workers, queue
        self._room = threading.BoundedSemaphore(workers + queue)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"IonQClient({self._transport.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The copy finds a key of its own; this one stays here.
        return _again, (self._transport.url, self._transport.patience, self._workers, self._queue)

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._transport.url

    # --- submitting ---------------------------------------------------------------------------

    def submit(
        self,
        circuits: Any,
        options: JobOptions | None = None,
        *,
        gateset: Gateset | None = None,
        values: object = None,
        level: int = 3,
        **fields: Any,
    ) -> IonQJob:
        """Submit one job, of one circuit or several.

        Args:
            circuits: What `to_ionq_circuits` takes, which also explains `gateset`, `values` and
                `level`.
            options: What the job says beside its circuits, or by name: `target="ionq.forte"`,
                `shots=1000`, `noise="forte-1"`, `debiasing=False`, …

        A job is never sent twice without knowing that the first one did not arrive: see
        `submitting`. Raises what `to_ionq_circuits` and `job_body`
        raise, `QS740` to `QS743` where the service refuses,
        `QS744` where it cannot be reached, `QS745` where it is unknown what became of the job.
        """
        chosen = _options(options, fields)
        listed = to_ionq_circuits(
            circuits,
            target=chosen.target,
            gateset=gateset,
            values=values,
            noise=chosen.noise,
            level=level,
        )
        return self._submit(job_body(listed, chosen), [layout_of(c) for c in listed], chosen.shots)

    def submit_body(self, body: Mapping[str, Any]) -> IonQJob:
        """Submit a job body as it is, with a tag in its metadata. Raises as `submit`."""
        return self._submit(body, None, body.get("shots"))

    def submit_async(
        self, circuits: Any, options: JobOptions | None = None, **more: Any
    ) -> Future[IonQJob]:
        """Submit in another thread, with the arguments of `submit`; waits while the queue is full.

        The future has the job, or raises as `submit`. Raises `QS752` when the client is closed.
        """
        pool = self._executor()
        self._room.acquire()
        try:
            future = pool.submit(self.submit, circuits, options, **more)
        except RuntimeError:
            self._room.release()
            raise _closed() from None
        future.add_done_callback(lambda _: self._room.release())
        return future

    def submit_all(
        self, circuits: Any, options: JobOptions | None = None, **more: Any
    ) -> list[IonQJob]:
        """Submit any number of circuits as few jobs, several at a time; circuits keep their order.
        The arguments are those of `submit`.

        Where one job is refused, the error is raised when all others have been sent; those are
        found by `jobs`, and the error's notes name them.
        """
        own = {key: more.pop(key) for key in ("gateset", "values", "level") if key in more}
        chosen = _options(options, more)
        listed = to_ionq_circuits(circuits, target=chosen.target, noise=chosen.noise, **own)
        futures = [self.submit_async(part, chosen) for part in in_jobs(listed)]
        problems = [future.exception() for future in futures]
        for problem in problems:
            if problem is not None:
                sent = [f.result().id for f, p in zip(futures, problems, strict=True) if p is None]
                for job in sent:
                    problem.add_note(f"submitted: job {job}")
                raise problem
        return [future.result() for future in futures]

    def _submit(
        self, body: Mapping[str, Any], layouts: Sequence[Layout] | None, shots: int | None
    ) -> IonQJob:
        if self._closed:
            raise _closed()
        submission = Submission(self._transport, body)
        info = submission.send()
        info.setdefault("metadata", {"qstore_tag": submission.tag})
        return IonQJob(self._transport, info, layouts, shots)

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, "ionq")
            return self._pool

    # --- jobs ---------------------------------------------------------------------------------

    def job(self, id: str, layouts: Sequence[Layout] | None = None) -> IonQJob:
        """A job by its id."""
        return IonQJob(self._transport, {"id": id}, layouts).refresh()

    def find(self, tag: str) -> IonQJob | None:
        """The job with a tag, as an error about a lost answer names it; `None` without one.

        Should it have been accepted twice, the second one is cancelled.
        """
        found = list(with_tag(self._transport, tag))
        return IonQJob(self._transport, first_of(self._transport, found)) if found else None

    def jobs(self, *, status: str | None = None, session: str | None = None) -> Iterator[IonQJob]:
        """Jobs of the account, in the order the service lists them."""
        mark: Any = None
        while True:
            query = {"status": status, "session_id": session, "next": mark}
            page = self._transport.get("/jobs", query)
            entries = page.get("jobs") if isinstance(page, Mapping) else None
            if not isinstance(entries, list):
                raise error("QS749", "GET /jobs: the answer has no list of jobs")
            for entry in entries:
                yield IonQJob(self._transport, entry)
            mark = page.get("next")
            if not mark or not entries:
                return

    def cancel(self, ids: Sequence[str]) -> None:
        """Cancel jobs by their ids, all at once."""
        self._transport.put("/jobs/status/cancel", {"ids": list(ids)})

    # --- machines and prices ------------------------------------------------------------------

    def backends(self) -> list[dict[str, Any]]:
        """The service's machines: `backend`, `status`, `qubits`, `average_queue_time` and more."""
        found: list[dict[str, Any]] = self._transport.get("/backends", open=True)
        return found

    def backend(self, name: str) -> dict[str, Any]:
        """One machine, by our name or the service's."""
        found: dict[str, Any] = self._transport.get(f"/backends/{device(name).api_name}", open=True)
        return found

    def characterizations(
        self, name: str, *, limit: int = 1, page: int | None = None
    ) -> list[dict[str, Any]]:
        """Measured fidelities and times of a machine, the latest first."""
        path = f"/backends/{device(name).api_name}/characterizations"
        found = self._transport.get(path, {"limit": limit, "page": page}, open=True)
        return list(found.get("characterizations") or [])

    def device(self, name: str) -> IonqDevice:
        """A machine with its latest characterisation, for compiling and pricing."""
        known = device(name)
        latest = self.characterizations(name)
        return known.characterized(latest[0]) if latest else known

    def estimate(
        self,
        name: str,
        *,
        gates_1q: int,
        gates_2q: int,
        qubits: int,
        shots: int,
        debiasing: bool = False,
    ) -> dict[str, Any]:
        """What the service expects a job to cost and take: `estimated_total_cost`,
        `estimated_execution_time` and `current_predicted_queue_time` in milliseconds, `rate_card`.
        """
        query = {
            "backend": device(name).api_name,
            "type": "ionq.circuit.v1",
            "qubits": qubits,
            "shots": shots,
            "1q_gates": gates_1q,
            "2q_gates": gates_2q,
            "error_mitigation": str(debiasing).lower(),
        }
        found: dict[str, Any] = self._transport.get("/jobs/estimate", query)
        return found

    def rate(self, name: str) -> Rate:
        """The account's own price on a machine, for `Rates.with_rate`."""
        found = self.estimate(name, gates_1q=1, gates_2q=1, qubits=2, shots=1)
        return rate_from_estimate(found, device(name).name)

    def whoami(self) -> dict[str, Any]:
        """Whose key it is."""
        found: dict[str, Any] = self._transport.get("/whoami")
        return found

    # --- sessions -----------------------------------------------------------------------------

    def start_session(
        self,
        name: str,
        *,
        max_jobs: int | None = None,
        max_minutes: int | None = None,
        max_usd: float | None = None,
    ) -> IonQSession:
        """Reserve a machine; give the session's id to jobs as `JobOptions(session=...)`.

        The request is sent once. Where its answer is lost, `sessions(active=True)` shows whether
        the session exists.
        """
        from json import dumps

        from q_store.runtime.ionq_client.transport import Lost

        limits: dict[str, Any] = {"job_count_limit": max_jobs, "duration_limit_min": max_minutes}
        if max_usd is not None:
            limits["cost_limit"] = {"unit": "usd", "value": max_usd}
        settings = {key: value for key, value in limits.items() if value is not None}
        body = {"backend": device(name).api_name, "settings": settings}
        try:
            return IonQSession(self._transport, self._transport.post("/sessions", dumps(body)))
        except Lost as lost:
            raise error(
                "QS745",
                f"the answer to starting a session was lost ({lost})",
                help="see sessions(active=True)",
            ) from None

    def sessions(self, *, active: bool | None = None) -> list[IonQSession]:
        """Sessions of the account."""
        query = None if active is None else {"active": str(active).lower()}
        found = self._transport.get("/sessions", query)
        listed = found.get("sessions", []) if isinstance(found, Mapping) else found
        return [IonQSession(self._transport, info) for info in listed]

    # --- the end ------------------------------------------------------------------------------

    def close(self) -> None:
        """Finish submissions that have begun, drop those that wait, close all connections."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._transport.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _again(url: str, patience: Patience, workers: int, queue: int) -> IonQClient:
    return IonQClient(url=url, patience=patience, workers=workers, queue=queue)


def _options(options: JobOptions | None, fields: Mapping[str, Any]) -> JobOptions:
    if options is None:
        return job_options(**fields)
    if fields:
        raise error("QS732", f"options are given, and {', '.join(fields)} beside them")
    return options


def _closed() -> Exception:
    return error("QS752", "the client is closed")


def layout_of(circuit: IonqCircuit) -> Layout:
    """Bits of all registers of a circuit, one after the other."""
    places = tuple([qubit for register in circuit.registers for qubit in register])
    return Layout(circuit.qubits, places, circuit.flipped)


def in_jobs(circuits: Sequence[IonqCircuit]) -> Iterator[list[IonqCircuit]]:
    """Circuits in as few jobs as the service's limits allow, in order."""
    part: list[IonqCircuit] = []
    gates = 0
    most = min(MAX_GATES, MAX_BODY // _BYTES_PER_GATE)
    for circuit in circuits:
        size = len(circuit.gates)
        alone = circuit.text or (part and part[-1].text)
        if part and (alone or len(part) >= MAX_CIRCUITS or gates + size > most):
            yield part
            part, gates = [], 0
        part.append(circuit)
        gates += size
    if part:
        yield part
