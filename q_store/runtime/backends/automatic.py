"""`auto`: for every call, the simulator that the cost model expects to be fastest."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.qir.diagnostics import QStoreError
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.table import BACKENDS, backend_row
from q_store.runtime.cost_model import choose
from q_store.targets.executable import Executable

Array = NDArray[Any]

AUTO: Final = "auto"
FROM_QUBITS: Final = 13
"""With fewer qubits the embedded engine is the fastest, for batches by far."""
EMBEDDED: Final = "batched"
_NO_MEMORY: Final = "QS510"


def candidates(dtype: str) -> tuple[str, ...]:
    """Simulators on this machine's processor that calculate exactly in a dtype, ours first."""
    return tuple(
        name
        for name, row in BACKENDS.items()
        if row.capabilities.exact
        and row.capabilities.states
        and row.capabilities.cost == "free"
        and row.capabilities.devices[0] == "cpu"
        and dtype in row.capabilities.precisions
        and not row.missing()
    )


class AutomaticProgram:
    """A `Program` that hands every call to the fastest backend; see `Program` for the methods.

    Samples come from the embedded engine's random streams whichever backend gives probabilities.
    """

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        self.executable = executable
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.placement = placement
        self.last = EMBEDDED
        """The backend of the latest call."""
        self._programs: dict[str, Any] = {}
        self._chosen: dict[tuple[str, int], str] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return AutomaticProgram, (self.executable, self.dtype, self.placement)

    def of(self, name: str) -> Any:
        """The program of a backend, made at its first use."""
        found = self._programs.get(name)
        if found is None:
            row = backend_row(name)
            threads = self.placement.threads if "threads" in row.capabilities.settings else None
            place = Placement(name, row.capabilities.devices[0], threads=threads)
            found = self._programs[name] = row.load(self.executable, self.dtype, place)
        return found

    def _run(self, kind: str, inputs: Any, method: str, *args: Any) -> Any:
        """A call of the backend that is expected to be fastest, or of the embedded engine, which
        holds the fewest states, where memory is too short for that one."""
        batch = len(inputs) if inputs is not None else 1
        self.last = self._choice(kind, batch)
        try:
            return getattr(self.of(self.last), method)(*args)
        except QStoreError as problem:
            if problem.code != _NO_MEMORY or self.last == EMBEDDED:
                raise
        self.last = self._chosen[kind, batch] = EMBEDDED
        return getattr(self.of(EMBEDDED), method)(*args)

    def _choice(self, kind: str, batch: int) -> str:
        name = self._chosen.get((kind, batch))
        if name is None:
            names = candidates(self.dtype.name)
            name = choose(self.executable, batch, kind, names, self.dtype.name)
            self._chosen[kind, batch] = name
        return name

    def expvals(self, inputs: Array, weights: Array) -> Array:
        """See `Program.expvals`."""
        found: Array = self._run("values", inputs, "expvals", inputs, weights)
        return found

    def value_and_vjp(self, inputs: Array, weights: Array, cotangent: Array) -> Any:
        """See `Program.value_and_vjp`."""
        return self._run("gradient", inputs, "value_and_vjp", inputs, weights, cotangent)

    def forward(self, inputs: Array, weights: Array, keep_state: bool) -> Any:
        """See `Program.forward`. A state that is kept will be used for a gradient."""
        kind = "gradient" if keep_state else "values"
        return self._run(kind, inputs, "forward", inputs, weights, keep_state)

    def backward(self, saved: Any, inputs: Array, weights: Array, cotangent: Array) -> Any:
        """See `Program.backward`."""
        return self._run("gradient", inputs, "backward", saved, inputs, weights, cotangent)

    def probs(self, inputs: Array, weights: Array, qubits: Any = None) -> Array:
        """See `Program.probs`."""
        found: Array = self._run("values", inputs, "probs", inputs, weights, qubits)
        return found

    def probs_vjp(self, inputs: Array, weights: Array, cotangent: Array, qubits: Any = None) -> Any:
        """See `Program.probs_vjp`."""
        return self._run("gradient", inputs, "probs_vjp", inputs, weights, cotangent, qubits)

    def samples(
        self, inputs: Array, weights: Array, qubits: Any = None, shots: int = 1024, seed: Any = None
    ) -> NDArray[np.uint8]:
        """See `Program.samples`."""
        found: NDArray[np.uint8] = self._run(
            "values", inputs, "samples", inputs, weights, qubits, shots, seed
        )
        return found

    def state(self, inputs: Array, weights: Array) -> Array:
        """See `Program.state`."""
        found: Array = self._run("values", inputs, "state", inputs, weights)
        return found

    def state_vjp(self, inputs: Array, weights: Array, cotangent: Array) -> Any:
        """See `Program.state_vjp`."""
        return self._run("gradient", inputs, "state_vjp", inputs, weights, cotangent)
