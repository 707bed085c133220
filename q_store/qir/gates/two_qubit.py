"""Two-qubit Pauli rotations and fixed two-qubit gates without a control."""

from __future__ import annotations

from math import pi
from typing import Final

from q_store.qir.gates.matrices import (
    SQRT_HALF,
    constant,
    dense,
    diagonal,
    expi,
    permutation,
    rotation,
)
from q_store.qir.gates.rules import always, conjugated, diagonal_steps, negate, same, spelled
from q_store.qir.ops import Gate, Trait

_ONCE: Final = (1.0,)

RXX: Final = Gate(
    name="q.rxx",
    doc="exp(-i theta/2 XX); Cirq's ms(theta/2).",
    wires=2,
    angle_names=("theta",),
    traits=Trait.ROTATION | Trait.SYMMETRIC,
    matrix=lambda theta: rotation("XX", theta),
    inverse=negate("rxx", 2),
    decompose=lambda theta: conjugated("cx 0 1", ("rx", (0,), (theta,))),
    pauli="XX",
    frequencies=(_ONCE,),
    aliases=("isingxx",),
    names=spelled(
        "rxx",
        "qasm2 qiskit",
        cirq="ms(theta/2)",
        pennylane="IsingXX(theta, wires)",
        ionq="xx",
    ),
)
RYY: Final = Gate(
    name="q.ryy",
    doc="exp(-i theta/2 YY).",
    wires=2,
    angle_names=("theta",),
    traits=Trait.ROTATION | Trait.SYMMETRIC,
    matrix=lambda theta: rotation("YY", theta),
    inverse=negate("ryy", 2),
    decompose=lambda theta: conjugated("sx 0, sx 1, cx 0 1", ("rz", (1,), (theta,))),
    pauli="YY",
    frequencies=(_ONCE,),
    aliases=("isingyy",),
    names=spelled(
        qiskit="ryy",
        cirq="YYPowGate(exponent=theta/pi, global_shift=-0.5)",
        pennylane="IsingYY(theta, wires)",
        ionq="yy",
    ),
)
RZZ: Final = Gate(
    name="q.rzz",
    doc="exp(-i theta/2 ZZ).",
    wires=2,
    angle_names=("theta",),
    traits=Trait.ROTATION | Trait.SYMMETRIC | Trait.DIAGONAL,
    matrix=lambda theta: rotation("ZZ", theta),
    inverse=negate("rzz", 2),
    decompose=lambda theta: conjugated("cx 0 1", ("rz", (1,), (theta,))),
    pauli="ZZ",
    frequencies=(_ONCE,),
    aliases=("isingzz",),
    names=spelled(
        "rzz",
        "qasm2 qiskit",
        cirq="ZZPowGate(exponent=theta/pi, global_shift=-0.5)",
        pennylane="IsingZZ(theta, wires)",
        ionq="zz",
    ),
)
RZX: Final = Gate(
    name="q.rzx",
    doc="exp(-i theta/2 ZX): cross resonance, Z on wire 0 and X on wire 1.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.ROTATION,
    matrix=lambda theta: rotation("ZX", theta),
    inverse=negate("rzx", 2),
    decompose=lambda theta: conjugated("h 1, cx 0 1", ("rz", (1,), (theta,))),
    pauli="ZX",
    frequencies=(_ONCE,),
    names=spelled(qiskit="rzx", pennylane="PauliRot(theta, 'ZX', wires)"),
)
SWAP: Final = Gate(
    name="q.swap",
    doc="Exchanges two qubits.",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD | Trait.PERMUTATION | Trait.SYMMETRIC,
    matrix=permutation(0, 2, 1, 3),
    inverse=same("swap", 2),
    decompose=always("cx 0 1, cx 1 0, cx 0 1"),
    names=spelled("swap", "qasm2 qasm3 qiskit ionq", cirq="SWAP", pennylane="SWAP(wires)"),
)
ISWAP: Final = Gate(
    name="q.iswap",
    doc="Exchanges two qubits with the phase i on |01> and |10>.",
    wires=2,
    traits=Trait.CLIFFORD | Trait.SYMMETRIC,
    matrix=constant([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    inverse=always("iswapdg 0 1"),
    decompose=always("s 0, s 1, h 0, cx 0 1, cx 1 0, h 1"),
    names=spelled(qiskit="iswap", cirq="ISWAP", pennylane="ISWAP(wires)"),
)
ISWAPDG: Final = Gate(
    name="q.iswapdg",
    doc="Inverse of iswap.",
    wires=2,
    traits=Trait.CLIFFORD | Trait.SYMMETRIC,
    matrix=constant([[1, 0, 0, 0], [0, 0, -1j, 0], [0, -1j, 0, 0], [0, 0, 0, 1]]),
    inverse=always("iswap 0 1"),
    decompose=always("h 1, cx 1 0, cx 0 1, h 0, sdg 1, sdg 0"),
    aliases=("iswap_inv",),
    names=spelled(cirq="ISWAP**-1", pennylane="adjoint(ISWAP(wires))"),
)
SQRT_ISWAP: Final = Gate(
    name="q.sqrt_iswap",
    doc="Square root of iswap.",
    wires=2,
    traits=Trait.SYMMETRIC,
    matrix=constant(
        [
            [1, 0, 0, 0],
            [0, SQRT_HALF, 1j * SQRT_HALF, 0],
            [0, 1j * SQRT_HALF, SQRT_HALF, 0],
            [0, 0, 0, 1],
        ]
    ),
    inverse=always("sqrt_iswapdg 0 1"),
    decompose=lambda: (("xx_plus_yy", (0, 1), (-pi / 2, 0.0)),),
    aliases=("siswap", "sqisw"),
    names=spelled(cirq="SQRT_ISWAP", pennylane="SISWAP(wires)"),
)
SQRT_ISWAPDG: Final = Gate(
    name="q.sqrt_iswapdg",
    doc="Inverse of sqrt_iswap.",
    wires=2,
    traits=Trait.SYMMETRIC,
    matrix=constant(
        [
            [1, 0, 0, 0],
            [0, SQRT_HALF, -1j * SQRT_HALF, 0],
            [0, -1j * SQRT_HALF, SQRT_HALF, 0],
            [0, 0, 0, 1],
        ]
    ),
    inverse=always("sqrt_iswap 0 1"),
    decompose=lambda: (("xx_plus_yy", (0, 1), (pi / 2, 0.0)),),
    aliases=("sqrt_iswap_inv",),
    names=spelled(cirq="SQRT_ISWAP_INV", pennylane="adjoint(SISWAP(wires))"),
)
DCX: Final = Gate(
    name="q.dcx",
    doc="cx(0, 1), then cx(1, 0).",
    wires=2,
    traits=Trait.CLIFFORD | Trait.PERMUTATION,
    matrix=permutation(0, 3, 1, 2),
    inverse=always("dcx 1 0"),
    decompose=always("cx 0 1, cx 1 0"),
    names=spelled(qiskit="dcx"),
)
CXSWAP: Final = Gate(
    name="q.cxswap",
    doc="cx(0, 1), then swap.",
    wires=2,
    traits=Trait.CLIFFORD | Trait.PERMUTATION,
    matrix=permutation(0, 2, 3, 1),
    inverse=always("cxswap 1 0"),
    decompose=always("dcx 1 0"),
    names=spelled(cirq="CXSWAP"),
)
CZSWAP: Final = Gate(
    name="q.czswap",
    doc="swap with the sign -1 on |11>: exchange of two fermionic modes.",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD | Trait.SYMMETRIC,
    matrix=constant([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, -1]]),
    inverse=same("czswap", 2),
    decompose=always("iswap 0 1, sdg 0, sdg 1"),
    aliases=("fswap",),
    names=spelled(cirq="CZSWAP"),
)
ECR: Final = Gate(
    name="q.ecr",
    doc="Echoed cross resonance: rzx(pi/4), x on wire 0, rzx(-pi/4).",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD,
    matrix=constant([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]], SQRT_HALF),
    inverse=same("ecr", 2),
    decompose=lambda: (*always("s 0, sx 1, cx 0 1, x 0")(), ("phase", (), (-pi / 4,))),
    names=spelled(qiskit="ecr", pennylane="ECR(wires)"),
)
PSWAP: Final = Gate(
    name="q.pswap",
    doc="swap with the phase exp(i phi) on |01> and |10>.",
    wires=2,
    angle_names=("phi",),
    traits=Trait.SYMMETRIC,
    matrix=lambda phi: dense(
        [[1, 0, 0, 0], [0, 0, expi(phi), 0], [0, expi(phi), 0, 0], [0, 0, 0, 1]]
    ),
    inverse=negate("pswap", 2),
    decompose=lambda phi: (
        ("cx", (0, 1), ()),
        ("p", (1,), (phi,)),
        ("cx", (1, 0), ()),
        ("cx", (0, 1), ()),
    ),
    frequencies=(_ONCE,),
    names=spelled(pennylane="PSWAP(phi, wires)"),
)
CP00: Final = Gate(
    name="q.cp00",
    doc="Phase exp(i theta) on |00>.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=lambda theta: diagonal(expi(theta), 1, 1, 1),
    inverse=negate("cp00", 2),
    decompose=lambda theta: (
        ("phase", (), (theta,)),
        ("p", (0,), (-theta,)),
        ("p", (1,), (-theta,)),
        ("cp", (0, 1), (theta,)),
    ),
    frequencies=(_ONCE,),
    aliases=("cphaseshift00",),
    names=spelled(pennylane="CPhaseShift00(theta, wires)"),
)
CP01: Final = Gate(
    name="q.cp01",
    doc="Phase exp(i theta) on |01>.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.DIAGONAL,
    matrix=lambda theta: diagonal(1, expi(theta), 1, 1),
    inverse=negate("cp01", 2),
    decompose=lambda theta: (("p", (1,), (theta,)), ("cp", (0, 1), (-theta,))),
    frequencies=(_ONCE,),
    aliases=("cphaseshift01",),
    names=spelled(pennylane="CPhaseShift01(theta, wires)"),
)
CP10: Final = Gate(
    name="q.cp10",
    doc="Phase exp(i theta) on |10>.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.DIAGONAL,
    matrix=lambda theta: diagonal(1, 1, expi(theta), 1),
    inverse=negate("cp10", 2),
    decompose=lambda theta: (("p", (0,), (theta,)), ("cp", (0, 1), (-theta,))),
    frequencies=(_ONCE,),
    aliases=("cphaseshift10",),
    names=spelled(pennylane="CPhaseShift10(theta, wires)"),
)
DIAG2: Final = Gate(
    name="q.diag2",
    doc="Phases exp(i a), exp(i b), exp(i c), exp(i d) on |00>, |01>, |10>, |11>.",
    wires=2,
    angle_names=("a", "b", "c", "d"),
    traits=Trait.DIAGONAL,
    matrix=lambda *phases: diagonal(*map(expi, phases)),
    inverse=negate("diag2", 2),
    decompose=lambda *phases: diagonal_steps((0, 1), phases),
    frequencies=(_ONCE,) * 4,
    names=spelled(cirq="TwoQubitDiagonalGate([a, b, c, d])"),
)

ROWS: Final = (
    *(RXX, RYY, RZZ, RZX, SWAP, ISWAP, ISWAPDG, SQRT_ISWAP, SQRT_ISWAPDG),
    *(DCX, CXSWAP, CZSWAP, ECR, PSWAP, CP00, CP01, CP10, DIAG2),
)
