"""Circuit functions: what arguments receive, what may be returned, roles, observations."""

import functools
from collections.abc import Callable
from typing import Any

import cirq
import numpy as np
import pennylane as qml
import pytest
import qiskit
import sympy
from qiskit.circuit import Parameter, ParameterVector

from q_store import QStoreError, QuantumCircuit
from q_store.frontends.ansatz import hardware_efficient
from q_store.frontends.symbols import scalar, vector
from q_store.frontends.trace import TracedCircuit, trace_circuit
from q_store.qir.observables import Expval, PauliSum, Probs
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify


def trace(*args: Any, **options: Any) -> TracedCircuit:
    traced = trace_circuit(*args, **options)
    verify(traced.func)
    return traced


# --- arguments --------------------------------------------------------------------------------


def fill(circuit: QuantumCircuit, inputs: Any, weights: Any) -> None:
    for i in range(2):
        circuit.ry(i, np.pi * inputs[i]).rz(i, weights[i])


def fill_positional(one: QuantumCircuit, two: Any, three: Any, /) -> None:
    fill(one, two, three)


def build(x: Any, w: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    fill(circuit, x, w)
    return circuit


def build_named(data: Any, params: Any, n_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n_qubits)
    fill(circuit, data, params)
    return circuit


class Model:
    def method(self, qc: QuantumCircuit, features: Any, theta: Any) -> None:
        fill(qc, features, theta)

    def __call__(self, c: QuantumCircuit, x: Any, angles: Any, extra: int = 3) -> None:
        assert extra == 3
        fill(c, x, angles)


@pytest.mark.parametrize(
    "function",
    [
        fill,
        fill_positional,
        build,
        build_named,
        Model().method,
        Model(),
        lambda a, b: build(a, b),
        lambda x, angles: build(x, angles),
        lambda wires, c, w, x: fill(c, x, w),
        lambda circuit, inputs, weights, *rest, **more: fill(circuit, inputs, weights),
        functools.partial(lambda scale, x, w: build(x * scale, w), 1.0),
    ],
)
def test_every_accepted_signature_gives_the_same_circuit(function: Callable[..., Any]) -> None:
    traced = trace(function, 2)
    assert traced.has_inputs
    assert len(traced.input_names) == len(traced.weight_names) == 2
    assert traced.used_inputs == set(traced.input_names)
    same = trace(build, 2).func
    assert [op.defn for op in traced.func.ops] == [op.defn for op in same.ops]
    angles = [[repr(a).partition("%")[0] for a in op.angles] for op in traced.func.ops]
    assert angles == [[repr(a).partition("%")[0] for a in op.angles] for op in same.ops]


def test_functions_of_fewer_things() -> None:
    assert trace(lambda: QuantumCircuit(3).h(0)).n_qubits == 3
    assert trace(lambda n_qubits: QuantumCircuit(n_qubits).h(0), 2).n_qubits == 2
    assert not trace(lambda weights: QuantumCircuit(1).rx(0, weights[0])).has_inputs
    assert trace(lambda x: QuantumCircuit(1).rx(0, x[0])).weight_names == ()


def test_names_are_kept_and_weights_are_in_order_of_appearance() -> None:
    traced = trace(
        lambda c, x: c.rx(0, "p10").ry(0, x[1]).rz(0, "p2").rx(0, "w[1]").measure_all(), 2
    )
    assert traced.weight_names == ("p10", "p2", "w[0]", "w[1]")
    assert traced.weight_shapes == {"p10": (), "p2": (), "w": (2,)}
    assert traced.input_names == ("x[0]", "x[1]")
    assert traced.used_inputs == {"x[1]"}


def test_arguments_by_position_are_data_and_weights_whatever_their_names() -> None:
    traced = trace(lambda w, x: QuantumCircuit(1).rx(0, 2 * x[0] + w[0]))
    assert traced.input_names == ("x[0]",)
    traced = trace(lambda a, x1: QuantumCircuit(1).rx(0, a[0]).ry(0, x1[0]))
    assert (traced.input_names, traced.weight_names) == (("a[0]",), ("x1[0]",))


def test_shapes() -> None:
    def layered(x: Any, w: Any, bias: Any) -> QuantumCircuit:
        circuit = QuantumCircuit(2)
        for layer in w:
            for qubit, angle in enumerate(layer):
                circuit.rx(qubit, angle + x[qubit])
        return circuit.ry(0, bias)

    traced = trace(layered, weight_shapes={"w": (3, 2), "bias": ()}, in_features=4)
    assert traced.weight_shapes == {"w": (3, 2), "bias": ()}
    assert len(traced.input_names) == 4
    assert traced.used_inputs == {"x[0]", "x[1]"}

    def unshaped(x: Any, w: Any) -> QuantumCircuit:
        w[4]
        return QuantumCircuit(1).rx(0, w[1]).ry(0, x[0])

    assert trace(unshaped).weight_shapes == {"w": (5,)}
    assert trace(unshaped, weight_shapes=7).weight_shapes == {"w": (7,)}
    deep = trace(lambda w: QuantumCircuit(1).rx(0, w[1][2][0]), weight_shapes=(2, 3, 1))
    assert deep.weight_shapes == {"w": (2, 3, 1)}
    by_name = trace(QuantumCircuit(1).rx(0, "w[1]"), weight_shapes={"w": 5})
    assert by_name.weight_shapes == {"w": (5,)}


def test_weights_given_a_shape_exist_even_unused_but_unused_inputs_do_not() -> None:
    traced = trace(lambda x, w: QuantumCircuit(1).h(0), weight_shapes=3, in_features=2)
    assert traced.weight_shapes == {"w": (3,)}
    assert not traced.has_inputs


def test_input_params_are_symbols_of_every_library() -> None:
    ours, theirs = vector("x", 2), ParameterVector("x", 2)
    wide = qiskit.QuantumCircuit(1)
    wide.rx(theirs[0], 0)
    wide.rx(theirs[1] + Parameter("t"), 0)
    choices = [theirs], theirs, list(theirs), ["x[1]", "x[0]"], ours, [ours], list(ours), ["x"]
    for chosen in choices:
        assert trace(wide, input_params=chosen).input_names == ("x[0]", "x[1]")
    first, second = sympy.symbols("b a")
    symbols = cirq.Circuit(cirq.rx(first)(cirq.LineQubit(0)), cirq.ry(second)(cirq.LineQubit(0)))
    for names in ([second, first], ("a", "b"), [scalar("a"), scalar("b")]):
        assert trace(symbols, input_params=names).input_names == ("a", "b")
    with pytest.raises(QStoreError, match="names 1 of the 2 elements of `x`"):
        trace(wide, input_params=[theirs[1]])
    with pytest.raises(QStoreError, match=r"names 'x\[2\]', which is no parameter"):
        trace(wide, input_params=["x[0]", "x[1]", "x[2]"])


def test_input_params() -> None:
    circuit = QuantumCircuit(1).rx(0, "a1").ry(0, "a0").rz(0, "b")
    assert trace(circuit, input_params="a").input_names == ("a0", "a1")
    assert trace(circuit, input_params=["b", "a1"]).weight_names == ("a0",)
    func = circuit.to_ir()
    assert trace(func, input_params=["b"]).input_names == ("b",)
    text = circuit.to_text().replace("%b: f64 weight", "%b: f64 input")
    assert trace(text).input_names == ("b",)


# --- results ----------------------------------------------------------------------------------


def test_what_may_be_returned() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1)
    expected = str(trace(circuit).func)
    for result in (circuit, circuit.to_ir(), circuit.to_module(), circuit.to_text()):
        assert str(trace(result).func) == expected
        assert str(trace(lambda result=result: result).func) == expected
        pair = trace(lambda result=result: (result, ["Z0 Z1", PauliSum.z(0)]))
        assert repr(pair.observations) == "(expval(Z0 Z1), expval(Z0))"
    assert repr(trace((circuit, "X1")).observations) == "(expval(X1),)"
    assert repr(trace(lambda c: (None, "X1"), 2).observations) == "(expval(X1),)"


