"""Gates on two qubits. Written from the tables; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from q_store.frontends.gate_methods.sink import GateSink
from q_store.frontends.instruction import AnglesLike, WireLike


class TwoQubitGates(GateSink):
    """Gates on two qubits."""

    def cx(self, control: WireLike, target: WireLike) -> Self:
        """Controlled X. Also `cnot`."""
        return self._gate("q.cx", (control, target), ())

    cnot = cx

    def cy(self, control: WireLike, target: WireLike) -> Self:
        """Controlled Y."""
        return self._gate("q.cy", (control, target), ())

    def cz(self, control: WireLike, target: WireLike) -> Self:
        """Controlled Z: the sign -1 on |11>."""
        return self._gate("q.cz", (control, target), ())

    def ch(self, control: WireLike, target: WireLike) -> Self:
        """Controlled Hadamard."""
        return self._gate("q.ch", (control, target), ())

    def cs(self, control: WireLike, target: WireLike) -> Self:
        """Controlled s: the phase i on |11>."""
        return self._gate("q.cs", (control, target), ())

    def csdg(self, control: WireLike, target: WireLike) -> Self:
        """Inverse of cs: the phase -i on |11>."""
        return self._gate("q.csdg", (control, target), ())

    def ct(self, control: WireLike, target: WireLike) -> Self:
        """Controlled t: the phase exp(i pi/4) on |11>."""
        return self._gate("q.ct", (control, target), ())

    def ctdg(self, control: WireLike, target: WireLike) -> Self:
        """Inverse of ct: the phase exp(-i pi/4) on |11>."""
        return self._gate("q.ctdg", (control, target), ())

    def csx(self, control: WireLike, target: WireLike) -> Self:
        """Controlled sx."""
        return self._gate("q.csx", (control, target), ())

    def csxdg(self, control: WireLike, target: WireLike) -> Self:
        """Inverse of csx."""
        return self._gate("q.csxdg", (control, target), ())

    def cp(
        self,
        control: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Phase exp(i theta) on |11>; Cirq's CZ**(theta/pi).

        Also `cu1`, `cphase`, `controlledphaseshift`.
        """
        return self._gate("q.cp", (control, target), (theta,), param)

    cu1 = cp
    cphase = cp
    controlledphaseshift = cp

    def crx(
        self,
        control: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Controlled rx."""
        return self._gate("q.crx", (control, target), (theta,), param)

    def cry(
        self,
        control: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Controlled ry."""
        return self._gate("q.cry", (control, target), (theta,), param)

    def crz(
        self,
        control: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Controlled rz."""
        return self._gate("q.crz", (control, target), (theta,), param)

    def cu3(
        self,
        control: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        lam: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Controlled u."""
        return self._gate("q.cu3", (control, target), (theta, phi, lam), params)

    def cu(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        lam: AnglesLike | None = None,
        gamma: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Controlled u with the phase gamma on the control: p(gamma) on wire 0, then cu3."""
        return self._gate("q.cu", (qubit0, qubit1), (theta, phi, lam, gamma), params)

    def crot(
        self,
        control: WireLike,
        target: WireLike,
        phi: AnglesLike | None = None,
        theta: AnglesLike | None = None,
        omega: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Controlled rot."""
        return self._gate("q.crot", (control, target), (phi, theta, omega), params)

    def cxpow(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of controlled X: CX**(theta/pi), which is p(theta/2) on wire 0 and crx(theta)."""
        return self._gate("q.cxpow", (qubit0, qubit1), (theta,), param)

    def cypow(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of controlled Y: CY**(theta/pi), which is p(theta/2) on wire 0 and cry(theta)."""
        return self._gate("q.cypow", (qubit0, qubit1), (theta,), param)

    def rxx(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """exp(-i theta/2 XX); Cirq's ms(theta/2). Also `isingxx`."""
        return self._gate("q.rxx", (qubit0, qubit1), (theta,), param)

    isingxx = rxx

    def ryy(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """exp(-i theta/2 YY). Also `isingyy`."""
        return self._gate("q.ryy", (qubit0, qubit1), (theta,), param)

    isingyy = ryy

    def rzz(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """exp(-i theta/2 ZZ). Also `isingzz`."""
        return self._gate("q.rzz", (qubit0, qubit1), (theta,), param)

    isingzz = rzz

    def rzx(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """exp(-i theta/2 ZX): cross resonance, Z on wire 0 and X on wire 1."""
        return self._gate("q.rzx", (qubit0, qubit1), (theta,), param)

    def swap(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Exchanges two qubits."""
        return self._gate("q.swap", (qubit0, qubit1), ())

    def iswap(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Exchanges two qubits with the phase i on |01> and |10>."""
        return self._gate("q.iswap", (qubit0, qubit1), ())

    def iswapdg(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Inverse of iswap. Also `iswap_inv`."""
        return self._gate("q.iswapdg", (qubit0, qubit1), ())

    iswap_inv = iswapdg

    def sqrt_iswap(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Square root of iswap. Also `siswap`, `sqisw`."""
        return self._gate("q.sqrt_iswap", (qubit0, qubit1), ())

    siswap = sqrt_iswap
    sqisw = sqrt_iswap

    def sqrt_iswapdg(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Inverse of sqrt_iswap. Also `sqrt_iswap_inv`."""
        return self._gate("q.sqrt_iswapdg", (qubit0, qubit1), ())

    sqrt_iswap_inv = sqrt_iswapdg

    def dcx(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """cx(0, 1), then cx(1, 0)."""
        return self._gate("q.dcx", (qubit0, qubit1), ())

    def cxswap(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """cx(0, 1), then swap."""
        return self._gate("q.cxswap", (qubit0, qubit1), ())

    def czswap(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """swap with the sign -1 on |11>: exchange of two fermionic modes. Also `fswap`."""
        return self._gate("q.czswap", (qubit0, qubit1), ())

    fswap = czswap

    def ecr(self, qubit0: WireLike, qubit1: WireLike) -> Self:
        """Echoed cross resonance: rzx(pi/4), x on wire 0, rzx(-pi/4)."""
        return self._gate("q.ecr", (qubit0, qubit1), ())

    def pswap(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """swap with the phase exp(i phi) on |01> and |10>."""
        return self._gate("q.pswap", (qubit0, qubit1), (phi,), param)

    def cp00(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Phase exp(i theta) on |00>. Also `cphaseshift00`."""
        return self._gate("q.cp00", (qubit0, qubit1), (theta,), param)

    cphaseshift00 = cp00

    def cp01(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Phase exp(i theta) on |01>. Also `cphaseshift01`."""
        return self._gate("q.cp01", (qubit0, qubit1), (theta,), param)

    cphaseshift01 = cp01

    def cp10(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Phase exp(i theta) on |10>. Also `cphaseshift10`."""
        return self._gate("q.cp10", (qubit0, qubit1), (theta,), param)

    cphaseshift10 = cp10

    def diag2(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        a: AnglesLike | None = None,
        b: AnglesLike | None = None,
        c: AnglesLike | None = None,
        d: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Phases exp(i a), exp(i b), exp(i c), exp(i d) on |00>, |01>, |10>, |11>."""
        return self._gate("q.diag2", (qubit0, qubit1), (a, b, c, d), params)

    def xx_plus_yy(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        beta: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """exp(-i theta/4 (XX + YY)) with rz(beta) on wire 0 before and rz(-beta) after it."""
        return self._gate("q.xx_plus_yy", (qubit0, qubit1), (theta, beta), params)

    def xx_minus_yy(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        beta: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """exp(-i theta/4 (XX - YY)) with rz(-beta) on wire 1 before and rz(beta) after it."""
        return self._gate("q.xx_minus_yy", (qubit0, qubit1), (theta, beta), params)

    def isingxy(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """exp(i phi/4 (XX + YY)); Cirq's ISWAP**(phi/pi). Also `iswappow`."""
        return self._gate("q.isingxy", (qubit0, qubit1), (phi,), param)

    iswappow = isingxy

    def phased_iswap(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """

        Also ISWAP**(theta/pi) with the phases exp(i 2 phi) and exp(-i 2 phi) on its exchange terms.
        """
        return self._gate("q.phased_iswap", (qubit0, qubit1), (theta, phi), params)

    def givens(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Rotation by theta in the plane of |01> and |10>; single_excitation(2 theta)."""
        return self._gate("q.givens", (qubit0, qubit1), (theta,), param)

    def fsim(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Fermionic simulation: exp(-i theta/2 (XX + YY)) and the phase exp(-i phi) on |11>."""
        return self._gate("q.fsim", (qubit0, qubit1), (theta, phi), params)

    def phased_fsim(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        zeta: AnglesLike | None = None,
        chi: AnglesLike | None = None,
        gamma: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """fsim with the phases zeta, chi and gamma of a number-conserving gate."""
        return self._gate("q.phased_fsim", (qubit0, qubit1), (theta, zeta, chi, gamma, phi), params)

    def swappow(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of swap: SWAP**(theta/pi)."""
        return self._gate("q.swappow", (qubit0, qubit1), (theta,), param)

    def fermionic_swap(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of czswap: CZSWAP**(phi/pi). Also `fermionicswap`."""
        return self._gate("q.fermionic_swap", (qubit0, qubit1), (phi,), param)

    fermionicswap = fermionic_swap

    def single_excitation(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Rotation by phi/2 in the plane of |01> and |10>. Also `singleexcitation`."""
        return self._gate("q.single_excitation", (qubit0, qubit1), (phi,), param)

    singleexcitation = single_excitation

    def single_excitation_plus(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """single_excitation with the phase exp(i phi/2) on |00> and |11>.

        Also `singleexcitationplus`.
        """
        return self._gate("q.single_excitation_plus", (qubit0, qubit1), (phi,), param)

    singleexcitationplus = single_excitation_plus

    def single_excitation_minus(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """single_excitation with the phase exp(-i phi/2) on |00> and |11>.

        Also `singleexcitationminus`.
        """
        return self._gate("q.single_excitation_minus", (qubit0, qubit1), (phi,), param)

    singleexcitationminus = single_excitation_minus

    def ms(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        phi0: AnglesLike | None = None,
        phi1: AnglesLike | None = None,
        theta: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Mølmer-Sørensen: exp(-i theta/2 gpi(phi0) gpi(phi1)); pi/2 entangles fully."""
        return self._gate("ionq.ms", (qubit0, qubit1), (phi0, phi1, theta), params)

    def zz(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Native exp(-i theta/2 ZZ) of Forte-class machines; pi/2 entangles fully."""
        return self._gate("ionq.zz", (qubit0, qubit1), (theta,), param)
