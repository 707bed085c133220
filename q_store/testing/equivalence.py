"""Whether two functions mean the same, decided by simulation at a few parameter values."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.binding import bind_elements
from q_store.qir.func import Func, element_refs
from q_store.qir.ops import Gate, Op
from q_store.qir.registry import gate
from q_store.qir.types import QUBIT
from q_store.qir.unitary import apply_matrix
from q_store.qir.values import Value
from q_store.runtime.reference_func import (
    density_matrix,
    final_wires,
    observations_of_func,
    run_scalar,
    start_axes,
    thread,
    unitary_of_func,
)

Complex = NDArray[np.complex128]
Binding = dict[str, NDArray[np.float64]]
Sameness = Literal["exact", "phase", "observed"]

MAX_MATRIX_QUBITS: Final = 6
"""Up to here whole unitaries are compared, beyond it states made of random product states."""


def random_bindings(func: Func, count: int = 3, seed: int = 0) -> Iterator[Binding]:
    """Values for every parameter: generic ones, multiples of pi/4, zeros, then generic again."""
    rng = np.random.default_rng(seed)
    params = [arg for arg in func.args if arg.type.kind == "f64"]
    for position in range(count if params else 1):
        binding: Binding = {}
        for arg in params:
            shape = arg.type.shape
            if position == 1:
                binding[arg.name] = np.asarray(rng.integers(-4, 5, shape) * (pi / 4), np.float64)
            elif position == 2:
                binding[arg.name] = np.zeros(shape)
            else:
                binding[arg.name] = np.asarray(rng.uniform(-pi, pi, shape), np.float64)
        yield binding


def bind(func: Func, binding: Binding) -> Func:
    """The function with every parameter replaced by its number and no longer an argument."""
    return bind_elements(
        func,
        {
            ref: float(binding[arg.name][ref[1]])
            for arg in func.args
            if arg.type.kind == "f64"
            for ref in element_refs(arg)
        },
    )


def is_unitary(func: Func) -> bool:
    """Whether the function consists of gates alone, before its observation."""
    return all(
        isinstance(op.defn, Gate | dialects.Scalar) or op.defn in _NEUTRAL for op in func.ops
    )


_NEUTRAL: Final = (dialects.ALLOC, dialects.BARRIER, dialects.OBSERVE)


def assert_equivalent(
    left: Func,
    right: Func,
    sameness: Sameness = "phase",
    *,
    bindings: int = 3,
    seed: int = 0,
    tolerance: float = 1e-9,
) -> None:
    """Raise `AssertionError`, showing both, unless the functions mean the same.

    `exact` and `phase` compare unitaries (or, with measurement or noise, density matrices) over the
    wires in order, and what `m.observe` yields; `observed` compares the latter alone where there is
    an observation. Parameters are matched by name.
    """
    for binding in random_bindings(left, bindings, seed):
        difference = _difference(left, right, binding, sameness, seed)
        if not difference <= tolerance:
            raise AssertionError(
                f"not equivalent ({sameness}): they differ by {difference:.3g} at {binding}\n"
                f"--- left\n{left}--- right\n{right}"
            )


def _difference(left: Func, right: Func, binding: Binding, sameness: Sameness, seed: int) -> float:
    ends = [func.observe.observations if func.observe else None for func in (left, right)]
    if (ends[0] is None) != (ends[1] is None):
        return float("inf")
    if ends[0] is not None and (sameness == "observed" or ends[0] != ends[1]):
        observed = _observed_difference(left, right, binding)
        if sameness == "observed":
            return observed
    else:
        observed = 0.0
    if is_unitary(left) and is_unitary(right):
        return max(observed, _unitary_difference(left, right, binding, sameness, seed))
    return max(observed, _mixed_difference(left, right, binding, seed))


def _observed_difference(left: Func, right: Func, binding: Binding) -> float:
    results = [observations_of_func(func, binding) for func in (left, right)]
    if len(results[0]) != len(results[1]):
        return float("inf")
    return max((_distance(a, b) for a, b in zip(*results, strict=True)), default=0.0)


def _distance(left: Any, right: Any) -> float:
    a, b = np.asarray(left), np.asarray(right)
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max(initial=0.0))


def _unitary_difference(
    left: Func, right: Func, binding: Binding, sameness: Sameness, seed: int
) -> float:
    wires = len(start_axes(left))
    if wires <= MAX_MATRIX_QUBITS:
        a, b = unitary_of_func(left, binding), unitary_of_func(right, binding)
    else:
        states = _product_states(wires, seed)
        a = np.stack([_evolve(left, binding, state) for state in states])
        b = np.stack([_evolve(right, binding, state) for state in states])
    if a.shape == b.shape and sameness != "exact":
        overlap = np.vdot(a, b)
        b = b * np.exp(-1j * np.angle(overlap))
    return _distance(a, b)


def _product_states(wires: int, seed: int, count: int = 2) -> list[Complex]:
    """Random product states, shape (2,) * wires."""
    rng = np.random.default_rng(seed)
    states = []
    for _ in range(count):
        state = np.ones((), np.complex128)
        for _ in range(wires):
            pair = rng.normal(size=2) + 1j * rng.normal(size=2)
            state = np.multiply.outer(state, pair / np.linalg.norm(pair))
        states.append(state)
    return states


def _evolve(func: Func, binding: Binding, state: Complex) -> Complex:
    """The state after a unitary function, its axes in the order of the final wires."""
    refs = {
        ref: float(binding[arg.name][ref[1]])
        for arg in func.args
        if arg.type.kind == "f64"
        for ref in element_refs(arg)
    }
    axes = start_axes(func)
    for op in func.ops:
        if isinstance(op.defn, Gate):
            matrix = op.defn.matrix(*[angle.evaluate(refs) for angle in op.angles])
            if op.operands:
                state = apply_matrix(state, matrix, [axes[value] for value in op.operands])
            else:
                state = state * matrix[0, 0]
            thread(op, axes)
        elif isinstance(op.defn, dialects.Scalar):
            run_scalar(op, refs)
        elif op.defn is dialects.BARRIER:
            thread(op, axes)
    return state.transpose([axes[value] for value in final_wires(func)])


def _mixed_difference(left: Func, right: Func, binding: Binding, seed: int) -> float:
    prepared = [density_matrix(_prepared(func, seed), binding) for func in (left, right)]
    return _distance(*prepared)


def _prepared(func: Func, seed: int) -> Func:
    """The function on a random product state of the wires it takes as arguments."""
    rng = np.random.default_rng(seed)
    args, ops = list(func.args), []
    for place, arg in enumerate(func.args):
        if arg.type.linear:
            args[place] = Value(QUBIT, arg.name)
            turn = tuple([Angle(float(angle)) for angle in rng.uniform(-pi, pi, 3)])
            ops.append(Op(gate("u"), (args[place],), turn, (arg,)))
    return func.replace(args=tuple(args), ops=(*ops, *func.ops)) if ops else func
