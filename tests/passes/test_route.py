"""Gates on coupled pairs only, with the same meaning and few swaps."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from q_store import QuantumCircuit
from q_store.passes.analysis import wires
from q_store.passes.manager import run_pipeline
from q_store.passes.route import Route
from q_store.passes.routing.coupling import chains, coupling_of
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.ops import Gate
from q_store.testing.contract import assert_pass_contract
from q_store.testing.strategies import circuits


def line(n: int) -> tuple[str, ...]:
    return ("-".join(map(str, range(n))),)


def grid(rows: int, columns: int) -> tuple[str, ...]:
    lines = [range(row * columns, (row + 1) * columns) for row in range(rows)]
    lines += [range(column, rows * columns, columns) for column in range(columns)]
    return tuple("-".join(map(str, places)) for places in lines)


STAR = ("1-0-2", "3-0-4")
MACHINES = [line(4), line(6), grid(2, 3), STAR, ("0-1-2-3-4-0",)]


def swaps(func: Func) -> int:
    return sum(op.defn.name == "q.swap" for op in func.ops)


def routed(circuit: QuantumCircuit, coupling: tuple[str, ...], **options: int) -> Func:
    func = run_pipeline("expand-entanglers", Module((circuit.to_ir(),))).main
    return Route(coupling, **options).run(Module((func,)), None).main


def assert_coupled(func: Func, texts: tuple[str, ...]) -> None:
    coupling, numbers = coupling_of(texts), wires(func)
    for op in func.ops:
        if isinstance(op.defn, Gate) and len(op.operands) == 2:
            assert coupling.coupled(*[numbers[value] for value in op.operands]), op


def is_routable(func: Func) -> bool:
    """No bodies on several qubits."""
    bodies = [op for op in func.ops if op.regions]
    return all(sum(value.type.linear for value in op.operands) == 1 for op in bodies)


@pytest.mark.parametrize("coupling", MACHINES, ids=str)
def test_observed_circuits_keep_their_meaning(coupling):
    @given(circuits(max_qubits=4, max_ops=10, mid_circuit=True, noise=True, observed=True))
    def check(func):
        small = run_pipeline("decompose", Module((func,))).main
        assume(is_routable(small))
        assert_coupled(assert_pass_contract(Route(coupling, trials=1), small).main, coupling)

    check()


@given(circuits(max_qubits=4, max_ops=10, observed=False), st.permutations(range(4)))
def test_circuits_that_return_their_qubits_fill_the_machine(func, order):
    if func.n_qubits != 4 or any(arg.type.linear for arg in func.args):
        return
    small = run_pipeline("decompose", Module((func,))).main
    coupling = ("-".join(map(str, order)),)
    assert_coupled(assert_pass_contract(Route(coupling, trials=1), small).main, coupling)


def test_what_fits_stays_the_same_object():
    func = QuantumCircuit(3).h(0).cx(0, 1).cx(1, 2).measure_all().to_ir()
    module = Module((func,))
    assert Route(line(3)).run(module, None) is module
    assert Route().run(module, None) is module


def test_a_placement_without_swaps_is_found():
    circuit = QuantumCircuit(6)
    ring = [3, 0, 5, 1, 4, 2]
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        circuit.cx(a, b)
    found = routed(circuit.measure_all(), grid(2, 3))
    assert swaps(found) == 0
    assert_coupled(found, grid(2, 3))


def test_only_places_in_use_are_allocated():
    circuit = QuantumCircuit(3).cx(0, 1).cx(1, 2).cx(0, 2).measure_all()
    assert routed(circuit, line(50)).n_qubits <= 4


def test_gates_that_commute_change_their_order():
    """One exchange serves all; in the order of the program every other gate would need one."""
    circuit = QuantumCircuit(3)
    for _ in range(4):
        circuit.rzz(0, 1, 0.1).rzz(1, 2, 0.2).rzz(0, 2, 0.3)
    found = routed(circuit.measure_all(), line(3))
    assert swaps(found) == 1
    assert_pass_contract(Route(line(3)), run_pipeline("verify", Module((circuit.to_ir(),))).main)


@pytest.mark.parametrize(
    ("n", "coupling", "most"), [(5, line(5), 8), (8, line(8), 22), (9, grid(3, 3), 14)], ids=str
)
def test_fourier_transforms_take_few_swaps(n, coupling, most):
    """On a line every pair must meet, which takes n(n-1)/2 - (n-1) swaps."""
    circuit = QuantumCircuit(n)
    for qubit in range(n):
        circuit.h(qubit)
        for other in range(qubit + 1, n):
            circuit.cp(other, qubit, 1.0 / (other - qubit))
    found = routed(circuit.measure_all(), coupling)
    assert_coupled(found, coupling)
    assert swaps(found) <= most


def test_larger_circuits():
    draw = random.Random(1)
    circuit = QuantumCircuit(16)
    for _ in range(150):
        a, b = draw.sample(range(16), 2)
        circuit.ry(a, draw.random()).cx(a, b)
    found = routed(circuit.measure_all(), grid(5, 5), trials=1)
    assert_coupled(found, grid(5, 5))
    assert sum(op.defn.name == "q.rzx" for op in found.ops) == 150


def test_pairs_become_chains():
    assert chains({(1, 2), (0, 1)}) == ("0-1", "1-2")


@pytest.mark.parametrize("text", ["0", "0-0", "a-b", "0:1", "-1-2", "0-1-"])
def test_unusable_chains(text):
    with pytest.raises(QStoreError, match="chains of different qubits") as caught:
        routed(QuantumCircuit(2).cx(0, 1), (text,))
    assert caught.value.code == "QS415"


def test_what_cannot_be_routed_is_an_error():
    wide = QuantumCircuit(3).ccx(0, 1, 2).measure_all()
    with pytest.raises(QStoreError, match="`ccx` has 3"):
        Route(line(3)).run(Module((wide.to_ir(),)), None)
    with pytest.raises(QStoreError, match="has 3 qubits, the machine 2 that are connected"):
        routed(QuantumCircuit(3).cx(0, 2), ("0-1", "2-3"))
    with pytest.raises(QStoreError, match="has 3 qubits, the machine 2 that are connected"):
        routed(QuantumCircuit(3).cx(0, 1).cx(1, 2), ("1-2-3",))
    with pytest.raises(QStoreError, match="`trials` of `route` must be positive"):
        routed(QuantumCircuit(2).cx(0, 1), line(2), trials=0)
