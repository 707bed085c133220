"""Unitary matrices of every kind become exactly equal gates, and few of them."""

from collections.abc import Callable
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.qir.diagnostics import QStoreError
from q_store.qir.ops import Step
from q_store.qir.registry import all_gates
from q_store.qir.synthesis.diagonals import multiplexed_rz
from q_store.qir.synthesis.emission import one_qubit_gate, steps_of
from q_store.qir.synthesis.reversible import flips_of
from q_store.qir.synthesis.spectra import common_eigenbasis, eigenbasis, symmetric_eigenbasis
from q_store.qir.synthesis.structure import controlling, moved, tensor_split
from q_store.qir.synthesis.unitaries import diagonal_steps, unitary_steps
from q_store.qir.synthesis.weyl import canonical_form
from q_store.qir.unitary import steps_matrix

ATOL = 1e-9
CX = np.eye(4)[[0, 1, 3, 2]]
SWAP = np.eye(4)[[0, 2, 1, 3]]


def haar(n: int, rng: np.random.Generator) -> np.ndarray:
    """A Haar random unitary on n qubits (Mezzadri, 2007, arXiv:math-ph/0609050)."""
    real, imaginary = rng.normal(size=(2, 2**n, 2**n))
    q, r = np.linalg.qr(real + 1j * imaginary)
    return q * (np.diag(r) / abs(np.diag(r)))


def clifford(n: int, rng: np.random.Generator) -> np.ndarray:
    names = ("h", "s", "x", "cx", "cz", "swap", "sxdg")
    steps: list[Step] = []
    for _ in range(4 * n):
        row = all_gates()[names[rng.integers(len(names))]]
        if row.wires <= n:
            steps.append((row.mnemonic, tuple(rng.permutation(n)[: row.wires].tolist()), ()))
    return steps_matrix(steps, n)


def permutation(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.eye(2**n, dtype=complex)[rng.permutation(2**n)]


def monomial(n: int, rng: np.random.Generator) -> np.ndarray:
    return permutation(n, rng) * np.exp(1j * rng.normal(size=2**n))


def diagonal(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.diag(np.exp(1j * rng.choice([0, np.pi, -np.pi, 0.3, 2.0], size=2**n)))


def degenerate(n: int, rng: np.random.Generator) -> np.ndarray:
    """Few different eigenvalues in a random basis."""
    basis, angles = haar(n, rng), rng.choice([0, np.pi, np.pi / 2], size=2**n)
    return basis * np.exp(1j * angles) @ basis.conj().T


def near(n: int, rng: np.random.Generator) -> np.ndarray:
    """As close to a permutation or the identity as 1e-3 to 1e-14."""
    base = permutation(n, rng) if rng.integers(2) else np.eye(2**n)
    basis, angles = haar(n, rng), rng.normal(size=2**n) * 10.0 ** -rng.integers(3, 15)
    return base @ (basis * np.exp(1j * angles) @ basis.conj().T)


def controlled(n: int, rng: np.random.Generator) -> np.ndarray:
    """A random unitary, waiting for random values of up to n - 1 qubits anywhere."""
    controls = int(rng.integers(1, n)) if n > 1 else 0
    targets = 2 ** (n - controls)
    matrix = np.eye(2**n, dtype=complex)
    place = int(rng.integers(2**controls)) * targets
    matrix[place : place + targets, place : place + targets] = haar(n - controls, rng)
    return moved(matrix, rng.permutation(n).tolist())


def multiplexed(n: int, rng: np.random.Generator) -> np.ndarray:
    matrix, half = np.zeros((2**n, 2**n), complex), 2 ** (n - 1)
    for place in (0, half):
        block = haar(n - 1, rng) if n > 1 else np.exp(1j * rng.normal(size=(1, 1)))
        matrix[place : place + half, place : place + half] = block
    return moved(matrix, rng.permutation(n).tolist())


def product(n: int, rng: np.random.Generator) -> np.ndarray:
    sizes = [1] * n if n < 3 else [int(rng.integers(1, n)), 0]
    sizes = sizes if n < 3 else [sizes[0], n - sizes[0]]
    return moved(reduce(np.kron, [haar(size, rng) for size in sizes]), rng.permutation(n).tolist())


def orthogonal(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(2**n, 2**n)))[0].astype(complex)


KINDS: tuple[Callable[[int, np.random.Generator], np.ndarray], ...] = (
    *(haar, clifford, permutation, monomial, diagonal, degenerate, near, controlled, multiplexed),
    *(product, orthogonal),
)


def entanglers(steps: tuple[Step, ...]) -> int:
    """Swaps count as the three CX they are."""
    return sum((3 if name == "swap" else 1) for name, wires, _ in steps if len(wires) == 2)


def shannon_bound(n: int) -> float:
    return 23 / 48 * 4**n - 3 / 2 * 2**n + 4 / 3


def zxz_bound(n: int) -> float:
    return 22 / 48 * 4**n - 3 / 2 * 2**n + 5 / 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1), turn=st.floats(-3, 3))
