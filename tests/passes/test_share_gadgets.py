"""Shared gadgets: the same operator exactly, never more entanglers, and fewer where they should."""

from collections.abc import Callable
from itertools import pairwise, product
from math import pi
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.symbols import scalar
from q_store.passes.cost import gate_counts
from q_store.passes.gadgets.amplitude import Amplitude
from q_store.passes.gadgets.plan import frame_rows
from q_store.passes.gadgets.reading import read
from q_store.passes.gadgets.synthesis import home_turns
from q_store.passes.gadgets.table import Table
from q_store.passes.gadgets.words import LETTERS, Gathering, Word, settled, word
from q_store.passes.manager import run_pipeline
from q_store.qir.angle import Angle
from q_store.qir.func import Func, Module
from q_store.qir.gates.matrices import pauli_word
from q_store.testing.equivalence import assert_equivalent

CLEAN = "canonicalize,fold-conjugations,expand-entanglers,relabel-swaps,"
CLEAN += "fixpoint(cancel,merge-rotations)"


def shared(circuit: QuantumCircuit) -> tuple[Func, Func]:
    before = run_pipeline(CLEAN, Module((circuit.to_ir(),))).main
    return before, run_pipeline("share-gadgets", Module((before,))).main


def gadget(circuit: QuantumCircuit, letters: dict[int, str], angle: Any) -> None:
    """A rotation about a Pauli word as textbooks write it."""
    wires = sorted(letters)
    into = {"X": lambda q: circuit.h(q), "Y": lambda q: circuit.rx(q, pi / 2)}
    back = {"X": lambda q: circuit.h(q), "Y": lambda q: circuit.rx(q, -pi / 2)}
    for q in wires:
        into.get(letters[q], lambda q: None)(q)
    for pair in pairwise(wires):
        circuit.cx(*pair)
    circuit.rz(wires[-1], scalar(angle) if isinstance(angle, str) else angle)
    for pair in reversed(list(pairwise(wires))):
        circuit.cx(*pair)
    for q in wires:
        back.get(letters[q], lambda q: None)(q)


def double(circuit: QuantumCircuit, at: tuple[int, ...], angles: str) -> None:
    """A fermionic double excitation: eight gadgets, Z between its pairs of orbitals."""
    words = ["XXXY", "XXYX", "XYXX", "YXXX", "YYYX", "YYXY", "YXYY", "XYYY"]
    for k, text in enumerate(words):
        letters = dict(zip(at, text, strict=True))
        letters |= {q: "Z" for a, b in (at[:2], at[2:]) for q in range(a + 1, b)}
        gadget(circuit, letters, angles.format(k))


def hopping(circuit: QuantumCircuit, a: int, b: int, angle: str) -> None:
    for text in ("XX", "YY"):
        between = dict.fromkeys(range(a + 1, b), "Z")
        gadget(circuit, {a: text[0], **between, b: text[1]}, angle)


# --- the same operator ------------------------------------------------------------------------


@st.composite
def gadget_circuits(draw: st.DrawFn) -> QuantumCircuit:
    n = draw(st.integers(2, 5))
    circuit = QuantumCircuit(n)
    angle = st.sampled_from(
        ["a", "b", 2 * scalar("a"), -scalar("b"), 0.3, -1.1, pi / 2, pi, -pi / 2, 3 * pi, 0.0]
    )
    for _ in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["gadget", "gadget", "clifford", "swap"]))
        wires = draw(st.permutations(range(n)))
        if kind == "gadget":
            letters = {q: draw(st.sampled_from("XYZ")) for q in wires[: draw(st.integers(1, n))]}
            gadget(circuit, letters, draw(angle))
        elif kind == "swap":
            circuit.swap(*wires[:2])
        else:
            name = draw(st.sampled_from(["h", "s", "sx", "x", "cx", "cz", "cy", "iswap"]))
            circuit.append(name, wires[: 1 + (name in ("cx", "cz", "cy", "iswap"))])
    return circuit


@given(gadget_circuits())
def test_gadgets_stay_what_they_are(circuit: QuantumCircuit) -> None:
    before, after = shared(circuit)
    assert gate_counts(after)[1] <= gate_counts(before)[1]
    assert after is before or gate_counts(after)[1] < gate_counts(before)[1]
    assert_equivalent(circuit.to_ir(), after, "exact")


