"""Every gate in every basis that can express it, exact to the global phase."""

import pytest

from q_store.passes.bases import BASES, DETOURS, missing, read_basis, ways
from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.passes.manager import run_pipeline
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.ops import Gate
from q_store.qir.parser import parse_module
from q_store.qir.registry import all_gates
from q_store.qir.unitary import steps_matrix
from q_store.qir.verifier import verify
from q_store.testing.equivalence import assert_equivalent

ANGLES = (0.31, -1.27, 2.05, 0.77, -0.58, 1.9, -2.6, 0.13)
ROWS = [row for row in all_gates().values() if row.wires]
COMPLETE = [name for name in BASES if name != "clifford-t"]


def alone(row: Gate) -> Func:
    builder = FuncBuilder("main", row.wires or 0)
    builder.gate(row, range(row.wires or 0), ANGLES[: len(row.angle_names)])
    return builder.finish()


@pytest.mark.parametrize("basis", COMPLETE)
def test_every_gate_in_every_named_basis(basis: str) -> None:
    allowed = {*BASES[basis], "phase"}
    for row in ROWS:
        func = alone(row)
        result = Decompose((basis,)).on_func(func, Context())
        verify(result)
        assert {op.defn.mnemonic for op in result.gates} <= allowed
        assert_equivalent(func, result, "exact")


@pytest.mark.parametrize("name", DETOURS)
def test_detours_are_exact(name: str) -> None:
    row = all_gates()[name]
    angles = ANGLES[: len(row.angle_names)]
    for rule in DETOURS[name]:
        made = steps_matrix(rule(*angles), row.wires or 0)
        assert abs(made - row.matrix(*angles)).max() < 1e-12


def test_clifford_t_takes_what_it_can() -> None:
    basis = read_basis(("clifford-t",))
    expressible = {row.mnemonic for row in ROWS} & (basis | ways(basis).keys())
    assert {"swap", "iswap", "ccx", "cswap", "ch", "cs"} - expressible == {"ch"}
    assert "rx" not in expressible


def test_symbolic_angles_stay_affine() -> None:
    text = """qir 1
func @main(%w: f64[2]) -> (qubit, qubit) {
  %q0, %q1 = q.alloc 2
  %q0.1, %q1.1 = q.xx_plus_yy(%w[0], 2.0*%w[1] + 0.5) %q0, %q1
  return %q0.1, %q1.1
}
"""
    module = parse_module(text)
    result = run_pipeline("decompose{basis=sx-cx}", module)
    assert_equivalent(module.main, result.main, "exact")


def test_bodies_are_decomposed() -> None:
    text = """qir 1
func @main(%q: qubit) -> (qubit) {
  %q.1, %c = q.measure %q
  %q.2 = q.if %c, %q.1 {
    (%t)
    %t.1 = q.h %t
    yield %t.1
  }
  return %q.2
}
"""
    module = parse_module(text)
    result = run_pipeline("decompose", module)
    assert {op.defn.mnemonic for op in result.main.ops[1].regions[0].ops} == {"rz", "ry", "phase"}
    assert_equivalent(module.main, result.main, "exact")


def test_what_is_in_the_basis_stays_the_same_object() -> None:
    module = Module((alone(all_gates()["rx"]),))
    assert run_pipeline("decompose", module) is module
    assert run_pipeline("decompose{basis=rx}", module) is module


def test_a_gate_the_basis_cannot_express() -> None:
    module = parse_module(
        "qir 1\nfunc @f(%q: qubit) {\n  %q.1 = q.h %q\n  return %q.1\n}\n", "f.qir"
    )
    with pytest.raises(QStoreError) as caught:
        run_pipeline("decompose{basis=rz,cx}", module)
    assert caught.value.code == "QS408"
    shown = str(caught.value)
    assert "`h` cannot be written with cx, rz" in shown
    assert "f.qir:3:3" in shown
    assert "add one of rx, ry, h, sx" in shown


def test_the_gate_is_shown_when_its_place_is_unknown() -> None:
    module = Module((alone(all_gates()["rx"]),))
    with pytest.raises(QStoreError, match=r"the gate is .*q\.rx\(0\.31\) %q0"):
        run_pipeline("decompose{basis=clifford-t}", module)


def test_missing_names_what_would_help() -> None:
    assert "cx" in missing(read_basis(("rx", "rz")), "cz")
    assert missing(read_basis(("rotations-cx",)), "rx") == ["rx"]


def test_unknown_basis() -> None:
    module = Module((alone(all_gates()["rx"]),))
    with pytest.raises(QStoreError, match="did you mean `sx-cx`") as caught:
        run_pipeline("decompose{basis=sx-ccx}", module)
    assert caught.value.code == "QS409"
    with pytest.raises(QStoreError, match="named bases are rotations-cx"):
        run_pipeline("decompose{basis=qqqqq}", module)
