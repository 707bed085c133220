"""What passes derive from gate rows: axes, commutation, additivity, periods, exchangeable wires.

Traits and fields of the gate table decide where they can. The rest is read off the row's matrix at
generic angles, which holds for all angles because the entries are analytic in them. Every answer
is remembered by row.
"""

from __future__ import annotations

from functools import cache
from math import inf, pi
from typing import TYPE_CHECKING, Final

from q_store.qir.angle import Angle
from q_store.qir.ops import Gate, OpDef, Steps, Trait
from q_store.qir.registry import all_gates
from q_store.qir.types import F64
from q_store.qir.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ComplexArray = NDArray[np.complex128]

X_AXIS: Final = 1
Y_AXIS: Final = 2
Z_AXIS: Final = 4
NO_AXIS: Final = 0
ANY_AXIS: Final = X_AXIS | Y_AXIS | Z_AXIS
AXIS_OF: Final = {"I": ANY_AXIS, "X": X_AXIS, "Y": Y_AXIS, "Z": Z_AXIS}

_AXES: Final = {
    "id": ANY_AXIS,
    "x": X_AXIS,
    "y": Y_AXIS,
    "h": NO_AXIS,
    "sx": X_AXIS,
    "sxdg": X_AXIS,
}
"""Axes of the most common gates, so that plain circuits need no matrix (and no numpy)."""

_GENERIC: Final = (0.7390851, 1.9021605, -1.1862651, 2.3405717, -0.4227843)
"""Angles that satisfy no relation a gate could have by accident; reused with offsets."""
_SINGLE: Final = (X_AXIS, Y_AXIS, Z_AXIS)
_TOLERANCE: Final = 1e-9
_MAX_WIRES: Final = 7
"""Largest joint size for which matrices are compared; two larger gates count as not commuting."""


@cache
def axes(row: Gate) -> tuple[int, ...]:
    """Per wire, exactly the Pauli letters (as a bit mask) the gate commutes with, for all angles.

    Two gates commute when they have a common axis on every wire they share.
    """
    if row.pauli is not None:
        return tuple([AXIS_OF[letter] for letter in row.pauli])
    if row.mnemonic in _AXES:
        return (_AXES[row.mnemonic],)
    if row.has(Trait.DIAGONAL):
        return (Z_AXIS,) * (row.wires or 0)
    if row.base is not None:
        return (Z_AXIS,) * row.controls + axes(all_gates()[row.base])
    return tuple([_axes_on(row, wire) for wire in range(row.wires or 0)])


def _axes_on(row: Gate, wire: int) -> int:
    from q_store.qir.gates.matrices import pauli_word

    matrix, mask = _generic_matrix(row), NO_AXIS
    for letter in "XYZ":
        word = "I" * wire + letter + "I" * ((row.wires or 0) - wire - 1)
        if _equal(matrix @ pauli_word(word), pauli_word(word) @ matrix):
            mask |= AXIS_OF[letter]
    return mask


def commutes(left: Gate, right: Gate, shared: tuple[tuple[int, int], ...]) -> bool:
    """Whether two gates commute for all angles; `shared` pairs their wire positions."""
    key = (left, right, shared)
    known = _commutes.get(key)
    if known is None:
        known = _commutes[key] = _commute(left, right, shared)
    return known


_commutes: dict[tuple[Gate, Gate, tuple[tuple[int, int], ...]], bool] = {}


def _commute(left: Gate, right: Gate, shared: tuple[tuple[int, int], ...]) -> bool:
    if left.pauli is not None and right.pauli is not None:
        letters = [(left.pauli[i], right.pauli[j]) for i, j in shared]
        return sum(a != b and "I" not in (a, b) for a, b in letters) % 2 == 0
    common = [(axes(left)[i], axes(right)[j]) for i, j in shared]
    if all(a & b for a, b in common):
        return True
    # Where a single wire is shared and L is the only axis of one gate on it, that gate is
    # A + B L with B not zero, so the other one must commute with L.
    if len(common) == 1 and any(mask in _SINGLE for mask in common[0]):
        return False
    left_wires, right_wires = left.wires or 0, right.wires or 0
    total = left_wires + right_wires - len(shared)
    if total > _MAX_WIRES:
        return False
    places = {j: i for i, j in shared}
    free = iter(range(left_wires, total))
    at = tuple([places[j] if j in places else next(free) for j in range(right_wires)])
    a = _embedded(_generic_matrix(left), tuple(range(left_wires)), total)
    b = _embedded(_generic_matrix(right, 2), at, total)
    return _equal(a @ b, b @ a)


