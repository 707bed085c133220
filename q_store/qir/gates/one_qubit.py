"""One-qubit gates without angles. They are primitives: nothing simpler is offered for them."""

from __future__ import annotations

from typing import Final

from q_store.qir.gates.matrices import SQRT_HALF, constant
from q_store.qir.gates.rules import always, same, spelled
from q_store.qir.ops import Gate, Trait

_PAULI: Final = Trait.HERMITIAN | Trait.CLIFFORD
_EVERYWHERE: Final = "qasm2 qasm3 qiskit"

ID: Final = Gate(
    name="q.id",
    doc="Leaves the qubit alone.",
    wires=1,
    traits=_PAULI | Trait.DIAGONAL | Trait.PERMUTATION,
    matrix=constant([[1, 0], [0, 1]]),
    inverse=same("id", 1),
    aliases=("i", "identity"),
    names=spelled("id", _EVERYWHERE, cirq="I", pennylane="I(wires)"),
)
X: Final = Gate(
    name="q.x",
    doc="Pauli X: exchanges |0> and |1>.",
    wires=1,
    traits=_PAULI | Trait.PERMUTATION,
    matrix=constant([[0, 1], [1, 0]]),
    inverse=same("x", 1),
    aliases=("paulix", "not"),
    names=spelled("x", _EVERYWHERE + " ionq", cirq="X", pennylane="X(wires)"),
)
Y: Final = Gate(
    name="q.y",
    doc="Pauli Y.",
    wires=1,
    traits=_PAULI,
    matrix=constant([[0, -1j], [1j, 0]]),
    inverse=same("y", 1),
    aliases=("pauliy",),
    names=spelled("y", _EVERYWHERE + " ionq", cirq="Y", pennylane="Y(wires)"),
)
Z: Final = Gate(
    name="q.z",
    doc="Pauli Z: the sign -1 on |1>.",
    wires=1,
    traits=_PAULI | Trait.DIAGONAL,
    matrix=constant([[1, 0], [0, -1]]),
    inverse=same("z", 1),
    aliases=("pauliz",),
    names=spelled("z", _EVERYWHERE + " ionq", cirq="Z", pennylane="Z(wires)"),
)
H: Final = Gate(
    name="q.h",
    doc="Hadamard: exchanges the X and the Z axis.",
    wires=1,
    traits=_PAULI,
    matrix=constant([[1, 1], [1, -1]], SQRT_HALF),
    inverse=same("h", 1),
    aliases=("hadamard",),
    names=spelled("h", _EVERYWHERE + " ionq", cirq="H", pennylane="Hadamard(wires)"),
)
S: Final = Gate(
    name="q.s",
    doc="Square root of Z: the phase i on |1>.",
    wires=1,
    traits=Trait.CLIFFORD | Trait.DIAGONAL,
    matrix=constant([[1, 0], [0, 1j]]),
    inverse=always("sdg 0"),
    names=spelled("s", _EVERYWHERE + " ionq", cirq="S", pennylane="S(wires)"),
)
SDG: Final = Gate(
    name="q.sdg",
    doc="Inverse of s: the phase -i on |1>.",
    wires=1,
    traits=Trait.CLIFFORD | Trait.DIAGONAL,
    matrix=constant([[1, 0], [0, -1j]]),
    inverse=always("s 0"),
    aliases=("si",),
    names=spelled("sdg", _EVERYWHERE, cirq="S**-1", pennylane="adjoint(S(wires))", ionq="si"),
)
T: Final = Gate(
    name="q.t",
    doc="Fourth root of Z: the phase exp(i pi/4) on |1>.",
    wires=1,
    traits=Trait.DIAGONAL,
    matrix=constant([[1, 0], [0, SQRT_HALF * (1 + 1j)]]),
    inverse=always("tdg 0"),
    names=spelled("t", _EVERYWHERE + " ionq", cirq="T", pennylane="T(wires)"),
)
TDG: Final = Gate(
    name="q.tdg",
    doc="Inverse of t: the phase exp(-i pi/4) on |1>.",
    wires=1,
    traits=Trait.DIAGONAL,
    matrix=constant([[1, 0], [0, SQRT_HALF * (1 - 1j)]]),
    inverse=always("t 0"),
    aliases=("ti",),
    names=spelled("tdg", _EVERYWHERE, cirq="T**-1", pennylane="adjoint(T(wires))", ionq="ti"),
)
SX: Final = Gate(
    name="q.sx",
    doc="Square root of X: exp(i pi/4) rx(pi/2).",
    wires=1,
    traits=Trait.CLIFFORD,
    matrix=constant([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]], 0.5),
    inverse=always("sxdg 0"),
    aliases=("v",),
    names=spelled("sx", _EVERYWHERE, cirq="X**0.5", pennylane="SX(wires)", ionq="v"),
)
SXDG: Final = Gate(
    name="q.sxdg",
    doc="Inverse of sx: exp(-i pi/4) rx(-pi/2).",
    wires=1,
    traits=Trait.CLIFFORD,
    matrix=constant([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]], 0.5),
    inverse=always("sx 0"),
    aliases=("vi",),
    names=spelled(
        "sxdg", "qasm2 qiskit", cirq="X**-0.5", pennylane="adjoint(SX(wires))", ionq="vi"
    ),
)

ROWS: Final = (ID, X, Y, Z, H, S, SDG, T, TDG, SX, SXDG)
