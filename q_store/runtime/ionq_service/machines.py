"""The backends that the service offers, and their characterisations, as IonQ's API shows them.

Machines and numbers are those of `q_store.targets.ionq.devices`. Aria is retired at IonQ and runs
here; machines that are only announced, or gone for long, are listed and take no jobs.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from q_store.runtime.ionq_service.messages import Refused
from q_store.targets.ionq.devices import DEVICES, Characterization, IonqDevice

SIMULATOR: Final = "simulator"
QIS_GATES: Final = (
    *("x", "y", "z", "rx", "ry", "rz", "h", "s", "si", "v", "vi", "t", "ti"),
    *("not", "cnot", "swap", "xx", "yy", "zz", "pauliexp"),
)
NATIVE_GATES: Final = ("gpi", "gpi2", "ms", "zz", "nop")
_OPEN: Final = ("ionq.simulator", "ionq.aria", "ionq.forte", "ionq.forte-enterprise")
_CLOSED: Final = {"ionq.harmony": "retired", "ionq.tempo": "unavailable"}
_PLACES: Final = {"qpu.forte-enterprise-1": "Basel, Switzerland"}
_NAMESPACE: Final = uuid.UUID("3f0f63b2-7c1c-4a53-9f0e-5b9f6a2a7d10")
_MITIGATIONS: Final = ("debiasing",)


def machine(api_name: str) -> IonqDevice:
    """The machine that takes jobs under this name. Raises `Refused`."""
    known = {DEVICES[name].api_name: DEVICES[name] for name in (*_OPEN, *_CLOSED)}
    found = known.get(api_name)
    if found is None:
        names = ", ".join(DEVICES[name].api_name for name in _OPEN)
        raise Refused(400, f"unknown backend {api_name!r}; there are {names}", "backend")
    if found.name in _CLOSED:
        raise Refused(400, f"backend {api_name!r} is {_CLOSED[found.name]}", "backend")
    return found


def is_simulator(device: IonqDevice) -> bool:
    """Whether jobs are free and noise is a matter of choice."""
    return device.api_name == SIMULATOR


def listed(queue_ms: int, now: float) -> list[dict[str, Any]]:
    """`GET /backends`."""
    return [_backend(DEVICES[name], queue_ms, now) for name in (*_OPEN, *_CLOSED)]


def shown(api_name: str, queue_ms: int, now: float) -> dict[str, Any]:
    """`GET /backends/{backend}`."""
    return _backend(_known(api_name), queue_ms, now)


def _known(api_name: str) -> IonqDevice:
    for name in (*_OPEN, *_CLOSED):
        if DEVICES[name].api_name == api_name:
            return DEVICES[name]
    raise Refused(404, f"there is no backend {api_name!r}")


def _backend(device: IonqDevice, queue_ms: int, now: float) -> dict[str, Any]:
    simulator = is_simulator(device)
    shown: dict[str, Any] = {
        "backend": device.api_name,
        "status": _CLOSED.get(device.name, "available"),
        "qubits": device.qubits,
        "average_queue_time": 0 if simulator else queue_ms,
        "last_updated": iso(now),
        "degraded": False,
        "supported_gates": list(QIS_GATES),
        "supported_native_gates": ["gpi", "gpi2", "ms", "zz"]
        if simulator
        else list(device.native_gates),
        "supported_error_mitigations": [] if simulator else list(_MITIGATIONS),
    }
    if device.characterization is not None:
        shown["characterization_id"] = _identifier(device)
    if device.api_name in _PLACES:
        shown["location"] = _PLACES[device.api_name]
    return shown


def _identifier(device: IonqDevice) -> str:
    return str(uuid.uuid5(_NAMESPACE, device.api_name))


def characterizations(api_name: str) -> list[dict[str, Any]]:
    """All characterisations of a backend, the newest first: the published numbers are one."""
    device = _known(api_name)
    known = device.characterization
    return [] if known is None else [_characterization(device, known)]


def _characterization(device: IonqDevice, known: Characterization) -> dict[str, Any]:
    pairs = device.connectivity or {(a, b) for b in range(device.qubits) for a in range(b)}
    times = {
        "t1": known.t1,
        "t2": known.t2,
        "1q": known.time_1q,
        "2q": known.time_2q,
        "readout": known.time_readout or 0.0,
        "reset": known.time_reset or 0.0,
    }
    fidelities = {
        "1q": known.fidelity_1q,
        "2q": known.fidelity_2q,
        "spam": known.fidelity_spam,
    }
    return {
        "id": _identifier(device),
        "backend": device.api_name,
        "date": _date(known.date),
        "qubits": device.qubits,
        "connectivity": sorted([list(pair) for pair in pairs]),
        "fidelity": {
            name: {"median": value, "stderr": None}
            for name, value in fidelities.items()
            if value is not None
        },
        "timing": {name: value for name, value in times.items() if value is not None},
    }


def _date(text: str) -> str:
    """A published date, which may be a year or a month, as a moment."""
    parts = [*text.split("-"), "01", "01"][:3]
    return f"{'-'.join(parts)}T00:00:00Z"


def iso(moment: float) -> str:
    """A moment of the clock as IonQ writes it, in milliseconds of UTC."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
