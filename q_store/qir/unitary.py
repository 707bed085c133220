"""Matrices of step sequences: what a rule does, for verification and for small synthesis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from q_store.qir.ops import Step
from q_store.qir.registry import all_gates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def apply_matrix(
    tensor: NDArray[np.complex128], matrix: NDArray[np.complex128], axes: Sequence[int]
) -> NDArray[np.complex128]:
    """Contract a gate matrix (2**k, 2**k) with k qubit axes of a tensor; axes keep their place.

    The first of `axes` is the most significant bit of the matrix's index.
    """
    import numpy as np

    k = len(axes)
    gate = matrix.reshape((2,) * (2 * k))
    result = np.tensordot(gate, tensor, axes=(range(k, 2 * k), tuple(axes)))
    return np.moveaxis(result, range(k), tuple(axes))


def steps_matrix(steps: Iterable[Step], wires: int) -> NDArray[np.complex128]:
    """The unitary (2**wires, 2**wires) of steps in time order, wire 0 most significant.

    Angles must be real numbers. Raises `KeyError` for a step that names no gate, which is a
    mistake in a rule, never in a user's input.
    """
    import numpy as np

    dimension = 2**wires
    tensor = np.eye(dimension, dtype=np.complex128).reshape((2,) * wires + (dimension,))
    for name, at, angles in steps:
        tensor = apply_matrix(tensor, all_gates()[name].matrix(*angles), at)
    return tensor.reshape(dimension, dimension)
