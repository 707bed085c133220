"""Eigenvectors of unitary matrices that are orthonormal however the eigenvalues coincide.

A unitary Y without the eigenvalue -1 has the Cayley transform H = i (1 - Y) / (1 + Y), Hermitian
with the eigenvalues tan(theta / 2). It is monotone in theta, so what is apart stays apart, and
`eigh` gives an orthonormal basis where eigenvalues coincide or nearly do. The phase of Y is chosen
so that -1 falls into the widest gap of the spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

NOISE: Final = 1e-12
"""Entries of unitary matrices below this are taken for zero when structure is looked for."""
_COMMON: Final = 1e-11


def cayley(unitary: Complex) -> Complex:
    """A Hermitian matrix with the eigenvectors of a unitary (d, d)."""
    size = len(unitary)
    angles = np.sort(np.angle(np.linalg.eigvals(unitary)))
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    widest = int(np.argmax(gaps))
    centre = angles[widest] + gaps[widest] / 2
    turned = unitary * np.exp(1j * (np.pi - centre))
    one = np.eye(size)
    transform = 1j * np.linalg.solve(one + turned, one - turned)
    return np.asarray((transform + transform.conj().T) / 2, np.complex128)


def eigenbasis(unitary: Complex) -> tuple[Complex, Real]:
    """(V, angles) with `unitary` = V exp(i angles) V†.

    Basis states that the matrix does not mix are not mixed by V either, and column k of V is made
    of the states that k is mixed with.
    """
    vectors = np.zeros_like(unitary)
    for states in components(unitary):
        at = np.ix_(states, states)
        vectors[at] = _vectors(unitary[at])
    return vectors, phases_of(np.einsum("ji,jk,ki->i", vectors.conj(), unitary, vectors))


def phases_of(values: NDArray[np.complex128]) -> Real:
    """Phases of numbers, in (-pi, pi] with pi for whatever is close to -1."""
    phases = np.angle(values)
    return np.where(phases < NOISE - np.pi, phases + 2 * np.pi, phases)


def _vectors(unitary: Complex) -> Complex:
    if len(unitary) == 1:
        return np.ones_like(unitary)
    return np.asarray(np.linalg.eigh(cayley(unitary))[1], np.complex128)


def symmetric_eigenbasis(unitary: Complex) -> Real:
    """A real orthogonal matrix of eigenvectors, as columns, of a symmetric unitary matrix; its
    Cayley transform is real."""
    return np.asarray(np.linalg.eigh(cayley(unitary).real)[1], np.float64)


def common_eigenbasis(unitaries: Sequence[Complex]) -> tuple[Complex, Real] | None:
    """(V, angles) for unitaries that commute, angles of shape (count, d); `None` for others.

    The basis is that of a generic combination of the Cayley transforms.
    """
    given = np.asarray(unitaries)
    if _far_from_commuting(given):
        return None
    changing = [each for each in given if not is_scalar(each)]
    weights = np.cos(np.arange(1, len(changing) + 1))
    mixture = sum([w * cayley(u) for w, u in zip(weights, changing, strict=True)])
    vectors = np.eye(given.shape[-1], dtype=np.complex128)
    if changing:
        pattern = sum([np.abs(each) for each in changing])
        for states in components(np.asarray(pattern)):
            at = np.ix_(states, states)
            if len(states) > 1:
                vectors[at] = np.linalg.eigh(np.asarray(mixture)[at])[1]
    inside = vectors.conj().T @ given @ vectors
    diagonals = np.diagonal(inside, axis1=1, axis2=2)
    rest = inside - diagonals[:, None, :] * np.eye(given.shape[-1])
    if np.abs(rest).max() > _COMMON:
        return None
    return vectors, phases_of(diagonals)


def _far_from_commuting(given: Any) -> bool:
    """Whether the first that is no multiple of the identity does not commute with the others."""
    first = next((each for each in given if not is_scalar(each)), None)
    if first is None:
        return False
    return bool(np.abs(first @ given - given @ first).max() > _COMMON)


def is_scalar(matrix: Complex) -> bool:
    """Whether a matrix is a number times the identity."""
    return bool(np.abs(matrix - matrix[0, 0] * np.eye(len(matrix))).max() < NOISE)


def components(matrix: NDArray[Any]) -> list[list[int]]:
    """The finest blocks of basis states that a matrix does not mix with others, in order."""
    linked = np.abs(matrix) > NOISE
    linked |= linked.T
    left = np.ones(len(matrix), bool)
    found: list[list[int]] = []
    for state in range(len(matrix)):
        if not left[state]:
            continue
        block = np.zeros(len(matrix), bool)
        block[state] = True
        while True:
            wider = block | linked[block].any(axis=0)
            if (wider == block).all():
                break
            block = wider
        left &= ~block
        found.append(np.flatnonzero(block).tolist())
    return found


def nearest_unitary(matrix: Complex) -> Complex:
    """The unitary factor of the polar decomposition."""
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right, np.complex128)
