"""Entanglers of Pauli gadgets: unitary coupled cluster, Hubbard and Heisenberg models.

    python benchmarks/gadgets.py --sizes 4 6 8

Beside ours, for ZZ machines: Qiskit's transpiler at level 3, Qiskit's Rustiq (de Brugiere and
Martiel, 2024, arXiv:2404.03280) and tket's GreedyPauliSimp (Paykin et al., 2023, arXiv:2309.05884),
where they are installed. Rustiq and tket get Pauli gadgets themselves, all others ladders of CX.
They count CX, which is one entangler each.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from math import pi

from q_store.passes.cost import gate_counts
from q_store.passes.manager import run_pipeline
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func, Module

Gadgets = list[tuple[str, float]]
"""Pauli words of all qubits with the angle of exp(-i angle/2 P)."""


def word(n: int, ends: dict[int, str], between: Iterator[int] | tuple[int, ...] = ()) -> str:
    letters = ["I"] * n
    for q in between:
        letters[q] = "Z"
    for q, letter in ends.items():
        letters[q] = letter
    return "".join(letters)


def single(n: int, i: int, a: int) -> Iterator[str]:
    for text in ("XY", "YX"):
        yield word(n, {i: text[0], a: text[1]}, range(i + 1, a))


def double(n: int, *at: int) -> Iterator[str]:
    between = (*range(at[0] + 1, at[1]), *range(at[2] + 1, at[3]))
    for text in ("XXXY", "XXYX", "XYXX", "YXXX", "YYYX", "YYXY", "YXYY", "XYYY"):
        yield word(n, dict(zip(at, text, strict=True)), between)


def excitation(n: int) -> Iterator[str]:
    yield from double(n, 0, n // 2 - 1, n // 2, n - 1)


def uccsd(n: int) -> Iterator[str]:
    """Half filled, spins interleaved; excitations that keep the spin (Jordan-Wigner)."""
    below, above = range(n // 2), range(n // 2, n)
    for i in below:
        for a in above:
            if (a - i) % 2 == 0:
                yield from single(n, i, a)
    for i, j in combinations(below, 2):
        for a, b in combinations(above, 2):
            if (i + j + a + b) % 2 == 0:
                yield from double(n, i, j, a, b)


def hubbard(n: int, steps: int = 2) -> Iterator[str]:
    """A chain of n/2 sites, spins interleaved."""
    for _ in range(steps):
        for q in range(n - 2):
            for letter in "XY":
                yield word(n, {q: letter, q + 2: letter}, (q + 1,))
        for q in range(0, n - 1, 2):
            yield word(n, {q: "Z", q + 1: "Z"})


def heisenberg(n: int, steps: int = 2) -> Iterator[str]:
    for _ in range(steps):
        for q in range(n - 1):
            for letter in "XYZ":
                yield word(n, {q: letter, q + 1: letter})


FAMILIES: dict[str, Callable[[int], Iterator[str]]] = {
    "excitation": excitation,
    "uccsd": uccsd,
    "hubbard": hubbard,
    "heisenberg": heisenberg,
}


def ladders(gadgets: Gadgets) -> Iterator[tuple[str, tuple[int, ...], tuple[float, ...]]]:
    into = {"X": ("h", ()), "Y": ("rx", (pi / 2,))}
    back = {"X": ("h", ()), "Y": ("rx", (-pi / 2,))}
    for text, angle in gadgets:
        wires = [q for q, letter in enumerate(text) if letter != "I"]
        turned = [q for q in wires if text[q] != "Z"]
        yield from [(into[text[q]][0], (q,), into[text[q]][1]) for q in turned]
        yield from [("cx", pair, ()) for pair in pairwise(wires)]
        yield "rz", (wires[-1],), (angle,)
        yield from [("cx", pair, ()) for pair in reversed(list(pairwise(wires)))]
        yield from [(back[text[q]][0], (q,), back[text[q]][1]) for q in turned]


def func_of(gadgets: Gadgets, n: int) -> Func:
    builder = FuncBuilder("main", n)
    for name, wires, angles in ladders(gadgets):
        builder.gate(name, wires, angles)
    return builder.finish()


def alone(gadgets: Gadgets, n: int, check: int) -> int:
    lengths = [n - text.count("I") for text, _ in gadgets]
    return sum([2 * (length - 2) + 1 for length in lengths if length > 1])


def ours(level: int) -> Callable[[Gadgets, int, int], int]:
    def run(gadgets: Gadgets, n: int, check: int) -> int:
        func = func_of(gadgets, n)
        made = run_pipeline(f"ionq-native{{device=forte level={level}}}", Module((func,))).main
        if n <= check:
            from q_store.testing.equivalence import assert_equivalent

            assert_equivalent(func, made, "exact", bindings=1)
        return gate_counts(made)[1]

    return run


def qiskit() -> Callable[[Gadgets, int, int], int]:
    from qiskit import QuantumCircuit, transpile

    def run(gadgets: Gadgets, n: int, check: int) -> int:
        circuit = QuantumCircuit(n)
        for name, wires, angles in ladders(gadgets):
            getattr(circuit, name)(*angles, *wires)
        made = transpile(circuit, basis_gates=["u", "cx"], optimization_level=3, seed_transpiler=1)
        return made.num_nonlocal_gates()

    return run


def rustiq() -> Callable[[Gadgets, int, int], int]:
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit.library import PauliEvolutionGate
    from qiskit.quantum_info import SparsePauliOp
    from qiskit.transpiler.passes import HLSConfig

    def run(gadgets: Gadgets, n: int, check: int) -> int:
        operators = [SparsePauliOp(text[::-1], 0.5 * angle) for text, angle in gadgets]
        circuit = QuantumCircuit(n)
        circuit.append(PauliEvolutionGate(operators, time=1.0), range(n))
        options = {"nshuffles": 20, "upto_phase": False, "preserve_order": True}
        made = transpile(
            circuit,
            basis_gates=["u", "cx"],
            optimization_level=3,
            hls_config=HLSConfig(PauliEvolution=[("rustiq", options)]),
            seed_transpiler=1,
        )
        return made.num_nonlocal_gates()

    return run


def tket() -> Callable[[Gadgets, int, int], int]:
    from pytket.circuit import Circuit, OpType, PauliExpBox
    from pytket.passes import AutoRebase, DecomposeBoxes, FullPeepholeOptimise, GreedyPauliSimp
    from pytket.pauli import Pauli

    def run(gadgets: Gadgets, n: int, check: int) -> int:
        circuit = Circuit(n)
        for text, angle in gadgets:
            letters = [getattr(Pauli, letter) for letter in text]
            circuit.add_gate(PauliExpBox(letters, angle / pi), range(n))
        counts = []
        for passes in ([GreedyPauliSimp()], [GreedyPauliSimp(), FullPeepholeOptimise()]):
            made = circuit.copy()
            for pass_ in [DecomposeBoxes(), AutoRebase({OpType.CX, OpType.TK1}), *passes]:
                pass_.apply(made)
            other = [c for c in made.get_commands() if len(c.qubits) > 1]
            counts.append(sum([c.op.type != OpType.SWAP for c in other]))
        return min(counts)

    return run


def compilers() -> dict[str, Callable[[Gadgets, int, int], int]]:
    found = {"each alone": alone, "level 2": ours(2), "q-store": ours(3)}
    for name, make in (("qiskit", qiskit), ("rustiq", rustiq), ("tket", tket)):
        try:
            found[name] = make()
        except ImportError as problem:
            print(f"{name}: not installed ({problem.name})")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 6, 8, 10])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--check", type=int, default=8, help="largest size that is checked")
    args = parser.parse_args()
    known = compilers()
    for family in args.families:
        for n in args.sizes:
            rng = random.Random(5)
            gadgets = [(text, rng.uniform(-0.5, 0.5)) for text in FAMILIES[family](n)]
            cells = []
            for name, run in known.items():
                start = time.perf_counter()
                count = run(gadgets, n, args.check)
                cells.append(f"{name} {count} ({time.perf_counter() - start:.2f} s)")
            print(f"{family:10} {n:2d} {len(gadgets):4d} gadgets: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
