"""The builder: the specification's snippets, wires, angles, measuring, and the views of it."""

import copy
import math
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store import QStoreError, QuantumCircuit
from q_store.frontends.circuit import UnknownGate
from q_store.frontends.symbols import scalar, vector
from q_store.qir.builder import FuncBuilder
from q_store.qir.observables import Expval, PauliSum, Probs, Sample
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify
from q_store.testing.equivalence import assert_equivalent
from tests.frontends.circuits import circuits

SNIPPETS = {
    "unified circuit": """
from q_store import QuantumCircuit

# Unified circuit builder
circuit = QuantumCircuit(n_qubits=4)
circuit.h(0)
circuit.cx(0, 1)
circuit.rx(1, param='theta')
circuit.measure_all()
""",
    "migration": """
from q_store import QuantumCircuit

# Backend-agnostic circuit
circuit = QuantumCircuit(n_qubits=4)
circuit.h(0)
circuit.cx(0, 1)

# Backend selected at execution time
""",
}


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_snippets_of_the_specification_run_as_printed(snippet: str) -> None:
    names: dict[str, QuantumCircuit] = {}
    exec(snippet, names)
    circuit = names["circuit"]
    assert circuit.n_qubits == 4
    assert list(circuit.count_ops())[:2] == ["h", "cx"]
    verify(circuit.to_ir())


def test_the_ir_of_the_first_snippet() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1).rx(1, param="theta").measure_all()
    assert circuit.to_text() == (
        "qir 1\n"
        "func @main(%theta: f64 weight) -> (bit[2]) {\n"
        "  %q0, %q1 = q.alloc 2\n"
        "  %q0.1 = q.h %q0\n"
        "  %q0.2, %q1.1 = q.cx %q0.1, %q1\n"
        "  %q1.2 = q.rx(%theta) %q1.1\n"
        "  %s = m.observe %q0.2, %q1.2 [sample(0, 1)]\n"
        "  return %s\n"
        "}\n"
    )


def test_ways_to_give_an_angle() -> None:
    x = vector("x")
    one = QuantumCircuit(2).rx(1, "theta").rxx(0, 1, 0.3).u(0, "a", x[0], np.pi)
    two = (
        QuantumCircuit(2)
        .rx(1, param="theta")
        .rxx(0, 1, theta=np.float64(0.3))
        .u(0, params=["a", "x[0]", "b"])
        .bind(b=math.pi)
    )
    three = QuantumCircuit(2).append("rx", 1, "theta").append("q.rxx", np.arange(2), 0.3)
    three.append("U3", [0], scalar("a"), x[0], math.pi)
    assert one == two == three


def test_parameters_come_in_order_of_first_appearance() -> None:
    circuit = QuantumCircuit(2).rx(0, "p10").ry(0, "p2").rz(1, "w[3]").rx(1, vector("x", 7)[0])
    assert circuit.parameters == ("p10", "p2", "w", "x")
    assert circuit.parameter_shapes == {"p10": (), "p2": (), "w": (4,), "x": (7,)}


def test_roles_follow_from_names_or_are_given() -> None:
    circuit = QuantumCircuit(1).rx(0, "x10").rx(0, "w0").rx(0, "x2").rx(0, "inputs[1]").rx(0, "xy")
    func = circuit.to_ir()
    assert [value.name for value in func.args_with_role("input")] == ["x2", "x10", "inputs"]
    assert [value.name for value in func.args_with_role("weight")] == ["w0", "xy"]
    by_prefix = circuit.to_ir(input_params="w")
    assert [value.name for value in by_prefix.args_with_role("input")] == ["w0"]
    listed = circuit.to_ir(input_params=["xy", "x10"])
    assert [value.name for value in listed.args_with_role("input")] == ["xy", "x10"]
    assert not circuit.to_ir(input_params=[]).args_with_role("input")


