"""`lightning.kokkos` and `lightning.gpu`: Lightning's C++ interface without products of states.

They have the adjoint Jacobian of observables only: the vector-Jacobian product of a sample is that
of the one Hamiltonian sum of g_w W over words W. Gradients of probabilities and states are shift
rules, so slots stand in rotations alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.backends.lightning import GATES, LightningProgram
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet

Array = NDArray[Any]

_PAULI: Final = {"X": "PauliX", "Y": "PauliY", "Z": "PauliZ"}


class JacobianProgram(LightningProgram):
    """A circuit on a Lightning state vector that lives on a device."""

    gates = GateSet(GATES.backend, GATES.names, frozenset(("rx", "ry", "rz", "rxx", "ryy", "rzz")))
    run_probs_vjp = SlottedProgram.run_probs_vjp
    run_state_vjp = SlottedProgram.run_state_vjp

    def _find_gradients(self, module: Any, suffix: str) -> None:
        kinds = module.observables
        self._adjoint = getattr(module.algorithms, f"AdjointJacobian{suffix}")()
        self._hamiltonian = getattr(kinds, f"Hamiltonian{suffix}")
        named = getattr(kinds, f"NamedObs{suffix}")
        product = getattr(kinds, f"TensorProdObs{suffix}")
        count = len(self.observables.words)
        words = [_observable(self.observables.letters(t), named, product) for t in range(count)]
        self._used = [term for term, word in enumerate(words) if word is not None]
        self._words = [words[term] for term in self._used]

    def _read(self, state: Any, out: Array) -> None:
        state.DeviceToHost(out)

    def run_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """See `SlottedProgram.run_vjp`."""
        found = np.zeros(slots.shape)
        if self._used and self._trainable:
            weights = self.observables.word_weights(cotangent)[:, self._used].astype(self.dtype)
            for row, state in self._each(slots):
                total = self._hamiltonian(weights[row], self._words)
                products = self._adjoint(state, [total], self._ops(), self._trainable)
                found[row, self._slot_order] = products
        return self.run_expvals(slots), found


def _observable(letters: list[tuple[int, str]], named: Any, product: Any) -> Any:
    """A Pauli word as an observable; `None` for the identity."""
    parts = [named(_PAULI[letter], [qubit]) for qubit, letter in letters]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else product(parts)
