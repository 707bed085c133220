"""What the strategies promise: valid functions, every gate, redundancy, shrinking."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from q_store.passes.cost import cost
from q_store.passes.manager import run_pipeline
from q_store.qir.angle import Angle
from q_store.qir.func import Func, Module
from q_store.qir.printer import print_module
from q_store.qir.registry import all_gates
from q_store.qir.types import f64
from q_store.qir.values import Value
from q_store.qir.verifier import verify
from q_store.testing.strategies import angles, circuits, gate_rows, pick_wires

SAMPLE = settings(database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@given(circuits(min_qubits=0, mid_circuit=True, noise=True))
def test_functions_verify(func: Func) -> None:
    verify(func)


@given(circuits(min_qubits=2, max_qubits=3, observed=True, parameters=False, gates=("cx", "h")))
def test_limits_are_kept(func: Func) -> None:
    assert func.n_qubits in (2, 3)
    assert func.observe is not None
    assert func.args == ()
    # The third one prepares a state.
    assert {op.defn.mnemonic for op in func.gates} <= {"cx", "h", "ry"}


def test_every_small_gate_is_drawn() -> None:
    assert {row.mnemonic for row in gate_rows(5)} == set(all_gates())
    assert {row.wires for row in gate_rows(1)} == {0, 1}


def collect(strategy: st.SearchStrategy[Func], examples: int = 300) -> list[Func]:
    found: list[Func] = []

    @settings(SAMPLE, max_examples=examples)
    @given(strategy)
    def draw(func: Func) -> None:
        found.append(func)

    draw()
    return found


def test_peephole_passes_have_something_to_do() -> None:
    modules = [Module((func,)) for func in collect(circuits())]
    for name, least in (("cancel", 0.3), ("merge-rotations", 0.15), ("canonicalize", 0.4)):
        changed = sum(run_pipeline(name, module) is not module for module in modules)
        assert changed >= least * len(modules)
    assert any(cost(module.main).gates == 0 for module in modules)


def test_everything_a_function_may_contain_is_drawn() -> None:
    # What is drawn depends on the modules Hypothesis has seen, so rare ops need many examples.
    functions = collect(circuits(mid_circuit=True, noise=True), 1200)
    text = "".join(print_module(Module((func,))) for func in functions)
    for word in (
        *("q.measure", "q.reset", "q.if", "q.barrier", "n.bit_flip", "f.sin", "f.mul", "q.phase"),
        *("expval", "probs", "sample", "[state]", "%q0: qubit", "%x[0]", "%theta", "yield"),
    ):
        assert word in text


def test_counterexamples_shrink_to_little() -> None:
    func = find(circuits(), lambda func: any(op.defn.name == "q.cx" for op in func.gates))
    assert cost(func).gates == 1
    assert func.n_qubits == 2


def test_angles_are_over_the_given_refs() -> None:
    x = Value(f64(2), "x")
    refs = [(x, (0,)), (x, (1,))]

    @given(angles(refs), angles())
    def check(symbolic: Angle, number: Angle) -> None:
        assert {ref for ref, _ in symbolic.terms} <= set(refs)
        assert number.is_const

    check()


@pytest.mark.parametrize(("count", "wires"), [(1, 1), (2, 3), (3, 3), (2, 4)])
def test_every_choice_of_wires_has_a_code(count: int, wires: int) -> None:
    chosen = {tuple(pick_wires(code, count, wires)) for code in range(5040)}
    assert all(len(set(at)) == count for at in chosen)
    expected = 1
    for size in range(wires - count + 1, wires + 1):
        expected *= size
    assert len(chosen) == expected


def test_a_missing_hypothesis_names_the_extra() -> None:
    code = "import sys\nsys.modules['hypothesis'] = None\nimport q_store.testing.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'q-store[dev]'" in done.stderr


def test_wide_gates_alone_find_their_qubits() -> None:
    functions = collect(circuits(gates=("dcx", "cswap"), max_qubits=3))
    assert {func.n_qubits for func in functions} == {2, 3}