def test_the_gates_are_the_matrix_with_its_phase(kind, n: int, seed: int, turn: float) -> None:
    wanted = kind(n, np.random.default_rng(seed)) * np.exp(1j * turn)
    steps = unitary_steps(wanted)
    np.testing.assert_allclose(steps_matrix(steps, n), wanted, atol=ATOL)
    assert entanglers(steps) <= (0 if n == 1 else shannon_bound(n) + 1e-6)


@pytest.mark.parametrize("kind", [haar, permutation, controlled, near], ids=lambda k: k.__name__)
def test_five_qubits(kind) -> None:
    wanted = kind(5, np.random.default_rng(8))
    steps = unitary_steps(wanted)
    np.testing.assert_allclose(steps_matrix(steps, 5), wanted, atol=ATOL)
    assert entanglers(steps) <= zxz_bound(5) + 1e-6


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_random_unitaries_take_what_the_formula_says(n: int) -> None:
    steps = unitary_steps(haar(n, np.random.default_rng(n)))
    assert entanglers(steps) == round(zxz_bound(n)) == {2: 3, 3: 19, 4: 95, 5: 423}[n]


@pytest.mark.parametrize("name", [name for name, row in all_gates().items() if row.wires])
def test_gates_of_the_table_from_their_matrices(name: str) -> None:
    row = all_gates()[name]
    wanted = row.matrix(*[0.3 + 0.2 * k for k in range(len(row.angle_names))])
    steps = unitary_steps(wanted)
    np.testing.assert_allclose(steps_matrix(steps, row.wires), wanted, atol=ATOL)
    assert entanglers(steps) <= (0 if row.wires == 1 else shannon_bound(row.wires) + 1e-6)


@pytest.mark.parametrize(
    "name", ["h", "x", "s", "t", "sx", "sxdg", "cx", "cz", "swap", "rx", "ry", "rz", "rzz"]
)
def test_some_gates_come_back_as_themselves(name: str) -> None:
    row = all_gates()[name]
    angles = (0.3,) * len(row.angle_names)
    ((found, wires, given),) = unitary_steps(row.matrix(*angles))
    assert (found, wires) == (name, tuple(range(row.wires)))
    np.testing.assert_allclose(given, angles)


@pytest.mark.parametrize(
    ("matrix", "most"),
    [
        (np.eye(32), 0),
        (reduce(np.kron, [haar(1, np.random.default_rng(k)) for k in range(4)]), 0),
        (all_gates()["crx"].matrix(0.4), 1),
        (all_gates()["iswap"].matrix(), 2),
        (all_gates()["sqrt_iswap"].matrix(), 2),
        (np.diag(np.exp(1j * np.arange(4) ** 2)), 1),
        (np.diag(np.exp(1j * np.arange(16.0) ** 3)), 13),
        (all_gates()["ccx"].matrix(), 5),
        (all_gates()["c3x"].matrix(), 13),
        (np.kron(all_gates()["cz"].matrix(), np.eye(2)) @ np.kron(np.eye(2), CX), 2),
        (np.kron(CX, np.eye(2)) @ np.kron(np.eye(2), CX) @ np.kron(CX, np.eye(2)), 3),
        (np.kron(np.diag(np.exp(1j * np.arange(4))), np.eye(4)), 1),
    ],
    ids=[
        *("identity", "product", "crx", "iswap", "sqrt_iswap", "diag2", "diag4", "ccx", "c3x"),
        *("linear", "linear3", "idle"),
    ],
)
def test_structure_is_cheap(matrix: np.ndarray, most: int) -> None:
    count = len(matrix).bit_length() - 1
    steps = unitary_steps(matrix)
    np.testing.assert_allclose(steps_matrix(steps, count), matrix, atol=ATOL)
    assert entanglers(steps) <= most


