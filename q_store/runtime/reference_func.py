"""The oracle for functions: unitary or density matrix straight from the IR, before any lowering.

Everything a function may contain is followed op by op: gates, classical `f.*` ops, barriers,
fresh qubits, measurement in the middle, reset, `q.if` and noise channels. Small circuits only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from q_store.qir import dialects
from q_store.qir.angle import Ref
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Func, element_refs
from q_store.qir.observables import Expval, State, observation_qubits
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.unitary import apply_matrix
from q_store.qir.values import Value
from q_store.runtime.reference import marginal

Complex = NDArray[np.complex128]
Binding = Mapping[str, ArrayLike]
"""Parameter name to number or array of the parameter's shape."""


def bind_refs(func: Func, binding: Binding) -> dict[Ref, float]:
    """The number of every scalar element of the function's parameters.

    Raises `QS521` for a parameter without a value or with a value of another shape.
    """
    refs: dict[Ref, float] = {}
    for arg in func.args:
        if arg.type.linear:
            continue
        value = np.asarray(binding.get(arg.name, np.nan), np.float64)
        if arg.name not in binding or value.shape != arg.type.shape:
            came = f"an array of shape {value.shape}" if arg.name in binding else "nothing"
            raise error("QS521", f"parameter `{arg.name}` must be {arg.type}, got {came}")
        refs |= {ref: float(value[ref[1]]) for ref in element_refs(arg)}
    return refs


def angle_values(op: Op, refs: Mapping[Ref, float]) -> list[float]:
    """The angles of one op as numbers."""
    return [angle.evaluate(refs) for angle in op.angles]


def run_scalar(op: Op, refs: dict[Ref, float]) -> None:
    """Evaluate a classical op and bind its result."""
    arguments = angle_values(op, refs)
    ufunc = getattr(np, getattr(op.defn, "numpy", "")) if op.defn.name != "f.affine" else float
    refs[op.results[0], ()] = float(ufunc(*arguments))


def final_wires(func: Func) -> list[Value]:
    """The qubit values a function ends with: what it observes, else what it returns."""
    observe = func.observe
    values = observe.operands if observe is not None else func.results
    return [value for value in values if value.type.linear]


def start_axes(func: Func) -> dict[Value, int]:
    """Tensor axis of every qubit: arguments, then allocated qubits in order."""
    allocated = [v for op in func.ops if op.defn is dialects.ALLOC for v in op.results]
    qubits = [*[arg for arg in func.args if arg.type.linear], *allocated]
    return {value: axis for axis, value in enumerate(qubits)}


def thread(op: Op, axes: dict[Value, int]) -> None:
    """Results of a wire-to-wire op take the axes of its operands."""
    for before, after in zip(op.operands, op.results, strict=False):
        axes[after] = axes[before]


def refusal(op: Op) -> QStoreError:
    """The error for an op that has no unitary."""
    span = op.loc.span() if op.loc is not None else None
    return error("QS520", f"`{op.defn.name}` is not unitary", span=span)


# --- unitary -------------------------------------------------------------------------------


def unitary_of_func(func: Func, binding: Binding | None = None) -> Complex:
    """The unitary (2**n, 2**n) of a function without measurement, reset, `q.if` or noise.

    Columns: qubit arguments, then allocated qubits, in order of definition. Rows: the wires in the
    order in which the function returns or observes them. The first is the most significant.
    Raises `QS520` for an op that is not unitary, `QS521` for a missing parameter.
    """
    refs, axes = bind_refs(func, binding or {}), start_axes(func)
    n = len(axes)
    tensor: Complex = np.eye(2**n, dtype=np.complex128).reshape((2,) * n + (2**n,))
    for op in func.ops:
        if isinstance(op.defn, Gate):
            matrix = op.defn.matrix(*angle_values(op, refs))
            tensor = apply_matrix(tensor, matrix, [axes[v] for v in op.operands])
            thread(op, axes)
        elif isinstance(op.defn, dialects.Scalar):
            run_scalar(op, refs)
        elif op.defn is dialects.BARRIER:
            thread(op, axes)
        elif op.defn not in (dialects.ALLOC, dialects.OBSERVE):
            raise refusal(op)
    order = [axes[value] for value in final_wires(func)]
    return tensor.transpose([*order, n]).reshape(2**n, 2**n)


def state_of_func(func: Func, binding: Binding | None = None) -> Complex:
    """The state (2**n,) a unitary function makes of |0...0>."""
    return unitary_of_func(func, binding)[:, 0]


# --- density matrix ------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """One history of measured bits, with its unnormalised density tensor (2,)*2n."""

    rho: Complex
    axes: dict[Value, int]
    bits: dict[Value, int]


