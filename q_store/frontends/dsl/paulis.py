"""Polynomials of Pauli letters, the values of expressions in `expect`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from q_store.qir.observables import PauliSum, Word

PAULI: Final = re.compile(r"([IXYZ])([0-9]{1,6})\Z")
PAULI_NAME: Final = re.compile(r"[IXYZ][0-9]*\Z")
"""Names that stand for Paulis in observables."""

_CYCLE: Final = "XYZX"
_ROUNDING: Final = 1e-12


class Paulis:
    """A sum of Pauli words with complex coefficients, each word once."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[Word, complex]) -> None:
        self.terms = terms

    @staticmethod
    def letter(letter: str, qubit: int) -> Paulis:
        return Paulis({() if letter == "I" else ((qubit, letter),): 1.0})

    @staticmethod
    def sum(parts: Iterable[tuple[float, Paulis | float]]) -> Paulis:
        """Parts with their signs, numbers standing for multiples of the identity."""
        total: dict[Word, complex] = {}
        for sign, part in parts:
            terms = part.terms if isinstance(part, Paulis) else {(): part}
            for word, coef in terms.items():
                total[word] = total.get(word, 0.0) + sign * coef
        return Paulis(total)

    def scaled(self, factor: float) -> Paulis:
        return Paulis({word: coef * factor for word, coef in self.terms.items()})

    def times(self, other: Paulis) -> Paulis:
        """The product in this order."""
        total: dict[Word, complex] = {}
        for left, left_coef in self.terms.items():
            for right, right_coef in other.terms.items():
                phase, word = _product(left, right)
                total[word] = total.get(word, 0.0) + phase * left_coef * right_coef
        return Paulis(total)

    def hermitian(self) -> PauliSum | None:
        """The observable, or `None` when a coefficient is not real."""
        size = max((abs(coef) for coef in self.terms.values()), default=0.0)
        if any(abs(complex(coef).imag) > _ROUNDING * size for coef in self.terms.values()):
            return None
        return PauliSum.of((complex(coef).real, word) for word, coef in self.terms.items())


def _product(left: Word, right: Word) -> tuple[complex, Word]:
    letters, phase = dict(left), 1.0 + 0.0j
    for qubit, letter in right:
        before = letters.pop(qubit, None)
        if before is None:
            letters[qubit] = letter
        elif before != letter:
            forward = before + letter in _CYCLE
            phase *= 1j if forward else -1j
            (letters[qubit],) = set("XYZ") - {before, letter}
    return phase, tuple(sorted(letters.items()))
