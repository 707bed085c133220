"""Native gates of IonQ's trapped-ion machines.

Angles are radians here; IonQ's JSON counts in turns, so `phase = phi / (2 pi)` for gpi and gpi2,
`phases = [phi0 / (2 pi), phi1 / (2 pi)]` and `angle = theta / (2 pi)` for ms and zz. The virtual
Z of the hardware is `rz`, a frame change without a pulse.
"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.gates.matrices import SQRT_HALF, cos, dense, expi, rotation, sin
from q_store.qir.gates.rules import negate, same, spelled
from q_store.qir.ops import Gate, Trait

if TYPE_CHECKING:
    from q_store.qir.gates.matrices import ComplexArray

_ONCE: Final = (1.0,)
_TWICE: Final = (1.0, 2.0)

GPI: Final = Gate(
    name="ionq.gpi",
    doc="Half-turn about cos(phi) X + sin(phi) Y: [[0, exp(-i phi)], [exp(i phi), 0]].",
    wires=1,
    angle_names=("phi",),
    traits=Trait.HERMITIAN,
    matrix=lambda phi: dense([[0, expi(-phi)], [expi(phi), 0]]),
    inverse=same("gpi", 1),
    decompose=lambda phi: (("x", (0,), ()), ("rz", (0,), (phi * 2.0,))),
    frequencies=((2.0,),),
    names=spelled(ionq="gpi"),
)
GPI2: Final = Gate(
    name="ionq.gpi2",
    doc="Quarter-turn about cos(phi) X + sin(phi) Y: r(pi/2, phi).",
    wires=1,
    angle_names=("phi",),
    matrix=lambda phi: dense([[1, -1j * expi(-phi)], [-1j * expi(phi), 1]]) * SQRT_HALF,
    inverse=lambda phi: (("gpi2", (0,), (phi + pi,)),),
    decompose=lambda phi: (
        ("rz", (0,), (-phi,)),
        ("rx", (0,), (pi / 2,)),
        ("rz", (0,), (phi,)),
    ),
    frequencies=(_TWICE,),
    names=spelled(ionq="gpi2"),
)


def _ms_matrix(phi0: Any, phi1: Any, theta: Any) -> ComplexArray:
    c, s = cos(theta * 0.5), -1j * sin(theta * 0.5)
    plus, minus = expi(phi0 + phi1), expi(phi0 - phi1)
    return dense(
        [
            [c, 0, 0, s * plus.conjugate()],
            [0, c, s * minus.conjugate(), 0],
            [0, s * minus, c, 0],
            [s * plus, 0, 0, c],
        ]
    )


MS: Final = Gate(
    name="ionq.ms",
    doc="Mølmer-Sørensen: exp(-i theta/2 gpi(phi0) gpi(phi1)); pi/2 entangles fully.",
    wires=2,
    angle_names=("phi0", "phi1", "theta"),
    matrix=_ms_matrix,
    inverse=lambda phi0, phi1, theta: (("ms", (0, 1), (phi0, phi1, -theta)),),
    decompose=lambda phi0, phi1, theta: (
        ("rz", (0,), (-phi0,)),
        ("rz", (1,), (-phi1,)),
        ("rxx", (0, 1), (theta,)),
        ("rz", (0,), (phi0,)),
        ("rz", (1,), (phi1,)),
    ),
    frequencies=(_TWICE, _TWICE, _ONCE),
    names=spelled(ionq="ms"),
)
ZZ: Final = Gate(
    name="ionq.zz",
    doc="Native exp(-i theta/2 ZZ) of Forte-class machines; pi/2 entangles fully.",
    wires=2,
    angle_names=("theta",),
    traits=Trait.ROTATION | Trait.SYMMETRIC | Trait.DIAGONAL,
    matrix=lambda theta: rotation("ZZ", theta),
    inverse=negate("zz", 2),
    decompose=lambda theta: (("rzz", (0, 1), (theta,)),),
    pauli="ZZ",
    frequencies=(_ONCE,),
    names=spelled(ionq="zz"),
)

ROWS: Final = (GPI, GPI2, MS, ZZ)
