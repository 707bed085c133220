"""How long a backend takes for a call: the one place that `auto` asks.

A call costs

    call + samples * (sample + gates * (gate + 2**n * (amplitude + beyond * lanes * outside))
                      + joint gates * 2**n * joint)

nanoseconds, where joint gates act on several wires by an angle, and `outside` is the share of a
state that does not stay in the processor's caches, x**2 / (1 + x**2) with x = bytes / cache. The
embedded engine counts lane groups instead of samples, several at once with several threads, and
instead of gates what its plan says of its sweeps; the others run a sample after the other, with one
lane. Gradients by shift rules are 2 * slots + 1 calls in one. The seven numbers of a backend, for
values and for gradients in each precision, stand in `cost_model.json`; `qstorec calibrate` measures
them on the machine at hand and keeps them in the cache folder.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from q_store.qir.cache_dir import cache_root
from q_store.runtime.backends.table import backend_row
from q_store.runtime.batched.layout import lane_width
from q_store.runtime.batched.opcodes import EXPVAL
from q_store.runtime.batched.plan import Plan
from q_store.runtime.batched.planning import get_plan
from q_store.runtime.batched.pool import thread_limit
from q_store.targets.executable import Executable

FILE: Final = "calibration.json"
_FORMAT: Final = 2
_BUILT_IN: Final = Path(__file__).with_name("cost_model.json")


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds of one kind of call."""

    call: float
    sample: float
    gate: float
    amplitude: float
    beyond: float = 0.0
    """More for each amplitude and lane where states have left the caches."""
    joint: float = 0.0
    """More for each amplitude of a joint gate."""
    cache: float = 1.0
    """Bytes of a state that is half outside."""

    def nanoseconds(self, work: Work) -> float:
        """The estimate for some work."""
        numbers = self.call, self.sample, self.gate, self.amplitude, self.beyond, self.joint
        return float(np.dot(work.row(self.cache), numbers))


@dataclass(frozen=True, slots=True)
class Work:
    """What a call does."""

    samples: float
    gates: float
    n_qubits: int
    lanes: int = 1
    """Samples that share the memory of a state, empty lanes included."""
    itemsize: int = 4
    """Bytes of a real number."""
    joint: int = 0
    """How many of the gates act on several wires by an angle."""
    threads: int = 1
    """How many threads share a state."""

    def outside(self, cache: float) -> float:
        """The share of a state that does not stay in a cache of so many bytes."""
        times = (math.ldexp(2.0, self.n_qubits) * self.itemsize * self.lanes / cache) ** 2
        return times / (1.0 + times)

    def row(self, cache: float) -> tuple[float, ...]:
        """The factors of the numbers of a cost, `cache` aside."""
        gates = self.samples * self.gates
        amplitudes = math.ldexp(gates / self.threads, self.n_qubits)
        beyond = amplitudes * self.lanes * self.outside(cache)
        joint = math.ldexp(self.samples * self.joint / self.threads, self.n_qubits)
        return 1.0, self.samples, gates, amplitudes, beyond, joint


Costs = Mapping[str, Cost]
"""By `backend kind dtype`, such as `batched values float32`."""


def work_of(executable: Executable, backend: str, kind: str, batch: int, dtype: str) -> Work:
    """What a call of a backend does; `kind` is `values` or `gradient`."""
    n_qubits, number = executable.n_qubits, np.dtype(dtype)
    if backend == "batched":
        plan = get_plan(executable, EXPVAL, per_sample=False, qubits=())
        lanes = lane_width(number, n_qubits, max(batch, 1), plan.real)
        turns = math.ceil(-(-batch // lanes) / thread_limit(None))
        return Work(turns, _sweeps(plan, kind, lanes), n_qubits, lanes, number.itemsize)
    able, samples = backend_row(backend).capabilities, batch
    if kind == "gradient" and not able.adjoint:
        samples *= 2 * int(np.count_nonzero(np.diff(executable.a_indptr))) + 1
    wires, slots = np.diff(executable.wire_ptr), np.diff(executable.slot_ptr)
    joint = int(np.count_nonzero((wires > 1) & (slots > 0)))
    shared = able.threads_from is not None and n_qubits >= able.threads_from
    threads = thread_limit(None) if shared else 1
    gates = len(executable.opcode)
    return Work(samples, gates, n_qubits, 1, number.itemsize, joint, threads)


def _sweeps(plan: Plan, kind: str, lanes: int) -> float:
    """The plan's own estimate of the embedded engine's work on an amplitude of a lane group."""
    lone = lanes == 1
    cost = plan.lone_forward_cost if lone else plan.forward_cost
    if kind == "gradient":
        cost += plan.lone_backward_cost if lone else plan.backward_cost
    return math.ldexp(cost, -plan.n_qubits)


def key(backend: str, kind: str, dtype: str) -> str:
    """The name of a cost."""
    return f"{backend} {kind} {dtype}"


def choose(
    executable: Executable,
    batch: int,
    kind: str,
    backends: Iterable[str],
    dtype: str = "float32",
    costs: Costs | None = None,
) -> str:
    """The backend that is expected to be fastest; the first of those without a cost otherwise."""
    known = costs if costs is not None else current()
    names = list(backends)
    found = {
        name: expected(known, name, kind, dtype, work_of(executable, name, kind, batch, dtype))
        for name in names
        if key(name, kind, dtype) in known
    }
    return min(found, key=found.__getitem__) if found else names[0]


def expected(costs: Costs, backend: str, kind: str, dtype: str, work: Work) -> float:
    """Nanoseconds of a call. A gradient takes no less than the values of as many circuits: shift
    rules are too slow to be measured where amplitudes count, so their own numbers cannot tell."""
    kinds = (kind,) if kind == "values" else (kind, "values")
    names = [key(backend, each, dtype) for each in kinds]
    return max(costs[name].nanoseconds(work) for name in names if name in costs)


# --- where the numbers are -------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What a calibration belongs to."""
    return {"processor": _processor(), "threads": thread_limit(None)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def calibration_file() -> Path:
    """Where `qstorec calibrate` writes."""
    return cache_root() / FILE


def current() -> Costs:
    """The costs of this machine, else those of the package. A file that is not whole, or of
    another machine, counts as none."""
    path = calibration_file()
    try:
        status = path.stat()
    except OSError:
        return built_in()
    return _read(path, status.st_mtime_ns) or built_in()


@cache
def built_in() -> Costs:
    """The costs that come with the package."""
    return _costs(json.loads(_BUILT_IN.read_text()))


@cache
def _read(path: Path, changed: int) -> Costs | None:
    try:
        found = json.loads(path.read_text())
        return _costs(found) if found["machine"] == machine() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _costs(document: Any) -> Costs:
    if document["format"] != _FORMAT:
        raise ValueError("another format")
    return {name: Cost(**numbers) for name, numbers in document["costs"].items()}


def write(costs: Costs, path: Path | None = None) -> Path:
    """Keep costs as those of this machine; the file is replaced as a whole."""
    target = calibration_file() if path is None else path
    document = {
        "format": _FORMAT,
        "machine": machine(),
        "costs": {name: asdict(cost) for name, cost in sorted(costs.items())},
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(document, indent=1) + "\n")
    temporary.replace(target)
    return target
