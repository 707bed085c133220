"""What a native program costs: pulses, entanglers, time, errors and dollars.

Pulses (`gpi`, `gpi2`) and entanglers (`ms`, `zz`) are counted; `rz` is no pulse. Gates act one at a
time on one chain of ions, so times add up. Success is the product of the fidelities of all gates
and of preparing and reading every observed qubit; decay while a qubit waits is not part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from q_store.passes.analysis import all_ops, wires
from q_store.passes.ionq.measured import LEVELS, compile_measured
from q_store.passes.ionq_native import IonqNative
from q_store.passes.manager import run_pipeline
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import counted, error
from q_store.qir.func import Func, Module
from q_store.qir.ops import Op
from q_store.qir.values import Value
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.rates import Rate, Rates

PULSES: Final = frozenset({"ionq.gpi", "ionq.gpi2"})
ENTANGLERS: Final = frozenset({"ionq.ms", "ionq.zz"})
_NO_RATE: Final = Rate("none", "", "free", source="no price is known")
_FREE: Final = frozenset({"q.rz", "q.phase"})


@dataclass(frozen=True, slots=True)
class OpCost:
    """What one gate costs per shot."""

    gate: str
    qubits: tuple[int, ...]
    seconds: float | None
    error: float | None
    """One minus the fidelity; `None` where nothing is published."""
    usd: float
    """The price of the gate in one shot; 0 where a route does not charge for gates."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a program costs on one machine by one route, for some shots."""

    device: str
    route: str
    rule: str
    shots: int
    mitigation: bool
    gates_1q: int
    """Pulses."""
    gates_2q: int
    """Entanglers."""
    native_gate_count: int
    optimized_depth: int
    """Layers of pulses and entanglers."""
    entangling_depth: int
    """Layers of entanglers."""
    shot_seconds: float | None
    """Gates, readout and reset of one shot."""
    seconds: float | None
    """All shots; the queue is not known."""
    success: float | None
    """The probability that no error happens in a shot."""
    cost_per_shot: float | None
    """The price of one more shot."""
    total_cost: float | None
    """The price of the program in US dollars; `None` where it is not known."""
    source: str
    date: str
    other_routes: Mapping[str, float | None]
    """Total cost by every other known route."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        values = {name: getattr(self, name) for name in CostEstimate.__slots__}
        return {**values, "other_routes": dict(self.other_routes)}


def compile_native(
    func: Func, device: IonqDevice, level: int = 3, *, measured: bool = False, weight: float = 8.0
) -> Func:
    """The function in the native gates of the machine; itself when it is already.

    The same operator, or with `measured` the same results from |0>, as jobs are compiled, and as
    it must be where qubits get places because not all pairs are coupled. `weight` is what an
    entangler costs, counted in pulses. Raises `QS423` for more qubits than the machine has.
    """
    if func.n_qubits > device.qubits:
        raise error(
            "QS423",
            f"`{device.name}` has {counted(device.qubits, 'qubit')}, the circuit {func.n_qubits}",
        )
    if device.model is None or is_native(func, device):
        return func
    if measured or device.coupling:
        return compile_measured(func, device.model, level, weight, device.coupling)
    native = IonqNative(device.model, LEVELS[level], weight)
    return run_pipeline(Pipeline((native,)), Module((func,))).main


def is_native(func: Func, device: IonqDevice) -> bool:
    """Whether every gate is played by the machine, on qubits that can interact, or costs
    nothing."""
    played = {f"ionq.{name}" for name in device.native_gates}
    numbers = wires(func)
    return all(
        op.defn.name in _FREE
        or (
            op.defn.name in played
            and (len(op.operands) < 2 or device.can_interact(*[numbers[v] for v in op.operands]))
        )
        for op in all_ops(func.ops)
        if op.is_gate
    )


def op_costs(func: Func, device: IonqDevice, rate: Rate | None = None) -> list[OpCost]:
    """The cost of every pulse and entangler of a native function, in order.

    Qubits are numbered as allocated. Raises `QS425` for a gate that is not native.
    """
    numbers = wires(func)
    return [
        _op_cost(op, tuple([numbers[value] for value in op.operands]), device, rate)
        for op in all_ops(func.ops)
        if op.is_gate and op.defn.name not in _FREE
    ]


def _op_cost(op: Op, qubits: tuple[int, ...], device: IonqDevice, rate: Rate | None) -> OpCost:
    known = device.characterization
    if op.defn.name in PULSES:
        seconds, fidelity = (known.time_1q, known.fidelity_1q) if known else (None, 1.0)
        usd = rate.usd_1q if rate else 0.0
    elif op.defn.name in ENTANGLERS:
        seconds, fidelity = (known.time_2q, known.fidelity_2q) if known else (None, 1.0)
        usd = rate.usd_2q if rate else 0.0
    else:
        raise error(
            "QS425",
            f"`{op.defn.name}` is not native to `{device.name}`",
            help="compile first: ionq-native",
        )
    return OpCost(op.defn.mnemonic, qubits, seconds, 1.0 - fidelity, usd)


def estimate(
    func: Func,
    device: IonqDevice,
    shots: int,
    *,
    rates: Rates | None = None,
    route: str = "auto",
    mitigation: bool = False,
) -> CostEstimate:
    """The cost of running a native function so many times.

    Where no route to the machine has a price, the estimate has none either.
    On the ideal simulator every gate of any kind counts as played. Raises `QS424` for a named route
    without a price, `QS425` for a gate that is not native, `QS426` for shots out of range.
    """
    if isinstance(shots, bool) or not isinstance(shots, int) or not 0 < shots <= device.max_shots:
        raise error(
            "QS426", f"shots must be a whole number from 1 to {device.max_shots}, got {shots!r}"
        )
    table = rates or Rates.load()
    known = table.routes(device.name)
    rate = table.rate(device.name, route) if known or route != "auto" else _NO_RATE
    gates_1q, gates_2q = _counts(func, device)
    seconds = _shot_seconds(device, gates_1q, gates_2q)
    priced = rate is not _NO_RATE
    return CostEstimate(
        device=device.name,
        route=rate.route,
        rule=rate.rule,
        shots=shots,
        mitigation=mitigation,
        gates_1q=gates_1q,
        gates_2q=gates_2q,
        native_gate_count=gates_1q + gates_2q,
        optimized_depth=_depth(func, 1),
        entangling_depth=_depth(func, 2),
        shot_seconds=seconds,
        seconds=None if seconds is None else seconds * shots,
        success=_success(func, device, gates_1q, gates_2q),
        cost_per_shot=rate.per_shot(gates_1q, gates_2q, seconds) if priced else None,
        total_cost=rate.total(gates_1q, gates_2q, seconds, shots, mitigation) if priced else None,
        source=rate.source,
        date=rate.date,
        other_routes=MappingProxyType(
            {
                other.route: other.total(gates_1q, gates_2q, seconds, shots, mitigation)
                for other in known
                if other is not rate
            }
        ),
    )


def _counts(func: Func, device: IonqDevice) -> tuple[int, int]:
    if device.model is None:
        sizes = [len(op.operands) for op in all_ops(func.ops) if op.is_gate and op.operands]
        return sizes.count(1), len(sizes) - sizes.count(1)
    costs = op_costs(func, device)
    return sum(len(c.qubits) == 1 for c in costs), sum(len(c.qubits) == 2 for c in costs)


def _shot_seconds(device: IonqDevice, gates_1q: int, gates_2q: int) -> float | None:
    known = device.characterization
    if known is None or known.time_1q is None or known.time_2q is None:
        return None
    fixed = (known.time_readout or 0.0) + (known.time_reset or 0.0)
    return gates_1q * known.time_1q + gates_2q * known.time_2q + fixed


def _success(func: Func, device: IonqDevice, gates_1q: int, gates_2q: int) -> float | None:
    known = device.characterization
    if known is None:
        return 1.0 if device.model is None else None
    spam = (known.fidelity_spam or 1.0) ** _read_qubits(func)
    return float(known.fidelity_1q**gates_1q * known.fidelity_2q**gates_2q * spam)


def _read_qubits(func: Func) -> int:
    """Observed qubits; all of them where nothing says which."""
    from q_store.qir.observables import observation_qubits

    observe = func.observe
    read: set[int] = set()
    for seen in observe.observations if observe else ():
        qubits = observation_qubits(seen)
        if qubits is None:
            return func.n_qubits
        read.update(qubits)
    return len(read) if observe else func.n_qubits


def _depth(func: Func, least: int) -> int:
    """Layers of gates on so many wires and more; `rz` takes no time."""
    reached: dict[Value, int] = {}
    for op in all_ops(func.ops):
        layer = max([reached.get(value, 0) for value in op.operands], default=0)
        played = op.is_gate and op.defn.name not in _FREE and len(op.operands) >= least
        reached.update(dict.fromkeys(op.results, layer + played))
    return max(reached.values(), default=0)