@pytest.mark.parametrize(
    ("images", "most"),
    [
        ([(k + 1) % 8 for k in range(8)], 6),
        ([(k + 1) % 32 for k in range(32)], 48),
        ([k & ~3 | (k + (k >> 2)) & 3 for k in range(16)], 7),
        ([5 * k % 16 for k in range(16)], 7),
    ],
    ids=["increment 3", "increment 5", "adder", "product"],
)
def test_arithmetic_is_cheap(images: list[int], most: int) -> None:
    matrix, n = np.eye(len(images))[:, images], len(images).bit_length() - 1
    steps = unitary_steps(matrix)
    np.testing.assert_allclose(steps_matrix(steps, n)[images, range(len(images))], 1, atol=ATOL)
    assert entanglers(steps) <= most


@given(n=st.integers(1, 4), data=st.data())
def test_flips_are_the_permutation(n: int, data: st.DataObject) -> None:
    images = data.draw(st.permutations(range(2**n)))
    states = list(range(2**n))
    for controls, bit in flips_of(images):
        assert not controls & bit
        assert bit.bit_count() == 1
        states = [k ^ bit if k & controls == controls else k for k in states]
    assert states == images


@pytest.mark.parametrize("seed", range(8))
def test_a_common_control_of_a_product_is_one_entangler_each(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.eye(8, dtype=complex)
    matrix[4:, 4:] = np.kron(haar(1, rng), haar(1, rng))
    assert entanglers(unitary_steps(matrix)) == 2


@pytest.mark.parametrize("reading", range(4))
def test_products_under_two_controls_that_wait_for_any_values(reading: int) -> None:
    rng = np.random.default_rng(reading)
    blocks = np.zeros((4, 4, 4, 4), complex)
    for each in range(4):
        product = np.kron(haar(1, rng), haar(1, rng))
        blocks[each, :, each, :] = product if each == reading else np.eye(4)
    assert entanglers(unitary_steps(blocks.reshape(16, 16))) <= 9


def test_diagonals_are_apart_whatever_whole_turns_phases_have() -> None:
    """CZ on neighbours, whose phases are 0 and pi modulo 2 pi only."""
    rows = [("cz", (0, 1), ()), ("cz", (1, 2), ()), ("rzz", (0, 2), (0.3,)), ("cz", (2, 3), ())]
    assert entanglers(unitary_steps(steps_matrix(rows, 4))) == 4


@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_diagonals(n: int, seed: int) -> None:
    phases = np.random.default_rng(seed).normal(scale=5, size=2**n)
    steps = diagonal_steps(phases)
    np.testing.assert_allclose(steps_matrix(steps, n), np.diag(np.exp(1j * phases)), atol=ATOL)
    assert entanglers(steps) <= max(0, 2**n - 3)


@given(
    n=st.integers(0, 3), seed=st.integers(0, 2**32 - 1), sparse=st.booleans(), short=st.booleans()
)
def test_multiplexed_rotations(n: int, seed: int, sparse: bool, short: bool) -> None:
    rng = np.random.default_rng(seed)
    angles = rng.normal(size=2**n) if not sparse else np.repeat(rng.normal(size=2), 2**n)[: 2**n]
    short = short and n > 0
    steps = steps_of(multiplexed_rz(angles, range(n), n, open_end=short))
    if short:
        steps = (*steps, ("cx", (0, n), ()))
    wanted = np.zeros((2 ** (n + 1),) * 2, complex)
    for reading, angle in enumerate(angles):
        at = slice(2 * reading, 2 * reading + 2)
        wanted[at, at] = np.diag(np.exp([-0.5j * angle, 0.5j * angle]))
    np.testing.assert_allclose(steps_matrix(steps, n + 1), wanted, atol=ATOL)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_eigenvectors_are_orthonormal_whatever_coincides(kind, n: int, seed: int) -> None:
    unitary = kind(n, np.random.default_rng(seed))
    vectors, angles = eigenbasis(unitary)
    np.testing.assert_allclose(vectors.conj().T @ vectors, np.eye(2**n), atol=1e-11)
    np.testing.assert_allclose(
        vectors * np.exp(1j * angles) @ vectors.conj().T, unitary, atol=1e-10
    )
    symmetric = unitary.T @ unitary
    basis = symmetric_eigenbasis(symmetric)
    inside = basis.T @ symmetric @ basis
    np.testing.assert_allclose(inside, np.diag(np.diag(inside)), atol=1e-10)
    basis_states = np.abs(vectors) > 1e-12
    assert not (basis_states & ~_reachable(unitary)).any()


def _reachable(matrix: np.ndarray) -> np.ndarray:
    reach = (np.abs(matrix) > 1e-12) | (np.abs(matrix.T) > 1e-12) | np.eye(len(matrix), dtype=bool)
    for _ in range(4):
        reach = reach @ reach
    return reach


def test_common_eigenvectors() -> None:
    rng = np.random.default_rng(3)
    basis = haar(3, rng)
    angles = rng.choice([0.0, 1.0, 2.0], size=(4, 8))
    unitaries = [basis * np.exp(1j * each) @ basis.conj().T for each in angles]
    vectors, found = common_eigenbasis(unitaries)
    for unitary, each in zip(unitaries, found, strict=True):
        np.testing.assert_allclose(
            vectors * np.exp(1j * each) @ vectors.conj().T, unitary, atol=1e-10
        )
    assert common_eigenbasis([CX, SWAP]) is None


def test_structure_is_seen() -> None:
    rng = np.random.default_rng(4)
    some, left, others, right = tensor_split(moved(np.kron(haar(1, rng), haar(2, rng)), [1, 0, 2]))
    assert (some, others, left.shape, right.shape) == ([1], [0, 2], (2, 2), (4, 4))
    assert tensor_split(haar(3, rng)) is None
    assert controlling(all_gates()["ccx"].matrix()) == [0, 1]
    assert controlling(haar(2, rng)) == []


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), small=st.integers(0, 16))
def test_canonical_form_of_pairs(seed: int, small: int) -> None:
    rng = np.random.default_rng(seed)
    basis, angles = haar(2, rng), rng.normal(size=4) * 10.0**-small
    wanted = clifford(2, rng) @ (basis * np.exp(1j * angles) @ basis.conj().T)
    after, turns, first = canonical_form(wanted)
    steps = [(name, (0, 1), (t,)) for name, t in zip(("rxx", "ryy", "rzz"), turns, strict=True)]
    made = after @ steps_matrix(steps, 2) @ first
    assert abs(np.vdot(made, wanted)) / 4 == pytest.approx(1, abs=1e-12)
    assert tensor_split(after) is not None


