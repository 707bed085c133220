"""Measurement keys and conditions on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cirq

from q_store.frontends.cirq.confusion import Misreading, at_the_end, in_the_middle, misreadings
from q_store.frontends.classical_bits import decide
from q_store.frontends.instruction import Instruction
from q_store.frontends.names import Names
from q_store.qir import dialects
from q_store.qir.diagnostics import error
from q_store.qir.registry import gate


class Records:
    """The bits every measurement key has been measured into, in order.

    A key may be measured again; every time it gets bits of its own. Bits are named `key`, or
    `key_0`, `key_1`, … for keys of several qubits.
    """

    def __init__(self) -> None:
        self.order: list[str] = []
        """All bits in the order they are measured."""
        self._names = Names()
        self._bits: dict[Any, list[list[str]]] = {}
        self._inverted: set[str] = set()
        self._misread: list[Misreading] = []

    def new(self, key: Any, inverted: Sequence[bool]) -> list[str]:
        """Names of the bits of one more measurement into a key."""
        times = self._bits.setdefault(key, [])
        wishes = [f"{key}_{i}" for i in range(len(inverted))] if len(inverted) > 1 else [str(key)]
        bits = [self._names.of((key, len(times), i), wish) for i, wish in enumerate(wishes)]
        times.append(bits)
        self.order += bits
        self._inverted.update(b for b, invert in zip(bits, inverted, strict=True) if invert)
        return bits

    def misread(self, bits: Sequence[str], confusion: Mapping[Any, Any]) -> None:
        """Note the errors of reading of a measurement: by positions of bits, the matrix of the
        probability to read j where the outcome is i. Raises `QS350`."""
        self._misread += misreadings(bits, confusion)

    def endings(
        self, measured: Iterable[int], steps: Iterable[Instruction], kept: Iterable[Instruction]
    ) -> list[Instruction]:
        """All steps of the circuit: `kept` with the errors of reading in the middle, then what is
        to be done to the qubits `measured` at the end, outcomes inverted and errors of reading.
        `kept` are the steps that remain of all. Raises `QS350`, see `confusion.py`."""
        last = {step.wires[0]: step.bit for step in steps if step.row is dialects.MEASURE}
        ends = {last[qubit] or "": qubit for qubit in measured}
        kept = list(kept)
        inside = {step.bit for step in kept if step.row is dialects.MEASURE}
        final = [m for m in self._misread if set(m.bits) <= ends.keys() - inside]
        made = in_the_middle(kept, [m for m in self._misread if m not in final], ends)
        made += [
            Instruction(gate("x"), (qubit,)) for bit, qubit in ends.items() if bit in self._inverted
        ]
        for misreading in final:
            qubits = [ends[bit] for bit in misreading.bits]
            made.append(at_the_end(misreading.inverted(self._inverted), qubits))
        return made

    def conditional(
        self, conditions: Iterable[Any], body: tuple[Instruction, ...]
    ) -> tuple[Instruction, ...]:
        """Steps that run the body when all conditions hold. Raises `QS353`, `QS354`."""
        conditions = list(conditions)
        keys = dict.fromkeys(key for condition in conditions for key in condition.keys)
        for key in keys:
            if key not in self._bits:
                raise error("QS353", f"the key {key} is not measured before the condition")
        bits = [bit for key in keys for measured in self._bits[key] for bit in measured]

        def holds(values: Mapping[str, int]) -> bool:
            store = self._store(keys, values)
            return all(bool(condition.resolve(store)) for condition in conditions)

        return decide(bits, holds, {True: body, False: ()})

    def _store(self, keys: Iterable[Any], values: Mapping[str, int]) -> Any:
        """Cirq's record of what was measured, for given values of the bits."""
        store = cirq.ClassicalDataDictionaryStore()
        for key in keys:
            for bits in self._bits[key]:
                outcome = [values[bit] ^ (bit in self._inverted) for bit in bits]
                store.record_measurement(key, outcome, cirq.LineQubit.range(len(bits)))
        return store
