"""Pauli sums against matrices, and the other observations."""

import functools
import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from q_store.qir.diagnostics import QStoreError
from q_store.qir.observables import (
    Expval,
    PauliSum,
    Probs,
    Sample,
    State,
    as_pauli_sum,
    format_word,
    observation_qubits,
)
from q_store.qir.types import F64, Type, f64

N = 3
MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}

letters = st.tuples(st.sampled_from("IXYZ"), st.integers(0, N - 1))
numbers = st.floats(-8, 8).map(lambda number: round(number, 3))
factors = st.one_of(letters, numbers.map(abs))
terms = st.tuples(st.sampled_from("+-"), st.lists(factors, min_size=1, max_size=5))
joints = st.sampled_from([" ", "*", " * ", " @ "])


def on_qubit(letter: str, qubit: int) -> NDArray[np.complex128]:
    rows = [MATRICES[letter if q == qubit else "I"] for q in range(N)]
    return functools.reduce(np.kron, rows)


def factor_matrix(factor: object) -> NDArray[np.complex128]:
    if isinstance(factor, tuple):
        return on_qubit(*factor)
    return factor * np.eye(2**N)


def matrix_of(paulis: PauliSum) -> NDArray[np.complex128]:
    total = np.zeros((2**N, 2**N), complex)
    for coef, word in paulis.terms:
        total += coef * functools.reduce(np.matmul, [on_qubit(a, q) for q, a in word], np.eye(2**N))
    return total


def spelled(factor: object) -> str:
    return f"{factor[0]}{factor[1]}" if isinstance(factor, tuple) else repr(factor)


def is_hermitian(parts: list[object]) -> bool:
    """Whether the Pauli letters of a product multiply to a Hermitian matrix."""
    paulis = [on_qubit(*part) for part in parts if isinstance(part, tuple)]
    product = functools.reduce(np.matmul, paulis, np.eye(2**N))
    return np.allclose(product, product.conj().T)


@given(st.lists(terms, min_size=1, max_size=4), joints)
def test_a_sum_is_the_matrix_it_spells(parts: list[tuple[str, list[object]]], joint: str) -> None:
    text = " ".join(sign + joint.join(map(spelled, factors)) for sign, factors in parts)
    if not all(is_hermitian(factors) for _, factors in parts):
        with pytest.raises(QStoreError, match="not Hermitian"):
            PauliSum.parse(text)
        return
    expected = sum(
        (1 if sign == "+" else -1) * functools.reduce(np.matmul, map(factor_matrix, factors))
        for sign, factors in parts
    )
    assert np.allclose(matrix_of(PauliSum.parse(text)), expected, atol=1e-9)


def test_every_product_of_four_letters() -> None:
    """Two letters on each of two qubits: the only place where both signs of the phase i show."""
    for a, b, c, d in itertools.product("XYZ", repeat=4):
        matrix = on_qubit(a, 0) @ on_qubit(b, 0) @ on_qubit(c, 1) @ on_qubit(d, 1)
        text = f"{a}0 {b}0 {c}1 {d}1"
        if np.allclose(matrix, matrix.conj().T):
            assert np.allclose(matrix_of(PauliSum.parse(text)), matrix)
        else:
            with pytest.raises(QStoreError):
                PauliSum.parse(text)


sums = st.lists(
    st.tuples(numbers, st.dictionaries(st.integers(0, N - 1), st.sampled_from("XYZ"))), max_size=3
).map(lambda parts: PauliSum.of((coef, tuple(sorted(w.items()))) for coef, w in parts))


@given(sums, sums, numbers)
def test_arithmetic_is_that_of_matrices(left: PauliSum, right: PauliSum, number: float) -> None:
    a, b, one = matrix_of(left), matrix_of(right), np.eye(2**N)
    assert np.allclose(left.matrix(N), a)
    assert np.allclose(matrix_of(left + right), a + b)
    assert np.allclose(matrix_of(left - right), a - b)
    assert np.allclose(matrix_of(number - left + 1), (number + 1) * one - a)
    assert np.allclose(matrix_of(-left * number), -a * number)
    assert np.allclose(matrix_of(np.float64(number) * left), a * number)
    if number:
        assert np.allclose(matrix_of(left / number), a / number)
    product = a @ b
    if np.allclose(product, product.conj().T, rtol=0, atol=1e-9):
        assert np.allclose(matrix_of(left * right), product)
        assert left @ right == left * right
    else:
        with pytest.raises(QStoreError, match="not Hermitian"):
            left * right


