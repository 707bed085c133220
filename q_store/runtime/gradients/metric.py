"""The Fubini-Study metric of a circuit's states over its weights.

G_ij = Re(<d_i psi|d_j psi> - <d_i psi|psi><psi|d_j psi>), a quarter of the quantum Fisher
information. The blocks of the block-diagonal one are layers of rotations that act on different
qubits, so that they commute; they are covariances of Pauli words in the state before the layer,
which hardware can measure (Stokes, Izaac, Killoran and Carleo, arXiv:1909.02108).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from q_store.frontends.observing import with_observations
from q_store.passes.analysis import wires
from q_store.qir import dialects
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum, Word
from q_store.qir.ops import Op
from q_store.runtime.gradients.method import Call, Doubles
from q_store.runtime.gradients.rotations import (
    Rotation,
    RotationSlots,
    current,
    rotation_slots,
)
from q_store.runtime.slots import AnyFunction


def metric_of_weights(call: Call, kind: str) -> Doubles:
    """The metric (B, P, P) of each sample over the weights, `block_diagonal`, `full` or `diagonal`.

    Shared, scaled and expression parameters are carried through the chain rule: blocks are those
    of the gates' angles.
    """
    slots = rotation_slots(call.function, "natural")
    point = slots.chain.at(call.given)
    if kind == "full":
        metric = _full(slots, point.slots)
    else:
        metric = _blocks(call, slots, point.slots, diagonal=kind == "diagonal")
    jacobian = slots.chain.jacobian(point)[:, :, call.shape[0] :]
    return np.asarray(np.swapaxes(jacobian, 1, 2) @ metric @ jacobian)


def _full(slots: RotationSlots, at: Doubles) -> Doubles:
    """(B, S, S) from states: the derivative for an angle is half the state with pi added to it."""
    batch, n = at.shape
    moves = np.concatenate([np.zeros((1, n)), np.pi * np.eye(n)])
    found = np.empty((batch, n, n))
    for row in range(batch):
        rows = np.ascontiguousarray(at[row] + moves, slots.function.dtype)
        states = slots.function.state(rows, np.zeros(0, slots.function.dtype))
        states = np.asarray(states, np.complex128)
        psi, moved = states[0], states[1:]
        overlaps = moved.conj() @ psi
        found[row] = (moved.conj() @ moved.T - np.outer(overlaps, overlaps.conj())).real / 4
    return found


@dataclass(frozen=True, slots=True)
class Layer:
    """Rotations, by slot, that commute, and the circuit before them with its words observed."""

    slots: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    """Positions in `slots`, i < j, in the order in which words of pairs are observed."""
    function: AnyFunction


def _blocks(call: Call, slots: RotationSlots, at: Doubles, diagonal: bool) -> Doubles:
    """(B, S, S) from expectation values of words and of their products."""
    batch, n = at.shape
    found = np.zeros((batch, n, n))
    for layer in layers(slots, diagonal):
        values = np.asarray(call.sampler.values(layer.function, at), np.float64)
        own = list(layer.slots)
        single, products = values[:, : len(own)], values[:, len(own) :]
        found[:, own, own] = (1.0 - single**2) / 4
        for column, (i, j) in enumerate(layer.pairs):
            covariance = (products[:, column] - single[:, i] * single[:, j]) / 4
            found[:, own[i], own[j]] = found[:, own[j], own[i]] = covariance
    return found


def layers(slots: RotationSlots, diagonal: bool) -> list[Layer]:
    """The layers of a circuit, made once; with `diagonal` no products are observed."""
    known: dict[bool, list[Layer]] = slots.__dict__.setdefault("layers", {})
    if diagonal not in known:
        known[diagonal] = [_layer(slots, own, diagonal) for own in groups(slots)]
    return known[diagonal]


def groups(slots: RotationSlots) -> list[list[int]]:
    """Slots by layer: a rotation joins one if nothing has touched its qubits since it began."""
    by_place = {rotation.place: s for s, rotation in enumerate(slots.rotations)}
    found: list[list[int]] = []
    touched: set[int] = set()
    number = wires(slots.func)
    for place, op in enumerate(slots.func.ops):
        own = {number[wire] for wire in op.operands}
        if place in by_place:
            if not found or own & touched:
                found.append([])
                touched = set()
            found[-1].append(by_place[place])
        touched |= own
    return found


def _layer(slots: RotationSlots, own: list[int], diagonal: bool) -> Layer:
    rotations = [slots.rotations[s] for s in own]
    n = len(own)
    pairs = () if diagonal else tuple((i, j) for i in range(n) for j in range(i + 1, n))
    words = [rotation.word for rotation in rotations]
    words += [tuple(sorted(words[i] + words[j])) for i, j in pairs]
    circuit = slots.circuit(_before(slots.func, rotations[0], words))
    return Layer(tuple(own), pairs, circuit)


def _before(func: Func, rotation: Rotation, words: list[Word]) -> Func:
    """The circuit up to a rotation, with Pauli words observed."""
    allocations = tuple([op for op in func.ops if op.defn is dialects.ALLOC])
    kept: tuple[Op, ...] = tuple(
        [op for op in func.ops[: rotation.place] if op.defn is not dialects.ALLOC]
    )
    ops = (*allocations, *kept)
    cut = func.replace(name=f"{func.name}_layer", ops=ops, results=tuple(current(func, ops)))
    return with_observations(cut, [Expval(PauliSum(((1.0, word),))) for word in words])
