"""Observables and the ways a function can end.

A Pauli sum is written with indexed letters, `0.5*X0 Z2 + Z1`, because bare strings such as `ZIX`
are read in opposite order by Qiskit and PennyLane. Indices are wire positions of the `m.observe`
op, which are the qubits of the circuit in order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Final

from q_store.qir.diagnostics import error
from q_store.qir.location import SourceText
from q_store.qir.types import BIT, C128, F64, Type, f64

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Word = tuple[tuple[int, str], ...]
"""A Pauli word: (qubit, letter) in increasing qubit order; empty for the identity."""
Term = tuple[float, Word]

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

    Sums, differences, products with numbers and with each other, as long as they are Hermitian,
    are sums again.

    >>> PauliSum.parse("0.5*X0 Z2 + Z1 - Z1 * 2")
    0.5*X0 Z2 + -1.0*Z1
    >>> sum(PauliSum.z(q) * PauliSum.z(q + 1) for q in range(3)) / 2 - PauliSum.parse("X0")
    0.5*Z0 Z1 + 0.5*Z1 Z2 + 0.5*Z2 Z3 + -1.0*X0
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

    @staticmethod
    def from_matrix(matrix: ArrayLike, qubits: Sequence[int] | None = None) -> PauliSum:
        """The sum whose matrix on these qubits, by default 0, 1, …, this Hermitian one is.

        The matrix is (2**n, 2**n), the first qubit most significant; what is less than 1e-12 of its
        largest entry is rounding. Raises `QS107` for any other matrix or list of qubits.
        """
        import numpy as np

        array = np.asarray(matrix, np.complex128)
        n = max(array.shape[0].bit_length() - 1, 0) if array.ndim == 2 else 0
        if array.shape != (2**n, 2**n) or not np.isfinite(array).all():
            raise error("QS107", f"a matrix must be finite, (2**n, 2**n), got shape {array.shape}")
        scale = 1e-12 * np.abs(array).max(initial=0.0)
        if (np.abs(array - array.conj().T) > 2 * scale).any():
            raise error("QS107", "the matrix is not Hermitian")
        wires = tuple(range(n)) if qubits is None else tuple(qubits)
        if len(set(wires)) != n or len(wires) != n or min(wires, default=0) < 0:
            raise error("QS107", f"the matrix needs {n} different qubits, got {wires}")
        words = _pauli_words(array, wires)
        return PauliSum.of((c, tuple(sorted(w))) for c, w in words if abs(c) > scale)

    @property
    def n_qubits(self) -> int:
        """One more than the largest qubit that occurs."""
        return max((q for _, word in self.terms for q, _ in word), default=-1) + 1

    def matrix(self, n_qubits: int | None = None) -> NDArray[np.complex128]:
        """The Hermitian matrix (2**n, 2**n), qubit 0 most significant; n is `self.n_qubits` unless
        told. Raises `QS301` where a qubit has no place in it."""
        import numpy as np

        from q_store.qir.gates.matrices import pauli_word

        n = self.n_qubits if n_qubits is None else n_qubits
        if n < self.n_qubits:
            raise error("QS301", f"`{self!r}` on qubit {self.n_qubits - 1}: the matrix has {n}")
        total = np.zeros((2**n, 2**n), np.complex128)
        for coef, word in self.terms:
            letters = dict(word)
            total += coef * pauli_word("".join(letters.get(q, "I") for q in range(n)))
        return total

    __array_ufunc__ = None  # So that numpy's numbers leave products to this class.

    def __add__(self, other: object) -> PauliSum:
        terms = _terms_of(other)
        return NotImplemented if terms is None else PauliSum.of((*self.terms, *terms))

    def __neg__(self) -> PauliSum:
        return PauliSum(tuple([(-coef, word) for coef, word in self.terms]))

    def __sub__(self, other: object) -> PauliSum:
        terms = _terms_of(other)
        return NotImplemented if terms is None else self + -PauliSum(terms)

    def __rsub__(self, other: object) -> PauliSum:
        return -self + other

    def __mul__(self, other: object) -> PauliSum:
        terms = _terms_of(other)
        return NotImplemented if terms is None else _product(self, PauliSum(terms))

    def __truediv__(self, number: object) -> PauliSum:
        divisor = _number(number)
        if divisor is None:
            return NotImplemented
        return PauliSum.of([(coef / divisor, word) for coef, word in self.terms])

    __radd__, __rmul__, __matmul__ = __add__, __mul__, __mul__

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


def _pauli_words(matrix: NDArray[np.complex128], qubits: Sequence[int]) -> Iterator[Term]:
    """Coefficients by words of a Hermitian matrix, quarter by quarter."""
    if not qubits:
        yield float(matrix[0, 0].real), ()
        return
    half = len(matrix) // 2
    a, b = matrix[:half, :half], matrix[:half, half:]
    c, d = matrix[half:, :half], matrix[half:, half:]
    for letter, part in (("I", a + d), ("X", b + c), ("Y", 1j * (b - c)), ("Z", a - d)):
        if part.any():
            own: Word = () if letter == "I" else ((qubits[0], letter),)
            for coef, word in _pauli_words(part / 2, qubits[1:]):
                yield coef, (*own, *word)


def _number(item: object) -> float | None:
    """A real number, numpy's included."""
    if isinstance(item, bool) or not isinstance(item, Real):
        return None
    return float(item)


