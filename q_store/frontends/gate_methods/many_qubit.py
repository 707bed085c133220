"""Gates on three and more qubits. Written from the tables; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from q_store.frontends.gate_methods.sink import GateSink
from q_store.frontends.instruction import AnglesLike, WireLike


class ManyQubitGates(GateSink):
    """Gates on three and more qubits."""

    def double_excitation(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        qubit2: WireLike,
        qubit3: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Rotation by phi/2 in the plane of |0011> and |1100>. Also `doubleexcitation`."""
        return self._gate("q.double_excitation", (qubit0, qubit1, qubit2, qubit3), (phi,), param)

    doubleexcitation = double_excitation

    def double_excitation_plus(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        qubit2: WireLike,
        qubit3: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """double_excitation with the phase exp(i phi/2) on every other basis state.

        Also `doubleexcitationplus`.
        """
        return self._gate(
            "q.double_excitation_plus", (qubit0, qubit1, qubit2, qubit3), (phi,), param
        )

    doubleexcitationplus = double_excitation_plus

    def double_excitation_minus(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        qubit2: WireLike,
        qubit3: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """double_excitation with the phase exp(-i phi/2) on every other basis state.

        Also `doubleexcitationminus`.
        """
        return self._gate(
            "q.double_excitation_minus", (qubit0, qubit1, qubit2, qubit3), (phi,), param
        )

    doubleexcitationminus = double_excitation_minus

    def orbital_rotation(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        qubit2: WireLike,
        qubit3: WireLike,
        phi: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Rotation of two spatial orbitals: the same single excitation for both spins.

        Also `orbitalrotation`.
        """
        return self._gate("q.orbital_rotation", (qubit0, qubit1, qubit2, qubit3), (phi,), param)

    orbitalrotation = orbital_rotation

    def ccx(self, control0: WireLike, control1: WireLike, target: WireLike) -> Self:
        """Toffoli: X on wire 2 when wires 0 and 1 are both 1. Also `toffoli`, `ccnot`."""
        return self._gate("q.ccx", (control0, control1, target), ())

    toffoli = ccx
    ccnot = ccx

    def ccy(self, control0: WireLike, control1: WireLike, target: WireLike) -> Self:
        """Y on wire 2 when wires 0 and 1 are both 1."""
        return self._gate("q.ccy", (control0, control1, target), ())

    def ccz(self, control0: WireLike, control1: WireLike, target: WireLike) -> Self:
        """The sign -1 on |111>."""
        return self._gate("q.ccz", (control0, control1, target), ())

    def cswap(self, control: WireLike, target0: WireLike, target1: WireLike) -> Self:
        """Fredkin: exchanges wires 1 and 2 when wire 0 is 1. Also `fredkin`."""
        return self._gate("q.cswap", (control, target0, target1), ())

    fredkin = cswap

    def rccx(self, qubit0: WireLike, qubit1: WireLike, qubit2: WireLike) -> Self:
        """Margolus: ccx up to phases, with three CX instead of six."""
        return self._gate("q.rccx", (qubit0, qubit1, qubit2), ())

    def temporary_and(self, qubit0: WireLike, qubit1: WireLike, qubit2: WireLike) -> Self:
        """Writes the conjunction of wires 0 and 1 into wire 2, which must be |0>.

        Also `temporaryand`, `elbow`.
        """
        return self._gate("q.temporary_and", (qubit0, qubit1, qubit2), ())

    temporaryand = temporary_and
    elbow = temporary_and

    def ccp(
        self,
        control0: WireLike,
        control1: WireLike,
        target: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Phase exp(i theta) on |111>; Cirq's CCZ**(theta/pi)."""
        return self._gate("q.ccp", (control0, control1, target), (theta,), param)

    def ccxpow(
        self,
        control: WireLike,
        target0: WireLike,
        target1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of ccx: CCX**(theta/pi)."""
        return self._gate("q.ccxpow", (control, target0, target1), (theta,), param)

    def ccypow(
        self,
        control: WireLike,
        target0: WireLike,
        target1: WireLike,
        theta: AnglesLike | None = None,
        *,
        param: str | None = None,
    ) -> Self:
        """Power of ccy: CCY**(theta/pi)."""
        return self._gate("q.ccypow", (control, target0, target1), (theta,), param)

    def qubit_sum(self, qubit0: WireLike, qubit1: WireLike, qubit2: WireLike) -> Self:
        """Adds wires 0 and 1 to wire 2 modulo 2. Also `qubitsum`."""
        return self._gate("q.qubit_sum", (qubit0, qubit1, qubit2), ())

    qubitsum = qubit_sum

    def diag3(
        self,
        qubit0: WireLike,
        qubit1: WireLike,
        qubit2: WireLike,
        a: AnglesLike | None = None,
        b: AnglesLike | None = None,
        c: AnglesLike | None = None,
        d: AnglesLike | None = None,
        e: AnglesLike | None = None,
        f: AnglesLike | None = None,
        g: AnglesLike | None = None,
        h: AnglesLike | None = None,
        *,
        params: Sequence[str] | None = None,
    ) -> Self:
        """Phases exp(i a) to exp(i h) on the eight basis states."""
        return self._gate("q.diag3", (qubit0, qubit1, qubit2), (a, b, c, d, e, f, g, h), params)

    def c3x(
        self, control0: WireLike, control1: WireLike, control2: WireLike, target: WireLike
    ) -> Self:
        """X on wire 3 when wires 0, 1 and 2 are all 1."""
        return self._gate("q.c3x", (control0, control1, control2, target), ())

    def c3z(
        self, control0: WireLike, control1: WireLike, control2: WireLike, target: WireLike
    ) -> Self:
        """The sign -1 on |1111>."""
        return self._gate("q.c3z", (control0, control1, control2, target), ())

    def c3sx(
        self, control0: WireLike, control1: WireLike, control2: WireLike, target: WireLike
    ) -> Self:
        """sx on wire 3 when wires 0, 1 and 2 are all 1. Also `c3sqrtx`."""
        return self._gate("q.c3sx", (control0, control1, control2, target), ())

    c3sqrtx = c3sx

    def rcccx(self, qubit0: WireLike, qubit1: WireLike, qubit2: WireLike, qubit3: WireLike) -> Self:
        """c3x up to phases, with six CX instead of fourteen. Also `rc3x`."""
        return self._gate("q.rcccx", (qubit0, qubit1, qubit2, qubit3), ())

    rc3x = rcccx

    def qubit_carry(
        self, qubit0: WireLike, qubit1: WireLike, qubit2: WireLike, qubit3: WireLike
    ) -> Self:
        """Adds wires 1 and 2 into wire 2 and the carry of wires 0, 1, 2 into wire 3.

        Also `qubitcarry`.
        """
        return self._gate("q.qubit_carry", (qubit0, qubit1, qubit2, qubit3), ())

    qubitcarry = qubit_carry

    def c4x(
        self,
        control0: WireLike,
        control1: WireLike,
        control2: WireLike,
        control3: WireLike,
        target: WireLike,
    ) -> Self:
        """X on wire 4 when wires 0 to 3 are all 1."""
        return self._gate("q.c4x", (control0, control1, control2, control3, target), ())
