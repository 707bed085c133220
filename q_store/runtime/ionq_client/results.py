"""Results: the service's integers and registers as bits of the circuit's qubits.

Bit k of a key is qubit k there (little-endian). Here an outcome is a text of bits in the order of
the register, or of the observed wires: qubit 0 first, as everywhere in q-store. The conversion
happens in this file only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.ionq_names import FINAL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALL: Final = "output_all"
"""The service's register of all qubits."""
_TOLERANCE: Final = 1e-3
"""How far the sum of probabilities may be from 1: the service rounds, and leaves leakage out."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the observed bits of one circuit are found."""

    qubits: int
    """How many qubits the service measures."""
    places: tuple[int, ...]
    """The qubit of each bit of an outcome, in order."""
    flipped: frozenset[int] = frozenset()
    """Qubits whose bit is to be inverted."""

    @staticmethod
    def plain(qubits: int) -> Layout:
        """Every qubit in order."""
        return Layout(qubits, tuple(range(qubits)))

    def outcome(self, key: int) -> str:
        """The bits of a little-endian integer."""
        return "".join("01"[(key >> qubit & 1) ^ (qubit in self.flipped)] for qubit in self.places)


@dataclass(frozen=True, slots=True)
class IonQResult:
    """What one circuit gave."""

    probabilities: Mapping[str, float]
    """By outcome, the first observed qubit first; outcomes that never came are absent."""
    shots: int | None
    """How many shots were asked for; `None` where that is not known."""
    memory: tuple[str, ...] | None = None
    """The outcome of every shot in order, where the service keeps them."""

    @property
    def n_bits(self) -> int:
        """How many bits an outcome has."""
        return len(next(iter(self.probabilities), ""))

    def counts(self, shots: int | None = None) -> dict[str, int]:
        """Whole numbers of shots that add up to all of them. Raises `QS751` without shots."""
        total = self.shots if shots is None else shots
        if total is None:
            raise error("QS751", "the number of shots is not known", help="counts(shots=1000)")
        exact = {bits: total * p for bits, p in self.probabilities.items()}
        whole = {bits: math.floor(value + 1e-9) for bits, value in exact.items()}
        by_rest = sorted(exact, key=lambda bits: whole[bits] - exact[bits])
        for bits in by_rest[: max(0, total - sum(whole.values()))]:
            whole[bits] += 1
        return {bits: count for bits, count in whole.items() if count}

    def array(self) -> NDArray[np.float64]:
        """Probabilities of all outcomes, float64 of shape (2**n_bits,); the first observed qubit is
        the most significant bit of the index."""
        import numpy as np

        values = np.zeros(2**self.n_bits)
        for bits, p in self.probabilities.items():
            values[int(bits or "0", 2)] += p
        return values

    def expectation(self, qubits: Iterable[int]) -> float:
        """The mean of the product of Z on these bits of an outcome."""
        chosen = tuple(qubits)
        return sum(
            -p if sum(bits[q] == "1" for q in chosen) % 2 else p
            for bits, p in self.probabilities.items()
        )


def decode(payload: object, layout: Layout) -> dict[str, float]:
    """Probabilities by outcome of any of the service's formats.

    `{"<integer>": p}`, or since version 2 `{"probabilities": {"registers": {name: {"<bits>":
    p}}}}` with the highest bit first; `histogram` likewise. Raises `QS749` for anything else.
    """
    entries = _keys(payload, layout.qubits)
    total = sum(value for _, value in entries)
    if not entries or not 0 < total < math.inf:
        raise _odd("no probabilities")
    # Counts are divided by their sum; probabilities are taken as they are.
    scale = total if total > 1 + _TOLERANCE else 1.0
    if total < 1 - _TOLERANCE:
        scale = total
    found: dict[str, float] = {}
    for key, value in entries:
        bits = layout.outcome(key)
        found[bits] = found.get(bits, 0.0) + value / scale
    return {bits: p for bits, p in sorted(found.items()) if p > 0}


def _keys(payload: object, qubits: int) -> list[tuple[int, float]]:
    if not isinstance(payload, Mapping):
        raise _odd(f"a {type(payload).__name__} in place of probabilities")
    inner: Mapping[Any, Any] = payload
    for name in ("probabilities", "histogram"):
        if isinstance(inner.get(name), Mapping):
            inner = inner[name]
    registers = inner.get("registers")
    if isinstance(registers, Mapping):
        found = registers.get(FINAL, registers.get(ALL))
        if not isinstance(found, Mapping):
            raise _odd(f"registers {', '.join(map(str, registers))} without `{ALL}`")
        return [(_integer(key, 2, qubits), _value(value)) for key, value in found.items()]
    return [(_integer(key, 10, qubits), _value(value)) for key, value in inner.items()]


def _integer(text: object, base: int, qubits: int) -> int:
    digits = "01" if base == 2 else "0123456789"
    if not isinstance(text, str) or not text or set(text) - set(digits) or len(text) > 4000:
        raise _odd(f"the key {text!r}")
    value = int(text, base)
    if value >> qubits:
        raise _odd(f"the key {text!r} for {qubits} qubits")
    return value


def _value(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _odd(f"the value {value!r}")
    return float(value)


def decode_shots(payload: object, layout: Layout) -> tuple[str, ...]:
    """Outcomes of all shots: a list of integers, or since version 2 bits by register, the lowest
    first. Shots with leakage are left out, as in histograms. Raises `QS749`."""
    if isinstance(payload, list):
        return tuple([layout.outcome(_integer(str(key), 10, layout.qubits)) for key in payload])
    shots = payload.get("shots") if isinstance(payload, Mapping) else None
    if not isinstance(shots, list):
        raise _odd("no list of shots")
    if not all(isinstance(shot, Mapping) for shot in shots):
        raise _odd("shots that are no objects")
    return tuple([_shot(shot, layout) for shot in shots if not shot.get("leakage_bits")])


def _shot(shot: Any, layout: Layout) -> str:
    registers = shot.get("registers")
    bits = registers.get(FINAL, registers.get(ALL)) if isinstance(registers, Mapping) else None
    good = isinstance(bits, list) and all(isinstance(b, int) and 0 <= b <= 1 for b in bits)
    if not isinstance(bits, list) or not good or len(bits) > layout.qubits:
        raise _odd(f"a shot of registers {registers!r}"[:200])
    return layout.outcome(sum(bit << k for k, bit in enumerate(bits)))


def parse_layouts(note: str | None, qubits: Sequence[int]) -> list[Layout]:
    """Layouts from our note in a job's metadata, `0,2|!1;0,1`; one plain layout for each circuit
    where the note is absent or does not fit."""
    plain = [Layout.plain(count) for count in qubits]
    if not note:
        return plain
    texts = note.split(";")
    if len(texts) != len(qubits):
        return plain
    made = []
    for text, count in zip(texts, qubits, strict=True):
        parts = [part for part in text.replace("|", ",").split(",") if part]
        numbers = [part.removeprefix("!") for part in parts]
        if not all(number.isdecimal() and int(number) < count for number in numbers):
            return plain
        flipped = frozenset(int(part[1:]) for part in parts if part.startswith("!"))
        made.append(Layout(count, tuple(map(int, numbers)), flipped))
    return made


def _odd(what: str) -> QStoreError:
    return error("QS749", f"the result of a job has {what}")
