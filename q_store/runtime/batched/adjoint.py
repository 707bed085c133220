"""Backward sweeps: un-apply one instruction on psi and lambda and collect its gradient.

With psi the state after an instruction and lambda = sum_k g_k O_k psi pulled back to the same
place, a factor exp(-i t P/2) contributes 2 Re<lambda|-i P/2|psi> = Im<lambda|P|psi> to the gradient
of its angle. For an SU(2) block the three numbers Im<lambda|X|psi>, Im<lambda|Y|psi>,
Im<lambda|Z|psi> on its virtual qubit are enough for every factor inside (see ``binding.py``), and
they are collected in the same pass over memory that un-applies the block (adjoint differentiation:
Jones and Gacon, arXiv:2009.02823).

Sums run over short stretches first and then over the stretches, so that float32 sums of many
amplitudes keep their digits.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import kernel, load, parity, splat, store
from q_store.runtime.batched.opcodes import PAIR, ROLE, SIGN, SLOTS
from q_store.runtime.batched.sweeps import low_mask, second_low, selected, spread

_STRETCH = 256


@kernel
def block(
    s: Any, t: Any, n: int, m: int, r: int, z: int, co: Any, k: int, signs: int, g: Any, at: int
) -> None:
    """Undo an SU(2) block on psi ``s`` and lambda ``t``; x, y, z sums go to ``g[at:at + 3]``."""
    low = low_mask(m)
    pairs = 1 << (n - 1)
    step = min(pairs, _STRETCH)
    zero = splat(co, 0.0)
    ar, ai = load(co, k), load(co, k + 1)
    sx, sy, sz = zero, zero, zero
    for start in range(0, pairs, step):
        gx, gy, gz = zero, zero, zero
        for j in range(start, start + step):
            p = (j & ~low) << 1 | (j & low)
            i = p ^ (m & -parity(p & r))
            odd = parity(p & z)
            b = k + 2 + 2 * odd
            sign = load(co, signs + odd)
            br, bi = load(co, b), load(co, b + 1)
            h = 2 * (i ^ m)
            i = 2 * i
            xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
            ur, ui, vr, vi = load(t, i), load(t, i + 1), load(t, h), load(t, h + 1)
            gz = gz + ur * xi - ui * xr - vr * yi + vi * yr
            gx = gx + sign * (ur * yi - ui * yr + vr * xi - vi * xr)
            gy = gy + sign * (vr * xr + vi * xi - ur * yr - ui * yi)
            store(s, i, ar * xr + ai * xi + br * yr + bi * yi)
            store(s, i + 1, ar * xi - ai * xr + br * yi - bi * yr)
            store(s, h, ar * yr - ai * yi - br * xr + bi * xi)
            store(s, h + 1, ar * yi + ai * yr - br * xi - bi * xr)
            store(t, i, ar * ur + ai * ui + br * vr + bi * vi)
            store(t, i + 1, ar * ui - ai * ur + br * vi - bi * vr)
            store(t, h, ar * vr - ai * vi - br * ur + bi * ui)
            store(t, h + 1, ar * vi + ai * vr - br * ui - bi * ur)
        sx, sy, sz = sx + gx, sy + gy, sz + gz
    store(g, at, sx)
    store(g, at + 1, sy)
    store(g, at + 2, sz)


@kernel
def controlled_block(
    s: Any,
    t: Any,
    n: int,
    m: int,
    r: int,
    z: int,
    co: Any,
    k: int,
    signs: int,
    controls: Any,
    g: Any,
    at: int,
) -> None:
    """:func:`block` on the pairs that every control selects."""
    low = low_mask(m)
    pairs = 1 << (n - 1)
    step = min(pairs, _STRETCH)
    zero = splat(co, 0.0)
    ar, ai = load(co, k), load(co, k + 1)
    sx, sy, sz = zero, zero, zero
    for start in range(0, pairs, step):
        gx, gy, gz = zero, zero, zero
        for j in range(start, start + step):
            p = (j & ~low) << 1 | (j & low)
            if selected(p, controls):
                i = p ^ (m & -parity(p & r))
                odd = parity(p & z)
                b = k + 2 + 2 * odd
                sign = load(co, signs + odd)
                br, bi = load(co, b), load(co, b + 1)
                h = 2 * (i ^ m)
                i = 2 * i
                xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
                ur, ui, vr, vi = load(t, i), load(t, i + 1), load(t, h), load(t, h + 1)
                gz = gz + ur * xi - ui * xr - vr * yi + vi * yr
                gx = gx + sign * (ur * yi - ui * yr + vr * xi - vi * xr)
                gy = gy + sign * (vr * xr + vi * xi - ur * yr - ui * yi)
                store(s, i, ar * xr + ai * xi + br * yr + bi * yi)
                store(s, i + 1, ar * xi - ai * xr + br * yi - bi * yr)
                store(s, h, ar * yr - ai * yi - br * xr + bi * xi)
                store(s, h + 1, ar * yi + ai * yr - br * xi - bi * xr)
                store(t, i, ar * ur + ai * ui + br * vr + bi * vi)
                store(t, i + 1, ar * ui - ai * ur + br * vi - bi * vr)
                store(t, h, ar * vr - ai * vi - br * ur + bi * ui)
                store(t, h + 1, ar * vi + ai * vr - br * ui - bi * ur)
        sx, sy, sz = sx + gx, sy + gy, sz + gz
    store(g, at, sx)
    store(g, at + 1, sy)
    store(g, at + 2, sz)


@kernel
def real_block(
    s: Any, t: Any, n: int, m: int, r: int, z: int, co: Any, k: int, signs: int, g: Any, at: int
) -> None:
    """Undo RY alone; only the y sum is needed."""
    low = low_mask(m)
    pairs = 1 << (n - 1)
    step = min(pairs, _STRETCH)
    zero = splat(co, 0.0)
    c = load(co, k + 1)
    sy = zero
    for start in range(0, pairs, step):
        gy = zero
        for j in range(start, start + step):
            p = (j & ~low) << 1 | (j & low)
            i = p ^ (m & -parity(p & r))
            odd = parity(p & z)
            sign = load(co, signs + odd)
            b = load(co, k + 3 + 2 * odd)
            h = 2 * (i ^ m)
            i = 2 * i
            xr, xi, yr, yi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
            ur, ui, vr, vi = load(t, i), load(t, i + 1), load(t, h), load(t, h + 1)
            gy = gy + sign * (vr * xr + vi * xi - ur * yr - ui * yi)
            store(s, i, c * xr + b * yr)
            store(s, i + 1, c * xi + b * yi)
            store(s, h, c * yr - b * xr)
            store(s, h + 1, c * yi - b * xi)
            store(t, i, c * ur + b * vr)
            store(t, i + 1, c * ui + b * vi)
            store(t, h, c * vr - b * ur)
            store(t, h + 1, c * vi - b * ui)
        sy = sy + gy
    store(g, at, sy)


@kernel
def shear_pair(
    s: Any, t: Any, n: int, one: Any, two: Any, co: Any, k: int, signs: int, g: Any, at: int,
    at2: int,
) -> None:  # fmt: skip
    """Undo two RY, the second first, without their cosines; y sums go to ``g[at]``, ``g[at2]``.

    Slots 3 and 5 hold the tangents t and -t. See :func:`sweeps.shear_pair`; two ordinary real
    blocks are undone one by one, because there the arithmetic takes longer than the memory.
    """
    m, m2, z, z2 = one[PAIR], two[PAIR], one[ROLE] ^ one[SIGN], two[ROLE] ^ two[SIGN]
    a, b, cross, cross2 = low_mask(m), second_low(m, m2), parity(m2 & z), parity(m & z2)
    k2 = k + SLOTS
    size = 1 << (n - 2)
    step = min(size, _STRETCH)
    outer, outer2 = splat(co, 0.0), splat(co, 0.0)
    for start in range(0, size, step):
        inner, inner2 = splat(co, 0.0), splat(co, 0.0)
        for j in range(start, start + step):
            p = spread(j, a, b)
            odd, odd2 = parity(p & z), parity(p & z2)
            d, e = load(co, k + 3 + 2 * odd), load(co, k + 3 + 2 * (odd ^ cross))
            d2, e2 = load(co, k2 + 3 + 2 * odd2), load(co, k2 + 3 + 2 * (odd2 ^ cross2))
            i, h, i2, h2 = 2 * p, 2 * (p ^ m), 2 * (p ^ m2), 2 * (p ^ m ^ m2)
            xr, yr, vr, wr = load(s, i), load(s, h), load(s, i2), load(s, h2)
            xi, yi, vi, wi = load(s, i + 1), load(s, h + 1), load(s, i2 + 1), load(s, h2 + 1)
            fr, lr, qr, ur = load(t, i), load(t, h), load(t, i2), load(t, h2)
            fi, li, qi, ui = load(t, i + 1), load(t, h + 1), load(t, i2 + 1), load(t, h2 + 1)
            part = qr * xr - fr * vr + qi * xi - fi * vi
            other = ur * yr - lr * wr + ui * yi - li * wi
            inner2 = inner2 + load(co, signs + odd2) * part
            inner2 = inner2 + load(co, signs + (odd2 ^ cross2)) * other
            xr, vr, yr, wr = xr + d2 * vr, vr - d2 * xr, yr + e2 * wr, wr - e2 * yr
            xi, vi, yi, wi = xi + d2 * vi, vi - d2 * xi, yi + e2 * wi, wi - e2 * yi
            fr, qr, lr, ur = fr + d2 * qr, qr - d2 * fr, lr + e2 * ur, ur - e2 * lr
            fi, qi, li, ui = fi + d2 * qi, qi - d2 * fi, li + e2 * ui, ui - e2 * li
            part = lr * xr - fr * yr + li * xi - fi * yi
            other = ur * vr - qr * wr + ui * vi - qi * wi
            inner = inner + load(co, signs + odd) * part
            inner = inner + load(co, signs + (odd ^ cross)) * other
            store(s, i, xr + d * yr)
            store(s, i + 1, xi + d * yi)
            store(s, h, yr - d * xr)
            store(s, h + 1, yi - d * xi)
            store(s, i2, vr + e * wr)
            store(s, i2 + 1, vi + e * wi)
            store(s, h2, wr - e * vr)
            store(s, h2 + 1, wi - e * vi)
            store(t, i, fr + d * lr)
            store(t, i + 1, fi + d * li)
            store(t, h, lr - d * fr)
            store(t, h + 1, li - d * fi)
            store(t, i2, qr + e * ur)
            store(t, i2 + 1, qi + e * ui)
            store(t, h2, ur - e * qr)
            store(t, h2 + 1, ui - e * qi)
        outer, outer2 = outer + inner, outer2 + inner2
    store(g, at, outer)
    store(g, at2, outer2)


@kernel
def yz_block(
    s: Any, t: Any, n: int, m: int, r: int, z: int, co: Any, k: int, signs: int, g: Any, at: int
) -> None:
    """Undo diag(1, e^{it}) RY; the y sum before the phase and the z sum, in this order."""
    low = low_mask(m)
    pairs = 1 << (n - 1)
    step = min(pairs, _STRETCH)
    zero = splat(co, 0.0)
    c, er, ei = load(co, k), load(co, k + 1), load(co, k + 3)
    sy, sz = zero, zero
    for start in range(0, pairs, step):
        gy, gz = zero, zero
        for j in range(start, start + step):
            p = (j & ~low) << 1 | (j & low)
            i = p ^ (m & -parity(p & r))
            odd = parity(p & z)
            sign = load(co, signs + odd)
            b = load(co, k + 2 + 2 * odd)
            h = 2 * (i ^ m)
            i = 2 * i
            xr, xi, wr, wi = load(s, i), load(s, i + 1), load(s, h), load(s, h + 1)
            yr = er * wr + ei * wi
            yi = er * wi - ei * wr
            ur, ui, wr, wi = load(t, i), load(t, i + 1), load(t, h), load(t, h + 1)
            vr = er * wr + ei * wi
            vi = er * wi - ei * wr
            gy = gy + sign * (vr * xr + vi * xi - ur * yr - ui * yi)
            gz = gz + ur * xi - ui * xr - vr * yi + vi * yr
            store(s, i, c * xr + b * yr)
            store(s, i + 1, c * xi + b * yi)
            store(s, h, c * yr - b * xr)
            store(s, h + 1, c * yi - b * xi)
            store(t, i, c * ur + b * vr)
            store(t, i + 1, c * ui + b * vi)
            store(t, h, c * vr - b * ur)
            store(t, h + 1, c * vi - b * ui)
        sy, sz = sy + gy, sz + gz
    store(g, at, sy)
    store(g, at + 1, sz)


@kernel
def diagonal(s: Any, t: Any, n: int, r: int, co: Any, k: int, signs: int, g: Any, at: int) -> None:
    """Undo a parity phase; the sum of (-1)^parity Im(lambda* psi) goes to ``g[at]``."""
    size = 1 << n
    step = min(size, _STRETCH)
    zero = splat(co, 0.0)
    c = load(co, k)
    outer = zero
    for start in range(0, size, step):
        inner = zero
        for p in range(start, start + step):
            odd = parity(p & r)
            d = load(co, k + 1 + odd)
            i = 2 * p
            xr, xi, ur, ui = load(s, i), load(s, i + 1), load(t, i), load(t, i + 1)
            inner = inner + load(co, signs + odd) * (ur * xi - ui * xr)
            store(s, i, c * xr - d * xi)
            store(s, i + 1, c * xi + d * xr)
            store(t, i, c * ur - d * ui)
            store(t, i + 1, c * ui + d * ur)
        outer = outer + inner
    store(g, at, outer)


@kernel
def controlled_phase(
    s: Any, t: Any, n: int, co: Any, k: int, controls: Any, g: Any, at: int
) -> None:
    """Undo a controlled phase; -2 times the sum of Im(lambda* psi) it touches goes to ``g[at]``."""
    size = 1 << n
    step = min(size, _STRETCH)
    zero = splat(co, 0.0)
    c, d = load(co, k), load(co, k + 1)
    outer = zero
    for start in range(0, size, step):
        inner = zero
        for p in range(start, start + step):
            if selected(p, controls):
                i = 2 * p
                xr, xi, ur, ui = load(s, i), load(s, i + 1), load(t, i), load(t, i + 1)
                inner = inner + ui * xr - ur * xi
                store(s, i, c * xr + d * xi)
                store(s, i + 1, c * xi - d * xr)
                store(t, i, c * ur + d * ui)
                store(t, i + 1, c * ui - d * ur)
        outer = outer + inner
    store(g, at, outer + outer)


@kernel
def product_prefixes(s: Any, n: int, first: Any, co: Any, area: int) -> None:
    """For every ``j``, the product of the blocks below bit ``j``, to amplitudes 2^j on of ``s``."""
    store(s, 2, splat(co, 1.0))
    store(s, 3, splat(co, 0.0))
    for j in range(n - 1):
        size = 1 << j
        k = area + SLOTS * first[j]
        for p in range(size):
            i, lo, hi = 2 * (size + p), 2 * (2 * size + p), 2 * (3 * size + p)
            xr, xi = load(s, i), load(s, i + 1)
            if first[j] < 0:
                zero = splat(co, 0.0)
                store(s, lo, xr)
                store(s, lo + 1, xi)
                store(s, hi, zero)
                store(s, hi + 1, zero)
            else:
                ar, ai, br, bi = load(co, k), load(co, k + 1), load(co, k + 2), load(co, k + 3)
                store(s, lo, ar * xr - ai * xi)
                store(s, lo + 1, ar * xi + ai * xr)
                store(s, hi, br * xr - bi * xi)
                store(s, hi + 1, br * xi + bi * xr)


@kernel
def product_bit(s: Any, t: Any, j: int, co: Any, k: int, g: Any, at: int) -> None:
    """Gradient sums of the first block on bit ``j``, then contract that bit out of lambda.

    ``t`` holds lambda with all bits above ``j`` contracted with their product factors; ``s`` holds
    the prefixes of :func:`product_prefixes`. x, y, z sums go to ``g[at:at + 3]``.
    """
    size = 1 << j
    step = min(size, _STRETCH)
    zero = splat(co, 0.0)
    ar, ai, br, bi = load(co, k), load(co, k + 1), load(co, k + 2), load(co, k + 3)
    pr, pi, qr, qi = zero, zero, zero, zero
    for start in range(0, size, step):
        cr, ci, dr, di = zero, zero, zero, zero
        for p in range(start, start + step):
            e, i, h = 2 * (size + p), 2 * p, 2 * (size + p)
            xr, xi = load(s, e), load(s, e + 1)
            ur, ui, vr, vi = load(t, i), load(t, i + 1), load(t, h), load(t, h + 1)
            cr = cr + ur * xr + ui * xi
            ci = ci + ur * xi - ui * xr
            dr = dr + vr * xr + vi * xi
            di = di + vr * xi - vi * xr
            store(t, i, ar * ur + ai * ui + br * vr + bi * vi)
            store(t, i + 1, ar * ui - ai * ur + br * vi - bi * vr)
        pr, pi, qr, qi = pr + cr, pi + ci, qr + dr, qi + di
    store(g, at, pr * bi + pi * br + qr * ai + qi * ar)
    store(g, at + 1, qr * ar - qi * ai - pr * br + pi * bi)
    store(g, at + 2, pr * ai + pi * ar - qr * bi - qi * br)