def test_a_circuit_that_was_passed_in_is_left_alone() -> None:
    circuit = QuantumCircuit(1).rx(0, "w[0]")
    trace(circuit, weight_shapes={"w": 4})
    assert circuit.parameter_shapes == {"w": (1,)}


def test_default_observables() -> None:
    assert repr(trace(None, 3).observations) == "(expval(Z0), expval(Z1), expval(Z2))"
    some = QuantumCircuit(4).measure(2).measure(0)
    assert repr(trace(some).observations) == "(expval(Z2), expval(Z0))"
    assert repr(trace(some, output="probs").observations) == "(probs(2, 0),)"
    assert repr(trace(some, output="samples").observations) == "(sample(2, 0),)"
    assert repr(trace(some, output="state").observations) == "(state,)"
    own = QuantumCircuit(2).expval("Z0").probs(1)
    assert trace(own).observations == (Expval(PauliSum.z(0)), Probs((1,)))
    assert trace(own, observables=["X0"]).observations == (Expval(PauliSum.parse("X0")),)
    assert trace(QuantumCircuit(2).probs(0), output="probs").observations == (Probs((0,)),)


# --- the built-in circuit ---------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "pairs"), [("linear", 3), ("circular", 4), ("full", 6)])
def test_the_built_in_circuit(kind: str, pairs: int) -> None:
    circuit = hardware_efficient(4, 2, kind)
    assert circuit.count_ops() == {"rx": 8, "ry": 8, "rz": 8, "cx": 2 * pairs}
    assert circuit.parameter_shapes == {"weights": (24,)}
    assert [repr(circuit[i].angles[0]) for i in range(3)] == [f"weights[{i}]" for i in range(3)]
    assert trace(None, 4, depth=2, entanglement=kind).weight_names[-1] == "weights[23]"


