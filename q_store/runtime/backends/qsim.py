"""qsim as a backend: straight to the C++ circuits of qsimcirq, with no Cirq circuit in between.

The C++ interface is private: `TESTED` are the versions this module is tested with, and others go
through Cirq (`qsim_cirq.py`). qsim calculates in float32. Its functions hold the interpreter lock,
so samples run one after another, each on several threads where the state is large. Gradients are
shift rules, all circuits of a batch in one call. qsim counts qubits from the least significant bit,
so wires are numbered from the other end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.qir.diagnostics import counted
from q_store.qir.registry import all_gates
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.qsim_module import gpu_module, processor_module
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.table import backend_row
from q_store.runtime.backends.tape import GateSet, TapeOp
from q_store.runtime.backends.versions import is_tested
from q_store.runtime.batched.layout import require_memory
from q_store.runtime.batched.pool import thread_limit
from q_store.targets.executable import Executable

Array = NDArray[Any]
Add = Callable[[list[float], Any], None]
"""Adds a gate to a C++ circuit, given the slots of one sample."""

TESTED: Final = ("0.22",)
"""Versions of qsimcirq whose C++ interface is known."""

_KINDS: Final = {"x": "kX", "y": "kY", "z": "kZ", "h": "kH", "s": "kS", "t": "kT", "cx": "kCX",
                 "cz": "kCZ", "swap": "kSWAP", "ccx": "kCCX", "ccz": "kCCZ"}  # fmt: skip
_ROTATIONS: Final = {"rx": "krx", "ry": "kry", "rz": "krz"}
_POWERS: Final = {"rxx": "kXXPowGate", "ryy": "kYYPowGate", "rzz": "kZZPowGate"}
_MATRIX_WIRES: Final = 3
_SMALL_STATE_QUBITS: Final = 10
"""Up to here, and for words of Z alone, numpy finds expectation values from the states."""
_LARGE_STATE_QUBITS: Final = 22
"""From here on wider fused gates save passes over the state."""


@cache
def gate_set() -> GateSet:
    """Constant gates of up to three wires as they are; slots in rotations only."""
    names = {name for name, row in all_gates().items() if 1 <= (row.wires or 0) <= _MATRIX_WIRES}
    return GateSet("qsim", frozenset(names), frozenset((*_ROTATIONS, *_POWERS)))


def load(executable: Executable, dtype: DTypeLike, placement: Placement) -> SlottedProgram:
    """A program of qsim."""
    if is_tested("qsimcirq", TESTED):
        if executable.effects:
            from q_store.runtime.backends.qsim_noise import TrajectoriesProgram

            return TrajectoriesProgram(executable, dtype, placement)
        return QsimProgram(executable, dtype, placement)
    from q_store.runtime.backends.qsim_cirq import CirqProgram

    return CirqProgram(executable, dtype, placement)


class QsimProgram(SlottedProgram):
    """A circuit on qsim's C++ simulator."""

    gates = gate_set()
    suffix = ""
    """Of the C++ functions that add gates."""

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        on_gpu = placement.device != "cpu"
        self._qsim: Any = gpu_module() if on_gpu else processor_module()
        large = self.n >= _LARGE_STATE_QUBITS
        limit = thread_limit(placement.threads)
        # Below, waking threads takes longer than a gate.
        shared_from = backend_row("qsim").capabilities.threads_from or 0
        self._options: dict[str, Any] = {
            "f": placement.fusion or (4 if large else 2),
            "t": limit if placement.threads or self.n >= shared_from else 1,
            "r": 1, "g": on_gpu, "gmode": 0, "gsst": 512, "gdb": 16, "v": 0, "z": False, "s": 1,
        }  # fmt: skip
        moments = self.tape.moments()
        order = sorted(range(len(moments)), key=moments.__getitem__)
        self._adds = [self._add(self.tape.ops[k], moments[k]) for k in order]
        self._words = [self._opstring(term) for term in range(len(self.observables.words))]

    def _add(self, op: TapeOp, time: int) -> Add:
        """How the op gets into a circuit; everything that does not depend on slots is done here."""
        qsim, kinds = self._qsim, self._qsim.GateKind
        wires = [self.n - 1 - wire for wire in op.wires]
        add_gate = getattr(qsim, f"add_gate{self.suffix}")
        slot = op.slots[0] if op.slots else -1
        if slot >= 0 and op.name in _ROTATIONS:
            kind = getattr(kinds, _ROTATIONS[op.name])
            return lambda slots, c: add_gate(kind, time, wires, {"phi": slots[slot]}, c)
        if slot >= 0:
            kind, turn = getattr(kinds, _POWERS[op.name]), 1.0 / math.pi
            return lambda slots, c: add_gate(
                kind, time, wires, {"exponent": slots[slot] * turn, "global_shift": -0.5}, c
            )
        if op.name in _KINDS:
            kind = getattr(kinds, _KINDS[op.name])
            return lambda _, c: add_gate(kind, time, wires, {}, c)
        numbers = flat(all_gates()[op.name].matrix(*op.angles))
        add_matrix = getattr(qsim, f"add_matrix_gate{self.suffix}")
        return lambda _, c: add_matrix(time, wires, numbers, c)

    def _opstring(self, term: int) -> Any:
        """A Pauli word and how many qubits it has; `None` for the identity."""
        letters = self.observables.letters(term)
        if not letters:
            return None
        word = self._qsim.OpString()
        word.weight = 1.0
        for qubit, letter in letters:
            kind = getattr(self._qsim.GateKind, f"k{letter}")
            self._qsim.add_gate_to_opstring(kind, [self.n - 1 - qubit], word)
        return [word], len(letters)

    def _new_circuit(self) -> Any:
        return self._qsim.Circuit()

    def _circuit(self, slots: list[float]) -> dict[str, Any]:
        """The options of a run of the circuit at one row of slots."""
        circuit = self._new_circuit()
        circuit.num_qubits = self.n
        for add in self._adds:
            add(slots, circuit)
        return {**self._options, "c": circuit}

    def run_states(self, slots: Array) -> Array:
        """See `SlottedProgram.run_states`."""
        require_memory(
            (2 + len(slots)) * 8 << self.n, f"{counted(len(slots), 'state')} of {self.n} qubits"
        )
        simulate = self._qsim.qsim_simulate_fullstate
        if len(slots) == 1:
            only: Array = simulate(self._circuit(slots[0].tolist()), 0).view(np.complex64)
            return only[None]
        states = np.empty((len(slots), 1 << self.n), np.complex64)
        for row, values in enumerate(slots.tolist()):
            states[row] = simulate(self._circuit(values), 0).view(np.complex64)
        return states

    def run_expvals(self, slots: Array) -> Array:
        """See `SlottedProgram.run_expvals`."""
        if self.n <= _SMALL_STATE_QUBITS or self.observables.is_diagonal:
            return super().run_expvals(slots)
        require_memory(16 << self.n, f"a {self.n}-qubit state")
        words = np.ones((len(slots), len(self._words)))
        used = [term for term, word in enumerate(self._words) if word is not None]
        wanted = [self._words[term] for term in used]
        for row, values in enumerate(slots.tolist() if used else ()):
            found = self._qsim.qsim_simulate_expectation_values(self._circuit(values), wanted, 0)
            words[row, used] = np.real(found)
        return self.observables.gathered(words)


def flat(matrix: Array) -> list[float]:
    """The entries of a matrix by rows, real and imaginary parts in turn."""
    entries = np.asarray(matrix, np.complex128).ravel()
    return entries.view(np.float64).tolist()