@given(gadget_circuits())
def test_gathered_circuits_are_what_they_were(circuit: QuantumCircuit) -> None:
    """C is checked by its words, and by its product with the gadgets."""
    values = {"a": 0.37, "b": -1.3}
    func = circuit.bind({name: values[name] for name in circuit.parameters}).to_ir()
    func = run_pipeline(CLEAN, Module((func,))).main
    reading = read([op for op in func.ops if op.is_gate and op.operands])
    gathering = settled(reading.gathering)
    made = product_of(gathering.n, [(g.word, g.angle.const) for g in gathering.gadgets])
    clifford = product_of(gathering.n, [(w, k * pi / 2) for w, k in gathering.turns])
    first = read([op for op in func.ops if op.is_gate and op.operands]).gathering
    wanted = product_of(first.n, [(w, k * pi / 2) for w, k in first.turns]) @ product_of(
        first.n, [(g.word, g.angle.const) for g in first.gadgets]
    )
    assert np.allclose(clifford @ made, wanted, atol=1e-9)
    for q in range(gathering.n):
        for row, letter in zip(frame_rows(gathering)[q :: gathering.n], "XZY", strict=True):
            plain = matrix(word({q: LETTERS[letter]}), gathering.n)
            assert np.allclose(clifford.conj().T @ plain @ clifford, matrix(row, gathering.n))


def matrix(signed: Word, n: int) -> np.ndarray:
    text = "".join(["IXZY"[(signed.x >> q & 1) | (signed.z >> q & 1) << 1] for q in range(n)])
    return np.asarray(pauli_word(text)) * (-1 if signed.is_negative else 1)


def product_of(n: int, rotations: list[tuple[Word, float]]) -> np.ndarray:
    made = np.eye(2**n, dtype=complex)
    for turned, angle in rotations:
        half = angle / 2
        made = (np.cos(half) * np.eye(2**n) - 1j * np.sin(half) * matrix(turned, n)) @ made
    return made


WORDS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 7)), max_size=12)


@given(WORDS)
def test_amplitudes_have_the_right_phase(turns: list[tuple[int, int, int]]) -> None:
    words = [(Word(x, z, (x & z).bit_count() % 4), count) for x, z, count in turns]
    state = product_of(3, [(w, count * pi / 2) for w, count in words])[:, 0]
    known = Amplitude(3)
    for given_word, count in words:
        known.rotate(given_word, count)
    for basis in range(8):
        index = sum([(basis >> q & 1) << (2 - q) for q in range(3)])
        assert abs(known.at(basis) - state[index]) < 1e-9
    assert abs(known.value) > 1e-3


@given(WORDS, st.integers(0, 2), st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))
def test_a_turn_conjugates_every_row(
    rows: list[tuple[int, int, int]], q: int, a: int, step: int, b: int
) -> None:
    words = [Word(x, z, ((x & z).bit_count() + 2 * k) % 4) for x, z, k in rows]
    r = (q + step) % 3
    table = Table(words, 3)
    lengths = [len(table.letters(row)) for row in range(len(words))]
    longer, shorter = table.change((q, a, r, b))
    table.turn((q, a, r, b))
    turn = product_of(3, [(word({q: a, r: b}), pi / 2)])
    for row, old in enumerate(words):
        letters = table.letters(row)
        found = word(letters)
        sign = -1 if table.sign >> row & 1 else 1
        assert np.allclose(turn @ matrix(old, 3) @ turn.conj().T, sign * matrix(found, 3))
        assert len(letters) - lengths[row] == (longer >> row & 1) - (shorter >> row & 1)


def test_every_clifford_gate_of_a_qubit_is_two_turns_at_most() -> None:
    signed = list(product((1, 2, 3), (False, True)))
    for x, z in product(signed, signed):
        if x[0] == z[0]:
            continue
        turns = home_turns(x, z)
        made = product_of(1, [(word({0: axis}), count * pi / 2) for axis, count in turns])
        for (letter, negative), goal in ((x, 1), (z, 2)):
            start = matrix(word({0: letter}), 1) * (-1 if negative else 1)
            assert np.allclose(made @ start @ made.conj().T, matrix(word({0: goal}), 1))
        assert len(turns) <= 2


def test_sums_of_angles_become_part_of_the_frame() -> None:
    gathering = Gathering(2)
    zz, xi = word({0: 2, 1: 2}), word({0: 1})
    for given_word, angle in ((zz, 0.7), (zz, pi / 2 - 0.7), (xi, 0.3), (zz, 0.4)):
        gathering.rotate(given_word, Angle(angle))
    done = settled(gathering)
    assert len(done.gadgets) == 2
    assert [count for _, count in done.turns] == [1]


# --- fewer entanglers -------------------------------------------------------------------------


def doubles(n: int, *at: tuple[int, ...], shared_angle: bool = False) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for k, wires in enumerate(at):
        double(circuit, wires, f"t{k}" if shared_angle else f"t{k}_{{}}")
    return circuit


