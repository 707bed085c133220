"""What a circuit gave, in the forms of IonQ's API.

A key or a number k of an outcome is little-endian: bit q of k is qubit q. Bits above the qubits are
those of measurements in the middle of OpenQASM 3, which only the registers of v2 show. Texts of v2
are padded with the highest qubit of the register on the left; its lists of bits start with the
lowest.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Registers = Mapping[str, Sequence[int | None]]
ALL: Final = "output_all"
MEDIA: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one circuit of n qubits."""

    qubits: int
    probabilities: dict[str, float]
    """By decimal key; exact on the ideal simulator, frequencies elsewhere. `plain` leaves the bits
    above the qubits out."""
    shots: NDArray[np.uint64] | None = None
    """One number for each shot, in order; `None` on the ideal simulator."""
    registers: Registers | None = None

    @classmethod
    def exact(
        cls, qubits: int, probabilities: dict[str, float], registers: Registers | None
    ) -> Outcome:
        """An ideal result."""
        return cls(qubits, probabilities, None, registers)

    @classmethod
    def sampled(
        cls, qubits: int, shots: NDArray[np.uint64], registers: Registers | None
    ) -> Outcome:
        """A result of shots."""
        values, counts = np.unique(shots, return_counts=True)
        pairs = zip(values.tolist(), (counts / len(shots)).tolist(), strict=True)
        return cls(qubits, {str(value): share for value, share in pairs}, shots, registers)

    @property
    def packed(self) -> bytes | None:
        """The shots for the store."""
        return None if self.shots is None else zlib.compress(self.shots.tobytes(), 1)

    @staticmethod
    def unpacked(packed: bytes | None) -> NDArray[np.uint64] | None:
        """What `packed` was made from."""
        return None if packed is None else np.frombuffer(zlib.decompress(packed), np.uint64)

    # --- forms --------------------------------------------------------------------------------

    def formats(self) -> tuple[str, ...]:
        """The formats that there are."""
        return formats_of(self.shots is not None)

    def document(self, name: str) -> Any:
        """The result in one of `formats`."""
        return _FORMATS[name](self)

    def plain(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by decimal key, summed up for the qubits."""
        found: dict[str, Any] = {}
        for key, value in values.items():
            own = str(int(key) & self._every)
            found[own] = found.get(own, 0) + value
        return found

    @property
    def _every(self) -> int:
        return (1 << self.qubits) - 1

    def plain_shots(self) -> list[str]:
        """The qubits in each shot as a decimal key."""
        shots = [] if self.shots is None else self.shots.tolist()
        return [str(shot & self._every) for shot in shots]

    def histogram(self) -> dict[str, int]:
        """Counts by decimal key."""
        total = 0 if self.shots is None else len(self.shots)
        return {key: round(share * total) for key, share in self.probabilities.items()}

    def all_registers(self) -> dict[str, list[int | None]]:
        """Qubits of each register; `output_all` is all of them."""
        named = {name: list(wires) for name, wires in (self.registers or {}).items()}
        return {ALL: list(range(self.qubits)), **named}

    def by_register(self, values: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """Values by decimal key, summed up for the bits of each register."""
        found: dict[str, dict[str, float]] = {}
        for name, wires in self.all_registers().items():
            own = found.setdefault(name, {})
            for key, value in values.items():
                bits = "".join(map(str, reversed(_bits(int(key), wires))))
                own[bits] = own.get(bits, 0) + value
        return found

    def shots_v2(self) -> list[dict[str, Any]]:
        """The bits of each register in each shot."""
        registers = self.all_registers()
        shots = [] if self.shots is None else self.shots.tolist()
        return [
            {"registers": {name: _bits(shot, wires) for name, wires in registers.items()}}
            for shot in shots
        ]


def _bits(number: int, wires: Sequence[int | None]) -> list[int]:
    return [0 if wire is None else number >> wire & 1 for wire in wires]


_FORMATS: Final[dict[str, Callable[[Outcome], Any]]] = {
    "ionq.result.probabilities.json.v1": lambda found: found.plain(found.probabilities),
    "ionq.result.probabilities.json.v2": lambda found: {
        "probabilities": {"registers": found.by_register(found.probabilities)}
    },
    "ionq.result.histogram.json.v1": lambda found: found.plain(found.histogram()),
    "ionq.result.histogram.json.v2": lambda found: {
        "histogram": {"registers": found.by_register(found.histogram())}
    },
    "ionq.result.shots.json.v1": lambda found: found.plain_shots(),
    "ionq.result.shots.json.v2": lambda found: {"shots": found.shots_v2()},
}
AGGREGATE: Final = "ionq.result.probabilities-aggregate.json.v1"
NATIVE: Final = "ionq.native.v1"


def formats_of(sampled: bool) -> tuple[str, ...]:
    """The formats of a result, which has more of them when it has shots."""
    return tuple([name for name in _FORMATS if sampled or "probabilities" in name])
