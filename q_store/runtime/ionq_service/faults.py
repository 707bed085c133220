"""Faults on purpose: what a network and a service do to their clients, seeded.

Of a request, or of a job for `fail` and `cancel`, at most one happens:

* `429`, `500`, `502`, `503`: refused before anything is done; 429 says when to come back.
* `drop`: the connection closes before anything is done.
* `lost`: it is done, and then the connection closes without the answer.
* `gone`: it is done, and the answer is 502.
* `slow`: it is done, and the answer comes late.
* `duplicate`: it is done twice, as when a proxy sends it again; the second answer arrives.
* `fail`, `cancel`: the job ends as `failed` or is cancelled by the system.
* `die`: the process ends on the spot, before, during or after any write.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from q_store.qir.diagnostics import did_you_mean, error

REQUEST_FAULTS: Final = ("429", "500", "502", "503", "drop", "lost", "gone", "slow", "duplicate")
JOB_FAULTS: Final = ("fail", "cancel")
KINDS: Final = (*REQUEST_FAULTS, *JOB_FAULTS, "die")


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How often each kind happens, and how bad it is."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """Probability of each kind, in [0, 1]."""
    seed: int = 0
    retry_after: int = 1
    """Seconds that a 429 asks for."""
    slow: float = 1.0
    """Seconds that `slow` adds."""

    def __post_init__(self) -> None:
        for kind, rate in self.rates.items():
            if kind not in KINDS:
                raise error(
                    "QS760",
                    f"unknown fault {kind!r}",
                    help=did_you_mean(kind, KINDS) or f"the faults are {', '.join(KINDS)}",
                )
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                raise error("QS760", f"the rate of fault {kind!r} must be in [0, 1], got {rate!r}")

    @classmethod
    def parse(
        cls, texts: list[str], seed: int = 0, retry_after: int = 1, slow: float = 1.0
    ) -> FaultPlan:
        """The plan of texts such as `429=0.1`; a kind alone always happens."""
        rates = {}
        for text in texts:
            kind, equals, rate = text.partition("=")
            try:
                rates[kind.strip()] = float(rate) if equals else 1.0
            except ValueError:
                raise error("QS760", f"{text!r} is not KIND=RATE with a rate in [0, 1]") from None
        return cls(rates, seed, retry_after, slow)


class Faults:
    """Draws the faults of a plan, for any number of threads. `die` is what ends the process."""

    def __init__(self, plan: FaultPlan, die: Callable[[], None]) -> None:
        self._die = die
        self._lock = threading.Lock()
        self.follow(plan)

    def follow(self, plan: FaultPlan) -> None:
        """Go over to another plan, from its first draw on."""
        self.plan = plan
        self._random = random.Random(plan.seed)

    def of_request(self) -> str | None:
        """The fault of the next request."""
        return self._draw(REQUEST_FAULTS)

    def of_job(self) -> str | None:
        """The fault of the next job to run."""
        return self._draw(JOB_FAULTS)

    def here(self) -> None:
        """A place where the process may die."""
        if self._draw(("die",)):
            self._die()

    def _draw(self, kinds: tuple[str, ...]) -> str | None:
        rates = self.plan.rates
        if not any(rates.get(kind) for kind in kinds):
            return None
        with self._lock:
            draw = self._random.random()
        for kind in kinds:
            draw -= rates.get(kind, 0.0)
            if draw < 0:
                return kind
        return None
