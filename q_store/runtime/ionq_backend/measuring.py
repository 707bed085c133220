"""Which circuits give what a program is asked for.

Pauli words that agree on every qubit they share are measured together (qubit-wise commuting words):
one circuit with rotations before the measurement, and the mean of each word is that of a parity of
its bits. Clifford gates before the measurement only turn words into others, so they are not played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from q_store.passes.absorb_cliffords import AbsorbCliffords
from q_store.passes.context import Context
from q_store.passes.ionq.measured import compile_measured
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.dialects import ALLOC
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum, Sample
from q_store.qir.types import f64
from q_store.runtime.backends.tape import Tape, TapeOp
from q_store.runtime.ionq_client.results import IonQResult
from q_store.targets.executable import Executable
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.json.circuits import IonqCircuit, ionq_circuits

Array = NDArray[np.float64]
Word = tuple[tuple[int, str], ...]
"""Qubits in order, each with its letter."""

_TO_Z: Final = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}


def words_of(executable: Executable) -> list[Word]:
    """The word of every term of the observables, in order; the identity is empty."""
    n = executable.n_qubits
    pairs = zip(executable.term_x.tolist(), executable.term_z.tolist(), strict=True)
    return [
        tuple(
            [
                (qubit, "IXZY"[(x >> n - 1 - qubit & 1) + 2 * (z >> n - 1 - qubit & 1)])
                for qubit in range(n)
                if (x | z) >> n - 1 - qubit & 1
            ]
        )
        for x, z in pairs
    ]


def grouped(words: Sequence[Word]) -> list[tuple[dict[int, str], list[int]]]:
    """Bases of qubits, and which words are measured in them; largest words first into the first
    group that they fit. Identities are in none."""
    groups: list[tuple[dict[int, str], list[int]]] = []
    order = sorted(range(len(words)), key=lambda k: -len(words[k]))
    for k in order:
        word = words[k]
        if not word:
            continue
        for bases, members in groups:
            if all(bases.get(qubit, letter) == letter for qubit, letter in word):
                bases.update(word)
                members.append(k)
                break
        else:
            groups.append((dict(word), [k]))
    return groups


@dataclass(frozen=True, slots=True)
class Plan:
    """Gates, and the words that are measured after them for the means of other words."""

    ops: Sequence[TapeOp]
    words: list[Word]
    signs: Array
    """The mean of word k is `signs[k]` times that of `words[k]`."""
    groups: list[tuple[dict[int, str], list[int]]]
    """Bases, and the words that are measured in them."""

    @staticmethod
    def plain(tape: Tape, words: list[Word]) -> Plan:
        """The words after the whole tape."""
        return Plan(tape.ops, words, np.ones(len(words)), grouped(words))


def without_last_cliffords(tape: Tape, words: list[Word]) -> Plan:
    """Clifford gates at the end of the tape as other words, where these need no more circuits."""
    plain = Plan.plain(tape, words)
    seen = [Expval(PauliSum(((1.0, word),))) for word in words]
    func = _builder(tape, tape.ops).finish(seen)
    made = AbsorbCliffords().on_func(func, Context())
    if made is func or made.observe is None:
        return plain
    wire = {value: k for op in made.ops if op.defn is ALLOC for k, value in enumerate(op.results)}
    for op in made.gates:
        wire |= zip(op.results, [wire[value] for value in op.operands], strict=True)
    at = [wire[value] for value in made.observe.operands]
    terms = [seen.paulis.terms[0] for seen in made.observe.observations if isinstance(seen, Expval)]
    others = [tuple(sorted([(at[q], letter) for q, letter in word])) for _, word in terms]
    kept = set(made.ops)
    ops = [op for op, gate in zip(tape.ops, func.gates, strict=True) if gate in kept]
    shorter = Plan(ops, others, np.array([sign for sign, _ in terms]), grouped(others))
    return shorter if len(shorter.groups) <= len(plain.groups) else plain


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to measure: a compiled circuit with slots as parameters."""

    func: Func
    gateset: Literal["qis", "native"]
    device: IonqDevice
    qubits: tuple[int, ...]
    """Measured qubits in the order of the bits."""

    def circuits(self, slots: Array) -> list[IonqCircuit]:
        """One circuit for each row of slots (B, S) in radians."""
        values = slots if self.func.args else None
        made = ionq_circuits(
            self.func,
            gateset=self.gateset,
            values=values,
            device=self.device,
            flips="read",
        )
        return made if self.func.args else made * len(slots)


def setting(
    tape: Tape, ops: Sequence[TapeOp], bases: dict[int, str], device: IonqDevice, level: int
) -> Setting:
    """Gates of the tape measured in these bases, compiled for a machine."""
    qubits = tuple(sorted(bases))
    func = _function(tape, ops, bases, qubits)
    if device.model is None:
        return Setting(func, "qis", device, qubits)
    native = compile_measured(func, device.model, level, coupling=device.coupling)
    return Setting(native, "native", device, qubits)


def _function(
    tape: Tape, ops: Sequence[TapeOp], bases: dict[int, str], qubits: tuple[int, ...]
) -> Func:
    builder = _builder(tape, ops)
    for qubit in qubits:
        for name in _TO_Z[bases[qubit]]:
            builder.gate(name, (qubit,))
    return builder.finish((Sample(qubits),))


def _builder(tape: Tape, ops: Sequence[TapeOp]) -> FuncBuilder:
    """Gates of the tape, its slots as parameters."""
    builder = FuncBuilder("measured", tape.n_qubits)
    slots = builder.param("s", f64(tape.n_slots), "input") if tape.n_slots else None
    for op in ops:
        angles = [
            Angle.of(slots, slot) if slots is not None and slot >= 0 else angle
            for angle, slot in zip(op.angles, op.slots, strict=True)
        ]
        builder.gate(op.name, op.wires, angles)
    return builder


# --- from results to numbers ------------------------------------------------------------------


def outcomes(result: IonQResult) -> tuple[NDArray[np.int8], Array]:
    """Bits (outcomes, k) and their probabilities (outcomes,)."""
    texts = list(result.probabilities)
    bits = np.array([[bit == "1" for bit in text] for text in texts], np.int8)
    return bits.reshape(len(texts), -1), np.array(list(result.probabilities.values()))


def word_mean(bits: NDArray[np.int8], chances: Array, columns: Sequence[int]) -> float:
    """The mean of the product of Z on some bits."""
    signs = 1 - 2 * (bits[:, list(columns)].sum(axis=1) % 2)
    return float(signs @ chances)


def joint(bits: NDArray[np.int8], chances: Array) -> Array:
    """Probabilities (2**k,), the first bit most significant."""
    k = bits.shape[1]
    places = bits.astype(np.int64) @ (1 << np.arange(k - 1, -1, -1))
    found: Array = np.bincount(places, chances, 1 << k).astype(np.float64)
    return found
