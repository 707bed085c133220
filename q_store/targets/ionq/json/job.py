"""Job bodies: circuits with everything else the service wants to know."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from q_store.qir.diagnostics import Diagnostic, counted, did_you_mean, error
from q_store.qir.ionq_names import MEASURED
from q_store.targets.ionq.devices import IonqDevice, device
from q_store.targets.ionq.json.circuits import IonqCircuit

Api = Literal["v0.4", "v0.3"]
APIS: Final[tuple[Api, ...]] = ("v0.4", "v0.3")
NOISE_QUBITS: Final[Mapping[str, int]] = {
    "ideal": 29,
    "harmony": 11,
    "harmony-1": 11,
    "harmony-2": 11,
    "aria-1": 25,
    "aria-2": 25,
    "forte-1": 29,
    "forte-enterprise-1": 29,
}
"""Noise models of the simulator, and how many qubits each takes (docs.ionq.com, noise models)."""
MAX_CIRCUITS: Final = 5_000
MAX_GATES: Final = 150_000
"""Of all circuits of a multi-circuit job."""
MAX_BODY: Final = 10_000_000
"""Bytes of a request."""
MIN_DEBIASED: Final = 500
_MAX_SEED: Final = 2**31 - 1
_MAX_METADATA: Final = 400
"""Characters of a metadata value that every version of the service takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a job says beside its circuits. `None` leaves a field out."""

    target: str = "ionq.simulator"
    """A machine by our name or by the service's, `qpu.forte-1`."""
    shots: int | None = None
    name: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    noise: str | None = None
    """A noise model of the simulator, `forte-1`."""
    seed: int | None = None
    """Of the noise, 1 to 2**31 - 1."""
    debiasing: bool | None = None
    """`None` leaves the choice to the service, which debiases on machines from 500 shots on."""
    symmetry_verification: bool | None = None
    compilation: Mapping[str, Any] = field(default_factory=dict)
    """`opt`, `precision`, `gate_basis` of the service's compiler."""
    dry_run: bool = False
    session: str | None = None
    api: Api = "v0.4"


def job_body(circuits: Sequence[IonqCircuit], options: JobOptions) -> dict[str, Any]:
    """The body of `POST /jobs` for one circuit, or for several in one job.

    Raises `QS423` for too many qubits, `QS426` for shots, `QS732` for other options, `QS733` for
    too many circuits or gates, `QS420` for an unknown target; warns `QS734`.
    """
    target = device(options.target)
    _check(circuits, options, target)
    body = _head_v04(circuits, options, target) if options.api == "v0.4" else None
    body = body or _head_v03(options, target)
    if options.shots is not None:
        body["shots"] = options.shots
    if options.name is not None:
        body["name"] = options.name
    body["input"] = _input(circuits, options.api)
    if metadata := _metadata(circuits, options):
        body["metadata"] = metadata
    if options.api == "v0.3" and len(circuits) == 1 and not circuits[0].is_plain:
        body["registers"] = _registers(circuits[0], options.api)
    if options.noise is not None:
        seed = {} if options.seed is None else {"seed": options.seed}
        body["noise"] = {"model": options.noise, **seed}
    return body


def body_text(body: Mapping[str, Any]) -> str:
    """The body as compact JSON. Raises `QS733` above the 10 MB the service takes."""
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    if len(text.encode()) > MAX_BODY:
        raise error(
            "QS733",
            f"the job takes {len(text.encode()) / 1e6:.1f} MB of JSON, the service takes "
            f"{MAX_BODY / 1e6:.0f} MB",
            help="put fewer circuits into a job",
        )
    return text


def circuit_body(circuit: IonqCircuit) -> dict[str, Any]:
    """A circuit by itself, the `input` of a job."""
    if circuit.text:
        return {"data": circuit.text}
    return {
        "gateset": circuit.gateset,
        "qubits": circuit.qubits,
        "circuit": list(circuit.gates),
    }


def _head_v04(
    circuits: Sequence[IonqCircuit], options: JobOptions, target: IonqDevice
) -> dict[str, Any]:
    kind = "ionq.circuit.v1" if len(circuits) == 1 else "ionq.multi-circuit.v1"
    if circuits[0].text:
        kind = "ionq.qasm3.v1"
    body: dict[str, Any] = {"type": kind, "backend": target.api_name}
    mitigation = {
        key: value
        for key, value in (
            ("debiasing", options.debiasing),
            ("symmetry_verification", options.symmetry_verification),
        )
        if value is not None
    }
    settings: dict[str, Any] = {"error_mitigation": mitigation} if mitigation else {}
    if options.compilation:
        settings["compilation"] = dict(options.compilation)
    if settings:
        body["settings"] = settings
    if options.dry_run:
        body["dry_run"] = True
    if options.session is not None:
        body["session_id"] = options.session
    return body


def _head_v03(options: JobOptions, target: IonqDevice) -> dict[str, Any]:
    body: dict[str, Any] = {"target": target.api_name}
    if options.debiasing is not None:
        body["error_mitigation"] = {"debias": options.debiasing}
    return body


def _input(circuits: Sequence[IonqCircuit], api: Api) -> dict[str, Any]:
    head = {"format": "ionq.circuit.v0"} if api == "v0.3" else {}
    if len(circuits) == 1:
        return head | circuit_body(circuits[0])
    gatesets = {circuit.gateset for circuit in circuits}
    common = circuits[0].gateset
    items = []
    for circuit in circuits:
        item: dict[str, Any] = {"name": circuit.name, "circuit": list(circuit.gates)}
        item["qubits"] = circuit.qubits
        if len(gatesets) > 1:
            item["gateset"] = circuit.gateset
        if not circuit.is_plain:
            item["registers"] = _registers(circuit, api)
        items.append(item)
    qubits = max(circuit.qubits for circuit in circuits)
    return head | {"gateset": common, "qubits": qubits, "circuits": items}


