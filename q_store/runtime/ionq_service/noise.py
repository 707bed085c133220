"""IonQ's published noise models: a depolarizing channel after every pulse and entangler.

A rate r means, on one qubit, the Kraus operators sqrt(1 - 3r/4) I and sqrt(r/4) P for the three
Paulis, on two sqrt(1 - 15r/16) I and sqrt(r/16) P for the fifteen words
(docs.ionq.com, simulation with noise models). Where no rates are published they are those at which
a gate is right as often as its fidelity says. A change of frame is no pulse and has no noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from q_store.runtime.ionq_service.messages import Refused
from q_store.targets.executable import Executable
from q_store.targets.ionq.devices import DEVICES, IonqDevice

Rates = tuple[float, float]

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
_ARIA_2: Final = (0.00065733, 0.01856)


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """A machine whose gates are compiled to, and the rates (r1, r2) after them."""

    device: IonqDevice
    rates: Rates


def of_machine(device: IonqDevice) -> NoiseModel:
    """The noise of a machine."""
    return NoiseModel(device, device.noise_rates or _from_fidelities(device))


def of_model(name: str) -> NoiseModel | None:
    """A noise model of the simulator; `None` for `ideal`."""
    if name == "ideal":
        return None
    found = of_machine(DEVICES[_MODELS[name]])
    return replace(found, rates=_ARIA_2) if name == "aria-2" else found


def _from_fidelities(device: IonqDevice) -> Rates:
    known = device.characterization
    if known is None:
        raise Refused(400, f"nothing is known about the noise of {device.api_name!r}", "backend")
    return 4 / 3 * (1 - known.fidelity_1q), 16 / 15 * (1 - known.fidelity_2q)


def with_noise(executable: Executable, rates: Rates) -> Executable:
    """The executable with a channel after every pulse and entangler."""
    names = [*executable.op_names, *_CHANNELS.values()]
    codes = {1: len(names) - 2, 2: len(names) - 1}
    chances = {1: 0.75 * rates[0], 2: 15 / 16 * rates[1]}
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
    constants = [executable.b[k] if k >= 0 else chances[-k] for k in slots]
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
