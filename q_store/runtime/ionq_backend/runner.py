"""Circuits to results: one job for all circuits of a call, within the limits."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from q_store.qir.diagnostics import counted, error
from q_store.runtime.ionq_backend.options import MachineOptions, options_of
from q_store.runtime.ionq_client.client import IonQClient
from q_store.runtime.ionq_client.job import IonQJob
from q_store.runtime.ionq_client.results import IonQResult
from q_store.targets.ionq.devices import IonqDevice, device
from q_store.targets.ionq.json.circuits import IonqCircuit
from q_store.targets.ionq.json.job import JobOptions
from q_store.targets.ionq.rates import Rates

_TWO: Final = frozenset({"ms", "zz", "xx", "yy", "swap"})


class Runner:
    """Sends circuits to one machine and adds up what that costs. `runner_of` gives the one of a
    backend, so that all its layers keep to one limit."""

    def __init__(self, options: MachineOptions) -> None:
        self.options = options
        self.device: IonqDevice = device(options.machine)
        self._lock = threading.Lock()
        self.spent = 0.0
        """US dollars charged so far, as the service says."""
        self.jobs: list[str] = []
        """Jobs sent so far."""

    @cached_property
    def client(self) -> IonQClient:
        """Who sends the jobs."""
        if self.options.client is not None:
            return self.options.client
        if self.options.local:
            from q_store.runtime.ionq_backend.local import local_client

            return local_client()
        return IonQClient()

    def run(
        self, circuits: Sequence[IonqCircuit], shots: int | None = None
    ) -> tuple[list[IonQResult], float]:
        """The result of each circuit, and what was charged in US dollars. One job carries all
        circuits, several where one may not.

        Raises `QS764` before anything is sent where a limit would be exceeded, and what the client
        raises.
        """
        if not circuits:
            return [], 0.0
        wanted = shots or self.options.shots
        self._check(circuits, wanted)
        jobs = self.client.submit_all(circuits, self._options(wanted))
        with self._lock:
            self.jobs += [job.id for job in jobs]
        found: list[IonQResult] = []
        for job in jobs:
            job.wait(self.options.timeout, self.options.poll)
            found += job.results()
        return found, self._paid(jobs)

    def _options(self, shots: int) -> JobOptions:
        own = self.options
        return JobOptions(
            target=own.machine,
            shots=shots,
            name=own.name,
            metadata=own.metadata,
            noise=own.noise,
            seed=own.seed,
            debiasing=None if self.device.model is None else own.debiasing,
            symmetry_verification=own.symmetry_verification,
            session=own.session,
        )

    # --- limits and prices --------------------------------------------------------------------

    def _check(self, circuits: Sequence[IonqCircuit], shots: int) -> None:
        most = self.options.max_circuits
        if most is not None and len(circuits) > most:
            raise error(
                "QS764",
                f"the call needs {counted(len(circuits), 'circuit')}, max_circuits is {most}",
                help="use a smaller batch, fewer parameters, or raise the limit",
            )
        limit = self.options.max_usd
        if limit is None or self.device.model is None:
            return
        price = self.estimate(circuits, shots)
        if self.spent + price > limit:
            raise error(
                "QS764",
                f"{counted(len(circuits), 'circuit')} at {shots} shots cost about ${price:.2f}; "
                f"with ${self.spent:.2f} spent that is more than max_usd ${limit:.2f}",
                help="use fewer shots, a smaller batch, or raise the limit",
            )

    def estimate(self, circuits: Sequence[IonqCircuit], shots: int) -> float:
        """What one job of these circuits costs by the built-in or the user's rates, in US dollars.

        Raises `QS424` where no price is known.
        """
        two = sum(gate["gate"] in _TWO for circuit in circuits for gate in circuit.gates)
        one = sum(len(circuit.gates) for circuit in circuits) - two
        known = self.device.characterization
        seconds = None
        if known is not None and known.time_1q is not None and known.time_2q is not None:
            seconds = one * known.time_1q + two * known.time_2q
        rate = Rates.load().rate(self.device.name)
        return rate.total(one, two, seconds, shots, bool(self.options.debiasing)) or 0.0

    def _paid(self, jobs: Sequence[IonQJob]) -> float:
        """What jobs were charged."""
        if self.device.model is None:
            return 0.0
        said = [job.cost().get("cost") or {} for job in jobs]
        usd = sum(float(cost.get("value") or 0.0) for cost in said)
        with self._lock:
            self.spent += usd
        return usd


_RUNNERS: dict[str, Runner] = {}
_LOCK: Final = threading.Lock()


def runner_of(backend: str) -> Runner:
    """The runner of a backend by its name; a new one when its options are new."""
    options = options_of(backend)
    with _LOCK:
        found = _RUNNERS.get(backend)
        if found is None or found.options is not options:
            found = _RUNNERS[backend] = Runner(options)
    return found
