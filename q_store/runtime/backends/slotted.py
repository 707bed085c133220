"""What adapters of simulators share: a `Program` made of a few calls on slots.

A subclass runs a tape for rows of slot values, (B, slots) float64 in radians, and gives states;
whatever it can do better (expectation values, vector-Jacobian products) it overrides. Parameters,
the chain rule, global phase, sampling, checks of shapes and samples that are not finite are here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.runtime.backends.paulis import Observables, marginal
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.tape import GateSet, Tape
from q_store.runtime.batched.arguments import (
    Arguments,
    bind_arguments,
    check_qubits,
    check_shape,
    split_gradients,
)
from q_store.runtime.batched.classical import Classical
from q_store.runtime.batched.layout import require_memory
from q_store.runtime.gradients.plan import ShiftPlan, gradient_plan
from q_store.runtime.program import Recomputing, Sampled
from q_store.targets.executable import Executable

Array = NDArray[Any]
Evaluate = Callable[[Array], Array]

_CHUNK_NUMBERS: Final = 1 << 22
"""Slot values or amplitudes to hold at once."""


@dataclass(slots=True)
class Bound:
    """Arguments of one call with their slots (B, slots); `bad` marks samples that are not finite,
    whose slots are zero."""

    args: Arguments
    slots: Array
    phase: Array
    bad: Array

    @property
    def batch(self) -> int:
        return self.args.batch


@dataclass(slots=True)
class _Gradients:
    """What `split_gradients` reads."""

    d_inputs: Array
    d_weights: Array


class SlottedProgram(Recomputing, Sampled):
    """A circuit on a simulator. See `Program` for the methods."""

    gates: GateSet

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        self.executable = executable
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.placement = placement
        self.n = executable.n_qubits
        self.classical = Classical(executable.classical, executable.n_inputs + executable.n_weights)
        self.tape = Tape(executable, self.gates)
        self.observables = Observables(executable)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.executable, self.dtype, self.placement)

    # --- what a simulator does ----------------------------------------------------------------

    @abstractmethod
    def run_states(self, slots: Array) -> Array:
        """States (B, 2**n) complex, qubit 0 most significant, without the global phase."""

    def run_expvals(self, slots: Array) -> Array:
        """Expectation values (B, E)."""
        return self._in_parts(lambda part: self.observables.of_states(self.run_states(part)), slots)

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """Probabilities (B, 2**k)."""

        def evaluate(part: Array) -> Array:
            states = self.run_states(part)
            return marginal(states.real**2 + states.imag**2, qubits, self.n)

        return self._in_parts(evaluate, slots)

    def run_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """Expectation values, and gradients (B, slots) of sum(cotangent * values)."""
        return self.shifted(self.run_expvals, slots, cotangent)

    def run_probs_vjp(
        self, slots: Array, cotangent: Array, qubits: tuple[int, ...]
    ) -> tuple[Array, Array]:
        """Probabilities and gradients (B, slots) of sum(cotangent * probabilities)."""
        return self.shifted(lambda part: self.run_probs(part, qubits), slots, cotangent)

    def run_state_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """States without their phase, and gradients (B, slots) of Re(sum(conj(cotangent) state)).

        The derivative of exp(-i t/2 P) is half of it at t + pi.
        """
        states = self.run_states(slots)
        found = np.zeros(slots.shape)
        for row in range(len(slots)):
            for some in self._some_slots():
                variants = np.tile(slots[row], (len(some), 1))
                variants[np.arange(len(some)), some] += np.pi
                moved = self.run_states(variants)
                found[row, some] = 0.5 * (moved @ cotangent[row].conj()).real
        return states, found

    # --- shift rule ---------------------------------------------------------------------------

    def shifted(self, evaluate: Evaluate, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """Values, and gradients by the two-term rule f' = (f(t + pi/2) - f(t - pi/2)) / 2, the
        circuits of all samples in one batch (in parts that fit)."""
        values = evaluate(slots)
        return values, self._shifts.vjp(evaluate, slots, cotangent)

    @cached_property
    def _shifts(self) -> ShiftPlan:
        return gradient_plan(((1.0,),) * self.tape.n_slots)

    def _some_slots(self) -> Iterator[Array]:
        """All slots, in parts for which a batch of shifted circuits fits."""
        total = self.tape.n_slots
        size = max(1, _CHUNK_NUMBERS // max(1, 2 * total))
        for start in range(0, total, size):
            yield np.arange(start, min(start + size, total))

    def _in_parts(self, evaluate: Evaluate, slots: Array) -> Array:
        """`evaluate` on parts of the batch whose states fit into memory."""
        size = max(1, _CHUNK_NUMBERS >> self.n)
        if len(slots) <= size:
            return evaluate(slots)
        return np.concatenate(
            [evaluate(slots[start : start + size]) for start in range(0, len(slots), size)]
        )

    # --- the protocol -------------------------------------------------------------------------

    def expvals(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """Expectation values (B, E)."""
        bound = self.bind(inputs, weights)
        return self._values(bound, self.run_expvals(bound.slots) if bound.batch else None)

    def value_and_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Expectation values and gradients of sum(cotangent * values)."""
        bound = self.bind(inputs, weights)
        wanted = self._cotangent(cotangent, (bound.batch, self.executable.n_observables))
        values, gradient = None, np.zeros(bound.slots.shape)
        if bound.batch:
            values, gradient = self.run_vjp(bound.slots, wanted)
        return self._values(bound, values), *self._chained(bound, gradient)

    def probs(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, qubits: Any = None
    ) -> Array:
        """Probabilities (B, 2**k) of `qubits` (default all), the first most significant."""
        bound = self.bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        values = self.run_probs(bound.slots, chosen) if bound.batch else None
        return self._values(bound, values, 1 << len(chosen))

    def probs_vjp(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
        qubits: Any = None,
    ) -> tuple[Array, Array, Array]:
        """Probabilities and gradients of sum(cotangent * probs)."""
        bound = self.bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        wanted = self._cotangent(cotangent, (bound.batch, 1 << len(chosen)))
        values, gradient = None, np.zeros(bound.slots.shape)
        if bound.batch:
            values, gradient = self.run_probs_vjp(bound.slots, wanted, chosen)
        return self._values(bound, values, 1 << len(chosen)), *self._chained(bound, gradient)

    def _chances(self, part: Arguments, qubits: tuple[int, ...]) -> Array:
        bound = self._bound(part)
        return self._values(bound, self.run_probs(bound.slots, qubits), 1 << len(qubits))

    def state(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """State vectors (B, 2**n), qubit 0 most significant, global phase included."""
        bound = self.bind(inputs, weights)
        self._require_states(bound.batch)
        if not bound.batch:
            return np.zeros((0, 1 << self.n), self.complex_dtype)
        return self._phased(bound, self.run_states(bound.slots))

    def state_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """States and gradients of Re(sum(conj(cotangent) * state))."""
        bound = self.bind(inputs, weights)
        self._require_states(bound.batch)
        wanted = np.ascontiguousarray(cotangent, np.complex128)
        check_shape("cotangent", wanted.shape, (bound.batch, 1 << self.n))
        if not bound.batch:
            empty = np.zeros((0, 1 << self.n), self.complex_dtype)
            return empty, *self._chained(bound, np.zeros(bound.slots.shape))
        turned = wanted * np.exp(-1j * bound.phase)[:, None]
        states, gradient = self.run_state_vjp(bound.slots, turned)
        values = self._phased(bound, states)
        d_phase = np.einsum("bi,bi->b", wanted.conj(), 1j * values).real
        return values, *self._chained(bound, gradient, d_phase[:, None])

    # --- arguments and results ----------------------------------------------------------------

    def bind(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Bound:
        """Check the arguments and evaluate the slots."""
        return self._bound(self._bind(inputs, weights))

    def _bind(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Arguments:
        number = np.dtype(np.float64)
        return bind_arguments(self.executable, self.classical, number, inputs, weights)

    def _bound(self, args: Arguments) -> Bound:
        w = np.broadcast_to(args.weights, (args.batch, args.weights.shape[1]))
        params = np.concatenate([args.inputs, w], axis=1)
        slots, phase = self.tape.slots(params), self.tape.phase(params)[:, 0]
        bad = ~np.isfinite(params).all(axis=1)
        if bad.any():
            slots[bad] = 0.0
        return Bound(args, slots, phase, bad)

    def _values(self, bound: Bound, values: Array | None, width: int | None = None) -> Array:
        """Results in the program's dtype; NaN for samples that are not finite."""
        if values is None:
            width = self.executable.n_observables if width is None else width
            return np.zeros((0, width), self.dtype)
        found = np.asarray(values, self.dtype)
        if bound.bad.any():
            found[bound.bad] = np.nan
        return found

    def _phased(self, bound: Bound, states: Array) -> Array:
        with np.errstate(invalid="ignore"):
            factor = np.exp(1j * bound.phase)[:, None].astype(self.complex_dtype)
        found: Array = np.asarray(states, self.complex_dtype) * factor
        if bound.bad.any():
            found[bound.bad] = np.nan
        return found

    def _chained(
        self, bound: Bound, gradient: Array, d_phase: Array | None = None
    ) -> tuple[Array, Array]:
        """Gradients of inputs and weights from those of the slots."""
        if bound.bad.any():
            gradient[bound.bad] = np.nan
        whole = self.tape.slots.transposed(gradient)
        if d_phase is not None:
            whole += self.tape.phase.transposed(d_phase)
        split = bound.args.inputs.shape[1]
        d_weights = whole[:, split:]
        if not bound.args.per_sample:
            d_weights = d_weights.sum(axis=0, keepdims=True)
        buffers: Any = _Gradients(whole[:, :split], d_weights)
        d_inputs, d_given = split_gradients(self.executable, self.classical, bound.args, buffers)
        return d_inputs.astype(self.dtype), d_given.astype(self.dtype)

    def _cotangent(self, cotangent: ArrayLike, shape: tuple[int, ...]) -> Array:
        wanted = np.ascontiguousarray(cotangent, np.float64)
        check_shape("cotangent", wanted.shape, shape)
        return wanted

    def _require_states(self, batch: int) -> None:
        require_memory((batch << self.n) * self.complex_dtype.itemsize, "the states")
