"""Circuits that `ionq_native.py` and `routing.py` compile, as lists of (gate, wires, angles)."""

import random
from collections.abc import Iterator
from itertools import pairwise
from math import pi

Gate = tuple[str, tuple[int, ...], tuple[float, ...]]


def qft(n: int) -> Iterator[Gate]:
    """The Fourier transform with its swaps."""
    for i in range(n):
        yield "h", (i,), ()
        for j in range(i + 1, n):
            yield "cp", (j, i), (pi / 2 ** (j - i),)
    for i in range(n // 2):
        yield "swap", (i, n - 1 - i), ()


def ghz(n: int) -> Iterator[Gate]:
    """A Hadamard and a chain of CX."""
    yield "h", (0,), ()
    for i in range(n - 1):
        yield "cx", (i, i + 1), ()


def hea(n: int, depth: int = 3) -> Iterator[Gate]:
    """Layers of RY, RZ and a ring of CX."""
    rng = random.Random(3)
    for _ in range(depth):
        for q in range(n):
            yield "ry", (q,), (rng.uniform(-pi, pi),)
            yield "rz", (q,), (rng.uniform(-pi, pi),)
        for q in range(n):
            yield "cx", (q, (q + 1) % n), ()


def qaoa(n: int) -> Iterator[Gate]:
    """Two layers on a ring; the angle of one exceeds a quarter turn."""
    for q in range(n):
        yield "h", (q,), ()
    for gamma, beta in ((0.7, 0.4), (0.314 * 2 * pi, 1.1)):
        for q in range(n):
            yield "rzz", (q, (q + 1) % n), (gamma,)
        for q in range(n):
            yield "rx", (q,), (2 * beta,)


def ucc(n: int) -> Iterator[Gate]:
    """Unitary coupled cluster: Pauli gadgets with ladders of CX, as textbooks write them."""
    rng = random.Random(5)
    for q in range(n // 2):
        yield "x", (q,), ()
    for first in range(0, n - 3, 2):
        for word in ("xxxy", "xxyx", "yxyy", "yyxy"):
            yield from _gadget(tuple(range(first, first + 4)), word, rng.uniform(-0.5, 0.5))


def _gadget(wires: tuple[int, ...], word: str, angle: float) -> Iterator[Gate]:
    into = {"x": ("h", ()), "y": ("rx", (pi / 2,))}
    back = {"x": ("h", ()), "y": ("rx", (-pi / 2,))}
    ladder = list(pairwise(wires))
    for wire, letter in zip(wires, word, strict=True):
        yield into[letter][0], (wire,), into[letter][1]
    for pair in ladder:
        yield "cx", pair, ()
    yield "rz", (wires[-1],), (angle,)
    for pair in reversed(ladder):
        yield "cx", pair, ()
    for wire, letter in zip(wires, word, strict=True):
        yield back[letter][0], (wire,), back[letter][1]


def trotter(n: int, steps: int = 2) -> Iterator[Gate]:
    """Heisenberg chain."""
    for _ in range(steps):
        for q in range(n - 1):
            for row, angle in (("rxx", 0.1), ("ryy", 0.2), ("rzz", 0.3)):
                yield row, (q, q + 1), (angle,)
        for q in range(n):
            yield "rz", (q,), (0.15,)


def adder(n: int) -> Iterator[Gate]:
    """Ripple-carry adder of two registers (Cuccaro et al., 2004, arXiv:quant-ph/0410184)."""
    bits = (n - 2) // 2
    carry, a, b, out = 0, list(range(1, bits + 1)), list(range(bits + 1, 2 * bits + 1)), n - 1
    line = [carry, *a]
    for k in range(bits):
        yield "cx", (a[k], b[k]), ()
        yield "cx", (a[k], line[k]), ()
        yield "ccx", (line[k], b[k], a[k]), ()
    yield "cx", (a[-1], out), ()
    for k in reversed(range(bits)):
        yield "ccx", (line[k], b[k], a[k]), ()
        yield "cx", (a[k], line[k]), ()
        yield "cx", (line[k], b[k]), ()


def volume(n: int, depth: int = 4) -> Iterator[Gate]:
    """Layers of random gates on random pairs, each three CX between rotations."""
    rng = random.Random(9)
    for _ in range(depth):
        order = rng.sample(range(n), n)
        for a, b in zip(order[::2], order[1::2], strict=False):
            for _ in range(3):
                for q in (a, b):
                    yield "u", (q,), tuple([rng.uniform(-pi, pi) for _ in range(3)])
                yield "cx", (a, b), ()
            for q in (a, b):
                yield "u", (q,), tuple([rng.uniform(-pi, pi) for _ in range(3)])


FAMILIES = {
    "qft": qft,
    "ghz": ghz,
    "hea": hea,
    "qaoa": qaoa,
    "ucc": ucc,
    "trotter": trotter,
    "adder": adder,
    "su4": volume,
}