def _registers(circuit: IonqCircuit, api: Api) -> dict[str, list[int]]:
    """Version 0.3 knows one register, which says where each bit of a result comes from."""
    if api == "v0.3":
        return {"meas_mapped": [qubit for part in circuit.registers for qubit in part]}
    single = len(circuit.registers) == 1
    return {
        "c" if single else f"c{i}": list(register) for i, register in enumerate(circuit.registers)
    }


def _metadata(circuits: Sequence[IonqCircuit], options: JobOptions) -> dict[str, str]:
    """The user's own, and the measurement map where there is something to say and it fits."""
    metadata = dict(options.metadata)
    if not all(circuit.is_plain for circuit in circuits):
        text = ";".join(map(measured_text, circuits))
        if len(text) <= _MAX_METADATA:
            metadata[MEASURED] = text
    return metadata


def measured_text(circuit: IonqCircuit) -> str:
    """`0,2|!1`: registers of qubits, `!` before one whose bit is inverted."""
    return "|".join(
        ",".join("!" * (qubit in circuit.flipped) + str(qubit) for qubit in register)
        for register in circuit.registers
    )


# --- checks -----------------------------------------------------------------------------------


def _check(circuits: Sequence[IonqCircuit], options: JobOptions, target: IonqDevice) -> None:
    if not circuits:
        raise error("QS732", "a job needs at least one circuit")
    _check_size(circuits)
    for circuit in circuits:
        if circuit.qubits > target.qubits:
            raise error(
                "QS423",
                f"`{target.name}` has {counted(target.qubits, 'qubit')}, the circuit "
                f"`{circuit.name}` {circuit.qubits}",
            )
    _check_shots(options, target)
    _check_noise(circuits, options, target)
    _check_texts(options)
    if options.api not in APIS:
        raise error("QS732", f"api must be {' or '.join(APIS)}, got {options.api!r}")
    if options.api == "v0.3":
        _check_v03(options)
        if circuits[0].text:
            raise error("QS732", "measurements in the middle and resets need api='v0.4'")


def _check_size(circuits: Sequence[IonqCircuit]) -> None:
    if len(circuits) > 1 and any(circuit.text for circuit in circuits):
        raise error(
            "QS733",
            "a circuit with measurements in the middle or resets is a job of its own, "
            f"got {len(circuits)} circuits",
            help="IonQClient.submit_all makes a job of each",
        )
    if len(circuits) > MAX_CIRCUITS:
        raise error("QS733", f"a job holds {MAX_CIRCUITS} circuits, got {len(circuits)}")
    gates = sum(len(circuit.gates) for circuit in circuits)
    if len(circuits) > 1 and gates > MAX_GATES:
        raise error("QS733", f"the circuits of a job have {MAX_GATES} gates at most, got {gates}")


def _check_shots(options: JobOptions, target: IonqDevice) -> None:
    shots = options.shots
    if shots is None:
        return
    if isinstance(shots, bool) or not isinstance(shots, int) or not 0 < shots <= target.max_shots:
        raise error(
            "QS426", f"shots must be a whole number from 1 to {target.max_shots}, got {shots!r}"
        )
    if options.debiasing and shots < MIN_DEBIASED:
        found = Diagnostic(
            "QS734",
            f"debiasing has no effect below {MIN_DEBIASED} shots, got {shots}",
            severity="warning",
        )
        warnings.warn(found.render(), RuntimeWarning, stacklevel=4)


def _check_noise(circuits: Sequence[IonqCircuit], options: JobOptions, target: IonqDevice) -> None:
    model, seed = options.noise, options.seed
    if seed is not None and (
        model is None
        or isinstance(seed, bool)
        or not isinstance(seed, int)
        or not 0 < seed <= _MAX_SEED
    ):
        raise error("QS732", f"seed goes with a noise model and is 1 to {_MAX_SEED}, got {seed!r}")
    if model is None:
        return
    if target.api_name != "simulator":
        raise error(
            "QS732",
            f"noise={model!r} is for the simulator, and the target is `{target.name}`",
            help="target='ionq.simulator'",
        )
    if model not in NOISE_QUBITS:
        known = ", ".join(NOISE_QUBITS)
        raise error(
            "QS732",
            f"unknown noise model {model!r}",
            help=did_you_mean(str(model), NOISE_QUBITS) or f"known: {known}",
        )
    widest = max(circuit.qubits for circuit in circuits)
    if widest > NOISE_QUBITS[model]:
        raise error(
            "QS423",
            f"the noise model `{model}` takes {NOISE_QUBITS[model]} qubits, a circuit has {widest}",
        )


def _check_texts(options: JobOptions) -> None:
    texts = {"name": options.name, "session": options.session}
    for option, text in texts.items():
        if text is not None and not (isinstance(text, str) and text):
            raise error("QS732", f"{option} must be a text that is not empty, got {text!r}")
    for key, value in options.metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise error("QS732", f"metadata must map texts to texts, got {key!r}: {value!r}")
    for key in options.compilation.keys() - {"opt", "precision", "gate_basis", "service_version"}:
        raise error("QS732", f"compilation has no setting `{key}`")


def _check_v03(options: JobOptions) -> None:
    only_new = {
        "compilation": options.compilation,
        "symmetry_verification": options.symmetry_verification,
        "dry_run": options.dry_run,
        "session": options.session,
    }
    for option, value in only_new.items():
        if value:
            raise error("QS732", f"{option} needs api='v0.4', v0.3 has no such field")
