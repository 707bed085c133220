"""Errors of reading, for any program: a linear map of what it gives.

With a the probability to read right minus that to read wrong, averaged over 0 and 1, and b half
their difference, a measured Pauli letter L is on average a L + b. Observables are rewritten so
before a program is made; probabilities and bits are changed after it has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.arguments import check_qubits
from q_store.targets.executable import Executable

Array = NDArray[Any]


def without_readout(executable: Executable) -> Executable:
    """The executable whose exact expectation values are those that are read."""
    n = executable.n_qubits
    pairs = executable.readout.reshape(n, 2)
    slopes, shifts = 1 - pairs.sum(axis=1), pairs[:, 1] - pairs[:, 0]
    x: list[int] = []
    z: list[int] = []
    coef: list[float] = []
    ptr = [0]
    for row in range(executable.n_observables):
        merged: dict[tuple[int, int], float] = {}
        for term in range(int(executable.term_ptr[row]), int(executable.term_ptr[row + 1])):
            masks = int(executable.term_x[term]), int(executable.term_z[term])
            for word, factor in _read_word(masks, slopes, shifts).items():
                merged[word] = merged.get(word, 0.0) + factor * float(executable.term_coef[term])
        for word, total in merged.items():
            x.append(word[0])
            z.append(word[1])
            coef.append(total)
        ptr.append(len(coef))
    return replace(
        executable,
        readout=np.zeros(0),
        term_ptr=np.array(ptr, np.int32),
        term_x=np.array(x, np.uint64),
        term_z=np.array(z, np.uint64),
        term_coef=np.array(coef, np.float64),
    )


def _read_word(
    masks: tuple[int, int], slopes: Array, shifts: Array
) -> dict[tuple[int, int], float]:
    """The product of a L + b over the letters of a word, multiplied out."""
    found = {masks: 1.0}
    n = len(slopes)
    for qubit in range(n):
        bit = 1 << (n - 1 - qubit)
        if not (masks[0] | masks[1]) & bit:
            continue
        parts: dict[tuple[int, int], float] = {}
        for (x, z), factor in found.items():
            parts[x, z] = parts.get((x, z), 0.0) + factor * float(slopes[qubit])
            if shifts[qubit]:
                bare = (x & ~bit, z & ~bit)
                parts[bare] = parts.get(bare, 0.0) + factor * float(shifts[qubit])
        found = parts
    return found


class ReadoutProgram:
    """A program read with errors; it has the interface of a `Program`.

    `program` runs the executable that `without_readout` gives. States are those before reading.
    """

    def __init__(self, program: Any, executable: Executable) -> None:
        self.program, self.executable = program, executable
        self.dtype: np.dtype[Any] = program.dtype
        self.pairs = executable.readout.reshape(-1, 2)
        self.expvals = program.expvals
        self.value_and_vjp = program.value_and_vjp
        self.forward, self.backward = program.forward, program.backward
        self.state, self.state_vjp = program.state, program.state_vjp
        if hasattr(program, "word_means"):
            # A letter that is read is 1 or -1 as well, with the mean that the program gives.
            self.word_means, self.estimate = program.word_means, program.estimate

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadoutProgram, (self.program, self.executable)

    def probs(self, inputs: Any, weights: Any, qubits: Any = None) -> Array:
        """See `Program.probs`."""
        chosen = check_qubits(self.executable, qubits)
        return self._read(self.program.probs(inputs, weights, chosen), chosen)

    def probs_vjp(
        self, inputs: Any, weights: Any, cotangent: Any, qubits: Any = None
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""
        chosen = check_qubits(self.executable, qubits)
        given = np.asarray(cotangent, self.dtype)
        if given.ndim == 2 and given.shape[1] == 1 << len(chosen):
            given = self._read(given, chosen, transposed=True)
        values, d_inputs, d_weights = self.program.probs_vjp(inputs, weights, given, chosen)
        return self._read(values, chosen), d_inputs, d_weights

    def _read(self, rows: Array, qubits: Sequence[int], transposed: bool = False) -> Array:
        """Probabilities (B, 2**k) after reading, or the transpose of that map."""
        tensor = rows.reshape(len(rows), *(2,) * len(qubits))
        for axis, qubit in enumerate(qubits, 1):
            zero, one = self.pairs[qubit]
            matrix = np.array([[1 - zero, one], [zero, 1 - one]], rows.dtype)
            matrix = matrix.T if transposed else matrix
            tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(tensor.reshape(rows.shape))

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
        bits: NDArray[np.uint8] = self.program.samples(inputs, weights, chosen, shots, seed)
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0, 2)))
        chances = self.pairs[list(chosen)]
        wrong = random.random(bits.shape) < np.where(bits, chances[:, 1], chances[:, 0])
        return bits ^ wrong
