"""Noise channels. Written from the tables; do not edit."""

from __future__ import annotations

from typing import Self

from q_store.frontends.gate_methods.sink import GateSink
from q_store.frontends.instruction import WireLike


class NoiseChannels(GateSink):
    """Noise channels."""

    def depolarizing(self, qubit: WireLike, p: float) -> Self:
        """X, Y or Z, each with probability p/3."""
        return self._gate("n.depolarizing", (qubit,), (p,))

    def depolarizing2(self, qubit0: WireLike, qubit1: WireLike, p: float) -> Self:
        """One of the 15 two-qubit Pauli words, each with probability p/15."""
        return self._gate("n.depolarizing2", (qubit0, qubit1), (p,))

    def bit_flip(self, qubit: WireLike, p: float) -> Self:
        """X with probability p."""
        return self._gate("n.bit_flip", (qubit,), (p,))

    def phase_flip(self, qubit: WireLike, p: float) -> Self:
        """Z with probability p."""
        return self._gate("n.phase_flip", (qubit,), (p,))

    def pauli(self, qubit: WireLike, px: float, py: float, pz: float) -> Self:
        """X, Y, Z with probabilities px, py, pz."""
        return self._gate("n.pauli", (qubit,), (px, py, pz))

    def pauli2(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        pix: float,
        piy: float,
        piz: float,
        pxi: float,
        pxx: float,
        pxy: float,
        pxz: float,
        pyi: float,
        pyx: float,
        pyy: float,
        pyz: float,
        pzi: float,
        pzx: float,
        pzy: float,
        pzz: float,
    ) -> Self:
        """Each two-qubit Pauli word with its probability, IX, IY, IZ, XI, XX, …."""
        return self._gate(
            "n.pauli2",
            (qubit0, qubit1),
            (
                pix,
                piy,
                piz,
                pxi,
                pxx,
                pxy,
                pxz,
                pyi,
                pyx,
                pyy,
                pyz,
                pzi,
                pzx,
                pzy,
                pzz,
            ),
        )

    def amplitude_damping(self, qubit: WireLike, gamma: float) -> Self:
        """Decay |1> to |0> with probability gamma."""
        return self._gate("n.amplitude_damping", (qubit,), (gamma,))

    def generalized_amplitude_damping(self, qubit: WireLike, gamma: float, p: float) -> Self:
        """With probability p amplitude damping, else the same from |0> to |1>."""
        return self._gate("n.generalized_amplitude_damping", (qubit,), (gamma, p))

    def phase_damping(self, qubit: WireLike, gamma: float) -> Self:
        """Loss of coherence with probability gamma."""
        return self._gate("n.phase_damping", (qubit,), (gamma,))
