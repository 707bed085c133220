"""IonQ's machines as targets: gates, angle ranges, connectivity, times and fidelities.

Numbers are those published, with source and date; a characterisation that the service returns
replaces them (`IonqDevice.characterized`). Times are seconds, fidelities are means or medians of
one gate, angles are turns as in IonQ's JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from q_store.passes.choose_axes import Entangler
from q_store.passes.ionq_native import ENTANGLERS, Device
from q_store.passes.routing.coupling import chains
from q_store.qir.diagnostics import did_you_mean, error


@dataclass(frozen=True, slots=True)
class Characterization:
    """Measured quality of a machine. `None` where nothing is published."""

    fidelity_1q: float
    fidelity_2q: float
    fidelity_spam: float | None = None
    t1: float | None = None
    t2: float | None = None
    time_1q: float | None = None
    time_2q: float | None = None
    time_readout: float | None = None
    time_reset: float | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class IonqDevice:
    """One machine, or the simulator."""

    name: str
    """As q-store calls it, `ionq.forte`."""
    api_name: str
    """As the service calls it, `qpu.forte-1`."""
    qubits: int
    model: Device | None
    """The machine for `ionq-native`; `None` for the ideal simulator, which plays every gate."""
    status: str
    characterization: Characterization | None
    noise_model: str | None = None
    """The name of the service's noise model."""
    noise_rates: tuple[float, float] | None = None
    """Depolarizing rates (r1, r2) of that model after one- and two-qubit gates."""
    connectivity: frozenset[tuple[int, int]] | None = None
    """Pairs (i, j), i < j, that can interact; `None` when all can."""
    phase_range: tuple[float, float] = (-1.0, 1.0)
    max_shots: int = 1_000_000
    retired: bool = False

    @property
    def entangler(self) -> Entangler:
        """`ms` or `zz`."""
        return ENTANGLERS[self.model or "forte"]

    @property
    def native_gates(self) -> tuple[str, ...]:
        """IonQ's names of the gates that are played."""
        return ("gpi", "gpi2", self.entangler)

    @property
    def coupling(self) -> tuple[str, ...]:
        """The connectivity as `route` takes it; empty when all pairs can interact."""
        return chains(self.connectivity or ())

    def can_interact(self, a: int, b: int) -> bool:
        """Whether two qubits can be entangled."""
        return self.connectivity is None or (min(a, b), max(a, b)) in self.connectivity

    @property
    def angle_range(self) -> tuple[float, float]:
        """Turns of the entangler that programs are folded into; a quarter entangles fully."""
        return (0.0, 0.25) if self.entangler == "ms" else (-0.25, 0.25)

    def characterized(self, payload: Mapping[str, Any]) -> IonqDevice:
        """The machine with what a characterisation of the service says; absent parts stay.

        `payload` is IonQ's object with `fidelity`, `timing`, `connectivity`, `qubits`, `date`.
        Raises `QS427` for parts that are no numbers.
        """
        old = self.characterization or Characterization(1.0, 1.0)
        fidelity, timing = _part(payload, "fidelity"), _part(payload, "timing")
        fresh = replace(
            old,
            fidelity_1q=_median(fidelity, "1q", old.fidelity_1q),
            fidelity_2q=_median(fidelity, "2q", old.fidelity_2q),
            fidelity_spam=_median(fidelity, "spam", old.fidelity_spam),
            t1=_number(timing, "t1", old.t1),
            t2=_number(timing, "t2", old.t2),
            time_1q=_number(timing, "1q", old.time_1q),
            time_2q=_number(timing, "2q", old.time_2q),
            time_readout=_number(timing, "readout", old.time_readout),
            time_reset=_number(timing, "reset", old.time_reset),
            source=f"characterisation {payload.get('id', '')}".strip(),
            date=str(payload.get("date", "")),
        )
        qubits = int(_number(payload, "qubits", self.qubits))
        pairs = _connectivity(payload, qubits, self.connectivity)
        return replace(self, characterization=fresh, qubits=qubits, connectivity=pairs)