def hubbard(sites: int, steps: int) -> QuantumCircuit:
    """A chain of sites, spins interleaved."""
    circuit = QuantumCircuit(2 * sites)
    for _ in range(steps):
        for q in range(2 * sites - 2):
            hopping(circuit, q, q + 2, "t")
        for site in range(sites):
            circuit.cp(2 * site, 2 * site + 1, param="u")
    return circuit


def toffolis() -> QuantumCircuit:
    return QuantumCircuit(4).ccx(0, 1, 2).cx(1, 3).ccx(0, 1, 2)


def adder(bits: int) -> QuantumCircuit:
    """Ripple-carry adder (Cuccaro et al., 2004, arXiv:quant-ph/0410184)."""
    circuit = QuantumCircuit(2 * bits + 2)
    a, b = range(1, bits + 1), range(bits + 1, 2 * bits + 1)
    for k in range(bits):
        circuit.cx(a[k], b[k]).cx(a[k], a[k] - 1).ccx(a[k] - 1, b[k], a[k])
    circuit.cx(a[-1], 2 * bits + 1)
    for k in reversed(range(bits)):
        circuit.ccx(a[k] - 1, b[k], a[k]).cx(a[k], a[k] - 1).cx(a[k] - 1, b[k])
    return circuit


def heisenberg(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for q in range(n - 1):
        for row in ("rxx", "ryy", "rzz"):
            getattr(circuit, row)(q, q + 1, param=row)
    return circuit


COUNTS: dict[str, tuple[Callable[[], QuantumCircuit], int, int]] = {
    # circuit, entanglers before, entanglers after
    "double excitation": (lambda: doubles(4, (0, 1, 2, 3)), 38, 12),
    "with one angle": (lambda: doubles(4, (0, 1, 2, 3), shared_angle=True), 38, 12),
    "with Z between": (lambda: doubles(6, (0, 2, 3, 5)), 67, 16),
    "two of them": (lambda: doubles(6, (0, 1, 2, 3), (0, 1, 4, 5)), 76, 24),
    "hopping": (lambda: hubbard(3, 1), 27, 15),
    "hubbard": (lambda: hubbard(3, 2), 54, 28),
    "toffoli gates": (toffolis, 10, 1),
    "adder": (lambda: adder(3), 43, 34),
    "heisenberg": (lambda: heisenberg(4), 9, 9),
}


@pytest.mark.parametrize("name", COUNTS)
def test_known_counts(name: str) -> None:
    build, wanted_before, wanted = COUNTS[name]
    circuit = build()
    before, after = shared(circuit)
    assert gate_counts(before)[1] == wanted_before
    assert gate_counts(after)[1] <= wanted
    assert_equivalent(before, after, "exact", bindings=1)
    assert after.args == before.args


def test_a_part_is_shared_where_the_rest_cannot_be() -> None:
    circuit = doubles(8, (0, 1, 2, 3))
    rng = np.random.default_rng(5)
    for _ in range(3):
        for q in range(8):
            circuit.u(q, *map(float, rng.uniform(-3, 3, 3)))
        for q in range(8):
            circuit.cx(q, (q + 1) % 8)
    before, after = shared(circuit)
    assert gate_counts(before)[1] == 38 + 24
    assert gate_counts(after)[1] <= 12 + 24


def test_halves_are_shared_where_no_place_is_free_of_entanglement() -> None:
    before, after = shared(adder(9))
    assert gate_counts(before)[1] == 127
    assert gate_counts(after)[1] <= 115


@pytest.mark.parametrize("fence", ["measure", "barrier"])
def test_nothing_moves_past_what_is_no_gate(fence: str) -> None:
    circuit = QuantumCircuit(4)
    gadget(circuit, dict(enumerate("XXXX")), "a")
    circuit.barrier() if fence == "barrier" else circuit.measure(0, bit="c")
    gadget(circuit, dict(enumerate("XXXX")), -scalar("a"))
    before, after = shared(circuit)
    assert after is before


def test_native_programs_share_gadgets() -> None:
    func = doubles(4, (0, 1, 2, 3)).to_ir()
    for device in ("aria", "forte"):
        counts = []
        for level in (2, 3):
            text = f"ionq-native{{device={device} level={level}}}"
            made = run_pipeline(text, Module((func,))).main
            counts.append(gate_counts(made)[1])
        assert counts[1] <= 12 < counts[0]
        assert_equivalent(func, made, "exact", bindings=1)


def test_hundreds_of_gadgets_take_seconds() -> None:
    rng = np.random.default_rng(1)
    circuit = QuantumCircuit(16)
    for k in range(25):
        double(circuit, tuple(sorted(map(int, rng.choice(16, 4, replace=False)))), f"w{k}")
    before, after = shared(circuit)
    assert gate_counts(after)[1] < 0.3 * gate_counts(before)[1]