def test_views() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 1).barrier().cx(1, 2).phase(0.1).x(0)
    assert circuit.depth == 3
    assert circuit.count_ops() == {"cx": 2, "h": 1, "barrier": 1, "phase": 1, "x": 1}
    assert len(circuit) == 6
    assert [step.name for step in circuit][:2] == ["h", "cx"]
    assert repr(circuit[1]) == "cx [0, 1]"
    assert repr(circuit) == "QuantumCircuit(n_qubits=3): 5 gates, depth 3"
    assert QuantumCircuit(1)


def test_measuring() -> None:
    circuit = QuantumCircuit(3).measure(2).measure(0)
    assert repr(circuit.observations) == "(sample(2, 0),)"
    assert repr(circuit.measure_all().observations) == "(sample(2, 0, 1),)"
    assert circuit.measure_all() == circuit


def test_observing() -> None:
    circuit = QuantumCircuit(2).expval("Z0", PauliSum.z(1)).probs(1).sample().state().probs()
    text = "(expval(Z0), expval(Z1), probs(1), sample(0, 1), state, probs(0, 1))"
    assert repr(circuit.observations) == text
    verify(circuit.to_ir())


def test_conditionals() -> None:
    flip = QuantumCircuit(2).x(1).rx(0, np.sin(scalar("t")))
    circuit = QuantumCircuit(2).h(0).measure(0, bit="c").if_bit("c", flip, QuantumCircuit(2).z(1))
    circuit.measure(1, bit="c").if_bit("c", QuantumCircuit(2).reset(0))
    func = circuit.to_ir()
    verify(func)
    assert parse_module(circuit.to_text()).main.n_qubits == 2
    assert circuit.parameters == ("t",)
    assert QuantumCircuit.from_ir(func).to_ir().n_qubits == 2
    assert circuit == QuantumCircuit.from_text(circuit.to_text())


def test_errors_point_at_the_users_line() -> None:
    circuit = QuantumCircuit(2)
    with pytest.raises(QStoreError) as caught:
        circuit.cx(0, 5)  # the line
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert Path(span.file).name == "test_circuit.py"
    assert "# the line" in span.source
    assert "`cx` on wire 5: the circuit has 2 qubits" in str(caught.value)
    circuit.append("h", 0)  # another line
    location = circuit[0].loc
    assert location is not None
    assert "# another line" in location.span().source


def two() -> QuantumCircuit:
    return QuantumCircuit(2)


