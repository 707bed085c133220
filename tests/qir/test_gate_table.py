"""Every field of every row of the gate table, checked against the row's matrix."""

import itertools
import subprocess
import sys
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.qir.angle import Angle
from q_store.qir.diagnostics import QStoreError
from q_store.qir.gates import ROWS
from q_store.qir.gates.matrices import controlled, pauli_word
from q_store.qir.gates.rules import (
    canonical,
    controlled_phase,
    diagonal_steps,
    multiplexed,
    on,
    undo,
)
from q_store.qir.ops import Gate, Trait
from q_store.qir.registry import all_gates, find_controlled, gate
from q_store.qir.types import F64
from q_store.qir.unitary import steps_matrix
from q_store.qir.values import Value

FEW = settings(max_examples=max(2, settings().max_examples // 10))
EXACT = {"rtol": 0.0, "atol": 1e-12}
BOTTOM = {"rx", "ry", "rz", "cx", "phase"} | {"x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx"}
BOTTOM |= {"sxdg", "id"}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.mnemonic)
every_rotation = pytest.mark.parametrize(
    "row", [row for row in ROWS if row.angle_names], ids=lambda row: row.mnemonic
)
angle_values = st.floats(-4 * pi, 4 * pi)


def some_angles(row: Gate, seed: int = 7, shape: tuple[int, ...] = ()) -> list:
    rng = np.random.default_rng(seed)
    drawn = [rng.uniform(-pi, pi, shape) for _ in row.angle_names]
    return drawn if shape else [float(a) for a in drawn]


def draw_angles(data: st.DataObject, row: Gate) -> list[float]:
    return [data.draw(angle_values, label=name) for name in row.angle_names]


def always(row: Gate, holds) -> bool:
    """Whether a property holds at several generic angles."""
    return all(holds(row.matrix(*some_angles(row, seed))) for seed in range(3))


# --- records -------------------------------------------------------------------------------


def test_mnemonics_and_aliases_name_one_row_each():
    spellings = [name for row in ROWS for name in (row.mnemonic, *row.aliases)]
    assert len(set(spellings)) == len(spellings)
    assert all(name == name.lower() for name in spellings)
    assert all(gate(name) is row for row in ROWS for name in (row.mnemonic, *row.aliases))


def test_an_unknown_gate_is_a_diagnostic_with_near_matches():
    with pytest.raises(QStoreError, match="did you mean"):
        gate("crxx")


@every_row
def test_record_is_complete(row):
    assert row.name in (f"q.{row.mnemonic}", f"ionq.{row.mnemonic}")
    assert row.doc.endswith(".")
    assert len(set(row.angle_names)) == len(row.angle_names)
    assert len(row.frequencies) == len(row.angle_names)
    assert set(row.names) <= {"qasm2", "qasm3", "qiskit", "cirq", "pennylane", "ionq"}
    assert (row.pauli is not None) == row.has(Trait.ROTATION)


def test_listing_the_gates_imports_no_numpy():
    code = "import sys, q_store.qir.gates; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- matrices ------------------------------------------------------------------------------


@every_row
@given(data=st.data())
@FEW
def test_matrix_is_unitary(row, data):
    matrix = row.matrix(*draw_angles(data, row))
    assert matrix.shape == (2**row.wires,) * 2
    assert matrix.dtype == np.complex128
    np.testing.assert_allclose(matrix @ matrix.conj().T, np.eye(2**row.wires), **EXACT)


@every_rotation
def test_matrix_is_vectorised_over_leading_axes(row):
    angles = some_angles(row, shape=(3, 2))
    matrices = row.matrix(*angles)
    assert matrices.shape == (3, 2, 2**row.wires, 2**row.wires)
    for place in itertools.product(range(3), range(2)):
        one = row.matrix(*[float(a[place]) for a in angles])
        np.testing.assert_allclose(matrices[place], one, **EXACT)


@every_rotation
def test_angles_broadcast_against_each_other(row):
    angles = some_angles(row)
    mixed = [np.array([[angles[0]], [0.5]]), *angles[1:]]
    np.testing.assert_allclose(row.matrix(*mixed)[0, 0], row.matrix(*angles), **EXACT)


# --- rules ---------------------------------------------------------------------------------


@every_row
@given(data=st.data())
@FEW
def test_inverse_undoes_the_gate(row, data):
    angles = draw_angles(data, row)
    inverse = steps_matrix(row.inverse(*angles), row.wires)
    np.testing.assert_allclose(inverse @ row.matrix(*angles), np.eye(2**row.wires), **EXACT)


@every_row
@given(data=st.data())
@FEW
def test_decomposition_equals_the_matrix_with_its_phase(row, data):
    angles = draw_angles(data, row)
    if row.decompose is None:
        assert row.mnemonic in BOTTOM
    else:
        steps = row.decompose(*angles)
        np.testing.assert_allclose(steps_matrix(steps, row.wires), row.matrix(*angles), **EXACT)


def bottom_steps(name: str, seen: tuple[str, ...] = ()) -> list[str]:
    """Names of the primitives a gate becomes; fails on a cycle."""
    assert name not in seen, f"cycle {seen} -> {name}"
    row = all_gates()[name]
    if row.decompose is None:
        return [name]
    steps = row.decompose(*some_angles(row))
    return [low for step, _, _ in steps for low in bottom_steps(step, (*seen, name))]


@every_row
def test_decomposition_ends_in_primitives(row):
    assert set(bottom_steps(row.mnemonic)) <= BOTTOM


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ("cz cy ch ecr", 1),
        ("cp cs csx crx cry crz cu cu3 crot cxpow rxx ryy rzz rzx iswap czswap dcx", 2),
        ("xx_plus_yy xx_minus_yy isingxy givens single_excitation fermionic_swap diag2", 2),
        ("swap pswap fsim phased_fsim swappow single_excitation_plus rccx temporary_and", 3),
        ("ccx ccy ccz ccp ccxpow diag3 rcccx", 6),
        ("cswap orbital_rotation", 8),
        ("c3x c3z c3sx double_excitation", 14),
        ("double_excitation_plus", 20),
        ("c4x", 30),
    ],
)
def test_decompositions_use_few_two_qubit_gates(names, count):
    for name in names.split():
        assert bottom_steps(name).count("cx") == count, name


