"""Derivatives of the classical `f.*` ops, one function per argument, on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

Slope = Callable[..., float]


def _power_slope(a: float, b: float) -> float:
    return b * a ** (b - 1) if b != 0 else 0.0


def _exponent_slope(a: float, b: float) -> float:
    return float(a**b) * math.log(a) if a > 0 else 0.0


DERIVATIVES: Final[dict[str, tuple[Slope, ...]]] = {
    "affine": (lambda a: 1.0,),
    "sin": (math.cos,),
    "cos": (lambda a: -math.sin(a),),
    "tan": (lambda a: 1 / math.cos(a) ** 2,),
    "asin": (lambda a: 1 / math.sqrt(1 - a * a),),
    "acos": (lambda a: -1 / math.sqrt(1 - a * a),),
    "atan": (lambda a: 1 / (1 + a * a),),
    "sinh": (math.cosh,),
    "cosh": (math.sinh,),
    "tanh": (lambda a: 1 - math.tanh(a) ** 2,),
    "exp": (math.exp,),
    "log": (lambda a: 1 / a,),
    "sqrt": (lambda a: 0.5 / math.sqrt(a),),
    "abs": (lambda a: math.copysign(1.0, a) if a else 0.0,),
    "mul": (lambda a, b: b, lambda a, b: a),
    "div": (lambda a, b: 1 / b, lambda a, b: -a / (b * b)),
    "pow": (_power_slope, _exponent_slope),
    "atan2": (lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)),
}
"""Partial derivatives by op name; `pow` has the one-sided value 0 where no derivative exists."""
