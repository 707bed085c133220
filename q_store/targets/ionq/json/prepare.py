"""From anybody's function to one a job can hold: compiled where native gates are wanted."""

from __future__ import annotations

from typing import Final

from q_store.passes.ionq.measured import compile_measured
from q_store.passes.ionq_native import Device
from q_store.qir.diagnostics import counted, error
from q_store.qir.func import Func
from q_store.targets.ionq.cost import is_native
from q_store.targets.ionq.devices import IonqDevice
from q_store.targets.ionq.json.circuits import GATESETS, Gateset

_SIMULATED: Final[tuple[tuple[str, Device], ...]] = (("aria", "aria"), ("harmony", "harmony"))


def prepared(
    func: Func,
    target: IonqDevice,
    gateset: Gateset | None = None,
    *,
    noise: str | None = None,
    level: int = 3,
) -> tuple[Func, Gateset]:
    """The function as a job for `target` takes it, and the gate set it is in.

    `None` takes the circuit as it is: native where every gate is, else `qis`, which the service
    compiles itself. For `native` other gates are compiled, by the noise model on the simulator.
    Raises `QS423` for more qubits than the target has, `QS732` for an unknown gate set.
    """
    if gateset is not None and gateset not in GATESETS:
        raise error("QS732", f"gateset must be 'qis' or 'native', got {gateset!r}")
    if func.n_qubits > target.qubits:
        raise error(
            "QS423",
            f"`{target.name}` has {counted(target.qubits, 'qubit')}, the circuit {func.n_qubits}",
        )
    gates = [op.defn.name for op in func.ops if op.is_gate]
    native = any(name.startswith("ionq.") for name in gates) and _plays(func, target)
    if gateset is None:
        gateset = "native" if native else "qis"
    if gateset == "qis" or native:
        return func, gateset
    model = target.model or _model(noise)
    return compile_measured(func, model, level, coupling=target.coupling), gateset


def _plays(func: Func, target: IonqDevice) -> bool:
    """Whether every gate is native to the target; the simulator plays them all."""
    if target.model is not None:
        return is_native(func, target)
    names = {op.defn.name for op in func.ops if op.is_gate}
    return all(name.startswith("ionq.") or name in ("q.rz", "q.phase") for name in names)


def _model(noise: str | None) -> Device:
    for start, model in _SIMULATED:
        if noise is not None and noise.startswith(start):
            return model
    return "forte"
