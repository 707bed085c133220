"""What jobs cost here: the rates of `q_store.targets.ionq`, on the gates as submitted.

IonQ publishes no direct price. The rule is that of the `auto` route of `rates.toml`, or of the
user's file: for gates and shots, at least a minimum for each job. Gates count as Azure's pricing
page counts them: a gate on N > 2 qubits is 6 (N - 2) two-qubit gates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from q_store.runtime.ionq_service.messages import Refused
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.rates import Rate, Rates

_TWO_QUBIT: Final = frozenset({"swap", "xx", "yy", "zz", "ms"})
_FREE: Final = frozenset({"nop"})


@dataclass(frozen=True, slots=True)
class GateCount:
    """Gates of one circuit, or of all circuits of a job."""

    one: int = 0
    two: int = 0

    def __add__(self, other: GateCount) -> GateCount:
        return GateCount(self.one + other.one, self.two + other.two)


def count_gates(circuit: Sequence[Mapping[str, Any]]) -> GateCount:
    """The gates of a circuit as they are charged."""
    one = two = 0
    for gate in circuit:
        single, double = _counted(gate)
        one, two = one + single, two + double
    return GateCount(one, two)


def _counted(gate: Mapping[str, Any]) -> tuple[int, int]:
    name = gate["gate"]
    if name in _FREE:
        return 0, 0
    if name == "pauliexp":
        return _evolution(gate.get("terms") or ())
    controls = len(gate.get("controls") or ()) + ("control" in gate)
    wires = controls + (2 if name in _TWO_QUBIT else 1)
    if wires == 1:
        return 1, 0
    return (0, 1) if wires == 2 else (0, 6 * (wires - 2))


def _evolution(terms: Sequence[str]) -> tuple[int, int]:
    """A word on w qubits is w - 2 CX on each side of one rotation of a pair."""
    weights = [sum(letter != "I" for letter in term) for term in terms]
    return weights.count(1), sum(2 * weight - 3 for weight in weights if weight > 1)


class Prices:
    """Estimates and prices of jobs on any machine."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates

    def rate(self, device: IonqDevice) -> Rate:
        """What a machine charges. Raises `Refused` where nothing is known."""
        if not self.rates.routes(device.name):
            raise Refused(400, f"no price is known for {device.api_name!r}", "backend")
        return self.rates.rate(device.name)

    def usd(self, device: IonqDevice, gates: GateCount, shots: int, mitigation: bool) -> float:
        """The price of a job in US dollars."""
        seconds = shot_seconds(device, gates)
        total = self.rate(device).total(gates.one, gates.two, seconds, shots, mitigation)
        return round(total or 0.0, 6)

    def card(self, device: IonqDevice) -> dict[str, Any]:
        """IonQ's rate card; rates that are neither by gate nor by time are none there."""
        rate = self.rate(device)
        entry: dict[str, Any] = {"sku": f"{rate.route}:{device.api_name}"}
        if rate.rule == "seconds":
            entry |= {"unit": "compute_second", "unit_cost": rate.usd_second}
        else:
            entry |= {
                "unit": "gates",
                "cost_1q_gate": rate.usd_1q,
                "cost_2q_gate": rate.usd_2q,
                "job_cost_minimum": rate.minimum,
            }
        return {"id": f"{rate.route}-{rate.date}", "rates": [entry]}


def shot_seconds(device: IonqDevice, gates: GateCount) -> float | None:
    """How long the machine takes for one shot; gates act one at a time. `None` if not known."""
    known = device.characterization
    if known is None or known.time_1q is None or known.time_2q is None:
        return None
    fixed = (known.time_readout or 0.0) + (known.time_reset or 0.0)
    return gates.one * known.time_1q + gates.two * known.time_2q + fixed


def execution_ms(device: IonqDevice, gates: GateCount, shots: int) -> int:
    """How long the machine takes for all shots, in milliseconds; 0 where that is not known."""
    return round(1e3 * (shot_seconds(device, gates) or 0.0) * shots)
