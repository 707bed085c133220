"""Clifford gates at the end become observables with the same values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.passes.manager import run_pipeline
from q_store.qir.func import Func, Module
from q_store.qir.observables import PauliSum
from q_store.testing.equivalence import assert_equivalent

GATES = ("h", "s", "sdg", "x", "y", "sx", "cx", "cy", "cz", "swap", "iswap", "ecr")


def absorbed(func: Func) -> Func:
    return run_pipeline("absorb-cliffords", Module((func,))).main


@st.composite
def observed(draw: st.DrawFn) -> QuantumCircuit:
    """A few rotations, then Clifford gates with rotations among them, then Pauli sums."""
    n = draw(st.integers(1, 4))
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(q, 0.3 + q)
    for _ in range(draw(st.integers(0, 12))):
        wires = draw(st.permutations(range(n)))
        name = draw(st.sampled_from([*GATES, "rz", "rx"]))
        if name in ("rz", "rx"):
            circuit.append(name, wires[0], draw(st.sampled_from(["a", 1.5707963267948966])))
        elif n > 1 or name not in GATES[6:]:
            circuit.append(name, wires[: 2 if name in GATES[6:] else 1])
    for _ in range(draw(st.integers(1, 2))):
        terms = []
        for _ in range(draw(st.integers(1, 3))):
            letters = draw(st.lists(st.sampled_from("IXYZ"), min_size=n, max_size=n))
            word = tuple([(q, letter) for q, letter in enumerate(letters) if letter != "I"])
            terms.append((draw(st.sampled_from([1.0, -0.5, 2.0])), word))
        circuit.expval(PauliSum.of(terms))
    return circuit


@given(observed())
def test_values_stay(circuit: QuantumCircuit) -> None:
    func = circuit.to_ir()
    made = absorbed(func)
    assert_equivalent(func, made, "observed")
    assert len(made.ops) <= len(func.ops)
    assert absorbed(made) is made


def test_the_last_layer_of_a_circuit_goes() -> None:
    circuit = QuantumCircuit(4)
    for layer in range(2):
        for q in range(4):
            circuit.ry(q, param=f"w[{layer},{q}]")
        for q in range(4):
            circuit.cx(q, (q + 1) % 4)
    func = circuit.expval("Z0", "X3").to_ir()
    made = absorbed(func)
    assert [op.defn.mnemonic for op in made.gates].count("cx") == 4
    assert made.observe is not None
    assert [repr(seen.paulis) for seen in made.observe.observations] == [
        "Z1 Z2 Z3",
        "X0 X1 X3",
    ]
    assert_equivalent(func, made, "observed")


@pytest.mark.parametrize("end", ["measure_all", "state"])
def test_other_observations_keep_their_gates(end: str) -> None:
    func = getattr(QuantumCircuit(2).h(0).cx(0, 1), end)().to_ir()
    assert absorbed(func) is func


def test_a_barrier_keeps_what_is_before_it() -> None:
    func = QuantumCircuit(2).h(0).barrier().cx(0, 1).expval("Z1").to_ir()
    made = absorbed(func)
    assert [op.defn.mnemonic for op in made.gates] == ["h"]
    assert_equivalent(func, made, "observed")


def test_the_frame_of_shared_gadgets_goes() -> None:
    """What `share-gadgets` undoes at the end is not needed before an observable."""
    circuit = QuantumCircuit(4)
    for k, words in enumerate(("ZZZZ", "ZZZX", "ZZXX")):
        for q, letter in enumerate(words):
            if letter == "X":
                circuit.h(q)
        for q in range(3):
            circuit.cx(q, q + 1)
        circuit.rz(3, param=f"t{k}")
        for q in reversed(range(3)):
            circuit.cx(q, q + 1)
        for q, letter in enumerate(words):
            if letter == "X":
                circuit.h(q)
    func = circuit.expval("Z0 Z1", "X2").to_ir()
    shared = run_pipeline("expand-entanglers,share-gadgets", Module((func,))).main
    made = absorbed(shared)
    counts = [sum(len(op.operands) == 2 for op in f.gates) for f in (shared, made)]
    assert counts[1] < counts[0]
    assert_equivalent(func, made, "observed")
