"""Gates as rotations about Pauli words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from q_store.passes.bases import Rule, ways
from q_store.passes.gadgets.words import LETTERS, Gathering, Word, quarter_turns, word
from q_store.qir.angle import ZERO, Angle, as_angle
from q_store.qir.ops import Gate, Op
from q_store.qir.registry import table_cache
from q_store.qir.types import F64
from q_store.qir.values import Value

WORDS: Final = {
    "rx": "X",
    "ry": "Y",
    "rz": "Z",
    "rxx": "XX",
    "ryy": "YY",
    "rzz": "ZZ",
    "rzx": "ZX",
}
"""Rotations and the letters on their wires."""
_BASIS: Final = frozenset({*WORDS, "swap", "phase"})


@table_cache
def _ways() -> dict[str, Rule]:
    return dict(ways(_BASIS))


def _steps(
    name: str, wires: tuple[int, ...], angles: tuple[Any, ...]
) -> Iterator[tuple[str, tuple[int, ...], tuple[Any, ...]]]:
    """A gate in rotations, swaps and phases."""
    if name in _BASIS:
        yield name, wires, angles
        return
    for step, at, step_angles in _ways()[name](*angles):
        yield from _steps(step, tuple([wires[place] for place in at]), step_angles)


@table_cache
def entanglers(row: Gate) -> int | None:
    """How many rotations of two wires a gate is, `None` where it is more than one, or none."""
    if row.wires not in (1, 2) or not (row.mnemonic in _BASIS or row.mnemonic in _ways()):
        return None
    angles = tuple([Angle.of(Value(F64)) for _ in row.angle_names])
    steps = _steps(row.mnemonic, tuple(range(row.wires)), angles)
    count = sum([len(wires) == 2 and name != "swap" for name, wires, _ in steps])
    return count if count < 2 else None


def is_rotation(op: Op) -> bool:
    """Whether the op is a gate on wires that is one rotation of two wires at most."""
    return isinstance(op.defn, Gate) and bool(op.operands) and entanglers(op.defn) is not None


def quarter_turns_only(op: Op) -> bool:
    """Whether a gate of `is_rotation` is a Clifford gate."""
    if not isinstance(op.defn, Gate):
        return False
    steps = _steps(op.defn.mnemonic, tuple(range(len(op.operands))), op.angles)
    return all(
        name in ("swap", "phase") or quarter_turns(as_angle(angles[0])) is not None
        for name, _, angles in steps
    )


def count_entanglers(ops: Sequence[Op]) -> int:
    """Rotations of two wires in gates of `is_rotation`."""
    return sum([entanglers(op.defn) or 0 for op in ops if isinstance(op.defn, Gate)])


@dataclass(slots=True)
class Reading:
    """What gates in a row are, by qubits numbered in the order in which they come up."""

    gathering: Gathering
    starts: list[Value]
    """The wires before the gates, by qubit."""
    places: dict[Value, int] = field(default_factory=dict)
    """The qubit of each wire after the gates."""
    cuts: list[int] = field(default_factory=list)
    """After how many gates the Clifford operator so far acts on single qubits only."""
    phase: Angle = ZERO


NOTHING: Final = Reading(Gathering(0), [])
"""What no gates are."""


def read(ops: Sequence[Op]) -> Reading:
    """Read gates of `is_rotation`. Swaps are no rotations: they exchange the wires."""
    starts = _starts(ops)
    made = Reading(Gathering(len(starts)), starts, {wire: q for q, wire in enumerate(starts)})
    entangled = False
    for count, op in enumerate(ops, 1):
        qubits = [made.places.pop(value) for value in op.operands]
        before = len(made.gathering.turns)
        _append(made, op, qubits)
        made.places.update(zip(op.results, qubits, strict=True))
        if len(op.operands) == 2 and len(made.gathering.turns) > before:
            entangled = any(_length(row) > 1 for row in made.gathering.frame)
        if not entangled:
            made.cuts.append(count)
    return made


def _append(made: Reading, op: Op, qubits: list[int]) -> None:
    """Append the rotations of a gate; `qubits` follows its swaps."""
    for name, at, angles in _steps(op.defn.mnemonic, tuple(range(len(qubits))), op.angles):
        if name == "phase":
            made.phase = made.phase + as_angle(angles[0])
        elif name == "swap":
            qubits.reverse()
        else:
            letters = {qubits[p]: LETTERS[c] for p, c in zip(at, WORDS[name], strict=True)}
            made.gathering.rotate(word(letters), as_angle(angles[0]))


def _starts(ops: Sequence[Op]) -> list[Value]:
    """The wires that come from outside, in the order of their first use."""
    inside = {value for op in ops for value in op.results}
    return [value for op in ops for value in op.operands if value not in inside]


def _length(row: Word) -> int:
    return (row.x | row.z).bit_count()
