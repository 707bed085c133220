"""What can be told from the entries of a unitary matrix: tensor products, controls, wires alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from q_store.qir.gates.matrices import kron
from q_store.qir.synthesis.spectra import NOISE, Complex, Real, components, eigenbasis
from q_store.qir.synthesis.weyl import tensor_factors


def qubits_of(matrix: Complex) -> int:
    """The number of qubits of a matrix (2**n, 2**n)."""
    return len(matrix).bit_length() - 1


def moved(matrix: Complex, order: Sequence[int]) -> Complex:
    """The matrix with its qubits in another order: qubit `order[k]` becomes qubit k."""
    count = len(order)
    axes = [*order, *[count + place for place in order]]
    return matrix.reshape((2,) * (2 * count)).transpose(axes).reshape(matrix.shape)


def is_diagonal(matrix: Complex) -> bool:
    """Whether all entries beside the diagonal are zero."""
    return bool(np.abs(matrix - np.diag(np.diag(matrix))).max() < NOISE)


def tensor_split(matrix: Complex) -> tuple[list[int], Complex, list[int], Complex] | None:
    """(some, left, others, right): the matrix is `left` on the qubits `some` and `right` on the
    others, or `None`. `some` has qubit 0 or is one qubit, and as few qubits as possible."""
    count = qubits_of(matrix)
    for size in range(1, count // 2 + 1):
        for some in combinations(range(count), size):
            others = [place for place in range(count) if place not in some]
            if 2 * size == count and 0 not in some:
                continue
            found = _split(matrix, list(some), others)
            if found is not None:
                return found
    return None


def _split(
    matrix: Complex, some: list[int], others: list[int]
) -> tuple[list[int], Complex, list[int], Complex] | None:
    turned = moved(matrix, [*some, *others])
    left, right = tensor_factors(turned, 1 << len(some))
    if abs(np.linalg.norm(right) ** 2 - len(right)) > 1e-6:
        return None
    if np.abs(kron(left, right) - turned).max() > NOISE * len(matrix):
        return None
    return some, left, others, right


def product_eigenbasis(unitary: Complex) -> tuple[Complex, Real]:
    """`eigenbasis`, with products of eigenvectors where the matrix is a tensor product."""
    found = tensor_split(unitary) if len(unitary) > 2 else None
    if found is None:
        return eigenbasis(unitary)
    some, left, others, right = found
    (first, angles), (second, more) = product_eigenbasis(left), product_eigenbasis(right)
    back = np.argsort([*some, *others]).tolist()
    total = np.add.outer(angles, more).reshape((2,) * len(back)).transpose(back).ravel()
    return moved(kron(first, second), back), total


def controlling(matrix: Complex) -> list[int]:
    """The qubits that the matrix leaves in their basis states, the first first."""
    count = qubits_of(matrix)
    linked = 0
    for states in components(matrix):
        for state in states[1:]:
            linked |= state ^ states[0]
    return [place for place in range(count) if not linked >> (count - 1 - place) & 1]


def under_controls(matrix: Complex, controls: Sequence[int]) -> tuple[list[int], Any]:
    """(targets, blocks): what is done to the targets for every reading of the controls, blocks of
    shape (2**controls, d, d)."""
    targets = [place for place in range(qubits_of(matrix)) if place not in set(controls)]
    turned = moved(matrix, [*controls, *targets])
    size, readings = 1 << len(targets), 1 << len(controls)
    blocks = turned.reshape(readings, size, readings, size)
    return targets, np.einsum("kikj->kij", blocks)
