"""Plain gates read without ceremony; whatever is not plain is left to `gates`, which says why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any, Final

from q_store.frontends.instruction import Instruction
from q_store.frontends.ionq.gates import TURN
from q_store.qir.ionq_names import native_gates, qis_gates
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates

_PHASED: Final = {"gpi": "phase", "gpi2": "phase", "zz": "angle"}


@cache
def _qis() -> Mapping[tuple[str, bool], Gate]:
    """Rows by IonQ's name and whether there is one control."""
    rows: dict[tuple[str, bool], Gate] = {
        (name, False): row for name, row in qis_gates().items() if row.base is None
    }
    for row in all_gates().values():
        if row.controls == 1 and row.base in all_gates():
            root = all_gates()[str(row.base)]
            if root.wires == 1 and "ionq" in root.names:
                rows[root.names["ionq"], True] = row
    rows["cnot", True] = rows["x", True]
    return rows


def quick_qis(entry: Mapping[str, Any], qubits: int) -> Instruction | None:
    """A gate with one control at most, or `None`."""
    wires = _places(entry, "target", "targets")
    used = 2
    controls: tuple[int, ...] = ()
    if "control" in entry or "controls" in entry:
        controls = _places(entry, "control", "controls")
        used += 1
        if len(controls) != 1:
            return None
    row = _qis().get((str(entry.get("gate")), bool(controls)))
    if row is None:
        return None
    angles: tuple[float, ...] = ()
    if row.angle_names:
        angle = entry.get("rotation")
        if type(angle) is not float or not isfinite(angle):
            return None
        angles, used = (angle,), used + 1
    wires = controls + wires
    if len(entry) != used or not _fits(wires, row, qubits):
        return None
    return Instruction(row, wires, angles)


def quick_native(entry: Mapping[str, Any], qubits: int) -> Instruction | None:
    """A `gpi`, `gpi2`, `zz` or a whole `ms`, or `None`."""
    name = str(entry.get("gate"))
    row = native_gates().get(name)
    if row is None:
        return None
    if name == "ms":
        phases = entry.get("phases")
        turns = [*phases, entry.get("angle")] if type(phases) is list else []
        used = 4
    else:
        turns, used = [entry.get(_PHASED[name])], 3
    wires = _places(entry, "target", "targets")
    numbers = all(type(turn) is float and isfinite(turn) for turn in turns)
    if len(entry) != used or not numbers or len(turns) != len(row.angle_names):
        return None
    if not _fits(wires, row, qubits):
        return None
    return Instruction(row, wires, tuple([TURN * turn for turn in turns]))


def _places(entry: Mapping[str, Any], single: str, several: str) -> tuple[Any, ...]:
    """What stands for wires, unchecked; empty where both or neither is given."""
    if single in entry:
        return () if several in entry else (entry[single],)
    listed = entry.get(several)
    return tuple(listed) if type(listed) is list else ()


def _fits(wires: tuple[Any, ...], row: Gate, qubits: int) -> bool:
    if len(wires) != row.wires:
        return False
    for wire in wires:
        if type(wire) is not int or not 0 <= wire < qubits:
            return False
    return len(wires) == 1 or len(set(wires)) == len(wires)
