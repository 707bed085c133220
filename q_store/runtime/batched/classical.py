"""Derived parameters: the non-affine classical ops, forward and reverse, vectorised over the batch.

Values are float64 arrays of shape (parameters, B) in the executable's order [inputs | weights |
derived]. Where an op has no real value the result is NaN for that sample, without warnings. At
points without a derivative (``abs`` at 0, ``sqrt`` at 0) numpy's limits apply: 0 and infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import did_you_mean, error
from q_store.targets.executable import ClassicalProgram

Values = NDArray[np.float64]
Forward = Callable[..., Values]
Reverse = Callable[..., tuple[Any, ...]]


def _pow_reverse(g: Values, y: Values, a: Values, b: Values) -> tuple[Values, Values]:
    """d a^b: the exponent's part is 0 at a = 0 for b > 0, where a^b log a tends to 0."""
    by_base = g * np.where(b == 0.0, 0.0, b * np.power(a, b - 1.0))
    log = np.where((a == 0.0) & (b > 0.0), 0.0, np.log(a))
    return by_base, g * y * log


def _atan2_reverse(g: Values, y: Values, a: Values, b: Values) -> tuple[Values, Values]:
    square = a * a + b * b
    return g * b / square, -g * a / square


_OPS: dict[str, tuple[Forward, Reverse]] = {
    "add": (np.add, lambda g, y, a, b: (g, g)),
    "sub": (np.subtract, lambda g, y, a, b: (g, -g)),
    "mul": (np.multiply, lambda g, y, a, b: (g * b, g * a)),
    "div": (np.divide, lambda g, y, a, b: (g / b, -g * y / b)),
    "neg": (np.negative, lambda g, y, a: (-g,)),
    "pow": (np.power, _pow_reverse),
    "sin": (np.sin, lambda g, y, a: (g * np.cos(a),)),
    "cos": (np.cos, lambda g, y, a: (-g * np.sin(a),)),
    "tan": (np.tan, lambda g, y, a: (g * (1.0 + y * y),)),
    "asin": (np.arcsin, lambda g, y, a: (g / np.sqrt(1.0 - a * a),)),
    "acos": (np.arccos, lambda g, y, a: (-g / np.sqrt(1.0 - a * a),)),
    "atan": (np.arctan, lambda g, y, a: (g / (1.0 + a * a),)),
    "atan2": (np.arctan2, _atan2_reverse),
    "exp": (np.exp, lambda g, y, a: (g * y,)),
    "log": (np.log, lambda g, y, a: (g / a,)),
    "sqrt": (np.sqrt, lambda g, y, a: (g * 0.5 / y,)),
    "abs": (np.abs, lambda g, y, a: (g * np.sign(a),)),
    "sinh": (np.sinh, lambda g, y, a: (g * np.cosh(a),)),
    "cosh": (np.cosh, lambda g, y, a: (g * np.sinh(a),)),
    "tanh": (np.tanh, lambda g, y, a: (g * (1.0 - y * y),)),
}


class Classical:
    """A classical program ready to run; raises QS504 for an op it does not know."""

    def __init__(self, program: ClassicalProgram, n_given: int) -> None:
        self.program = program
        self.n_given = n_given
        names = [name.removeprefix("f.") for name in program.op_names]
        for name in names:
            if name not in _OPS:
                raise error(
                    "QS504", f"unknown classical op `{name}`", help=did_you_mean(name, _OPS)
                )
        self.ops = [_OPS[names[k]] for k in program.opcode.tolist()]

    def __len__(self) -> int:
        return len(self.ops)

    def _entries(self, argument: int) -> tuple[slice, NDArray[np.int32]]:
        p = self.program
        run = slice(int(p.indptr[argument]), int(p.indptr[argument + 1]))
        return run, p.indices[run]

    def arguments(self, op: int, values: Values) -> list[Values]:
        """The arguments of an op, each (B,), at all parameters (parameters, B)."""
        p = self.program
        result = []
        for a in range(int(p.arg_ptr[op]), int(p.arg_ptr[op + 1])):
            run, indices = self._entries(a)
            total = np.full(values.shape[1], p.const[a])
            for coef, index in zip(p.data[run], indices, strict=True):
                total += coef * values[index]
            result.append(total)
        return result

    def forward(self, given: Values) -> Values:
        """``given`` (inputs and weights, B) to all parameters (inputs, weights, derived; B)."""
        values = np.concatenate([given, np.empty((len(self), given.shape[1]))])
        with np.errstate(all="ignore"):
            for op, (rule, _) in enumerate(self.ops):
                values[self.n_given + op] = rule(*self.arguments(op, values))
        return values

    def reverse(self, values: Values, d_derived: Values) -> Values:
        """Gradient of ``given`` from that of the derived parameters (derived, B)."""
        grad = np.zeros_like(values)
        grad[self.n_given :] = d_derived
        return self.adjoints(values, grad)[: self.n_given]

    def partials(self, op: int, values: Values) -> tuple[Any, ...]:
        """Derivatives of an op for its arguments."""
        own = values[self.n_given + op]
        return self.ops[op][1](np.ones_like(own), own, *self.arguments(op, values))

    def adjoints(self, values: Values, direct: Values) -> Values:
        """Gradients of all parameters (parameters, B) from those that bypass the classical ops."""
        p, grad = self.program, direct.copy()
        with np.errstate(all="ignore"):
            for op in range(len(self) - 1, -1, -1):
                arguments = self.arguments(op, values)
                at = self.n_given + op
                parts = self.ops[op][1](grad[at], values[at], *arguments)
                for a, part in zip(range(p.arg_ptr[op], p.arg_ptr[op + 1]), parts, strict=True):
                    run, indices = self._entries(a)
                    for coef, index in zip(p.data[run], indices, strict=True):
                        grad[index] += coef * part
        return grad