def _embedded(matrix: ComplexArray, at: tuple[int, ...], wires: int) -> ComplexArray:
    import numpy as np

    from q_store.qir.unitary import apply_matrix

    eye = np.eye(2**wires, dtype=np.complex128).reshape((2,) * wires + (-1,))
    return apply_matrix(eye, matrix, at).reshape(2**wires, 2**wires)


def _generic_matrix(row: Gate, offset: int = 0) -> ComplexArray:
    count = len(row.angle_names)
    return row.matrix(*[_GENERIC[(k + offset) % 5] + 0.01 * k for k in range(count)])


def _equal(left: ComplexArray, right: ComplexArray | NDArray[np.float64]) -> bool:
    return bool(abs(left - right).max() < _TOLERANCE)


@cache
def is_additive(row: Gate) -> bool:
    """Whether the gate has one angle and U(a) U(b) = U(a + b)."""
    if len(row.angle_names) != 1:
        return False
    if row.has(Trait.ROTATION) or row.name == "q.phase":
        return True
    if row.base is not None:
        return is_additive(all_gates()[row.base])
    a, b = _GENERIC[:2]
    return _equal(row.matrix(a) @ row.matrix(b), row.matrix(a + b))


@cache
def is_identity_at_zero(row: Gate) -> bool:
    """Whether the gate does nothing when all its angles are zero."""
    import numpy as np

    if is_additive(row):
        return True
    if row.base is not None and row.base != "phase":
        return is_identity_at_zero(all_gates()[row.base])
    return _equal(row.matrix(*[0.0] * len(row.angle_names)), np.eye(2 ** (row.wires or 0)))


@cache
def periods(row: Gate) -> tuple[float, ...]:
    """Per angle, 2 pi or 4 pi when the matrix repeats exactly after it, else infinity."""
    if row.has(Trait.ROTATION):
        return (4 * pi,)
    if row.name == "q.phase":
        return (2 * pi,)
    if row.base is not None:
        return periods(all_gates()[row.base])
    return tuple([_period(row, position) for position in range(len(row.angle_names))])


def _period(row: Gate, position: int) -> float:
    angles = [_GENERIC[k % 5] for k in range(len(row.angle_names))]
    for period in (2 * pi, 4 * pi):
        moved = [a + period * (k == position) for k, a in enumerate(angles)]
        if _equal(row.matrix(*angles), row.matrix(*moved)):
            return period
    return inf


@cache
def exchange_groups(row: Gate) -> tuple[tuple[int, ...], ...]:
    """Groups of two and more wire positions that may be permuted among themselves."""
    if row.has(Trait.SYMMETRIC):
        return (tuple(range(row.wires or 0)),)
    if row.base is None:
        return ()
    inner = exchange_groups(all_gates()[row.base])
    groups = (tuple(range(row.controls)), *(tuple(p + row.controls for p in g) for g in inner))
    return tuple([group for group in groups if len(group) > 1])


@cache
def wire_order(row: OpDef) -> tuple[int, ...]:
    """Per wire position, the first position it may be exchanged with; its own when fixed."""
    order = list(range(row.wires or 0))
    for group in exchange_groups(row) if isinstance(row, Gate) else ():
        for position in group:
            order[position] = group[0]
    return tuple(order)


@cache
def inverse_row(row: Gate) -> tuple[Gate, tuple[int, ...]] | None:
    """The gate that inverts this one alone and, per wire of that gate, the wire of this one.

    `None` when the inverse takes several gates, or one on fewer wires.
    """
    symbols = [Angle.of(Value(F64)) for _ in row.angle_names]
    steps: Steps = row.inverse(*symbols)
    if len(steps) != 1:
        return None
    name, at, _ = steps[0]
    if len(at) != row.wires:
        return None
    return all_gates()[name], at
