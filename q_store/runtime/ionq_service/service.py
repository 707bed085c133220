"""The service: one request in, one reply out."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from q_store.runtime.ionq_service import routes
from q_store.runtime.ionq_service.charges import Prices
from q_store.runtime.ionq_service.context import Context
from q_store.runtime.ionq_service.faults import FaultPlan, Faults
from q_store.runtime.ionq_service.guard import Guard
from q_store.runtime.ionq_service.messages import Dropped, Refused, Reply, Request
from q_store.runtime.ionq_service.store import MEMORY, Store
from q_store.runtime.ionq_service.worker import Worker
from q_store.targets.ionq.rates import Rates

_REFUSALS: Final = {
    "429": "too many requests",
    "500": "a generic server failure, made on purpose",
    "502": "bad gateway, made on purpose",
    "503": "service unavailable, made on purpose",
}


def kill_self() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """How a service behaves."""

    db: str | Path = MEMORY
    """The file of its state; by default nothing lasts."""
    queue: float = 0.0
    """Seconds that a job waits for a machine; the simulator does not let wait."""
    seed: int = 0
    """Of measurements. A job with a `noise.seed` uses that."""
    quota: float | None = None
    """US dollars that all jobs together may cost."""
    keep: int | None = None
    """Most jobs to keep: the oldest that have ended go. By default all stay."""
    rates: Rates | None = None
    """Prices; by default those of the package or of QSTORE_IONQ_RATES."""
    faults: FaultPlan = field(default_factory=FaultPlan)
    background: bool = True
    """Run jobs in a thread; otherwise `IonqService.worker.drain()` runs them."""


class IonqService:
    """A local IonQ. Use it in a `with`, or `close` it.

    `clock` gives seconds since 1970, `sleep` waits, `die` ends the process.
    Raises `QS761` for a file of state that cannot be used.
    """

    def __init__(
        self,
        options: ServiceOptions | None = None,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        die: Callable[[], None] = kill_self,
    ) -> None:
        self.options = options or ServiceOptions()
        self._sleep = sleep
        self.store = Store(self.options.db)
        self.faults = Faults(self.options.faults, die)
        self.worker = Worker(
            self.store,
            self.faults,
            clock,
            seed=self.options.seed,
            quota=self.options.quota,
            keep=self.options.keep,
        )
        prices = Prices(self.options.rates or Rates.load())
        self.context = Context(
            self.store, self.worker, self.faults, prices, clock, self.options.queue
        )
        if self.options.background:
            self.worker.start()

    def close(self) -> None:
        """Stop after the job at hand, and close the file."""
        self.worker.stop()
        self.store.close()

    def __enter__(self) -> IonqService:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def answer(self, request: Request) -> Reply:
        """The reply to a request, after the faults that happen to it. Raises `Dropped`."""
        fault = self.faults.of_request()
        if fault in _REFUSALS:
            after = self.faults.plan.retry_after if fault == "429" else None
            return Refused(int(fault), _REFUSALS[fault], retry_after=after).reply()
        if fault == "drop":
            raise Dropped
        reply = self._reply(request)
        if fault == "duplicate":
            reply = self._reply(request)
        elif fault == "lost":
            raise Dropped
        elif fault == "gone":
            return Refused(502, "bad gateway after the work was done, made on purpose").reply()
        elif fault == "slow":
            self._sleep(self.faults.plan.slow)
        return reply

    def _reply(self, request: Request) -> Reply:
        with Guard(f"{request.method} {request.path}") as guard:
            try:
                return routes.answer(self.context, request)
            except Refused as problem:
                return problem.reply()
        return Refused(500, guard.said).reply()
