"""The batched engine: values, samples and vector-Jacobian products of one executable.

    program = BatchedProgram(executable, dtype=np.float32)
    values, d_inputs, d_weights = program.value_and_vjp(inputs, weights, cotangent)

Inputs are (B, F), weights (P,) shared by the batch or (B, P) per sample; gradients come back in the
same shapes, those of shared weights summed over the batch. Any numeric dtype and memory order is
accepted and converted to the program's dtype; ``None`` stands for no inputs or no weights. A sample
whose parameters are not finite gives NaN in its own results only.

One call runs, for every lane group: bind, forward, observe, seed, backward, in one compiled
function (``program.py``). Gradients use adjoint differentiation (Jones and Gacon,
arXiv:2009.02823): one backward sweep whatever the number of outputs, three states in memory at
most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.batched import opcodes as oc
from q_store.runtime.batched.arguments import (
    Arguments,
    bind_arguments,
    check_dtype,
    check_qubits,
    check_shape,
    split_gradients,
)
from q_store.runtime.batched.classical import Classical
from q_store.runtime.batched.execution import Buffers, run
from q_store.runtime.batched.handover import Bytes, FinalStates
from q_store.runtime.batched.plan import Plan
from q_store.runtime.batched.planning import get_plan
from q_store.runtime.batched.pool import thread_limit
from q_store.runtime.program import Sampled
from q_store.targets.executable import Executable, Output

Array = NDArray[Any]


class BatchedProgram(Sampled):
    """An executable ready to run.

    ``dtype`` is float32 or float64; ``threads`` limits the threads of a call (default:
    ``QSTORE_NUM_THREADS`` or all cores). Results do not depend on the number of threads.
    """

    def __init__(
        self, executable: Executable, dtype: DTypeLike = np.float32, threads: int | None = None
    ) -> None:
        self.executable = executable
        self.dtype = check_dtype(dtype)
        if not 1 <= executable.n_qubits <= 48:
            raise error(
                "QS505", f"the batched engine runs 1 to 48 qubits, got {executable.n_qubits}"
            )
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.threads = thread_limit(threads)
        self.classical = Classical(executable.classical, executable.n_inputs + executable.n_weights)
        self._plans: dict[tuple[Any, ...], Plan] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return BatchedProgram, (self.executable, self.dtype, self.threads)

    @property
    def n_outputs(self) -> int:
        """How many expectation values :meth:`expvals` gives per sample."""
        return self.executable.n_observables

    @property
    def output_widths(self) -> tuple[int, ...]:
        """Per output of the executable: expectation values, probabilities, amplitudes or bits."""
        widths: dict[str, Callable[[Output], int]] = {
            "expval": lambda o: o.stop - o.start,
            "probs": lambda o: 1 << len(o.qubits),
            "state": lambda o: 1 << self.executable.n_qubits,
            "sample": lambda o: len(o.qubits),
        }
        return tuple(widths[output.kind](output) for output in self.executable.outputs)

    def _plan(self, kind: int, per_sample: bool, qubits: tuple[int, ...] = ()) -> Plan:
        key = (kind, per_sample, qubits)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = get_plan(self.executable, kind, per_sample, qubits)
        return plan

    def _bind(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Arguments:
        return bind_arguments(self.executable, self.classical, self.dtype, inputs, weights)

    # Expectation values.

    def expvals(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """Expectation values (B, n_outputs) of all observables."""
        return self.forward(inputs, weights)[0]

    def forward(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, keep_state: bool = False
    ) -> tuple[Array, FinalStates | None]:
        """Expectation values and, if wanted, what :meth:`backward` can start from."""
        args = self._bind(inputs, weights)
        plan = self._plan(oc.EXPVAL, args.per_sample)
        buffers = Buffers(plan, args, self.dtype)
        kept = buffers.keep(plan.n_qubits) if keep_state else None
        flags = oc.FORWARD | oc.KEEP if keep_state else oc.FORWARD
        run(plan, flags, args, buffers, self.threads)
        return buffers.values, kept

    def backward(
        self,
        saved: FinalStates | None,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
    ) -> tuple[Array, Array]:
        """Gradients (d_inputs, d_weights) for ``cotangent`` (B, n_outputs).

        ``saved`` comes from :meth:`forward` with the same arguments and is used up; with ``None``,
        or a second time, the state is computed again.
        """
        args = self._bind(inputs, weights)
        plan = self._plan(oc.EXPVAL, args.per_sample)
        buffers = Buffers(plan, args, self.dtype)
        seed = self._cotangent(cotangent, plan, args)
        memory = self._taken(saved, buffers)
        flags = oc.BACKWARD | oc.REDUCE | (oc.FORWARD if memory is None else oc.KEEP)
        run(plan, flags, args, buffers, self.threads, seed)
        if saved is not None and memory is not None:
            saved.release(memory)
        return split_gradients(self.executable, self.classical, args, buffers)

    def value_and_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Expectation values and gradients in one call: (values, d_inputs, d_weights)."""
        args = self._bind(inputs, weights)
        plan = self._plan(oc.EXPVAL, args.per_sample)
        return self._value_and_vjp(plan, args, cotangent)

    def _value_and_vjp(
        self, plan: Plan, args: Arguments, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        buffers = Buffers(plan, args, self.dtype)
        seed = self._cotangent(cotangent, plan, args)
        run(plan, oc.FORWARD | oc.BACKWARD | oc.REDUCE, args, buffers, self.threads, seed)
        return buffers.values, *split_gradients(self.executable, self.classical, args, buffers)

    def _cotangent(self, cotangent: ArrayLike, plan: Plan, args: Arguments) -> Array:
        array = np.ascontiguousarray(cotangent, self.dtype)
        if array.shape != (args.batch, plan.outputs):
            check_shape("cotangent", array.shape, (args.batch, plan.outputs))
        return array

    def _taken(self, saved: FinalStates | None, buffers: Buffers) -> Bytes | None:
        """The memory of kept states, from which the call of these buffers starts."""
        if saved is None:
            return None
        wanted = (buffers.groups, 1 << self.executable.n_qubits, 2, buffers.width)
        check_shape("saved", saved.shape, wanted)
        buffers.saved = saved.take()
        return buffers.saved

    # Probabilities.

    def probs(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, qubits: Any = None
    ) -> Array:
        """Probabilities (B, 2**k) of ``qubits`` (default all), the first one most significant."""
        args = self._bind(inputs, weights)
        return self._chances(args, check_qubits(self.executable, qubits))

    def probs_vjp(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
        qubits: Any = None,
    ) -> tuple[Array, Array, Array]:
        """Probabilities and gradients for ``cotangent`` (B, 2**k)."""
        args = self._bind(inputs, weights)
        plan = self._plan(oc.PROBS, args.per_sample, check_qubits(self.executable, qubits))
        return self._value_and_vjp(plan, args, cotangent)

    def _chances(self, part: Arguments, qubits: tuple[int, ...]) -> Array:
        plan = self._plan(oc.PROBS, part.per_sample, qubits)
        buffers = Buffers(plan, part, self.dtype)
        run(plan, oc.FORWARD, part, buffers, self.threads)
        return buffers.values

    # States.

    def state(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """Final states, complex (B, 2**n), global phase included, qubit 0 most significant."""
        args = self._bind(inputs, weights)
        plan = self._plan(oc.STATE, args.per_sample)
        buffers = Buffers(plan, args, self.dtype)
        run(plan, oc.FORWARD, args, buffers, self.threads)
        return buffers.values.view(self.complex_dtype)

    def state_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """States and gradients for a complex ``cotangent`` (B, 2**n).

        For a real loss L the cotangent is dL/dRe + i dL/dIm of every amplitude (PyTorch's
        convention), so dL = Re(sum(conj(cotangent) * dstate)).
        """
        args = self._bind(inputs, weights)
        plan = self._plan(oc.STATE, args.per_sample)
        complex_cotangent = np.ascontiguousarray(cotangent, self.complex_dtype)
        check_shape("cotangent", complex_cotangent.shape, (args.batch, plan.outputs // 2))
        values, *gradients = self._value_and_vjp(plan, args, complex_cotangent.view(self.dtype))
        return values.view(self.complex_dtype), gradients[0], gradients[1]
