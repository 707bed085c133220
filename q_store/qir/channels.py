"""The table of noise: channels, and what reading gets wrong.

The numbers of a channel are constants. Most are probabilities. A `Listed` channel takes as many as
its matrices have: `n.kraus` the real and imaginary parts of Kraus operators, `n.confusion` a matrix
of probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.ops import OpDef

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Operators = list[NDArray[np.complex128]]

MOST_CONFUSED: Final = 6
"""Wires whose reading errs together."""
_ROUNDING: Final = 1e-9
"""How far probabilities may add up to more than 1."""
_NOT_TRACE_PRESERVING: Final = 1e-6
"""From here on a sum of K†K, or of a row of probabilities, is not taken for 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Channel(OpDef):
    """A noise channel; its angles are constant numbers."""

    kraus: Callable[..., Operators]
    """Kraus operators for given numbers, first wire most significant."""
    exclusive: bool = True
    """Whether the numbers are probabilities of which at most one happens."""

    def flaw(self, numbers: Sequence[float], wires: int) -> str:
        """What is wrong with the numbers, on this many wires; an empty text if nothing is."""
        if len(numbers) != len(self.angle_names):
            return f"takes {len(self.angle_names)} numbers, got {len(numbers)}"
        got = ", ".join(map(repr, numbers))
        if not all(0 <= number <= 1 for number in numbers):
            return f"needs probabilities from 0 to 1, got {got}"
        if self.exclusive and sum(numbers) > 1 + _ROUNDING:
            return f"needs probabilities that are together at most 1, got {got}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Listed(Channel):
    """A channel with any number of numbers; `angle_names` only hint at them."""

    reason: Callable[[tuple[float, ...], int], str]
    """What is wrong with the numbers on so many wires."""

    def flaw(self, numbers: Sequence[float], wires: int) -> str:
        return self.reason(tuple(numbers), wires)


# --- Pauli words, damping -----------------------------------------------------------------------


def pauli_words(wires: int) -> list[str]:
    """All words of so many letters but the identity, `IX`, `IY`, …, the last letter fastest."""
    return ["".join(letters) for letters in product("IXYZ", repeat=wires)][1:]


def _weighted_paulis(weights: dict[str, float]) -> Operators:
    import numpy as np

    paulis = {
        "I": np.eye(2, dtype=np.complex128),
        "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
        "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
        "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
    }
    operators = []
    for word, weight in weights.items():
        operator: NDArray[np.complex128] = np.eye(1, dtype=np.complex128)
        for letter in word:
            operator = np.kron(operator, paulis[letter]).astype(np.complex128)
        operators.append(np.sqrt(max(weight, 0.0)) * operator)
    return operators


def _depolarizing(p: float) -> Operators:
    return _weighted_paulis({"I": 1 - p, "X": p / 3, "Y": p / 3, "Z": p / 3})


def _depolarizing2(p: float) -> Operators:
    return _weighted_paulis({"II": 1 - p} | dict.fromkeys(pauli_words(2), p / 15))


def _pauli2(*chances: float) -> Operators:
    others = dict(zip(pauli_words(2), chances, strict=True))
    return _weighted_paulis({"II": 1 - sum(chances)} | others)


def _amplitude_damping(gamma: float) -> Operators:
    import numpy as np

    keep = np.array([[1, 0], [0, np.sqrt(1 - gamma)]], dtype=np.complex128)
    return [keep, np.array([[0, np.sqrt(gamma)], [0, 0]], dtype=np.complex128)]


def _generalized_amplitude_damping(gamma: float, p: float) -> Operators:
    import numpy as np

    down = [np.sqrt(p) * operator for operator in _amplitude_damping(gamma)]
    up = [np.sqrt(1 - p) * operator[::-1, ::-1] for operator in _amplitude_damping(gamma)]
    return [*down, *up]


def _phase_damping(gamma: float) -> Operators:
    import numpy as np

    keep = np.array([[1, 0], [0, np.sqrt(1 - gamma)]], dtype=np.complex128)
    return [keep, np.array([[0, 0], [0, np.sqrt(gamma)]], dtype=np.complex128)]


_PROBABILITY: Final = ("p",)

NOISE: Final = (
    Channel(
        name="n.depolarizing",
        doc="X, Y or Z, each with probability p/3.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=_depolarizing,
    ),
    Channel(
        name="n.depolarizing2",
        doc="One of the 15 two-qubit Pauli words, each with probability p/15.",
        wires=2,
        angle_names=_PROBABILITY,
        kraus=_depolarizing2,
    ),
    Channel(
        name="n.bit_flip",
        doc="X with probability p.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=lambda p: _weighted_paulis({"I": 1 - p, "X": p}),
    ),
    Channel(
        name="n.phase_flip",
        doc="Z with probability p.",
        wires=1,
        angle_names=_PROBABILITY,
        kraus=lambda p: _weighted_paulis({"I": 1 - p, "Z": p}),
    ),
    Channel(
        name="n.pauli",
        doc="X, Y, Z with probabilities px, py, pz.",
        wires=1,
        angle_names=("px", "py", "pz"),
        kraus=lambda px, py, pz: _weighted_paulis(
            {"I": 1 - px - py - pz, "X": px, "Y": py, "Z": pz}
        ),
    ),
    Channel(
        name="n.pauli2",
        doc="Each two-qubit Pauli word with its probability, IX, IY, IZ, XI, XX, ….",
        wires=2,
        angle_names=tuple(f"p{word.lower()}" for word in pauli_words(2)),
        kraus=_pauli2,
    ),
    Channel(
        name="n.amplitude_damping",
        doc="Decay |1> to |0> with probability gamma.",
        wires=1,
        angle_names=("gamma",),
        kraus=_amplitude_damping,
    ),
    Channel(
        name="n.generalized_amplitude_damping",
        doc="With probability p amplitude damping, else the same from |0> to |1>.",
        wires=1,
        angle_names=("gamma", "p"),
        kraus=_generalized_amplitude_damping,
        exclusive=False,
    ),
    Channel(
        name="n.phase_damping",
        doc="Loss of coherence with probability gamma.",
        wires=1,
        angle_names=("gamma",),
        kraus=_phase_damping,
    ),
)
"""Channels with a name and a fixed number of probabilities."""