BAD: list[tuple[str, Callable[[], object]]] = [
    ("QS103", lambda: two().rxy(0)),
    ("QS103", lambda: two().append("hh", 0)),
    ("QS103", lambda: two().append(5, 0)),
    ("QS107", lambda: two().expval("ZIX")),
    ("QS301", lambda: two().rx(2, 0.1)),
    ("QS301", lambda: two().h(-1)),
    ("QS301", lambda: two().measure(2)),
    ("QS301", lambda: two().expval("Z2")),
    ("QS301", lambda: two().probs(7)),
    ("QS302", lambda: two().cx(1, 1)),
    ("QS302", lambda: two().cx(1, np.int64(1))),
    ("QS302", lambda: two().measure(0, 0)),
    ("QS302", lambda: two().measure(0).measure(0)),
    ("QS303", lambda: two().h(True)),
    ("QS303", lambda: two().h(np.bool_(True))),
    ("QS303", lambda: two().h(0.0)),
    ("QS303", lambda: two().h("0")),
    ("QS303", lambda: two().h(np.array([[0]]))),
    ("QS303", lambda: two().h([0, "1"])),
    ("QS303", lambda: two().h({0, 1})),
    ("QS305", lambda: two().h([])),
    ("QS305", lambda: two().cx([0, 1], [1, 0, 1])),
    ("QS305", lambda: two().rx([0, 1], [0.1, 0.2, 0.3])),
    ("QS302", lambda: two().cx([0, 1], 1)),
    ("QS301", lambda: two().h(range(3))),
    ("QS303", lambda: two().rx(scalar("t"), 0)),
    ("QS304", lambda: QuantumCircuit(0)),
    ("QS304", lambda: QuantumCircuit(True)),
    ("QS304", lambda: QuantumCircuit(2.0)),
    ("QS304", lambda: QuantumCircuit(10**9)),
    ("QS304", lambda: two().repeat(-1)),
    ("QS304", lambda: two().controlled(0)),
    ("QS305", lambda: two().append("cx", [0])),
    ("QS305", lambda: two().measure()),
    ("QS305", lambda: two().measure(0, 1, bit="c")),
    ("QS306", lambda: two().rx(0)),
    ("QS306", lambda: two().u(0, 1.0)),
    ("QS306", lambda: two().u(0, params=["a"])),
    ("QS306", lambda: two().append("h", 0, 0.1)),
    ("QS306", lambda: two().rx(0, 1j)),
    ("QS306", lambda: two().rx(0, True)),
    ("QS306", lambda: two().rx(0, [0.1])),
    ("QS306", lambda: two().rx(0, vector("x"))),
    ("QS307", lambda: two().rx(0, math.nan)),
    ("QS307", lambda: two().rx(0, np.float32("inf"))),
    ("QS307", lambda: two().rx(0, 10**400)),
    ("QS308", lambda: two().depolarizing(0, 1.5)),
    ("QS308", lambda: two().depolarizing(0, scalar("p"))),
    ("QS309", lambda: two().rx(0, 0.5, param="t")),
    ("QS313", lambda: two().rx(0, param="2*t")),
    ("QS313", lambda: two().rx(0, param=3)),
    ("QS314", lambda: two().rx(0, "w").rx(0, "w[0]")),
    ("QS314", lambda: two().rx(0, "w[0,0]").rx(0, "w[0]")),
    ("QS314", lambda: two().rx(0, vector("w", 2)[0]).rx(0, vector("w", 3)[0])),
    ("QS314", lambda: two().rx(0, "w[5]").rx(0, vector("w", 3)[0])),
    ("QS315", lambda: two().rx(0, vector("w", 3)[0]).rx(0, "w[3]")),
    ("QS325", lambda: two().measure_all().h(0)),
    ("QS325", lambda: two().measure(1).cx(0, 1)),
    ("QS325", lambda: two().measure(1).compose(two().cx(0, 1))),
    ("QS325", lambda: two().measure(0, bit="c").measure(1).if_bit("c", two().x(1))),
    ("QS326", lambda: two().if_bit("c", two())),
    ("QS326", lambda: two().measure(0, bit="a b")),
    ("QS327", lambda: two().compose(QuantumCircuit(3))),
    ("QS327", lambda: two().compose("h")),
    ("QS327", lambda: two().measure(0, bit="c").if_bit("c", QuantumCircuit(1))),
    ("QS327", lambda: two().measure(0, bit="c").if_bit("c", two().measure(1))),
    ("QS328", lambda: two().draw("png")),
    ("QS338", lambda: two().rx(0, "t").to_ir(input_params=["s"])),
    ("QS338", lambda: two().rx(0, "t").to_ir(input_params="s")),
    ("QS338", lambda: two().rx(0, "t").to_ir(input_params=3)),
    ("QS340", lambda: QuantumCircuit.from_ir(5)),
    ("QS341", lambda: QuantumCircuit.load("/does/not/exist.qir")),
    ("QS341", lambda: two().save("/does/not/exist.qir")),
]


@pytest.mark.parametrize(("code", "action"), BAD)
def test_what_circuits_refuse(code: str, action: Callable[[], object]) -> None:
    with pytest.raises(QStoreError) as caught:
        action()
    assert caught.value.code == code


