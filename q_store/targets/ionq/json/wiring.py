"""Which qubit carries what is observed: IonQ measures every qubit and numbers them by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.observables import Sample, State
from q_store.qir.ops import Gate, Op
from q_store.qir.values import Value


@dataclass(frozen=True, slots=True)
class Wiring:
    """A function without its end, and what that end looks at."""

    func: Func
    """Gates and classical ops only; observes nothing, and its wires are in no order."""
    places: tuple[int, ...]
    """The qubit, numbered as allocated, that each observed wire ends on."""
    registers: tuple[tuple[int, ...], ...]
    """Observed wires of each register: those of each sample, or else all wires in order."""


MIDDLE: Final = (dialects.MEASURE, dialects.RESET)
"""What may stand in the middle of OpenQASM 3."""


def unwired(func: Func, *, middle: bool = False) -> Wiring:
    """Take the end off a function; `middle` allows measurements and resets before it.

    Raises `QS731` for what IonQ's formats cannot express: conditions, noise, qubit arguments, a
    state vector as the result, and in JSON measurements in the middle and resets.
    """
    places: dict[Value, int] = {}
    kept: list[Op] = []
    for value in func.args:
        if value.type.kind != "f64":
            raise error("QS731", f"@{func.name} takes %{value.name}: {value.type}")
    for op in func.ops:
        if op.defn is dialects.ALLOC:
            places |= {value: len(places) + i for i, value in enumerate(op.results)}
        elif isinstance(op.defn, Gate) or op.defn is dialects.BARRIER:
            places |= zip(op.results, [places[v] for v in op.operands], strict=True)
        elif middle and op.defn in MIDDLE:
            places[op.results[0]] = places[op.operands[0]]
        elif op.defn is not dialects.OBSERVE and not isinstance(op.defn, dialects.Scalar):
            raise _refusal(op)
        if op.defn is not dialects.OBSERVE:
            kept.append(op)
    last = func.observe
    final = last.operands if last else func.results
    if any(value not in places for value in final):
        raise error("QS731", f"@{func.name} must end by observing or returning its wires")
    ends = tuple([places[value] for value in final])
    return Wiring(func.replace(ops=tuple(kept), results=()), ends, _registers(func, len(ends)))


def _registers(func: Func, wires: int) -> tuple[tuple[int, ...], ...]:
    observed = func.observe.observations if func.observe else ()
    if any(isinstance(item, State) for item in observed):
        raise error(
            "QS731",
            "the circuit ends with a state vector, which no machine can give",
            help="observe expectation values, probabilities or samples",
        )
    samples = [item.qubits for item in observed if isinstance(item, Sample)]
    if samples and len(samples) == len(observed):
        return tuple(samples)
    return (tuple(range(wires)),)


def _refusal(op: Op) -> Exception:
    span = op.loc.span() if op.loc is not None else None
    noise = isinstance(op.defn, dialects.Channel)
    return error(
        "QS731",
        f"`{op.defn.name}` cannot be written as IonQ JSON",
        span=span,
        notes=["qubits may be measured and reset in the middle, and no gate depends on that"],
        help="leave noise to the service: noise='forte-1'" if noise else _NO_BRANCHES,
    )


_NO_BRANCHES: Final = "measure the bit at the end, and put gates that depend on it into controls"
