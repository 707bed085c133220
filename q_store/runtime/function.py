"""A circuit as a function of two arrays: what every framework layer calls.

`CircuitFunction` joins the real outputs of an executable (expectation values and probabilities)
into one row per sample and gives its vector-Jacobian product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.frontends.observing import with_observations
from q_store.passes.outside_gates import written_out
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.parser import parse_module
from q_store.runtime.backend import load, row_of
from q_store.runtime.backends.placement import Placement
from q_store.runtime.gradient_config import GradientConfig, GradientLike
from q_store.runtime.gradients.choice import resolved
from q_store.runtime.program import Complex, Program, Real
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

_KEEP_STATE_BYTES: Final = 256 * 2**20
"""Largest final state kept between a forward and its backward; beyond it the circuit runs again."""

_KEEP_STATE_QUBITS: Final = 6
"""Below this many qubits a second forward sweep costs less than handing states over."""


class CircuitFunction:
    """The real outputs of a circuit, (B, width), as a function of inputs (B, F) and weights.

    Weights are (P,), shared by the batch, or (B, P). `backend` is what `place` gave, or a name
    that `resolve_backend` gave; `gradient` is a method or a `GradientConfig`. Raises `QS642` when
    the backend cannot differentiate that way.
    """

    def __init__(
        self,
        func: Func,
        dtype: DTypeLike,
        backend: Placement | str,
        gradient: GradientLike = "auto",
    ) -> None:
        # Text that goes to other processes and rules for angles know the gate table only.
        self.func = func = written_out(func)
        self.backend = Placement(backend) if isinstance(backend, str) else backend
        self.gradient = GradientConfig.of(gradient)
        found = resolved(self.gradient, self.backend.name, None)
        if "remote" in row_of(self.backend).capabilities.devices:
            # Circuits on machines are dear, and shift rules leave out what nobody asks for.
            self.gradient = found
        self.executable: Executable = lower(func)
        self.program: Program = load(self.executable, dtype, self.backend)
        self.dtype = self.program.dtype
        outputs = self.executable.outputs
        self._probs = tuple(out.qubits for out in outputs if out.kind == "probs")
        self._n_expvals = sum(out.kind == "expval" for out in outputs)
        self.width = self._n_expvals + sum(2 ** len(qubits) for qubits in self._probs)
        header = (self.dtype.name, self.backend.text, self.gradient.text)
        self.text = "\n".join((*header, str(Module((func,)))))
        """Everything the function is: what traced programs carry to other processes."""

    @property
    def n_inputs(self) -> int:
        return self.executable.n_inputs

    @property
    def n_weights(self) -> int:
        return self.executable.n_weights

    def forward(self, inputs: Real, weights: Real, keep_state: bool) -> tuple[Real, Any]:
        """Values, and what `backward` can start from, when asked for and not too large."""
        if self._probs:
            return self._joined(inputs, weights), None
        return self.program.forward(
            inputs, weights, keep_state and self._worth_keeping(inputs.shape[0])
        )

    def backward(
        self,
        saved: Any,
        inputs: Real,
        weights: Real,
        cotangent: Real,
        wanted: Sequence[bool] = (True, True),
    ) -> tuple[Real, Real]:
        """Gradients of sum(cotangent * values) for inputs and weights, by the method `gradient`.

        What `forward` kept speeds up one call of the adjoint method. `wanted` says whether the
        gradients of inputs and of weights are needed; those that are not may be zero.
        """
        if not self.gradient.swept:
            return differentiate(self, inputs, weights, cotangent, wanted)
        return self.sweep(saved, inputs, weights, cotangent)

    def sweep(self, saved: Any, inputs: Real, weights: Real, cotangent: Real) -> tuple[Real, Real]:
        """The same in the backend's own way: the adjoint method where it has that."""
        if not self._probs:
            return self.program.backward(saved, inputs, weights, cotangent)
        d_inputs, d_weights = np.zeros_like(inputs), np.zeros_like(weights)
        for part, start, stop in self._parts():
            if part is None:
                found = self.program.backward(None, inputs, weights, cotangent[:, start:stop])
            else:
                wanted = cotangent[:, start:stop]
                found = self.program.probs_vjp(inputs, weights, wanted, part)[1:]
            d_inputs, d_weights = d_inputs + found[0], d_weights + found[1]
        return d_inputs, d_weights

    def _joined(self, inputs: Real, weights: Real) -> Real:
        values = np.empty((inputs.shape[0], self.width), self.dtype)
        for part, start, stop in self._parts():
            if part is None:
                values[:, start:stop] = self.program.expvals(inputs, weights)
            else:
                values[:, start:stop] = self.program.probs(inputs, weights, part)
        return values

    def _parts(self) -> list[tuple[tuple[int, ...] | None, int, int]]:
        """Column ranges: expectation values first, as `None`, then each probability vector."""
        parts: list[tuple[tuple[int, ...] | None, int, int]] = []
        start = self._n_expvals
        if start:
            parts.append((None, 0, start))
        for qubits in self._probs:
            parts.append((qubits, start, start + 2 ** len(qubits)))
            start += 2 ** len(qubits)
        return parts

    @property
    def state_shape(self) -> tuple[int, ...]:
        """(2**n,), or for a noisy circuit, whose state is a density matrix, (2**n, 2**n)."""
        size = 1 << self.executable.n_qubits
        return (size, size) if self.executable.effects else (size,)

    @cached_property
    def words(self) -> WordMeasurements:
        """Every Pauli word of the outputs as an experiment of its own."""
        return WordMeasurements(self)

    def word_expvals(self, inputs: Real, weights: Real) -> Real:
        """Expectation values (B, words) of the distinct Pauli words of the outputs."""
        return self.words.program.expvals(inputs, weights)

    def word_means(
        self, inputs: Real, weights: Real, shots: int, random: np.random.Generator
    ) -> Real:
        """Means (B, words) of that many measurements of each distinct Pauli word."""
        measure = getattr(self.words.program, "word_means", None)
        if measure is not None:
            found: Real = measure(inputs, weights, shots, int(random.integers(2**62)))
            return found
        exact = self.word_expvals(inputs, weights)
        ups = random.binomial(shots, np.clip((1 + exact) / 2, 0, 1))
        return np.asarray(2 * ups / shots - 1)

    def samples(self, inputs: Real, weights: Real, shots: int, seed: int) -> NDArray[np.uint8]:
        """Measured bits (B, shots, k) of the first `sample` output."""
        qubits = next(out.qubits for out in self.executable.outputs if out.kind == "sample")
        return self.program.samples(inputs, weights, qubits, shots, seed)

    def state(self, inputs: Real, weights: Real) -> Complex:
        """State vectors (B, 2**n), qubit 0 most significant, or density matrices; see
        `state_shape`."""
        return self.program.state(inputs, weights)

    @property
    def within_gradients(self) -> CircuitFunction:
        """The function to call as part of a gradient."""
        return self

    def beside(self, function: CircuitFunction) -> CircuitFunction:
        """The function to use where this one would be followed by `function`."""
        return function

    def _worth_keeping(self, batch: int) -> bool:
        """Whether holding the final states is cheaper than running the circuit again."""
        n = self.executable.n_qubits
        needed = 2 * self.dtype.itemsize * 2**n * batch
        return n >= _KEEP_STATE_QUBITS and needed <= _KEEP_STATE_BYTES

    def __reduce__(self) -> tuple[Any, ...]:
        return CircuitFunction, (self.func, self.dtype.str, self.backend, self.gradient)


