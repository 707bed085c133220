"""Trajectories of channels that are mixtures of Pauli words, on the batched engine.

Which word a channel applies does not depend on the state. So every channel becomes gates
RX(pi a) RZ(pi b) on each of its wires whose a and b, 0 or 1, are inputs of a unitary circuit, and
trajectories are samples of a batch: the engine's lanes, threads and adjoint gradients serve them as
they are. Since the probabilities of the choices are constants, the mean of the gradients is the
gradient of the mean: gradients are unbiased. Equal trajectories are run once; at the error rates of
today's machines most are equal to the one without errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.engine import BatchedProgram
from q_store.runtime.noise.factors import Event, events
from q_store.runtime.noise.pauli_factors import transfer_of
from q_store.runtime.noise.trajectories import Array, Doubles, Rows, TrajectoryProgram, Wanted
from q_store.targets.executable import (
    AffineRow,
    Executable,
    IntArray,
)


def word_probabilities(event: Event) -> Doubles | None:
    """Probability of each Pauli word (letters I, X, Y, Z as digits, the first wire most
    significant), or `None` where the op is no mixture of Pauli words."""
    if event.conditions:
        return None
    matrix = transfer_of(event)
    diagonal = np.diag(matrix)
    if np.abs(matrix - np.diag(diagonal)).max() > 0:
        return None
    wires = len(event.wires)
    # Row P, column Q: 1 where the words commute, else -1.
    signs = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]], np.float64)
    table: Array = signs
    for _ in range(wires - 1):
        table = np.kron(table, signs)
    return np.asarray(np.maximum(table @ diagonal / 4**wires, 0.0))


def is_mixture(executable: Executable) -> bool:
    """Whether every op that is no gate is a mixture of Pauli words."""
    return not len(executable.conditions.literals) and all(
        event.is_gate or word_probabilities(event) is not None for event in events(executable)
    )


@dataclass(frozen=True, eq=False)
class Expansion:
    """A unitary executable whose last inputs are the choices of an executable's channels."""

    executable: Executable
    ladders: tuple[Doubles, ...]
    """For each channel the cumulative probabilities of its words."""
    wires: tuple[int, ...]
    """How many wires each channel has."""

    @property
    def n_choices(self) -> int:
        """Inputs that are choices: an X part and a Z part for each wire of each channel."""
        return 2 * sum(self.wires)


def expand(executable: Executable) -> Expansion:
    """Gates with choices for inputs in the place of channels."""
    listed = events(executable)
    channels = [event for event in listed if not event.is_gate]
    names = [name for name in executable.op_names if "." not in name]
    names += [name for name in ("rx", "rz") if name not in names]
    code = {name: at for at, name in enumerate(names)}
    first = executable.n_inputs
    extra = 2 * sum(len(event.wires) for event in channels)

    def moved(indices: IntArray) -> IntArray:
        return np.where(indices < first, indices, indices + extra).astype(np.int32)

    slots = _Slots(executable, moved)
    opcode: list[int] = []
    wires: list[tuple[int, ...]] = []
    ladders = []
    choice = first
    for k, event in enumerate(listed):
        if event.is_gate:
            opcode.append(code[event.name])
            wires.append(event.wires)
            slots.copy(k)
            continue
        chances = word_probabilities(event)
        assert chances is not None
        ladders.append(np.cumsum(chances))
        for wire in event.wires:
            for name in ("rx", "rz"):
                opcode.append(code[name])
                wires.append((wire,))
                slots.choice(choice)
                choice += 1
    names_in = executable.input_names and (
        *executable.input_names,
        *[f"choice[{k}]" for k in range(extra)],
    )
    classical = executable.classical
    phase = executable.phase_row
    expanded = replace(
        executable,
        op_names=tuple(names),
        opcode=np.array(opcode, np.int32),
        wire_ptr=_pointers([len(own) for own in wires]),
        wires=np.array([wire for own in wires for wire in own], np.int32),
        n_inputs=first + extra,
        input_names=names_in,
        classical=replace(classical, indices=moved(classical.indices)),
        phase_row=AffineRow(moved(phase.indices), phase.data, phase.const),
        **slots.arrays(),
    )
    return Expansion(expanded, tuple(ladders), tuple([len(event.wires) for event in channels]))


