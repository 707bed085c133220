"""Inverse, controlled, power, compose and bind against matrices."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from q_store import QStoreError, QuantumCircuit
from q_store.frontends.symbols import scalar, vector
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import unitary_of_func
from tests.frontends.circuits import VALUES, bound, circuits, example, unitary


def controlled_matrix(matrix: NDArray[np.complex128], controls: int) -> NDArray[np.complex128]:
    size = len(matrix) * 2**controls
    result = np.eye(size, dtype=np.complex128)
    result[size - len(matrix) :, size - len(matrix) :] = matrix
    return result


@given(circuits())
def test_the_inverse_undoes_a_circuit(circuit: QuantumCircuit) -> None:
    both = circuit.compose(circuit.inverse())
    np.testing.assert_allclose(unitary(both), np.eye(8), atol=1e-10)


@given(circuits(n_qubits=2, max_size=4), st.integers(1, 2))
def test_controlled_circuits(circuit: QuantumCircuit, controls: int) -> None:
    result = circuit.controlled(controls)
    verify(result.to_ir())
    expected = controlled_matrix(unitary(circuit), controls)
    np.testing.assert_allclose(unitary(result), expected, atol=1e-10)


@pytest.mark.parametrize("row", all_gates().values(), ids=all_gates())
def test_every_gate_can_be_controlled(row: Gate) -> None:
    circuit = example(row)
    for controls in (1, 2) if (row.wires or 0) <= 3 else (1,):
        expected = controlled_matrix(unitary(circuit), controls)
        np.testing.assert_allclose(unitary(circuit.controlled(controls)), expected, atol=1e-10)


@pytest.mark.parametrize("name", ["x", "y", "h", "s", "sx", "rx", "ry", "rz", "p", "phase", "swap"])
def test_many_controls(name: str) -> None:
    circuit = example(all_gates()[name])
    expected = controlled_matrix(unitary(circuit), 5)
    np.testing.assert_allclose(unitary(circuit.controlled(5)), expected, atol=1e-10)


def test_control_uses_the_rows_of_the_table() -> None:
    circuit = QuantumCircuit(2).x(0).cx(0, 1).phase(0.1).p(0, 0.2).swap(0, 1).rx(1, "t").id(0)
    names = [step.name for step in circuit.controlled()]
    assert names == ["cx", "ccx", "p", "cp", "cswap", "crx"]


def test_only_the_middle_of_a_conjugation_is_controlled() -> None:
    assert QuantumCircuit(2).rzz(0, 1, "t").controlled().count_ops() == {"cx": 2, "crz": 1}


@given(circuits(max_size=3), st.integers(-3, 3))
def test_integer_powers(circuit: QuantumCircuit, exponent: int) -> None:
    expected = np.linalg.matrix_power(unitary(circuit), exponent)
    np.testing.assert_allclose(unitary(circuit.power(exponent)), expected, atol=1e-9)


@pytest.mark.parametrize(
    "circuit",
    [
        QuantumCircuit(2).rx(0, 0.4).rz(1, 0.7).phase(0.2),
        QuantumCircuit(2).rzz(0, 1, 0.4).rz(1, "theta").cp(0, 1, 0.3).crz(0, 1, 0.9),
        QuantumCircuit(2).rxx(0, 1, 0.4).rzz(0, 1, "theta").ryy(1, 0, 1.0),
        QuantumCircuit(2).crx(0, 1, 0.4).barrier().crx(0, 1, "theta"),
    ],
)
def test_fractional_powers_of_commuting_rotations(circuit: QuantumCircuit) -> None:
    half = circuit.power(0.5)
    np.testing.assert_allclose(unitary(half.power(2)), unitary(circuit), atol=1e-12)
    third = circuit.power(-1 / 3)
    np.testing.assert_allclose(unitary(third.power(-3)), unitary(circuit), atol=1e-12)


def test_repeating() -> None:
    circuit = QuantumCircuit(1).rx(0, "theta").expval("Z0")
    assert len(circuit.repeat(0)) == 0
    assert circuit.repeat(3).count_ops() == {"rx": 3}
    assert circuit.repeat(2).observations == circuit.observations


@given(
    circuits(n_qubits=2, max_size=4), circuits(n_qubits=3, max_size=4), st.permutations(range(3))
)
def test_composing_maps_wires(
    inner: QuantumCircuit, outer: QuantumCircuit, order: list[int]
) -> None:
    wires = order[:2]
    by_hand = outer.copy()
    for step in inner:
        by_hand.append(step.row.name, [wires[w] for w in step.wires], *step.angles)
    assert outer.compose(inner, qubits=wires) == by_hand


def test_composing_keeps_bits_and_parameters_together() -> None:
    inner = QuantumCircuit(2).measure(0, bit="c").if_bit("c", QuantumCircuit(2).rx(1, "t"))
    outer = QuantumCircuit(3).rx(0, "t").compose(inner, qubits=[2, 0])
    assert outer.parameters == ("t",)
    verify(outer.to_ir())
    assert outer.compose(QuantumCircuit(1).x(0), 1)[-1].wires == (1,)
    outer.if_bit("c", QuantumCircuit(3).x(1))


# --- bind -------------------------------------------------------------------------------------


@given(circuits())
def test_binding_then_lowering_is_lowering_then_binding(circuit: QuantumCircuit) -> None:
    shapes = circuit.parameter_shapes
    values = {
        name: np.asarray(value)[tuple(map(slice, shapes[name]))]
        for name, value in VALUES.items()
        if name in shapes
    }
    late = unitary_of_func(circuit.to_ir(), values)
    np.testing.assert_allclose(unitary_of_func(bound(circuit).to_ir()), late, atol=1e-10)
    assert bound(circuit).parameters == ()


def test_binding_in_parts() -> None:
    t, w = scalar("t"), vector("w", 3)
    circuit = QuantumCircuit(1).rx(0, t * w[0]).ry(0, w[1] + 2 * w[2]).expval("Z0")
    part = circuit.bind({"w[1]": 0.5}, t=2)
    assert part.parameters == ("w",)
    assert [repr(step.angles[0]) for step in part] == ["2.0*w[0]", "2.0*w[2] + 0.5"]
    assert part.observations == circuit.observations
    renamed = circuit.bind(t=scalar("s") / 2, w=[1, t, scalar("u")])
    assert renamed.parameters == ("s", "t", "u")
    assert [repr(step.angles[0]) for step in renamed] == ["0.5*s", "t + 2.0*u"]
    assert circuit.parameters == ("t", "w")


def test_binding_accepts_arrays_of_any_kind() -> None:
    circuit = QuantumCircuit(1).rx(0, "w[1,2]").ry(0, "v[1]")
    filled = circuit.bind(w=np.arange(6).reshape(2, 3), v=(np.float32(0.5), 1))
    assert [step.angles for step in filled] == [(5.0,), (1.0,)]
    assert circuit.bind({"w": [[0, 0, 0], [0, 0, 5]], "v[1]": 1}).parameters == ("v",)


BASE = QuantumCircuit(2).rx(0, "theta").ry(1, "w[2]").rz(0, np.log(scalar("t")))


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("QS320", lambda: BASE.bind(thta=1)),
        ("QS320", lambda: BASE.bind({"w[3]": 1})),
        ("QS320", lambda: BASE.bind({"theta[0]": 1})),
        ("QS320", lambda: BASE.bind({"v[0]": 1})),
        ("QS320", lambda: BASE.bind({3: 1})),
        ("QS321", lambda: BASE.bind(w=[1, 2])),
        ("QS321", lambda: BASE.bind(w=1.0)),
        ("QS321", lambda: BASE.bind(w="abc")),
        ("QS321", lambda: BASE.bind(w=[[1], [2], [3]])),
        ("QS321", lambda: BASE.bind(w={0: 1, 1: 2, 2: 3})),
        ("QS321", lambda: BASE.bind(5)),
        ("QS321", lambda: BASE.bind(theta=[1])),
        ("QS321", lambda: BASE.bind(theta="a")),
        ("QS321", lambda: BASE.bind(theta=True)),
        ("QS307", lambda: BASE.bind(theta=math.nan)),
        ("QS307", lambda: BASE.bind(w=[0, 0, math.inf])),
        ("QS314", lambda: BASE.bind(theta=scalar("w"))),
        ("QS322", lambda: BASE.bind(t=0)),
        ("QS323", lambda: QuantumCircuit(1).reset(0).inverse()),
        ("QS323", lambda: QuantumCircuit(1).depolarizing(0, 0.1).controlled()),
        ("QS323", lambda: QuantumCircuit(1).measure(0, bit="c").power(2)),
        ("QS323", lambda: QuantumCircuit(1).measure(0, bit="c").power(-1)),
        ("QS324", lambda: QuantumCircuit(1).h(0).power(0.5)),
        ("QS324", lambda: QuantumCircuit(1).rx(0, 0.1).rz(0, 0.1).power(0.5)),
        ("QS324", lambda: QuantumCircuit(1).u(0, 1, 2, 3).power(0.5)),
        ("QS324", lambda: QuantumCircuit(1).power(math.nan)),
        ("QS324", lambda: QuantumCircuit(1).power("2")),
    ],
)
def test_what_is_refused(code: str, action: Callable[[], object]) -> None:
    with pytest.raises(QStoreError) as caught:
        action()
    assert caught.value.code == code


def test_unknown_names_come_with_near_ones() -> None:
    with pytest.raises(QStoreError, match="did you mean `theta`"):
        BASE.bind(thta=1)
