"""Two-qubit gates with one control, which is wire 0."""

from __future__ import annotations

from math import pi
from typing import Final

from q_store.qir.gates import one_qubit, rotations
from q_store.qir.gates.matrices import controlled, diagonal, expi, fixed, rotation
from q_store.qir.gates.rules import always, negate, same, spelled
from q_store.qir.ops import Gate, Trait

_ONCE: Final = (1.0,)
_HALVES: Final = (0.5, 1.0)

CX: Final = Gate(
    name="q.cx",
    doc="Controlled X.",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD | Trait.PERMUTATION,
    matrix=fixed(lambda: controlled(one_qubit.X.matrix())),
    inverse=same("cx", 2),
    controls=1,
    base="x",
    aliases=("cnot",),
    names=spelled("cx", "qasm2 qasm3 qiskit", cirq="CX", pennylane="CNOT(wires)", ionq="cnot"),
)
CY: Final = Gate(
    name="q.cy",
    doc="Controlled Y.",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD,
    matrix=fixed(lambda: controlled(one_qubit.Y.matrix())),
    inverse=same("cy", 2),
    decompose=always("sdg 1, cx 0 1, s 1"),
    controls=1,
    base="y",
    names=spelled("cy", "qasm2 qasm3 qiskit", cirq="CY", pennylane="CY(wires)"),
)
CZ: Final = Gate(
    name="q.cz",
    doc="Controlled Z: the sign -1 on |11>.",
    wires=2,
    traits=Trait.HERMITIAN | Trait.CLIFFORD | Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: controlled(one_qubit.Z.matrix())),
    inverse=same("cz", 2),
    decompose=always("h 1, cx 0 1, h 1"),
    controls=1,
    base="z",
    names=spelled("cz", "qasm2 qasm3 qiskit", cirq="CZ", pennylane="CZ(wires)"),
)
CH: Final = Gate(
    name="q.ch",
    doc="Controlled Hadamard.",
    wires=2,
    traits=Trait.HERMITIAN,
    matrix=fixed(lambda: controlled(one_qubit.H.matrix())),
    inverse=same("ch", 2),
    decompose=lambda: (
        ("ry", (1,), (-pi / 4,)),
        ("cz", (0, 1), ()),
        ("ry", (1,), (pi / 4,)),
    ),
    controls=1,
    base="h",
    names=spelled("ch", "qasm2 qasm3 qiskit", cirq="H.controlled()", pennylane="CH(wires)"),
)
CS: Final = Gate(
    name="q.cs",
    doc="Controlled s: the phase i on |11>.",
    wires=2,
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: diagonal(1, 1, 1, 1j)),
    inverse=always("csdg 0 1"),
    decompose=always("t 0, t 1, cx 0 1, tdg 1, cx 0 1"),
    controls=1,
    base="s",
    names=spelled(qiskit="cs", cirq="CZ**0.5", pennylane="ctrl(S(wires[1]), wires[0])"),
)
CSDG: Final = Gate(
    name="q.csdg",
    doc="Inverse of cs: the phase -i on |11>.",
    wires=2,
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: diagonal(1, 1, 1, -1j)),
    inverse=always("cs 0 1"),
    decompose=always("tdg 0, tdg 1, cx 0 1, t 1, cx 0 1"),
    controls=1,
    base="sdg",
    names=spelled(qiskit="csdg", cirq="CZ**-0.5", pennylane="ctrl(adjoint(S(wires[1])), wires[0])"),
)
CT: Final = Gate(
    name="q.ct",
    doc="Controlled t: the phase exp(i pi/4) on |11>.",
    wires=2,
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: controlled(one_qubit.T.matrix())),
    inverse=always("ctdg 0 1"),
    decompose=lambda: (("cp", (0, 1), (pi / 4,)),),
    controls=1,
    base="t",
    names=spelled(cirq="CZ**0.25", pennylane="ctrl(T(wires[1]), wires[0])"),
)
CTDG: Final = Gate(
    name="q.ctdg",
    doc="Inverse of ct: the phase exp(-i pi/4) on |11>.",
    wires=2,
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=fixed(lambda: controlled(one_qubit.TDG.matrix())),
    inverse=always("ct 0 1"),
    decompose=lambda: (("cp", (0, 1), (-pi / 4,)),),
    controls=1,
    base="tdg",
    names=spelled(cirq="CZ**-0.25", pennylane="ctrl(adjoint(T(wires[1])), wires[0])"),
)
CSX: Final = Gate(
    name="q.csx",
    doc="Controlled sx.",
    wires=2,
    matrix=fixed(lambda: controlled(one_qubit.SX.matrix())),
    inverse=always("csxdg 0 1"),
    decompose=always("h 1, cs 0 1, h 1"),
    controls=1,
    base="sx",
    names=spelled("csx", "qasm2 qiskit", cirq="CX**0.5", pennylane="ctrl(SX(wires[1]), wires[0])"),
)
CSXDG: Final = Gate(
    name="q.csxdg",
    doc="Inverse of csx.",
    wires=2,
    matrix=fixed(lambda: controlled(one_qubit.SXDG.matrix())),
    inverse=always("csx 0 1"),
    decompose=always("h 1, csdg 0 1, h 1"),
    controls=1,
    base="sxdg",
    names=spelled(cirq="CX**-0.5", pennylane="ctrl(adjoint(SX(wires[1])), wires[0])"),
)
CP: Final = Gate(
    name="q.cp",
    doc="Phase exp(i theta) on |11>; Cirq's CZ**(theta/pi).",
    wires=2,
    angle_names=("theta",),
    traits=Trait.DIAGONAL | Trait.SYMMETRIC,
    matrix=lambda theta: diagonal(1, 1, 1, expi(theta)),
    inverse=negate("cp", 2),
    decompose=lambda theta: (
        ("rz", (0,), (theta * 0.5,)),
        ("rz", (1,), (theta * 0.5,)),
        ("rzz", (0, 1), (theta * -0.5,)),
        ("phase", (), (theta * 0.25,)),
    ),
    frequencies=(_ONCE,),
    controls=2,
    base="phase",
    aliases=("cu1", "cphase", "controlledphaseshift"),
    names=spelled(
        "cp",
        "qasm3 qiskit",
        qasm2="cu1",
        cirq="CZ**(theta/pi)",
        pennylane="ControlledPhaseShift(theta, wires)",
    ),
)
CRX: Final = Gate(
    name="q.crx",
    doc="Controlled rx.",
    wires=2,
    angle_names=("theta",),
    matrix=lambda theta: controlled(rotation("X", theta)),
    inverse=negate("crx", 2),
    decompose=lambda theta: (("rx", (1,), (theta * 0.5,)), ("rzx", (0, 1), (theta * -0.5,))),
    frequencies=(_HALVES,),
    controls=1,
    base="rx",
    names=spelled(
        "crx",
        "qasm2 qasm3 qiskit",
        cirq="rx(theta).controlled()",
        pennylane="CRX(theta, wires)",
    ),
)
CRY: Final = Gate(
    name="q.cry",
    doc="Controlled ry.",
    wires=2,
    angle_names=("theta",),
    matrix=lambda theta: controlled(rotation("Y", theta)),
    inverse=negate("cry", 2),
    decompose=lambda theta: (
        ("ry", (1,), (theta * 0.5,)),
        ("sdg", (1,), ()),
        ("rzx", (0, 1), (theta * -0.5,)),
        ("s", (1,), ()),
    ),
    frequencies=(_HALVES,),
    controls=1,
    base="ry",
    names=spelled(
        "cry",
        "qasm2 qasm3 qiskit",
        cirq="ry(theta).controlled()",
        pennylane="CRY(theta, wires)",
    ),
)
CRZ: Final = Gate(
    name="q.crz",
    doc="Controlled rz.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.DIAGONAL,
    matrix=lambda theta: controlled(rotation("Z", theta)),
    inverse=negate("crz", 2),
    decompose=lambda theta: (("rz", (1,), (theta * 0.5,)), ("rzz", (0, 1), (theta * -0.5,))),
    frequencies=(_HALVES,),
    controls=1,
    base="rz",
    names=spelled(
        "crz",
        "qasm2 qasm3 qiskit",
        cirq="rz(theta).controlled()",
        pennylane="CRZ(theta, wires)",
    ),
)
CU3: Final = Gate(
    name="q.cu3",
    doc="Controlled u.",
    wires=2,
    angle_names=("theta", "phi", "lam"),
    matrix=lambda theta, phi, lam: controlled(rotations.U.matrix(theta, phi, lam)),
    inverse=lambda theta, phi, lam: (("cu3", (0, 1), (-theta, -lam, -phi)),),
    decompose=lambda theta, phi, lam: (
        ("p", (0,), ((phi + lam) * 0.5,)),
        ("crot", (0, 1), (lam, theta, phi)),
    ),
    frequencies=(_HALVES, _ONCE, _ONCE),
    controls=1,
    base="u",
    names=spelled("cu3", "qasm2 qiskit", pennylane="ctrl(U3(theta, phi, lam, wires[1]), wires[0])"),
)
CU: Final = Gate(
    name="q.cu",
    doc="Controlled u with the phase gamma on the control: p(gamma) on wire 0, then cu3.",
    wires=2,
    angle_names=("theta", "phi", "lam", "gamma"),
    matrix=lambda theta, phi, lam, gamma: controlled(
        expi(gamma)[..., None, None] * rotations.U.matrix(theta, phi, lam)
    ),
    inverse=lambda theta, phi, lam, gamma: (("cu", (0, 1), (-theta, -lam, -phi, -gamma)),),
    decompose=lambda theta, phi, lam, gamma: (
        ("p", (0,), (gamma + (phi + lam) * 0.5,)),
        ("crot", (0, 1), (lam, theta, phi)),
    ),
    frequencies=(_HALVES, _ONCE, _ONCE, _ONCE),
    names=spelled("cu", "qasm2 qasm3 qiskit"),
)
CROT: Final = Gate(
    name="q.crot",
    doc="Controlled rot.",
    wires=2,
    angle_names=("phi", "theta", "omega"),
    matrix=lambda phi, theta, omega: controlled(rotations.ROT.matrix(phi, theta, omega)),
    inverse=lambda phi, theta, omega: (("crot", (0, 1), (-omega, -theta, -phi)),),
    decompose=lambda phi, theta, omega: (
        ("rz", (1,), ((phi - omega) * 0.5,)),
        ("cx", (0, 1), ()),
        ("rz", (1,), ((phi + omega) * -0.5,)),
        ("ry", (1,), (theta * -0.5,)),
        ("cx", (0, 1), ()),
        ("ry", (1,), (theta * 0.5,)),
        ("rz", (1,), (omega,)),
    ),
    frequencies=(_HALVES, _HALVES, _HALVES),
    controls=1,
    base="rot",
    names=spelled(pennylane="CRot(phi, theta, omega, wires)"),
)
CXPOW: Final = Gate(
    name="q.cxpow",
    doc="Power of controlled X: CX**(theta/pi), which is p(theta/2) on wire 0 and crx(theta).",
    wires=2,
    angle_names=("theta",),
    matrix=lambda theta: controlled(expi(theta * 0.5)[..., None, None] * rotation("X", theta)),
    inverse=negate("cxpow", 2),
    decompose=lambda theta: (("p", (0,), (theta * 0.5,)), ("crx", (0, 1), (theta,))),
    frequencies=(_ONCE,),
    names=spelled(cirq="CX**(theta/pi)"),
)
CYPOW: Final = Gate(
    name="q.cypow",
    doc="Power of controlled Y: CY**(theta/pi), which is p(theta/2) on wire 0 and cry(theta).",
    wires=2,
    angle_names=("theta",),
    matrix=lambda theta: controlled(expi(theta * 0.5)[..., None, None] * rotation("Y", theta)),
    inverse=negate("cypow", 2),
    decompose=lambda theta: (("p", (0,), (theta * 0.5,)), ("cry", (0, 1), (theta,))),
    frequencies=(_ONCE,),
    names=spelled(cirq="CY**(theta/pi)"),
)

ROWS: Final = (
    *(CX, CY, CZ, CH, CS, CSDG, CT, CTDG, CSX, CSXDG),
    *(CP, CRX, CRY, CRZ, CU3, CU, CROT, CXPOW, CYPOW),
)