class _Slots:
    """The slots of the new executable: copies of old ones, and choices."""

    def __init__(self, executable: Executable, moved: Any) -> None:
        self.exe, self.moved = executable, moved
        self.lengths: list[int] = []
        self.rows: list[tuple[list[int], list[float], float]] = []

    def copy(self, op: int) -> None:
        x = self.exe
        own = range(int(x.slot_ptr[op]), int(x.slot_ptr[op + 1]))
        self.lengths.append(len(own))
        for slot in own:
            span = slice(int(x.a_indptr[slot]), int(x.a_indptr[slot + 1]))
            indices = self.moved(x.a_indices[span]).tolist()
            self.rows.append((indices, x.a_data[span].tolist(), float(x.b[slot])))

    def choice(self, column: int) -> None:
        self.lengths.append(1)
        self.rows.append(([column], [pi], 0.0))

    def arrays(self) -> dict[str, Any]:
        return {
            "slot_ptr": _pointers(self.lengths),
            "a_indptr": _pointers([len(indices) for indices, _, _ in self.rows]),
            "a_indices": np.array([i for indices, _, _ in self.rows for i in indices], np.int32),
            "a_data": np.array([c for _, data, _ in self.rows for c in data], np.float64),
            "b": np.array([const for _, _, const in self.rows], np.float64),
        }


def _pointers(lengths: list[int]) -> IntArray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int32)


class MixtureProgram(TrajectoryProgram):
    """Trajectories on the batched engine. Choices are the parts (R, 2 * wires), 0 or 1."""

    @cached_property
    def _expansion(self) -> Expansion:
        return expand(self.executable)

    @cached_property
    def _engine(self) -> BatchedProgram:
        return BatchedProgram(self._expansion.executable, self.dtype, self.threads)

    @property
    def n_choices(self) -> int:
        return len(self._expansion.wires)

    def _decide(self, uniforms: Doubles, sample: NDArray[np.intp]) -> tuple[Array, Array, Doubles]:
        words = np.empty(uniforms.shape, np.uint8)
        for at, ladder in enumerate(self._expansion.ladders):
            words[:, at] = np.searchsorted(ladder[:-1], uniforms[:, at], side="right")
        kept, counts = _equal_rows(sample, words)
        return sample[kept], self._parts(words[kept]), counts.astype(np.float64)

    def _parts(self, words: NDArray[np.uint8]) -> Array:
        """X and Z parts of the words' letters, wire by wire."""
        columns = []
        for at, wires in enumerate(self._expansion.wires):
            for wire in range(wires):
                letter = words[:, at] >> 2 * (wires - 1 - wire) & 3
                columns += [(letter == 1) | (letter == 2), letter >= 2]
        return np.stack(columns, axis=1).astype(self.dtype)

    def _inputs(self, rows: Rows) -> Array:
        return np.concatenate([rows.inputs, rows.choices], axis=1)

    def _evaluate(self, rows: Rows, wanted: Wanted) -> Array:
        if wanted.kind == "expval":
            return self._engine.expvals(self._inputs(rows), rows.weights)
        return self._engine.probs(self._inputs(rows), rows.weights, wanted.qubits)

    def _gradient(self, rows: Rows, wanted: Wanted, cotangent: Array) -> tuple[Array, Array, Array]:
        x = self._inputs(rows)
        if wanted.kind == "expval":
            found = self._engine.value_and_vjp(x, rows.weights, cotangent)
        else:
            found = self._engine.probs_vjp(x, rows.weights, cotangent, wanted.qubits)
        return found[0], found[1][:, : self.executable.n_inputs], found[2]


def _equal_rows(
    sample: NDArray[np.intp], words: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each set of equal rows, and how many each set has."""
    keys = np.concatenate([sample.astype(np.int64).view(np.uint8).reshape(-1, 8), words], axis=1)
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, kept, counts = np.unique(whole, return_index=True, return_counts=True)
    order = np.argsort(kept)
    return kept[order], counts[order]
