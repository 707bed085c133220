"""Keys and registers of the service's results as bits of our qubits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir.diagnostics import QStoreError
from q_store.runtime.ionq_client.results import (
    IonQResult,
    Layout,
    decode,
    decode_shots,
    parse_layouts,
)

HISTOGRAM = {"1": 0.5, "2": 0.25, "4": 0.125, "7": 0.125}

# What qiskit-ionq 1.1.1 makes of this histogram of three qubits for a map from bits to qubits. It
# prints bit 0 on the right, we the first bit on the left.
QISKIT = [
    ((0, 1, 2), {"001": 0.5, "010": 0.25, "100": 0.125, "111": 0.125}),
    ((2, 1, 0), {"100": 0.5, "010": 0.25, "001": 0.125, "111": 0.125}),
    ((1,), {"0": 0.625, "1": 0.375}),
    ((0,), {"1": 0.625, "0": 0.375}),
]


@pytest.mark.parametrize(("places", "theirs"), QISKIT)
def test_the_same_as_qiskit_for_every_map(places: tuple[int, ...], theirs: dict) -> None:
    ours = decode(HISTOGRAM, Layout(3, places))
    assert {bits[::-1]: p for bits, p in ours.items()} == pytest.approx(theirs)


def test_the_same_integers_as_cirq() -> None:
    """cirq-ionq 1.7.0 turns keys into big-endian integers, as ours are."""
    array = IonQResult(decode(HISTOGRAM, Layout.plain(3)), None).array()
    assert dict(enumerate(array)) == pytest.approx(
        {4: 0.5, 2: 0.25, 1: 0.125, 7: 0.125, 0: 0, 3: 0, 5: 0, 6: 0}
    )


def test_every_form_of_a_result_means_the_same() -> None:
    wanted = decode(HISTOGRAM, Layout.plain(3))
    padded = {format(int(key), "03b"): p for key, p in HISTOGRAM.items()}
    registers = {"registers": {"output_all": padded, "c": {"0": 1.0}}}
    counts = {key: 800 * p for key, p in HISTOGRAM.items()}
    for payload in (
        {"probabilities": registers},
        {"probabilities": HISTOGRAM},
        {"histogram": {"registers": {"output_all": {k: 800 * p for k, p in padded.items()}}}},
        counts,
        registers,
    ):
        assert decode(payload, Layout.plain(3)) == pytest.approx(wanted)


def test_shots_of_both_versions() -> None:
    layout = Layout(3, (2, 0))
    first = decode_shots(["1", "4", "7"], layout)
    assert first == ("01", "10", "11")
    # Here index i of a list is qubit i, and shots with leakage do not count.
    second = {
        "shots": [
            {"registers": {"output_all": [1, 0, 0]}},
            {"registers": {"output_all": [0, 0, 1]}, "leakage_bits": []},
            {"registers": {"output_all": [0, 0, 0]}, "leakage_bits": [1]},
            {"registers": {"output_all": [1, 1, 1]}},
        ]
    }
    assert decode_shots(second, layout) == first


def test_inverted_bits() -> None:
    found = decode({"1": 1.0}, Layout(2, (0, 1), frozenset({1})))
    assert found == {"11": 1.0}


@given(
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8).filter(lambda ps: sum(ps) > 0.01),
    st.integers(1, 5000),
)
def test_counts_are_whole_and_add_up(weights: list[float], shots: int) -> None:
    total = sum(weights)
    shares = {format(i, "03b"): weight / total for i, weight in enumerate(weights)}
    result = IonQResult(shares, shots)
    counts = result.counts()
    assert sum(counts.values()) == shots
    assert all(abs(counts.get(bits, 0) - shots * p) < 1.0 + 1e-6 for bits, p in shares.items())


def test_counts_need_a_number_of_shots() -> None:
    result = IonQResult({"0": 1.0}, None)
    with pytest.raises(QStoreError, match="QS751"):
        result.counts()
    assert result.counts(7) == {"0": 7}


def test_expectation_is_the_mean_of_a_product_of_signs() -> None:
    result = IonQResult({"00": 0.5, "01": 0.3, "11": 0.2}, None)
    assert result.expectation([0]) == pytest.approx(0.6)
    assert result.expectation([0, 1]) == pytest.approx(0.4)
    assert result.expectation([]) == pytest.approx(1.0)
    np.testing.assert_allclose(result.array(), [0.5, 0.3, 0.0, 0.2])


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"8": 1.0},
        {"-1": 1.0},
        {"x": 1.0},
        {"": 1.0},
        {"0": "1"},
        {"0": True},
        {"0": -0.5},
        {"0": float("nan")},
        {"0": 0.0},
        {"1" * 5000: 1.0},
        {"probabilities": {"registers": {"c": {"0": 1.0}}}},
        {"probabilities": {"registers": {"output_all": {"0002": 1.0}}}},
        {"probabilities": {"registers": {"output_all": {"1000": 1.0}}}},
    ],
)
def test_what_is_no_result(payload: object) -> None:
    with pytest.raises(QStoreError, match="QS749"):
        decode(payload, Layout.plain(3))


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        ["8"],
        [{}],
        {"shots": [{}]},
        {"shots": [3]},
        {"shots": [{"registers": {"output_all": [[0]]}}]},
        {"shots": [{"registers": {"output_all": [2]}}]},
        {"shots": [{"registers": {"output_all": [0, 0, 0, 0]}}]},
    ],
)
def test_what_are_no_shots(payload: object) -> None:
    with pytest.raises(QStoreError, match="QS749"):
        decode_shots(payload, Layout.plain(3))


def test_notes_of_measured_qubits() -> None:
    assert parse_layouts("2,!0|1;0", [3, 1]) == [
        Layout(3, (2, 0, 1), frozenset({0})),
        Layout(1, (0,)),
    ]
    for note in (None, "", "0;1", "5", "a", "0,;"):
        assert parse_layouts(note, [2]) == [Layout.plain(2)]
