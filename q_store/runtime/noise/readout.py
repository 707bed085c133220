"""Errors of reading, for any program: a linear map of what it gives.

An error takes the outcomes of some qubits to others with given probabilities. What it makes of a
parity of outcomes is a sum of parities; so each Pauli word that is read is on average a sum of
words, with Z on the qubits that the word itself leaves out. Observables are rewritten so before a
program is made; probabilities and bits are changed after it has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.arguments import check_qubits
from q_store.targets.executable import Confusions, Executable

Array = NDArray[Any]
Error = tuple[tuple[int, ...], Array]
"""Qubits, the first most significant, and the probability of each outcome (column) where the true
one is the row's."""

_ROUNDING: Final = 1e-15
"""Parts of a parity that are no more than this are none; each would be a word to observe."""


def reading_errors(executable: Executable) -> list[Error]:
    """All errors in the order in which they happen."""
    singles: list[Error] = [
        ((qubit,), np.array([[1 - zero, zero], [one, 1 - one]]))
        for qubit, (zero, one) in enumerate(executable.readout.reshape(-1, 2).tolist())
        if zero or one
    ]
    return singles + [(qubits, np.asarray(m)) for qubits, m in executable.confusions.items()]


# --- observables --------------------------------------------------------------------------------


def without_readout(executable: Executable) -> Executable:
    """The executable whose exact expectation values are those that are read."""
    n = executable.n_qubits
    maps = [_OfParities(error, n) for error in reversed(reading_errors(executable))]
    x: list[int] = []
    z: list[int] = []
    coef: list[float] = []
    ptr = [0]
    for row in range(executable.n_observables):
        merged: dict[tuple[int, int], float] = {}
        for term in range(int(executable.term_ptr[row]), int(executable.term_ptr[row + 1])):
            masks = int(executable.term_x[term]), int(executable.term_z[term])
            for word, factor in _read_word(masks, maps).items():
                merged[word] = merged.get(word, 0.0) + factor * float(executable.term_coef[term])
        for word, total in merged.items():
            x.append(word[0])
            z.append(word[1])
            coef.append(total)
        ptr.append(len(coef))
    return replace(
        executable,
        readout=np.zeros(0),
        confusions=Confusions(),
        term_ptr=np.array(ptr, np.int32),
        term_x=np.array(x, np.uint64),
        term_z=np.array(z, np.uint64),
        term_coef=np.array(coef, np.float64),
    )


class _OfParities:
    """What an error makes of parities of outcomes."""

    def __init__(self, error: Error, n_qubits: int) -> None:
        qubits, matrix = error
        self.bits = [1 << (n_qubits - 1 - qubit) for qubit in qubits]
        size = len(matrix)
        index = np.arange(size)
        signs = 1 - 2 * (np.bitwise_count(index[:, None] & index) & 1).astype(np.float64)
        columns = signs @ matrix @ signs / size
        self.columns = np.where(np.abs(columns) < _ROUNDING, 0.0, columns)
        """Column s: the parity of the qubits in s as a sum of parities."""
        self.masks = [
            sum(bit for k, bit in enumerate(reversed(self.bits)) if subset >> k & 1)
            for subset in range(size)
        ]

    def __call__(self, parities: dict[int, float]) -> dict[int, float]:
        """A sum of parities, by the masks of their qubits, before the error."""
        found: dict[int, float] = {}
        everywhere = self.masks[-1]
        for mask, factor in parities.items():
            column = self.columns[:, self.masks.index(mask & everywhere)]
            for own, weight in zip(self.masks, column.tolist(), strict=True):
                if weight:
                    whole = mask & ~everywhere | own
                    found[whole] = found.get(whole, 0.0) + factor * weight
        return found


def _read_word(masks: tuple[int, int], maps: Sequence[_OfParities]) -> dict[tuple[int, int], float]:
    """A word as it is read: words by their masks."""
    x, z = masks
    parities = {x | z: 1.0}
    for one in maps:
        parities = one(parities)
    return {(x & p, z & p | p & ~(x | z)): factor for p, factor in parities.items()}


# --- programs -----------------------------------------------------------------------------------