def test_a_refused_gate_leaves_the_circuit_as_it_was() -> None:
    circuit = QuantumCircuit(2).rx(0, "w")
    before = circuit.copy()
    for action in (
        lambda: circuit.u(0, "new", "w[1]", 0.1),
        lambda: circuit.rx(5, "other"),
        lambda: circuit.rx(0, math.nan),
    ):
        with pytest.raises(QStoreError):
            action()
    assert circuit == before
    assert circuit.parameters == ("w",)


def test_unknown_names_are_attribute_errors_too() -> None:
    circuit = QuantumCircuit(1)
    assert not hasattr(circuit, "rxy")
    assert not hasattr(circuit, "__array__")
    with pytest.raises(UnknownGate, match="did you mean `hadamard`"):
        circuit.hadamrd(0)


@given(circuits())
def test_copies_are_equal_and_independent(circuit: QuantumCircuit) -> None:
    circuit.measure(0).expval("Z1")
    for twin in (circuit.copy(), copy.deepcopy(circuit), pickle.loads(pickle.dumps(circuit))):
        assert twin == circuit
        twin.phase("new").expval("X0")
        assert twin != circuit
    assert "new" not in circuit.parameters


@given(circuits())
def test_circuits_survive_ir_and_text(circuit: QuantumCircuit) -> None:
    circuit.expval("Z0 + 0.5*X1 Y2").probs(2, 0)
    func = circuit.to_ir()
    verify(func)
    again = QuantumCircuit.from_ir(func)
    assert again == circuit
    assert str(again.to_ir()) == str(func)
    assert QuantumCircuit.from_text(circuit.to_text()).to_text() == circuit.to_text()


def test_files(tmp_path: Path) -> None:
    circuit = QuantumCircuit(2, name="bell").h(0).cx(0, 1).rx(1, "θ")
    path = tmp_path / "bell.qir"
    circuit.save(path)
    assert QuantumCircuit.load(path) == circuit
    assert QuantumCircuit.load(str(path)).name == "bell"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QStoreError) as caught:
        QuantumCircuit.load(path)
    assert caught.value.code == "QS341"


@pytest.mark.parametrize(
    "text",
    [
        "qir 1\nfunc @f(%q: qubit) -> (qubit) {\n  return %q\n}\n",
        "qir 1\nfunc @f(%b: bit) {\n  return\n}\n",
    ],
)
def test_functions_that_are_no_circuits(text: str) -> None:
    with pytest.raises(QStoreError) as caught:
        QuantumCircuit.from_text(text)
    assert caught.value.code == "QS340"


def test_wires_that_end_in_another_order_are_swapped_into_place() -> None:
    text = (
        "qir 1\nfunc @f() -> (qubit, qubit, qubit) {\n  %q0, %q1, %q2 = q.alloc 3\n"
        "  %q0.1 = q.x %q0\n  return %q2, %q0.1, %q1\n}\n"
    )
    circuit = QuantumCircuit.from_text(text)
    assert circuit.count_ops() == {"swap": 2, "x": 1}
    from q_store.runtime.reference_func import unitary_of_func

    expected = unitary_of_func(parse_module(text).main)
    np.testing.assert_array_equal(unitary_of_func(circuit.to_ir()), expected)


@settings(max_examples=30)
@given(st.permutations(range(3)))
def test_observed_wires_in_another_order_need_no_swaps(order):
    build = FuncBuilder("main", 3)
    for qubit, angle in enumerate((0.3, 0.8, 1.7)):
        build.gate("ry", [qubit], [angle])
    seen = [Expval(PauliSum.parse("Z0 X1 - 0.5*Y2")), Probs((2, 0)), Sample((1,))]
    func = build.finish(seen)
    observe = func.observe
    turned = observe.replace(operands=tuple([observe.operands[place] for place in order]))
    func = func.replace(ops=(*func.ops[:-1], turned))
    circuit = QuantumCircuit.from_ir(func)
    assert circuit.count_ops() == {"ry": 3}
    assert_equivalent(func, circuit.to_ir(), sameness="observed")