class WordMeasurements:
    """The circuit observed one Pauli word at a time, as hardware measures it."""

    program: Program
    """Its expectation values are those of the distinct words, (B, words)."""
    coefficients: Real
    """(words, width): outputs are expectation values of words times this."""

    def __init__(self, function: CircuitFunction) -> None:
        observe = function.func.observe
        observed = observe.observations if observe else ()
        sums = [obs.paulis for obs in observed if isinstance(obs, Expval)]
        words = list(dict.fromkeys(word for paulis in sums for _, word in paulis.terms))
        self.coefficients = np.zeros((len(words), len(sums)), function.dtype)
        for column, paulis in enumerate(sums):
            for coef, word in paulis.terms:
                self.coefficients[words.index(word), column] += coef
        alone = [Expval(PauliSum(((1.0, word),))) for word in words]
        self.program = load(
            lower(with_observations(function.func, alone)), function.dtype, function.backend
        )


@lru_cache(maxsize=256)
def function_from_text(text: str) -> CircuitFunction:
    """The function that `CircuitFunction.text` describes, in any process. Raises what reading IR
    text raises."""
    dtype, backend, gradient, ir = text.split("\n", 3)
    placement, config = Placement.parse(backend), GradientConfig.parse(gradient)
    return CircuitFunction(parse_module(ir).main, dtype, placement, config)


def differentiate(
    function: Any, inputs: Real, weights: Real, cotangent: Real, wanted: Sequence[bool]
) -> tuple[Real, Real]:
    """Gradients by the method of a function, whose circuits are run by the function itself."""
    from q_store.runtime.gradients.estimate import Estimate

    seed = int(np.random.default_rng().integers(2**62))
    estimate = Estimate(function.gradient)
    return estimate.vjp(function, inputs, weights, cotangent, seed, (wanted[0], wanted[1]))
