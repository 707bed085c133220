"""The IonQ face of q-store: the optimizer, IonQ's JSON, and the client of the service.

`from q_store.ionq import IonQOptimizer, IonQClient, to_ionq_json`. The client needs the extra
`ionq`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.ionq import read_circuits
from q_store.passes.ionq.measured import compile_measured
from q_store.passes.settle_wires import settled
from q_store.qir.diagnostics import Diagnostic, QStoreError, error
from q_store.qir.func import Func
from q_store.runtime.ionq_client.programs import func_of, job_options, to_ionq_circuits
from q_store.targets.ionq.cost import CostEstimate, compile_native, estimate, is_native
from q_store.targets.ionq.devices import IonqDevice, device
from q_store.targets.ionq.json.circuits import Gateset, IonqCircuit
from q_store.targets.ionq.json.job import JobOptions, job_body
from q_store.targets.ionq.json.schema import job_schema
from q_store.targets.ionq.rates import Rate, Rates

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.client import IonQClient
    from q_store.runtime.ionq_client.job import IonQJob
    from q_store.runtime.ionq_client.results import IonQResult
    from q_store.runtime.ionq_client.sessions import IonQSession
    from q_store.runtime.ionq_client.transport import Patience
    from q_store.runtime.ionq_service.http_server import IonqServer

Circuit = TypeVar("Circuit", QuantumCircuit, Func)

_WEIGHT_RANGE: Final = (2.0, 100.0)


class IonQOptimizer:
    """Compiles circuits to the native gates of an IonQ machine and says what they cost.

    >>> circuit = QuantumCircuit(2).h(0).cx(0, 1).rx(1, param="theta").measure_all()
    >>> optimizer = IonQOptimizer("ionq.forte")
    >>> optimizer.estimate_cost(optimizer.optimize(circuit), shots=1000).gates_2q
    1
    """

    def __init__(
        self,
        target_hardware: str | IonqDevice = "ionq.forte",
        *,
        optimization_level: int = 3,
        minimize_cost: bool = True,
        max_cost_per_shot: float | None = None,
        route: str = "auto",
        rates: str | os.PathLike[str] | Rates | None = None,
        strict: bool = False,
    ) -> None:
        """`target_hardware` is a name, or a machine such as `IonQClient.device` gives, whose
        connectivity is kept to.

        `minimize_cost` weighs pulses against entanglers by their prices, otherwise by their
        errors. A circuit whose gates cost more than `max_cost_per_shot` US dollars in a shot is
        reported as `QS422`: as a warning, or with `strict` as an error.

        Raises `QS420` for an unknown machine, `QS421` for unusable rates, `QS428` for a level or a
        limit out of range.
        """
        self.device: IonqDevice = device(target_hardware)
        if isinstance(optimization_level, bool) or optimization_level not in (0, 1, 2, 3):
            raise error("QS428", f"optimization_level must be 0 to 3, got {optimization_level!r}")
        if max_cost_per_shot is not None and not _is_price(max_cost_per_shot):
            raise error(
                "QS428", f"max_cost_per_shot must be a positive number, got {max_cost_per_shot!r}"
            )
        self.optimization_level = optimization_level
        self.minimize_cost = minimize_cost
        self.max_cost_per_shot = max_cost_per_shot
        self.route = route
        self.rates = rates if isinstance(rates, Rates) else Rates.load(rates)
        self.strict = strict
        self.diagnostics: tuple[Diagnostic, ...] = ()
        """What was found about the last circuit."""

    def optimize(self, circuit: Any) -> Any:
        """The circuit in native gates: a `QuantumCircuit`, or a `Func` when given one.

        Takes what `trace_circuit` takes. Parameters stay parameters. Qubits are taken to start in
        |0>, so that gates which do nothing to that go, and wires keep their order. Where not all
        pairs of the machine are coupled, they get places on it instead.
        Raises `QS422` in strict mode, `QS423` for too many qubits, and what tracing raises.
        """
        func = func_of(circuit)
        result = self._compile(func)
        self.diagnostics = self._check(result)
        for found in self.diagnostics:
            if self.strict:
                raise QStoreError(replace(found, severity="error"))
            warnings.warn(found.render(), RuntimeWarning, stacklevel=2)
        return result if isinstance(circuit, Func) else QuantumCircuit.from_ir(result)

    def estimate_cost(
        self,
        circuit: Any,
        shots: int = 1000,
        *,
        route: str | None = None,
        mitigation: bool = False,
    ) -> CostEstimate:
        """What running a circuit costs; one that is not native yet is compiled for it.

        `mitigation` is error mitigation (debiasing), which raises minimum prices.
        Raises `QS424` for a route without a price, `QS426` for shots out of range.
        """
        func = func_of(circuit)
        if not is_native(func, self.device):
            func = self._compile(func)
        return estimate(
            func,
            self.device,
            shots,
            rates=self.rates,
            route=route or self.route,
            mitigation=mitigation,
        )

    def _compile(self, func: Func) -> Func:
        target = self.device
        if func.n_qubits > target.qubits or target.model is None:
            return compile_native(func, target)
        level = self.optimization_level
        result = compile_measured(func, target.model, level, self._weight(), target.coupling)
        if target.coupling:
            return result
        final = result.observe.operands if result.observe else result.results
        return settled(result, final)

    def _weight(self) -> float:
        """What an entangler is worth in pulses."""
        rate = self._rate()
        if self.minimize_cost and rate is not None and rate.usd_1q > 0:
            weight = rate.usd_2q / rate.usd_1q
        else:
            known = self.device.characterization
            weight = (1 - known.fidelity_2q) / max(1 - known.fidelity_1q, 1e-9) if known else 8.0
        return min(max(weight, _WEIGHT_RANGE[0]), _WEIGHT_RANGE[1])

    def _rate(self) -> Rate | None:
        known = self.rates.routes(self.device.name)
        if self.route == "auto":
            return self.rates.rate(self.device.name) if known else None
        return self.rates.rate(self.device.name, self.route)

    def _check(self, func: Func) -> tuple[Diagnostic, ...]:
        limit, rate = self.max_cost_per_shot, self._rate()
        if limit is None or rate is None:
            return ()
        found = estimate(func, self.device, 1, rates=self.rates, route=rate.route)
        cost = found.cost_per_shot
        if cost is None or cost <= limit:
            return ()
        return (_too_dear(found, cost, limit),)


def _too_dear(found: CostEstimate, cost: float, limit: float) -> Diagnostic:
    return Diagnostic(
        "QS422",
        f"a shot on `{found.device}` costs ${cost:.6f}, more than max_cost_per_shot ${limit:.6f}",
        severity="warning",
        notes=(
            f"the cheapest form found has {found.gates_2q} entanglers and {found.gates_1q} pulses",
            f"price: {found.route}, {found.source} ({found.date})",
        ),
        help="use fewer layers, another machine or route, or raise the limit",
    )


def _is_price(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and value > 0


# --- JSON -------------------------------------------------------------------------------------


def to_ionq_json(
    circuit: Any,
    *,
    gateset: Gateset | None = None,
    values: object = None,
    level: int = 3,
    pauliexp: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """The body of a job for IonQ's service, `ionq.circuit.v1` or, for several circuits,
    `ionq.multi-circuit.v1`.

    The other arguments are those of `to_ionq_circuits`; `options` are the fields of `JobOptions`:
    `target`, `shots`, `name`, `metadata`, `noise`, `seed`, `debiasing`, `symmetry_verification`,
    `compilation`, `dry_run`, `session`, and `api="v0.3"` for the older version. `job_schema` is
    the JSON Schema of what is made. Raises what `to_ionq_circuits` raises, `QS426` for shots,
    `QS732` for other options, `QS733` where it is too much for one job; warns `QS734`.

    >>> body = to_ionq_json(QuantumCircuit(2).h(0).cx(0, 1), shots=100)
    >>> body["input"]["circuit"]
    [{'gate': 'h', 'target': 0}, {'gate': 'cnot', 'control': 0, 'target': 1}]
    """
    chosen = job_options(**options)
    circuits = to_ionq_circuits(
        circuit,
        target=chosen.target,
        gateset=gateset,
        values=values,
        noise=chosen.noise,
        level=level,
        pauliexp=pauliexp,
    )
    return job_body(circuits, chosen)


def from_ionq_json(
    document: str | bytes | Mapping[str, Any], *, strict: bool = False
) -> list[QuantumCircuit]:
    """The circuits of a job body or a circuit body, in order; see `q_store.frontends.ionq`.

    Each ends with a sample of each register the document names, or of all qubits. Raises `QS735`
    with the place in the document, and with `strict` `QS736` for what deviates from the format.
    """
    return read_circuits(document, strict=strict)


# --- the client -------------------------------------------------------------------------------

_CLIENT: Final = {
    "IonQClient": "client",
    "IonQJob": "job",
    "IonQResult": "results",
    "IonQSession": "sessions",
    "Patience": "transport",
}
"""What needs the extra, by the module it is in."""


def ionq_backend(backend: str, *, name: str | None = None, **options: Any) -> str:
    """A backend with options of its own: see `q_store.runtime.ionq_backend.options`."""
    from q_store.runtime.ionq_backend import options as machines

    return machines.ionq_backend(backend, name=name, **options)


def local_service(port: int = 0, **options: Any) -> IonqServer:
    """IonQ's service in this process, for programs and tests without a key; use it in a `with`.

    `url` is its address, for `IonQClient(url=…)` with any key. `options` are those of
    `q_store.runtime.ionq_service.service.ServiceOptions`, port 0 is a free one. `qstorec ionq
    serve` is the same as a process of its own.
    """
    from q_store.runtime.ionq_service.http_server import IonqServer
    from q_store.runtime.ionq_service.service import IonqService, ServiceOptions

    return IonqServer(IonqService(ServiceOptions(**options)), port)


def __getattr__(name: str) -> Any:
    if name not in _CLIENT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"q_store.runtime.ionq_client.{_CLIENT[name]}")
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] not in ("requests", "urllib3"):
            raise
        raise error(
            "QS801", f"{problem.name} is not installed", help="pip install 'q-store[ionq]'"
        ) from problem
    return getattr(module, name)


__all__ = [
    "CostEstimate",
    "IonQClient",
    "IonQJob",
    "IonQOptimizer",
    "IonQResult",
    "IonQSession",
    "IonqCircuit",
    "JobOptions",
    "Patience",
    "from_ionq_json",
    "ionq_backend",
    "job_options",
    "job_schema",
    "local_service",
    "to_ionq_circuits",
    "to_ionq_json",
]