@given(sums, st.permutations(range(N)))
def test_a_matrix_is_the_sum_it_came_from(paulis: PauliSum, order: list[int]) -> None:
    again = PauliSum.from_matrix(paulis.matrix(N))
    expected = {word: coef for coef, word in paulis.terms}
    assert {word: coef for coef, word in again.terms} == pytest.approx(expected)
    moved = PauliSum.of(
        (coef, tuple(sorted((order[q], letter) for q, letter in word)))
        for coef, word in paulis.terms
    )
    assert np.allclose(PauliSum.from_matrix(paulis.matrix(N), order).matrix(N), moved.matrix(N))


@pytest.mark.parametrize(
    ("matrix", "qubits", "words"),
    [
        ([[0, 1], [0, 0]], None, "not Hermitian"),
        ([[1j, 0], [0, 0]], None, "not Hermitian"),
        (np.eye(3), None, r"\(3, 3\)"),
        (np.ones(4), None, r"\(4,\)"),
        ([[np.nan, 0], [0, 0]], None, "finite"),
        (np.eye(4), [0], r"2 different qubits, got \(0,\)"),
        (np.eye(4), [1, 1], "2 different qubits"),
        (np.eye(2), [-1], "1 different qubits"),
        (np.zeros((0, 0)), None, "finite"),
    ],
)
def test_what_is_no_hermitian_matrix(matrix: object, qubits: object, words: str) -> None:
    with pytest.raises(QStoreError, match=words):
        PauliSum.from_matrix(matrix, qubits)


def test_matrices_as_observables_say_how() -> None:
    assert PauliSum.from_matrix(np.diag([1, -1])) == PauliSum.z(0)
    assert PauliSum.from_matrix([[2.5]]) == PauliSum.parse("2.5")
    with pytest.raises(QStoreError, match=r"PauliSum\.from_matrix"):
        as_pauli_sum(np.eye(2))


def test_arithmetic_with_what_is_no_number() -> None:
    z = PauliSum.z(0)
    assert sum([z, PauliSum.z(1)]) == PauliSum.parse("Z0 + Z1")
    for wrong in ("Z1", 1j, True, None):
        for operation in (lambda x: z + x, lambda x: x - z, lambda x: x * z, lambda x: z / x):
            with pytest.raises(TypeError, match=r"unsupported|can't multiply"):
                operation(wrong)
    with pytest.raises(ZeroDivisionError):
        z / 0
    with pytest.raises(QStoreError, match="qubit 2: the matrix has 2"):
        PauliSum.z(2).matrix(2)
    assert PauliSum(()).matrix().shape == (1, 1)


words = st.dictionaries(st.integers(0, 30), st.sampled_from("XYZ"), max_size=5).map(
    lambda word: tuple(sorted(word.items()))
)
coefficients = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(coefficients, words), max_size=5, unique_by=lambda term: term[1]))
def test_text_reads_back_exactly(parts: list[tuple[float, tuple[tuple[int, str], ...]]]) -> None:
    paulis = PauliSum.of(parts)
    assert PauliSum.parse(repr(paulis)) == paulis


