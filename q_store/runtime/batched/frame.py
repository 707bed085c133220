"""The frame: Clifford gates that cost nothing at run time.

The stored state psi and the true state are related by

    true[M p ^ c] = (-1)^(q(p) + l.p) psi[p]

with M an invertible matrix over GF(2), c and l bit vectors and q a quadratic form. X, CX and SWAP
(and all they generate) change M and c; Z changes l and c; CZ changes q and l. No amplitude moves.

Later gates are expressed in physical bits p. A gate on logical wire t acts on the pairs (p, p ^ m)
with m = M^-1 e_t, and the logical bit is parity(p & r) ^ c_t with r row t of M. A set c_t
conjugates a one-qubit gate by X. Conjugation by the signs multiplies the off-diagonal entries by
(-1)^(parity(p & Q m) + q(m) + l.m), with Q the symmetric matrix of q: a mask z = Q m and a
constant, which conjugates by Z. (The same linear algebra drives stabilizer tableaus: Aaronson and
Gottesman, arXiv:quant-ph/0406196.)

Wires are numbered as in the executable; wire w is bit ``n - 1 - w`` of an index.
"""

from __future__ import annotations

from typing import Any, NamedTuple


def odd(word: int) -> bool:
    """True if the number of set bits is odd."""
    return bool(word.bit_count() & 1)


class PhysicalPauli(NamedTuple):
    """A Hermitian Pauli word in physical bits.

    It maps |p> to ``(-1)^(negative + parity(p & z)) i^imaginary |p ^ x>``.
    """

    x: int
    z: int
    imaginary: bool
    negative: bool


class Frame:
    """The affine map and the signs so far; ``half_turns`` is 1 for a global phase of pi."""

    def __init__(self, n_qubits: int) -> None:
        self.n = n_qubits
        self.rows = [1 << (n_qubits - 1 - w) for w in range(n_qubits)]
        self.columns = list(self.rows)
        self.flips = [False] * n_qubits
        self.quadratic = [0] * n_qubits
        self.linear = 0
        self.half_turns = 0

    def x(self, wire: int) -> None:
        self.flips[wire] = not self.flips[wire]

    def z(self, wire: int) -> None:
        self.linear ^= self.rows[wire]
        self.half_turns ^= self.flips[wire]

    def cx(self, control: int, target: int) -> None:
        self.rows[target] ^= self.rows[control]
        self.flips[target] ^= self.flips[control]
        self.columns[control] ^= self.columns[target]

    def swap(self, a: int, b: int) -> None:
        parts: tuple[list[Any], ...] = (self.rows, self.columns, self.flips)
        for part in parts:
            part[a], part[b] = part[b], part[a]

    def cz(self, a: int, b: int) -> None:
        """(-1)^((r_a.p + c_a)(r_b.p + c_b)), split into quadratic, linear and constant parts."""
        ra, rb = self.rows[a], self.rows[b]
        for i in range(self.n):
            bit = 1 << i
            change = (rb if ra & bit else 0) ^ (ra if rb & bit else 0)
            self.quadratic[i] ^= change & ~bit
        self.linear ^= ra & rb
        if self.flips[a]:
            self.linear ^= rb
        if self.flips[b]:
            self.linear ^= ra
        self.half_turns ^= self.flips[a] and self.flips[b]

    def sign_mask(self, pair: int) -> int:
        """Q m: where its parity is odd, moving along ``pair`` changes the sign once more."""
        mask = 0
        for i in range(self.n):
            if pair >> i & 1:
                mask ^= self.quadratic[i]
        return mask

    def sign_constant(self, pair: int) -> bool:
        """q(m) + l.m: whether moving from amplitude 0 along ``pair`` changes the sign."""
        result = odd(self.linear & pair)
        for i in range(self.n):
            if pair >> i & 1:
                result ^= odd(self.upper(i) & pair)
        return result

    def upper(self, i: int) -> int:
        """The bits above ``i`` that pair with it in the quadratic form."""
        return self.quadratic[i] >> (i + 1) << (i + 1)

    def pauli(self, x_mask: int, z_mask: int) -> PhysicalPauli:
        """A logical word (masks with bit ``n - 1 - w`` for wire ``w``, Y where both) physically."""
        x = z = 0
        negative = False
        for wire in range(self.n):
            bit = 1 << (self.n - 1 - wire)
            if x_mask & bit:
                x ^= self.columns[wire]
            if z_mask & bit:
                z ^= self.rows[wire]
                negative ^= self.flips[wire]
        turns = (x_mask & z_mask).bit_count() & 3
        negative ^= turns >= 2
        negative ^= self.sign_constant(x)
        return PhysicalPauli(x, z ^ self.sign_mask(x), bool(turns & 1), negative)

    def index_columns(self, wires: tuple[int, ...]) -> list[int]:
        """Per physical bit j, what flipping bits 0..j does to the index made of ``wires``.

        The first wire is the most significant bit. The last entry is the index of amplitude 0.
        """
        columns = []
        total = 0
        for j in range(self.n):
            for place, wire in enumerate(reversed(wires)):
                total ^= (self.rows[wire] >> j & 1) << place
            columns.append(total)
        origin = sum(self.flips[wire] << place for place, wire in enumerate(reversed(wires)))
        return [*columns, origin]
