"""Real blocks on a state of one lane: vectors of neighbouring amplitudes instead of samples.

Real and imaginary parts alternate in memory and RY treats both alike, so a vector of 64 bytes is a
few whole amplitudes: those that differ in the low bits of their index. An amplitude e with its
partner e ^ m becomes c e - d (-1)^parity(e & q) partner, where q is role and sign in one mask. The
high bits of m and q say which vectors meet, as in ``sweeps.py``; the low bits of m exchange
amplitudes inside a vector, those of q change signs there. Other instructions see plain numbers.

Backward, a block is undone by -d, and the gradient of its angle is the sum over all amplitudes of
-(-1)^parity(e & q) Re(conj(lambda e) psi partner); see ``adjoint.py``.
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import (
    alternated,
    flipped,
    get,
    kernel,
    load_wide,
    parity,
    splat,
    splat_wide,
    store,
    store_wide,
    total,
    wide_bits,
    width,
)
from q_store.runtime.batched.opcodes import PAIR, ROLE, SIGN, SLOTS
from q_store.runtime.batched.sweeps import low_mask, second_low, spread

_STRETCH = 256


@kernel
def is_lone(s: Any, n: int) -> bool:
    """Whether the state has one lane, and two bits at least that say which vector."""
    return bool(width(s) == 1 and n >= wide_bits(s) + 2)


@kernel
def joined(step: Any) -> int:
    """Role and sign of a real block in one mask: an exchange of roles is a change of sign."""
    mask: int = step[ROLE] ^ step[SIGN]
    return mask


@kernel
def real_block(s: Any, n: int, step: Any, c: float, sine: float) -> None:
    """One RY of cosine ``c``."""
    bits = wide_bits(s)
    inner, q = (1 << bits) - 1, joined(step)
    m, turn, role = step[PAIR] >> bits, step[PAIR] & inner, q >> bits
    cosine, d = splat_wide(s, c), alternated(splat_wide(s, sine), q & inner)
    e = -d
    if not m:
        for p in range(1 << (n - bits)):
            x = load_wide(s, p)
            store_wide(s, p, cosine * x - (e if parity(p & role) else d) * flipped(x, turn))
        return
    low, cross = low_mask(m), parity(m & role)
    for j in range(1 << (n - bits - 1)):
        p = (j & ~low) << 1 | (j & low)
        odd = parity(p & role)
        x, y = load_wide(s, p), load_wide(s, p ^ m)
        store_wide(s, p, cosine * x - (e if odd else d) * flipped(y, turn))
        store_wide(s, p ^ m, cosine * y - (e if odd ^ cross else d) * flipped(x, turn))


@kernel
def share_sweeps(s: Any, one: Any, two: Any) -> bool:
    """Whether two blocks act on groups of four different vectors."""
    bits = wide_bits(s)
    m, m2 = one[PAIR] >> bits, two[PAIR] >> bits
    return bool(m and m2 and m != m2)


@kernel
def real_pair(
    s: Any, n: int, one: Any, two: Any, c: float, sine: float, c2: float, sine2: float
) -> None:
    """Two RY after each other, in one sweep where that is possible."""
    if not share_sweeps(s, one, two):
        real_block(s, n, one, c, sine)
        real_block(s, n, two, c2, sine2)
        return
    bits = wide_bits(s)
    inner, q, q2 = (1 << bits) - 1, joined(one), joined(two)
    m, turn, role = one[PAIR] >> bits, one[PAIR] & inner, q >> bits
    m2, turn2, role2 = two[PAIR] >> bits, two[PAIR] & inner, q2 >> bits
    a, b = low_mask(m), second_low(m, m2)
    own, cross = parity(m & role), parity(m2 & role)
    own2, cross2 = parity(m2 & role2), parity(m & role2)
    cosine, d = splat_wide(s, c), alternated(splat_wide(s, sine), q & inner)
    cosine2, d2 = splat_wide(s, c2), alternated(splat_wide(s, sine2), q2 & inner)
    e, e2 = -d, -d2
    for j in range(1 << (n - bits - 2)):
        p = spread(j, a, b)
        odd, odd2 = parity(p & role), parity(p & role2)
        x, y = load_wide(s, p), load_wide(s, p ^ m)
        v, w = load_wide(s, p ^ m2), load_wide(s, p ^ m ^ m2)
        dx, dy = (e if odd else d), (e if odd ^ own else d)
        dv, dw = (e if odd ^ cross else d), (e if odd ^ cross ^ own else d)
        x, y = cosine * x - dx * flipped(y, turn), cosine * y - dy * flipped(x, turn)
        v, w = cosine * v - dv * flipped(w, turn), cosine * w - dw * flipped(v, turn)
        dx, dv = (e2 if odd2 else d2), (e2 if odd2 ^ own2 else d2)
        dy, dw = (e2 if odd2 ^ cross2 else d2), (e2 if odd2 ^ cross2 ^ own2 else d2)
        store_wide(s, p, cosine2 * x - dx * flipped(v, turn2))
        store_wide(s, p ^ m2, cosine2 * v - dv * flipped(x, turn2))
        store_wide(s, p ^ m, cosine2 * y - dy * flipped(w, turn2))
        store_wide(s, p ^ m ^ m2, cosine2 * w - dw * flipped(y, turn2))


@kernel
def undo_block(s: Any, t: Any, n: int, step: Any, c: float, sine: float, co: Any, out: int) -> None:
    """Undo one RY on psi and lambda; the gradient of its angle goes to ``co[out]``."""
    bits = wide_bits(s)
    inner, q = (1 << bits) - 1, joined(step)
    m, turn, role = step[PAIR] >> bits, step[PAIR] & inner, q >> bits
    cosine, d = splat_wide(s, c), alternated(splat_wide(s, sine), q & inner)
    plus = alternated(splat_wide(s, 1.0), q & inner)
    e, minus, zero = -d, -plus, splat_wide(s, 0.0)
    low, cross = low_mask(m), parity(m & role)
    vectors = 1 << (n - bits - 1 if m else n - bits)
    size = min(vectors, _STRETCH)
    outer = zero
    for start in range(0, vectors, size):
        sums = zero
        for j in range(start, start + size):
            p = (j & ~low) << 1 | (j & low) if m else j
            odd = parity(p & role)
            x, u = load_wide(s, p), load_wide(t, p)
            y, v = load_wide(s, p ^ m), load_wide(t, p ^ m)
            fx, fy, fu, fv = flipped(x, turn), flipped(y, turn), flipped(u, turn), flipped(v, turn)
            dx = e if odd else d
            sums = sums + (plus if odd else minus) * (u * fy)
            store_wide(s, p, cosine * x + dx * fy)
            store_wide(t, p, cosine * u + dx * fv)
            if m:
                dy = e if odd ^ cross else d
                sums = sums + (plus if odd ^ cross else minus) * (v * fx)
                store_wide(s, p ^ m, cosine * y + dy * fx)
                store_wide(t, p ^ m, cosine * v + dy * fu)
        outer = outer + sums
    store(co, out, splat(co, total(outer)))


@kernel
def undo_shears(
    s: Any, t: Any, n: int, one: Any, two: Any, sine: float, sine2: float, co: Any, out: int,
    out2: int,
) -> None:  # fmt: skip
    """Undo two RY without their cosines, the second first."""
    if not share_sweeps(s, one, two):
        undo_block(s, t, n, two, 1.0, sine2, co, out2)
        undo_block(s, t, n, one, 1.0, sine, co, out)
        return
    bits = wide_bits(s)
    inner, q, q2 = (1 << bits) - 1, joined(one), joined(two)
    m, turn, role = one[PAIR] >> bits, one[PAIR] & inner, q >> bits
    m2, turn2, role2 = two[PAIR] >> bits, two[PAIR] & inner, q2 >> bits
    a, b = low_mask(m), second_low(m, m2)
    own, cross = parity(m & role), parity(m2 & role)
    own2, cross2 = parity(m2 & role2), parity(m & role2)
    unit = splat_wide(s, 1.0)
    plus, plus2 = alternated(unit, q & inner), alternated(unit, q2 & inner)
    minus, minus2, zero = -plus, -plus2, splat_wide(s, 0.0)
    d, d2 = splat_wide(s, sine), splat_wide(s, sine2)
    vectors = 1 << (n - bits - 2)
    size = min(vectors, _STRETCH)
    outer, outer2 = zero, zero
    for start in range(0, vectors, size):
        sums, sums2 = zero, zero
        for j in range(start, start + size):
            p = spread(j, a, b)
            odd, odd2 = parity(p & role), parity(p & role2)
            x, y = load_wide(s, p), load_wide(s, p ^ m)
            v, w = load_wide(s, p ^ m2), load_wide(s, p ^ m ^ m2)
            f, g = load_wide(t, p), load_wide(t, p ^ m)
            h, k = load_wide(t, p ^ m2), load_wide(t, p ^ m ^ m2)
            sx, sv = (minus2 if odd2 else plus2), (minus2 if odd2 ^ own2 else plus2)
            sy = minus2 if odd2 ^ cross2 else plus2
            sw = minus2 if odd2 ^ cross2 ^ own2 else plus2
            bx, bv = sx * flipped(v, turn2), sv * flipped(x, turn2)
            by, bw = sy * flipped(w, turn2), sw * flipped(y, turn2)
            sums2 = sums2 + (f * bx + h * bv + g * by + k * bw)
            bf, bh = sx * flipped(h, turn2), sv * flipped(f, turn2)
            bg, bk = sy * flipped(k, turn2), sw * flipped(g, turn2)
            x, v, y, w = x + d2 * bx, v + d2 * bv, y + d2 * by, w + d2 * bw
            f, h, g, k = f + d2 * bf, h + d2 * bh, g + d2 * bg, k + d2 * bk
            sx, sy = (minus if odd else plus), (minus if odd ^ own else plus)
            sv = minus if odd ^ cross else plus
            sw = minus if odd ^ cross ^ own else plus
            bx, by = sx * flipped(y, turn), sy * flipped(x, turn)
            bv, bw = sv * flipped(w, turn), sw * flipped(v, turn)
            sums = sums + (f * bx + g * by + h * bv + k * bw)
            store_wide(s, p, x + d * bx)
            store_wide(s, p ^ m, y + d * by)
            store_wide(s, p ^ m2, v + d * bv)
            store_wide(s, p ^ m ^ m2, w + d * bw)
            store_wide(t, p, f + d * (sx * flipped(g, turn)))
            store_wide(t, p ^ m, g + d * (sy * flipped(f, turn)))
            store_wide(t, p ^ m2, h + d * (sv * flipped(k, turn)))
            store_wide(t, p ^ m ^ m2, k + d * (sw * flipped(h, turn)))
        outer, outer2 = outer + sums, outer2 + sums2
    store(co, out, splat(co, -total(outer)))
    store(co, out2, splat(co, -total(outer2)))


@kernel
def forward(
    s: Any, n: int, one: Any, two: Any, co: Any, at: int, pair: bool, sheared: bool
) -> None:
    """A real block or a pair of them with coefficients at ``co[at]``; see ``shears.py``."""
    c, sine = get(co, at, 0), get(co, at + 2, 0)
    if not pair:
        real_block(s, n, one, c, sine)
    elif sheared:
        real_pair(s, n, one, two, 1.0, sine, 1.0, get(co, at + SLOTS + 2, 0))
    else:
        c2, sine2 = get(co, at + SLOTS, 0), get(co, at + SLOTS + 2, 0)
        real_pair(s, n, one, two, c, sine, c2, sine2)
