"""Gates of IonQ's `qis` gate set from an executable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from q_store.qir.diagnostics import error
from q_store.qir.ionq_names import qis_form
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.targets.executable import Executable
from q_store.targets.ionq.json.gadgets import Gadget, Step, gadgets

_DROPPED: Final = frozenset({"id", "phase"})


@dataclass(frozen=True, slots=True)
class Part:
    """One gate of the program, its rotation still one number for each row of a batch."""

    gate: str
    controls: tuple[int, ...]
    targets: tuple[int, ...]
    rotation: Any = None
    """Radians, shape (B,), or `None`."""
    word: str = ""
    """Of `pauliexp`: letters by target."""

    def entry(self, row: int) -> dict[str, Any]:
        """The gate as IonQ's JSON, for one row of the batch."""
        if self.gate == "pauliexp":
            return self._exponential(float(self.rotation[row]))
        made: dict[str, Any] = {"gate": self.gate}
        if self.gate == "x" and len(self.controls) == 1:
            made["gate"] = "cnot"
        if len(self.controls) == 1:
            made["control"] = self.controls[0]
        elif self.controls:
            made["controls"] = list(self.controls)
        if len(self.targets) == 1:
            made["target"] = self.targets[0]
        else:
            made["targets"] = list(self.targets)
        if self.rotation is not None:
            made["rotation"] = float(self.rotation[row]) + 0.0
        return made

    def _exponential(self, angle: float) -> dict[str, Any]:
        """exp(-i time coefficient P); the last letter of P acts on the first target."""
        return {
            "gate": "pauliexp",
            "terms": [self.word[::-1]],
            "coefficients": [1.0 if angle >= 0 else -1.0],
            "time": abs(angle) / 2,
            "targets": list(self.targets),
        }


def qis_parts(executable: Executable, angles: Any, *, pauliexp: bool = False) -> Iterator[Part]:
    """The gates of an executable whose angles are `angles`, shape (B, S), in time order.

    Gates without a counterpart are decomposed exactly, the global phase aside. With `pauliexp`,
    Pauli rotations that have no name of their own become that gate, also where they are written as
    a rotation between Clifford gates; the published format has no fields for it, though every SDK
    sends them.
    """
    steps = list(_steps(executable, angles))
    for step in gadgets(steps) if pauliexp else steps:
        if isinstance(step, Gadget):
            yield Part("pauliexp", (), step.wires, step.angle, step.word)
        else:
            yield from _parts(step.row, step.wires, step.angles)


def _steps(executable: Executable, angles: Any) -> Iterator[Step]:
    rows = all_gates()
    for k, code in enumerate(executable.opcode):
        wires = tuple(map(int, executable.wires[slice(*executable.wire_ptr[k : k + 2])]))
        own = [angles[:, s] for s in range(*executable.slot_ptr[k : k + 2])]
        yield Step(rows[executable.op_names[code]], wires, own)


def _parts(row: Gate, wires: tuple[int, ...], angles: Sequence[Any]) -> Iterator[Part]:
    if row.mnemonic in _DROPPED:
        return
    if row.mnemonic == "p":
        # Without controls a phase gate is rz, up to the global phase; `z` with a rotation, as
        # qiskit-ionq writes it, is not in the published format.
        yield Part("rz", (), wires, angles[0])
    elif form := qis_form(row):
        name, controls = form
        rotation = angles[0] if angles else None
        yield Part(name, wires[:controls], wires[controls:], rotation)
    else:
        yield from _decomposed(row, wires, angles)


def _decomposed(row: Gate, wires: tuple[int, ...], angles: Sequence[Any]) -> Iterator[Part]:
    if row.decompose is None:
        raise error("QS731", f"`{row.name}` cannot be written as IonQ JSON")
    rows = all_gates()
    for name, at, own in row.decompose(*angles):
        places = tuple([wires[p] for p in at])
        # A rule may hold plain numbers, which are the same in every row.
        yield from _parts(rows[name], places, [_Same(a) if _is_number(a) else a for a in own])


def _is_number(angle: Any) -> bool:
    return isinstance(angle, int | float)


class _Same(float):
    """A number that is the same in every row of a batch."""

    def __getitem__(self, row: int) -> float:
        return float(self)
