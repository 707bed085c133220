"""What a layer has run: circuits, time, gradient variance, cost.

A `MeteredFunction` is a `CircuitFunction` that notes every call in the `Usage` of its layer, so the
frameworks' operations need not know about it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.func import Func
from q_store.runtime.function import CircuitFunction, WordMeasurements, differentiate
from q_store.runtime.program import Complex, Program, Real
from q_store.targets.executable import Executable

_ALL_GRADIENTS: Final = 32
_EVERY: Final = 8
"""The variance is taken of the first gradients of a period and then of every eighth: a mean does
not need them all, and on a small circuit looking at one costs as much as computing it."""


class Usage:
    """Counters of one layer; safe to write from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total_circuits = 0
        """Circuits since the layer was made; `reset` leaves it."""
        self.reset()

    def reset(self) -> None:
        """Start a new period, an epoch for instance."""
        with self._lock:
            self.circuits = 0
            self.calls = 0
            self.seconds = 0.0
            self.backwards = 0
            self.gradients = 0
            self.variance_sum = 0.0
            self.cost = 0.0

    def forward(self, circuits: int, seconds: float, calls: int = 1) -> None:
        """Note a batch of circuits, one forward call unless it is part of a gradient."""
        with self._lock:
            self.calls += calls
            self.circuits += circuits
            self.total_circuits += circuits
            self.seconds += seconds

    def backward(self, seconds: float, gradient: Real) -> None:
        """Note one gradient of weights and the time it took."""
        with self._lock:
            self.seconds += seconds
            self.backwards += 1
            if self.backwards > _ALL_GRADIENTS and self.backwards % _EVERY:
                return
        variance = _variance(gradient)
        if variance is not None:
            with self._lock:
                self.gradients += 1
                self.variance_sum += variance

    def charge(self, usd: float) -> None:
        """Note what a backend charged, in US dollars."""
        if usd:
            with self._lock:
                self.cost += usd

    def summary(self, backend: str) -> dict[str, float]:
        """The scalars of this period, by name.

        `circuit_ms`: milliseconds inside circuits per forward call, gradients included.
        `circuits_per_second`: samples through the circuit per second of that time.
        `gradient_variance`: variance of the entries of the weight gradient, mean over the gradients
        looked at.
        `cost_usd`: what the backend charged; 0 for simulation on this machine.
        `backend_<name>`: 1 for the backend that ran.
        """
        with self._lock:
            return {
                "circuit_ms": 1e3 * self.seconds / self.calls if self.calls else 0.0,
                "circuits_per_second": self.circuits / self.seconds if self.seconds else 0.0,
                "gradient_variance": self.variance_sum / self.gradients if self.gradients else 0.0,
                "cost_usd": self.cost,
                f"backend_{backend}": 1.0,
            }


def summary_names(backend: str) -> tuple[str, ...]:
    """The keys of `Usage.summary`."""
    return tuple(Usage().summary(backend))


class MeteredFunction:
    """A circuit function that notes its calls. It has the function's interface."""

    def __init__(self, function: CircuitFunction, usage: Usage, calls: int = 1) -> None:
        self.function = function
        self.calls = calls
        """What one call counts for; 0 within gradients, whose time is part of another call."""
        self.usage = usage
        self.func: Func = function.func
        self.dtype = function.dtype
        self.backend = function.backend
        self.gradient = function.gradient
        self.width = function.width
        self.text = function.text
        self.executable: Executable = function.executable
        self.program: Program = function.program
        self._charged = charged_of(function.program)

    @property
    def state_shape(self) -> tuple[int, ...]:
        return self.function.state_shape

    @property
    def words(self) -> WordMeasurements:
        return self.function.words

    def beside(self, function: CircuitFunction) -> MeteredFunction:
        """Another function whose calls count as this one's."""
        return MeteredFunction(function, self.usage, self.calls)

    @cached_property
    def within_gradients(self) -> MeteredFunction:
        """See `CircuitFunction.within_gradients`."""
        return MeteredFunction(self.function, self.usage, 0)

    def forward(self, inputs: Real, weights: Real, keep_state: bool) -> tuple[Real, Any]:
        """See `CircuitFunction.forward`."""
        start = perf_counter()
        found = self.function.forward(inputs, weights, keep_state)
        self.usage.forward(inputs.shape[0], perf_counter() - start, self.calls)
        self._charge()
        return found

    def word_expvals(self, inputs: Real, weights: Real) -> Real:
        """See `CircuitFunction.word_expvals`."""
        with self._noted(inputs):
            return self.function.word_expvals(inputs, weights)

    def word_means(
        self, inputs: Real, weights: Real, shots: int, random: np.random.Generator
    ) -> Real:
        """See `CircuitFunction.word_means`."""
        with self._noted(inputs):
            return self.function.word_means(inputs, weights, shots, random)

    def samples(self, inputs: Real, weights: Real, shots: int, seed: int) -> NDArray[np.uint8]:
        """See `CircuitFunction.samples`."""
        with self._noted(inputs):
            return self.function.samples(inputs, weights, shots, seed)

    def state(self, inputs: Real, weights: Real) -> Complex:
        """See `CircuitFunction.state`."""
        with self._noted(inputs):
            return self.function.state(inputs, weights)

    @contextmanager
    def _noted(self, inputs: Real) -> Iterator[None]:
        start = perf_counter()
        yield
        self.usage.forward(inputs.shape[0], perf_counter() - start, self.calls)
        self._charge()

    def _charge(self) -> None:
        """Note what the function's programs were charged; those that are free do not say."""
        if self._charged is None:
            return
        self.usage.charge(self._charged())
        if "words" in self.function.__dict__:
            self.usage.charge(charged_of(self.function.words.program)())

    def backward(
        self,
        saved: Any,
        inputs: Real,
        weights: Real,
        cotangent: Real,
        wanted: Sequence[bool] = (True, True),
    ) -> tuple[Real, Real]:
        """See `CircuitFunction.backward`."""
        if not self.gradient.swept:
            return differentiate(self, inputs, weights, cotangent, wanted)
        start = perf_counter()
        found = self.function.sweep(saved, inputs, weights, cotangent)
        self.usage.backward(perf_counter() - start, found[1])
        self._charge()
        return found

    def sweep(self, saved: Any, inputs: Real, weights: Real, cotangent: Real) -> tuple[Real, Real]:
        """See `CircuitFunction.sweep`; part of another gradient, so only its price is noted."""
        found = self.function.sweep(saved, inputs, weights, cotangent)
        self._charge()
        return found


def charged_of(program: Any) -> Any:
    """What gives the US dollars that a program was charged since the last call; `None` where it is
    free."""
    return getattr(getattr(program, "program", program), "charged", None)


@lru_cache(maxsize=16)
def _ones(n: int, dtype: np.dtype[Any]) -> Real:
    return np.ones(n, dtype)


def _variance(gradient: Real) -> float | None:
    """Variance of the entries. On the short vectors of a layer dot products cost a fraction of
    what `numpy.var` or even `numpy.sum` do."""
    n = gradient.size
    if n == 0:
        return None
    flat = gradient.reshape(-1)
    mean = float(np.dot(flat, _ones(n, flat.dtype))) / n
    return max(float(np.dot(flat, flat)) / n - mean * mean, 0.0)
