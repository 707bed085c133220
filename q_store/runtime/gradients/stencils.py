"""Difference formulas for first derivatives of any order of accuracy.

The weights are the derivatives at 0 of the Lagrange polynomials through equidistant points, so a
formula of order n is exact for polynomials of degree n, and its error falls with epsilon**n
(Fornberg, Math. Comp. 51, 699 (1988)).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import prod

from q_store.runtime.gradient_config import GradientConfig

Stencil = tuple[tuple[float, int], ...]
"""Pairs (coefficient, shift): f'(t) is about the sum of coefficient * f(t + shift * epsilon) over
epsilon."""


@cache
def difference_stencil(scheme: str = "central", order: int | None = None) -> Stencil:
    """The pairs (coefficient, shift) of a formula, in order of the shifts; none has coefficient 0.

    `scheme` and `order` are those of `GradientConfig`, which raises `QS640` for others.
    """
    GradientConfig("finite_diff", scheme=scheme, order=order)
    reach = order or (2 if scheme == "central" else 1)
    points = {
        "central": range(-(reach // 2), reach // 2 + 1),
        "forward": range(reach + 1),
        "backward": range(-reach, 1),
    }[scheme]
    weights = {shift: _weight(shift, points) for shift in points if shift}
    weights[0] = -sum(weights.values(), Fraction(0))
    return tuple((float(weights[shift]), shift) for shift in points if weights[shift])


def _weight(shift: int, points: range) -> Fraction:
    """Of a point other than 0."""
    above = prod([-other for other in points if other not in (0, shift)])
    return Fraction(above, prod([shift - other for other in points if other != shift]))
