"""Second derivatives of the classical program: how slots bend as functions of the parameters.

For y = f(a, b) with adjoint g, the second derivative of everything after it gains
g * sum_ij f_ij (grad a_i)(grad a_j)^T; sums of slots are affine and add nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from q_store.runtime.gradients.chain import Chain, Doubles, Point

Second = Callable[..., tuple[Any, ...]]
"""The second derivatives (aa,) of one argument or (aa, ab, bb) of two, from y and the arguments."""


def _atan2(y: Doubles, a: Doubles, b: Doubles) -> tuple[Any, ...]:
    square = (a * a + b * b) ** 2
    return -2 * a * b / square, (a * a - b * b) / square, 2 * a * b / square


def _pow(y: Doubles, a: Doubles, b: Doubles) -> tuple[Any, ...]:
    log = np.log(a)
    return b * (b - 1) * a ** (b - 2), a ** (b - 1) * (1 + b * log), y * log * log


_SECOND: Final[dict[str, Second]] = {
    "mul": lambda y, a, b: (0.0, 1.0, 0.0),
    "div": lambda y, a, b: (0.0, -1.0 / b**2, 2.0 * a / b**3),
    "pow": _pow,
    "atan2": _atan2,
    "sin": lambda y, a: (-y,),
    "cos": lambda y, a: (-y,),
    "tan": lambda y, a: (2.0 * y * (1.0 + y * y),),
    "asin": lambda y, a: (a / (1.0 - a * a) ** 1.5,),
    "acos": lambda y, a: (-a / (1.0 - a * a) ** 1.5,),
    "atan": lambda y, a: (-2.0 * a / (1.0 + a * a) ** 2,),
    "exp": lambda y, a: (y,),
    "log": lambda y, a: (-1.0 / a**2,),
    "sqrt": lambda y, a: (-0.25 / y**3,),
    "sinh": lambda y, a: (y,),
    "cosh": lambda y, a: (y,),
    "tanh": lambda y, a: (-2.0 * y * (1.0 - y * y),),
}
"""Ops that are not here are affine almost everywhere."""


def curvature(chain: Chain, point: Point, d_slots: Doubles) -> Doubles:
    """sum_s d_slots[:, s] times the second derivatives of slot s, (B, F + P, F + P)."""
    n, batch = chain.n_given, point.params.shape[1]
    found = np.zeros((batch, n, n))
    if not len(chain.classical):
        return found
    adjoint = chain.adjoints(point, d_slots)
    slopes = _slopes(chain, point)
    names = chain.classical.program.op_names
    for op, code in enumerate(chain.classical.program.opcode.tolist()):
        rule = _SECOND.get(names[code].removeprefix("f."))
        if rule is None:
            continue
        at = n + op
        with np.errstate(all="ignore"):
            second = rule(point.params[at], *chain.classical.arguments(op, point.params))
        g = [_argument(chain, slopes, a, (n, batch)) for a in chain.arguments(op)]
        pairs = ((0, 0),) if len(g) == 1 else ((0, 0), (0, 1), (1, 1))
        for value, (i, j) in zip(second, pairs, strict=True):
            outer = np.einsum("nb,mb->bnm", g[i] * (adjoint[at] * value), g[j])
            found += outer if i == j else outer + np.swapaxes(outer, 1, 2)
    return found


def _slopes(chain: Chain, point: Point) -> list[Doubles]:
    """Derivatives (F + P, B) of every parameter for the given ones."""
    n, batch = chain.n_given, point.params.shape[1]
    slopes = [np.broadcast_to(row[:, None], (n, batch)) for row in np.eye(n)]
    for op in range(len(chain.classical)):
        with np.errstate(all="ignore"):
            parts = chain.classical.partials(op, point.params)
        arguments = [_argument(chain, slopes, a, (n, batch)) for a in chain.arguments(op)]
        total = sum(part * slope for part, slope in zip(parts, arguments, strict=True))
        slopes.append(np.asarray(total))
    return slopes


def _argument(
    chain: Chain, slopes: list[Doubles], argument: int, shape: tuple[int, int]
) -> Doubles:
    p = chain.classical.program
    run = slice(int(p.indptr[argument]), int(p.indptr[argument + 1]))
    total = np.zeros(shape)
    for coef, index in zip(p.data[run].tolist(), p.indices[run].tolist(), strict=True):
        total = total + coef * slopes[index]
    return total
