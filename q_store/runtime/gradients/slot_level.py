"""What methods share that differentiate for slots and leave the rest to the chain rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from q_store.runtime.gradients.chain import Chain, Point
from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles


@dataclass(frozen=True, slots=True)
class SlotDerivatives:
    """Derivatives of values for slots at a point of a chain."""

    chain: Chain
    point: Point
    values: Doubles
    """(B, S, width)."""
    variance: Doubles | None = None
    """Of the estimates, which are independent of each other."""


class SlotMethod(ABC):
    """A method that knows derivatives for slots. See `Method`."""

    @abstractmethod
    def at_slots(self, call: Call) -> SlotDerivatives:
        """Derivatives for the slots."""

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`."""
        if not call.batch:
            return call.split(np.zeros((0, sum(call.shape))))
        found = self.at_slots(call)
        d_slots = np.einsum("bsw,bw->bs", _filled(found.values, cotangent), cotangent)
        return call.split(found.chain.pull(found.point, d_slots))

    def derivatives(self, call: Call) -> Derivatives:
        """See `Method.derivatives`."""
        found = self.at_slots(call)
        jacobian = found.chain.jacobian(found.point)
        values = np.einsum("bsw,bsp->bwp", found.values, jacobian)
        if found.variance is None:
            return Derivatives(values)
        return Derivatives(values, np.einsum("bsw,bsp->bwp", found.variance, jacobian**2))


def _filled(values: Doubles, cotangent: Array) -> Doubles:
    """A plan without variants does not know the width."""
    shape = (*values.shape[:2], cotangent.shape[1])
    return values if values.shape == shape else np.zeros(shape)
