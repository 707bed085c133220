"""A circuit as a function of its slots.

Every parametrised angle becomes one slot, in a circuit whose angles all obey the two-term shift
rule f'(t) = (f(t + pi/2) - f(t - pi/2)) / 2. Parameters reach the slots through an affine map and
the classical program; both are written here in the arithmetic of a framework, so the framework
differentiates them.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from q_store.passes.analysis import all_ops
from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.func import Func
from q_store.qir.ops import Op, Region
from q_store.qir.registry import built_in_gates
from q_store.qir.types import f64
from q_store.qir.values import Value
from q_store.runtime.function import CircuitFunction
from q_store.runtime.program import Real
from q_store.runtime.usage import MeteredFunction
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

AnyFunction = CircuitFunction | MeteredFunction

_maps: weakref.WeakKeyDictionary[AnyFunction, SlotMap] = weakref.WeakKeyDictionary()


class Arithmetic(Protocol):
    """What a framework does with its arrays, each differentiable in that framework."""

    def parameters(self, inputs: Any, weights: Any) -> Any:
        """Rows [inputs | weights], (B, F + P), of inputs (B, F) and weights (P,) or (B, P)."""

    def affine(self, matrix: Real, const: Real, params: Any) -> Any:
        """params @ matrix.T + const, (B, rows), for constant numpy arrays."""

    def derive(self, ufunc: str, args: Any, params: Any) -> Any:
        """The parameters with one more column: a numpy function, by name, of the columns of
        `args`."""


def slot_map(function: AnyFunction) -> SlotMap:
    """The slots of a circuit, made once per circuit."""
    found = _maps.get(function)
    if found is None:
        found = _maps[function] = SlotMap(function)
    return found


def is_slot_function(function: AnyFunction) -> bool:
    """Whether every input is one slot that obeys the two-term shift rule."""
    return function.func.attrs.get("slots") == 1


@cache
def two_term_gates() -> tuple[str, ...]:
    """The gates whose every angle obeys the two-term shift rule at pi/2."""
    return tuple(
        name
        for name, row in built_in_gates().items()
        if all(frequencies == (1.0,) for frequencies in row.frequencies)
    )


class AngleMap:
    """The map from parameters to the slots of an executable, in the arithmetic of a framework."""

    def __init__(self, executable: Executable, dtype: Any) -> None:
        self.executable = executable
        self._dtype = np.dtype(dtype)

    def parameters(self, arithmetic: Arithmetic, inputs: Any, weights: Any) -> Any:
        """Rows [inputs | weights | derived] of inputs (B, F) and weights (P,) or (B, P)."""
        params = arithmetic.parameters(inputs, weights)
        classical = self.executable.classical
        matrix, const = self._classical_rows
        known = self.executable.n_inputs + self.executable.n_weights
        for j, code in enumerate(classical.opcode):
            own = slice(classical.arg_ptr[j], classical.arg_ptr[j + 1])
            args = arithmetic.affine(matrix[own, : known + j], const[own], params)
            params = arithmetic.derive(_ufunc(classical.op_names[code]), args, params)
        return params

    @cached_property
    def live(self) -> NDArray[np.intp]:
        """The slots that depend on parameters."""
        return np.flatnonzero(np.diff(self.executable.a_indptr))

    @cached_property
    def live_rows(self) -> tuple[Real, Real]:
        """Matrix and constants of the live slots."""
        exe = self.executable
        matrix, const = self._dense(exe.a_indptr, exe.a_indices, exe.a_data, exe.b)
        return matrix[self.live], const[self.live]

    @cached_property
    def phase_row(self) -> tuple[Real, Real]:
        """Matrix and constant of the global phase, as one row."""
        row = self.executable.phase_row
        return self._dense([0, len(row.indices)], row.indices, row.data, np.array([row.const]))

    @cached_property
    def _classical_rows(self) -> tuple[Real, Real]:
        args = self.executable.classical
        return self._dense(args.indptr, args.indices, args.data, args.const)

    def _dense(self, indptr: Any, indices: Any, data: Any, const: Any) -> tuple[Real, Real]:
        exe = self.executable
        matrix = np.zeros((len(const), exe.n_inputs + exe.n_weights + exe.n_derived))
        np.add.at(matrix, (np.repeat(np.arange(len(const)), np.diff(indptr)), indices), data)
        return matrix.astype(self._dtype), const.astype(self._dtype)


class SlotMap:
    """The circuit over slots, and the map from parameters to slots."""

    function: AnyFunction
    """The circuit as a function of inputs that are the slots, without weights."""

    def __init__(self, function: AnyFunction) -> None:
        shiftable = Decompose(two_term_gates()).on_func(function.func, Context())
        self._map = AngleMap(lower(shiftable), function.dtype)
        made = CircuitFunction(slot_func(shiftable), function.dtype, function.backend)
        self.function = function.beside(made)

    def slots(self, arithmetic: Arithmetic, inputs: Any, weights: Any) -> Any:
        """Slots (B, S) of inputs (B, F) and weights (P,) or (B, P), arrays of one framework."""
        params = self._map.parameters(arithmetic, inputs, weights)
        return arithmetic.affine(*self._map.live_rows, params)


def _ufunc(mnemonic: str) -> str:
    row = next(row for row in dialects.CLASSICAL if row.mnemonic == mnemonic)
    return row.numpy


def slot_func(func: Func) -> Func:
    """The same gates with the k-th parametrised angle replaced by input `%s[k]`.

    Those are the angles that an executable has as slots that depend on parameters: what a name of
    an affine angle stands for may be a constant.
    """
    names = _affine_names(func.ops)
    kept = [op for op in all_ops(func.ops) if _is_kept(op)]
    live = sum(bool(_resolved(angle, names).terms) for op in kept for angle in op.angles)
    slots = Value(f64(live), "s")
    ops = _with_slots(func.ops, names, slots, itertools.count())
    return Func(f"{func.name}_slots", (slots,), ("input",), ops, func.results, {"slots": 1})


def _is_kept(op: Op) -> bool:
    """Classical ops become the caller's arithmetic, and no real output sees the global phase."""
    return bool(op.operands) or op.defn is dialects.ALLOC


def _affine_names(ops: tuple[Op, ...]) -> dict[Value, Angle]:
    """What each `f.affine` value stands for."""
    names: dict[Value, Angle] = {}
    for op in all_ops(ops):
        if op.defn is dialects.AFFINE:
            names[op.results[0]] = _resolved(op.angles[0], names)
    return names


def _resolved(angle: Angle, names: Mapping[Value, Angle]) -> Angle:
    if all(value not in names for (value, _), _ in angle.terms):
        return angle
    return angle.map_refs(lambda ref: names.get(ref[0]) or Angle.of(ref[0], *ref[1]))


def _with_slots(
    ops: Iterable[Op], names: Mapping[Value, Angle], slots: Value, numbers: Iterator[int]
) -> tuple[Op, ...]:
    """Ops, those of bodies included, whose parametrised angles are the next slots."""
    found = []
    for op in filter(_is_kept, ops):
        given = [_resolved(angle, names) for angle in op.angles]
        angles = [Angle.of(slots, next(numbers)) if a.terms else a for a in given]
        bodies = [
            Region(body.args, _with_slots(body.ops, names, slots, numbers), body.results)
            for body in op.regions
        ]
        found.append(op.replace(angles=tuple(angles), regions=tuple(bodies)))
    return tuple(found)