def test_the_built_in_circuit_on_few_qubits() -> None:
    assert "cx" not in hardware_efficient(1, 1, "circular").count_ops()
    assert hardware_efficient(2, 1, "circular").count_ops()["cx"] == 1


# --- errors -----------------------------------------------------------------------------------

ONE = QuantumCircuit(1).rx(0, vector("x")[0])


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("QS330", lambda: trace_circuit(lambda a: None, 2)),
        ("QS330", lambda: trace_circuit(lambda q, x: None, 2)),
        ("QS330", lambda: trace_circuit(lambda a, b, c, d: None, 2)),
        ("QS330", lambda: trace_circuit(lambda x, a, b: None, 2)),
        ("QS330", lambda: trace_circuit(dict.fromkeys, 2)),
        ("QS331", lambda: trace_circuit(lambda: ONE, weight_shapes={"w": 3})),
        ("QS331", lambda: trace_circuit(lambda w: ONE, weight_shapes={"w": 0})),
        ("QS331", lambda: trace_circuit(lambda w: ONE, weight_shapes=(2, 1.5))),
        ("QS331", lambda: trace_circuit(lambda x: ONE, in_features=-1)),
        ("QS331", lambda: trace_circuit(ONE.to_ir(), weight_shapes={"w": 3})),
        ("QS332", lambda: trace_circuit(lambda: None)),
        ("QS332", lambda: trace_circuit(lambda x: 5)),
        ("QS332", lambda: trace_circuit(np.zeros(3))),
        ("QS332", lambda: trace_circuit(3)),
        ("QS333", lambda: trace_circuit(None)),
        ("QS333", lambda: trace_circuit(lambda circuit: None)),
        ("QS333", lambda: trace_circuit(lambda n_qubits: ONE)),
        ("QS333", lambda: trace_circuit(ONE, 2)),
        ("QS304", lambda: trace_circuit(ONE, 0)),
        ("QS335", lambda: trace_circuit(lambda: (ONE, "Z0"), observables="X0")),
        ("QS335", lambda: trace_circuit(ONE, observables="X0", output="probs")),
        ("QS335", lambda: trace_circuit(ONE, observables=[])),
        ("QS335", lambda: trace_circuit(ONE, observables=3)),
        ("QS335", lambda: trace_circuit(ONE.copy().expval("Z0"), output="state")),
        ("QS107", lambda: trace_circuit(ONE, observables=["ZZ"])),
        ("QS107", lambda: trace_circuit(ONE, observables=[3])),
        ("QS301", lambda: trace_circuit(ONE, observables="Z1")),
        ("QS336", lambda: trace_circuit(ONE, output="counts")),
        ("QS337", lambda: trace_circuit(None, 2, depth=0)),
        ("QS337", lambda: trace_circuit(None, 2, entanglement="ring")),
        ("QS338", lambda: trace_circuit(ONE, input_params=["y"])),
        ("QS338", lambda: trace_circuit(ONE, input_params=["y[0]"])),
        ("QS338", lambda: trace_circuit(ONE, input_params=[0])),
        ("QS314", lambda: trace_circuit(ONE, weight_shapes={"x": (2, 2)})),
        ("QS314", lambda: trace_circuit(lambda c, w: c.rx(0, w[0]).rx(0, "w"), 1)),
        ("QS101", lambda: trace_circuit("h q[0];")),
        ("QS311", lambda: trace_circuit(lambda x: ONE if x[0] > 0 else None)),
        ("QS316", lambda: trace_circuit(lambda x: [ONE for _ in x])),
        ("QS316", lambda: trace_circuit(lambda x: QuantumCircuit(x.shape[0]))),
        ("QS601", lambda: trace_circuit(lambda x: ONE.copy().rx(0, x[2]), in_features=2)),
        ("QS340", lambda: trace_circuit("qir 1\nfunc @f(%q: qubit) {\n  return %q\n}\n")),
    ],
)
def test_what_is_refused(code: str, action: Callable[[], object]) -> None:
    with pytest.raises(QStoreError) as caught:
        action()
    assert caught.value.code == code


