"""From the final state to outputs, and from output cotangents to lambda.

Terms without X or Y are read off the probabilities. Eight neighbouring probabilities pass through
one small Walsh-Hadamard transform, after which every term needs a single addition for the eight:
the low three bits of its mask pick a transform output and the parity of the rest gives the sign.
Seeding lambda = (sum_k g_k Z_k) psi is the same transform in the other direction.

A term with X or Y couples amplitude ``p`` with ``q = p ^ x``: the word maps |p> to
(-1)^parity(p & z) |q>, times i if its phase flag is set.

Output indices (probabilities, state) follow the linear frame: stepping from ``p - 1`` to ``p``
flips a run of low bits, whose effect on the index the plan has in a table (``columns``; its last
entry is the index of amplitude 0).
"""

from __future__ import annotations

from typing import Any

from q_store.runtime.batched.intrinsics import (
    get,
    kernel,
    load,
    parity,
    put,
    splat,
    store,
    width,
)


@kernel
def hadamard(co: Any, at: int, size: int) -> None:
    """Walsh-Hadamard transform of the ``size`` lane vectors at ``co[at]``."""
    step = 1
    while step < size:
        for i in range(size):
            if not i & step:
                a, b = load(co, at + i), load(co, at + i + step)
                store(co, at + i, a + b)
                store(co, at + i + step, a - b)
        step *= 2


@kernel
def expect_z(s: Any, n: int, terms: Any, count: int, co: Any, at: int, acc: int) -> None:
    """Add each Z word's expectation to ``co[acc + term]``; ``co[at:at + 8]`` is scratch."""
    size = min(8, 1 << n)
    zero = splat(co, 0.0)
    for t in range(count):
        store(co, acc + t, zero)
    for base in range(0, 1 << n, size):
        for i in range(size):
            re, im = load(s, 2 * (base + i)), load(s, 2 * (base + i) + 1)
            store(co, at + i, re * re + im * im)
        hadamard(co, at, size)
        for t in range(count):
            mask = terms[2 * t]
            value = load(co, at + (mask & (size - 1)))
            if parity(base & mask):
                store(co, acc + t, load(co, acc + t) - value)
            else:
                store(co, acc + t, load(co, acc + t) + value)


@kernel
def seed_z(s: Any, t: Any, n: int, terms: Any, count: int, co: Any, at: int, weight: int) -> None:
    """lambda ``t`` = (sum of Z words times ``co[weight + term]``) psi ``s``."""
    size = min(8, 1 << n)
    zero = splat(co, 0.0)
    for base in range(0, 1 << n, size):
        for i in range(size):
            store(co, at + i, zero)
        for k in range(count):
            mask = terms[2 * k]
            slot = at + (mask & (size - 1))
            if parity(base & mask):
                store(co, slot, load(co, slot) - load(co, weight + k))
            else:
                store(co, slot, load(co, slot) + load(co, weight + k))
        hadamard(co, at, size)
        for i in range(size):
            w = load(co, at + i)
            e = 2 * (base + i)
            store(t, e, w * load(s, e))
            store(t, e + 1, w * load(s, e + 1))


@kernel
def expect_x(s: Any, n: int, x: int, z: int, odd: int, co: Any, at: int) -> None:
    """Expectation of one word with X or Y to ``co[at]``."""
    value = splat(co, 0.0)
    for p in range(1 << n):
        q = p ^ x
        if p < q:
            pr, pi = load(s, 2 * p), load(s, 2 * p + 1)
            qr, qi = load(s, 2 * q), load(s, 2 * q + 1)
            part = qi * pr - qr * pi if odd else qr * pr + qi * pi
            value = value - part if parity(p & z) else value + part
    store(co, at, value + value)


