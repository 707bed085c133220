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
from q_store.runtime.batched.opcodes import SLOTS


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
