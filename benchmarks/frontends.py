"""Time what reading circuits of other libraries takes, each beside a reader of another project.

    python benchmarks/frontends.py --gates 10000 --repeats 5

Rows that need a package which is not installed say so. Milliseconds of processor time, best of
the repeats.
Cirq's OpenQASM reader needs `ply`.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable
from typing import Any

QUBITS = 16
Row = tuple[str, float, str, float]
"""What was read, our time, the other reader, its time."""


def best_ms(run: Callable[[], object], repeats: int) -> float:
    """Least processor time of `run()` without garbage collection, in milliseconds."""
    times = []
    gc.disable()  # the libraries' own objects would be searched again and again
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    gc.enable()
    return min(times) * 1e3


def qiskit_circuit(gates: int) -> Any:
    """The same circuit for every row: rotations, Hadamards and CX on random qubits."""
    from qiskit import QuantumCircuit

    rng = random.Random(7)
    circuit = QuantumCircuit(QUBITS)
    for _ in range(gates):
        name = rng.choice(("h", "x", "cx", "rx", "ry", "rz", "cz", "u"))
        wires = rng.sample(range(QUBITS), 2 if name in ("cx", "cz") else 1)
        count = {"u": 3}.get(name, int(name.startswith("r")))
        getattr(circuit, name)(*[rng.uniform(-3, 3) for _ in range(count)], *wires)
    return circuit


def qiskit_import(gates: int, repeats: int) -> Row:
    """`from_qiskit` of a Qiskit circuit, and Cirq reading the OpenQASM text of it."""
    from cirq.contrib.qasm_import import circuit_from_qasm
    from qiskit import qasm2

    from q_store import from_qiskit

    circuit = qiskit_circuit(gates)
    text = qasm2.dumps(circuit)
    ours = best_ms(lambda: from_qiskit(circuit), repeats)
    return (
        "Qiskit circuit",
        ours,
        "Cirq circuit_from_qasm",
        best_ms(lambda: circuit_from_qasm(text), repeats),
    )


def qiskit_import_to_ir(gates: int, repeats: int) -> Row:
    """As `qiskit_import`, but all the way to IR that has been verified."""
    from cirq.contrib.qasm_import import circuit_from_qasm
    from qiskit import qasm2

    from q_store import from_qiskit
    from q_store.qir.verifier import verify

    circuit = qiskit_circuit(gates)
    text = qasm2.dumps(circuit)
    ours = best_ms(lambda: verify(from_qiskit(circuit).to_ir()), repeats)
    theirs = best_ms(lambda: circuit_from_qasm(text), repeats)
    return "Qiskit to verified IR", ours, "Cirq circuit_from_qasm", theirs


def cirq_import(gates: int, repeats: int) -> Row:
    """`from_cirq` of a Cirq circuit, beside Cirq writing it as OpenQASM."""
    import cirq

    from q_store import from_cirq

    circuit = cirq.testing.random_circuit(QUBITS, gates // 10, 0.9, random_state=7)
    ours = best_ms(lambda: from_cirq(circuit), repeats)
    return "Cirq circuit", ours, "Cirq to_qasm", best_ms(lambda: cirq.qasm(circuit), 1)


def openqasm_2(gates: int, repeats: int) -> Row:
    """`from_qasm` of OpenQASM 2 text, beside pyqasm loading and unrolling it."""
    from qiskit import qasm2

    return _openqasm("OpenQASM 2", qasm2.dumps(qiskit_circuit(gates)), repeats)


def openqasm_3(gates: int, repeats: int) -> Row:
    """`from_qasm` of OpenQASM 3 text, beside pyqasm loading and unrolling it."""
    from qiskit import qasm3

    return _openqasm("OpenQASM 3", qasm3.dumps(qiskit_circuit(gates)), repeats)


def openqasm_3_loops(gates: int, repeats: int) -> Row:
    """A definition in a loop: little text, much to unroll."""
    text = (
        'OPENQASM 3.0; include "stdgates.inc";\n'
        f"qubit[{QUBITS}] q;\n"
        "gate ent(t) a, b { cx a, b; rz(t / 2) b; cx a, b; }\n"
        f"for int i in [1:{gates // (3 * QUBITS)}] {{\n"
        f"  for int j in [0:{QUBITS - 2}] {{ ent(i * 0.01) q[j], q[j + 1]; }}\n}}\n"
    )
    return _openqasm("OpenQASM 3 loops", text, repeats)


def _openqasm(what: str, text: str, repeats: int) -> Row:
    import pyqasm

    from q_store import from_qasm

    def theirs() -> None:
        pyqasm.loads(text).unroll()

    ours = best_ms(lambda: from_qasm(text), repeats)
    return what, ours, "pyqasm load and unroll", best_ms(theirs, repeats)


def text_language(gates: int, repeats: int) -> Row:
    """`from_dsl` of a program without loops to IR, beside the reference parser of OpenQASM 3
    reading the same gates to its syntax tree. `dsl_speed.py` has more about the language."""
    import openqasm3
    from qiskit import qasm3

    from q_store import from_dsl, from_qiskit, to_dsl

    circuit = qiskit_circuit(gates)
    program, text = to_dsl(from_qiskit(circuit)), qasm3.dumps(circuit)
    ours = best_ms(lambda: from_dsl(program), repeats)
    return "text language to IR", ours, "openqasm3 parse", best_ms(lambda: openqasm3.parse(text), 1)


ROWS: tuple[Callable[[int, int], Row], ...] = (
    qiskit_import,
    qiskit_import_to_ir,
    cirq_import,
    openqasm_2,
    openqasm_3,
    openqasm_3_loops,
    text_language,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.gates} gates on {QUBITS} qubits")
    for row in ROWS:
        try:
            what, ours, other, theirs = row(options.gates, options.repeats)
        except ModuleNotFoundError as problem:
            print(f"{row.__name__:<28} needs {problem.name}")
            continue
        print(f"{what:<28} {ours:9.1f} ms   {other:<26} {theirs:9.1f} ms   x{theirs / ours:.1f}")


if __name__ == "__main__":
    main()
