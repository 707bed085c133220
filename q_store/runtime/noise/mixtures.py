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
from q_store.targets.executable import Executable, IntArray


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


def expand(executable: Executable) -> Expansion:
    """Gates with choices for inputs in the place of channels."""
    expanding = _Expanding(executable)
    for op, event in enumerate(events(executable)):
        if event.is_gate:
            expanding.gate(op, event)
        else:
            expanding.channel(event)
    return expanding.finish()


class _Expanding:
    """The arrays of an expansion, written op by op. Choices come behind the inputs."""

    def __init__(self, executable: Executable) -> None:
        self.exe = executable
        self.names = [name for name in executable.op_names if "." not in name]
        self.names += [name for name in ("rx", "rz") if name not in self.names]
        self.opcode: list[int] = []
        self.wires: list[tuple[int, ...]] = []
        self.lengths: list[int] = []
        """Slots of each op."""
        self.rows: list[tuple[list[int], list[float], float]] = []
        """Columns, coefficients and constant of each slot; choice k is the column -1 - k."""
        self.ladders: list[Doubles] = []
        self.channel_wires: list[int] = []

    @property
    def choices(self) -> int:
        return 2 * sum(self.channel_wires)

    def op(self, name: str, wires: tuple[int, ...], slots: int) -> None:
        self.opcode.append(self.names.index(name))
        self.wires.append(wires)
        self.lengths.append(slots)

    def gate(self, op: int, event: Event) -> None:
        """Copy one gate."""
        x = self.exe
        own = range(int(x.slot_ptr[op]), int(x.slot_ptr[op + 1]))
        self.op(event.name, event.wires, len(own))
        for slot in own:
            span = slice(int(x.a_indptr[slot]), int(x.a_indptr[slot + 1]))
            columns, data = x.a_indices[span].tolist(), x.a_data[span].tolist()
            self.rows.append((columns, data, float(x.b[slot])))

    def channel(self, event: Event) -> None:
        """An X part and a Z part on each wire."""
        chances = word_probabilities(event)
        assert chances is not None
        choice = self.choices
        self.ladders.append(np.cumsum(chances))
        self.channel_wires.append(len(event.wires))
        for wire in event.wires:
            for name in ("rx", "rz"):
                self.op(name, (wire,), 1)
                self.rows.append(([-1 - choice], [pi], 0.0))
                choice += 1

    def moved(self, indices: Any) -> IntArray:
        """Columns of the new parameter vector [inputs | choices | weights | derived]."""
        first, old = self.exe.n_inputs, np.asarray(indices, np.int64)
        behind = np.where(old < first, old, old + self.choices)
        return np.where(old < 0, first - 1 - old, behind).astype(np.int32)

    def finish(self) -> Expansion:
        x = self.exe
        named = x.input_names and (
            *x.input_names,
            *[f"choice[{k}]" for k in range(self.choices)],
        )
        expanded = replace(
            x,
            op_names=tuple(self.names),
            opcode=np.array(self.opcode, np.int32),
            wire_ptr=_pointers([len(own) for own in self.wires]),
            wires=np.array([wire for own in self.wires for wire in own], np.int32),
            slot_ptr=_pointers(self.lengths),
            a_indptr=_pointers([len(columns) for columns, _, _ in self.rows]),
            a_indices=self.moved([c for columns, _, _ in self.rows for c in columns]),
            a_data=np.array([c for _, data, _ in self.rows for c in data], np.float64),
            b=np.array([const for _, _, const in self.rows], np.float64),
            n_inputs=x.n_inputs + self.choices,
            input_names=named,
            classical=replace(x.classical, indices=self.moved(x.classical.indices)),
            phase_row=replace(x.phase_row, indices=self.moved(x.phase_row.indices)),
        )
        return Expansion(expanded, tuple(self.ladders), tuple(self.channel_wires))


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
