"""What a backend does with circuits: compile them for its gates, play them, read the qubits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from q_store.qir.func import Func
from q_store.runtime.ionq_service.intake import CircuitPart
from q_store.runtime.ionq_service.machines import is_simulator, machine
from q_store.runtime.ionq_service.noise import NoiseModel, of_machine, of_model, with_noise
from q_store.runtime.ionq_service.outcomes import Outcome
from q_store.runtime.ionq_service.simulation import Circuit, read, simulate
from q_store.targets.ionq.cost import compile_native
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.json.circuits import ionq_circuits
from q_store.targets.lower import lower

_LEVEL: Final = 1
"""How hard to compile: jobs are meant to come back at once."""


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
    device = machine(backend)
    model = _noise(device, noise)
    circuits = []
    for part in parts:
        func, wires = read(part)
        if model is not None:
            func = compile_native(func, model.device, _LEVEL)
        circuits.append(_circuit(func, wires, part, model))
    return simulate(circuits, None if model is None else shots, seed)


def compiled(backend: str, part: CircuitPart) -> dict[str, Any]:
    """The program of a circuit that a backend plays, `ionq.native.v1`. Raises as `outcomes`."""
    device = machine(backend)
    func, wires = read(part)
    return _program(compile_native(func, device, _LEVEL), wires, device)


def _noise(device: IonqDevice, noise: Mapping[str, Any] | None) -> NoiseModel | None:
    if is_simulator(device):
        return of_model((noise or {}).get("model", "ideal"))
    return of_machine(device)


def _circuit(
    func: Func, wires: tuple[int, ...], part: CircuitPart, model: NoiseModel | None
) -> Circuit:
    executable = lower(func)
    if model is not None:
        executable = with_noise(executable, model.rates)
    return Circuit(executable, wires, part)


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
