"""Measure the numbers of the cost model for every simulator of this machine."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.registry import gate
from q_store.qir.types import f64
from q_store.runtime.backend import load
from q_store.runtime.backends.automatic import candidates
from q_store.runtime.backends.table import backend_row
from q_store.runtime.cost_model import Cost, Work, key, work_of
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

GRID: Final = (
    (2, 1, 1), (4, 2, 16), (8, 2, 1), (8, 4, 32), (12, 2, 1), (12, 4, 16), (13, 6, 1), (14, 2, 1),
    (14, 2, 8), (14, 3, 64), (15, 4, 1), (16, 2, 1), (16, 4, 1), (16, 8, 1), (16, 2, 8),
    (16, 3, 32), (17, 2, 1), (17, 3, 4), (18, 2, 1), (18, 4, 1), (18, 8, 1), (18, 3, 16),
    (19, 3, 1), (20, 2, 1), (20, 4, 1), (20, 2, 4), (21, 3, 1), (22, 2, 1), (22, 4, 1), (23, 2, 1),
    (12, 4, 1, "crx"), (14, 2, 1, "crx"), (14, 6, 4, "crx"), (16, 4, 1, "crx"), (16, 2, 8, "crx"),
    (18, 4, 1, "crx"), (20, 2, 1, "crx"), (20, 4, 1, "crx"), (22, 2, 1, "crx"),
)  # fmt: skip
"""Qubits, layers, batch and entangler (`cx` where there is none) of the circuits that are timed."""
_MOST_SECONDS: Final = 3.0
_MOST_SHIFTED_SECONDS: Final = 0.3
"""Points that are expected to take longer are left out; those of shift rules need few large ones,
since the model knows the time of their circuits."""
_REPEAT_SECONDS: Final = 0.5
"""A point is timed again, three times at most, until it has taken that long."""
_REPEATS: Final = 3
_CACHES: Final = tuple(float(1 << bits) for bits in range(20, 26))
"""Bytes of caches that are tried, a MiB to 32: the largest states of the grid are beyond them."""
NUMBERS: Final = ("call", "sample", "gate", "amplitude", "beyond", "joint")
"""What is fitted, in the order of `Work.row`."""
_BEYOND: Final = NUMBERS.index("beyond")
_SEEN: Final = 0.1
"""Points whose states stay inside a cache by more than that say nothing about what is beyond."""

Point = tuple[Work, float]
Size = tuple[int, int, int] | tuple[int, int, int, str]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is measured together."""

    backend: str
    kind: str
    dtype: str


def calibrate(
    tell: Tell = lambda _: None,
    dtypes: Sequence[str] = ("float32", "float64"),
    grid: Sequence[Size] | None = None,
) -> dict[str, Cost]:
    """Costs of every backend that is here, by name; `tell` gets a line for each. A few minutes."""
    found = {}
    for setting in _settings(dtypes):
        points = list(_measured(setting, GRID if grid is None else grid))
        cost = fitted(points)
        found[key(setting.backend, setting.kind, setting.dtype)] = cost
        error = _typical_error(cost, points)
        tell(f"{setting.backend:16} {setting.kind:8} {setting.dtype:8} within {error:.0%}")
    return found


def _settings(dtypes: Sequence[str]) -> Iterator[Setting]:
    for dtype in dtypes:
        for backend in candidates(dtype):
            for kind in ("values", "gradient"):
                yield Setting(backend, kind, dtype)


def _measured(setting: Setting, grid: Sequence[Size]) -> Iterator[Point]:
    """Work and nanoseconds of every point, from small to large while they are quick enough."""
    adjoint = setting.kind == "values" or backend_row(setting.backend).capabilities.adjoint
    most, pace = _MOST_SECONDS if adjoint else _MOST_SHIFTED_SECONDS, 0.0
    for n_qubits, layers, batch, *entangler in grid:
        executable = circuit(n_qubits, layers, *entangler)
        work = work_of(executable, setting.backend, setting.kind, batch, setting.dtype)
        amplitudes = work.row(1.0)[3]
        if pace * amplitudes > most * 1e9:
            continue
        nanoseconds = _time(_call(setting, executable, batch))
        pace = nanoseconds / max(amplitudes, 1e6)
        yield work, nanoseconds


