"""A job of the service: its state, its results, its price."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.ionq_names import MEASURED, TAG
from q_store.runtime.ionq_client.problems import job_failure
from q_store.runtime.ionq_client.results import (
    IonQResult,
    Layout,
    decode,
    decode_shots,
    parse_layouts,
)

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.transport import Transport

FINAL: Final = frozenset({"completed", "failed", "canceled"})
_GROWTH: Final = 1.5
_OUTAGE: Final = frozenset({"QS744", "QS750"})
_PROBABILITIES: Final = (
    "ionq.result.probabilities.json.v1",
    "ionq.result.probabilities.json.v2",
    "ionq.result.histogram.json.v1",
    "ionq.result.histogram.json.v2",
)
_SHOTS: Final = ("ionq.result.shots.json.v1", "ionq.result.shots.json.v2")
_AGGREGATE: Final = "ionq.result.probabilities-aggregate.json.v1"
_NATIVE: Final = "ionq.native.v1"


class IonQJob:
    """One job, with one circuit or several. Methods ask the service; `info` is what it said last.

    Made by a client: `submit`, `job`, `jobs`, `find`.
    """

    def __init__(
        self,
        transport: Transport,
        info: Mapping[str, Any],
        layouts: Sequence[Layout] | None = None,
        shots: int | None = None,
    ) -> None:
        """`layouts` say where the bits of each circuit are; without them the note in the job's
        metadata does, else all qubits count in order."""
        self._transport = transport
        self.info: dict[str, Any] = dict(info)
        """The service's object as it was last seen."""
        self._layouts = tuple(layouts) if layouts is not None else None
        self._shots = shots
        self.id: str = str(info["id"])

    def __repr__(self) -> str:
        return f"IonQJob({self.id!r}, {self.info.get('status', 'unknown')!r})"

    @property
    def status(self) -> str:
        """`submitted`, `ready`, `started`, `completed`, `failed` or `canceled`, when last seen;
        `refresh` asks again. What version 0.3 calls `running` is `started`."""
        found = str(self.info.get("status", "submitted"))
        return "started" if found == "running" else found

    @property
    def done(self) -> bool:
        """Whether the job was in its last state when it was seen."""
        return self.status in FINAL

    @property
    def tag(self) -> str | None:
        """The word by which the job can be found again."""
        return (self.info.get("metadata") or {}).get(TAG)

    @property
    def shots(self) -> int | None:
        """How many were asked for; the service leaves it out for the ideal simulator."""
        return self._shots if self._shots is not None else self.info.get("shots")

    def refresh(self) -> IonQJob:
        """Ask the service for the job's state."""
        found = self._transport.get(f"/jobs/{self.id}")
        if not isinstance(found, Mapping) or not isinstance(found.get("status"), str):
            raise error("QS749", f"job {self.id}: the answer has no status")
        self.info = dict(found)
        return self

    def wait(self, timeout: float | None = None, poll: float = 0.5) -> IonQJob:
        """Wait until the job is completed. While the service cannot be reached, the job goes on
        without us, so that outages are waited for too (`Patience.outage`).

        Args:
            timeout: Seconds; `None` for as long as it takes.
            poll: The first pause in seconds; pauses grow by half up to 30 seconds.

        Raises:
            QStoreError: `QS746` where it failed, with the service's code and words, `QS742` where
                that was the quota, `QS747` where it was cancelled, `QS748` after the timeout,
                `QS744` and `QS750` after a long outage.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        pause = poll
        heard = time.monotonic()
        while True:
            try:
                if self.refresh().done:
                    break
                heard = time.monotonic()
            except QStoreError as problem:
                silent = time.monotonic() - heard
                if problem.code not in _OUTAGE or silent > self._transport.patience.outage:
                    raise
            left = deadline - time.monotonic()
            if left <= 0:
                raise error(
                    "QS748",
                    f"job {self.id} is still {self.status} after {timeout:g} s",
                    help="wait again, or cancel it",
                )
            time.sleep(min(pause, left))
            pause = min(pause * _GROWTH, self._transport.patience.longest_pause)
        self._check()
        return self

    def _check(self) -> None:
        if self.status == "failed":
            raise job_failure(self.info)
        if self.status == "canceled":
            raise error("QS747", f"job {self.id} was cancelled")

    # --- results ------------------------------------------------------------------------------

    def result(self, timeout: float | None = None, *, sharpen: bool | None = None) -> IonQResult:
        """What the circuit gave, when it is done; of several, the first. See `results`."""
        return self.results(timeout, sharpen=sharpen)[0]

    def results(
        self, timeout: float | None = None, *, sharpen: bool | None = None
    ) -> list[IonQResult]:
        """What each circuit gave, in order, when the job is done.

        `sharpen` takes the majority of debiased variants instead of their mean. Raises what `wait`
        raises, `QS751` where there are no results, `QS749` where they are not understood.
        """
        if not (self.done and self.status == "completed"):
            self.wait(timeout)
        if self.info.get("dry_run"):
            raise error("QS751", f"job {self.id} was a dry run, which has no results")
        children = self.info.get("child_job_ids") or []
        if children:
            return self._of_children([str(child) for child in children], sharpen)
        (layout,) = self._known_layouts([self._qubits(self.info)])
        return [self._result(self._probabilities(sharpen), layout, self._memory(layout))]

    def compiled(self) -> Any:
        """What the service's compiler made of the circuit, as it gives it; dry runs have it too.
        Raises `QS751` where it is not there."""
        self.wait()
        found = self._artifact((_NATIVE,))
        if found is None:
            raise error("QS751", f"job {self.id} has no compiled circuit")
        return found

    def _result(
        self, payload: object, layout: Layout, memory: tuple[str, ...] | None = None
    ) -> IonQResult:
        return IonQResult(decode(payload, layout), self.shots, memory)

    def _probabilities(self, sharpen: bool | None) -> object:
        if sharpen is None:
            found = self._artifact(self._preferred(_PROBABILITIES))
            if found is not None:
                return found
        query = None if sharpen is None else {"sharpen": str(sharpen).lower()}
        try:
            return self._transport.get(f"/jobs/{self.id}/results/probabilities", query)
        except QStoreError as problem:
            raise self._no_results(problem) from problem

    def _no_results(self, problem: QStoreError) -> QStoreError:
        if problem.code != "QS743":
            return problem
        return error("QS751", f"job {self.id} has no results: {problem.diagnostics[0].message}")

    def _memory(self, layout: Layout) -> tuple[str, ...] | None:
        found = self._artifact(self._preferred(_SHOTS))
        return None if found is None else decode_shots(found, layout)

    def _preferred(self, formats: Sequence[str]) -> Sequence[str]:
        """OpenQASM 3 has registers, which version 2 of the formats names."""
        if self.info.get("type") != "ionq.qasm3.v1":
            return formats
        return sorted(formats, key=lambda format: not format.endswith("v2"))

    def _artifact(self, formats: Sequence[str]) -> object | None:
        """The first of these formats that the job has; none in older answers, which have URLs."""
        listed = _descriptors(self.info.get("results"))
        listed += _descriptors(self.info.get("output"))
        for wanted in formats:
            for entry in listed:
                if entry["format"] == wanted:
                    found: object = self._transport.get(f"/jobs/{self.id}/artifacts/{entry['id']}")
                    return found
        return None

    def _of_children(self, children: list[str], sharpen: bool | None) -> list[IonQResult]:
        payload = self._artifact((_AGGREGATE,)) if sharpen is None else None
        if payload is None:
            query = None if sharpen is None else {"sharpen": str(sharpen).lower()}
            path = f"/jobs/{self.id}/results/probabilities/aggregated"
            try:
                payload = self._transport.get(path, query)
            except QStoreError as problem:
                raise self._no_results(problem) from problem
        if not isinstance(payload, Mapping) or any(child not in payload for child in children):
            raise error("QS749", f"job {self.id}: results of some circuits are missing")
        sizes: list[int] = []
        if self._layouts is None:
            sizes = [self._child_qubits(child) for child in children]
        layouts = self._known_layouts(sizes or [0] * len(children))
        return [
            self._result(payload[child], layout)
            for child, layout in zip(children, layouts, strict=True)
        ]

    def _child_qubits(self, child: str) -> int:
        return self._qubits(self._transport.get(f"/jobs/{child}"))

    def _known_layouts(self, qubits: Sequence[int]) -> Sequence[Layout]:
        if self._layouts is None:
            return parse_layouts((self.info.get("metadata") or {}).get(MEASURED), qubits)
        if len(self._layouts) != len(qubits):
            raise error(
                "QS749",
                f"job {self.id} has results of {len(qubits)} circuits, {len(self._layouts)} "
                "were sent",
            )
        return self._layouts

    def _qubits(self, info: Mapping[str, Any]) -> int:
        """How many qubits a job measures."""
        stats = info.get("stats")
        for place in (stats if isinstance(stats, Mapping) else {}, info):
            found = place.get("qubits")
            if isinstance(found, int) and not isinstance(found, bool) and found > 0:
                return found
        if self._layouts:
            return self._layouts[0].qubits
        raise error("QS749", f"job {self.id}: the answer has no number of qubits")

    # --- the rest -----------------------------------------------------------------------------

    def cost(self) -> dict[str, Any]:
        """What the service says the job costs: `estimated_cost` and `cost`, each with `value` and
        `unit`; the second appears when it is done."""
        found: dict[str, Any] = self._transport.get(f"/jobs/{self.id}/cost")
        return found

    def cancel(self) -> IonQJob:
        """Cancel the job. One that is done is left alone: the service would call it cancelled."""
        if not self.refresh().done:
            self._transport.put(f"/jobs/{self.id}/status/cancel")
            self.refresh()
        return self

    def delete(self) -> None:
        """Delete the job and its data from the service."""
        self._transport.delete(f"/jobs/{self.id}")


def _descriptors(value: object) -> list[Mapping[str, Any]]:
    """Descriptors of artifacts, `{id, format, media_type}`, at any depth."""
    if isinstance(value, Mapping):
        if isinstance(value.get("format"), str) and isinstance(value.get("id"), str):
            return [value]
        return [found for part in value.values() for found in _descriptors(part)]
    if isinstance(value, list):
        return [found for part in value for found in _descriptors(part)]
    return []
