"""One-qubit gates with angles, and the global phase."""

from __future__ import annotations

from math import pi
from typing import Final

from q_store.qir.gates.matrices import SQRT_HALF, cos, dense, diagonal, expi, rotation, sin
from q_store.qir.gates.rules import negate, spelled
from q_store.qir.ops import Gate, Trait

_ONCE: Final = (1.0,)
_TWICE: Final = (1.0, 2.0)

PHASE: Final = Gate(
    name="q.phase",
    doc="Global phase exp(i theta); takes no wire.",
    wires=0,
    angle_names=("theta",),
    traits=Trait.DIAGONAL,
    matrix=lambda theta: dense([[expi(theta)]]),
    inverse=negate("phase", 0),
    frequencies=((),),
    aliases=("global_phase", "gphase"),
    names=spelled(
        qasm3="gphase",
        qiskit="global_phase",
        cirq="GlobalPhaseGate(e**(1j*theta))",
        pennylane="GlobalPhase(-theta)",
    ),
)
P: Final = Gate(
    name="q.p",
    doc="Phase exp(i theta) on |1>.",
    wires=1,
    angle_names=("theta",),
    traits=Trait.DIAGONAL,
    matrix=lambda theta: diagonal(1, expi(theta)),
    inverse=negate("p", 1),
    decompose=lambda theta: (("rz", (0,), (theta,)), ("phase", (), (theta * 0.5,))),
    frequencies=(_ONCE,),
    controls=1,
    base="phase",
    aliases=("u1", "phaseshift"),
    names=spelled(
        "p",
        "qasm2 qasm3 qiskit",
        cirq="Z**(theta/pi)",
        pennylane="PhaseShift(theta, wires)",
    ),
)
RX: Final = Gate(
    name="q.rx",
    doc="Rotation about X: exp(-i theta/2 X).",
    wires=1,
    angle_names=("theta",),
    traits=Trait.ROTATION,
    matrix=lambda theta: rotation("X", theta),
    inverse=negate("rx", 1),
    pauli="X",
    frequencies=(_ONCE,),
    names=spelled("rx", "qasm2 qasm3 qiskit ionq", cirq="rx(theta)", pennylane="RX(theta, wires)"),
)
RY: Final = Gate(
    name="q.ry",
    doc="Rotation about Y: exp(-i theta/2 Y).",
    wires=1,
    angle_names=("theta",),
    traits=Trait.ROTATION,
    matrix=lambda theta: rotation("Y", theta),
    inverse=negate("ry", 1),
    pauli="Y",
    frequencies=(_ONCE,),
    names=spelled("ry", "qasm2 qasm3 qiskit ionq", cirq="ry(theta)", pennylane="RY(theta, wires)"),
)
RZ: Final = Gate(
    name="q.rz",
    doc="Rotation about Z: exp(-i theta/2 Z).",
    wires=1,
    angle_names=("theta",),
    traits=Trait.ROTATION | Trait.DIAGONAL,
    matrix=lambda theta: rotation("Z", theta),
    inverse=negate("rz", 1),
    pauli="Z",
    frequencies=(_ONCE,),
    names=spelled("rz", "qasm2 qasm3 qiskit ionq", cirq="rz(theta)", pennylane="RZ(theta, wires)"),
)
U: Final = Gate(
    name="q.u",
    doc="Any one-qubit gate up to phase: p(lam), then ry(theta), then p(phi).",
    wires=1,
    angle_names=("theta", "phi", "lam"),
    matrix=lambda theta, phi, lam: dense(
        [
            [cos(theta * 0.5), -expi(lam) * sin(theta * 0.5)],
            [expi(phi) * sin(theta * 0.5), expi(phi) * expi(lam) * cos(theta * 0.5)],
        ]
    ),
    inverse=lambda theta, phi, lam: (("u", (0,), (-theta, -lam, -phi)),),
    decompose=lambda theta, phi, lam: (
        ("rz", (0,), (lam,)),
        ("ry", (0,), (theta,)),
        ("rz", (0,), (phi,)),
        ("phase", (), ((phi + lam) * 0.5,)),
    ),
    frequencies=(_ONCE, _ONCE, _ONCE),
    aliases=("u3",),
    names=spelled(qasm2="u3", qiskit="u", pennylane="U3(theta, phi, lam, wires)"),
)
U2: Final = Gate(
    name="q.u2",
    doc="u(pi/2, phi, lam).",
    wires=1,
    angle_names=("phi", "lam"),
    matrix=lambda phi, lam: (
        SQRT_HALF * dense([[1.0, -expi(lam)], [expi(phi), expi(phi) * expi(lam)]])
    ),
    inverse=lambda phi, lam: (("u2", (0,), (-lam - pi, -phi + pi)),),
    decompose=lambda phi, lam: (
        ("rz", (0,), (lam,)),
        ("ry", (0,), (pi / 2,)),
        ("rz", (0,), (phi,)),
        ("phase", (), ((phi + lam) * 0.5,)),
    ),
    frequencies=(_ONCE, _ONCE),
    names=spelled("u2", "qasm2 qiskit", pennylane="U2(phi, lam, wires)"),
)
R: Final = Gate(
    name="q.r",
    doc="Rotation by theta about cos(phi) X + sin(phi) Y; Cirq's PhasedXPow up to a phase.",
    wires=1,
    angle_names=("theta", "phi"),
    matrix=lambda theta, phi: dense(
        [
            [cos(theta * 0.5), -1j * expi(-phi) * sin(theta * 0.5)],
            [-1j * expi(phi) * sin(theta * 0.5), cos(theta * 0.5)],
        ]
    ),
    inverse=lambda theta, phi: (("r", (0,), (-theta, phi)),),
    decompose=lambda theta, phi: (
        ("rz", (0,), (-phi,)),
        ("rx", (0,), (theta,)),
        ("rz", (0,), (phi,)),
    ),
    frequencies=(_ONCE, _TWICE),
    aliases=("prx", "phased_x"),
    names=spelled(
        qiskit="r",
        cirq="PhasedXPowGate(exponent=theta/pi, phase_exponent=phi/pi, global_shift=-0.5)",
    ),
)
ROT: Final = Gate(
    name="q.rot",
    doc="Any rotation: rz(phi), then ry(theta), then rz(omega).",
    wires=1,
    angle_names=("phi", "theta", "omega"),
    matrix=lambda phi, theta, omega: dense(
        [
            [
                expi((phi + omega) * -0.5) * cos(theta * 0.5),
                -expi((phi - omega) * 0.5) * sin(theta * 0.5),
            ],
            [
                expi((phi - omega) * -0.5) * sin(theta * 0.5),
                expi((phi + omega) * 0.5) * cos(theta * 0.5),
            ],
        ]
    ),
    inverse=lambda phi, theta, omega: (("rot", (0,), (-omega, -theta, -phi)),),
    decompose=lambda phi, theta, omega: (
        ("rz", (0,), (phi,)),
        ("ry", (0,), (theta,)),
        ("rz", (0,), (omega,)),
    ),
    frequencies=(_ONCE, _ONCE, _ONCE),
    names=spelled(pennylane="Rot(phi, theta, omega, wires)"),
)
PHASED_XZ: Final = Gate(
    name="q.phased_xz",
    doc="X**(x/pi) about an axis turned by a in the plane, then Z**(z/pi).",
    wires=1,
    angle_names=("x", "z", "a"),
    matrix=lambda x, z, a: (
        expi(x * 0.5)[..., None, None]
        * dense(
            [
                [cos(x * 0.5), -1j * expi(-a) * sin(x * 0.5)],
                [-1j * expi(a + z) * sin(x * 0.5), expi(z) * cos(x * 0.5)],
            ]
        )
    ),
    inverse=lambda x, z, a: (("phased_xz", (0,), (-x, -z, a + z)),),
    decompose=lambda x, z, a: (
        ("rz", (0,), (-a,)),
        ("rx", (0,), (x,)),
        ("rz", (0,), (a + z,)),
        ("phase", (), ((x + z) * 0.5,)),
    ),
    frequencies=(_ONCE, _ONCE, _TWICE),
    aliases=("phasedxz",),
    names=spelled(cirq="PhasedXZGate(x_exponent=x/pi, z_exponent=z/pi, axis_phase_exponent=a/pi)"),
)
HPOW: Final = Gate(
    name="q.hpow",
    doc="Power of Hadamard: H**(theta/pi).",
    wires=1,
    angle_names=("theta",),
    matrix=lambda theta: (
        expi(theta * 0.5)[..., None, None]
        * dense(
            [
                [
                    cos(theta * 0.5) - 1j * SQRT_HALF * sin(theta * 0.5),
                    -1j * SQRT_HALF * sin(theta * 0.5),
                ],
                [
                    -1j * SQRT_HALF * sin(theta * 0.5),
                    cos(theta * 0.5) + 1j * SQRT_HALF * sin(theta * 0.5),
                ],
            ]
        )
    ),
    inverse=negate("hpow", 1),
    decompose=lambda theta: (
        ("ry", (0,), (-pi / 4,)),
        ("p", (0,), (theta,)),
        ("ry", (0,), (pi / 4,)),
    ),
    frequencies=(_ONCE,),
    names=spelled(cirq="H**(theta/pi)"),
)

ROWS: Final = (PHASE, P, RX, RY, RZ, U, U2, R, ROT, PHASED_XZ, HPOW)