# --- any channel --------------------------------------------------------------------------------


def kraus_numbers(operators: Any) -> tuple[float, ...]:
    """Kraus operators (k, d, d) as the numbers of an op: real and imaginary part of every entry,
    row by row, operator by operator."""
    import numpy as np

    entries = np.ascontiguousarray(operators, np.complex128)
    return tuple((entries.view(np.float64).ravel() + 0.0).tolist())


def _operators(wires: int) -> Callable[..., Operators]:
    def made(*numbers: float) -> Operators:
        import numpy as np

        size = 1 << wires
        return list(np.array(numbers, np.float64).view(np.complex128).reshape(-1, size, size))

    return made


@lru_cache(maxsize=256)
def _kraus_flaw(numbers: tuple[float, ...], wires: int) -> str:
    import numpy as np

    size = 1 << wires
    each, most = 2 * size * size, size * size
    if not numbers or len(numbers) % each or len(numbers) > each * most:
        return (
            f"takes {each} numbers for each of 1 to {most} Kraus operators, real and imaginary "
            f"part of every entry, got {len(numbers)}"
        )
    operators = np.array(_operators(wires)(*numbers))
    total = np.einsum("kji,kjl->il", operators.conj(), operators)
    off = float(np.abs(total - np.eye(size)).max())
    if not off <= _NOT_TRACE_PRESERVING:
        return f"does not preserve the trace: the sum of K†K is {off:.3g} away from the identity"
    return ""


KRAUS: Final = tuple(
    Listed(
        name=f"n.kraus{wires if wires > 1 else ''}",
        doc="Any channel, by its Kraus operators: real and imaginary part of entry after entry.",
        wires=wires,
        angle_names=("re", "im", "…"),
        kraus=_operators(wires),
        reason=_kraus_flaw,
        exclusive=False,
    )
    for wires in (1, 2, 3)
)
"""Channels on one, two and three wires, given by their matrices."""


# --- reading ------------------------------------------------------------------------------------


def _misread(*entries: float) -> Operators:
    """Kraus operators of a matrix of probabilities, true outcomes by row."""
    import numpy as np

    size = 1 << ((len(entries).bit_length() - 1) // 2)
    operators = [np.zeros((size, size), np.complex128) for _ in entries]
    for operator, (true, read), chance in zip(
        operators, product(range(size), repeat=2), entries, strict=True
    ):
        operator[read, true] = np.sqrt(chance)
    return operators


def _confusion_flaw(numbers: tuple[float, ...], wires: int) -> str:
    if not 1 <= wires <= MOST_CONFUSED:
        return f"acts on 1 to {MOST_CONFUSED} qubits, got {wires}"
    size = 1 << wires
    if len(numbers) != size * size:
        return f"takes {size * size} probabilities on {wires} qubits, got {len(numbers)}"
    if not all(0 <= number <= 1 for number in numbers):
        return "needs probabilities from 0 to 1"
    for row in range(size):
        total = sum(numbers[row * size : (row + 1) * size])
        if abs(total - 1) > _NOT_TRACE_PRESERVING:
            return f"needs rows that add up to 1; that of outcome {row:0{wires}b} gives {total:.6g}"
    return ""


READOUT: Final = Channel(
    name="n.readout",
    doc="Reading errs: 0 gives 1 with p01, 1 gives 0 with p10. Last on its wire.",
    wires=1,
    angle_names=("p01", "p10"),
    kraus=lambda p01, p10: _misread(1 - p01, p01, p10, 1 - p10),
    exclusive=False,
)
"""What any observation afterwards gets wrong, in whatever basis it measures; the Kraus operators
are those for the computational basis."""

CONFUSION: Final = Listed(
    name="n.confusion",
    doc="Reading errs jointly: for each outcome the probability to read each. Last on its wires.",
    wires=None,
    angle_names=("p", "…"),
    kraus=_misread,
    reason=_confusion_flaw,
    exclusive=False,
)
"""The same for several qubits together. A qubit that an observable leaves out is read in the
computational basis."""

READING: Final = (READOUT, CONFUSION)
CHANNELS: Final = (*NOISE, *KRAUS, *READING)
"""Every row of the table."""
