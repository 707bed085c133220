"""Transforms of a QNode that change what its circuit does, such as those that add noise.

Transforms look at numbers, so they are run on a tape whose symbols have been replaced by numbers,
twice with different ones. What then differs in the results must be one of these numbers or its
opposite, and becomes a symbol again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pennylane as qml

from q_store.frontends.expr import Expr
from q_store.qir.diagnostics import error

_FAILURES: Final = (
    *(TypeError, ValueError, AttributeError, KeyError, IndexError, ArithmeticError),
    *(ImportError, RuntimeError),
)
_HELP: Final = "give arguments values by `constants`, or read the function without it"

Symbols = dict[float, Any]
"""Numbers that stand for expressions."""


def transformed(source: Any, tape: Any) -> Any:
    """The tape after the transforms of a QNode.

    PennyLane's own but those of noise write the same circuit in other ways, which is left to our
    passes; they are applied where noise or a transform of the user's own follows. Raises `QS385`
    for a transform that makes several circuits of one, that fails, or that calculates with
    parameters.
    """
    steps = list(_pipeline(source))
    while steps and not _matters(steps[-1]):
        steps.pop()
    if not steps:
        return tape
    with qml.QueuingManager.stop_recording():
        first, second = [_run(steps, tape, seed) for seed in (1, 2)]
        return _with_symbols(*first, *second, name=_name(steps[-1]))


def _pipeline(source: Any) -> Any:
    """The transforms of a QNode in order; none of anything else. Older versions of PennyLane have
    another name for them, which newer ones warn of."""
    if hasattr(source, "compile_pipeline"):
        return source.compile_pipeline
    return getattr(source, "transform_program", None) or ()


def _matters(step: Any) -> bool:
    """Whether a transform may change what the circuit does."""
    home = getattr(_function(step), "__module__", "") or ""
    return not home.startswith("pennylane.") or home.startswith("pennylane.noise")


def _function(step: Any) -> Any:
    return getattr(step, "tape_transform", None) or step.transform


def _name(step: Any) -> str:
    return getattr(_function(step), "__name__", repr(step))


def _run(steps: list[Any], tape: Any, seed: int) -> tuple[Any, Symbols]:
    """The transforms of the tape with numbers, and what the numbers stand for."""
    symbols: Symbols = {}
    random = np.random.default_rng(seed)

    def number(entry: Any) -> float:
        if not isinstance(entry, Expr):
            return float(entry)
        made = float(random.uniform(0.5, 2.5))
        symbols[made] = entry
        return made

    tape = _rebound(tape, lambda op: [_mapped(value, number) for value in op.data])
    for step in steps:
        try:
            tapes, _ = _function(step)(tape, *step.args, **step.kwargs)
        except _FAILURES as problem:
            message = f"the transform `{_name(step)}` fails: {problem}"
            raise error("QS385", message, help=_HELP) from problem
        if len(tapes) != 1:
            raise error(
                "QS385", f"the transform `{_name(step)}` makes {len(tapes)} circuits of one"
            )
        tape = tapes[0]
    return tape, symbols


def _rebound(tape: Any, data: Callable[[Any], list[Any] | None]) -> Any:
    """The tape with other numbers in its operators; those without a list of them stay."""
    operations = []
    for op in tape.operations:
        own = data(op) if getattr(op, "data", ()) else None
        bind = qml.ops.functions.bind_new_parameters
        operations.append(op if own is None else bind(op, own))
    return qml.tape.QuantumScript(operations, tape.measurements)


def _mapped(value: Any, number: Callable[[Any], float]) -> Any:
    """A parameter, one number or an array, without symbols."""
    if isinstance(value, Expr):
        return number(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind != "O":
        return value
    array = np.array([number(entry) for entry in value.ravel()]).reshape(value.shape)
    return array if array.shape else array.item()


def _with_symbols(
    one: Any, symbols: Symbols, other: Any, symbols_there: Symbols, *, name: str
) -> Any:
    """The tape of two runs that is both, for any numbers. Raises `QS385`."""
    refusal = error("QS385", f"the transform `{name}` calculates with parameters", help=_HELP)
    alike = [
        (type(a), a.wires, len(a.data)) == (type(b), b.wires, len(b.data))
        for a, b in zip(one.operations, other.operations, strict=False)
    ]
    if len(one.operations) != len(other.operations) or not all(alike):
        raise refusal
    partner = {id(a): b for a, b in zip(one.operations, other.operations, strict=True)}

    def entry(here: float, there: float) -> Any:
        if here == there:
            return here
        for sign in (1.0, -1.0):
            number = sign * here
            if number in symbols and symbols_there.get(sign * there) is symbols[number]:
                return symbols[number] * sign
        raise refusal

    def data(op: Any) -> list[Any] | None:
        values = [
            (np.asarray(a), np.asarray(b))
            for a, b in zip(op.data, partner[id(op)].data, strict=True)
        ]
        if all(np.array_equal(a, b) for a, b in values):
            return None
        return [_joined(a, b, entry) for a, b in values]

    return _rebound(one, data)


def _joined(here: Any, there: Any, entry: Callable[[float, float], Any]) -> Any:
    if here.shape != there.shape:
        return entry(np.nan, np.nan)
    found = np.empty(here.shape, dtype=object)
    for index in np.ndindex(here.shape):
        found[index] = entry(here[index], there[index])
    return found if found.shape else found.item()
