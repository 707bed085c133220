"""The phase a decomposition loses."""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from typing import Any, Final

import cirq
import numpy as np

from q_store.frontends.instruction import Instruction
from q_store.qir.ops import Step
from q_store.qir.unitary import steps_matrix

_TINY: Final = 1e-12


def phase_between(operation: Any, steps: Sequence[Instruction], wires: Sequence[int]) -> float:
    """The angle t with `operation` = exp(i t) `steps`; 0 where the steps are no gates alone."""
    place = {wire: p for p, wire in enumerate(wires)}
    local: list[Step] = []
    for step in steps:
        if not step.is_gate or not all(isinstance(angle, float) for angle in step.angles):
            return 0.0
        local.append((step.name, tuple([place[wire] for wire in step.wires]), step.angles))
    overlap = np.vdot(steps_matrix(local, len(wires)), cirq.unitary(operation))
    angle = cmath.phase(overlap)
    return angle if abs(angle) > _TINY else 0.0