class AffineOnly:
    """A number that offers what rules may use and nothing else."""

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return AffineOnly(self.value + plain(other))

    def __sub__(self, other):
        return AffineOnly(self.value - plain(other))

    def __mul__(self, factor):
        assert isinstance(factor, float)
        return AffineOnly(self.value * factor)

    def __neg__(self):
        return AffineOnly(-self.value)


def plain(number):
    return number.value if isinstance(number, AffineOnly) else number


def with_plain_angles(steps):
    return [(name, wires, [plain(a) for a in angles]) for name, wires, angles in steps]


@every_rotation
def test_rules_use_only_affine_arithmetic(row):
    angles = some_angles(row)
    for rule in filter(None, (row.inverse, row.decompose)):
        steps = with_plain_angles(rule(*map(AffineOnly, angles)))
        assert steps == with_plain_angles(rule(*angles))


@every_rotation
def test_rules_accept_symbolic_angles(row):
    values = [Value(F64, name) for name in row.angle_names]
    refs = {(v, ()): a for v, a in zip(values, some_angles(row), strict=True)}
    for rule in filter(None, (row.inverse, row.decompose)):
        symbolic = rule(*map(Angle.of, values))
        numbers = [
            (name, wires, tuple([_angle(a).evaluate(refs) for a in angles]))
            for name, wires, angles in symbolic
        ]
        expected = steps_matrix(rule(*some_angles(row)), row.wires)
        np.testing.assert_allclose(steps_matrix(numbers, row.wires), expected, **EXACT)


def _angle(number) -> Angle:
    return number if isinstance(number, Angle) else Angle(float(number))


# --- rotations and frequencies -------------------------------------------------------------


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.has(Trait.ROTATION)], ids=lambda row: row.mnemonic
)
@given(angle=angle_values)
@FEW
def test_pauli_word_generates_the_rotation(row, angle):
    levels, vectors = np.linalg.eigh(pauli_word(row.pauli))
    generated = (vectors * np.exp(-0.5j * angle * levels)) @ vectors.conj().T
    np.testing.assert_allclose(row.matrix(angle), generated, **EXACT)


