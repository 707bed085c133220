"""What a circuit function's arguments mean: by name, and where names say nothing, by position."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from q_store.qir.diagnostics import QStoreError, did_you_mean, error

CIRCUIT: Final = "circuit"
INPUTS: Final = "inputs"
WEIGHTS: Final = "weights"
N_QUBITS: Final = "n_qubits"
SHAPED: Final = "shaped"

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    CIRCUIT: ("circuit", "qc", "c"),
    INPUTS: ("inputs", "x", "features", "data"),
    WEIGHTS: ("weights", "params", "theta", "w"),
    N_QUBITS: ("n_qubits", "num_qubits", "wires"),
}
_MEANING: Final = {name: meaning for meaning, names in _NAMES.items() for name in names}

_POSITIONS: Final[dict[int, tuple[str, ...]]] = {
    2: (INPUTS, WEIGHTS),
    3: (CIRCUIT, INPUTS, WEIGHTS),
}

_TABLE: Final = (
    "circuit, qc, c: a fresh circuit to fill in",
    "inputs, x, features, data: the input vector",
    "weights, params, theta, w: the weights, and any key of `weight_shapes`",
    "n_qubits, num_qubits, wires: the number of qubits",
    "without these names: (inputs, weights) or (circuit, inputs, weights)",
)


def argument_meanings(function: Callable[..., Any], shaped: Mapping[str, object]) -> dict[str, str]:
    """What each argument of a circuit function receives, in order.

    `shaped` are the keys of `weight_shapes`. Arguments with a default are left out unless their
    name says what they are. Raises `QS330` where the meaning cannot be told.
    """
    parameters = _parameters(function)
    named = {p.name: SHAPED if p.name in shaped else _MEANING.get(p.name, "") for p in parameters}
    required = [p.name for p in parameters if p.default is p.empty]
    unknown = [name for name in required if not named[name]]
    if unknown:
        by_position = _POSITIONS.get(len(required), ())
        agree = by_position and all(
            named[name] in ("", meaning)
            for name, meaning in zip(required, by_position, strict=True)
        )
        if not agree:
            raise _unclear(function, unknown, required)
        named |= dict(zip(required, by_position, strict=True))
    return {name: meaning for name, meaning in named.items() if meaning}


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as problem:
        message = f"the arguments of {function!r} cannot be read"
        raise error("QS330", message, notes=_TABLE) from problem
    return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _unclear(function: Callable[..., Any], unknown: list[str], required: list[str]) -> QStoreError:
    name = getattr(function, "__name__", type(function).__name__)
    return error(
        "QS330",
        f"it is not clear what the argument `{unknown[0]}` of `{name}({', '.join(required)})` "
        "should receive",
        notes=_TABLE,
        help=did_you_mean(unknown[0], _MEANING) or "rename the argument",
    )
