"""The table of noise: what its rows do, what they refuse, and their text."""

import numpy as np
import pytest

from q_store.qir import channels, dialects
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.channels import (
    CHANNELS,
    CONFUSION,
    KRAUS,
    NOISE,
    READING,
    Channel,
    Listed,
    kraus_numbers,
    pauli_words,
)
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Module
from q_store.qir.gates.matrices import pauli_word
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify
from q_store.testing.strategies import random_kraus


def numbers_of(row: Channel) -> list[float]:
    if row is CONFUSION:
        return [0.7, 0.1, 0.2, 0.0, 0.0, 0.9, 0.0, 0.1, 0.3, 0.1, 0.5, 0.1, 0.0, 0.0, 0.0, 1.0]
    if isinstance(row, Listed):
        return list(kraus_numbers(random_kraus(row.wires or 1, 3, 7)))
    return [0.1, 0.05, 0.2, 0.01, *[0.02] * 11][: len(row.angle_names)]


@pytest.mark.parametrize("row", CHANNELS, ids=repr)
def test_kraus_operators_preserve_the_trace(row: Channel) -> None:
    operators = np.array(row.kraus(*numbers_of(row)))
    total = np.einsum("kji,kjl->il", operators.conj(), operators)
    np.testing.assert_allclose(total, np.eye(1 << (row.wires or 2)), atol=1e-12)


def test_pauli_words_go_through_the_last_letter_first() -> None:
    assert pauli_words(1) == ["X", "Y", "Z"]
    assert pauli_words(2)[:5] == ["IX", "IY", "IZ", "XI", "XX"]
    chances = [0.01 * k for k in range(15)]
    row = next(row for row in NOISE if row.mnemonic == "pauli2")
    for word, chance, operator in zip(
        pauli_words(2), chances, row.kraus(*chances)[1:], strict=True
    ):
        np.testing.assert_allclose(operator, np.sqrt(chance) * pauli_word(word), atol=1e-12)


def test_generalized_damping_goes_to_a_mixed_state() -> None:
    """With gamma = 1 any state becomes |0> with probability p, else |1>."""
    row = next(row for row in NOISE if row.mnemonic == "generalized_amplitude_damping")
    rho = np.array([[0.3, 0.2j], [-0.2j, 0.7]])
    found = sum(k @ rho @ k.conj().T for k in row.kraus(1.0, 0.8))
    np.testing.assert_allclose(found, np.diag([0.8, 0.2]), atol=1e-12)


@pytest.mark.parametrize("row", CHANNELS, ids=repr)
def test_text_and_back(row: Channel) -> None:
    builder = FuncBuilder("f", 3)
    builder.gate(row, [2, 0, 1][: row.wires or 2], numbers_of(row))
    func = builder.finish()
    verify(func)
    text = str(Module((func,)))
    assert str(parse_module(text)) == text


IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
FLAWS = [
    (KRAUS[0], (), 1, "takes 8 numbers for each of 1 to 4 Kraus operators"),
    (KRAUS[0], IDENTITY[:7], 1, "got 7"),
    (KRAUS[0], IDENTITY * 5, 1, "got 40"),
    (KRAUS[0], IDENTITY * 2, 1, "the sum of K†K is 1 away from the identity"),
    (KRAUS[0], (1.0, *IDENTITY[1:6], float("nan"), 0.0), 1, "is nan away"),
    (KRAUS[1], IDENTITY, 2, "takes 32 numbers for each of 1 to 16"),
    (CONFUSION, (1.0, 0.0, 0.0, 1.0), 2, "takes 16 probabilities on 2 qubits, got 4"),
    (CONFUSION, (1.0, 0.0, 0.3, 0.6), 1, "that of outcome 1 gives 0.9"),
    (CONFUSION, (2.0, -1.0, 0.0, 1.0), 1, "probabilities from 0 to 1"),
    (CONFUSION, (1.0,) * 4**7, 7, "acts on 1 to 6 qubits, got 7"),
    (CONFUSION, (), 0, "acts on 1 to 6 qubits, got 0"),
    (NOISE[0], (0.1, 0.2), 1, "takes 1 numbers, got 2"),
]


@pytest.mark.parametrize(("row", "numbers", "wires", "reason"), FLAWS)
def test_flaws(row: Channel, numbers: tuple[float, ...], wires: int, reason: str) -> None:
    assert reason in row.flaw(numbers, wires)


def test_numbers_that_do_not_exclude_each_other_may_be_more_than_1_together() -> None:
    assert not dialects.READOUT.flaw((0.9, 0.8), 1)
    damping = next(row for row in NOISE if row.mnemonic == "generalized_amplitude_damping")
    assert not damping.flaw((0.9, 0.8), 1)
    pauli = next(row for row in NOISE if row.mnemonic == "pauli")
    assert "together at most 1" in pauli.flaw((0.9, 0.8, 0.0), 1)


@pytest.mark.parametrize(("row", "numbers", "wires", "reason"), FLAWS[3:10])
def test_the_verifier_says_what_is_wrong(row, numbers, wires, reason) -> None:
    builder = FuncBuilder("f", wires)
    builder.gate(row, list(range(wires)), numbers)
    with pytest.raises(QStoreError) as caught:
        verify(builder.finish())
    assert caught.value.code == ("QS208" if "nan" in reason else "QS206")
    assert "nan" in reason or reason in str(caught.value)


def test_numbers_of_channels_are_constants() -> None:
    builder = FuncBuilder("f", 1)
    builder.gate(KRAUS[0], [0], [Angle.of(builder.param("t")), *IDENTITY[1:]])
    with pytest.raises(QStoreError, match="must be numbers"):
        verify(builder.finish())


def test_every_row_is_in_the_table() -> None:
    assert (*NOISE, *KRAUS, *READING) == CHANNELS
    assert {row.name for row in CHANNELS} <= {row.name for row in dialects.ROWS}
    assert channels.MOST_CONFUSED == 6