@kernel
def seed_x(s: Any, t: Any, n: int, x: int, z: int, odd: int, co: Any, weight: int) -> None:
    """lambda ``t`` += ``co[weight]`` times the word applied to psi ``s``."""
    plus = load(co, weight)
    for p in range(1 << n):
        w = -plus if parity(p & z) else plus
        pr, pi = load(s, 2 * p), load(s, 2 * p + 1)
        i = 2 * (p ^ x)
        if odd:
            store(t, i, load(t, i) - w * pi)
            store(t, i + 1, load(t, i + 1) + w * pr)
        else:
            store(t, i, load(t, i) + w * pr)
            store(t, i + 1, load(t, i + 1) + w * pi)


@kernel
def step_index(p: int, index: int, columns: Any) -> int:
    """Output index of amplitude ``p`` from that of ``p - 1``."""
    low = 0
    while not p >> low & 1:
        low += 1
    flipped: int = index ^ columns[low]
    return flipped


@kernel
def read_probs(s: Any, n: int, columns: Any, start: int, values: Any) -> None:
    """Add |amplitude|^2 to ``values[sample, index]``."""
    lanes = min(width(s), values.shape[0] - start)
    index = columns[n]
    for p in range(1 << n):
        if p:
            index = step_index(p, index, columns)
        for lane in range(lanes):
            re, im = get(s, 2 * p, lane), get(s, 2 * p + 1, lane)
            values[start + lane, index] += re * re + im * im


@kernel
def seed_probs(s: Any, t: Any, n: int, columns: Any, start: int, cotangent: Any) -> None:
    """lambda ``t`` = ``cotangent[sample, index]`` psi ``s``; zero in unused lanes."""
    lanes = min(width(s), cotangent.shape[0] - start)
    index = columns[n]
    for p in range(1 << n):
        if p:
            index = step_index(p, index, columns)
        for lane in range(width(s)):
            g = cotangent[start + lane, index] if lane < lanes else cotangent.dtype.type(0.0)
            put(t, 2 * p, lane, g * get(s, 2 * p, lane))
            put(t, 2 * p + 1, lane, g * get(s, 2 * p + 1, lane))


@kernel
def frame_sign(p: int, quadratic: Any, linear: int) -> int:
    """Parity of the quadratic and linear parts of the sign frame at ``p``."""
    odd: int = parity(p & linear)
    for i in range(quadratic.shape[0]):
        if p >> i & 1:
            odd ^= parity(p & quadratic[i])
    return odd


@kernel
def read_state(
    s: Any, n: int, columns: Any, quadratic: Any, linear: int, start: int, values: Any
) -> None:
    """Amplitudes in logical order to ``values[sample, 2 index + (0 re, 1 im)]``."""
    lanes = min(width(s), values.shape[0] - start)
    index = columns[n]
    for p in range(1 << n):
        if p:
            index = step_index(p, index, columns)
        sign = values.dtype.type(1 - 2 * frame_sign(p, quadratic, linear))
        for lane in range(lanes):
            values[start + lane, 2 * index] = sign * get(s, 2 * p, lane)
            values[start + lane, 2 * index + 1] = sign * get(s, 2 * p + 1, lane)


@kernel
def seed_state(
    t: Any, n: int, columns: Any, quadratic: Any, linear: int, start: int, cotangent: Any
) -> None:
    """lambda ``t`` = half the cotangent (re, im interleaved), in physical order."""
    lanes = min(width(t), cotangent.shape[0] - start)
    half = cotangent.dtype.type(0.5)
    index = columns[n]
    for p in range(1 << n):
        if p:
            index = step_index(p, index, columns)
        sign = half * cotangent.dtype.type(1 - 2 * frame_sign(p, quadratic, linear))
        for lane in range(width(t)):
            re, im = cotangent.dtype.type(0.0), cotangent.dtype.type(0.0)
            if lane < lanes:
                re = sign * cotangent[start + lane, 2 * index]
                im = sign * cotangent[start + lane, 2 * index + 1]
            put(t, 2 * p, lane, re)
            put(t, 2 * p + 1, lane, im)
