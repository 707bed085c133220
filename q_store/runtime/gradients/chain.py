"""From parameters to slots and back: the chain rule around a circuit, in float64.

Given parameters are [inputs | weights], F + P of them; slots are affine in them and in what the
classical program derives. S is the number of slots that depend on parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.classical import Classical
from q_store.runtime.slots import AngleMap
from q_store.targets.executable import Executable

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a batch stands."""

    params: Doubles
    """Given and derived parameters, (F + P + D, B)."""
    slots: Doubles
    """(B, S), radians."""


class Chain:
    """The map from given parameters to the slots of an executable, and its derivatives."""

    def __init__(self, executable: Executable) -> None:
        self.n_inputs = executable.n_inputs
        self.n_given = executable.n_inputs + executable.n_weights
        self.classical = Classical(executable.classical, self.n_given)
        self.matrix, self.const = AngleMap(executable, np.float64).live_rows

    def at(self, given: Doubles) -> Point:
        """The point of given parameters (B, F + P)."""
        params = self.classical.forward(np.ascontiguousarray(given.T))
        return Point(params, (self.matrix @ params).T + self.const)

    def pull(self, point: Point, d_slots: Doubles) -> Doubles:
        """Gradients (B, F + P) from those of the slots (B, S)."""
        d_params = self.matrix.T @ d_slots.T
        d_given = d_params[: self.n_given]
        if len(self.classical):
            d_given = d_given + self.classical.reverse(point.params, d_params[self.n_given :])
        return np.asarray(d_given.T)

    def adjoints(self, point: Point, d_slots: Doubles) -> Doubles:
        """Gradients of everything after them for all parameters, (F + P + D, B)."""
        d_params = self.matrix.T @ d_slots.T
        return self.classical.adjoints(point.params, d_params)

    def arguments(self, op: int) -> range:
        """Numbers of the arguments of a classical op."""
        pointer = self.classical.program.arg_ptr
        return range(int(pointer[op]), int(pointer[op + 1]))

    def jacobian(self, point: Point) -> Doubles:
        """Derivatives (B, S, F + P) of the slots for the given parameters."""
        batch, n = point.slots.shape
        if not len(self.classical):
            return np.broadcast_to(self.matrix[:, : self.n_given], (batch, n, self.n_given))
        repeated = Point(np.repeat(point.params, n, axis=1), np.repeat(point.slots, n, axis=0))
        rows = self.pull(repeated, np.tile(np.eye(n), (batch, 1)))
        return rows.reshape(batch, n, self.n_given)

    def depends(self, given: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which slots (S,) depend on any of the given parameters marked (F + P,)."""
        return np.asarray((self.matrix != 0) @ self._moved(given), np.bool_)

    def derives(self, given: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which slots (S,) depend on the marked parameters through classical ops."""
        moved = self._moved(given)
        moved[: self.n_given] = False
        return np.asarray((self.matrix != 0) @ moved, np.bool_)

    def _moved(self, given: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of all parameters (F + P + D,) depend on the marked ones."""
        p = self.classical.program
        known = np.concatenate([given, np.zeros(len(self.classical), np.bool_)])
        for op in range(len(self.classical)):
            run = slice(int(p.indptr[p.arg_ptr[op]]), int(p.indptr[p.arg_ptr[op + 1]]))
            known[self.n_given + op] = known[p.indices[run]].any()
        return known
