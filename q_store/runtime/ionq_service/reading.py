"""Circuits of jobs made ready to simulate.

Jobs of shift rules and training hold many circuits that differ in their numbers only. The first one
is read, and the others take its place with their own angles.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, pi
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.frontends.ionq import read_ionq_json
from q_store.frontends.qasm import read_measurements
from q_store.qir.func import Func
from q_store.runtime.ionq_service.intake import SINGLE, CircuitPart
from q_store.runtime.ionq_service.noise import NoiseModel, with_noise
from q_store.runtime.ionq_service.outcomes import Registers
from q_store.runtime.ionq_service.registers import deferred
from q_store.targets.executable import Executable
from q_store.targets.ionq.cost import compile_native
from q_store.targets.lower import lower

Array = NDArray[np.float64]

LEVEL: Final = 1
"""How hard machines compile here: jobs are meant to come back at once."""
_EFFECTS: Final = ("n.", "q.reset", "q.measure")
_TURN: Final = 2 * pi
_NEAR: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit on its own qubits alone: `wires[k]` of the job is qubit k here."""

    executable: Executable
    """Shared by circuits that are alike; its own angles are those of one of them."""
    angles: Array
    """Angles of all gates in radians."""
    wires: tuple[int, ...]
    part: CircuitPart
    registers: Registers | None = None


def read(part: CircuitPart) -> tuple[Func, tuple[int, ...]]:
    """The function of a circuit on the qubits that its gates touch, and which those are.

    Raises what reading IonQ's JSON or OpenQASM raises.
    """
    if part.text:
        func = read_measurements(part.text, "input.data")[0].to_ir()
        return func, tuple(range(func.n_qubits))
    used = sorted({wire for gate in part.gates for wire in _wires(gate)}) or [0]
    number = {wire: index for index, wire in enumerate(used)}
    content = {
        "gateset": part.gateset,
        "qubits": len(used),
        "circuit": [_renumbered(gate, number) for gate in part.gates],
    }
    return read_ionq_json({"type": SINGLE, "input": content}).main, tuple(used)


def circuits_of(parts: Sequence[CircuitPart], model: NoiseModel | None) -> list[Circuit]:
    """All circuits of a job; with a noise model in the gates of its machine. Raises as `read`,
    and what compiling raises."""
    alike: dict[Hashable, Circuit] = {}
    found = []
    for part in parts:
        compiles = model is not None and part.gateset != "native"
        key = None if compiles or part.text else _skeleton(part)
        numbers = None if key is None else _numbers(part)
        first = alike.get(key) if numbers is not None else None
        if first is not None and numbers is not None:
            found.append(replace(first, angles=numbers, part=part, registers=part.registers))
            continue
        circuit = _circuit(part, model)
        found.append(circuit)
        if numbers is not None and _are(circuit.angles, numbers):
            alike[key] = circuit
    return found


def _circuit(part: CircuitPart, model: NoiseModel | None) -> Circuit:
    func, wires = read(part)
    if model is not None:
        func = compile_native(func, model.device, LEVEL)
    registers: Registers | None = part.registers
    if part.text:
        made = deferred(func, read_measurements(part.text, "input.data")[1])
        func, wires, registers = made.func, made.wires, made.registers
    executable = lower(func)
    if model is not None:
        executable = with_noise(executable, model.chances)
    return Circuit(executable, executable.b[~fixed(executable)], wires, part, registers)


def fixed(exe: Executable) -> NDArray[np.bool_]:
    """Slots that are no angles of gates but probabilities of channels."""
    found = np.zeros(len(exe.b), np.bool_)
    for code, name in enumerate(exe.op_names):
        if name.startswith(_EFFECTS):
            for op in np.flatnonzero(exe.opcode == code):
                found[exe.slot_ptr[op] : exe.slot_ptr[op + 1]] = True
    return found


def _wires(gate: dict[str, Any]) -> list[int]:
    found = [gate[key] for key in ("target", "control") if gate.get(key) is not None]
    for key in ("targets", "controls"):
        found += gate.get(key) or []
    return [int(wire) for wire in found]


def _renumbered(gate: dict[str, Any], number: dict[int, int]) -> dict[str, Any]:
    changed = dict(gate)
    for key in ("target", "control"):
        if gate.get(key) is not None:
            changed[key] = number[int(gate[key])]
    for key in ("targets", "controls"):
        if gate.get(key):
            changed[key] = [number[int(wire)] for wire in gate[key]]
    return changed


# --- circuits that are alike ------------------------------------------------------------------


def _skeleton(part: CircuitPart) -> Hashable:
    """Everything of a circuit but its numbers; `None` where its angles are not these numbers."""
    if any(gate["gate"] == "pauliexp" for gate in part.gates):
        return None
    shape = [
        (
            gate["gate"],
            gate.get("target"),
            gate.get("control"),
            *(gate.get("targets") or ()),
            None,
            *(gate.get("controls") or ()),
            *sorted(gate),
        )
        for gate in part.gates
    ]
    return (part.gateset, *shape)


def _numbers(part: CircuitPart) -> Array | None:
    """The angles of a circuit in order, in radians; `None` where one is no number."""
    found: list[Any] = []
    for gate in part.gates:
        found += _native(gate) if part.gateset == "native" else [gate.get("rotation", ())]
    values = [value for value in found if value != ()]
    if not all(_real(value) for value in values):
        return None
    return np.array(values, np.float64) * (_TURN if part.gateset == "native" else 1.0)


def _native(gate: dict[str, Any]) -> list[Any]:
    if gate["gate"] == "ms":
        phases = gate.get("phases")
        return [*phases, gate.get("angle", 0.25)] if isinstance(phases, list) else [None]
    if gate["gate"] == "zz":
        return [gate.get("angle", gate.get("phase"))]
    return [] if gate["gate"] == "nop" else [gate.get("phase")]


def _real(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value)


def _are(angles: Array, numbers: Array) -> bool:
    return angles.shape == numbers.shape and bool(np.all(np.abs(angles - numbers) <= _NEAR))
