"""FuncBuilder threads wires so that what it makes always verifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module, element_names, element_refs, is_parameter_type
from q_store.qir.observables import Expval, PauliSum, Probs, Sample, State
from q_store.qir.ops import Op
from q_store.qir.registry import all_gates, find_controlled, gate, op_def
from q_store.qir.types import BIT, F64, QUBIT, f64
from q_store.qir.values import Value
from q_store.qir.verifier import verify


@given(st.data())
def test_what_is_built_verifies(data: st.DataObject) -> None:
    builder = FuncBuilder("f", data.draw(st.integers(0, 5)))
    w = builder.param("w", f64(2))
    fitting = [row for row in all_gates().values() if row.wires <= len(builder.wires)]
    for row in data.draw(st.lists(st.sampled_from(fitting), max_size=10)):
        wires = data.draw(st.permutations(range(len(builder.wires))))[: row.wires]
        angles = [Angle.of(w, 1) * data.draw(st.sampled_from([1, 0.5])) for _ in row.angle_names]
        builder.gate(row, wires, angles)
    func = builder.finish([State()] if data.draw(st.booleans()) else [])
    verify(func)
    assert func.n_qubits == len(builder.wires)


def test_one_of_everything() -> None:
    b = FuncBuilder("all", 3)
    x, w = b.param("x", f64(2), "input"), b.param("w")
    b.gate("cnot", [2, 0])
    b.gate(op_def("n.bit_flip"), [1], [0.1])
    t = b.scalar("sin", [2 * Angle.of(x, 1)])
    b.gate("rx", [0], [Angle.of(t) - Angle.of(w)])
    b.measure(1)
    b.append(Op(op_def("q.phase"), angles=(Angle.of(w),)))
    func = b.finish([Expval(PauliSum.parse("Z0")), Probs((0,)), Sample((1, 2)), State()])
    verify(func)
    assert str(func) == (
        "func @all(%x: f64[2] input, %w: f64 weight) -> (f64, f64[2], bit[2], c128[8]) {\n"
        "  %q0, %q1, %q2 = q.alloc 3\n"
        "  %q2.1, %q0.1 = q.cx %q2, %q0\n"
        "  %q1.1 = n.bit_flip(0.1) %q1\n"
        "  %t = f.sin(2.0*%x[1])\n"
        "  %q0.2 = q.rx(-1.0*%w + %t) %q0.1\n"
        "  %q1.2, %c1 = q.measure %q1.1\n"
        "  q.phase(%w)\n"
        "  %e, %p, %s, %psi = m.observe %q0.2, %q1.2, %q2.1 "
        "[expval(Z0), probs(0), sample(1, 2), state]\n"
        "  return %e, %p, %s, %psi\n"
        "}\n"
    )
    assert func.args_with_role("input") == (x,)
    assert func.args_with_role("weight") == (w,)
    assert func.observe is func.ops[-1]
    assert [op.defn.mnemonic for op in func.gates] == ["cx", "rx", "phase"]


@pytest.mark.parametrize(
    ("wires", "code"), [([0, 2], "QS301"), ([-1, 0], "QS301"), ([1, 1], "QS302")]
)
def test_wrong_wires(wires: list[int], code: str) -> None:
    b = FuncBuilder("f", 2)
    with pytest.raises(QStoreError) as caught:
        b.gate("cx", wires)
    assert caught.value.code == code
    assert "`q.cx`" in str(caught.value)
    verify(b.finish())


def test_unknown_names() -> None:
    b = FuncBuilder("f", 1)
    with pytest.raises(QStoreError, match="did you mean `cnot`") as caught:
        b.gate("cnott", [0])
    assert caught.value.code == "QS103"
    with pytest.raises(QStoreError, match=r"unknown op `f\.sine`") as caught:
        b.scalar("sine", [1.0])
    assert caught.value.code == "QS102"


def test_spellings_of_gates() -> None:
    assert gate("rx") is gate("RX") is gate("q.rx") is op_def("q.rx")
    assert gate("cnot") is gate("cx")
    controlled = find_controlled("x", 1)
    assert controlled is gate("cx")
    assert find_controlled("cx", 1) is gate("ccx")
    assert find_controlled("rcccx", 1) is None


def test_modules_find_functions() -> None:
    one, two = Func("one", (), (), (), ()), Func("two", (), (), (), ())
    module = Module((one, two))
    assert (module.main, module.func("two")) == (one, two)
    with pytest.raises(QStoreError, match=r"no function @three \(it has @one, @two\)") as caught:
        module.func("three")
    assert caught.value.code == "QS110"
    with pytest.raises(QStoreError, match="the module has no function") as caught:
        _ = Module(()).main
    assert caught.value.code == "QS110"


def test_elements_of_parameters() -> None:
    m, s = Value(f64(2, 2), "m"), Value(F64, "s")
    assert element_names(m) == ["m[0,0]", "m[0,1]", "m[1,0]", "m[1,1]"]
    assert element_names(s) == ["s"]
    assert element_refs(m) == [(m, (0, 0)), (m, (0, 1)), (m, (1, 0)), (m, (1, 1))]
    assert element_refs(s) == [(s, ())]
    assert element_refs(Value(f64(0), "none")) == []
    assert [is_parameter_type(t) for t in (F64, f64(2), BIT, QUBIT)] == [True, True, False, False]


def test_reprs_are_short() -> None:
    b = FuncBuilder("f", 2)
    b.gate("rx", [0], [0.5])
    func = b.finish()
    assert repr(func) == "<func @f: 2 ops on 2 qubits>"
    assert repr(Module((func,))) == "<module <func @f: 2 ops on 2 qubits>>"
    assert repr(func.ops[1]) == "<q.rx(0.5) on 1 operands>"
    assert repr(dialects.ALLOC) == "<q.alloc>"