@given(st.one_of(st.text(), st.text("IXYZ0123 +-*@.e")))
def test_any_text_is_a_sum_or_a_diagnostic(text: str) -> None:
    try:
        paulis = PauliSum.parse(text)
    except QStoreError as problem:
        (found,) = problem.diagnostics
        assert found.code == "QS107"
        assert found.span is not None
        assert 1 <= found.span.col <= len(text) + 1
    else:
        assert all(math.isfinite(coef) for coef, _ in paulis.terms)
        assert PauliSum.parse(repr(paulis)) == paulis


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Z0", "Z0"),
        ("X0X1", "X0 X1"),
        ("X0 @ X1", "X0 X1"),
        ("Z1 * 2", "2.0*Z1"),
        ("2*3 Z0", "6.0*Z0"),
        ("- -Z0", "Z0"),
        ("Z0 - Z0", "0.0*I"),
        ("0.25", "0.25*I"),
        ("I - I0 Z1", "I + -1.0*Z1"),
        ("X0 Y0 Z0 X0 Y0 Z0", "-1.0*I"),
        ("X00000000012", "X12"),
        (f"X{'0' * 9000}7", "X7"),
        ("1e-3 Z2 Z0", "0.001*Z0 Z2"),
    ],
)
def test_spellings(text: str, shown: str) -> None:
    assert repr(PauliSum.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("ZIX", 1, "unexpected 'Z'"),
        ("Z0 + ZIX", 6, "name the qubits, as in `Z0 X2`; other libraries read `ZIX` in either"),
        ("Z0 + II", 6, "as in `I`"),
        ("XX1", 1, "write sums of indexed"),
        ("Z0 + W1", 6, "unexpected 'W'"),
        ("X0 Y0", 1, "not Hermitian"),
        ("Z0 +", 5, "expected a Pauli or a number"),
        ("", 1, "expected a Pauli or a number"),
        ("* Z0", 1, "expected a Pauli or a number"),
        ("Z0 **Z1", 5, "expected a Pauli or a number"),
        ("1e999 Z0", 1, "too large"),
        ("Z1 + 1e999 Z0", 6, "too large"),
        ("0*1e999*Z0", 1, "too large"),
        ("Z0 + 1e308 X0 + 1e308 X0", 1, "too large"),
        ("Z99999999", 2, "too large"),
        ("Z٣", 1, "unexpected 'Z'"),
        ("Z0\n+ ?", 3, "unexpected '?'"),
    ],
)
def test_mistakes(text: str, column: int, message: str) -> None:
    with pytest.raises(QStoreError, match=re.escape(message)) as caught:
        PauliSum.parse(text)
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.col == column


def test_long_text_is_read_quickly_enough() -> None:
    assert len(PauliSum.parse(" + ".join(f"Z{i}" for i in range(20_000))).terms) == 20_000
    with pytest.raises(QStoreError):
        PauliSum.parse(" " * 100_000 + "?")


def test_sums_made_by_hand() -> None:
    word = ((0, "Z"),)
    assert PauliSum.of([(1.0, word), (2.0, word), (0.0, ())]) == PauliSum(((3.0, word),))
    assert repr(PauliSum.of([(np.float64(0.5), word)])) == "0.5*Z0"
    assert PauliSum.z(3) == PauliSum.parse("Z3")
    assert (PauliSum.parse("Z3 + X1").n_qubits, PauliSum.parse("2").n_qubits) == (4, 0)
    assert format_word(()) == "I"
    assert not PauliSum(((math.inf, word),)).is_finite


def test_as_pauli_sum() -> None:
    z = PauliSum.z(0)
    assert as_pauli_sum(z) is z
    assert as_pauli_sum("Z0") == z
    with pytest.raises(QStoreError, match="must be text"):
        as_pauli_sum(3)


def test_observations_have_types_qubits_and_text() -> None:
    both = Expval(PauliSum.parse("Z2 X0"))
    assert [repr(o) for o in (both, Probs((1, 0)), Sample((2,)), State())] == [
        "expval(X0 Z2)",
        "probs(1, 0)",
        "sample(2)",
        "state",
    ]
    assert [o.result_type(3) for o in (both, Probs((1, 0)), Sample((2,)), State())] == [
        F64,
        f64(4),
        Type("bit", (1,)),
        Type("c128", (8,)),
    ]
    assert observation_qubits(both) == (0, 2)
    assert observation_qubits(Probs((1, 0))) == (1, 0)
    assert observation_qubits(State()) is None


@pytest.mark.parametrize("observation", [State(), Probs(tuple(range(20_000)))])
def test_dense_results_of_absurd_size_are_refused(observation: State | Probs) -> None:
    with pytest.raises(QStoreError) as caught:
        observation.result_type(20_000)
    assert caught.value.code == "QS210"
