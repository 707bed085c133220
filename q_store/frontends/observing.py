"""What a circuit yields: explicit observables, or what follows from its measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.observables import (
    Expval,
    Observation,
    PauliSum,
    Probs,
    Sample,
    State,
    as_pauli_sum,
    observation_qubits,
)
from q_store.qir.ops import Op
from q_store.qir.values import Value

OUTPUTS: Final = {"expval": Expval, "probs": Probs, "samples": Sample, "state": State}
"""Kinds of output a user can ask for by name."""

_HINTS: Final[dict[type, str]] = {Expval: "e", Probs: "p", Sample: "s", State: "psi"}


def observe(func: Func, observables: object, output: str) -> Func:
    """The function with its observations decided.

    Given observables win. Otherwise expectations, probabilities and states that the function asks
    for itself stand. Otherwise `output` says what is taken of the measured qubits, or of all when
    none is measured: Z on each, joint probabilities, samples, or the state of all qubits.
    Raises `QS335` where two of these contradict, and `QS301`, `QS107` for bad observables.
    """
    own = func.observe.observations if func.observe else ()
    if observables is not None:
        if output != "expval":
            raise error("QS335", f"observables are for output='expval', got output={output!r}")
        return with_observations(func, _given(observables))
    asked = [item for item in own if not isinstance(item, Sample)]
    if asked:
        if output != "expval" and not all(isinstance(item, OUTPUTS[output]) for item in own):
            raise error(
                "QS335", f"output={output!r}, but the circuit ends with {asked[0]!r} already"
            )
        return func
    if own and output == "samples":
        return func
    return with_observations(func, _default(func, own, output))


def _default(func: Func, own: Sequence[Observation], output: str) -> list[Observation]:
    measured = dict.fromkeys(q for item in own for q in observation_qubits(item) or ())
    qubits = tuple(measured) or tuple(range(func.n_qubits))
    if output == "expval":
        return [Expval(PauliSum.z(qubit)) for qubit in qubits]
    if output == "state":
        return [State()]
    return [Probs(qubits) if output == "probs" else Sample(qubits)]


def _given(observables: object) -> list[Observation]:
    single = isinstance(observables, str | PauliSum | Observation)
    items = [observables] if single else observables
    if not isinstance(items, Sequence) or not items:
        raise error(
            "QS335",
            f"observables must be a Pauli sum such as 'Z0 + X1' or a list of them, got {items!r}",
        )
    return [item if isinstance(item, Observation) else Expval(as_pauli_sum(item)) for item in items]


def with_observations(func: Func, observations: Sequence[Observation]) -> Func:
    """The function with another end. Raises `QS301` for a qubit it has not, `QS340` when it
    neither observes nor returns its wires."""
    last = func.observe
    wires = last.operands if last else func.results
    if len(wires) != func.n_qubits or not all(wire.type.linear for wire in wires):
        raise error("QS340", f"@{func.name} must end by observing or returning every wire")
    for observation in observations:
        for qubit in observation_qubits(observation) or ():
            if qubit >= len(wires):
                raise error(
                    "QS301", f"`{observation!r}` on qubit {qubit}: the circuit has {len(wires)}"
                )
    results = tuple(
        [Value(item.result_type(len(wires)), _HINTS[type(item)]) for item in observations]
    )
    end = Op(dialects.OBSERVE, wires, (), results, observations=tuple(observations))
    ops = func.ops[:-1] if last else func.ops
    return func.replace(ops=(*ops, end), results=results)
