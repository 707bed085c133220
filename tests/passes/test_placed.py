"""Native programs for machines on which not all pairs are coupled."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from q_store import QuantumCircuit
from q_store.passes.expand_entanglers import ExpandEntanglers
from q_store.passes.ionq_native import IonqNative
from q_store.passes.manager import run_pipeline
from q_store.passes.resynthesize_pairs import ResynthesizePairs
from q_store.passes.route import Route
from q_store.qir.func import Module
from q_store.testing.contract import assert_pass_contract
from q_store.testing.strategies import circuits
from tests.passes.test_route import assert_coupled, is_routable, line


@given(
    circuits(max_qubits=4, max_ops=8, observed=True),
    st.sampled_from("0123"),
    st.sampled_from(["aria", "forte"]),
)
def test_native_gates_stay_on_their_pairs(func, level, device):
    small = run_pipeline("expand-entanglers,relabel-swaps", Module((func,))).main
    assume(is_routable(small))
    routed = Route(line(4), trials=1).run(Module((small,)), None).main
    native = assert_pass_contract(IonqNative(device, level, placed=True), routed).main
    assert_coupled(native, line(4))


@pytest.mark.parametrize("name", ["swap", "iswap", "iswapdg", "dcx", "cxswap", "czswap"])
def test_exchanges_are_rotations_where_qubits_are_placed(name):
    circuit = QuantumCircuit(2)
    getattr(circuit, name)(0, 1)
    expanded = assert_pass_contract(ExpandEntanglers(placed=True), circuit.to_ir()).main
    pairs = [op.defn.mnemonic for op in expanded.ops if op.is_gate and len(op.operands) == 2]
    assert len(pairs) == (3 if name == "swap" else 2)
    assert "swap" not in pairs


def test_a_swap_takes_up_its_neighbours():
    """Any gates on one pair are three entanglers at most, the exchange included."""
    circuit = QuantumCircuit(2).rzz(0, 1, 0.3).ry(0, 0.4).rx(1, 0.2).swap(0, 1).rxx(0, 1, 0.7)
    expanded = ExpandEntanglers(placed=True).run(circuit.to_module(), None).main
    made = assert_pass_contract(ResynthesizePairs(placed=True), expanded).main
    names = [op.defn.mnemonic for op in made.ops if op.is_gate and len(op.operands) == 2]
    assert sorted(names) == ["rxx", "ryy", "rzz"]