def circuit(n_qubits: int, layers: int, entangler: str = "cx") -> Executable:
    """Data, then layers of turns and a ring of entangling gates; Z on every qubit. An entangler
    with an angle has a weight of its own everywhere."""
    angles = len(gate(entangler).angle_names)
    builder = FuncBuilder("calibration", n_qubits)
    x = builder.param("x", f64(n_qubits), "input")
    w = builder.param("w", f64((2 + angles) * layers * n_qubits))
    weights = map(partial(Angle.of, w), itertools.count())
    for wire in range(n_qubits):
        builder.gate("ry", [wire], [Angle.of(x, wire)])
    for _ in range(layers):
        for wire in range(n_qubits):
            builder.gate("ry", [wire], [next(weights)])
            builder.gate("rz", [wire], [next(weights)])
        for wire in range(n_qubits):
            own = [next(weights) for _ in range(angles)]
            builder.gate(entangler, [wire, (wire + 1) % n_qubits], own)
    return lower(builder.finish([Expval(PauliSum.z(wire)) for wire in range(n_qubits)]))


def _call(setting: Setting, executable: Executable, batch: int) -> Callable[[], Any]:
    program = load(executable, setting.dtype, setting.backend)
    random = np.random.default_rng(0)
    inputs = random.uniform(-3, 3, (batch, executable.n_inputs)).astype(setting.dtype)
    weights = random.uniform(-3, 3, executable.n_weights).astype(setting.dtype)
    if setting.kind == "values":
        return lambda: program.expvals(inputs, weights)
    cotangent = np.ones((batch, executable.n_observables), setting.dtype)
    return lambda: program.value_and_vjp(inputs, weights, cotangent)


def _time(call: Callable[[], Any]) -> float:
    """Nanoseconds, the best of a few; the first call may compile."""
    call()
    times: list[int] = []
    while len(times) < _REPEATS and sum(times) < _REPEAT_SECONDS * 1e9:
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return float(min(times))


def fitted(points: Sequence[Point]) -> Cost:
    """The numbers, none negative, with the smallest relative errors."""
    return min((_fitted(points, cache) for cache in _CACHES), key=lambda found: found[0])[1]


def _fitted(points: Sequence[Point], cache: float) -> tuple[float, Cost]:
    """The squared relative errors, and the numbers, for one size of the cache.

    Least squares of (estimate / measured - 1); columns that come out negative are set to zero, one
    after the other.
    """
    rows = np.array([work.row(cache) for work, _ in points])
    times = np.array([nanoseconds for _, nanoseconds in points])
    scaled: NDArray[np.float64] = rows / times[:, None]
    seen = max(work.outside(cache) for work, _ in points)
    used = [column for column in range(rows.shape[1]) if rows[:, column].any()]
    if seen <= _SEEN:
        used.remove(_BEYOND)
    while True:
        numbers = np.zeros(rows.shape[1])
        solution = np.linalg.lstsq(scaled[:, used], np.ones(len(times)), rcond=None)[0]
        numbers[used] = solution
        if (solution >= 0).all() or len(used) == 1:
            numbers = np.maximum(numbers, 0.0)
            rounded = [float(f"{number:.4g}") for number in numbers.tolist()]
            cost = Cost(**dict(zip(NUMBERS, rounded, strict=True)), cache=cache)
            return float(np.square(scaled @ numbers - 1.0).sum()), cost
        used.pop(int(solution.argmin()))


def _typical_error(cost: Cost, points: Sequence[Point]) -> float:
    return float(np.median([abs(cost.nanoseconds(work) / t - 1) for work, t in points]))
