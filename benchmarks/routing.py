"""Swaps that `route` adds, and the time it takes, beside Qiskit's SABRE with 20 trials.

    python benchmarks/routing.py --rounds 3

Both start from the same gates on one and two qubits. Qiskit's search is written in Rust.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

import networkx as nx
from qiskit.transpiler import CouplingMap, PassManager
from qiskit.transpiler.passes import SabreLayout

from ionq_circuits import qft
from q_store import QuantumCircuit
from q_store.interop import to_qiskit
from q_store.passes.manager import run_pipeline
from q_store.passes.routing.coupling import chains, coupling_of
from q_store.qir.func import Func, Module

Chains = tuple[str, ...]


def line(n: int) -> Chains:
    return ("-".join(map(str, range(n))),)


def grid(rows: int, columns: int) -> Chains:
    lines = [range(row * columns, (row + 1) * columns) for row in range(rows)]
    lines += [range(column, rows * columns, columns) for column in range(columns)]
    return tuple("-".join(map(str, places)) for places in lines)


def heavy_hex(distance: int) -> Chains:
    edges = CouplingMap.from_heavy_hex(distance).get_edges()
    return chains({(min(pair), max(pair)) for pair in edges})


def fourier(n: int) -> QuantumCircuit:
    """Without the swaps at its end, so that all that are counted are those of the routing."""
    circuit = QuantumCircuit(n)
    for name, wires, angles in qft(n):
        if name != "swap":
            circuit.append(name, wires, *angles)
    return circuit.measure_all()


def random_pairs(n: int, gates: int) -> QuantumCircuit:
    draw, circuit = random.Random(1), QuantumCircuit(n)
    for _ in range(gates):
        a, b = draw.sample(range(n), 2)
        circuit.ry(a, draw.random()).cx(a, b)
    return circuit.measure_all()


def qaoa(n: int, layers: int) -> QuantumCircuit:
    """Maximum cut on a random graph in which every qubit has three neighbours."""
    edges = nx.random_regular_graph(3, n, seed=1).edges
    circuit = QuantumCircuit(n)
    for qubit in range(n):
        circuit.h(qubit)
    for _ in range(layers):
        for a, b in edges:
            circuit.rzz(a, b, 0.3)
        for qubit in range(n):
            circuit.rx(qubit, 0.4)
    return circuit.measure_all()


CASES: list[tuple[str, Callable[[], QuantumCircuit], Chains]] = [
    ("Fourier 8, line", lambda: fourier(8), line(8)),
    ("Fourier 16, line", lambda: fourier(16), line(16)),
    ("Fourier 16, grid 4x4", lambda: fourier(16), grid(4, 4)),
    ("Fourier 20, heavy hex 55", lambda: fourier(20), heavy_hex(5)),
    ("QAOA 16, grid 4x4", lambda: qaoa(16, 2), grid(4, 4)),
    ("QAOA 20, line", lambda: qaoa(20, 1), line(20)),
    ("QAOA 36, grid 6x6", lambda: qaoa(36, 1), grid(6, 6)),
    ("200 random CX on 16, line", lambda: random_pairs(16, 200), line(16)),
    ("200 random CX on 16, grid 4x4", lambda: random_pairs(16, 200), grid(4, 4)),
    ("1000 random CX on 36, grid 6x6", lambda: random_pairs(36, 1000), grid(6, 6)),
]


def ours(func: Func, machine: Chains) -> Callable[[], int]:
    pipeline = f"route{{coupling={','.join(machine)}}}"

    def run() -> int:
        routed = run_pipeline(pipeline, Module((func,))).main
        return sum(op.defn.name == "q.swap" for op in routed.ops)

    return run


def qiskits(func: Func, machine: Chains) -> Callable[[], int]:
    graph = coupling_of(machine)
    pairs = [[a, b] for a in range(graph.qubits) for b in graph.neighbours[a]]
    options = {"seed": 1, "max_iterations": 4, "swap_trials": 20, "layout_trials": 20}
    manager = PassManager([SabreLayout(CouplingMap(pairs), **options)])
    circuit = to_qiskit(func)
    circuit.remove_final_measurements()
    return lambda: manager.run(circuit).count_ops().get("swap", 0)


def timed(run: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    rounds = parser.parse_args().rounds
    print(f"{'':32} {'swaps':>6} {'Qiskit':>7} {'ratio':>6} {'s':>8} {'Qiskit':>8}")
    for name, make, machine in CASES:
        func = run_pipeline("expand-entanglers", Module((make().to_ir(),))).main
        contenders = (ours(func, machine), qiskits(func, machine))
        runs = [[timed(run) for run in contenders] for _ in range(rounds)]
        mine, theirs = (runs[0][who][0] for who in (0, 1))
        seconds = [median(each[who][1] for each in runs) for who in (0, 1)]
        print(
            f"{name:32} {mine:6} {theirs:7} {mine / max(theirs, 1):6.2f} "
            f"{seconds[0]:8.3f} {seconds[1]:8.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
