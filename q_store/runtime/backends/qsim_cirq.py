"""qsim through Cirq, for versions of qsimcirq whose C++ interface is not known."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.qir.registry import all_gates
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet
from q_store.runtime.batched.pool import thread_limit
from q_store.targets.executable import Executable

Array = NDArray[Any]


class CirqProgram(SlottedProgram):
    """A circuit on `qsimcirq.QSimSimulator`."""

    gates = GateSet(
        "qsim",
        frozenset(name for name, row in all_gates().items() if 1 <= (row.wires or 0) <= 3),
        frozenset(("rx", "ry", "rz")),
    )

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        import cirq

        qsimcirq: Any = import_module("qsimcirq")
        self._cirq: Any = cirq
        options = qsimcirq.QSimOptions(
            max_fused_gate_size=placement.fusion or 2,
            cpu_threads=thread_limit(placement.threads),
            use_gpu=placement.device != "cpu",
        )
        self._simulator = qsimcirq.QSimSimulator(options)
        self._qubits = cirq.LineQubit.range(self.n)

    def run_states(self, slots: Array) -> Array:
        """See `SlottedProgram.run_states`."""
        states = np.empty((len(slots), 1 << self.n), np.complex64)
        for row, values in enumerate(slots):
            circuit = self._circuit(values)
            found = self._simulator.simulate(circuit, qubit_order=self._qubits)
            states[row] = found.final_state_vector
        return states

    def _circuit(self, slots: Array) -> Any:
        cirq = self._cirq
        ops = [cirq.I(qubit) for qubit in self._qubits]
        for op in self.tape.ops:
            wires = [self._qubits[wire] for wire in op.wires]
            if any(slot >= 0 for slot in op.slots):
                gate = getattr(cirq, op.name)(slots[op.slots[0]])
            else:
                gate = cirq.MatrixGate(all_gates()[op.name].matrix(*op.angles))
            ops.append(gate(*wires))
        return cirq.Circuit(ops)
