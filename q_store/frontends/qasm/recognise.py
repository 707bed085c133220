"""Definitions that are a row of the gate table under its own name.

Programs define gates that their library lacks, and other tools write definitions of common gates
into every file. Where such a definition has the unitary of the row, the row is taken: passes know
more about it than about its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from q_store.frontends.instruction import Instruction
from q_store.qir.ops import Gate
from q_store.qir.registry import find_gate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_WIRES: Final = 5
_MAX_STEPS: Final = 2000
_POINTS: Final = (
    (0.37, -1.21, 2.05, 0.83, -0.45, 1.7, -2.2, 0.11),
    (-2.4, 0.59, 1.13, -0.71, 2.3, -1.9, 0.27, 1.4),
    (5.1, 3.3, -4.2, 2.9, 0.66, -3.7, 1.03, -5.5),
)
"""Generic angles; what agrees there agrees everywhere, angles being analytic expressions."""
_TOLERANCE: Final = 1e-9


def row_named(name: str, wires: int, angles: int) -> Gate | None:
    """The row of this name and size, if there is one that is small enough to compare."""
    row = find_gate(name)
    if row is None:
        return None
    fits = row.wires == wires and len(row.angle_names) == angles
    return row if fits and 0 < wires <= _MAX_WIRES and angles <= len(_POINTS[0]) else None


def is_row(
    row: Gate, expand: Callable[[tuple[float, ...]], Sequence[Instruction]], any_phase: bool
) -> bool:
    """Whether an expansion has the unitary of a row, at a few angles; `any_phase` lets the two
    differ by a phase."""
    count = len(row.angle_names)
    for point in _POINTS if count else _POINTS[:1]:
        steps = expand(point[:count])
        if len(steps) > _MAX_STEPS or not all(isinstance(step.row, Gate) for step in steps):
            return False
        if not _same(_matrix(steps, row.wires or 0), row.matrix(*point[:count]), any_phase):
            return False
    return True


def _matrix(steps: Sequence[Instruction], wires: int) -> NDArray[np.complex128]:
    import numpy as np

    from q_store.qir.unitary import apply_matrix

    size = 2**wires
    state: NDArray[np.complex128] = np.eye(size, dtype=np.complex128).reshape(
        (2,) * wires + (size,)
    )
    for step in steps:
        row: Any = step.row
        matrix = row.matrix(*step.angles)
        if step.wires:
            state = apply_matrix(state, matrix, list(step.wires))
        else:
            state = state * matrix[0, 0]
    return state.reshape(size, size)


def _same(left: NDArray[np.complex128], right: NDArray[np.complex128], any_phase: bool) -> bool:
    import numpy as np

    if any_phase:
        overlap = np.vdot(left, right)
        if abs(overlap) < 0.5:
            return False
        right = right * (overlap.conjugate() / abs(overlap))
    return bool(np.abs(left - right).max() < _TOLERANCE)
