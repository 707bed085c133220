"""Observables and the ways a function can end.

A Pauli sum is written with indexed letters, `0.5*X0 Z2 + Z1`, because bare strings such as `ZIX`
are read in opposite order by Qiskit and PennyLane. Indices are wire positions of the `m.observe`
op, which are the qubits of the circuit in order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from q_store.qir.diagnostics import error
from q_store.qir.location import SourceText
from q_store.qir.types import BIT, C128, F64, Type, f64

Word = tuple[tuple[int, str], ...]
"""A Pauli word: (qubit, letter) in increasing qubit order; empty for the identity."""

_PRODUCT: Final[dict[tuple[str, str], tuple[complex, str]]] = {
    ("X", "Y"): (1j, "Z"),
    ("Y", "X"): (-1j, "Z"),
    ("Y", "Z"): (1j, "X"),
    ("Z", "Y"): (-1j, "X"),
    ("Z", "X"): (1j, "Y"),
    ("X", "Z"): (-1j, "Y"),
}


def format_word(word: Word) -> str:
    """`X0 Z2`, or `I` for the identity."""
    return " ".join(f"{letter}{qubit}" for qubit, letter in word) or "I"


@dataclass(frozen=True, slots=True)
class PauliSum:
    """A real linear combination of Pauli words, each word once, in the order written.

    >>> PauliSum.parse("0.5*X0 Z2 + Z1 - Z1 * 2")
    0.5*X0 Z2 + -1.0*Z1
    """

    terms: tuple[tuple[float, Word], ...]

    @staticmethod
    def of(terms: Iterable[tuple[float, Word]]) -> PauliSum:
        """A sum with equal words added and zero coefficients dropped."""
        merged: dict[Word, float] = {}
        for coef, word in terms:
            merged[word] = merged.get(word, 0.0) + float(coef)
        return PauliSum(tuple((coef, word) for word, coef in merged.items() if coef != 0.0))

    @staticmethod
    def z(qubit: int) -> PauliSum:
        """The observable Z on one qubit."""
        return PauliSum(((1.0, ((qubit, "Z"),)),))

    @staticmethod
    def parse(text: str, file: str = "<observable>") -> PauliSum:
        """Read `0.5*X0 Z2 + Z1 - 0.25`. Factors stand side by side or with `*`; a number alone
        multiplies the identity. Raises `QS107` with a caret."""
        return _PauliParser(SourceText(text, file), 0, len(text)).sum()

    @staticmethod
    def parse_source(source: SourceText, start: int, end: int) -> PauliSum:
        """Read the stretch of a larger text, for errors that point into it."""
        return _PauliParser(source, start, end).sum()

    @property
    def n_qubits(self) -> int:
        """One more than the largest qubit that occurs."""
        return max((q for _, word in self.terms for q, _ in word), default=-1) + 1

    @property
    def is_finite(self) -> bool:
        """Whether every coefficient is a finite number."""
        return all(math.isfinite(coef) for coef, _ in self.terms)

    def __repr__(self) -> str:
        parts = [
            format_word(word) if coef == 1.0 else f"{coef!r}*{format_word(word)}"
            for coef, word in self.terms
        ]
        return " + ".join(parts) or "0.0*I"


_TOKEN: Final = re.compile(
    r"\s*(?:(?P<pauli>[IXYZ])(?P<qubit>[0-9]+)|(?P<identity>I)(?!\w)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<op>[-+*@]))"
)
_MAX_QUBIT: Final = 1_000_000
MAX_DENSE_QUBITS: Final = 62
"""Largest number of qubits of a `probs` or `state`."""


class _PauliParser:
    """One left-to-right scan; `sign* factor (('*'|'@')? factor)*` separated by signs."""

    def __init__(self, source: SourceText, start: int, end: int) -> None:
        self.source, self.pos, self.end = source, start, end

    def sum(self) -> PauliSum:
        start = self.pos
        terms = [self.term(True)]
        while self.peek() is not None:
            terms.append(self.term(False))
        paulis = PauliSum.of(terms)
        if not paulis.is_finite:
            self.fail(start, self.end, "the sum of these coefficients is too large")
        return paulis

    def peek(self) -> re.Match[str] | None:
        """The next token, or `None` at the end; a bad character is an error."""
        text = self.source.text
        match = _TOKEN.match(text, self.pos, self.end)
        if match is None and text[self.pos : self.end].strip():
            at = self.pos + len(text[self.pos : self.end]) - len(text[self.pos : self.end].lstrip())
            self.fail(at, at + 1, f"unexpected {text[at]!r} in an observable")
        return match

    def fail(self, start: int, end: int, message: str) -> None:
        raise error(
            "QS107",
            message,
            span=self.source.span(start, end),
            help="write sums of indexed Pauli words, such as `0.5*X0 Z2 + Z1`",
        )

    def signs(self, first: bool) -> float:
        sign, seen = 1.0, False
        while (token := self.peek()) and token["op"] in ("+", "-"):
            sign = -sign if token["op"] == "-" else sign
            seen, self.pos = True, token.end()
        if not first and not seen:
            self.fail(self.pos, self.pos + 1, "expected `+` or `-` between terms")
        return sign

    def term(self, is_first: bool) -> tuple[float, Word]:
        coef = self.signs(is_first)
        word: dict[int, str] = {}
        phase: complex = 1.0
        first = self.peek()
        start = first.end() - len(first[0].lstrip()) if first else self.pos
        expect_factor, count = True, 0
        while (token := self.peek()) and token["op"] not in ("+", "-"):
            if token["op"]:
                if expect_factor:
                    self.fail(token.start("op"), token.end(), "expected a Pauli or a number here")
                expect_factor = True
            else:
                expect_factor, count = False, count + 1
                if token["number"]:
                    coef *= float(token["number"])
                elif token["pauli"]:
                    phase *= self.multiply(word, token)
            self.pos = token.end()
        if count == 0 or expect_factor:
            self.fail(self.pos, self.pos + 1, "expected a Pauli or a number here")
        if phase.imag:
            self.fail(start, self.pos, "this product of Paulis is not Hermitian")
        if not math.isfinite(coef):
            self.fail(start, self.pos, "this coefficient is too large")
        return coef * phase.real, tuple(sorted(word.items()))

    def multiply(self, word: dict[int, str], token: re.Match[str]) -> complex:
        """Multiply the word by one letter from the right; returns the phase."""
        letter, digits = token["pauli"], token["qubit"].lstrip("0") or "0"
        qubit = int(digits[:8])
        if qubit > _MAX_QUBIT:
            self.fail(token.start("qubit"), token.end(), "this qubit index is too large")
        if letter == "I":
            return 1.0
        before = word.pop(qubit, None)
        if before is None:
            word[qubit] = letter
        elif before != letter:
            phase, word[qubit] = _PRODUCT[before, letter]
            return phase
        return 1.0


def _dimension(qubits: int) -> int:
    """Number of basis states. Raises `QS210` where no machine could hold a number for each."""
    if qubits > MAX_DENSE_QUBITS:
        raise error(
            "QS210",
            f"one number for each of the 2**{qubits} basis states is asked for; "
            f"at most {MAX_DENSE_QUBITS} qubits can be observed so",
        )
    return int(2**qubits)


@dataclass(frozen=True, slots=True)
class Expval:
    """Expectation value of a Pauli sum: one `f64`."""

    paulis: PauliSum

    def result_type(self, wires: int) -> Type:
        return F64

    def __repr__(self) -> str:
        return f"expval({self.paulis!r})"


@dataclass(frozen=True, slots=True)
class Probs:
    """Probabilities of the outcomes of some qubits, the first listed most significant."""

    qubits: tuple[int, ...]

    def result_type(self, wires: int) -> Type:
        return f64(_dimension(len(self.qubits)))

    def __repr__(self) -> str:
        return f"probs({', '.join(map(str, self.qubits))})"


@dataclass(frozen=True, slots=True)
class Sample:
    """Measured bits of some qubits in the order listed; the runtime decides how many shots."""

    qubits: tuple[int, ...]

    def result_type(self, wires: int) -> Type:
        return Type(BIT.kind, (len(self.qubits),))

    def __repr__(self) -> str:
        return f"sample({', '.join(map(str, self.qubits))})"


@dataclass(frozen=True, slots=True)
class State:
    """The state vector, qubit 0 most significant."""

    def result_type(self, wires: int) -> Type:
        return Type(C128.kind, (_dimension(wires),))

    def __repr__(self) -> str:
        return "state"


Observation = Expval | Probs | Sample | State


def observation_qubits(observation: Observation) -> tuple[int, ...] | None:
    """The qubits an observation depends on, or `None` for all of them."""
    if isinstance(observation, Expval):
        return tuple(sorted({q for _, word in observation.paulis.terms for q, _ in word}))
    return None if isinstance(observation, State) else observation.qubits


def as_pauli_sum(observable: object) -> PauliSum:
    """A Pauli sum from what users pass: text or a `PauliSum`. Raises `QS107` otherwise."""
    if isinstance(observable, PauliSum):
        return observable
    if isinstance(observable, str):
        return PauliSum.parse(observable)
    raise error(
        "QS107",
        f"an observable must be text such as 'Z0 + X1' or a PauliSum, got {observable!r}",
    )
