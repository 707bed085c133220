"""Layers of commuting rotations, the blocks of the block-diagonal metric.

A rotation joins a layer if its Pauli word, carried back through the gates to where the layer
begins, is a Pauli word there too and commutes with the rotations on the way. Then derivatives for
the angles of a layer are its words applied to one state, the one before it. So the two halves of a
controlled rotation, written with CX, are in one layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from q_store.frontends.observing import with_observations
from q_store.passes.analysis import wires
from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.observables import Expval, PauliSum, Word, format_word
from q_store.qir.ops import Gate, Op
from q_store.qir.registry import gate
from q_store.qir.values import Value
from q_store.runtime.gradients.rotations import RotationSlots, current
from q_store.runtime.slots import AnyFunction

Signed = tuple[float, Word]
"""A Pauli word with its sign."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Slots of one layer, and the circuit before it with words observed."""

    slots: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    """Positions i < j in `slots`: their products are observed after the words themselves."""
    function: AnyFunction


def layers(slots: RotationSlots, diagonal: bool) -> list[Layer]:
    """The layers of a circuit, made once; with `diagonal` no products are observed."""
    known: dict[bool, list[Layer]] = slots.__dict__.setdefault("layers", {})
    if diagonal not in known:
        known[diagonal] = [_layer(slots, *group, diagonal) for group in groups(slots)]
    return known[diagonal]


def groups(slots: RotationSlots) -> list[tuple[int, dict[int, Signed]]]:
    """Layers as the place where each begins, and its slots with their words there."""
    found: list[tuple[int, dict[int, Signed]]] = []
    qubits = wires(slots.func)
    for s, rotation in enumerate(slots.rotations):
        if found:
            start, words = found[-1]
            ops = slots.func.ops[start : rotation.place]
            back = _carried((1.0, rotation.word), ops, qubits)
            if back is not None:
                words[s] = back
                continue
        found.append((rotation.place, {s: (1.0, rotation.word)}))
    return found


def _carried(word: Signed, ops: Sequence[Op], qubits: Mapping[Value, int]) -> Signed | None:
    """A word after some ops as the word before them that acts alike, if there is one."""
    sign, letters = word[0], dict(word[1])
    for op in reversed(ops):
        if not isinstance(op.defn, Gate):
            continue
        on = [qubits[wire] for wire in op.operands]
        text = "".join(letters.get(qubit, "I") for qubit in on)
        if not text.strip("I"):
            continue
        before = _before_gate(op.defn.mnemonic, text)
        if before is None:
            return None
        sign *= before[0]
        letters.update(zip(on, before[1], strict=True))
    return sign, tuple(sorted((q, letter) for q, letter in letters.items() if letter != "I"))


@lru_cache(maxsize=4096)
def _before_gate(mnemonic: str, word: str) -> tuple[float, str] | None:
    """U^-1 P U as a signed Pauli word; `None` if it is none. A rotation has to commute with P, and
    then leaves it alone whatever its angle."""
    row = gate(mnemonic)
    if row.pauli is not None:
        clashes = sum("I" != a != b != "I" for a, b in zip(word, row.pauli, strict=True))
        return None if clashes % 2 else (1.0, word)
    u = row.matrix()
    image = u.conj().T @ pauli_word(word) @ u
    for letters in itertools.product("IXYZ", repeat=len(word)):
        part = float(np.trace(image @ pauli_word("".join(letters))).real) / len(u)
        if abs(abs(part) - 1.0) < 1e-9:
            return round(part), "".join(letters)
    return None


def _layer(slots: RotationSlots, start: int, words: dict[int, Signed], diagonal: bool) -> Layer:
    own, n = list(words.values()), len(words)
    pairs = () if diagonal else tuple(itertools.combinations(range(n), 2))
    observed = [PauliSum((word,)) for word in own]
    observed += [_product(own[i], own[j]) for i, j in pairs]
    circuit = slots.circuit(_before(slots.func, start, observed))
    return Layer(tuple(words), pairs, circuit)


def _product(a: Signed, b: Signed) -> PauliSum:
    """Of words that commute."""
    text = f"{a[0] * b[0]}"
    for _, word in (a, b):
        text += f" {format_word(word)}" if word else ""
    return PauliSum.parse(text)


def _before(func: Func, start: int, observed: list[PauliSum]) -> Func:
    """The circuit up to a place, with Pauli words observed."""
    allocations = tuple([op for op in func.ops if op.defn is dialects.ALLOC])
    kept = tuple([op for op in func.ops[:start] if op.defn is not dialects.ALLOC])
    ops = (*allocations, *kept)
    cut = func.replace(name=f"{func.name}_layer", ops=ops, results=tuple(current(func, ops)))
    return with_observations(cut, [Expval(paulis) for paulis in observed])
