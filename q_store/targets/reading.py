"""Errors of reading for libraries whose circuits have a word for them in samples only, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.channels import KRAUS, kraus_numbers
from q_store.qir.observables import Expval, Observation, Sample, State
from q_store.targets.flat import FlatFunc, FlatStep, cannot

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Misread:
    """Wires whose reading errs together, and the probability to read each outcome (column) where
    the true one is the row's."""

    wires: tuple[int, ...]
    matrix: Matrix


def with_channels(flat: FlatFunc, library: str) -> FlatFunc:
    """The function with channels in the place of errors of reading, which do the same to what is
    read in the computational basis. Raises `QS356` where something else is observed."""
    steps = [
        _channel(step, flat.observations, library) if step.row in dialects.READING else step
        for step in flat.steps
    ]
    return replace(flat, steps=tuple(steps))


def _channel(step: FlatStep, observations: Sequence[Observation], library: str) -> FlatStep:
    if not observations or not all(_is_diagonal(item, step.wires) for item in observations):
        raise cannot(
            library,
            step,
            "there an error of reading is a channel before the observation, so all must be read in "
            "the computational basis",
        )
    if len(step.wires) > len(KRAUS):
        raise cannot(library, step, f"channels act on at most {len(KRAUS)} wires")
    row: Any = step.row
    operators = row.kraus(*[angle.const for angle in step.angles])
    numbers = kraus_numbers(np.array([each for each in operators if each.any()]))
    return FlatStep(KRAUS[len(step.wires) - 1], step.wires, tuple(map(Angle, numbers)))


def _is_diagonal(observation: Observation, wires: Iterable[int]) -> bool:
    if isinstance(observation, Expval):
        words = chain.from_iterable(word for _, word in observation.paulis.terms)
        return all(letter == "Z" for wire, letter in words if wire in wires)
    return not isinstance(observation, State)


def sampled_errors(flat: FlatFunc) -> list[Misread] | None:
    """Errors on different wires, each within every sample that has one of its wires; `None` where
    some are not sampled."""
    found: list[Misread] = []
    for step in flat.steps:
        if step.row in dialects.READING:
            shared = [each for each in found if not set(each.wires).isdisjoint(step.wires)]
            found = [each for each in found if each not in shared]
            found.append(_joined([*shared, _misread(step)]))
    samples = [set(item.qubits) for item in flat.observations if isinstance(item, Sample)]
    for each in found:
        own = set(each.wires)
        touched = [sample for sample in samples if sample & own]
        if not touched or not all(own <= sample for sample in touched):
            return None
    return found


def _misread(step: FlatStep) -> Misread:
    numbers = [angle.const for angle in step.angles]
    if step.row is dialects.READOUT:
        rises, falls = numbers
        numbers = [1 - rises, rises, falls, 1 - falls]
    size = 1 << len(step.wires)
    return Misread(step.wires, np.array(numbers).reshape(size, size))


def _joined(errors: Sequence[Misread]) -> Misread:
    """Errors one after the other as one on all their wires."""
    if len(errors) == 1:
        return errors[0]
    wires = tuple(dict.fromkeys(chain.from_iterable(each.wires for each in errors)))
    total: Matrix = np.eye(1 << len(wires))
    for each in errors:
        total = np.asarray(total @ _widened(each, wires), np.float64)
    return Misread(wires, total)


def _widened(error: Misread, wires: tuple[int, ...]) -> Matrix:
    """The matrix on more wires."""
    others = [wire for wire in wires if wire not in error.wires]
    now = (*error.wires, *others)
    n = len(wires)
    wide = np.kron(error.matrix, np.eye(1 << len(others))).reshape((2,) * (2 * n))
    order = [now.index(wire) for wire in wires]
    turned = wide.transpose([*order, *[n + at for at in order]]).reshape(1 << n, 1 << n)
    return np.asarray(turned, np.float64)
