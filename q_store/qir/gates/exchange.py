"""Gates that mix |01> with |10>, or |00> with |11>: exchange interactions and excitations."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.gates import two_qubit
from q_store.qir.gates.matrices import (
    cos,
    dense,
    diagonal,
    embed,
    expi,
    kron,
    sin,
)
from q_store.qir.gates.rules import (
    canonical,
    conjugated,
    diagonal_steps,
    multiplexed,
    negate,
    spelled,
)
from q_store.qir.ops import Gate, Steps, Trait

if TYPE_CHECKING:
    from q_store.qir.gates.matrices import ComplexArray

_ONCE: Final = (1.0,)
_TWICE: Final = (1.0, 2.0)
_HALVES: Final = (0.5, 1.0)


def _mix(states: tuple[int, int], upper: Any, angle: Any, wires: int = 2) -> ComplexArray:
    """[[cos, upper sin], [-conj(upper) sin, cos]] of angle/2 on two basis states."""
    c, s = cos(angle * 0.5), sin(angle * 0.5)
    return embed(wires, (states, dense([[c, upper * s], [-upper.conjugate() * s, c]])))


def _xx_and_yy(xx: Any, yy: Any) -> Steps:
    """exp(-i/2 (xx XX + yy YY)) with two CX."""
    return conjugated("sx 0, sx 1, cx 0 1", ("rx", (0,), (xx,)), ("rz", (1,), (yy,)))


XX_PLUS_YY: Final = Gate(
    name="q.xx_plus_yy",
    doc="exp(-i theta/4 (XX + YY)) with rz(beta) on wire 0 before and rz(-beta) after it.",
    wires=2,
    angle_names=("theta", "beta"),
    matrix=lambda theta, beta: _mix((1, 2), -1j * expi(beta), theta),
    inverse=lambda theta, beta: (("xx_plus_yy", (0, 1), (-theta, beta)),),
    decompose=lambda theta, beta: (
        ("rz", (0,), (beta,)),
        *_xx_and_yy(theta * 0.5, theta * 0.5),
        ("rz", (0,), (-beta,)),
    ),
    frequencies=(_HALVES, _TWICE),
    names=spelled(qiskit="xx_plus_yy"),
)
XX_MINUS_YY: Final = Gate(
    name="q.xx_minus_yy",
    doc="exp(-i theta/4 (XX - YY)) with rz(-beta) on wire 1 before and rz(beta) after it.",
    wires=2,
    angle_names=("theta", "beta"),
    traits=Trait.SYMMETRIC,
    matrix=lambda theta, beta: _mix((0, 3), -1j * expi(-beta), theta),
    inverse=lambda theta, beta: (("xx_minus_yy", (0, 1), (-theta, beta)),),
    decompose=lambda theta, beta: (
        ("rz", (1,), (-beta,)),
        *_xx_and_yy(theta * 0.5, theta * -0.5),
        ("rz", (1,), (beta,)),
    ),
    frequencies=(_HALVES, _TWICE),
    names=spelled(qiskit="xx_minus_yy"),
)
ISINGXY: Final = Gate(
    name="q.isingxy",
    doc="exp(i phi/4 (XX + YY)); Cirq's ISWAP**(phi/pi).",
    wires=2,
    angle_names=("phi",),
    traits=Trait.SYMMETRIC,
    matrix=lambda phi: _mix((1, 2), 1j, phi),
    inverse=negate("isingxy", 2),
    decompose=lambda phi: _xx_and_yy(phi * -0.5, phi * -0.5),
    frequencies=(_HALVES,),
    aliases=("iswappow",),
    names=spelled(cirq="ISWAP**(phi/pi)", pennylane="IsingXY(phi, wires)"),
)
PHASED_ISWAP: Final = Gate(
    name="q.phased_iswap",
    doc="ISWAP**(theta/pi) with the phases exp(i 2 phi) and exp(-i 2 phi) on its exchange terms.",
    wires=2,
    angle_names=("theta", "phi"),
    matrix=lambda theta, phi: _mix((1, 2), 1j * expi(phi * 2.0), theta),
    inverse=lambda theta, phi: (("phased_iswap", (0, 1), (-theta, phi)),),
    decompose=lambda theta, phi: (("xx_plus_yy", (0, 1), (-theta, phi * 2.0)),),
    frequencies=(_HALVES, (2.0, 4.0)),
    names=spelled(cirq="PhasedISwapPowGate(phase_exponent=phi/pi, exponent=theta/pi)"),
)
GIVENS: Final = Gate(
    name="q.givens",
    doc="Rotation by theta in the plane of |01> and |10>; single_excitation(2 theta).",
    wires=2,
    angle_names=("theta",),
    matrix=lambda theta: _mix((1, 2), -1.0, theta * 2.0),
    inverse=negate("givens", 2),
    decompose=lambda theta: (("xx_plus_yy", (0, 1), (theta * 2.0, -pi / 2)),),
    frequencies=(_TWICE,),
    names=spelled(cirq="givens(theta)"),
)
FSIM: Final = Gate(
    name="q.fsim",
    doc="Fermionic simulation: exp(-i theta/2 (XX + YY)) and the phase exp(-i phi) on |11>.",
    wires=2,
    angle_names=("theta", "phi"),
    traits=Trait.SYMMETRIC,
    matrix=lambda theta, phi: diagonal(1, 1, 1, expi(-phi)) @ _mix((1, 2), -1j, theta * 2.0),
    inverse=negate("fsim", 2),
    decompose=lambda theta, phi: (
        *canonical(theta, theta, phi * 0.5),
        ("rz", (0,), (phi * -0.5,)),
        ("rz", (1,), (phi * -0.5,)),
        ("phase", (), (phi * -0.25,)),
    ),
    frequencies=(_TWICE, _ONCE),
    names=spelled(cirq="FSimGate(theta, phi)"),
)
PHASED_FSIM: Final = Gate(
    name="q.phased_fsim",
    doc="fsim with the phases zeta, chi and gamma of a number-conserving gate.",
    wires=2,
    angle_names=("theta", "zeta", "chi", "gamma", "phi"),
    matrix=lambda theta, zeta, chi, gamma, phi: dense(
        [
            [1, 0, 0, 0],
            [
                0,
                expi(-gamma - zeta) * cos(theta),
                -1j * expi(chi - gamma) * sin(theta),
                0,
            ],
            [
                0,
                -1j * expi(-gamma - chi) * sin(theta),
                expi(zeta - gamma) * cos(theta),
                0,
            ],
            [0, 0, 0, expi(gamma * -2.0 - phi)],
        ]
    ),
    inverse=lambda theta, zeta, chi, gamma, phi: (
        ("phased_fsim", (0, 1), (-theta, -zeta, chi, -gamma, -phi)),
    ),
    decompose=lambda theta, zeta, chi, gamma, phi: (
        ("rz", (0,), ((zeta + chi) * 0.5,)),
        ("rz", (1,), ((zeta + chi) * -0.5,)),
        *canonical(theta, theta, phi * 0.5),
        ("rz", (0,), ((zeta - chi) * 0.5 - gamma - phi * 0.5,)),
        ("rz", (1,), ((zeta - chi) * -0.5 - gamma - phi * 0.5,)),
        ("phase", (), (phi * -0.25 - gamma,)),
    ),
    frequencies=(_TWICE, _TWICE, _TWICE, _TWICE, _ONCE),
    names=spelled(cirq="PhasedFSimGate(theta, zeta, chi, gamma, phi)"),
)
SWAPPOW: Final = Gate(
    name="q.swappow",
    doc="Power of swap: SWAP**(theta/pi).",
    wires=2,
    angle_names=("theta",),
    traits=Trait.SYMMETRIC,
    matrix=lambda theta: embed(
        2,
        (
            (1, 2),
            dense(
                [
                    [(1 + expi(theta)) * 0.5, (1 - expi(theta)) * 0.5],
                    [(1 - expi(theta)) * 0.5, (1 + expi(theta)) * 0.5],
                ]
            ),
        ),
    ),
    inverse=negate("swappow", 2),
    decompose=lambda theta: (
        *canonical(theta * 0.5, theta * 0.5, theta * 0.5),
        ("phase", (), (theta * 0.25,)),
    ),
    frequencies=(_ONCE,),
    names=spelled(cirq="SWAP**(theta/pi)"),
)
FERMIONIC_SWAP: Final = Gate(
    name="q.fermionic_swap",
    doc="Power of czswap: CZSWAP**(phi/pi).",
    wires=2,
    angle_names=("phi",),
    traits=Trait.SYMMETRIC,
    matrix=lambda phi: (
        diagonal(1, expi(phi * 0.5), expi(phi * 0.5), expi(phi)) @ _mix((1, 2), -1j, phi)
    ),
    inverse=negate("fermionic_swap", 2),
    decompose=lambda phi: (
        ("p", (0,), (phi * 0.5,)),
        ("p", (1,), (phi * 0.5,)),
        *_xx_and_yy(phi * 0.5, phi * 0.5),
    ),
    frequencies=(_ONCE,),
    aliases=("fermionicswap",),
    names=spelled(pennylane="FermionicSWAP(phi, wires)"),
)
SINGLE_EXCITATION: Final = Gate(
    name="q.single_excitation",
    doc="Rotation by phi/2 in the plane of |01> and |10>.",
    wires=2,
    angle_names=("phi",),
    matrix=lambda phi: _mix((1, 2), -1.0, phi),
    inverse=negate("single_excitation", 2),
    decompose=lambda phi: (("xx_plus_yy", (0, 1), (phi, -pi / 2)),),
    frequencies=(_HALVES,),
    aliases=("singleexcitation",),
    names=spelled(pennylane="SingleExcitation(phi, wires)"),
)


def _single_with_phase(phi: Any, sign: float) -> Steps:
    return (
        ("rz", (0,), (-pi / 2,)),
        *canonical(phi * 0.5, phi * 0.5, phi * (-0.5 * sign)),
        ("rz", (0,), (pi / 2,)),
        ("phase", (), (phi * (0.25 * sign),)),
    )


SINGLE_EXCITATION_PLUS: Final = Gate(
    name="q.single_excitation_plus",
    doc="single_excitation with the phase exp(i phi/2) on |00> and |11>.",
    wires=2,
    angle_names=("phi",),
    matrix=lambda phi: diagonal(expi(phi * 0.5), 1, 1, expi(phi * 0.5)) @ _mix((1, 2), -1.0, phi),
    inverse=negate("single_excitation_plus", 2),
    decompose=lambda phi: _single_with_phase(phi, 1.0),
    frequencies=(_ONCE,),
    aliases=("singleexcitationplus",),
    names=spelled(pennylane="SingleExcitationPlus(phi, wires)"),
)
SINGLE_EXCITATION_MINUS: Final = Gate(
    name="q.single_excitation_minus",
    doc="single_excitation with the phase exp(-i phi/2) on |00> and |11>.",
    wires=2,
    angle_names=("phi",),
    matrix=lambda phi: diagonal(expi(phi * -0.5), 1, 1, expi(phi * -0.5)) @ _mix((1, 2), -1.0, phi),
    inverse=negate("single_excitation_minus", 2),
    decompose=lambda phi: _single_with_phase(phi, -1.0),
    frequencies=(_ONCE,),
    aliases=("singleexcitationminus",),
    names=spelled(pennylane="SingleExcitationMinus(phi, wires)"),
)


def _double(phi: Any, *diagonal_part: Any) -> Steps:
    """CX gates move |0011> and |1100> to where wires 1, 2, 3 read 010 and wire 0 tells them
    apart; there `phi` rotates wire 0 and the diagonal part adds phases."""
    zero = phi * 0.0
    angles = [zero, zero, phi, *[zero] * 5]
    middle = (*multiplexed("ry", (1, 2, 3), 0, angles), *diagonal_part)
    return conjugated("cx 2 3, cx 0 1, cx 0 2", *middle)


def _double_with_phase(phi: Any, sign: float) -> Steps:
    zero, half = phi * 0.0, phi * (0.5 * sign)
    phases = [half, half, zero, *[half] * 5]
    return _double(phi, *diagonal_steps((1, 2, 3), phases))


def _double_matrix(phi: Any, sign: float) -> ComplexArray:
    outside = [expi(phi * (0.5 * sign))] * 16
    outside[3] = outside[12] = 1.0
    return diagonal(*outside) @ _mix((3, 12), -1.0, phi, wires=4)


DOUBLE_EXCITATION: Final = Gate(
    name="q.double_excitation",
    doc="Rotation by phi/2 in the plane of |0011> and |1100>.",
    wires=4,
    angle_names=("phi",),
    matrix=lambda phi: _mix((3, 12), -1.0, phi, wires=4),
    inverse=negate("double_excitation", 4),
    decompose=_double,
    frequencies=(_HALVES,),
    aliases=("doubleexcitation",),
    names=spelled(pennylane="DoubleExcitation(phi, wires)"),
)
DOUBLE_EXCITATION_PLUS: Final = Gate(
    name="q.double_excitation_plus",
    doc="double_excitation with the phase exp(i phi/2) on every other basis state.",
    wires=4,
    angle_names=("phi",),
    matrix=lambda phi: _double_matrix(phi, 1.0),
    inverse=negate("double_excitation_plus", 4),
    decompose=lambda phi: _double_with_phase(phi, 1.0),
    frequencies=(_ONCE,),
    aliases=("doubleexcitationplus",),
    names=spelled(pennylane="DoubleExcitationPlus(phi, wires)"),
)
DOUBLE_EXCITATION_MINUS: Final = Gate(
    name="q.double_excitation_minus",
    doc="double_excitation with the phase exp(-i phi/2) on every other basis state.",
    wires=4,
    angle_names=("phi",),
    matrix=lambda phi: _double_matrix(phi, -1.0),
    inverse=negate("double_excitation_minus", 4),
    decompose=lambda phi: _double_with_phase(phi, -1.0),
    frequencies=(_ONCE,),
    aliases=("doubleexcitationminus",),
    names=spelled(pennylane="DoubleExcitationMinus(phi, wires)"),
)


def _orbital_matrix(phi: Any) -> ComplexArray:
    reorder = kron(diagonal(1, 1), kron(two_qubit.CZSWAP.matrix(), diagonal(1, 1)))
    pair = SINGLE_EXCITATION.matrix(phi)
    return reorder @ kron(pair, pair) @ reorder


ORBITAL_ROTATION: Final = Gate(
    name="q.orbital_rotation",
    doc="Rotation of two spatial orbitals: the same single excitation for both spins.",
    wires=4,
    angle_names=("phi",),
    matrix=_orbital_matrix,
    inverse=negate("orbital_rotation", 4),
    decompose=lambda phi: conjugated(
        "czswap 1 2",
        ("single_excitation", (0, 1), (phi,)),
        ("single_excitation", (2, 3), (phi,)),
    ),
    frequencies=((0.5, 1.0, 1.5, 2.0),),
    aliases=("orbitalrotation",),
    names=spelled(pennylane="OrbitalRotation(phi, wires)"),
)

ROWS: Final = (
    *(XX_PLUS_YY, XX_MINUS_YY, ISINGXY, PHASED_ISWAP, GIVENS, FSIM, PHASED_FSIM, SWAPPOW),
    *(FERMIONIC_SWAP, SINGLE_EXCITATION, SINGLE_EXCITATION_PLUS, SINGLE_EXCITATION_MINUS),
    *(DOUBLE_EXCITATION, DOUBLE_EXCITATION_PLUS, DOUBLE_EXCITATION_MINUS, ORBITAL_ROTATION),
)