def expectation_curve(row: Gate, position: int, seed: int = 3):
    """<O> in a random state as a function of one angle, all else random."""
    rng = np.random.default_rng(seed)
    dimension = 2**row.wires
    state, raw = (
        rng.normal(size=shape) + 1j * rng.normal(size=shape)
        for shape in (dimension, (dimension, dimension))
    )
    observable = raw + raw.conj().T
    angles = some_angles(row, seed)

    def curve(t):
        moved = row.matrix(*angles[:position], np.asarray(t, float), *angles[position + 1 :])
        after = moved @ state
        return np.einsum("...i,ij,...j->...", after.conj(), observable, after).real

    return curve, angles[position]


@every_rotation
def test_frequencies_are_exactly_those_of_expectation_values(row):
    points = 64  # half-integer frequencies up to 16 over the period 4 pi
    for position, frequencies in enumerate(row.frequencies):
        curve, _ = expectation_curve(row, position)
        spectrum = np.abs(np.fft.rfft(curve(np.arange(points) * (4 * pi / points)))) / points
        present = [0.5 * k for k in range(1, points // 2) if spectrum[k] > 1e-9]
        assert present == list(frequencies), row.angle_names[position]


@every_rotation
def test_parameter_shift_from_frequencies_is_the_derivative(row):
    for position, frequencies in enumerate(row.frequencies):
        curve, at = expectation_curve(row, position)
        omega = np.array(frequencies)
        shifts = (
            (2 * np.arange(1, len(omega) + 1) - 1) * pi / (2 * len(omega)) / max(omega, default=1)
        )
        sines = 2 * np.sin(np.outer(shifts, omega))
        amplitudes = np.linalg.solve(sines, curve(at + shifts) - curve(at - shifts))
        slope = (curve(at + 1e-5) - curve(at - 1e-5)) / 2e-5
        np.testing.assert_allclose(omega @ amplitudes, slope, rtol=1e-7, atol=1e-7)


# --- traits: a row has the trait exactly when its matrix has the property ------------------


def is_pauli_word(matrix: np.ndarray, signed: bool) -> bool:
    """Whether a matrix is a Pauli word other than the identity, up to a sign if `signed`."""
    wires = len(matrix).bit_length() - 1
    words = map("".join, itertools.product("IXYZ", repeat=wires))
    signs = (1, -1) if signed else (1,)
    return any(
        np.allclose(matrix, sign * pauli_word(word), atol=1e-9)
        for word in words
        for sign in signs
        if set(word) != {"I"}
    )


def maps_paulis_to_paulis(matrix: np.ndarray) -> bool:
    wires = len(matrix).bit_length() - 1
    generators = [
        "I" * wire + letter + "I" * (wires - wire - 1) for wire in range(wires) for letter in "XZ"
    ]
    images = (matrix @ pauli_word(word) @ matrix.conj().T for word in generators)
    return all(is_pauli_word(image, signed=True) for image in images)


def permutes_basis_states(matrix: np.ndarray) -> bool:
    return bool(np.all((matrix == 0) | (matrix == 1)))


def ignores_wire_order(matrix: np.ndarray) -> bool:
    wires = len(matrix).bit_length() - 1
    tensor = matrix.reshape((2,) * (2 * wires))
    swapped = (
        tensor.swapaxes(w, w + 1).swapaxes(wires + w, wires + w + 1) for w in range(wires - 1)
    )
    return all(np.allclose(tensor, other, atol=1e-12) for other in swapped)


@every_row
def test_trait_hermitian(row):
    identity = np.eye(2**row.wires)
    assert row.has(Trait.HERMITIAN) == always(row, lambda m: np.allclose(m @ m, identity))


@every_row
def test_trait_diagonal(row):
    assert row.has(Trait.DIAGONAL) == always(row, lambda m: np.allclose(m, np.diag(np.diag(m))))


@every_row
def test_trait_clifford(row):
    expected = not row.angle_names and maps_paulis_to_paulis(row.matrix())
    assert row.has(Trait.CLIFFORD) == expected


@every_row
def test_trait_permutation(row):
    assert row.has(Trait.PERMUTATION) == always(row, permutes_basis_states)


@every_row
def test_trait_symmetric(row):
    assert row.has(Trait.SYMMETRIC) == (row.wires > 1 and always(row, ignores_wire_order))


@every_row
def test_trait_rotation(row):
    def rotates(angle: float) -> bool:
        matrix = row.matrix(angle)
        generator = (np.cos(angle / 2) * np.eye(len(matrix)) - matrix) / (1j * np.sin(angle / 2))
        return is_pauli_word(generator, signed=False)

    one_angle = len(row.angle_names) == 1 and row.wires > 0
    assert row.has(Trait.ROTATION) == (one_angle and rotates(0.7) and rotates(2.1))


@every_row
def test_no_gate_is_a_fence(row):
    assert not row.has(Trait.FENCE)


# --- controls ------------------------------------------------------------------------------


@every_row
def test_controls_and_base_give_the_block_structure(row):
    assert (row.base is None) == (row.controls == 0)
    if row.base is not None:
        base = all_gates()[row.base]
        assert (base.wires + row.controls, base.angle_names) == (row.wires, row.angle_names)
        block = 2**base.wires
        matrix = row.matrix(*some_angles(row)).copy()
        np.testing.assert_allclose(
            matrix[-block:, -block:], base.matrix(*some_angles(row)), **EXACT
        )
        matrix[-block:, -block:] = np.eye(block)
        np.testing.assert_allclose(matrix, np.eye(2**row.wires), **EXACT)


def test_find_controlled_adds_controls_to_any_row_of_a_family():
    assert find_controlled("x", 1) is gate("cx")
    assert find_controlled("cx", 1) is gate("ccx")
    assert find_controlled("cx", 3) is gate("c4x")
    assert find_controlled("phase", 1) is gate("p")
    assert find_controlled("p", 1) is gate("cp")
    assert find_controlled("cp", 1) is gate("ccp")
    assert find_controlled("rx", 2) is None
    families = [(row.base, row.controls) for row in ROWS if row.base]
    assert len(set(families)) == len(families)


@every_row
def test_a_controlled_row_says_so(row):
    """Any row equal to another row with controls in front carries `controls` and `base`."""
    if row.base is None and row.wires:
        angles = some_angles(row)
        for base in ROWS:
            controls = row.wires - base.wires
            if controls > 0 and base.angle_names == row.angle_names:
                matrix = controlled(base.matrix(*angles), controls)
                assert not np.allclose(matrix, row.matrix(*angles)), base


# --- building blocks -----------------------------------------------------------------------


@given(st.lists(angle_values, min_size=8, max_size=8))
@FEW
def test_diagonal_steps_make_any_diagonal_gate(phases):
    made = steps_matrix(diagonal_steps((0, 1, 2), phases), 3)
    np.testing.assert_allclose(made, np.diag(np.exp(1j * np.array(phases))), **EXACT)


@given(st.lists(angle_values, min_size=4, max_size=4), st.sampled_from(["ry", "rz"]))
@FEW
def test_multiplexed_rotates_by_the_angle_of_each_reading(angles, axis):
    made = steps_matrix(multiplexed(axis, (0, 1), 2, angles), 3)
    for k, angle in enumerate(angles):
        block = made[2 * k : 2 * k + 2, 2 * k : 2 * k + 2]
        np.testing.assert_allclose(block, gate(axis).matrix(angle), **EXACT)


@given(angle_values, angle_values, angle_values)
@FEW
def test_canonical_makes_any_three_commuting_interactions(xx, yy, zz):
    expected = gate("rxx").matrix(xx) @ gate("ryy").matrix(yy) @ gate("rzz").matrix(zz)
    np.testing.assert_allclose(steps_matrix(canonical(xx, yy, zz), 2), expected, **EXACT)


@pytest.mark.parametrize("wires", range(6))
def test_controlled_phase_marks_the_all_ones_state(wires):
    expected = np.ones(2**wires, complex)
    expected[-1] = np.exp(0.7j)
    made = steps_matrix(controlled_phase(range(wires), 0.7), wires)
    np.testing.assert_allclose(made, np.diag(expected), **EXACT)


def test_undo_and_on_move_steps():
    steps = (("rx", (0,), (0.3,)), ("sqrt_iswap", (0, 1), ()), ("dcx", (1, 0), ()))
    moved = on((2, 1), steps)
    assert moved[1] == ("sqrt_iswap", (2, 1), ())
    np.testing.assert_allclose(steps_matrix((*moved, *undo(moved)), 3), np.eye(8), **EXACT)
