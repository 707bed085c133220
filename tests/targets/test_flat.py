"""Functions as lists of steps on numbered wires: what exports walk over."""

import pytest

import q_store
from q_store import QStoreError, QuantumCircuit
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum, Probs, Sample, State
from q_store.qir.parser import parse_module
from q_store.targets.flat import flatten, observation_note
from q_store.testing.equivalence import assert_equivalent

READERS = {
    "to_qiskit": "from_qiskit",
    "to_cirq": "from_cirq",
    "to_pennylane": "from_pennylane",
    "to_qasm3": "from_qasm",
}
WRITERS = (*READERS, "to_mlir")


def flat(text: str):
    return flatten(parse_module("qir 1\n" + text.lstrip()).main)


def test_steps_name_wires_and_bits() -> None:
    inner = QuantumCircuit(3).cx(2, 1)
    circuit = QuantumCircuit(3).h(2).measure(2, bit="c").if_bit("c", inner).reset(0)
    steps = flatten(circuit.to_ir()).steps
    assert [(step.row.name, step.wires, step.bit) for step in steps] == [
        ("q.h", (2,), None),
        ("q.measure", (2,), "c"),
        ("q.if", (1, 2), "c"),
        ("q.reset", (0,), None),
    ]
    then, otherwise = steps[2].bodies
    assert [(step.row.name, step.wires) for step in then] == [("q.cx", (2, 1))]
    assert otherwise == ()


def test_bits_of_the_same_name_are_told_apart() -> None:
    circuit = QuantumCircuit(1).measure(0, bit="c").measure(0, bit="c")
    assert [step.bit for step in flatten(circuit.to_ir()).steps] == ["c", "c_1"]


def test_wires_that_end_in_another_order_are_swapped_back() -> None:
    text = """
func @f() -> (qubit, qubit, qubit) {
  %a, %b, %c = q.alloc 3
  %b.1 = q.h %b
  return %c, %a, %b.1
}
"""
    steps = flat(text).steps
    assert [(step.row.mnemonic, step.wires) for step in steps] == [
        ("h", (1,)),
        ("swap", (0, 2)),
        ("swap", (1, 2)),
    ]


def test_bodies_that_exchange_their_wires_swap_them() -> None:
    text = """
func @f() -> (qubit, qubit, qubit) {
  %a, %b, %c = q.alloc 3
  %c.1, %m = q.measure %c
  %a.1, %b.1 = q.if %m, %a, %b {
    (%x, %y)
    yield %y, %x
  } else {
    (%x, %y)
    yield %x, %y
  }
  return %a.1, %b.1, %c.1
}
"""
    then, otherwise = flat(text).steps[1].bodies
    assert [(step.row.mnemonic, step.wires) for step in then] == [("swap", (0, 1))]
    assert otherwise == ()


@pytest.mark.parametrize(
    "text",
    [
        "func @f(%q: qubit) -> (qubit) {\n  return %q\n}\n",
        "func @f() -> (qubit) {\n  %a = q.alloc 1\n  %b = q.alloc 1\n  return %a\n}\n",
    ],
    ids=["takes a qubit", "loses a wire"],
)
def test_functions_that_are_no_circuits_are_refused(text: str) -> None:
    with pytest.raises(QStoreError) as caught:
        flat(text)
    assert caught.value.code in ("QS340", "QS201", "QS202", "QS203")


def test_observations_as_lines_of_text() -> None:
    observations = [Expval(PauliSum.parse("0.5*X0 Z2")), Probs((1, 0)), Sample((2,)), State()]
    notes = ["expval 0.5*X0 Z2", "probs 1 0", "sample 2", "state"]
    assert [observation_note(item) for item in observations] == notes


NUMBERS = """
func @f(%w: f64) -> (f64) {
  %q = q.alloc 1
  %t = f.affine(0.5)
  %s = f.sin(%t)
  %u = f.mul(%t, %t)
  %v = f.sqrt(2.0)
  %a = f.atan2(%t, %w)
  %q.1 = q.rx(%t + 2.0*%s) %q
  %q.2 = q.ry(%u + %w + %t + %v) %q.1
  %q.3 = q.rx(%a + %a) %q.2
  %e = m.observe %q.3 [expval(Z0)]
  return %e
}
"""


@pytest.mark.parametrize("write", WRITERS)
def test_functions_of_numbers_are_numbers(write: str) -> None:
    module = parse_module("qir 1\n" + NUMBERS.lstrip())
    made = getattr(q_store, write)(module.main)
    if write in READERS:
        back = getattr(q_store, READERS[write])(made)
        assert_equivalent(module.main, back.to_ir(), "observed")
    without = NUMBERS.replace("f.sqrt(2.0)", "f.sqrt(-2.0)")
    func = parse_module("qir 1\n" + without.lstrip()).main
    with pytest.raises(QStoreError, match=r"`f.sqrt` of -2.0 is no number") as caught:
        _written(func, write)
    assert caught.value.code == "QS356"


def _written(func: Func, write: str) -> None:
    made = getattr(q_store, write)(func)
    if write == "to_pennylane":
        made(0.3)  # calculates when it is called
