"""Functions as IonQ's circuits: gates as JSON, and where each measured bit is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from q_store.qir import dialects
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import error
from q_store.qir.func import Func
from q_store.qir.ionq_names import FINAL
from q_store.qir.observables import Sample
from q_store.targets.executable import Executable
from q_store.targets.ionq.binding import NativeBatch, bind_native
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.json.qis import qis_parts
from q_store.targets.ionq.json.wiring import MIDDLE, Wiring, unwired
from q_store.targets.ionq.parameters import angles_of
from q_store.targets.lower import lower
from q_store.targets.to_qasm import to_qasm3

if TYPE_CHECKING:
    from numpy.typing import NDArray

Gateset = Literal["qis", "native"]
GATESETS: Final[tuple[Gateset, ...]] = ("qis", "native")
_FREE: Final = frozenset({"rz", "phase", "swap"})
_ANGLES: Final = {"gpi": "phase", "gpi2": "phase", "zz": "angle"}
_NOTHING: Final[dict[Gateset, list[dict[str, Any]]]] = {
    "qis": [{"gate": "rz", "target": 0, "rotation": 0.0}],
    "native": [
        {"gate": "gpi2", "target": 0, "phase": 0.0},
        {"gate": "gpi2", "target": 0, "phase": 0.5},
    ],
}
"""The service refuses circuits without gates; these do nothing."""


@dataclass(frozen=True, slots=True)
class IonqCircuit:
    """One circuit as IonQ's service takes it. Qubit k is bit k of a result's integer."""

    name: str
    gateset: Gateset
    qubits: int
    gates: tuple[dict[str, Any], ...]
    wires: tuple[int, ...]
    """The qubit that carries each observed wire."""
    registers: tuple[tuple[int, ...], ...]
    """Qubits of each register in the order of its bits: one register per sample of the circuit, or
    a single one with all observed wires."""
    flipped: frozenset[int] = frozenset()
    """Qubits whose bit is the opposite of what the circuit means."""
    text: str = ""
    """OpenQASM 3 in place of gates, for measurements and resets in the middle."""

    @property
    def is_plain(self) -> bool:
        """Whether one register holds every qubit in order, so that nothing needs to be said."""
        return self.registers == (tuple(range(self.qubits)),) and not self.flipped


def ionq_circuits(
    func: Func,
    *,
    gateset: Gateset = "qis",
    values: object = None,
    device: IonqDevice | None = None,
    pauliexp: bool = False,
    flips: Literal["play", "read"] = "play",
) -> list[IonqCircuit]:
    """The circuits of a function, one for each row of `values` (see `angles_of`).

    For `native` the function must be in native gates, as `ionq-native` leaves it, with `rz` and
    swaps anywhere: their effect goes into the phases of later pulses and into the order of qubits,
    and what is left at the end does not show in a measurement. Binding may leave a qubit whose bit
    is inverted: `flips` says whether a last pulse turns it back (`play`), or the reader does
    (`read`).

    Raises `QS730` for parameters without a value, `QS731` for what the format cannot express, and
    `QS425` for a gate that is not native, or not to `device`.

    Circuits with measurements in the middle or resets have a `text` in OpenQASM 3 and no gates.
    """
    if has_middle(func):
        return openqasm_circuits(func, gateset, values)
    wiring = unwired(func)
    executable = lower(wiring.func)
    angles = angles_of(executable, values)
    if gateset == "native":
        _check_native(executable, device)
        return list(_native(wiring, bind_native(executable, angles), flips == "read"))
    parts = list(qis_parts(executable, angles, pauliexp=pauliexp))
    made = []
    for row in range(len(angles)):
        gates = [part.entry(row) for part in parts]
        made.append(_circuit(wiring, "qis", executable.n_qubits, gates, range(executable.n_qubits)))
    return made


def has_middle(func: Func) -> bool:
    """Whether qubits are measured in the middle or reset."""
    return any(op.defn in MIDDLE for op in func.ops)


def openqasm_circuits(func: Func, gateset: Gateset, values: object) -> list[IonqCircuit]:
    """OpenQASM 3, a text for each row of values; the service compiles it."""
    if gateset == "native":
        raise error(
            "QS731",
            "measurements in the middle and resets are not written with native gates",
            help="gateset='qis'",
        )
    wiring = unwired(func, middle=True)
    executable = lower(wiring.func)
    bits = [op.results[1].name for op in func.ops if op.defn is dialects.MEASURE]
    made = []
    for row in angles_of(executable, values).tolist():
        circuit = _circuit(wiring, "qis", executable.n_qubits, [], range(executable.n_qubits))
        text = to_qasm3(_numeric(executable, func.name, row, bits), register=FINAL)
        made.append(replace(circuit, gates=(), text=text))
    return made


def _numeric(executable: Executable, name: str, angles: list[float], bits: list[str]) -> Func:
    """The ops of an executable with numbers for angles; at the end all qubits are sampled."""
    builder, names = FuncBuilder(name, executable.n_qubits), iter(bits)
    for op, code in enumerate(executable.opcode.tolist()):
        row = executable.op_names[code]
        wires = executable.wires[slice(*executable.wire_ptr[op : op + 2])].tolist()
        if row == dialects.MEASURE.name:
            builder.measure(wires[0], name=next(names))
        elif row == dialects.RESET.name:
            builder.gate(dialects.RESET, wires)
        else:
            builder.gate(row, wires, angles[slice(*executable.slot_ptr[op : op + 2])])
    return builder.finish([Sample(tuple(range(executable.n_qubits)))])


def _check_native(executable: Executable, device: IonqDevice | None) -> None:
    played = device.native_gates if device else ("gpi", "gpi2", "ms", "zz")
    if device is not None and device.model is None:
        played = ("gpi", "gpi2", "ms", "zz")
    for name in executable.op_names:
        if name not in played and name not in _FREE:
            where = f" to `{device.name}`" if device else ""
            raise error(
                "QS425", f"`{name}` is not native{where}", help="compile first: ionq-native"
            )


def _native(wiring: Wiring, batch: NativeBatch, read: bool) -> Iterator[IonqCircuit]:
    rows: list[list[float]] = batch.turns.tolist()
    flips: NDArray[Any] = batch.flips
    for turns, inverted in zip(rows, flips, strict=True):
        gates = [
            _entry(name, wires, turns[batch.slot_ptr[k] : batch.slot_ptr[k + 1]])
            for k, (name, wires) in enumerate(zip(batch.gates, batch.wires, strict=True))
        ]
        turned = [q for q in range(batch.n_qubits) if inverted[q]]
        if not read:
            gates += [{"gate": "gpi", "target": q, "phase": 0.0} for q in turned]
            turned = []
        yield _circuit(wiring, "native", batch.n_qubits, gates, batch.order, frozenset(turned))


def _entry(name: str, wires: Sequence[int], turns: Sequence[float]) -> dict[str, Any]:
    if name == "ms":
        phases = [turn + 0.0 for turn in turns[:2]]
        return {"gate": name, "targets": list(wires), "phases": phases, "angle": turns[2] + 0.0}
    where = {"target": wires[0]} if len(wires) == 1 else {"targets": list(wires)}
    return {"gate": name, **where, _ANGLES[name]: turns[0] + 0.0}


def _circuit(
    wiring: Wiring,
    gateset: Gateset,
    qubits: int,
    gates: list[dict[str, Any]],
    order: Sequence[int],
    flipped: frozenset[int] = frozenset(),
) -> IonqCircuit:
    """`order` is where each qubit, numbered as allocated, has gone."""
    if qubits == 0:
        raise error("QS731", f"@{wiring.func.name} has no qubits")
    places = tuple([order[place] for place in wiring.places])
    registers = tuple([tuple([places[wire] for wire in wires]) for wires in wiring.registers])
    listed = tuple(gates or _NOTHING[gateset])
    return IonqCircuit(wiring.func.name, gateset, qubits, listed, places, registers, flipped)
