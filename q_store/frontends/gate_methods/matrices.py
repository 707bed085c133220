"""Noise that is given by matrices, as methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

from q_store.frontends.gate_methods.sink import GateSink
from q_store.qir.channels import KRAUS, kraus_numbers
from q_store.qir.diagnostics import error

_MOST: Final = len(KRAUS)


class MatrixChannels(GateSink):
    """Channels by Kraus operators, and errors of reading."""

    def kraus(self, qubits: int | Sequence[int], operators: Any) -> Self:
        """Any channel on one to three qubits, rho -> sum of K rho K†.

        `operators` are k complex matrices K, shape (k, 2**n, 2**n), the first qubit most
        significant. Raises `QS305` for other numbers of qubits, `QS306` for other shapes and
        `QS308` where K†K does not add up to the identity.
        """
        wires = _listed(qubits)
        if not 1 <= len(wires) <= _MOST:
            raise error("QS305", f"`kraus` acts on 1 to {_MOST} qubits, got {len(wires)}")
        matrices = _complex("kraus", operators)
        if matrices.ndim != 3 or matrices.shape[1:] != (1 << len(wires),) * 2:
            size = 1 << len(wires)
            raise error(
                "QS306",
                f"`kraus` on {len(wires)} qubits takes matrices ({size}, {size}), got an array of "
                f"shape {matrices.shape}",
            )
        from q_store.frontends.channels import fewest

        return self._gate(KRAUS[len(wires) - 1].name, wires, kraus_numbers(fewest(matrices)))

    def readout(self, qubit: int, p01: float, p10: float) -> Self:
        """Reading errs: 0 gives 1 with p01, 1 gives 0 with p10. Last on its qubit."""
        return self._gate("n.readout", (qubit,), (p01, p10))

    def confusion(self, qubits: int | Sequence[int], matrix: Any) -> Self:
        """Reading several qubits errs jointly. Last on its qubits.

        `matrix[i][j]` is the probability to read j where the outcome is i, shape (2**n, 2**n), the
        first qubit most significant. A qubit that an observable leaves out is read in the
        computational basis. Raises `QS306` for no matrix and `QS308` for one without
        probabilities.
        """
        wires = _listed(qubits)
        found = _complex("confusion", matrix)
        if found.ndim != 2 or found.imag.any():
            raise error("QS306", "`confusion` takes a real matrix")
        return self._gate("n.confusion", wires, tuple(found.real.ravel().tolist()))


def _listed(qubits: int | Sequence[int]) -> tuple[object, ...]:
    return tuple(qubits) if isinstance(qubits, Sequence) else (qubits,)


def _complex(name: str, given: Any) -> Any:
    """An array of complex numbers. Raises `QS306`."""
    import numpy as np

    try:
        return np.array(given, np.complex128)
    except (TypeError, ValueError) as problem:
        raise error("QS306", f"`{name}` takes matrices of numbers: {problem}") from problem