def _terms_of(item: object) -> tuple[tuple[float, Word], ...] | None:
    """Terms of a sum, or of a number, which multiplies the identity."""
    if isinstance(item, PauliSum):
        return item.terms
    number = _number(item)
    return None if number is None else ((number, ()),)


def _product(left: PauliSum, right: PauliSum) -> PauliSum:
    """Terms multiplied out. Raises `QS107` where the sum of them is not Hermitian."""
    total: dict[Word, complex] = {}
    for a, first in left.terms:
        for b, second in right.terms:
            phase, word = _word_product(first, second)
            total[word] = total.get(word, 0.0) + phase * a * b
    scale = max(map(abs, total.values()), default=0.0)
    if any(abs(coef.imag) > 1e-12 * scale for coef in total.values()):
        raise error("QS107", f"the product of `{left!r}` and `{right!r}` is not Hermitian")
    return PauliSum.of([(coef.real, word) for word, coef in total.items()])


def _word_product(left: Word, right: Word) -> tuple[complex, Word]:
    phase: complex = 1.0
    letters = dict(left)
    for qubit, letter in right:
        before = letters.pop(qubit, None)
        if before is None:
            letters[qubit] = letter
        elif before != letter:
            factor, letters[qubit] = _PRODUCT[before, letter]
            phase *= factor
    return phase, tuple(sorted(letters.items()))


_TOKEN: Final = re.compile(
    r"\s*(?:(?P<pauli>[IXYZ])(?P<qubit>[0-9]+)|(?P<identity>I)(?!\w)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<op>[-+*@]))"
)
_BARE_WORD: Final = re.compile(r"[IXYZ]{2,16}(?![0-9A-Za-z])")
_MAX_QUBIT: Final = 1_000_000
MAX_DENSE_QUBITS: Final = 62
"""Largest number of qubits of a `probs` or `state`."""


def _naming_qubits(bare: re.Match[str] | None) -> str:
    """Help for a word whose letters name no qubits."""
    if bare is None:
        return ""
    word = [f"{letter}{q}" for q, letter in enumerate(bare[0]) if letter != "I"]
    shown = " ".join(word) or "I"
    return f"name the qubits, as in `{shown}`; other libraries read `{bare[0]}` in either order"


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
            help = _naming_qubits(_BARE_WORD.match(text, at, self.end))
            self.fail(at, at + 1, f"unexpected {text[at]!r} in an observable", help)
        return match

    def fail(self, start: int, end: int, message: str, help: str = "") -> None:
        raise error(
            "QS107",
            message,
            span=self.source.span(start, end),
            help=help or "write sums of indexed Pauli words, such as `0.5*X0 Z2 + Z1`",
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


def moved(observation: Observation, places: Sequence[int]) -> Observation | None:
    """The same observation where qubit q is at `places[q]`; `None` for a state that is not in its
    order, which nothing else can stand for."""
    if isinstance(observation, State):
        return observation if list(places) == sorted(places) else None
    if isinstance(observation, Expval):
        return Expval(
            PauliSum.of(
                [
                    (factor, tuple(sorted([(places[qubit], letter) for qubit, letter in word])))
                    for factor, word in observation.paulis.terms
                ]
            )
        )
    return type(observation)(tuple([places[qubit] for qubit in observation.qubits]))


def as_pauli_sum(observable: object) -> PauliSum:
    """A Pauli sum from what users pass: text or a `PauliSum`. Raises `QS107` otherwise."""
    if isinstance(observable, PauliSum):
        return observable
    if isinstance(observable, str):
        return PauliSum.parse(observable)
    raise error(
        "QS107",
        f"an observable must be text such as 'Z0 + X1' or a PauliSum, got {observable!r}",
        help="`PauliSum.from_matrix(array)` makes one" if hasattr(observable, "shape") else "",
    )
