"""The equivalence assert accepts what is equal and refuses what is not."""

import numpy as np
import pytest
from hypothesis import given

from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func
from q_store.qir.parser import parse_module
from q_store.testing.equivalence import (
    MAX_MATRIX_QUBITS,
    assert_equivalent,
    bind,
    is_unitary,
    random_bindings,
)
from q_store.testing.strategies import circuits


def circuit(wires: int, *gates: tuple[str, list[int], list[float]]) -> Func:
    builder = FuncBuilder("main", wires)
    for name, at, angles in gates:
        builder.gate(name, at, angles)
    return builder.finish()


@given(circuits(mid_circuit=True, noise=True, max_qubits=3, max_ops=8))
def test_everything_equals_itself(func: Func) -> None:
    for sameness in ("exact", "phase", "observed"):
        assert_equivalent(func, func, sameness)


def test_a_global_phase_matters_only_when_asked() -> None:
    left, right = circuit(1, ("rz", [0], [0.5])), circuit(1, ("p", [0], [0.5]))
    assert_equivalent(left, right)
    with pytest.raises(AssertionError, match=r"not equivalent \(exact\)"):
        assert_equivalent(left, right, "exact")


@pytest.mark.parametrize("wires", [2, MAX_MATRIX_QUBITS + 1])
def test_a_wrong_gate_is_found_whatever_the_size(wires: int) -> None:
    rest = [("h", [wire], []) for wire in range(wires)]
    left = circuit(wires, *rest, ("cx", [0, 1], []), ("phase", [], [0.3]))
    right = circuit(wires, *rest, ("cx", [1, 0], []), ("phase", [], [0.3]))
    assert_equivalent(left, left, "exact")
    with pytest.raises(AssertionError):
        assert_equivalent(left, right)


def test_wires_must_come_back_in_the_same_order() -> None:
    func = circuit(2, ("h", [0], []))
    with pytest.raises(AssertionError):
        assert_equivalent(func, func.replace(results=func.results[::-1]))


def test_large_circuits_with_everything_unitary() -> None:
    text = """qir 1
func @main(%w: f64, %a: qubit) -> (qubit, qubit, qubit, qubit, qubit, qubit, qubit) {
  %b, %c, %d, %e, %f, %g = q.alloc 6
  %t = f.sin(%w)
  %a.1 = q.rx(%t) %a
  %a.2, %b.1 = q.barrier %a.1, %b
  return %b.1, %a.2, %c, %d, %e, %f, %g
}
"""
    func = parse_module(text).main
    assert_equivalent(func, func, "exact")
    with pytest.raises(AssertionError):
        assert_equivalent(func, parse_module(text.replace("f.sin", "f.cos")).main)


def test_measurements_compare_density_matrices_on_any_input() -> None:
    text = """qir 1
func @main(%q: qubit) -> (qubit) {{
  %q.1 = q.{gate} %q
  %q.2, %c = q.measure %q.1
  return %q.2
}}
"""
    left, right = (parse_module(text.format(gate=gate)).main for gate in ("h", "id"))
    assert not is_unitary(left)
    assert_equivalent(left, left)
    with pytest.raises(AssertionError):
        assert_equivalent(left, right)


def test_observed_results() -> None:
    text = """qir 1
func @main(%w: f64) {{
  %q = q.alloc 1
  %q.1 = q.ry(%w) %q
  %q.2 = q.{last} %q.1
  %e = m.observe %q.2 [{observed}]
  return %e
}}
"""

    def func(last: str, observed: str) -> Func:
        return parse_module(text.format(last=last, observed=observed)).main

    assert_equivalent(func("z", "expval(Z0)"), func("s", "expval(Z0)"), "observed")
    with pytest.raises(AssertionError):
        assert_equivalent(func("z", "expval(X0)"), func("s", "expval(X0)"), "observed")
    for sameness in ("exact", "phase", "observed"):
        for other in ("probs(0)", "expval(X0)"):
            with pytest.raises(AssertionError):
                assert_equivalent(func("z", "expval(Z0)"), func("z", other), sameness)
    assert_equivalent(func("z", "expval(Z0 + X0)"), func("z", "expval(X0 + Z0)"), "exact")


def test_how_many_results_and_whether_any() -> None:
    text = (
        "qir 1\nfunc @main() {\n  %q = q.alloc 1\n  %e = m.observe %q [expval(Z0)]\n  return %e\n}"
    )
    one = parse_module(text).main
    two = parse_module(text.replace("%e = ", "%e, %d = ").replace("(Z0)", "(Z0), expval(Z0)")).main
    for other in (two, circuit(1)):
        for sameness in ("exact", "observed"):
            with pytest.raises(AssertionError):
                assert_equivalent(one, other, sameness)


def test_bindings_have_the_shapes_of_the_parameters() -> None:
    text = "qir 1\nfunc @main(%x: f64[2] input, %w: f64[2,3], %t: f64) {\n  return\n}\n"
    bindings = list(random_bindings(parse_module(text).main, 4))
    assert [{name: value.shape for name, value in b.items()} for b in bindings] == [
        {"x": (2,), "w": (2, 3), "t": ()}
    ] * 4
    assert np.allclose(bindings[1]["w"] % (np.pi / 4), 0)
    assert not bindings[2]["w"].any()
    assert len(list(random_bindings(circuit(1)))) == 1


@given(circuits(max_qubits=2, mid_circuit=True, max_ops=8))
def test_binding_leaves_no_parameter(func: Func) -> None:
    (binding,) = random_bindings(func, 1)
    bound = bind(func, binding)
    assert all(arg.type.linear for arg in bound.args)
    renamed = {arg.name for arg in func.args} - {arg.name for arg in bound.args}
    assert renamed == binding.keys()
