"""A program in another precision than its caller's, or in parts of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


class TailoredProgram:
    """Calls a program on parts of at most `batch_size` samples and gives results in `dtype`.

    It has the interface of a `Program`. Samples are drawn from the whole batch, so that they do not
    depend on its parts.
    """

    def __init__(self, program: Any, dtype: DTypeLike, batch_size: int | None) -> None:
        self.program = program
        self.executable = program.executable
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.batch_size = batch_size

    def _parts(self, inputs: Array, weights: Array) -> Iterator[tuple[slice, Array, Array]]:
        """Parts of a batch; an empty batch is one part."""
        x, w = np.asarray(inputs), np.asarray(weights)
        size = self.batch_size or max(len(x), 1)
        for start in range(0, max(len(x), 1), size):
            part = slice(start, start + size)
            yield part, x[part], w[part] if w.ndim == 2 else w

    def _values(self, call: Callable[..., Array], inputs: Array, weights: Array) -> Array:
        parts = [call(x, w) for _, x, w in self._parts(inputs, weights)]
        return self._cast(np.concatenate(parts) if len(parts) > 1 else parts[0])

    def _gradients(
        self, call: Callable[..., Any], inputs: Array, weights: Array, cotangent: Array
    ) -> tuple[Array, ...]:
        """`call` gives (values, d_inputs, d_weights) of a part."""
        wanted = np.asarray(cotangent)
        found = [call(x, w, wanted[part]) for part, x, w in self._parts(inputs, weights)]
        values, d_inputs, d_weights = zip(*found, strict=True)
        joined = np.concatenate(d_weights) if np.ndim(weights) == 2 else sum(d_weights)
        return tuple(
            [self._cast(a) for a in (np.concatenate(values), np.concatenate(d_inputs), joined)]
        )

    def _cast(self, array: Any) -> Array:
        wanted = self.complex_dtype if np.iscomplexobj(array) else self.dtype
        return np.asarray(array, wanted)

    def expvals(self, inputs: Array, weights: Array) -> Array:
        """See `Program.expvals`."""
        return self._values(self.program.expvals, inputs, weights)

    def value_and_vjp(
        self, inputs: Array, weights: Array, cotangent: Array
    ) -> tuple[Array, Array, Array]:
        """See `Program.value_and_vjp`."""
        found = self._gradients(self.program.value_and_vjp, inputs, weights, cotangent)
        return found[0], found[1], found[2]

    def forward(self, inputs: Array, weights: Array, keep_state: bool) -> tuple[Array, None]:
        """Values; states of parts are not kept."""
        return self.expvals(inputs, weights), None

    def backward(
        self, saved: Any, inputs: Array, weights: Array, cotangent: Array
    ) -> tuple[Array, Array]:
        """See `Program.backward`."""

        def call(x: Array, w: Array, g: Array) -> tuple[Array, Array, Array]:
            return g, *self.program.backward(None, x, w, g)

        found = self._gradients(call, inputs, weights, cotangent)
        return found[1], found[2]

    def probs(self, inputs: Array, weights: Array, qubits: tuple[int, ...]) -> Array:
        """See `Program.probs`."""
        return self._values(lambda x, w: self.program.probs(x, w, qubits), inputs, weights)

    def probs_vjp(
        self, inputs: Array, weights: Array, cotangent: Array, qubits: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""

        def call(x: Array, w: Array, g: Array) -> Any:
            return self.program.probs_vjp(x, w, g, qubits)

        found = self._gradients(call, inputs, weights, cotangent)
        return found[0], found[1], found[2]

    def samples(
        self, inputs: Array, weights: Array, qubits: tuple[int, ...], shots: int, seed: int
    ) -> NDArray[np.uint8]:
        """See `Program.samples`."""
        found: NDArray[np.uint8] = self.program.samples(inputs, weights, qubits, shots, seed)
        return found

    def state(self, inputs: Array, weights: Array) -> Array:
        """See `Program.state`."""
        return self._values(self.program.state, inputs, weights)

    def state_vjp(
        self, inputs: Array, weights: Array, cotangent: Array
    ) -> tuple[Array, Array, Array]:
        """See `Program.state_vjp`."""
        found = self._gradients(self.program.state_vjp, inputs, weights, cotangent)
        return found[0], found[1], found[2]
