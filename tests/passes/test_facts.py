"""What passes believe about gate rows, against the rows' matrices."""

from itertools import permutations
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from q_store.passes.facts import (
    AXIS_OF,
    axes,
    commutes,
    exchange_groups,
    inverse_row,
    is_additive,
    is_identity_at_zero,
    periods,
    wire_order,
)
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates, gate
from q_store.qir.unitary import apply_matrix

ROWS = list(all_gates().values())
ANGLES = (0.31, -1.27, 2.05, 0.77, -0.58, 1.9, -2.6, 0.13)

Matrix = NDArray[np.complex128]


def matrix(row: Gate, shift: float = 0.0) -> Matrix:
    return row.matrix(*[angle + shift for angle in ANGLES[: len(row.angle_names)]])


def on_wires(row_matrix: Matrix, at: tuple[int, ...], wires: int) -> Matrix:
    eye = np.eye(2**wires, dtype=np.complex128).reshape((2,) * wires + (-1,))
    return apply_matrix(eye, row_matrix, at).reshape(2**wires, 2**wires)


def close(left: Matrix, right: Matrix) -> bool:
    return bool(np.allclose(left, right, atol=1e-10))


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_axes(row: Gate) -> None:
    assert row.wires is not None
    for wire, mask in enumerate(axes(row)):
        for letter in "XYZ":
            word = pauli_word("I" * wire + letter + "I" * (row.wires - wire - 1))
            commute = close(word @ matrix(row), matrix(row) @ word)
            assert bool(mask & AXIS_OF[letter]) == commute


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_additive_rows(row: Gate) -> None:
    if len(row.angle_names) != 1:
        assert not is_additive(row)
    else:
        assert is_additive(row) == close(row.matrix(0.3) @ row.matrix(1.1), row.matrix(1.4))


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_identity_at_zero(row: Gate) -> None:
    zero = row.matrix(*[0.0] * len(row.angle_names))
    assert is_identity_at_zero(row) == close(zero, np.eye(len(zero)))


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_periods(row: Gate) -> None:
    count = len(row.angle_names)
    assert len(periods(row)) == count
    for position, period in enumerate(periods(row)):
        for candidate in (2 * np.pi, 4 * np.pi):
            moved = [a + candidate * (k == position) for k, a in enumerate(ANGLES[:count])]
            repeats = close(row.matrix(*moved), matrix(row))
            assert repeats == (period != inf and candidate >= period)


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_exchangeable_wires(row: Gate) -> None:
    assert row.wires is not None
    groups = exchange_groups(row)
    order = wire_order(row)
    for at in permutations(range(row.wires)):
        allowed = all(order[place] == order[k] for k, place in enumerate(at))
        if allowed:
            assert close(on_wires(matrix(row), at, row.wires), matrix(row))
    assert all(len(group) > 1 for group in groups)


def test_exchange_groups_of_a_few_gates() -> None:
    found = {name: exchange_groups(gate(name)) for name in ("cx", "cz", "ccx", "cswap", "c3x")}
    assert found == {
        "cx": (),
        "cz": ((0, 1),),
        "ccx": ((0, 1),),
        "cswap": ((1, 2),),
        "c3x": ((0, 1, 2),),
    }


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_inverse_rows(row: Gate) -> None:
    found = inverse_row(row)
    steps = row.inverse(*ANGLES[: len(row.angle_names)])
    assert (found is None) == (len(steps) != 1)
    if found is not None:
        inverse, at = found
        after = on_wires(inverse.matrix(*steps[0][2]), at, row.wires or 0)
        assert close(after @ matrix(row), np.eye(len(after)))
        # The relation is symmetric, wires included: cancelling relies on it.
        back = inverse_row(inverse)
        assert back is not None
        assert back[0] is row
        assert [at[place] for place in back[1]] == list(range(row.wires or 0))


@st.composite
def meetings(draw: st.DrawFn) -> tuple[Gate, Gate, tuple[tuple[int, int], ...]]:
    """Two gates and the wires they share."""
    small = [row for row in ROWS if row.wires and row.wires <= 3]
    left, right = draw(st.sampled_from(small)), draw(st.sampled_from(small))
    assert left.wires
    assert right.wires
    count = draw(st.integers(1, min(left.wires, right.wires)))
    mine = draw(st.permutations(range(left.wires)))[:count]
    theirs = draw(st.permutations(range(right.wires)))[:count]
    return left, right, tuple(sorted(zip(mine, theirs, strict=True)))


@settings(max_examples=300)
@given(meetings())
def test_commutation(meeting: tuple[Gate, Gate, tuple[tuple[int, int], ...]]) -> None:
    left, right, shared = meeting
    assert left.wires
    assert right.wires
    total = left.wires + right.wires - len(shared)
    spare = iter(range(left.wires, total))
    places = {j: i for i, j in shared}
    at = tuple(places[j] if j in places else next(spare) for j in range(right.wires))
    a = on_wires(matrix(left), tuple(range(left.wires)), total)
    b = on_wires(matrix(right, 0.4), at, total)
    assert commutes(left, right, shared) == close(a @ b, b @ a)


def test_large_gates_that_share_no_axis_count_as_not_commuting() -> None:
    assert not commutes(gate("c4x"), gate("double_excitation"), ((4, 0),))
