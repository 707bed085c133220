"""Unitaries on two wires with as few entanglers as they need.

One entangler does what one rotation about a two-letter Pauli word does: `rzz`, or `cz` and `cx`
for a quarter turn. Everything else takes CX, two where one of the three angles of the canonical
form is zero and three otherwise (Vidal and Dawson, 2004, arXiv:quant-ph/0307177; Shende, Markov and
Bullock, 2004, arXiv:quant-ph/0308033). Three Ising rotations would be as many entanglers on
machines that have them and twice as many CX on those that have not.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import pi
from typing import Final

import numpy as np

from q_store.qir.gates.matrices import kron, pauli_word
from q_store.qir.gates.rules import canonical
from q_store.qir.synthesis.parts import Block, Part, turned
from q_store.qir.synthesis.spectra import Complex, Real
from q_store.qir.synthesis.weyl import canonical_form, local_factors

ZERO: Final = 1e-11
"""Angles below this are none."""
_CLEAR: Final = 1e-3
"""Traces above this tell where two CX are enough."""
_ROUNDS: Final = 8
_YY: Final = pauli_word("YY")
_ZZ_YY: Final = pauli_word("ZZ") @ _YY
_H: Final = np.array([[1, 1], [1, -1]], np.complex128) / np.sqrt(2)


def pair_parts(unitary: Complex) -> list[Part]:
    """Parts on wires 0 and 1 equal to a unitary (4, 4), the global phase included; the blocks
    among them act on one wire."""
    after, angles, first = canonical_form(unitary)
    after, rest = _reduced(after, angles)
    phase = float(np.angle(np.vdot(after @ _core(rest) @ first, unitary)))
    before, middle, behind = _rotations(rest)
    inner, outer = _locals(before @ first), _locals(after @ behind)
    # The tensor factors of a local unitary lose a phase each.
    lost = _lost(before @ first, inner) + _lost(after @ behind, outer)
    return [*inner, *middle, *outer, ("phase", (), (phase + lost,))]


def count(unitary: Complex) -> int:
    """How many entanglers `pair_parts` takes for a unitary (4, 4)."""
    angles = canonical_form(unitary)[1]
    rest = _reduced(np.eye(4, dtype=np.complex128), angles)[1]
    return 1 if _is_swap(rest) else int(np.count_nonzero(rest))


def without_diagonal(unitary: Complex) -> tuple[float, Complex]:
    """(angle, rest) with `unitary` = `rzz(angle)` after `rest`, which takes two CX at most.

    Two CX are enough where the trace of U YY U^T YY is real for determinant 1 (Shende, Bullock and
    Markov, 2004, arXiv:quant-ph/0308045). Where it always is, its modulus is made the greatest,
    which leaves nothing to do if nothing else is there. Close to that the trace says too little,
    and the root is found from the angles of the canonical form.
    """
    special = unitary / np.linalg.det(unitary) ** 0.25
    square = special @ _YY @ special.T
    plain, other = np.trace(square @ _YY), np.trace(square @ _ZZ_YY)
    if abs(plain.imag) > _CLEAR or abs(other.real) > _CLEAR:
        angle = float(np.arctan2(plain.imag, other.real))
    else:
        angle = float(np.arctan2(other.imag, plain.real))
        if count(turned("ZZ", angle) @ unitary) > 2:
            angle = _root(unitary)
    return -angle, turned("ZZ", angle) @ unitary


def _root(unitary: Complex) -> float:
    """Where the product of the three angles' tangents vanishes, by the secant method."""

    def value(angle: float) -> tuple[float, Real]:
        angles = canonical_form(turned("ZZ", angle) @ unitary)[1]
        return float(np.prod(np.tan(angles))), _reduced(np.eye(4, dtype=np.complex128), angles)[1]

    left, (below, angles) = 0.0, value(0.0)
    right = float(np.abs(angles).max())
    for _ in range(_ROUNDS):
        above, angles = value(right)
        if above == below or not angles.all():
            break
        left, right, below = right, right - above * (right - left) / (above - below), above
    return right


