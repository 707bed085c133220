"""Gates on one qubit and the global phase. Written from the tables; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from q_store.frontends.gate_methods.sink import GateSink
from q_store.frontends.instruction import AnglesLike, WireLike


class OneQubitGates(GateSink):
    """Gates on one qubit and the global phase."""

    def id(self, qubit: WireLike) -> Self:
        """Leaves the qubit alone. Also `i`, `identity`."""
        return self._gate("q.id", (qubit,), ())

    i = id
    identity = id

    def x(self, qubit: WireLike) -> Self:
        """Pauli X: exchanges |0> and |1>. Also `paulix`."""
        return self._gate("q.x", (qubit,), ())

    paulix = x

    def y(self, qubit: WireLike) -> Self:
        """Pauli Y. Also `pauliy`."""
        return self._gate("q.y", (qubit,), ())

    pauliy = y

    def z(self, qubit: WireLike) -> Self:
        """Pauli Z: the sign -1 on |1>. Also `pauliz`."""
        return self._gate("q.z", (qubit,), ())

    pauliz = z

    def h(self, qubit: WireLike) -> Self:
        """Hadamard: exchanges the X and the Z axis. Also `hadamard`."""
        return self._gate("q.h", (qubit,), ())

    hadamard = h

    def s(self, qubit: WireLike) -> Self:
        """Square root of Z: the phase i on |1>."""
        return self._gate("q.s", (qubit,), ())

    def sdg(self, qubit: WireLike) -> Self:
        """Inverse of s: the phase -i on |1>. Also `si`."""
        return self._gate("q.sdg", (qubit,), ())

    si = sdg

    def t(self, qubit: WireLike) -> Self:
        """Fourth root of Z: the phase exp(i pi/4) on |1>."""
        return self._gate("q.t", (qubit,), ())

    def tdg(self, qubit: WireLike) -> Self:
        """Inverse of t: the phase exp(-i pi/4) on |1>. Also `ti`."""
        return self._gate("q.tdg", (qubit,), ())

    ti = tdg

    def sx(self, qubit: WireLike) -> Self:
        """Square root of X: exp(i pi/4) rx(pi/2). Also `v`."""
        return self._gate("q.sx", (qubit,), ())

    v = sx

    def sxdg(self, qubit: WireLike) -> Self:
        """Inverse of sx: exp(-i pi/4) rx(-pi/2). Also `vi`."""
        return self._gate("q.sxdg", (qubit,), ())

    vi = sxdg

    def phase(self, theta: AnglesLike | None = None, *, param: str | None = None) -> Self:
        """Global phase exp(i theta); takes no wire. Also `global_phase`, `gphase`."""
        return self._gate("q.phase", (), (theta,), param)

    global_phase = phase
    gphase = phase

    def p(
        self, qubit: WireLike, theta: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Phase exp(i theta) on |1>. Also `u1`, `phaseshift`."""
        return self._gate("q.p", (qubit,), (theta,), param)

    u1 = p
    phaseshift = p

    def rx(
        self, qubit: WireLike, theta: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Rotation about X: exp(-i theta/2 X)."""
        return self._gate("q.rx", (qubit,), (theta,), param)

    def ry(
        self, qubit: WireLike, theta: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Rotation about Y: exp(-i theta/2 Y)."""
        return self._gate("q.ry", (qubit,), (theta,), param)

    def rz(
        self, qubit: WireLike, theta: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Rotation about Z: exp(-i theta/2 Z)."""
        return self._gate("q.rz", (qubit,), (theta,), param)

    def u(
        self,
        qubit: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        lam: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Any one-qubit gate up to phase: p(lam), then ry(theta), then p(phi). Also `u3`."""
        return self._gate("q.u", (qubit,), (theta, phi, lam), params)

    u3 = u

    def u2(
        self,
        qubit: WireLike,
        phi: AnglesLike | None = None,
        lam: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """u(pi/2, phi, lam)."""
        return self._gate("q.u2", (qubit,), (phi, lam), params)

    def r(
        self,
        qubit: WireLike,
        theta: AnglesLike | None = None,
        phi: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Rotation by theta about cos(phi) X + sin(phi) Y; Cirq's PhasedXPow up to a phase.

        Also `prx`, `phased_x`.
        """
        return self._gate("q.r", (qubit,), (theta, phi), params)

    prx = r
    phased_x = r

    def rot(
        self,
        qubit: WireLike,
        phi: AnglesLike | None = None,
        theta: AnglesLike | None = None,
        omega: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Any rotation: rz(phi), then ry(theta), then rz(omega)."""
        return self._gate("q.rot", (qubit,), (phi, theta, omega), params)

    def phased_xz(
        self,
        qubit: WireLike,
        x: AnglesLike | None = None,
        z: AnglesLike | None = None,
        a: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """X**(x/pi) about an axis turned by a in the plane, then Z**(z/pi). Also `phasedxz`."""
        return self._gate("q.phased_xz", (qubit,), (x, z, a), params)

    phasedxz = phased_xz

    def hpow(
        self, qubit: WireLike, theta: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Power of Hadamard: H**(theta/pi)."""
        return self._gate("q.hpow", (qubit,), (theta,), param)

    def gpi(
        self, qubit: WireLike, phi: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Half-turn about cos(phi) X + sin(phi) Y: [[0, exp(-i phi)], [exp(i phi), 0]]."""
        return self._gate("ionq.gpi", (qubit,), (phi,), param)

    def gpi2(
        self, qubit: WireLike, phi: AnglesLike | None = None, *, param: str | None = None
    ) -> Self:
        """Quarter-turn about cos(phi) X + sin(phi) Y: r(pi/2, phi)."""
        return self._gate("ionq.gpi2", (qubit,), (phi,), param)
