"""IonQ's noise models: a depolarizing channel after every pulse and entangler.

Rates are the published ones of `q_store.runtime.noise`
(docs.ionq.com, simulation with noise models). Where none are published, a gate is right as often as
its fidelity says. A change of frame is no pulse and has no noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from q_store.runtime.ionq_service.messages import Refused
from q_store.runtime.noise.models import published
from q_store.targets.executable import Executable
from q_store.targets.ionq.devices import DEVICES, IonqDevice

_PULSES: Final = frozenset({"gpi", "gpi2"})
_ENTANGLERS: Final = frozenset({"ms", "zz"})
_CHANNELS: Final = {1: "n.depolarizing", 2: "n.depolarizing2"}
_MODELS: Final = {
    "harmony": "ionq.harmony",
    "harmony-1": "ionq.harmony",
    "harmony-2": "ionq.harmony",
    "aria-1": "ionq.aria",
    "aria-2": "ionq.aria",
    "forte-1": "ionq.forte",
    "forte-enterprise-1": "ionq.forte-enterprise",
}


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """A machine whose gates are compiled to, and the probabilities of any error after a pulse and
    after an entangler."""

    device: IonqDevice
    chances: tuple[float, float]


def of_machine(device: IonqDevice) -> NoiseModel:
    """The noise of a machine."""
    return _model(device.noise_model or "", device)


def of_model(name: str) -> NoiseModel | None:
    """A noise model of the simulator; `None` for `ideal`."""
    return None if name == "ideal" else _model(name, DEVICES[_MODELS[name]])


def _model(name: str, device: IonqDevice) -> NoiseModel:
    known = published().get(name)
    if known is not None:
        ((_, (one,)),), ((_, (two,)),) = known.one_qubit, known.two_qubit
        return NoiseModel(device, (one, two))
    if device.characterization is None:
        raise Refused(400, f"nothing is known about the noise of {device.api_name!r}", "backend")
    fidelities = device.characterization
    return NoiseModel(device, (1 - fidelities.fidelity_1q, 1 - fidelities.fidelity_2q))


def with_noise(executable: Executable, chances: tuple[float, float]) -> Executable:
    """The executable with a channel after every pulse and entangler."""
    names = [*executable.op_names, *_CHANNELS.values()]
    codes = {1: len(names) - 2, 2: len(names) - 1}
    opcode, wires, wire_ptr, slot_ptr = [], [], [0], [0]
    slots: list[int] = []
    for op, code in enumerate(executable.opcode.tolist()):
        at = executable.wires[executable.wire_ptr[op] : executable.wire_ptr[op + 1]].tolist()
        own = range(executable.slot_ptr[op], executable.slot_ptr[op + 1])
        size = _noisy(executable.op_names[code])
        for number, columns in ((code, list(own)), (codes.get(size), [-size])):
            if number is not None:
                opcode.append(number)
                wires += at
                slots += columns
                wire_ptr.append(len(wires))
                slot_ptr.append(len(slots))
    constants = [executable.b[k] if k >= 0 else chances[-k - 1] for k in slots]
    return replace(
        executable,
        op_names=tuple(names),
        opcode=np.array(opcode, np.int32),
        wire_ptr=np.array(wire_ptr, np.int32),
        wires=np.array(wires, np.int32),
        slot_ptr=np.array(slot_ptr, np.int32),
        a_indptr=np.zeros(len(slots) + 1, np.int32),
        b=np.array(constants, np.float64),
    )


def _noisy(name: str) -> int:
    """How many qubits the channel after a gate has; 0 for none."""
    if name in _PULSES:
        return 1
    return 2 if name in _ENTANGLERS else 0
