"""PennyLane Lightning as a backend: straight to its C++ state vectors and adjoint method.

The C++ modules load alone, without PennyLane. They are not a public interface: `TESTED` are the
versions this module is tested with, and others go through PennyLane's devices
(`lightning_device.py`). Gradients are its vector-Jacobian product of the state (the adjoint method,
Jones and Gacon, arXiv:2009.02823), seeded with the observables applied to the state. Observables
are applied and read here: its own copy the state for each word. Its functions hold the interpreter
lock, so samples run one after another in a process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.qir.diagnostics import counted
from q_store.runtime.backends.paulis import marginal, spread
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet
from q_store.runtime.backends.versions import is_tested
from q_store.runtime.batched.layout import require_memory
from q_store.targets.executable import Executable

Array = NDArray[Any]

TESTED: Final = ("0.45",)
"""Versions of Lightning whose C++ interface is known."""

_NATIVE: Final = {
    "x": "PauliX", "y": "PauliY", "z": "PauliZ", "h": "Hadamard", "s": "S", "t": "T",
    "sdg": "S", "tdg": "T", "sx": "SX", "sxdg": "SX",
    "rx": "RX", "ry": "RY", "rz": "RZ", "p": "PhaseShift",
    "cx": "CNOT", "cy": "CY", "cz": "CZ", "swap": "SWAP", "ccx": "Toffoli", "cswap": "CSWAP",
    "crx": "CRX", "cry": "CRY", "crz": "CRZ", "cp": "ControlledPhaseShift",
    "rxx": "IsingXX", "ryy": "IsingYY", "rzz": "IsingZZ",
}  # fmt: skip
_PACKAGES: Final = {
    "lightning.qubit": "pennylane-lightning",
    "lightning.gpu": "pennylane-lightning-gpu",
    "lightning.kokkos": "pennylane-lightning-kokkos",
}
_INVERSE: Final = ("sdg", "tdg", "sxdg")
_CHUNK_NUMBERS: Final = 1 << 22
"""Amplitudes to hold at once."""

GATES: Final = GateSet(
    "lightning",
    frozenset(_NATIVE),
    frozenset(("rx", "ry", "rz", "p", "crx", "cry", "crz", "cp", "rxx", "ryy", "rzz")),
)


def load(executable: Executable, dtype: DTypeLike, placement: Placement) -> SlottedProgram:
    """A program of `lightning.qubit`, `lightning.gpu` or `lightning.kokkos`."""
    if is_tested(_PACKAGES[placement.name], TESTED):
        if placement.name == "lightning.qubit":
            return LightningProgram(executable, dtype, placement)
        from q_store.runtime.backends.lightning_jacobian import JacobianProgram

        return JacobianProgram(executable, dtype, placement)
    from q_store.runtime.backends.lightning_device import DeviceProgram

    return DeviceProgram(executable, dtype, placement)


class LightningProgram(SlottedProgram):
    """A circuit on Lightning's C++ state vector."""

    gates = GATES

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        suffix = "C128" if self.dtype == np.float64 else "C64"
        module: Any = import_module(f"pennylane_lightning.{placement.name.replace('.', '_')}_ops")
        self._state_type = getattr(module, f"StateVector{suffix}")
        self._measure_type = getattr(module, f"Measurements{suffix}")
        algorithms = module.algorithms
        self._make_ops = getattr(algorithms, f"create_ops_list{suffix}")
        self._find_gradients(module, suffix)
        self._state: Any = None
        self._lock = threading.Lock()
        self._listed()

    def _find_gradients(self, module: Any, suffix: str) -> None:
        self._vjp = getattr(module.algorithms, f"VectorJacobianProduct{suffix}")()

    def _read(self, state: Any, out: Array) -> None:
        """Copy the amplitudes of a state vector."""
        state.getState(out)

    def _listed(self) -> None:
        """The tape in the form of `create_ops_list`."""
        ops = self.tape.ops
        self._names = [_NATIVE[op.name] for op in ops]
        self._wires = [list(op.wires) for op in ops]
        self._inverse = [op.name in _INVERSE for op in ops]
        self._none: list[list[int]] = [[] for _ in ops]
        self._matrices = [np.zeros(0, self.complex_dtype)] * len(ops)
        self._given = [[*op.angles] for op in ops]
        self._live = [(k, op.slots[0]) for k, op in enumerate(ops) if any(s >= 0 for s in op.slots)]
        # Trainable positions count the parametrised ops.
        at = np.cumsum([bool(op.angles) for op in ops])
        self._trainable = [int(at[k]) - 1 for k, _ in self._live]
        self._slot_order = [slot for _, slot in self._live]

    def _each(self, slots: Array) -> Iterator[tuple[int, Any]]:
        """Every row's number, and the state after its circuit; one call at a time."""
        with self._lock:
            for row, values in enumerate(slots.tolist()):
                yield row, self._prepared(values)

    def _prepared(self, slots: Sequence[float]) -> Any:
        state = self._started()
        parameters = self._parameters(slots)
        calls = zip(self._methods, self._wires, self._inverse, parameters, strict=True)
        for apply, wires, inverse, values in calls:
            apply(wires, inverse, values)
        return state

    def _empty_states(self, rows: int) -> Array:
        """Room for states (rows, 2**n), beside Lightning's own three. Raises `QS510`."""
        needed = (rows + 3) * self.complex_dtype.itemsize << self.n
        require_memory(needed, f"{counted(rows, 'state')} of {self.n} qubits")
        return np.empty((rows, 1 << self.n), self.complex_dtype)

    def _started(self) -> Any:
        """The state vector at |0...0>, made at the first call."""
        if self._state is None:
            require_memory(3 * self.complex_dtype.itemsize << self.n, f"a {self.n}-qubit state")
            self._state = self._state_type(self.n)
            self._methods = [getattr(self._state, name) for name in self._names]
            self._measure = self._measure_type(self._state)
        self._state.resetStateVector()
        return self._state

    def _parameters(self, slots: Sequence[float]) -> list[list[float]]:
        for k, slot in self._live:
            self._given[k] = [slots[slot]]
        return self._given

    def _ops(self) -> Any:
        return self._make_ops(
            self._names, self._given, self._wires, self._inverse, self._matrices, self._none,
            self._none,
        )  # fmt: skip

    # --- values -------------------------------------------------------------------------------

    def run_states(self, slots: Array) -> Array:
        """See `SlottedProgram.run_states`."""
        states = self._empty_states(len(slots))
        for row, state in self._each(slots):
            self._read(state, states[row])
        return states

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """See `SlottedProgram.run_probs`."""
        found = np.empty((len(slots), 1 << len(qubits)), self.dtype)
        for row, _ in self._each(slots):
            found[row] = self._measure.probs(list(qubits))
        return found

    # --- gradients ----------------------------------------------------------------------------

    def run_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """See `SlottedProgram.run_vjp`: that of the state for 2 * observable * state."""
        values = np.empty((len(slots), self.observables.count))
        found = np.zeros(slots.shape)
        weights = self.observables.word_weights(cotangent)
        size = max(1, _CHUNK_NUMBERS >> self.n)
        for start in range(0, len(slots), size):
            part = slice(start, start + size)
            own = weights[part]
            states, found[part] = self._state_products(
                slots[part], lambda row, psi, own=own: 2 * self.observables.applied(psi, own[row])
            )
            values[part] = self.observables.of_states(states)
        return values, found

    def run_probs_vjp(
        self, slots: Array, cotangent: Array, qubits: tuple[int, ...]
    ) -> tuple[Array, Array]:
        """See `SlottedProgram.run_probs_vjp`: that of the state for 2 * cotangent * state."""
        whole = spread(cotangent, qubits, self.n)

        def seed(row: int, state: Array) -> Array:
            found: Array = 2.0 * whole[row] * state
            return found

        states, found = self._state_products(slots, seed)
        return marginal(states.real**2 + states.imag**2, qubits, self.n), found

    def run_state_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """See `SlottedProgram.run_state_vjp`."""
        return self._state_products(slots, lambda row, _: cotangent[row])

    def _state_products(self, slots: Array, seed: Any) -> tuple[Array, Array]:
        """States, and gradients of Re(sum(conj(seed) * state))."""
        states = self._empty_states(len(slots))
        found = np.zeros(slots.shape)
        for row, state in self._each(slots):
            self._read(state, states[row])
            if self._trainable:
                dy = np.ascontiguousarray(seed(row, states[row]), self.complex_dtype)
                products = self._vjp(state, self._ops(), dy, self._trainable)
                found[row, self._slot_order] = np.real(products)
        return states, found
