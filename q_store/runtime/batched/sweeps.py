"""Forward sweeps: one pass over a state for one instruction.

State layout: ``s[2 p]`` and ``s[2 p + 1]`` are the lane vectors of the real and imaginary parts of
physical amplitude ``p``. A block acts on the pairs ``(p, p ^ m)``; the member that plays ``|0>`` is
the one with ``parity(p & r) = 0``; where ``parity(p & z) = 1`` the block is conjugated by Z (its
off-diagonal entries change sign). Each instruction owns six coefficient vectors at ``co[k]``.

Sweeps over the pairs enumerate ``p`` with the highest bit of ``m`` clear, so that neighbouring
steps touch neighbouring memory.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import kernel, load, parity, splat, store
from q_store.runtime.batched.opcodes import PAIR, ROLE, SIGN, SLOTS


@kernel
def low_mask(m: int) -> int:
    """All bits below the highest set bit of ``m``."""
    low = 0
    while (low << 1 | 1) < m:
        low = low << 1 | 1
    return low


@kernel
def block(s: Any, n: int, m: int, r: int, z: int, co: Any, k: int) -> None:
    """SU(2) block ``[[a, -b*], [b, a*]]``; coefficients ar, ai, br, bi, -br, -bi."""
    low = low_mask(m)
    ar, ai = load(co, k), load(co, k + 1)
    for j in range(1 << (n - 1)):
        p = (j & ~low) << 1 | (j & low)
        i = p ^ (m & -parity(p & r))
        b = k + 2 + 2 * parity(p & z)
        br, bi = load(co, b), load(co, b + 1)
        h = 2 * (i ^ m)
        i = 2 * i
        xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
        store(s, i, ar * xr - ai * xi - br * yr - bi * yi)
        store(s, i + 1, ar * xi + ai * xr - br * yi + bi * yr)
        store(s, h, br * xr - bi * xi + ar * yr + ai * yi)
        store(s, h + 1, br * xi + bi * xr + ar * yi - ai * yr)


@kernel
def real_block(s: Any, n: int, m: int, r: int, z: int, co: Any, k: int) -> None:
    """RY alone; coefficients c, -, s, -, -s, -."""
    low = low_mask(m)
    c = load(co, k)
    for j in range(1 << (n - 1)):
        p = (j & ~low) << 1 | (j & low)
        i = p ^ (m & -parity(p & r))
        b = load(co, k + 2 + 2 * parity(p & z))
        h = 2 * (i ^ m)
        i = 2 * i
        xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
        store(s, i, c * xr - b * yr)
        store(s, i + 1, c * xi - b * yi)
        store(s, h, b * xr + c * yr)
        store(s, h + 1, b * xi + c * yi)


@kernel
def spread(j: int, a: int, b: int) -> int:
    """Insert zeros into ``j`` where the masks ``a`` and ``b`` (all ones below a bit) end."""
    low, high = min(a, b), max(a, b)
    j = (j & ~low) << 1 | (j & low)
    return (j & ~high) << 1 | (j & high)


@kernel
def second_low(m: int, m2: int) -> int:
    """:func:`low_mask` of ``m2`` after elimination of the highest bit of ``m``."""
    top = low_mask(m) + 1
    low: int = low_mask(m2 ^ m if m2 & top else m2)
    return low


@kernel
def real_pair(s: Any, n: int, one: Any, two: Any, co: Any, k: int) -> None:
    """Two RY after each other: four amplitudes at a time, so that memory is passed once.

    In a real block an exchange of roles is a change of sign, so one mask says both. ``cross``
    tells whether the partner in the other block has the other sign. Everything is read before
    anything is written, which keeps the order of memory accesses simple.
    """
    m, m2, q, q2 = one[PAIR], two[PAIR], one[ROLE] ^ one[SIGN], two[ROLE] ^ two[SIGN]
    a, b, cross, cross2 = low_mask(m), second_low(m, m2), parity(m2 & q), parity(m & q2)
    k2, c, c2 = k + SLOTS, load(co, k), load(co, k + SLOTS)
    for j in range(1 << (n - 2)):
        p = spread(j, a, b)
        odd, odd2 = parity(p & q), parity(p & q2)
        d, e = load(co, k + 2 + 2 * odd), load(co, k + 2 + 2 * (odd ^ cross))
        d2, e2 = load(co, k2 + 2 + 2 * odd2), load(co, k2 + 2 + 2 * (odd2 ^ cross2))
        i, h, i2, h2 = 2 * p, 2 * (p ^ m), 2 * (p ^ m2), 2 * (p ^ m ^ m2)
        xr, yr, vr, wr = load(s, i), load(s, h), load(s, i2), load(s, h2)
        xi, yi, vi, wi = load(s, i + 1), load(s, h + 1), load(s, i2 + 1), load(s, h2 + 1)
        xr, yr, vr, wr = c * xr - d * yr, c * yr + d * xr, c * vr - e * wr, c * wr + e * vr
        xi, yi, vi, wi = c * xi - d * yi, c * yi + d * xi, c * vi - e * wi, c * wi + e * vi
        store(s, i, c2 * xr - d2 * vr)
        store(s, i + 1, c2 * xi - d2 * vi)
        store(s, h, c2 * yr - e2 * wr)
        store(s, h + 1, c2 * yi - e2 * wi)
        store(s, i2, c2 * vr + d2 * xr)
        store(s, i2 + 1, c2 * vi + d2 * xi)
        store(s, h2, c2 * wr + e2 * yr)
        store(s, h2 + 1, c2 * wi + e2 * yi)


@kernel
def shear_pair(s: Any, n: int, one: Any, two: Any, co: Any, k: int) -> None:
    """:func:`real_pair` without its factor cos cos; slots 2 and 4 hold the tangents t and -t."""
    m, m2, q, q2 = one[PAIR], two[PAIR], one[ROLE] ^ one[SIGN], two[ROLE] ^ two[SIGN]
    a, b, cross, cross2 = low_mask(m), second_low(m, m2), parity(m2 & q), parity(m & q2)
    k2 = k + SLOTS
    for j in range(1 << (n - 2)):
        p = spread(j, a, b)
        odd, odd2 = parity(p & q), parity(p & q2)
        d, e = load(co, k + 2 + 2 * odd), load(co, k + 2 + 2 * (odd ^ cross))
        d2, e2 = load(co, k2 + 2 + 2 * odd2), load(co, k2 + 2 + 2 * (odd2 ^ cross2))
        i, h, i2, h2 = 2 * p, 2 * (p ^ m), 2 * (p ^ m2), 2 * (p ^ m ^ m2)
        xr, yr, vr, wr = load(s, i), load(s, h), load(s, i2), load(s, h2)
        xi, yi, vi, wi = load(s, i + 1), load(s, h + 1), load(s, i2 + 1), load(s, h2 + 1)
        xr, yr, vr, wr = xr - d * yr, yr + d * xr, vr - e * wr, wr + e * vr
        xi, yi, vi, wi = xi - d * yi, yi + d * xi, vi - e * wi, wi + e * vi
        store(s, i, xr - d2 * vr)
        store(s, i + 1, xi - d2 * vi)
        store(s, h, yr - e2 * wr)
        store(s, h + 1, yi - e2 * wi)
        store(s, i2, vr + d2 * xr)
        store(s, i2 + 1, vi + d2 * xi)
        store(s, h2, wr + e2 * yr)
        store(s, h2 + 1, wi + e2 * yi)


@kernel
def yz_block(s: Any, n: int, m: int, r: int, z: int, co: Any, k: int) -> None:
    """diag(1, e^{it}) RY; coefficients c, cos t, s, sin t, -s, -. Equals RZ(t) RY up to a phase."""
    low = low_mask(m)
    c, er, ei = load(co, k), load(co, k + 1), load(co, k + 3)
    for j in range(1 << (n - 1)):
        p = (j & ~low) << 1 | (j & low)
        i = p ^ (m & -parity(p & r))
        b = load(co, k + 2 + 2 * parity(p & z))
        h = 2 * (i ^ m)
        i = 2 * i
        xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
        store(s, i, c * xr - b * yr)
        store(s, i + 1, c * xi - b * yi)
        vr = b * xr + c * yr
        vi = b * xi + c * yi
        store(s, h, er * vr - ei * vi)
        store(s, h + 1, er * vi + ei * vr)


@kernel
def selected(p: int, controls: Any) -> int:
    """1 if every control (mask, value) has ``parity(p & mask) == value``, else 0."""
    for c in range(controls.shape[0] // 2):
        if parity(p & controls[2 * c]) != controls[2 * c + 1]:
            return 0
    return 1


@kernel
def controlled_block(
    s: Any, n: int, m: int, r: int, z: int, co: Any, k: int, controls: Any
) -> None:
    """The SU(2) block of :func:`block` on the pairs that every control selects."""
    low = low_mask(m)
    ar, ai = load(co, k), load(co, k + 1)
    for j in range(1 << (n - 1)):
        p = (j & ~low) << 1 | (j & low)
        if selected(p, controls):
            i = p ^ (m & -parity(p & r))
            b = k + 2 + 2 * parity(p & z)
            br, bi = load(co, b), load(co, b + 1)
            h = 2 * (i ^ m)
            i = 2 * i
            xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
            store(s, i, ar * xr - ai * xi - br * yr - bi * yi)
            store(s, i + 1, ar * xi + ai * xr - br * yi + bi * yr)
            store(s, h, br * xr - bi * xi + ar * yr + ai * yi)
            store(s, h + 1, br * xi + bi * xr + ar * yi - ai * yr)


@kernel
def diagonal(s: Any, n: int, r: int, co: Any, k: int) -> None:
    """exp(-i t/2 (-1)^parity(p & r)); coefficients cos t/2, sin t/2, -sin t/2."""
    c = load(co, k)
    for p in range(1 << n):
        d = load(co, k + 1 + parity(p & r))
        i = 2 * p
        xr, xi = load(s, i), load(s, i + 1)
        store(s, i, c * xr + d * xi)
        store(s, i + 1, c * xi - d * xr)


@kernel
def controlled_phase(s: Any, n: int, co: Any, k: int, controls: Any) -> None:
    """e^{it} where every control selects; coefficients cos t, sin t."""
    c, d = load(co, k), load(co, k + 1)
    for p in range(1 << n):
        if selected(p, controls):
            i = 2 * p
            xr, xi = load(s, i), load(s, i + 1)
            store(s, i, c * xr - d * xi)
            store(s, i + 1, c * xi + d * xr)


@kernel
def product_state(s: Any, n: int, first: Any, co: Any, area: int) -> None:
    """The state that one block per physical bit makes of |0...0>, by doubling.

    ``first[j]`` is the instruction on bit ``j``, with coefficients from ``co[area]`` on, or -1.
    """
    one, zero = splat(co, 1.0), splat(co, 0.0)
    store(s, 0, one)
    store(s, 1, zero)
    for j in range(n):
        size = 1 << j
        k = area + SLOTS * first[j]
        if first[j] < 0:
            for i in range(2 * size):
                store(s, 2 * size + i, zero)
        else:
            ar, ai, br, bi = load(co, k), load(co, k + 1), load(co, k + 2), load(co, k + 3)
            for p in range(size):
                i, h = 2 * p, 2 * (p + size)
                xr, xi = load(s, i), load(s, i + 1)
                store(s, i, ar * xr - ai * xi)
                store(s, i + 1, ar * xi + ai * xr)
                store(s, h, br * xr - bi * xi)
                store(s, h + 1, br * xi + bi * xr)
