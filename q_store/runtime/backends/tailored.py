"""A program in another precision than its caller's, in parts of bounded size, or in processes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.runtime.backends.crew import share
from q_store.runtime.program import Recomputing

Array = NDArray[Any]


class TailoredProgram(Recomputing):
    """Calls a program on parts of at most `batch_size` samples and gives results in `dtype`.

    It has the interface of a `Program`. With `processes` as many parts run at a time. Samples are
    drawn from the whole batch, so that they do not depend on its parts.
    """

    def __init__(
        self, program: Any, dtype: DTypeLike, batch_size: int | None, processes: int | None = None
    ) -> None:
        self.program = program
        self.executable = program.executable
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.complex_dtype = np.result_type(self.dtype, np.complex64)
        self.batch_size = batch_size
        if hasattr(program, "word_means"):
            self.word_means = self._word_means
        self.processes = processes or 1

    def _parts(self, inputs: Any, weights: Any) -> list[tuple[slice, Array, Array]]:
        """Parts of a batch; an empty batch is one part."""
        x, w = np.asarray(inputs), np.asarray(weights)
        size = max(-(-len(x) // self.processes), 1)
        size = min(size, self.batch_size or size)
        slices = [slice(start, start + size) for start in range(0, max(len(x), 1), size)]
        return [(part, x[part], w[part] if w.ndim == 2 else w) for part in slices]

    def _calls(self, method: str, calls: list[tuple[Any, ...]]) -> list[Any]:
        if self.processes > 1 and len(calls) > 1:
            return share(self.program, method, calls, self.processes)
        return [getattr(self.program, method)(*args) for args in calls]

    def _values(self, method: str, inputs: Any, weights: Any, *rest: Any) -> Array:
        calls = [(x, w, *rest) for _, x, w in self._parts(inputs, weights)]
        found = self._calls(method, calls)
        return self._cast(np.concatenate(found) if len(found) > 1 else found[0])

    def _gradients(
        self, method: str, inputs: Any, weights: Any, cotangent: Any, *rest: Any
    ) -> tuple[Array, Array, Array]:
        """Values and gradients; those of shared weights are summed over the parts."""
        wanted = np.asarray(cotangent)
        calls = [(x, w, wanted[part], *rest) for part, x, w in self._parts(inputs, weights)]
        values, d_inputs, d_weights = zip(*self._calls(method, calls), strict=True)
        joined = np.concatenate(d_weights) if np.ndim(weights) == 2 else sum(d_weights)
        found = [self._cast(a) for a in (np.concatenate(values), np.concatenate(d_inputs), joined)]
        return found[0], found[1], found[2]

    def _cast(self, array: Any) -> Array:
        wanted = self.complex_dtype if np.iscomplexobj(array) else self.dtype
        return np.asarray(array, wanted)

    def expvals(self, inputs: Any, weights: Any) -> Array:
        """See `Program.expvals`."""
        return self._values("expvals", inputs, weights)

    def value_and_vjp(
        self, inputs: Any, weights: Any, cotangent: Any
    ) -> tuple[Array, Array, Array]:
        """See `Program.value_and_vjp`."""
        return self._gradients("value_and_vjp", inputs, weights, cotangent)

    def probs(self, inputs: Any, weights: Any, qubits: tuple[int, ...]) -> Array:
        """See `Program.probs`."""
        return self._values("probs", inputs, weights, qubits)

    def probs_vjp(
        self, inputs: Any, weights: Any, cotangent: Any, qubits: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""
        return self._gradients("probs_vjp", inputs, weights, cotangent, qubits)

    def samples(
        self, inputs: Any, weights: Any, qubits: tuple[int, ...], shots: int, seed: int
    ) -> NDArray[np.uint8]:
        """See `Program.samples`."""
        found: NDArray[np.uint8] = self.program.samples(inputs, weights, qubits, shots, seed)
        return found

    def _word_means(self, inputs: Any, weights: Any, shots: int, seed: int) -> Array:
        """Means of measured words, for programs that measure; each part has a seed of its own."""
        found = [
            self.program.word_means(x, w, shots, seed + part.start)
            for part, x, w in self._parts(inputs, weights)
        ]
        return self._cast(np.concatenate(found))

    def state(self, inputs: Any, weights: Any) -> Array:
        """See `Program.state`."""
        return self._values("state", inputs, weights)

    def state_vjp(self, inputs: Any, weights: Any, cotangent: Any) -> tuple[Array, Array, Array]:
        """See `Program.state_vjp`."""
        return self._gradients("state_vjp", inputs, weights, cotangent)
