"""Where and how a circuit runs: a backend that is there, and its settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Placement:
    """A backend's name with the settings that differ from its defaults."""

    name: str
    device: str = "cpu"
    """`cpu`, `gpu`, `cuda:N` or `remote`."""
    precision: str | None = None
    """`float32` or `float64` to calculate in; `None` for that of the caller."""
    batch_size: int | None = None
    """Most samples to run together."""
    threads: int | None = None
    processes: int | None = None
    """Processes that share a batch."""
    fusion: int | None = None
    method: str | None = None
    noise: str | None = None
    """A noise model of Qiskit Aer as JSON."""
    trajectories: int | None = None
    """Random trajectories of a noisy circuit, for each sample."""
    seed: int | None = None
    """What trajectories are drawn from."""

    @property
    def text(self) -> str:
        """One line from which `parse` makes it again: the name alone when nothing is set."""
        base = Placement(self.name)
        own = {key: value for key, value in asdict(self).items() if value != getattr(base, key)}
        return f"{self.name} {json.dumps(own, sort_keys=True)}" if own else self.name

    @classmethod
    def parse(cls, text: str) -> Placement:
        """The placement of a `text`."""
        name, _, settings = text.partition(" ")
        given: dict[str, Any] = json.loads(settings) if settings else {}
        known = {field.name for field in fields(cls)}
        return cls(name, **{key: value for key, value in given.items() if key in known})

    def __str__(self) -> str:
        return self.text
