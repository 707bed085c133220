"""What the routes of a service work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from q_store.runtime.ionq_service.charges import Prices
from q_store.runtime.ionq_service.faults import Faults
from q_store.runtime.ionq_service.store import Store
from q_store.runtime.ionq_service.worker import Worker


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one service."""

    store: Store
    worker: Worker
    faults: Faults
    prices: Prices
    clock: Callable[[], float]
    queue: float
    """Seconds that a job waits for a machine."""

    @property
    def queue_ms(self) -> int:
        """The same in milliseconds."""
        return round(1e3 * self.queue)