def _part(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = payload.get(key)
    return part if isinstance(part, Mapping) else {}


def _number(part: Mapping[str, Any], key: str, default: Any) -> Any:
    """A number of the service; it types some as integers that are not."""
    value = part.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error("QS427", f"`{key}` of a characterisation must be a number, got {value!r}")
    return float(value)


def _median(fidelity: Mapping[str, Any], key: str, default: Any) -> Any:
    """The median of a fidelity; older versions of the service give means."""
    entry = fidelity.get(key)
    if isinstance(entry, Mapping):
        key, entry = ("median" if "median" in entry else "mean"), entry
        return _number(entry, key, default)
    return _number(fidelity, key, default)


def _connectivity(
    payload: Mapping[str, Any], qubits: int, default: frozenset[tuple[int, int]] | None
) -> frozenset[tuple[int, int]] | None:
    pairs = payload.get("connectivity")
    if not isinstance(pairs, list):
        return default
    found = frozenset((min(a, b), max(a, b)) for a, b in pairs)
    return None if len(found) == qubits * (qubits - 1) // 2 else found


_AZURE: Final = "learn.microsoft.com/azure/quantum/provider-ionq"
_FORTE_PAPER: Final = "arXiv:2506.07866, medians by direct randomized benchmarking"

DEVICES: Final[Mapping[str, IonqDevice]] = MappingProxyType(
    {
        device.name: device
        for device in (
            IonqDevice(
                "ionq.aria",
                "qpu.aria-1",
                25,
                "aria",
                "retired in 2026; its noise model remains",
                Characterization(
                    0.9995,
                    0.996,
                    0.9961,
                    t1=10.0,
                    t2=1.0,
                    time_1q=135e-6,
                    time_2q=600e-6,
                    source=_AZURE,
                    date="2025-09",
                ),
                "aria-1",
                (0.0005, 0.0133),
                retired=True,
            ),
            IonqDevice(
                "ionq.forte",
                "qpu.forte-1",
                36,
                "forte",
                "available",
                Characterization(
                    0.9998,
                    0.993,
                    0.995,
                    t1=10.0,
                    t2=1.0,
                    time_1q=130e-6,
                    time_2q=950e-6,
                    source=_FORTE_PAPER,
                    date="2025-06",
                ),
                "forte-1",
                (0.00026667, 0.00494933),
                max_shots=10_000,
            ),
            IonqDevice(
                "ionq.forte-enterprise",
                "qpu.forte-enterprise-1",
                36,
                "forte-enterprise",
                "available",
                Characterization(
                    0.9998,
                    0.9925,
                    0.9955,
                    t1=188.0,
                    t2=0.95,
                    time_1q=63e-6,
                    time_2q=650e-6,
                    time_readout=250e-6,
                    time_reset=150e-6,
                    source="device capabilities published by Amazon Braket",
                    date="2026-05-03",
                ),
                "forte-enterprise-1",
                max_shots=10_000,
            ),
            IonqDevice(
                "ionq.tempo",
                "qpu.tempo-1",
                100,
                "tempo",
                "announced; the numbers are targets, and the connectivity may be restricted",
                Characterization(0.9999, 0.999, source="ionq.com, targets", date="2026-10"),
            ),
            IonqDevice(
                "ionq.harmony",
                "qpu.harmony",
                11,
                "harmony",
                "retired in 2024",
                Characterization(
                    0.9935,
                    0.96,
                    0.993,
                    t1=1e4,
                    t2=0.2,
                    time_1q=10e-6,
                    time_2q=210e-6,
                    time_readout=100e-6,
                    time_reset=25e-6,
                    source=_AZURE,
                    date="2024",
                ),
                "harmony",
                retired=True,
            ),
            IonqDevice("ionq.simulator", "simulator", 29, None, "available", None, "ideal"),
        )
    }
)
"""The machines by name."""


def device(name: str | IonqDevice) -> IonqDevice:
    """The machine of this name, with or without `ionq.`, or by the service's name; a machine is
    itself.

    Raises `QS420` for an unknown one.
    """
    if isinstance(name, IonqDevice):
        return name
    known = DEVICES.get(name) or DEVICES.get(f"ionq.{name}")
    if known is None:
        known = next((found for found in DEVICES.values() if found.api_name == name), None)
    if known is None:
        names = ", ".join(DEVICES)
        raise error(
            "QS420",
            f"unknown target `{name}`",
            help=did_you_mean(name, DEVICES) or f"the targets are {names}",
        )
    return known
