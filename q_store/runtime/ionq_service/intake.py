"""What the body of a new job must be, in v0.4 and in v0.3; everything else is refused.

Bodies of published clients that stray from the published schema are taken as they are meant: a
`shots` that is text, `lang`, a `seed` that is null, the fields of `pauliexp`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from q_store.frontends.qasm import read_measurements
from q_store.passes.analysis import all_ops
from q_store.qir.diagnostics import QStoreError
from q_store.runtime.ionq_service.charges import GateCount, count_gates
from q_store.runtime.ionq_service.machines import NATIVE_GATES, QIS_GATES
from q_store.runtime.ionq_service.messages import Refused

MAX_BODY: Final = 10_000_000
MAX_SHOTS: Final = 1_000_000
MAX_CIRCUITS: Final = 5_000
MAX_GATES: Final = 150_000
DEFAULT_SHOTS: Final = 100
NOISE_MODELS: Final = (
    *("ideal", "harmony", "harmony-1", "harmony-2", "aria-1", "aria-2"),
    *("forte-1", "forte-enterprise-1"),
)
SINGLE: Final = "ionq.circuit.v1"
MULTI: Final = "ionq.multi-circuit.v1"
QASM3: Final = "ionq.qasm3.v1"
TYPES: Final = (SINGLE, MULTI, QASM3)

_GATES: Final = {"qis": frozenset(QIS_GATES), "native": frozenset(NATIVE_GATES)}
_V04: Final = frozenset(
    {"type", "backend", "input", "name", "shots", "metadata", "session_id"}
    | {"settings", "dry_run", "noise", "lang"}
)
_V03: Final = frozenset(
    {"target", "input", "lang", "body", "name", "shots", "metadata", "noise"}
    | {"error_mitigation", "registers", "dry_run"}
)
_V03_FORMATS: Final = ("ionq.circuit.v0", None)


@dataclass(frozen=True, slots=True)
class CircuitPart:
    """One circuit of a job."""

    name: str | None
    gateset: str
    qubits: int
    gates: list[dict[str, Any]]
    registers: dict[str, list[int | None]] | None
    text: str = ""
    """OpenQASM 3 instead of gates."""
    written: tuple[int, int] = (0, 0)
    """One- and two-qubit gates of that text."""

    def input(self) -> dict[str, Any]:
        """The part as the `input` of a job of its own."""
        if self.text:
            return {"data": self.text}
        return {"gateset": self.gateset, "qubits": self.qubits, "circuit": self.gates}

    def count(self) -> GateCount:
        """Its gates as they are charged."""
        return GateCount(*self.written) if self.text else count_gates(self.gates)


@dataclass(frozen=True, slots=True)
class Submission:
    """A body that is in order."""

    version: str
    type: str
    backend: str
    name: str | None
    shots: int
    session: str | None
    dry_run: bool
    metadata: dict[str, str] | None
    settings: dict[str, Any]
    noise: dict[str, Any] | None
    circuits: tuple[CircuitPart, ...]

    @property
    def mitigated(self) -> bool:
        """Whether debiasing was asked for."""
        return bool((self.settings.get("error_mitigation") or {}).get("debiasing"))

    @property
    def qubits(self) -> int:
        """Qubits of the largest circuit."""
        return max([part.qubits for part in self.circuits], default=0)


def read_v04(body: Mapping[str, Any]) -> Submission:
    """A job of v0.4. Raises `Refused`."""
    _known(body, _V04)
    kind = _one_of(body, "type", TYPES)
    content = _object(body, "input", required=True)
    return Submission(
        version="v0.4",
        type=kind,
        backend=_text(body, "backend", required=True) or "",
        name=_text(body, "name"),
        shots=_shots(body),
        session=_text(body, "session_id"),
        dry_run=_flag(body, "dry_run"),
        metadata=_metadata(body),
        settings=_settings(body),
        noise=_noise(body),
        circuits=_circuits(content, kind),
    )


def read_v03(body: Mapping[str, Any]) -> Submission:
    """A job of v0.3, in its older form of `lang` and `body` too. Raises `Refused`."""
    _known(body, _V03)
    older = "body" in body
    content = _object(body, "body" if older else "input", required=True)
    if content.get("format") not in _V03_FORMATS:
        raise Refused(400, f"input.format must be 'ionq.circuit.v0', got {content['format']!r}")
    kind = MULTI if "circuits" in content else SINGLE
    mitigation = _object(body, "error_mitigation")
    settings = {"error_mitigation": {"debiasing": _flag(mitigation, "debias")}}
    content = {name: value for name, value in content.items() if name != "format"}
    return Submission(
        version="v0.3",
        type=kind,
        backend=_text(body, "target") or "simulator",
        name=_text(body, "name"),
        shots=_shots(body),
        session=None,
        dry_run=_flag(body, "dry_run"),
        metadata=_metadata(body),
        settings=settings if mitigation else {},
        noise=_noise(body),
        circuits=_circuits(content, kind),
    )


READERS: Final[dict[str, Callable[[Mapping[str, Any]], Submission]]] = {
    "v0.4": read_v04,
    "v0.3": read_v03,
}


# --- the envelope -----------------------------------------------------------------------------


def _known(body: Mapping[str, Any], keys: frozenset[str]) -> None:
    for key in body:
        if key not in keys:
            raise Refused(400, f"unexpected key {key!r}", key)


def _one_of(body: Mapping[str, Any], key: str, values: tuple[str, ...]) -> str:
    found = body.get(key)
    if not isinstance(found, str) or found not in values:
        raise Refused(400, f"{key} must be one of {', '.join(values)}, got {found!r}", key)
    return str(found)


def _text(body: Mapping[str, Any], key: str, required: bool = False) -> str | None:
    found = body.get(key)
    if found is None and not required:
        return None
    if not isinstance(found, str) or (required and not found):
        raise Refused(400, f"{key} must be a text, got {found!r}", key)
    return found


def _flag(body: Mapping[str, Any], key: str) -> bool:
    found = body.get(key)
    if found is None:
        return False
    if not isinstance(found, bool):
        raise Refused(400, f"{key} must be true or false, got {found!r}", key)
    return found


def _object(body: Mapping[str, Any], key: str, required: bool = False) -> dict[str, Any]:
    found = body.get(key)
    if found is None and not required:
        return {}
    if not isinstance(found, dict):
        raise Refused(400, f"{key} must be an object, got {type(found).__name__}", key)
    return found


def _shots(body: Mapping[str, Any]) -> int:
    found = body.get("shots", DEFAULT_SHOTS)
    if isinstance(found, str) and found.isascii() and found.isdecimal():
        found = int(found[:12])
    if not _whole(found) or not 1 <= found <= MAX_SHOTS:
        raise Refused(400, f"shots must be an integer from 1 to {MAX_SHOTS}", "shots")
    return int(found)


def _whole(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _metadata(body: Mapping[str, Any]) -> dict[str, str] | None:
    if body.get("metadata") is None:
        return None
    return {
        name: value if isinstance(value, str) else str(value)
        for name, value in _object(body, "metadata").items()
    }


def _settings(body: Mapping[str, Any]) -> dict[str, Any]:
    settings = _object(body, "settings")
    mitigation = _object(settings, "error_mitigation")
    for name in ("debiasing", "symmetry_verification"):
        _flag(mitigation, name)
    _object(settings, "compilation")
    return settings


def _noise(body: Mapping[str, Any]) -> dict[str, Any] | None:
    noise = _object(body, "noise")
    if not noise:
        return None
    model = _one_of(noise, "model", NOISE_MODELS)
    seed = noise.get("seed")
    if seed is not None and not (_whole(seed) and 0 <= seed < 2**31):
        raise Refused(400, f"noise.seed must be an integer from 1 to {2**31 - 1}", "noise.seed")
    return {"model": model} | ({} if seed is None else {"seed": int(seed)})


# --- circuits ---------------------------------------------------------------------------------


def _circuits(content: Mapping[str, Any], kind: str) -> tuple[CircuitPart, ...]:
    if kind == QASM3:
        return (_openqasm(_text(content, "data", required=True) or ""),)
    if kind == SINGLE:
        if "circuits" in content:
            raise Refused(400, f"input.circuits goes with the type {MULTI}", "input.circuits")
        return (_circuit(content, "input", None, 0),)
    return _several(content)


def _openqasm(text: str) -> CircuitPart:
    try:
        circuit, _ = read_measurements(text, "input.data")
        func = circuit.to_ir()
    except QStoreError as problem:
        raise Refused(400, problem.diagnostics[0].message, "input.data") from None
    if any(op.defn.name == "q.if" for op in func.ops):
        raise Refused(400, "conditions on measured bits are not supported", "input.data")
    if func.args:
        raise Refused(400, "inputs of a program have no values here", "input.data")
    sizes = [len(op.operands) for op in all_ops(func.ops) if op.is_gate and op.operands]
    two = sum(1 if size == 2 else 6 * (size - 2) for size in sizes if size > 1)
    return CircuitPart(None, "qis", func.n_qubits, [], None, text, (sizes.count(1), two))


def _several(content: Mapping[str, Any]) -> tuple[CircuitPart, ...]:
    if "circuit" in content:
        raise Refused(400, "input.circuit does not go with input.circuits", "input.circuit")
    listed = content.get("circuits")
    if not isinstance(listed, list) or not listed:
        raise Refused(400, "input.circuits must be a list of circuits", "input.circuits")
    if len(listed) > MAX_CIRCUITS:
        raise Refused(400, f"a job holds at most {MAX_CIRCUITS} circuits, got {len(listed)}")
    gateset, qubits = content.get("gateset"), content.get("qubits")
    parts = []
    for index, circuit in enumerate(listed):
        where = f"input.circuits[{index}]"
        if not isinstance(circuit, dict):
            raise Refused(400, f"{where} must be an object", where)
        parts.append(_circuit(circuit, where, gateset, qubits or 0))
    total = sum(len(part.gates) for part in parts)
    if total > MAX_GATES:
        raise Refused(400, f"a job holds at most {MAX_GATES} gates in all, got {total}")
    return tuple(parts)


def _circuit(
    content: Mapping[str, Any], where: str, gateset: str | None, qubits: int
) -> CircuitPart:
    own = content.get("gateset", gateset)
    if not isinstance(own, str) or own not in _GATES:
        raise Refused(400, f"{where}.gateset must be qis or native, got {own!r}", "gateset")
    gates = content.get("circuit")
    if not isinstance(gates, list):
        raise Refused(400, f"{where}.circuit must be a list of gates", f"{where}.circuit")
    used = 0
    for index, gate in enumerate(gates):
        used = max(used, _gate(gate, f"{where}.circuit[{index}]", _GATES[own]))
    given = content.get("qubits", qubits or used)
    if not _whole(given) or given < max(used, 1):
        raise Refused(
            400, f"{where}.qubits must be at least {max(used, 1)}, got {given!r}", "qubits"
        )
    return CircuitPart(
        _text(content, "name"), own, int(given), gates, _registers(content, where, int(given))
    )


def _gate(gate: object, where: str, known: frozenset[str]) -> int:
    """One more than the largest qubit of a gate; angles and arity are checked when it is read."""
    if not isinstance(gate, dict):
        raise Refused(400, f"{where} must be an object", where)
    name = gate.get("gate")
    if not isinstance(name, str) or name not in known:
        raise Refused(400, f"{where}: gate {name!r} is not in this gate set", f"{where}.gate")
    wires = [gate[key] for key in ("target", "control") if key in gate]
    for key in ("targets", "controls"):
        some = gate.get(key, [])
        if not isinstance(some, list):
            raise Refused(400, f"{where}.{key} must be a list", f"{where}.{key}")
        wires += some
    if not wires or not all(_whole(wire) and 0 <= wire < 1_000 for wire in wires):
        raise Refused(400, f"{where}: targets and controls must be qubits from 0 up", where)
    return int(max(wires)) + 1


def _registers(
    content: Mapping[str, Any], where: str, qubits: int
) -> dict[str, list[int | None]] | None:
    registers = _object(content, "registers")
    for name, wires in registers.items():
        fine = isinstance(wires, list) and all(
            wire is None or (_whole(wire) and 0 <= wire < qubits) for wire in wires
        )
        if not fine:
            raise Refused(400, f"{where}.registers.{name} must list qubits", "registers")
    return registers or None
