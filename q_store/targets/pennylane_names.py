"""How PennyLane and Catalyst name the rows of the gate table."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from q_store.qir.func import Func
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.qir.values import Value
from q_store.targets.flat import FlatStep, cannot

_SIMPLE: Final = re.compile(r"(\w+)\((?:[\w, ]+, )?wires\)\Z")
_ADJOINT: Final = re.compile(r"adjoint\((\w+)\(wires\)\)\Z")

CHANNELS: Final = {
    "depolarizing": "DepolarizingChannel",
    "bit_flip": "BitFlip",
    "phase_flip": "PhaseFlip",
    "amplitude_damping": "AmplitudeDamping",
    "generalized_amplitude_damping": "GeneralizedAmplitudeDamping",
    "phase_damping": "PhaseDamping",
}
"""Classes of channels; others go by their Kraus operators."""


def channel_numbers(mnemonic: str, numbers: list[float]) -> list[float]:
    """The numbers of a class in `CHANNELS`. PennyLane's p of generalised damping is that of going
    up."""
    if mnemonic == "generalized_amplitude_damping":
        return [numbers[0], 1 - numbers[1]]
    return numbers


@dataclass(frozen=True, slots=True)
class Spelling:
    """A class of PennyLane's, its adjoint or not, under controls on the leading wires."""

    name: str
    adjoint: bool = False
    controls: int = 0


def argument_names(func: Func, taken: Iterable[str] = ()) -> dict[Value, str]:
    """A name for every parameter that a Python function may have as an argument: its own, or with
    an underscore where that is a keyword or taken."""
    refused = {*keyword.kwlist, *taken}
    used = refused | {value.name for value in func.args}
    names = {}
    for value in func.args:
        name = value.name
        if name in refused:
            while name in used:
                name += "_"
            used.add(name)
        names[value] = name
    return names


def check_steps(steps: Iterable[FlatStep], conditional: bool = False) -> None:
    """Raises `QS356` for what PennyLane's circuits do not hold: under a condition, all but
    gates."""
    for step in steps:
        if conditional and not isinstance(step.row, Gate):
            raise cannot("PennyLane", step, "PennyLane's conditions hold gates only")
        for body in step.bodies:
            check_steps(body, conditional=True)


@cache
def spelling(row: Gate) -> Spelling | None:
    """The class whose matrix is the row's with the same angles, or `None` for a row that is to be
    decomposed. The global phase, whose sign differs, is not among them."""
    text = row.names.get("pennylane", "")
    match = _SIMPLE.match(text)
    if match is not None:
        return Spelling(match[1])
    match = _ADJOINT.match(text)
    if match is not None:
        return Spelling(match[1], adjoint=True)
    if row.base == "phase":
        return Spelling("PhaseShift", False, row.controls - 1)
    base = spelling(all_gates()[row.base]) if row.base else None
    return Spelling(base.name, base.adjoint, row.controls) if base and not base.controls else None
