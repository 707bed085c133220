"""Circuits to OpenQASM and back, and into other readers."""

import math

import numpy as np
import pytest
import qiskit.qasm2
import qiskit.qasm3
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.random import random_circuit

from q_store import QuantumCircuit, from_qasm, matrix, scalar, to_qasm2, to_qasm3, vector
from q_store.frontends.transform import inverse
from q_store.qir.func import Func
from q_store.qir.registry import all_gates
from q_store.targets.qasm_text import number
from q_store.testing.equivalence import assert_equivalent, bind, random_bindings
from q_store.testing.strategies import circuits as functions
from tests.frontends.circuits import example
from tests.frontends.sdk_oracles import (
    assert_same,
    our_distribution,
    our_unitary,
    qiskit_distribution,
    qiskit_unitary,
)

ROWS = sorted(all_gates())


def closed(func: Func) -> bool:
    return not any(arg.type.linear for arg in func.args)


def written_exactly(func: Func) -> bool:
    """OpenQASM has no atan2, and the form that stands for it has no value at the origin."""
    return closed(func) and all(op.defn.name != "f.atan2" for op in func.ops)


def functions_of_ours(**options: object) -> st.SearchStrategy[Func]:
    return functions(**options).filter(written_exactly)


@given(functions_of_ours(mid_circuit=True), st.booleans(), st.sampled_from(("spec", "qiskit")))
def test_openqasm_3_round_trip(func: Func, arrays: bool, u: str) -> None:
    text = to_qasm3(func, arrays=arrays, u=u)
    back = from_qasm(text, u=u).to_ir()
    shapes = {arg.name: arg.type for arg in func.args}
    used = {arg.name: arg.type for arg in back.args}
    assert used == shapes
    assert back.roles == func.roles
    assert (back.observe is None) == (func.observe is None)
    sameness = "observed" if func.observe else "phase"
    assert_equivalent(func, back, sameness, tolerance=1e-8)


@given(functions_of_ours(mid_circuit=False))
def test_openqasm_2_round_trip(func: Func) -> None:
    bound = bind(func, next(random_bindings(func, 1)))
    back = from_qasm(to_qasm2(bound)).to_ir()
    assert_equivalent(bound, back, "observed" if func.observe else "phase", tolerance=1e-8)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_comes_back_as_itself(name: str) -> None:
    circuit = example(all_gates()[name])
    three, two = from_qasm(to_qasm3(circuit)), from_qasm(to_qasm2(circuit))
    assert_equivalent(circuit.to_ir(), three.to_ir(), "exact")
    assert_equivalent(circuit.to_ir(), two.to_ir(), "phase")
    if name not in ("u", "u2", "cu3", "phase", "diag3"):
        assert [step.name for step in three] == [name]
    if name not in ("phase", "diag3", "phased_fsim"):
        assert [step.name for step in two] == [name]


# Qiskit's importer calls something that Qiskit has deprecated.
@pytest.mark.filterwarnings("ignore:.*annotated.*:DeprecationWarning")
@pytest.mark.parametrize("name", ROWS)
def test_qiskit_reads_every_row(name: str) -> None:
    circuit = example(all_gates()[name])
    ours = our_unitary(circuit)
    assert_same(ours, qiskit_unitary(qiskit.qasm2.loads(to_qasm2(circuit))), phase=False)
    text = to_qasm3(circuit, u="qiskit")
    assert_same(ours, qiskit_unitary(qiskit.qasm3.loads(text)), phase=False)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_qiskit_circuits_through_openqasm(seed: int, n: int) -> None:
    theirs = random_circuit(n, 3, max_operands=min(n, 4), seed=seed)
    expected = qiskit_unitary(theirs)
    assert_same(our_unitary(from_qasm(qiskit.qasm2.dumps(theirs))), expected, phase=False)
    ours = from_qasm(qiskit.qasm3.dumps(theirs), u="qiskit")
    assert_same(our_unitary(ours), expected, phase=False)


@given(st.integers(0, 10_000))
def test_measured_qiskit_circuits_through_openqasm(seed: int) -> None:
    theirs = random_circuit(3, 4, max_operands=2, measure=True, reset=True, seed=seed)
    expected = qiskit_distribution(theirs)
    for text in (qiskit.qasm2.dumps(theirs), qiskit.qasm3.dumps(theirs)):
        np.testing.assert_allclose(
            our_distribution(from_qasm(text, u="qiskit")), expected, atol=1e-9
        )


