"""Bound native programs mean what the program means there, within the ranges of the machine."""

from math import pi

import numpy as np
import pytest
from hypothesis import given, settings

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.observing import observe
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module, element_refs
from q_store.qir.unitary import steps_matrix
from q_store.runtime.reference_func import unitary_of_func
from q_store.targets.ionq.binding import NativeBatch, bind_native, slot_values
from q_store.targets.lower import lower
from q_store.testing.equivalence import random_bindings
from q_store.testing.strategies import circuits


def played(batch: NativeBatch, row: int) -> np.ndarray:
    """The unitary of one row, frames included, rows in the order of the observed qubits."""
    steps = []
    for k, (name, wires) in enumerate(zip(batch.gates, batch.wires, strict=True)):
        own = batch.turns[row, batch.slot_ptr[k] : batch.slot_ptr[k + 1]]
        steps.append((name, wires, tuple(2 * pi * float(turn) for turn in own)))
    for q in range(batch.n_qubits):
        steps.append(("rz", (q,), (float(batch.frames[row, q]),)))
        steps += [("x", (q,), ())] if batch.flips[row, q] else []
    n = batch.n_qubits
    tensor = steps_matrix(steps, n).reshape((2,) * n + (-1,))
    return tensor.transpose([*batch.order, n]).reshape(2**n, 2**n)


def check_ranges(batch: NativeBatch) -> None:
    for k, name in enumerate(batch.gates):
        own = batch.turns[:, batch.slot_ptr[k] : batch.slot_ptr[k + 1]]
        phases = own[:, : {"ms": 2, "zz": 0}.get(name, 1)]
        assert np.all((phases > -0.5) & (phases <= 0.5))
        if name in ("ms", "zz"):
            low = 0.0 if name == "ms" else -0.25
            assert np.all((low <= own[:, -1]) & (own[:, -1] <= 0.25))


def parameters(func: Func, bindings: list) -> np.ndarray:
    args = (*func.args_with_role("input"), *func.args_with_role("weight"))
    refs = [ref for arg in args for ref in element_refs(arg)]
    rows = [[float(binding[v.name][index]) for v, index in refs] for binding in bindings]
    return np.array(rows, np.float64).reshape(len(bindings), len(refs))


@pytest.mark.parametrize("device", ["aria", "forte"])
def test_every_row_is_the_program_at_its_values(device: str) -> None:
    @settings(max_examples=60)
    @given(circuits(max_qubits=4, max_ops=10))
    def check(func: Func) -> None:
        native = run_pipeline(f"ionq-native{{device={device} level=1}}", Module((func,))).main
        if any(op.defn.dialect == "f" for op in native.ops):
            return
        # Only what is observed has an order in an executable.
        native = native if native.observe else observe(native, None, "state")
        executable = lower(native)
        # More than a turn, so that ranges matter.
        bindings = [{k: 2.5 * v for k, v in b.items()} for b in random_bindings(native, 3)]
        batch = bind_native(executable, slot_values(executable, parameters(native, bindings)))
        check_ranges(batch)
        for row, binding in enumerate(bindings):
            same_up_to_phase(played(batch, row), unitary_of_func(native, binding), native)

    check()


def same_up_to_phase(made: np.ndarray, wanted: np.ndarray, native: Func) -> None:
    overlap = abs(np.vdot(made, wanted)) / len(made)
    assert overlap == pytest.approx(1.0, abs=1e-9), str(native)


def test_a_batch_is_one_program() -> None:
    circuit = QuantumCircuit(2).rzz(0, 1, param="t").rx(0, param="s").rxx(0, 1, param="t")
    for device, angle in (("aria", 0.2), ("forte", 0.2)):
        native = run_pipeline(f"ionq-native{{device={device}}}", Module((circuit.to_ir(),))).main
        executable = lower(native)
        values = np.linspace(-10, 10, 401)
        params = np.stack([values, np.full(401, angle)], axis=1)
        batch = bind_native(executable, slot_values(executable, params))
        assert batch.turns.shape[0] == 401
        assert len(batch.gates) == len(batch.wires) == len(batch.slot_ptr) - 1
        check_ranges(batch)


def test_a_program_without_gates() -> None:
    swapped = observe(QuantumCircuit(2).swap(0, 1).to_ir(), None, "state")
    executable = lower(run_pipeline("relabel-swaps", Module((swapped,))).main)
    batch = bind_native(executable, np.zeros((3, 0)))
    assert (batch.gates, batch.turns.shape, batch.order) == ((), (3, 0), (1, 0))


def test_other_gates_are_refused() -> None:
    executable = lower(QuantumCircuit(1).h(0).to_ir())
    with pytest.raises(QStoreError, match="QS425"):
        bind_native(executable, np.zeros((1, 0)))


@pytest.mark.parametrize("machine", ["aria", "forte"])
def test_phases_of_clifford_gates_are_eighths_without_a_rest(machine: str) -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 1).s(1).cx(1, 2).t(2).h(2).measure_all()
    (func,) = run_pipeline(f"ionq-native{{device={machine}}}", Module((circuit.to_ir(),))).funcs
    executable = lower(func)
    batch = bind_native(executable, slot_values(executable, np.zeros((1, 0))))
    assert np.all(batch.turns * 8 == np.rint(batch.turns * 8))
    check_ranges(batch)