def test_errors_of_the_function_say_what_it_was_called_with() -> None:
    def batched(inputs: Any, weights: Any) -> QuantumCircuit:
        return QuantumCircuit(1).rx(0, np.asarray(inputs)[:, 0])

    with pytest.raises(IndexError, match="too many indices") as caught:
        trace_circuit(batched, in_features=2)
    assert caught.value.__notes__ == [
        "q-store called `batched` once, for one sample without a batch, with symbols: "
        "`inputs` is inputs[2], `weights` is weights[?]"
    ]

    def templates(inputs: Any, weights: Any) -> Any:
        qml.MottonenStatePreparation(inputs, wires=[0])
        return qml.expval(qml.Z(0))

    node = qml.QNode(templates, qml.device("default.qubit", wires=1))
    with pytest.raises(TypeError) as unnumbered:
        trace_circuit(node, in_features=2, weight_shapes={"weights": 1})
    (note,) = unnumbered.value.__notes__
    assert "`inputs` is an array (2,) of symbols" in note
    with pytest.raises(QStoreError, match="cnto") as refused:
        trace_circuit(lambda circuit: circuit.cnto(0, 1), 2)
    assert not hasattr(refused.value, "__notes__")


def test_unclear_arguments_come_with_the_table() -> None:
    with pytest.raises(QStoreError) as caught:
        trace_circuit(lambda weigths: ONE)
    text = str(caught.value)
    assert "inputs, x, features, data: the input vector" in text
    assert "did you mean `weights`" in text


def test_errors_inside_the_function_come_through() -> None:
    def broken(x: Any) -> QuantumCircuit:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trace_circuit(broken)


def test_tracing_ir_keeps_it_as_it_is() -> None:
    text = QuantumCircuit(2).h(0).rx(1, "w[1]").expval("Z0").to_text()
    assert trace(text).func.ops[1].defn.name == "q.h"
    assert str(trace(text).func) == str(parse_module(text).main)
