"""A service in this process, without sockets and with a clock that the test holds."""

from __future__ import annotations

import json
from dataclasses import replace
from types import TracebackType
from typing import Any

from q_store.runtime.ionq_service.messages import Reply, Request
from q_store.runtime.ionq_service.service import IonqService, ServiceOptions

BELL = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]


def job(
    circuit: list[dict[str, Any]] = BELL,
    backend: str = "simulator",
    qubits: int | None = None,
    gateset: str = "qis",
    **more: Any,
) -> dict[str, Any]:
    """A body of v0.4."""
    content: dict[str, Any] = {"gateset": gateset, "circuit": circuit}
    if qubits is not None:
        content["qubits"] = qubits
    return {"type": "ionq.circuit.v1", "backend": backend, "input": content, **more}


def batch(circuits: list[list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    """A body of v0.4 with several circuits."""
    listed = [{"circuit": circuit} for circuit in circuits]
    content = {"gateset": "qis", "circuits": listed}
    kind = {"type": "ionq.multi-circuit.v1", "backend": "simulator", "input": content}
    return {**kind, **more}


class Local:
    """Asks a service; `now` is its clock. Nothing runs before `run`."""

    def __init__(self, die: Any = None, **options: Any) -> None:
        self.now = 1_700_000_000.0
        self.slept = 0.0
        self.options = replace(ServiceOptions(background=False), **options)
        more = {"die": die} if die else {}
        self.service = IonqService(self.options, clock=lambda: self.now, sleep=self._sleep, **more)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.service.close()

    def ask(
        self, method: str, path: str, body: Any = None, key: bool = True, **query: Any
    ) -> Reply:
        text = b"" if body is None else json.dumps(body).encode()
        values = {name: [str(value)] for name, value in query.items()}
        path = path if path.startswith("/v0") else f"/v0.4{path}"
        return self.service.answer(Request(method, path, values, text, key))

    def get(self, path: str, **query: Any) -> Any:
        reply = self.ask("GET", path, **query)
        assert reply.status == 200, reply.content
        return reply.content

    def submit(self, body: dict[str, Any]) -> str:
        reply = self.ask("POST", "/jobs", body)
        assert reply.status == 201, reply.content
        return str(reply.content["id"])

    def run(self) -> None:
        self.service.worker.drain()

    def done(self, body: dict[str, Any]) -> dict[str, Any]:
        """The job that a body becomes."""
        identifier = self.submit(body)
        self.run()
        found: dict[str, Any] = self.get(f"/jobs/{identifier}")
        return found

    def probabilities(self, body: dict[str, Any]) -> dict[str, float]:
        shown = self.done(body)
        assert shown["status"] == "completed", shown["failure"]
        found: dict[str, float] = self.get(f"/jobs/{shown['id']}/results/probabilities")
        return found