def sandwich(rho: Complex, operators: Sequence[Complex], at: Sequence[int]) -> Complex:
    """Sum of K rho K^dagger over Kraus operators on some qubits."""
    n = rho.ndim // 2
    total = np.zeros_like(rho)
    for operator in operators:
        left = apply_matrix(rho, operator, at)
        total = total + apply_matrix(left, operator.conj(), [n + axis for axis in at])
    return total


_PROJECTORS = (np.diag([1.0 + 0j, 0.0]), np.diag([0.0 + 0j, 1.0]))
_LOWER = np.array([[0, 1], [0, 0]], np.complex128)


class _Density:
    def __init__(self, refs: dict[Ref, float]) -> None:
        self.refs = refs

    def block(self, ops: Sequence[Op], branches: list[Branch]) -> list[Branch]:
        for op in ops:
            if isinstance(op.defn, dialects.Scalar):
                run_scalar(op, self.refs)
            else:
                branches = [after for branch in branches for after in self.op(op, branch)]
        return branches

    def op(self, op: Op, branch: Branch) -> list[Branch]:
        if op.defn is dialects.IF:
            return self.conditional(op, branch)
        if op.defn in (dialects.ALLOC, dialects.OBSERVE):
            return [branch]
        axes = dict(branch.axes)
        thread(op, axes)
        if op.defn is dialects.MEASURE:
            return self.measured(op, replace(branch, axes=axes))
        operators = self.kraus(op)
        at = [branch.axes[value] for value in op.operands]
        rho = sandwich(branch.rho, operators, at) if operators else branch.rho
        return [Branch(rho, axes, branch.bits)]

    def kraus(self, op: Op) -> list[Complex]:
        """Kraus operators of a gate, channel or reset; none for a barrier."""
        defn: Any = op.defn
        if isinstance(defn, Gate):
            return [defn.matrix(*angle_values(op, self.refs))]
        if isinstance(defn, dialects.Channel):
            return list(defn.kraus(*angle_values(op, self.refs)))
        return [_PROJECTORS[0], _LOWER] if defn is dialects.RESET else []

    def measured(self, op: Op, branch: Branch) -> list[Branch]:
        wire, bit = op.results
        at = [branch.axes[wire]]
        return [
            Branch(
                sandwich(branch.rho, [projector], at), branch.axes, {**branch.bits, bit: outcome}
            )
            for outcome, projector in enumerate(_PROJECTORS)
        ]

    def conditional(self, op: Op, branch: Branch) -> list[Branch]:
        bit, *wires = op.operands
        body: Region = op.regions[0] if branch.bits[bit] else op.regions[1]
        inside = {arg: branch.axes[w] for arg, w in zip(body.args, wires, strict=True)}
        started = replace(branch, axes={**branch.axes, **inside})
        return [
            replace(
                after,
                axes={
                    **after.axes,
                    **{r: after.axes[v] for r, v in zip(op.results, body.results, strict=True)},
                },
            )
            for after in self.block(body.ops, [started])
        ]


def density_matrix(func: Func, binding: Binding | None = None) -> Complex:
    """The density matrix (2**n, 2**n) a function makes of |0...0>, averaged over measured bits.

    The wires stand in the order in which the function returns or observes them, the first most
    significant. Raises `QS521` for a missing parameter.
    """
    refs, axes = bind_refs(func, binding or {}), start_axes(func)
    n = len(axes)
    rho = np.zeros((2,) * (2 * n), np.complex128)
    rho[(0,) * (2 * n)] = 1.0
    wires = final_wires(func)
    total = np.zeros_like(rho)
    for branch in _Density(refs).block(func.ops, [Branch(rho, axes, {})]):
        order = [branch.axes[value] for value in wires]
        total = total + branch.rho.transpose([*order, *[n + axis for axis in order]])
    return total.reshape(2**n, 2**n)


# --- observations --------------------------------------------------------------------------


def observations_of_func(func: Func, binding: Binding | None = None) -> list[Any]:
    """What `m.observe` yields, exactly: numbers, probability vectors (for samples too), and the
    density matrix in place of a state."""
    rho = density_matrix(func, binding)
    wires = len(rho).bit_length() - 1
    results: list[Any] = []
    for observation in func.observe.observations if func.observe else ():
        if isinstance(observation, Expval):
            matrix = observation.paulis.matrix(wires)
            results.append(float(np.trace(matrix @ rho).real))
        elif isinstance(observation, State):
            results.append(rho)
        else:
            qubits = observation_qubits(observation) or ()
            results.append(marginal(np.diag(rho).real, qubits))
    return results
