"""What a machine takes: a job that asks for more fails, with one of IonQ's codes, and is free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from q_store.runtime.ionq_service.intake import CircuitPart
from q_store.runtime.ionq_service.machines import is_simulator
from q_store.targets.ionq.devices import DEVICES, IonqDevice

DEBIASING_SHOTS: Final = 500
MAX_CONTROLS: Final = 7
MAX_CIRCUIT_GATES: Final = 100_000
_NOISY_QUBITS: Final = {"harmony": 11, "harmony-1": 11, "harmony-2": 11, "aria-1": 25, "aria-2": 25}


class Failure(Exception):
    """A job ends as `failed`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def qubit_limit(device: IonqDevice, noise: Mapping[str, Any] | None) -> int:
    """Most qubits of a circuit; a noise model has the size of its machine."""
    model = (noise or {}).get("model", "ideal")
    if not is_simulator(device) or model == "ideal":
        return device.qubits
    return min(device.qubits, _NOISY_QUBITS.get(model, DEVICES["ionq.simulator"].qubits))


def check(
    device: IonqDevice,
    circuits: tuple[CircuitPart, ...],
    shots: int,
    noise: Mapping[str, Any] | None,
    debiasing: bool,
) -> None:
    """Raises `Failure` for what the machine does not take."""
    if shots > device.max_shots:
        raise Failure("TooManyShots", f"{device.api_name} takes at most {device.max_shots} shots")
    if debiasing and not is_simulator(device) and shots < DEBIASING_SHOTS:
        raise Failure("DebiasingError", f"debiasing needs at least {DEBIASING_SHOTS} shots")
    limit = qubit_limit(device, noise)
    for part in circuits:
        if part.qubits > limit:
            raise Failure(
                "NotEnoughQubits", f"{device.api_name} has {limit} qubits, not {part.qubits}"
            )
        if len(part.gates) > MAX_CIRCUIT_GATES:
            raise Failure("TooManyGates", f"a circuit holds at most {MAX_CIRCUIT_GATES} gates")
        _check_gates(device, part)


def _check_gates(device: IonqDevice, part: CircuitPart) -> None:
    played = set(device.native_gates) | {"nop"} if not is_simulator(device) else None
    for gate in part.gates:
        if part.gateset == "native" and played is not None and gate["gate"] not in played:
            raise Failure(
                "UnsupportedGate", f"gate {gate['gate']!r} is not supported by {device.api_name}"
            )
        if len(gate.get("controls") or ()) > MAX_CONTROLS:
            raise Failure("TooManyControls", f"a gate has at most {MAX_CONTROLS} controls")
