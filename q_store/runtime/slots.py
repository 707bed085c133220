"""A circuit as a function of its slots.

Every parametrised angle becomes one slot, in a circuit whose angles all obey the two-term shift
rule f'(t) = (f(t + pi/2) - f(t - pi/2)) / 2. Parameters reach the slots through an affine map and
the classical program; both are written here as torch arithmetic, so torch differentiates them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.func import Func
from q_store.qir.registry import all_gates
from q_store.qir.types import f64
from q_store.qir.values import Value
from q_store.runtime.backend import Real
from q_store.runtime.function import CircuitFunction, circuit_function
from q_store.targets.executable import Executable
from q_store.targets.lower import lower

_TORCH_NAMES: Final = {"power": "pow"}
"""numpy ufuncs whose torch function has another name."""

_maps: weakref.WeakKeyDictionary[CircuitFunction, SlotMap] = weakref.WeakKeyDictionary()


def slot_map(function: CircuitFunction) -> SlotMap:
    """The slots of a circuit, made once per circuit."""
    found = _maps.get(function)
    if found is None:
        found = _maps[function] = SlotMap(function.func, function.dtype, function.backend)
    return found


def is_slot_function(function: CircuitFunction) -> bool:
    """Whether every input is one slot that obeys the two-term shift rule."""
    return function.func.attrs.get("slots") == 1


@cache
def two_term_gates() -> tuple[str, ...]:
    """The gates whose every angle obeys the two-term shift rule at pi/2."""
    return tuple(
        name
        for name, row in all_gates().items()
        if all(frequencies == (1.0,) for frequencies in row.frequencies)
    )


class SlotMap:
    """The circuit over slots, and the map from parameters to slots."""

    def __init__(self, func: Func, dtype: Any, backend: str) -> None:
        shiftable = Decompose(two_term_gates()).on_func(func, Context())
        self._executable: Executable = lower(shiftable)
        self._dtype = np.dtype(dtype)
        self.function = circuit_function(slot_func(shiftable), dtype, backend)

    def torch_forward(
        self, inputs: Tensor, weights: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        """Slots (B, S), and the function that pulls gradients of slots back to the arguments."""
        found: tuple[Tensor, Any] = torch.func.vjp(self.slots, inputs, weights)  # type: ignore[assignment]
        return found

    def slots(self, inputs: Tensor, weights: Tensor) -> Tensor:
        """Slots (B, S) of inputs (B, F) and weights (P,) or (B, P)."""
        shared = weights.expand(inputs.shape[0], -1) if weights.dim() == 1 else weights
        params = torch.cat([inputs, shared], dim=1)
        classical = self._executable.classical
        matrix, const = self._classical_rows
        for j, code in enumerate(classical.opcode):
            own = slice(classical.arg_ptr[j], classical.arg_ptr[j + 1])
            args = _apply(matrix[own], const[own], params)
            ufunc = _ufunc(classical.op_names[code])
            function = getattr(torch, _TORCH_NAMES.get(ufunc, ufunc))
            params = torch.cat([params, function(*args.unbind(1)).unsqueeze(1)], dim=1)
        return _apply(*self._slot_rows, params)

    @cached_property
    def _slot_rows(self) -> tuple[Real, Real]:
        exe = self._executable
        matrix, const = self._dense(exe.a_indptr, exe.a_indices, exe.a_data, exe.b)
        live = np.flatnonzero(np.diff(exe.a_indptr))
        return matrix[live], const[live]

    @cached_property
    def _classical_rows(self) -> tuple[Real, Real]:
        args = self._executable.classical
        return self._dense(args.indptr, args.indices, args.data, args.const)

    def _dense(self, indptr: Any, indices: Any, data: Any, const: Any) -> tuple[Real, Real]:
        exe = self._executable
        matrix = np.zeros((len(const), exe.n_inputs + exe.n_weights + exe.n_derived))
        np.add.at(matrix, (np.repeat(np.arange(len(const)), np.diff(indptr)), indices), data)
        return matrix.astype(self._dtype), const.astype(self._dtype)


def _apply(matrix: Real, const: Real, params: Tensor) -> Tensor:
    """Affine rows of the parameters known so far, (B, rows).

    The rows are kept in numpy: a tensor made while a transform runs must not outlive it.
    """
    known = torch.from_numpy(matrix[:, : params.shape[1]])
    return params @ known.T + torch.from_numpy(const)


def _ufunc(mnemonic: str) -> str:
    row = next(row for row in dialects.CLASSICAL if row.mnemonic == mnemonic)
    return row.numpy


def slot_func(func: Func) -> Func:
    """The same gates with the k-th parametrised angle replaced by input `%s[k]`."""
    # Classical ops become the caller's arithmetic; no real output sees the global phase.
    kept = [op for op in func.ops if op.operands or op.defn is dialects.ALLOC]
    slots = Value(f64(sum(bool(angle.terms) for op in kept for angle in op.angles)), "s")
    position = 0
    ops = []
    for op in kept:
        angles = []
        for angle in op.angles:
            angles.append(Angle.of(slots, position) if angle.terms else angle)
            position += bool(angle.terms)
        ops.append(op.replace(angles=tuple(angles)))
    return Func(f"{func.name}_slots", (slots,), ("input",), tuple(ops), func.results, {"slots": 1})
