"""Machines on which not all pairs of qubits can interact."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store import QuantumCircuit
from q_store.ionq import IonQOptimizer, to_ionq_json
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Module
from q_store.targets.ionq.cost import compile_native, is_native
from q_store.targets.ionq.devices import device
from q_store.testing.equivalence import assert_equivalent
from q_store.testing.strategies import circuits

LADDER = frozenset({(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)})
TEMPO = replace(device("ionq.tempo"), connectivity=LADDER, qubits=6)


@given(
    circuits(max_qubits=4, max_ops=6, observed=True),
    st.sampled_from(["ionq.aria", "ionq.tempo"]),
    st.integers(0, 3),
)
def test_programs_keep_their_meaning_and_the_pairs(func, name, level):
    machine = replace(device(name), connectivity=LADDER, qubits=6)
    small = run_pipeline("decompose", Module((func,))).main
    native = compile_native(small, machine, level)
    assert is_native(native, machine)
    assert_equivalent(small, native, sameness="observed")


def test_gates_on_other_pairs_are_not_native():
    circuit = QuantumCircuit(6).h(0).cx(0, 5).measure_all()
    everywhere = compile_native(circuit.to_ir(), device("ionq.tempo"))
    assert is_native(everywhere, device("ionq.tempo"))
    assert not is_native(everywhere, TEMPO)
    assert is_native(compile_native(everywhere, TEMPO), TEMPO)


def test_the_optimizer_takes_a_machine():
    ring = QuantumCircuit(5)
    for qubit in range(5):
        ring.ry(qubit, param=f"t{qubit}").cx(qubit, (qubit + 1) % 5)
    ring.measure_all()
    optimizer = IonQOptimizer(TEMPO)
    native = optimizer.optimize(ring.to_ir())
    assert is_native(native, TEMPO)
    assert [arg.name for arg in native.args] == [f"t{qubit}" for qubit in range(5)]
    assert_equivalent(ring.to_ir(), native, sameness="observed")
    free = IonQOptimizer("ionq.tempo")
    there, elsewhere = (o.estimate_cost(ring, shots=100) for o in (optimizer, free))
    assert there.gates_2q > elsewhere.gates_2q == 5
    body = to_ionq_json(native, target="ionq.tempo", values={f"t{q}": 0.3 for q in range(5)})
    pairs = [gate["targets"] for gate in body["input"]["circuit"] if "targets" in gate]
    assert pairs
    assert all(TEMPO.can_interact(*pair) for pair in pairs)


def test_too_many_qubits():
    with pytest.raises(QStoreError, match=r"`ionq\.tempo` has 6 qubits, the circuit 7"):
        compile_native(QuantumCircuit(7).h(0).to_ir(), TEMPO)
