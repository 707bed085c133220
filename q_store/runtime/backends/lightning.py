"""PennyLane Lightning as a backend: straight to its C++ state vectors and adjoint method.

The C++ modules load alone, without PennyLane. They are not a public interface: `TESTED` are the
versions this module is tested with, and others go through PennyLane's devices
(`lightning_device.py`). One adjoint call with the Hamiltonian sum of g_e O_e is the vector-Jacobian
product of a sample (Jones and Gacon, arXiv:2009.02823). Its functions hold the interpreter lock, so
samples run one after another in a process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.runtime.backends.paulis import marginal, spread
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet
from q_store.runtime.backends.versions import is_tested
from q_store.runtime.batched.layout import require_memory
from q_store.targets.executable import Executable

Array = NDArray[Any]

TESTED: Final = ("0.44", "0.45")
"""Versions of pennylane-lightning whose C++ interface is known."""

_NATIVE: Final = {
    "x": "PauliX", "y": "PauliY", "z": "PauliZ", "h": "Hadamard", "s": "S", "t": "T",
    "sdg": "S", "tdg": "T", "sx": "SX", "sxdg": "SX",
    "rx": "RX", "ry": "RY", "rz": "RZ", "p": "PhaseShift",
    "cx": "CNOT", "cy": "CY", "cz": "CZ", "swap": "SWAP", "ccx": "Toffoli", "cswap": "CSWAP",
    "crx": "CRX", "cry": "CRY", "crz": "CRZ", "cp": "ControlledPhaseShift",
    "rxx": "IsingXX", "ryy": "IsingYY", "rzz": "IsingZZ",
}  # fmt: skip
_INVERSE: Final = ("sdg", "tdg", "sxdg")
_PAULI: Final = {"X": "PauliX", "Y": "PauliY", "Z": "PauliZ"}

GATES: Final = GateSet(
    "lightning",
    frozenset(_NATIVE),
    frozenset(("rx", "ry", "rz", "p", "crx", "cry", "crz", "cp", "rxx", "ryy", "rzz")),
)


def load(executable: Executable, dtype: DTypeLike, placement: Placement) -> SlottedProgram:
    """A program of `lightning.qubit`, `lightning.gpu` or `lightning.kokkos`."""
    if is_tested("pennylane-lightning", TESTED):
        return LightningProgram(executable, dtype, placement)
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
        algorithms, kinds = module.algorithms, module.observables
        self._make_ops = getattr(algorithms, f"create_ops_list{suffix}")
        self._adjoint = getattr(algorithms, f"AdjointJacobian{suffix}")()
        self._vjp = getattr(algorithms, f"VectorJacobianProduct{suffix}")()
        self._hamiltonian = getattr(kinds, f"Hamiltonian{suffix}")
        named, product = (
            getattr(kinds, f"{kind}{suffix}") for kind in ("NamedObs", "TensorProdObs")
        )
        self._words = [
            _observable(self.observables.letters(term), named, product)
            for term in range(len(self.observables.words))
        ]
        self._state: Any = None
        self._lock = threading.Lock()
        self._listed()

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
        states = np.empty((len(slots), 1 << self.n), self.complex_dtype)
        for row, state in self._each(slots):
            state.getState(states[row])
        return states

    def run_expvals(self, slots: Array) -> Array:
        """See `SlottedProgram.run_expvals`."""
        words = np.empty((len(slots), len(self._words)))
        for row, _ in self._each(slots):
            words[row] = self._word_values()
        return self.observables.gathered(words)

    def _word_values(self) -> list[float]:
        expval = self._measure.expval
        return [1.0 if word is None else expval(word) for word in self._words]

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """See `SlottedProgram.run_probs`."""
        found = np.empty((len(slots), 1 << len(qubits)), self.dtype)
        for row, _ in self._each(slots):
            found[row] = self._measure.probs(list(qubits))
        return found

    # --- gradients ----------------------------------------------------------------------------

    def run_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """See `SlottedProgram.run_vjp`."""
        words = np.empty((len(slots), len(self._words)))
        found = np.zeros(slots.shape)
        weights = self.observables.word_weights(cotangent)
        used = [term for term, word in enumerate(self._words) if word is not None]
        observables = [self._words[term] for term in used]
        live = bool(used and self._trainable)
        for row, state in self._each(slots):
            words[row] = self._word_values()
            if live:
                total = self._hamiltonian(weights[row, used].astype(self.dtype), observables)
                found[row, self._slot_order] = self._adjoint(
                    state, [total], self._ops(), self._trainable
                )
        return self.observables.gathered(words), found

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
        states = np.empty((len(slots), 1 << self.n), self.complex_dtype)
        found = np.zeros(slots.shape)
        for row, state in self._each(slots):
            state.getState(states[row])
            if self._trainable:
                dy = np.ascontiguousarray(seed(row, states[row]), self.complex_dtype)
                products = self._vjp(state, self._ops(), dy, self._trainable)
                found[row, self._slot_order] = np.real(products)
        return states, found


def _observable(letters: list[tuple[int, str]], named: Any, product: Any) -> Any:
    """A Pauli word as an observable; `None` for the identity."""
    parts = [named(_PAULI[letter], [qubit]) for qubit, letter in letters]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else product(parts)
