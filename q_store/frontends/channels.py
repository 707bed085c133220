"""Kraus operators of other libraries as ops of the noise table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.channels import KRAUS, NOISE, Channel, kraus_numbers, pauli_words
from q_store.qir.diagnostics import error
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import Step

Operators = NDArray[np.complex128]

MOST_WIRES: Final = len(KRAUS)
_ATOL: Final = 1e-10
_DAMPING: Final = next(row for row in NOISE if row.mnemonic == "generalized_amplitude_damping")


def channel_step(operators: Any, code: str) -> Step:
    """A channel of Kraus operators (k, d, d), the first wire most significant, as one op on wires
    0, 1, ….

    Random Pauli words on one and two wires and amplitude damping are told by what the channel
    does, however it is written; everything else is `n.kraus`. Raises `code` for more than three
    wires, for numbers that are not finite and for what does not preserve the trace.
    """
    given = np.asarray(operators, np.complex128)
    size = given.shape[-1]
    wires = size.bit_length() - 1
    if given.ndim != 3 or given.shape[1] != size or size != 1 << wires or wires < 1:
        raise error(code, f"Kraus operators are square matrices of qubits, got {given.shape}")
    if wires > MOST_WIRES:
        raise error(code, f"a channel on {wires} qubits: channels act on at most {MOST_WIRES}")
    if not np.isfinite(given).all():
        raise error(code, "the Kraus operators have numbers that are not finite")
    at = tuple(range(wires))
    chances = pauli_chances(given) if wires <= 2 else None
    if chances is not None:
        return pauli_step(chances)
    damping = _damping_step(given) if wires == 1 else None
    if damping is not None:
        return damping
    row = KRAUS[wires - 1]
    return row.mnemonic, at, checked(row, kraus_numbers(fewest(given)), wires, code)


def checked(row: Channel, numbers: Sequence[float], wires: int, code: str) -> tuple[float, ...]:
    """Numbers that the row can use. Raises `code`."""
    flaw = row.flaw(numbers, wires)
    if flaw:
        raise error(code, f"the channel {flaw}")
    return tuple(numbers)


def pauli_step(chances: dict[str, float]) -> Step:
    """Pauli words of one or two wires with their probabilities, the identity left out."""
    wires = len(next(iter(chances)))
    numbers = tuple([chances.get(word, 0.0) for word in pauli_words(wires)])
    if wires == 1:
        return "pauli", (0,), numbers
    if max(numbers) - min(numbers) <= _ATOL:
        return "depolarizing2", (0, 1), (min(1.0, sum(numbers)),)
    return "pauli2", (0, 1), numbers


def pauli_chances(operators: Operators) -> dict[str, float] | None:
    """Probabilities of the Pauli words, where the channel is a mixture of them."""
    size = operators.shape[-1]
    wires = size.bit_length() - 1
    names = ["".join(letters) for letters in product("IXYZ", repeat=wires)]
    words = np.stack([pauli_word(name) for name in names])
    parts = np.einsum("wij,kij->wk", words.conj(), operators) / size
    weights = parts @ parts.conj().T
    chances = np.diag(weights).real
    off = np.abs(weights - np.diag(chances)).max()
    if off > _ATOL or abs(chances.sum() - 1) > _ATOL:
        return None
    found = np.where(chances < 1e-15, 0.0, chances)
    return dict(zip(names[1:], (found[1:] / max(1.0, found.sum())).tolist(), strict=True))


def _damping_step(operators: Operators) -> Step | None:
    """Amplitude damping, generalised or not; `None` for any other channel on one wire."""
    found = _images(operators)
    down, up = float(found[1, 1, 0, 0].real), float(found[0, 0, 1, 1].real)
    gamma = min(down + up, 1.0)
    if min(down, up) < -_ATOL or gamma <= _ATOL:
        return None
    share = down / (down + up)
    share = 1.0 if share > 1 - _ATOL else max(share, 0.0)
    if np.abs(_images(_DAMPING.kraus(gamma, share)) - found).max() > _ATOL:
        return None
    if share == 1.0:
        return "amplitude_damping", (0,), (gamma,)
    return _DAMPING.mnemonic, (0,), (gamma, share)


def _images(operators: Any) -> Operators:
    """What becomes of |a><b|: entries [a, b, row, column]."""
    matrices = np.asarray(operators)
    return np.asarray(np.einsum("kia,kjb->abij", matrices, matrices.conj()))


def fewest(operators: Operators) -> Operators:
    """Kraus operators of the same channel, no more than there can be of any use."""
    count, size = operators.shape[:2]
    if count <= size * size:
        return operators
    vectors = operators.reshape(count, size * size)
    values, columns = np.linalg.eigh(vectors.T @ vectors.conj())
    found: Operators = (columns * np.sqrt(np.maximum(values, 0))).T.reshape(-1, size, size)
    return found
