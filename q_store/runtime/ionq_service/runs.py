"""What a backend does with circuits: compile them for its gates, play them, read the qubits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from q_store.qir.func import Func
from q_store.runtime.ionq_service.intake import CircuitPart
from q_store.runtime.ionq_service.machines import is_simulator, machine
from q_store.runtime.ionq_service.noise import NoiseModel, of_machine, of_model
from q_store.runtime.ionq_service.outcomes import Outcome
from q_store.runtime.ionq_service.reading import LEVEL, circuits_of, read
from q_store.runtime.ionq_service.registers import deferred
from q_store.runtime.ionq_service.simulation import simulate
from q_store.targets.ionq.cost import compile_native
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.json.circuits import ionq_circuits
from q_store.targets.lower import has_effects


def outcomes(
    backend: str,
    noise: Mapping[str, Any] | None,
    parts: Sequence[CircuitPart],
    shots: int,
    seed: int,
) -> list[Outcome]:
    """The outcome of each circuit.

    Raises what reading, compiling and simulating raise.
    """
    model = _noise(machine(backend), noise)
    return simulate(circuits_of(parts, model), None if model is None else shots, seed)


def compiled(backend: str, part: CircuitPart) -> dict[str, Any] | None:
    """The program of a circuit that a backend plays, `ionq.native.v1`, which has no words for
    measurements in the middle: then `None`. Raises as `outcomes`."""
    device = machine(backend)
    func, wires = read(part)
    native = compile_native(func, device, LEVEL)
    if part.text:
        last = deferred(native, {})
        if last.func.n_qubits > func.n_qubits or has_effects(last.func):
            return None
        native = last.func
    return _program(native, wires, device)


def _noise(device: IonqDevice, noise: Mapping[str, Any] | None) -> NoiseModel | None:
    if is_simulator(device):
        return of_model((noise or {}).get("model", "ideal"))
    return of_machine(device)


def _program(func: Func, wires: tuple[int, ...], device: IonqDevice) -> dict[str, Any]:
    """The gates as they are played, on the qubits of the job."""
    if is_simulator(device):
        played = ionq_circuits(func)[0]
    else:
        played = ionq_circuits(func, gateset="native", device=device)[0]
    gates = [_moved(gate, wires) for gate in played.gates]
    return {"qubits": max(wires, default=0) + 1, "circuit": gates}


def _moved(gate: Mapping[str, Any], wires: tuple[int, ...]) -> dict[str, Any]:
    moved = dict(gate)
    for key in ("target", "control"):
        if key in gate:
            moved[key] = wires[gate[key]]
    for key in ("targets", "controls"):
        if key in gate:
            moved[key] = [wires[wire] for wire in gate[key]]
    return moved
