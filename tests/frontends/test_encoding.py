"""Encodings: their gates, their states, and how they are put in front of a function."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store import QStoreError, QuantumCircuit
from q_store.frontends.encoding import encoding_circuit, prepend_encoding
from q_store.frontends.trace import trace_circuit
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import state_of_func


def test_thirty_two_features_on_four_qubits_take_eight_rounds() -> None:
    circuit = encoding_circuit(4, 32)
    names = [step.name for step in circuit]
    assert names[::4] == ["ry", "rz", "rx", "ry", "rz", "rx", "ry", "rz"]
    assert [step.wires[0] for step in circuit] == list(range(4)) * 8
    assert [repr(step.angles[0]) for step in circuit] == [f"x[{i}]" for i in range(32)]


def test_iqp_rounds() -> None:
    circuit = encoding_circuit(3, 5, "iqp")
    first = "h [0], h [1], h [2], rz(x[0]) [0], rz(x[1]) [1], rz(x[2]) [2], "
    first += "rzz(x[0]*x[1]) [0, 1], rzz(x[0]*x[2]) [0, 2], rzz(x[1]*x[2]) [1, 2]"
    second = "h [0], h [1], h [2], rz(x[3]) [0], rz(x[4]) [1], rzz(x[3]*x[4]) [0, 1]"
    assert ", ".join(map(repr, circuit)) == f"{first}, {second}"


@given(st.integers(1, 4), st.data())
def test_amplitudes(n_qubits: int, data: st.DataObject) -> None:
    entries = st.one_of(st.just(0.0), st.floats(-3, 3).map(lambda v: round(v, 2)))
    x = np.array(data.draw(st.lists(entries, min_size=1, max_size=2**n_qubits)))
    state = state_of_func(encoding_circuit(n_qubits, len(x), "amplitude").to_ir(), {"x": x})
    assert np.isfinite(state).all()
    if np.any(x):
        expected = np.pad(x / np.linalg.norm(x), (0, 2**n_qubits - len(x)))
        np.testing.assert_allclose(state, expected, atol=1e-9)


def test_bits_are_basis_states() -> None:
    func = encoding_circuit(3, 3, "basis").to_ir()
    for index in range(8):
        state = state_of_func(func, {"x": np.array([index >> 2 & 1, index >> 1 & 1, index & 1])})
        assert abs(state[index]) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["angle", "iqp", "amplitude"])
def test_an_encoding_in_front_is_the_composition(kind: str) -> None:
    circuit = QuantumCircuit(2).rx(0, "w").cx(0, 1).ry(1, "x[0]").expval("Z0")
    func = prepend_encoding(circuit.to_ir(), 3, kind)
    verify(func)
    assert [(v.name, r) for v, r in zip(func.args, func.roles, strict=True)] == [
        ("x_", "input"),
        ("w", "weight"),
        ("x", "input"),
    ]
    front = encoding_circuit(2, 3, kind, name="x_")
    both = front.compose(circuit).expval("Z0").to_ir(input_params="x")
    assert str(both) == str(func)


def test_an_encoding_leaves_untouched_wires_alone() -> None:
    func = prepend_encoding(trace_circuit(None, 3).func, 1)
    verify(func)
    assert sum(1 for _ in func.gates) == 1 + 9 + 2


FUNC = QuantumCircuit(2).h(0).to_ir()
TAKES_QUBITS = "qir 1\nfunc @f(%q: qubit) {\n  return %q\n}\n"


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("QS339", lambda: prepend_encoding(FUNC, 3, "angel")),
        ("QS339", lambda: prepend_encoding(FUNC, 0)),
        ("QS339", lambda: prepend_encoding(FUNC, True)),
        ("QS339", lambda: prepend_encoding(FUNC, 5, "amplitude")),
        ("QS339", lambda: prepend_encoding(FUNC, 3, "basis")),
        ("QS340", lambda: prepend_encoding(FUNC.replace(args=FUNC.ops[0].results, ops=()), 3)),
    ],
)
def test_what_is_refused(code: str, action: Callable[[], object]) -> None:
    with pytest.raises(QStoreError) as caught:
        action()
    assert caught.value.code == code
