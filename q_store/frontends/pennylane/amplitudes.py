"""States given by amplitudes that are symbols: `AmplitudeEmbedding` and `StatePrep`.

PennyLane pads and normalizes amplitudes with numpy while the operator is made, which symbols
refuse. Symbols are padded here instead, and normalized by the angles of our amplitude encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pennylane as qml

from q_store.frontends.arrays import SymbolArray
from q_store.frontends.expr import Expr, as_number
from q_store.qir.diagnostics import QStoreError, error


def is_symbolic(state: Any) -> bool:
    """Whether amplitudes are our expressions, in an array or in a sequence."""
    if isinstance(state, SymbolArray):
        return True
    if isinstance(state, np.ndarray):
        return state.dtype == object and any(isinstance(entry, Expr) for entry in state.flat)
    return isinstance(state, list | tuple) and any(isinstance(entry, Expr) for entry in state)


def refused(name: str, why: str) -> QStoreError:
    return error(
        "QS383",
        f"`{name}` with symbols {why}",
        help='a layer encodes its features itself by `input_encoding="amplitude"`, in front of a '
        "circuit that has none; numbers are given by `constants`",
    )


def padded(state: Any, wires: Any, pad_with: Any, normalize: bool) -> Any:
    """Symbolic amplitudes with the constants of `pad_with` at the end, shape (2**wires,), dtype
    object, not normalized. Raises `QS383` for what PennyLane or our encoding does not take, and
    `QS316` for an array of unknown size."""
    name = "AmplitudeEmbedding` or `StatePrep"
    shape = state.shape if hasattr(state, "shape") else (len(state),)
    size = 2 ** len(qml.wires.Wires(wires))
    if len(shape) != 1:
        raise refused(name, f"takes one vector, got the shape {shape}")
    if not normalize and pad_with is None:
        raise refused(name, "needs `normalize=True`: their norm is not known")
    if shape[0] > size or (pad_with is None and shape[0] != size):
        raise refused(name, f"takes {size} amplitudes or a `pad_with` for less, got {shape[0]}")
    constant = as_number(pad_with if pad_with is not None else 0.0)
    if constant is None:
        raise refused(name, f"takes a real number for `pad_with`, got {pad_with!r}")
    amplitudes = np.full(size, constant, dtype=object)
    for place in range(shape[0]):
        amplitudes[place] = state[place]
    return amplitudes


def teach_amplitudes() -> None:
    """Let PennyLane's state preparations keep symbols; anything else is left to PennyLane, and
    symbols too by versions without this inner function."""
    original: Callable[..., Any] | None = getattr(qml.StatePrep, "_preprocess", None)
    if original is None:
        return

    @wraps(original)
    def preprocess(state: Any, wires: Any, pad_with: Any, normalize: Any, **rest: Any) -> Any:
        if is_symbolic(state):
            return padded(state, wires, pad_with, bool(normalize))
        return original(state, wires, pad_with=pad_with, normalize=normalize, **rest)

    qml.StatePrep._preprocess = staticmethod(preprocess)


teach_amplitudes()
