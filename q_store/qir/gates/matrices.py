"""Matrices of gates: a few helpers that every row is written with.

All functions accept angles of any one shape `(...)` and give complex128 matrices of shape
`(..., d, d)`; the first wire is the most significant bit of a row or column index. numpy is
imported on the first call, so listing the gate table stays fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ComplexArray = NDArray[np.complex128]

MatrixFn = Callable[..., "ComplexArray"]

SQRT_HALF: Final = 0.5**0.5

PAULIS: Final = {
    "I": ((1, 0), (0, 1)),
    "X": ((0, 1), (1, 0)),
    "Y": ((0, -1j), (1j, 0)),
    "Z": ((1, 0), (0, -1)),
}


def cos(angle: Any) -> Any:
    """Cosine of a number or an array."""
    import numpy as np

    return np.cos(angle)


def sin(angle: Any) -> Any:
    """Sine of a number or an array."""
    import numpy as np

    return np.sin(angle)


def expi(angle: Any) -> Any:
    """exp(i angle) of a number or an array."""
    import numpy as np

    return np.exp(1j * np.asarray(angle))


def dense(rows: Sequence[Sequence[Any]]) -> ComplexArray:
    """A matrix from its entries, numbers or arrays that broadcast against each other."""
    import numpy as np

    entries = [np.asarray(entry, np.complex128) for row in rows for entry in row]
    stacked = np.stack(np.broadcast_arrays(*entries), axis=-1)
    return stacked.reshape(*stacked.shape[:-1], len(rows), len(rows))


def fixed(build: Callable[[], ComplexArray]) -> MatrixFn:
    """The matrix function of a gate without angles; built once, read-only."""

    @cache
    def matrix() -> ComplexArray:
        built = build()
        built.setflags(write=False)
        return built

    return matrix


def constant(rows: Sequence[Sequence[complex]], factor: complex = 1.0) -> MatrixFn:
    """`factor` times a matrix written out."""
    return fixed(lambda: dense(rows) * factor)


def diagonal(*entries: Any) -> ComplexArray:
    """A diagonal matrix from numbers or arrays."""
    import numpy as np

    stacked = np.stack(np.broadcast_arrays(*map(np.asarray, entries)), axis=-1)
    return np.asarray(stacked[..., None] * np.eye(len(entries)), np.complex128)


def permutation(*images: int) -> MatrixFn:
    """The gate that sends basis state i to `images[i]`."""
    states = range(len(images))
    return constant([[float(images[state] == row) for state in states] for row in states])


def pauli_word(word: str) -> ComplexArray:
    """Tensor product of the letters, the first letter most significant."""
    import numpy as np

    product: ComplexArray = np.eye(1, dtype=np.complex128)
    for letter in word:
        product = kron(product, np.array(PAULIS[letter], np.complex128))
    return product


def rotation(word: str, angle: Any) -> ComplexArray:
    """exp(-i angle/2 P) for a Pauli word P."""
    import numpy as np

    half = np.asarray(angle, np.float64)[..., None, None] * 0.5
    pauli = pauli_word(word)
    return np.asarray(np.cos(half) * np.eye(len(pauli)) - 1j * np.sin(half) * pauli)


def embed(wires: int, *blocks: tuple[Sequence[int], ComplexArray]) -> ComplexArray:
    """The identity with each block put on its basis states; the blocks must not overlap."""
    import numpy as np

    shape = np.broadcast_shapes(*(block.shape[:-2] for _, block in blocks))
    result = np.zeros((*shape, 2**wires, 2**wires), np.complex128)
    result[..., range(2**wires), range(2**wires)] = 1.0
    for states, block in blocks:
        rows, columns = np.ix_(list(states), list(states))
        result[..., rows, columns] = block
    return result


def controlled(matrix: ComplexArray, controls: int = 1) -> ComplexArray:
    """The matrix with controls added as leading wires."""
    size = matrix.shape[-1]
    wires = controls + size.bit_length() - 1
    return embed(wires, (range(2**wires - size, 2**wires), matrix))


def kron(left: ComplexArray, right: ComplexArray) -> ComplexArray:
    """Tensor product over the last two axes, leading axes broadcast."""
    import numpy as np

    product: ComplexArray = np.einsum("...ij,...kl->...ikjl", left, right)
    size = left.shape[-1] * right.shape[-1]
    return product.reshape(*product.shape[:-4], size, size)