def _reduced(after: Complex, angles: Real) -> tuple[Complex, Real]:
    """Angles in (-pi/2, pi/2], zeros exact; half turns are local and join `after`."""
    rest = np.array(angles)
    for axis, word in enumerate(("XX", "YY", "ZZ")):
        turns = round(rest[axis] / pi)
        if rest[axis] - turns * pi < -pi / 2 + ZERO:
            turns -= 1
        rest[axis] -= turns * pi
        if abs(rest[axis]) < ZERO:
            rest[axis] = 0.0
        if turns % 4:
            after = after @ turned(word, turns * pi)
    return after, rest


def _core(angles: Real) -> Complex:
    x, y, z = map(float, angles)
    return turned("XX", x) @ turned("YY", y) @ turned("ZZ", z)


def _is_swap(angles: Real) -> bool:
    return bool(np.abs(angles - pi / 2).max() < ZERO)


def _rotations(angles: Real) -> tuple[Complex, list[Part], Complex]:
    """(before, middle, behind): local unitaries around entangling steps that make the rotations."""
    one = np.eye(4, dtype=np.complex128)
    places = np.flatnonzero(angles).tolist()
    if not places:
        return one, [], one
    if _is_swap(angles):
        return one, [("swap", (0, 1), ()), ("phase", (), (-pi / 4,))], one
    if len(places) == 3:
        x, y, z = map(float, angles)
        return one, list(canonical(x, y, z)), one
    if len(places) == 1:
        frame = _frames()[("ZXY", "XZY", "XYZ")[places[0]]]
        middle: list[Part] = [("rzz", (0, 1), (float(angles[places[0]]),))]
        return frame, middle, frame.conj().T
    zero = ({0, 1, 2} - set(places)).pop()
    x, z = float(angles[1 if zero == 0 else 0]), float(angles[1 if zero == 2 else 2])
    frame = _frames()[("YXZ", "XYZ", "XZY")[zero]]
    steps = canonical_of_two(x, z)
    return frame, list(steps), frame.conj().T


def canonical_of_two(x: float, z: float) -> list[Part]:
    """exp(-i/2 (x XX + z ZZ)) with two CX."""
    return [
        ("cx", (0, 1), ()),
        Block((0,), turned("X", x)),
        ("rz", (1,), (z,)),
        ("cx", (0, 1), ()),
    ]


@cache
def _frames() -> dict[str, Complex]:
    """Local unitaries F, the same on both wires, by where F P F† takes XX, YY and ZZ."""
    frames = {
        "XYZ": np.eye(2, dtype=np.complex128),
        "ZYX": _H,
        "XZY": turned("X", pi / 2),
        "YXZ": turned("Z", pi / 2),
    }
    frames["ZXY"] = frames["ZYX"] @ frames["YXZ"].conj().T @ frames["XZY"]
    return {name: kron(one, one) for name, one in frames.items()}


def _locals(local: Complex) -> list[Part]:
    left, right = local_factors(local)
    return [Block((0,), left), Block((1,), right)]


def _lost(local: Complex, parts: list[Part]) -> float:
    left, right = [part.matrix for part in parts if isinstance(part, Block)]
    return float(np.angle(np.vdot(kron(left, right), local)))


def forms(unitary: Complex) -> list[list[Part]]:
    """The parts, and where they have one `rzz` of a quarter turn, those with CX instead."""
    found = pair_parts(unitary)
    kinds = [part for part in found if not isinstance(part, Block)]
    quarter = [part for part in kinds if part[0] == "rzz" and abs(abs(part[2][0]) - pi / 2) < ZERO]
    if not quarter:
        return [found]
    place = found.index(quarter[0])
    sign = 1.0 if quarter[0][2][0] > 0 else -1.0
    quarters = [Block((wire,), turned("Z", sign * pi / 2)) for wire in (0, 1)]
    phase: Part = ("phase", (), (sign * pi / 4,))
    ways: list[list[Part]] = [[("cz", (0, 1), ())]]
    for control, target in product((0, 1), repeat=2):
        if control != target:
            edge = Block((target,), _H)
            ways.append([edge, ("cx", (control, target), ()), edge])
    return [[*found[:place], *quarters, *way, phase, *found[place + 1 :]] for way in ways]