class ReadoutProgram:
    """A program read with errors; it has the interface of a `Program`.

    `program` runs the executable that `without_readout` gives. States are those before reading.
    """

    def __init__(self, program: Any, executable: Executable) -> None:
        self.program, self.executable = program, executable
        self.dtype: np.dtype[Any] = program.dtype
        self.errors = reading_errors(executable)
        self.expvals = program.expvals
        self.value_and_vjp = program.value_and_vjp
        self.forward, self.backward = program.forward, program.backward
        self.state, self.state_vjp = program.state, program.state_vjp
        if hasattr(program, "word_means"):
            # A word that is read is 1 or -1 as well, with the mean that the program gives.
            self.word_means, self.estimate = program.word_means, program.estimate

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadoutProgram, (self.program, self.executable)

    def _involved(self, chosen: tuple[int, ...]) -> tuple[tuple[int, ...], list[Error]]:
        """The qubits whose outcomes have a say in what some qubits are read as, those first, and
        the errors on the way."""
        qubits, errors = dict.fromkeys(chosen), []
        for error in reversed(self.errors):
            if not qubits.keys().isdisjoint(error[0]):
                qubits |= dict.fromkeys(error[0])
                errors.append(error)
        return tuple(qubits), errors[::-1]

    def probs(self, inputs: Any, weights: Any, qubits: Any = None) -> Array:
        """See `Program.probs`."""
        chosen = check_qubits(self.executable, qubits)
        involved, errors = self._involved(chosen)
        found = self.program.probs(inputs, weights, involved)
        return _summed(_read(found, involved, errors), len(chosen))

    def probs_vjp(
        self, inputs: Any, weights: Any, cotangent: Any, qubits: Any = None
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""
        chosen = check_qubits(self.executable, qubits)
        involved, errors = self._involved(chosen)
        given = np.asarray(cotangent, self.dtype)
        if given.ndim == 2 and given.shape[1] == 1 << len(chosen):
            wide = np.repeat(given, 1 << (len(involved) - len(chosen)), axis=1)
            given = _read(wide, involved, errors, transposed=True)
        values, d_inputs, d_weights = self.program.probs_vjp(inputs, weights, given, involved)
        return _summed(_read(values, involved, errors), len(chosen)), d_inputs, d_weights

    def samples(
        self,
        inputs: Any,
        weights: Any,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """See `Program.samples`."""
        chosen = check_qubits(self.executable, qubits)
        involved, errors = self._involved(chosen)
        bits: NDArray[np.uint8] = self.program.samples(inputs, weights, involved, shots, seed)
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0, 2)))
        for own, matrix in errors:
            places = [involved.index(qubit) for qubit in own]
            values = 1 << np.arange(len(own))[::-1]
            ladders = np.cumsum(matrix, axis=1)[bits[..., places] @ values]
            drawn = random.random((*bits.shape[:-1], 1)) * ladders[..., -1:]
            read = (drawn >= ladders[..., :-1]).sum(axis=-1)
            bits[..., places] = (read[..., None] & values) > 0
        return np.ascontiguousarray(bits[..., : len(chosen)])


def _read(
    rows: Array, qubits: Sequence[int], errors: Sequence[Error], transposed: bool = False
) -> Array:
    """Probabilities (B, 2**k) of some qubits after reading, or the transpose of that map."""
    tensor = rows.reshape(len(rows), *(2,) * len(qubits))
    for own, matrix in reversed(errors) if transposed else errors:
        axes = [1 + qubits.index(qubit) for qubit in own]
        wide = matrix.astype(rows.dtype).reshape((2,) * (2 * len(own)))
        k = len(own)
        inner = list(range(k, 2 * k) if transposed else range(k))
        tensor = np.moveaxis(np.tensordot(tensor, wide, axes=(axes, inner)), range(-k, 0), axes)
    return np.ascontiguousarray(tensor.reshape(rows.shape))


def _summed(rows: Array, kept: int) -> Array:
    """Probabilities of the first qubits only."""
    return np.asarray(rows.reshape(len(rows), 1 << kept, -1).sum(axis=2))
