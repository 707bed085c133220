"""Circuits to outcomes, on the embedded engine.

Circuits that differ in their angles only run as one batch: shift rules and training send many of
them. Qubits that no gate touches are not simulated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.backend import load
from q_store.runtime.ionq_service.outcomes import Outcome
from q_store.runtime.ionq_service.reading import Circuit, fixed
from q_store.targets.executable import Executable

Array = NDArray[np.float64]

_AMPLITUDES: Final = 1 << 24
"""Most amplitudes of a batch."""
_NEGLIGIBLE: Final = 1e-12
"""Probabilities below this are rounding and left out."""


def simulate(circuits: Sequence[Circuit], shots: int | None, seed: int) -> list[Outcome]:
    """The outcome of each circuit: exact, or of `shots` drawn from streams of `seed`."""
    found: list[Outcome | None] = [None] * len(circuits)
    for members in _alike(circuits):
        for index, chances in _chances(circuits, members):
            stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
            found[index] = _outcome(circuits[index], chances, shots, stream)
    return [outcome for outcome in found if outcome is not None]


def _alike(circuits: Sequence[Circuit]) -> list[list[int]]:
    """Indices of circuits with the same gates on the same qubits."""
    groups: dict[Any, list[int]] = defaultdict(list)
    shapes: dict[int, Any] = {}
    for index, circuit in enumerate(circuits):
        exe = circuit.executable
        if id(exe) not in shapes:
            shapes[id(exe)] = _shape(exe)
        groups[shapes[id(exe)]].append(index)
    return list(groups.values())


def _shape(exe: Executable) -> tuple[Any, ...]:
    """Everything of an executable without parameters but the angles of its gates."""
    arrays = (exe.opcode, exe.wire_ptr, exe.wires, exe.slot_ptr, exe.b[fixed(exe)])
    return (exe.n_qubits, exe.op_names, *[array.tobytes() for array in arrays])


def _opened(exe: Executable) -> Executable:
    """The executable with its angles as weights."""
    free = np.flatnonzero(~fixed(exe))
    counts = np.zeros(len(exe.b), np.int32)
    counts[free] = 1
    constants = exe.b.copy()
    constants[free] = 0.0
    return replace(
        exe,
        n_weights=len(free),
        weight_names=tuple([f"w[{k}]" for k in range(len(free))]),
        a_indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        a_indices=np.arange(len(free), dtype=np.int32),
        a_data=np.ones(len(free)),
        b=constants,
    )


def _chances(circuits: Sequence[Circuit], members: list[int]) -> Iterator[tuple[int, Array]]:
    """The probabilities (2**n,) of circuits that are alike, little-endian."""
    first = circuits[members[0]].executable
    program = load(_opened(first), np.float64)
    qubits = tuple(reversed(range(first.n_qubits)))
    size = max(1, _AMPLITUDES >> first.n_qubits)
    for start in range(0, len(members), size):
        some = members[start : start + size]
        angles = np.stack([circuits[index].angles for index in some])
        found = program.probs(np.empty((len(some), 0)), angles, qubits)
        yield from zip(some, np.asarray(found, np.float64), strict=True)


def _outcome(
    circuit: Circuit, chances: Array, shots: int | None, stream: np.random.Generator
) -> Outcome:
    part = circuit.part
    qubits = part.qubits if part.text else max(part.qubits, len(circuit.wires))
    if shots is None:
        places = np.flatnonzero(chances > _NEGLIGIBLE)
        keys = _spread(places.astype(np.uint64), circuit.wires)
        shares = zip(keys.tolist(), chances[places].tolist(), strict=True)
        return Outcome.exact(qubits, {str(key): share for key, share in shares}, circuit.registers)
    ladder = np.cumsum(np.maximum(chances, 0.0))
    drawn = np.searchsorted(ladder, stream.random(shots) * ladder[-1], side="right")
    places = np.minimum(drawn, len(chances) - 1).astype(np.uint64)
    return Outcome.sampled(qubits, _spread(places, circuit.wires), circuit.registers)


def _spread(places: NDArray[np.uint64], wires: tuple[int, ...]) -> NDArray[np.uint64]:
    """Outcomes of the simulated qubits as outcomes of all; the others are 0."""
    if wires == tuple(range(len(wires))):
        return places
    found = np.zeros_like(places)
    for bit, wire in enumerate(wires):
        found |= (places >> np.uint64(bit) & np.uint64(1)) << np.uint64(wire)
    return found
