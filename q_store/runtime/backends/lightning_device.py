"""Lightning through PennyLane's devices, for versions whose C++ interface is not known.

Gradients are shift rules here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet
from q_store.targets.executable import Executable

Array = NDArray[Any]

_NAMES = {
    "x": "X", "y": "Y", "z": "Z", "h": "Hadamard", "s": "S", "t": "T", "sx": "SX",
    "rx": "RX", "ry": "RY", "rz": "RZ", "cx": "CNOT", "cz": "CZ", "swap": "SWAP",
    "rxx": "IsingXX", "ryy": "IsingYY", "rzz": "IsingZZ",
    "sdg": "S", "tdg": "T", "sxdg": "SX",
}  # fmt: skip


class DeviceProgram(SlottedProgram):
    """A circuit on `pennylane.device("lightning.…")`."""

    gates = GateSet(
        "lightning",
        frozenset(_NAMES),
        frozenset(("rx", "ry", "rz", "rxx", "ryy", "rzz")),
    )

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        import pennylane

        self._pennylane: Any = pennylane
        self._device = pennylane.device(placement.name, wires=self.n, c_dtype=self.complex_dtype)

    def run_states(self, slots: Array) -> Array:
        """See `SlottedProgram.run_states`."""
        qml = self._pennylane
        scripts = [qml.tape.QuantumScript(self._ops(row), [qml.state()]) for row in slots]
        found = qml.execute(scripts, self._device, diff_method=None)
        return np.array(found, self.complex_dtype).reshape(len(slots), 1 << self.n)

    def _ops(self, slots: Array) -> list[Any]:
        found = []
        for op in self.tape.ops:
            values = [
                angle if slot < 0 else slots[slot]
                for angle, slot in zip(op.angles, op.slots, strict=True)
            ]
            made = getattr(self._pennylane, _NAMES[op.name])(*values, wires=op.wires)
            inverse = op.name.endswith("dg")
            found.append(self._pennylane.adjoint(made) if inverse else made)
        return found
