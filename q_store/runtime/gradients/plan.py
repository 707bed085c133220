"""Shift plans: derivatives of a circuit for its slots, as data.

A plan lists *variants*, circuits with some slots moved, and says how their values add up to
derivatives. Whoever can evaluate a batch of slot rows can differentiate: all variants of all
samples are one batch (in parts that fit into memory).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.registry import gate
from q_store.runtime.gradients.rules import Rule, first_derivative, second_derivative
from q_store.targets.executable import Executable

Array = NDArray[Any]
Frequencies = tuple[tuple[float, ...], ...]
Moves = tuple[tuple[int, float], ...]
"""A variant: which slots are moved, and by how many radians."""

_CHUNK_NUMBERS: Final = 1 << 22
"""Slot values to hold at once."""


@dataclass(frozen=True, eq=False)
class ShiftPlan:
    """`variants[v]` are moves of slots; derivative `derivative[k]` has a term
    `coefficient[k] * value of variant[k]`."""

    n_slots: int
    n_derivatives: int
    variants: tuple[Moves, ...]
    derivative: NDArray[np.intp]
    variant: NDArray[np.intp]
    coefficient: NDArray[np.float64]

    @cached_property
    def offsets(self) -> NDArray[np.float64]:
        """What is added to the slots, (variants, slots), in radians."""
        return self._offsets(0, None)

    @cached_property
    def coefficients(self) -> NDArray[np.float64]:
        """(derivatives, variants): derivatives are this matrix times values."""
        dense = np.zeros((self.n_derivatives, len(self.variants)))
        np.add.at(dense, (self.derivative, self.variant), self.coefficient)
        return dense

    def batches(self, slots: Array) -> Iterator[Array]:
        """Slot rows (B * v, S) of a few variants at a time, all variants of a sample together."""
        batch, n = slots.shape
        size = max(1, _CHUNK_NUMBERS // max(1, batch * n))
        for start in range(0, len(self.variants), size):
            yield self.rows(slots, start, start + size)

    def rows(self, slots: Array, start: int = 0, stop: int | None = None) -> Array:
        """Slot rows (B * v, S) of some variants, of all by default."""
        moved = slots[:, None, :] + self._offsets(start, stop)
        return np.asarray(moved.reshape(moved.shape[0] * moved.shape[1], slots.shape[1]))

    def values(self, evaluate: Callable[[Array], Array], slots: Array) -> Array:
        """Values (B, variants, width) of a function from slot rows (R, S) to (R, width)."""
        batch = len(slots)
        found = [evaluate(rows) for rows in self.batches(slots)] if batch else []
        if not found:
            return np.zeros((batch, len(self.variants), 0))
        width = found[0].shape[-1]
        return np.concatenate([part.reshape(batch, -1, width) for part in found], axis=1)

    def combine(self, values: Array, power: int = 1) -> Array:
        """Derivatives (B, derivatives, width) of values (B, variants, width).

        With `power=2`, variances of derivatives from those of independent values.
        """
        weights = self.coefficient**power
        terms = np.moveaxis(values[:, self.variant] * weights[:, None], 1, 0)
        found = np.zeros((self.n_derivatives, values.shape[0], values.shape[2]))
        np.add.at(found, self.derivative, terms)
        return np.moveaxis(found, 0, 1)

    def derivatives(self, evaluate: Callable[[Array], Array], slots: Array) -> Array:
        """Derivatives (B, derivatives, width) at slots (B, S)."""
        return self.combine(self.values(evaluate, slots))

    def vjp(self, evaluate: Callable[[Array], Array], slots: Array, cotangent: Array) -> Array:
        """Derivatives (B, derivatives) of sum(cotangent * values) for a cotangent (B, width).

        Values are used up part by part, however wide they are.
        """
        batch = len(slots)
        if not batch:
            return np.zeros((0, self.n_derivatives))
        found = [np.zeros((batch, 0))]
        for rows in self.batches(slots):
            values = evaluate(rows)
            values = values.reshape(batch, -1, values.shape[-1])
            found.append(np.einsum("bvw,bw->bv", values, cotangent))
        return self.combine(np.concatenate(found, axis=1)[:, :, None])[:, :, 0]

    def contracted(self, values: Array, cotangent: Array) -> Array:
        """The same from values (B, variants, width)."""
        return self.combine(np.einsum("bvw,bw->bv", values, cotangent)[:, :, None])[:, :, 0]

    def _offsets(self, start: int, stop: int | None) -> NDArray[np.float64]:
        part = self.variants[start:stop]
        dense = np.zeros((len(part), self.n_slots))
        for row, moves in enumerate(part):
            for slot, shift in moves:
                dense[row, slot] += shift
        return dense


def gradient_plan(frequencies: Sequence[tuple[float, ...]]) -> ShiftPlan:
    """First derivatives: derivative s is that of slot s, whose frequencies are `frequencies[s]`."""
    terms: list[tuple[int, Moves, float]] = []
    for slot, own in enumerate(frequencies):
        terms += [(slot, ((slot, shift),), c) for c, shift in first_derivative(own)]
    return _plan(len(frequencies), len(frequencies), terms)


def hessian_plan(frequencies: Sequence[tuple[float, ...]]) -> ShiftPlan:
    """Second derivatives: derivative `s * S + t` is that of slots s and t, for s <= t; the others
    are zero. Variants that several entries need occur once."""
    n = len(frequencies)
    first = [first_derivative(own) for own in frequencies]
    terms: list[tuple[int, Moves, float]] = []
    for s in range(n):
        terms += [
            (s * n + s, ((s, shift),) if shift else (), c)
            for c, shift in second_derivative(frequencies[s])
        ]
        for t in range(s + 1, n):
            terms += [(s * n + t, moves, c) for c, moves in _products(s, first[s], t, first[t])]
    return _plan(n, n * n, terms)


def slot_frequencies(executable: Executable) -> Frequencies:
    """The frequencies of every slot that depends on parameters, in order, from the gate table.

    A slot is one angle of one gate, so they are those of the gate.
    """
    live = np.diff(executable.a_indptr) > 0
    found = []
    for k, code in enumerate(executable.opcode.tolist()):
        name = executable.op_names[code]
        own = range(int(executable.slot_ptr[k]), int(executable.slot_ptr[k + 1]))
        found += [gate(name).frequencies[j] for j, slot in enumerate(own) if live[slot]]
    return tuple(found)


def _products(s: int, by_s: Rule, t: int, by_t: Rule) -> list[tuple[float, Moves]]:
    return [(a * b, ((s, x), (t, y))) for a, x in by_s for b, y in by_t]


def _plan(n_slots: int, n_derivatives: int, terms: Iterable[tuple[int, Moves, float]]) -> ShiftPlan:
    numbers: dict[Moves, int] = {}
    rows = [(d, numbers.setdefault(moves, len(numbers)), c) for d, moves, c in terms]
    return ShiftPlan(
        n_slots,
        n_derivatives,
        tuple(numbers),
        np.array([d for d, _, _ in rows], np.intp),
        np.array([v for _, v, _ in rows], np.intp),
        np.array([c for _, _, c in rows], np.float64),
    )