def test_parameters_stay_symbols_and_keep_their_names() -> None:
    x, th, w = vector("x", 3), scalar("th"), matrix("w", 2, 2)
    circuit = QuantumCircuit(2).rx(0, 2 * x[0] + th - 0.5).ry(1, np.tanh(w[1, 0]) * x[2])
    circuit.rz(0, np.abs(th) ** 1.5).expval("0.5*X0 Z1 + Z1")
    text = to_qasm3(circuit)
    assert "input array[float[64], 3] x_;" in text
    assert "// q-store: name x_ x" in text
    assert "rx(2.0*x_[0] + th - 0.5) q[0];" in text
    back = from_qasm(text)
    assert back.parameters == ("x", "th", "w")
    assert back[0].angles == circuit[0].angles
    assert back.observations == circuit.observations


def test_qiskit_reads_our_parameters() -> None:
    circuit = QuantumCircuit(1).rx(0, 2 * vector("w", 2)[1] + 0.3)
    theirs = qiskit.qasm3.loads(to_qasm3(circuit, arrays=False))
    assert sorted(p.name for p in theirs.parameters) == ["w_0", "w_1"] or [
        p.name for p in theirs.parameters
    ] == ["w_1"]


def test_atan2_away_from_the_negative_axis() -> None:
    y, x = scalar("y"), scalar("b")
    back = from_qasm(to_qasm3(QuantumCircuit(1).rx(0, np.arctan2(y, x)))).bind(y=-1.3, b=-0.4)
    assert back[0].angles[0] == pytest.approx(math.atan2(-1.3, -0.4))


def test_long_sums_are_given_names() -> None:
    w = vector("w", 300)
    total = sum((0.1 * k + 0.1) * w[k] for k in range(300))
    circuit = QuantumCircuit(1).rx(0, total)
    back = from_qasm(to_qasm3(circuit))
    assert back[0].angles[0] == circuit[0].angles[0]


def test_shared_parts_are_written_once() -> None:
    angle = scalar("a")
    for _ in range(30):
        angle = np.sin(angle) * np.sin(angle)
    assert len(to_qasm3(QuantumCircuit(1).rx(0, angle))) < 10_000


def test_measurements_and_conditions() -> None:
    inner = QuantumCircuit(3).x(1)
    circuit = QuantumCircuit(3).h(0).measure(0, bit="flag").if_bit("flag", inner).reset(0)
    circuit.measure(2, 1)
    for text in (to_qasm3(circuit), to_qasm2(circuit)):
        assert from_qasm(text) == circuit
    theirs = qiskit.qasm3.loads(to_qasm3(circuit))
    assert [item.name for item in theirs.data][:3] == ["h", "measure", "if_else"]


def test_order_of_qubits_with_an_asymmetric_state() -> None:
    circuit = QuantumCircuit(3).ry(0, 0.3).ry(1, 0.9).cx(0, 2).rx(2, 0.5)
    theirs = qiskit.qasm2.loads(to_qasm2(circuit))
    assert_same(our_unitary(circuit), qiskit_unitary(theirs), phase=False)
    assert_same(our_unitary(from_qasm(to_qasm2(circuit))), our_unitary(circuit), phase=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1e-05, "0.00001"),
        (-2.5e-7, "-0.00000025"),
        (math.pi, "pi"),
        (-math.pi / 2, "-pi/2"),
        (3 * math.pi / 4, "3*pi/4"),
        (1e22, "10000000000000000000000.0"),
        (0.1, "0.1"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e6, 1e6))
def test_numbers_read_back_exactly(value: float) -> None:
    for head, qubit in (("OPENQASM 2.0;", "qreg q[1];"), ("OPENQASM 3.0;", "qubit[1] q;")):
        found = from_qasm(f"{head} {qubit} U(0.0, {number(value)}, 0.0) q[0];", u="qiskit")
        assert found[0].angles[1] == value


def test_definitions_have_no_exponents_either() -> None:
    text = to_qasm2(QuantumCircuit(2).rxx(0, 1, 1e-7).rx(0, 1e-9))
    assert "e-" not in text
    assert inverse(from_qasm(text))
