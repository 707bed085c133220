"""What people submit: circuits of any kind as IonQ's circuits, and options by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.trace import as_func, trace_circuit
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.func import Func, Module
from q_store.targets.ionq.devices import device
from q_store.targets.ionq.json.circuits import Gateset, IonqCircuit, ionq_circuits
from q_store.targets.ionq.json.job import JobOptions
from q_store.targets.ionq.json.prepare import prepared


def to_ionq_circuits(
    circuit: Any,
    *,
    target: str = "ionq.simulator",
    gateset: Gateset | None = None,
    values: object = None,
    noise: str | None = None,
    level: int = 3,
    pauliexp: bool = False,
) -> list[IonqCircuit]:
    """Circuits as a client submits them: of one circuit, of each of a list, or of a module.

    Args:
        circuit: What `q_store.compile` takes, a list of it, or a `Module`. An `IonqCircuit` stays
            as it is.
        target: The machine, by our name or the service's.
        gateset: `qis` lets the service compile; `native` compiles here, for the machine or the
            noise model; `None` takes a circuit as it is.
        values: Numbers for parameters by name. For B circuits of one program, which is compiled
            once: B rows of numbers by name, where one number is the same in all; a list of B
            mappings; or an array (B, P) of rows [inputs | weights].
        noise: The noise model of the simulator, for which `native` compiles.
        level: How hard to compile, 0 to 3.
        pauliexp: Write Pauli rotations without a name of their own as `pauliexp`.

    Raises:
        QStoreError: `QS423`, `QS425`, `QS730`, `QS731`, `QS732`; see `qstorec explain`.
    """
    if isinstance(circuit, IonqCircuit):
        return [circuit]
    machine = device(target)
    made: list[IonqCircuit] = []
    for item in _items(circuit):
        if isinstance(item, IonqCircuit):
            made.append(item)
            continue
        ready, chosen = prepared(func_of(item), machine, gateset, noise=noise, level=level)
        made += ionq_circuits(
            ready, gateset=chosen, values=values, device=machine, pauliexp=pauliexp
        )
    return made


def job_options(**options: Any) -> JobOptions:
    """The options of a job. Raises `QS732` for an unknown one."""
    for name in options.keys() - set(JobOptions.__slots__):
        near = did_you_mean(name, JobOptions.__slots__)
        raise error("QS732", f"a job has no option `{name}`", help=near)
    return JobOptions(**options)


def func_of(circuit: Any) -> Func:
    """A circuit as it stands; a function of symbols is traced."""
    if isinstance(circuit, Func):
        return circuit
    if callable(circuit) or circuit is None:
        return trace_circuit(circuit).func
    return as_func(circuit)


def _items(circuit: Any) -> list[Any]:
    if isinstance(circuit, Module):
        return list(circuit.funcs)
    if isinstance(circuit, Sequence) and not isinstance(circuit, str | QuantumCircuit):
        return list(circuit)
    return [circuit]
