"""Tapes of quantum functions, the order of their wires, and broadcast parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, Final

import numpy as np
import pennylane as qml

from q_store.frontends.arrays import Features, Handle, over_samples
from q_store.frontends.expr import Expr, Ref, apply
from q_store.frontends.symbols import check_name, scalar
from q_store.qir.diagnostics import error

_MAX_ELEMENTS: Final = 1_000_000
_FUNCTIONS: Final = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh"),
    *("exp", "log", "sqrt", "abs", "square"),
)


def _teach_functions() -> None:
    """Let `qml.math.sin` and its like take our expressions: PennyLane dispatches by the package a
    type comes from, through autoray."""
    register = import_module("autoray").register_function
    for name in _FUNCTIONS:
        register("q_store", name, partial(apply, {"abs": "absolute"}.get(name, name)))
    for name in ("asarray", "array"):
        register("q_store", name, _as_array)


def _as_array(item: Any, *_: Any, **__: Any) -> Any:
    """A named array of known shape as an array of expressions; anything else of ours as it is."""
    extent = getattr(item, "extent", None)
    return symbol(item.name, extent) if isinstance(item, Handle) and extent else item


def is_tape(item: object) -> bool:
    return isinstance(item, qml.tape.QuantumScript)


def recorded(call: Callable[[], Any]) -> tuple[Any, Any]:
    """The tape of a call, and what it returned."""
    with qml.queuing.AnnotatedQueue() as queue:
        result = call()
    return qml.tape.QuantumScript.from_queue(queue), result


def called(
    source: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The function behind a QNode with arrays of expressions for arguments; others as they are."""
    if not isinstance(source, qml.QNode):
        return source, dict(arguments)
    return source.func, {name: _given(name, value) for name, value in arguments.items()}


class Sample(np.ndarray):
    """Features of one sample; `x[:, i]` of a vector, which code for batches has, is `x[i]`, and
    so is `x[..., i]`, which numpy makes an array of no dimensions."""

    def __getitem__(self, key: Any) -> Any:
        index: Any = key[1] if over_samples(key, self.shape) else key
        found = super().__getitem__(index)
        return found.item() if isinstance(found, np.ndarray) and not found.shape else found


import_module("autoray").register_backend(Sample, "numpy")


def _given(name: str, value: Any) -> Any:
    """What a QNode gets for an argument."""
    if not isinstance(value, Handle) or not value.extent:
        return value
    array = symbol(name, value.extent)
    return array.view(Sample) if isinstance(value, Features) else array


def wire_order(source: Any) -> list[Any] | None:
    """Labels of a QNode's device, if it has any, or the order a function of ours asks for."""
    device = getattr(source, "device", None)
    wires = getattr(device, "wires", None)
    if wires is not None:
        return list(wires)
    count = getattr(source, "n_qubits", None)
    return list(range(count)) if isinstance(count, int) else None


def symbols_for(
    source: Any, shapes: Mapping[str, Any], constants: Mapping[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The function to call, and its arguments by name: symbols, or constants."""
    function = source.func if isinstance(source, qml.QNode) else source
    known = {**getattr(source, "parameter_shapes", {}), **shapes}
    arguments: dict[str, Any] = {}
    names = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise error("QS385", f"the argument `{name}` cannot be passed by name")
        names.append(name)
        if name in constants:
            arguments[name] = constants[name]
        elif name in known or parameter.default is parameter.empty:
            arguments[name] = symbol(name, known.get(name, ()))
    unknown = [name for name in (*shapes, *constants) if name not in names]
    if unknown:
        raise error(
            "QS385",
            f"the function has no argument `{unknown[0]}`",
            notes=[f"arguments: {', '.join(names) or 'none'}"],
        )
    return function, arguments


def symbol(name: str, shape: Any) -> Any:
    """A symbol for an argument: an expression, or an array of them, dtype object."""
    extents = getattr(shape, "shape", shape)
    extents = (extents,) if isinstance(extents, int) else extents
    if not isinstance(extents, tuple | list) or not all(
        isinstance(n, int) and n > 0 for n in extents
    ):
        raise error("QS385", f"the shape of `{name}` must be positive integers, got {shape!r}")
    extents = tuple(extents)
    if not extents:
        return scalar(name)
    if np.prod(extents) > _MAX_ELEMENTS:
        raise error("QS385", f"`{name}` has more than {_MAX_ELEMENTS} elements")
    check_name(name)
    array = np.empty(extents, dtype=object)
    for index in np.ndindex(*extents):
        array[index] = Expr.of(Ref(name, index, extents))
    return array


@dataclass
class Broadcast:
    """Parameters that had one value for each sample: one column for each element of `x`."""

    columns: list[Any] = field(default_factory=list)

    def data(self) -> Any:
        return np.stack(self.columns, axis=1)


def unbroadcast(tape: Any) -> tuple[Any, Broadcast]:
    """The tape with elements of `x` in the place of broadcast parameters."""
    broadcast = Broadcast()
    if not any(_batch_size(op) for op in tape.operations):
        return tape, broadcast
    known: dict[bytes, Expr] = {}
    shared = [_bound(op, broadcast, known) if _batch_size(op) else op for op in tape.operations]
    with qml.QueuingManager.stop_recording():
        return qml.tape.QuantumScript(shared, tape.measurements), broadcast


def _batch_size(op: Any) -> int | None:
    if getattr(op, "data", None) and any(np.asarray(d).dtype == object for d in op.data):
        return None
    found: int | None = getattr(op, "batch_size", None)
    return found


def _bound(op: Any, broadcast: Broadcast, known: dict[bytes, Expr]) -> Any:
    parameters = []
    for value, ndim in zip(op.data, op.ndim_params, strict=True):
        array = np.asarray(qml.math.toarray(value))
        if array.ndim == ndim:
            parameters.append(value)
            continue
        flat = np.asarray(array, dtype=np.float64).reshape(len(array), -1)
        symbols = np.empty(flat.shape[1], dtype=object)
        for place in range(flat.shape[1]):
            column = flat[:, place]
            key = column.tobytes()
            if key not in known:
                known[key] = Expr.of(Ref("x", (len(broadcast.columns),)))
                broadcast.columns.append(column)
            symbols[place] = known[key]
        shaped = symbols.reshape(array.shape[1:])
        parameters.append(shaped if shaped.shape else shaped.item())
    with qml.QueuingManager.stop_recording():
        return qml.ops.functions.bind_new_parameters(op, parameters)


_teach_functions()
