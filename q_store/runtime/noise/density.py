"""The density matrix of a noisy circuit behind the `Program` protocol, exactly, with gradients.

Gradients are those of the density matrix: the adjoint of every channel is the transpose of its
matrix on Pauli vectors.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.batched.arguments import (
    Arguments,
    bind_arguments,
    check_dtype,
    check_qubits,
    check_shape,
    split_gradients,
)
from q_store.runtime.batched.classical import Classical
from q_store.runtime.batched.layout import require_memory
from q_store.runtime.batched.pool import thread_limit
from q_store.runtime.noise.binding import Binder, from_groups, to_groups
from q_store.runtime.noise.blocks import Tape
from q_store.runtime.noise.native import Machine, width_for
from q_store.runtime.noise.pauli_factors import density_tape
from q_store.runtime.noise.readings import ExpvalReading, MatrixReading, ProbsReading, Reading
from q_store.runtime.noise.sweeping import reverse_sweep, segment_length, spread
from q_store.runtime.program import Recomputing, Sampled
from q_store.targets.executable import Executable

Array = NDArray[Any]

MOST_DIGITS: Final = 26
"""Largest state, in bits: 13 qubits, or fewer with measured bits."""


class DensityProgram(Recomputing, Sampled):
    """An executable on density matrices, for one dtype, float32 or float64.

    It takes and gives what `Program` says; `state` gives density matrices (B, 2**n, 2**n).
    """

    def __init__(
        self, executable: Executable, dtype: DTypeLike = np.float32, threads: int | None = None
    ) -> None:
        self.executable = executable
        self.dtype = check_dtype(dtype)
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.threads = thread_limit(threads)
        self.classical = Classical(executable.classical, executable.n_inputs + executable.n_weights)
        if 2 * executable.n_qubits > MOST_DIGITS:
            raise _too_many(executable.n_qubits)

    def __reduce__(self) -> tuple[Any, ...]:
        return DensityProgram, (self.executable, self.dtype, self.threads)

    @cached_property
    def tape(self) -> Tape:
        """The circuit for the kernel."""
        # Beside the state itself, a table of where its entries are.
        require_memory(24 * 4**self._n, f"a density matrix of {self._n} qubits")
        tape = density_tape(self.executable)
        if len(tape.order) > 1 << MOST_DIGITS:
            raise _too_many(self.executable.n_qubits)
        return tape

    @cached_property
    def _binder(self) -> Binder:
        exe = self.executable
        return Binder(self.tape.values, exe.n_inputs + exe.n_derived + exe.n_weights)

    @cached_property
    def _zero_words(self) -> NDArray[np.int64]:
        """Where the Pauli vector of |0…0> is 1: the words of I and Z."""
        return ProbsReading(self._n, range(self._n), self.tape.order).places

    @property
    def _n(self) -> int:
        return self.executable.n_qubits

    def _bind(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Arguments:
        return bind_arguments(self.executable, self.classical, self.dtype, inputs, weights)

    # --- one call -----------------------------------------------------------------------------

    def _values(self, args: Arguments, reading: Reading) -> Array:
        """Outputs (B, width)."""
        return self._call(args, reading, None)[0]

    def _call(
        self, args: Arguments, reading: Reading, cotangent: Array | None
    ) -> tuple[Array, Array | None]:
        """Outputs (B, width) and with a cotangent the derivatives by entry value (values, B)."""
        tape, width = self.tape, width_for(self.dtype, self.tape.size, args.batch)
        if not args.batch:
            return np.empty((0, reading.width), self.dtype), np.zeros((len(tape.values.parts), 0))
        numbers = to_groups(self._binder.values(args), width, self.dtype)
        groups = len(numbers)
        outputs = np.empty((groups, reading.width, width), self.dtype)
        seeds = None if cotangent is None else to_groups(cotangent.T, width, self.dtype)
        slopes = None if seeds is None else np.zeros_like(numbers)
        segment = segment_length(tape, width, self.dtype) if slopes is not None else 0

        def task(begin: int, end: int) -> None:
            machine = Machine(tape, self.dtype, width)
            for group in range(begin, end):
                values = machine.copy(numbers[group])
                if seeds is None or slopes is None:
                    self._begin(machine.state)
                    machine.forward(values, 0, tape.length)
                    outputs[group] = reading.read(machine.state)
                else:
                    outputs[group], slopes[group] = reverse_sweep(
                        machine, values, self._begin, reading, seeds[group], segment
                    )

        spread(task, groups, self.threads, sum(tape.costs[: 1 if slopes is None else 2]))
        batch = args.batch
        values = from_groups(outputs, batch).T.astype(self.dtype)
        return values, None if slopes is None else from_groups(slopes, batch)

    def _begin(self, state: Array) -> None:
        """The Pauli vector of |0…0>, all bits 0."""
        state[:] = 0
        state[self._zero_words] = 1

    def _vjp(
        self, args: Arguments, reading: Reading, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Outputs and gradients for a cotangent (B, width)."""
        wanted = np.asarray(cotangent, self.dtype)
        check_shape("cotangent", wanted.shape, (args.batch, reading.width))
        values, slopes = self._call(args, reading, wanted)
        assert slopes is not None
        gradients = self._binder.pull_back(args, slopes)
        return values, *split_gradients(self.executable, self.classical, args, gradients)

    # --- expectation values -------------------------------------------------------------------

    @cached_property
    def _expvals(self) -> ExpvalReading:
        return ExpvalReading(self.executable, self.tape.order)

    def expvals(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """See `Program.expvals`."""
        return self._values(self._bind(inputs, weights), self._expvals)

    def value_and_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """See `Program.value_and_vjp`."""
        return self._vjp(self._bind(inputs, weights), self._expvals, cotangent)

    # --- probabilities and samples ------------------------------------------------------------

    def _probs(self, qubits: Any) -> ProbsReading:
        return ProbsReading(self._n, check_qubits(self.executable, qubits), self.tape.order)

    def probs(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, qubits: Any = None
    ) -> Array:
        """See `Program.probs`."""
        return self._values(self._bind(inputs, weights), self._probs(qubits))

    def probs_vjp(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
        qubits: Any = None,
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""
        return self._vjp(self._bind(inputs, weights), self._probs(qubits), cotangent)

    def _chances(self, part: Arguments, qubits: tuple[int, ...]) -> Array:
        return np.maximum(self._values(part, self._probs(qubits)), 0)

    # --- density matrices ---------------------------------------------------------------------

    def state(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """Density matrices (B, 2**n, 2**n), qubit 0 most significant."""
        found = self._values(self._bind(inputs, weights), MatrixReading(self._n, self.tape.order))
        return self._as_matrices(found)

    def state_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Density matrices and the gradients of Re(sum(conj(cotangent) * matrices))."""
        args = self._bind(inputs, weights)
        wanted = np.ascontiguousarray(cotangent, self.complex_dtype)
        check_shape("cotangent", wanted.shape, (args.batch, 1 << self._n, 1 << self._n))
        flat = wanted.reshape(args.batch, 4**self._n).view(self.dtype)
        values, *gradients = self._vjp(args, MatrixReading(self._n, self.tape.order), flat)
        return self._as_matrices(values), gradients[0], gradients[1]

    def _as_matrices(self, numbers: Array) -> Array:
        shape = (len(numbers), 1 << self._n, 1 << self._n)
        return np.ascontiguousarray(numbers).view(self.complex_dtype).reshape(shape)


def _too_many(n_qubits: int) -> Exception:
    return error(
        "QS543",
        f"a density matrix of {n_qubits} qubits is too large",
        help="give a number of trajectories instead: SimulatorConfig(trajectories=1000)",
    )
