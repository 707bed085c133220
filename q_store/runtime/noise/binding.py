"""From parameters to the entry values of a tape, and from their derivatives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.arguments import Arguments
from q_store.runtime.noise.blocks import Values

Array = NDArray[Any]
Doubles = NDArray[np.float64]


@dataclass(slots=True)
class Gradients:
    """Derivatives for a call's inputs (with derived ones) and weights, as `Arguments` holds
    them."""

    d_inputs: Array
    d_weights: Array


class Binder:
    """The entry values of a tape as functions of [inputs | derived | weights]."""

    def __init__(self, values: Values, n_columns: int) -> None:
        self.matrix = np.zeros((len(values.angles), n_columns))
        self.const = np.zeros(len(values.angles))
        self.frequency = np.zeros(len(values.angles))
        for k, (row, frequency) in enumerate(values.angles):
            for column, coef in row.terms.items():
                self.matrix[k, column] += coef
            self.const[k], self.frequency[k] = row.const, frequency
        parts = np.array([part[:3] for part in values.parts]).reshape(-1, 3)
        self.a, self.b, self.c = parts.T
        self.angle = np.array([part[3] for part in values.parts], np.int64)
        self.live = np.flatnonzero(self.angle >= 0)

    def _waves(self, args: Arguments) -> tuple[Doubles, Doubles]:
        """Cosines and sines (angles, B)."""
        weights = np.broadcast_to(args.weights, (args.batch, args.weights.shape[1]))
        params = np.concatenate([args.inputs, weights], axis=1).astype(np.float64)
        with np.errstate(invalid="ignore"):
            angles = self.frequency * (params @ self.matrix.T + self.const)
            return np.cos(angles.T), np.sin(angles.T)

    def values(self, args: Arguments) -> Doubles:
        """Entry values (values, B)."""
        cosines, sines = self._waves(args)
        found = np.repeat(self.a[:, None], args.batch, axis=1)
        live, own = self.live, self.angle[self.live]
        found[live] += self.b[live, None] * cosines[own] + self.c[live, None] * sines[own]
        return found

    def pull_back(self, args: Arguments, slopes: Doubles) -> Gradients:
        """Gradients from the derivatives (values, B) by entry value."""
        cosines, sines = self._waves(args)
        live, own = self.live, self.angle[self.live]
        by_wave = self.c[live, None] * cosines[own] - self.b[live, None] * sines[own]
        by_angle = np.zeros_like(cosines)
        np.add.at(by_angle, own, slopes[live] * by_wave)
        by_param = (by_angle.T * self.frequency) @ self.matrix
        split = args.inputs.shape[1]
        d_weights = by_param[:, split:]
        if not args.per_sample:
            d_weights = d_weights.sum(axis=0, keepdims=True)
        dtype = args.inputs.dtype
        return Gradients(by_param[:, :split].astype(dtype), d_weights.astype(dtype))


def to_groups(rows: Array, width: int, dtype: np.dtype[Any]) -> Array:
    """Numbers (rows, B) as lane vectors (groups, rows, width); lanes without a sample are 0."""
    count, batch = rows.shape
    groups = -(-batch // width)
    padded = np.zeros((count, groups * width), dtype)
    padded[:, :batch] = rows
    return np.ascontiguousarray(padded.reshape(count, groups, width).transpose(1, 0, 2))


def from_groups(lanes: Array, batch: int) -> Doubles:
    """Lane vectors (groups, rows, width) as numbers (rows, B)."""
    groups, count, width = lanes.shape
    rows = lanes.transpose(1, 0, 2).reshape(count, groups * width)
    return rows[:, :batch].astype(np.float64)