@given(seed=st.integers(0, 2**32 - 1), small=st.integers(0, 16))
def test_single_qubits_are_one_gate(seed: int, small: int) -> None:
    rng = np.random.default_rng(seed)
    basis, angles = haar(1, rng), rng.normal(size=2) * 10.0**-small
    wanted = clifford(1, rng) @ (basis * np.exp(1j * angles) @ basis.conj().T)
    name, turns, phase = one_qubit_gate(wanted)
    made = all_gates()[name].matrix(*turns) if name else np.eye(2)
    np.testing.assert_allclose(made * np.exp(1j * phase), wanted, atol=3e-11)


def test_nearly_unitary_matrices_become_the_nearest_unitary() -> None:
    wanted = haar(2, np.random.default_rng(1))
    noisy = wanted + 1e-9 * np.ones((4, 4))
    np.testing.assert_allclose(steps_matrix(unitary_steps(noisy), 2), wanted, atol=1e-8)


@pytest.mark.parametrize(
    ("matrix", "code", "words"),
    [
        (np.eye(3), "QS329", r"shape \(3, 3\)"),
        (np.eye(1), "QS329", r"shape \(1, 1\)"),
        (np.ones(4), "QS329", r"shape \(4,\)"),
        (np.ones((2, 4)), "QS329", r"shape \(2, 4\)"),
        ([["a"]], "QS329", "matrix of numbers"),
        ([[1, 0], [0]], "QS329", "matrix of numbers"),
        ([[1, 1], [1, -1]], "QS329", "differs from the identity by 1,"),
        ([[1, np.nan], [0, 1]], "QS307", "not finite"),
    ],
    ids=["size", "none", "vector", "oblong", "text", "ragged", "scale", "nan"],
)
def test_errors(matrix: object, code: str, words: str) -> None:
    with pytest.raises(QStoreError, match=words) as caught:
        unitary_steps(matrix)
    assert caught.value.diagnostics[0].code == code
