"""The Fubini-Study metric of a circuit's states over its weights.

G_ij = Re(<d_i psi|d_j psi> - <d_i psi|psi><psi|d_j psi>), a quarter of the quantum Fisher
information. The blocks of the block-diagonal one are layers of commuting rotations (`layers.py`):
covariances of Pauli words in the state before the layer, which hardware can measure (Stokes, Izaac,
Killoran and Carleo, arXiv:1909.02108).
"""

from __future__ import annotations

import numpy as np

from q_store.runtime.gradients.choice import check_states
from q_store.runtime.gradients.layers import layers
from q_store.runtime.gradients.method import Call, Doubles
from q_store.runtime.gradients.rotations import RotationSlots, rotation_slots


def metric_of_weights(call: Call, kind: str) -> Doubles:
    """The metric (B, P, P) of each sample over the weights, `block_diagonal`, `full` or `diagonal`.

    Shared, scaled and expression parameters are carried through the chain rule: blocks are those
    of the gates' angles.
    """
    slots = rotation_slots(call.function, "natural")
    point = slots.chain.at(call.given)
    if kind == "full":
        check_states(call.function.backend.name, call.sampler.shots)
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
