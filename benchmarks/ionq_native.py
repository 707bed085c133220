"""Native gates of IonQ machines, beside qiskit-ionq and cirq-ionq where they are installed.

    python benchmarks/ionq_native.py --sizes 4 8 --families qft qaoa

Pulses and entanglers of each compiler, then success, time and list price of 1000 shots from the
same figures of the machine for all. Ours are checked against the circuit up to `--check` qubits.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable

from ionq_circuits import FAMILIES, Gate
from q_store.passes.manager import run_pipeline
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func, Module
from q_store.targets.ionq.devices import IonqDevice, device
from q_store.targets.ionq.rates import Rates

Counts = tuple[int, int]
"""Pulses and entanglers."""

SHOTS = 1000
PULSES, ENTANGLERS = ("gpi", "gpi2"), ("ms", "zz")


def counted(names: Counter) -> Counts:
    other = set(names) - {*PULSES, *ENTANGLERS, "rz", "phase", "measure", "barrier"}
    assert not other, f"not native: {other}"
    return sum(names[n] for n in PULSES), sum(names[n] for n in ENTANGLERS)


def func_of(gates: list[Gate], n: int) -> Func:
    builder = FuncBuilder("main", n)
    for name, wires, angles in gates:
        builder.gate(name, wires, angles)
    return builder.finish()


def ours(gates: list[Gate], n: int, target: IonqDevice, check: int) -> Counts:
    func = func_of(gates, n)
    made = run_pipeline(f"ionq-native{{device={target.model}}}", Module((func,))).main
    if n <= check:
        from q_store.testing.equivalence import assert_equivalent

        assert_equivalent(func, made, "phase", bindings=1)
    return counted(Counter(op.defn.mnemonic for op in made.gates))


def qiskit_compiler(plugin: bool) -> Callable[[list[Gate], int, IonqDevice, int], Counts]:
    """Qiskit's transpiler at level 3 with qiskit-ionq's equivalences, and with its optimiser."""
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit import Parameter
    from qiskit.transpiler import PassManagerConfig, Target
    from qiskit_ionq import GPI2Gate, GPIGate, MSGate, TrappedIonOptimizerPlugin, ZZGate
    from qiskit_ionq.ionq_equivalence_library import add_equivalences

    add_equivalences()

    def run(gates: list[Gate], n: int, machine: IonqDevice, check: int) -> Counts:
        a, b, c = map(Parameter, "abc")
        target = Target(num_qubits=n)
        pair = MSGate(a, b, c) if machine.entangler == "ms" else ZZGate(a)
        for gate in (GPIGate(a), GPI2Gate(a), pair):
            target.add_instruction(gate)
        circuit = QuantumCircuit(n)
        for name, wires, angles in gates:
            getattr(circuit, name)(*angles, *wires)
        made = transpile(circuit, target=target, optimization_level=3, seed_transpiler=1)
        if plugin:
            config = PassManagerConfig(target=target, seed_transpiler=1)
            made = TrappedIonOptimizerPlugin().pass_manager(config, 1).run(made)
        return counted(Counter(instruction.operation.name for instruction in made.data))

    return run


def cirq_compiler() -> Callable[[list[Gate], int, IonqDevice, int], Counts]:
    """Cirq's target gatesets of cirq-ionq, after merging into two-qubit unitaries."""
    import cirq
    import cirq_ionq

    rows = {
        "h": lambda: cirq.H,
        "x": lambda: cirq.X,
        "cx": lambda: cirq.CX,
        "ccx": lambda: cirq.CCX,
        "swap": lambda: cirq.SWAP,
        "rx": cirq.rx,
        "ry": cirq.ry,
        "rz": cirq.rz,
        "cp": lambda t: cirq.CZPowGate(exponent=t / 3.141592653589793),
        "rxx": lambda t: cirq.XXPowGate(exponent=t / 3.141592653589793),
        "ryy": lambda t: cirq.YYPowGate(exponent=t / 3.141592653589793),
        "rzz": lambda t: cirq.ZZPowGate(exponent=t / 3.141592653589793),
        "u": lambda t, p, m: cirq.MatrixGate(_u(t, p, m)),
    }
    kinds = {"GPIGate": "gpi", "GPI2Gate": "gpi2", "MSGate": "ms", "ZZGate": "zz"}

    def run(gates: list[Gate], n: int, machine: IonqDevice, check: int) -> Counts:
        qubits = cirq.LineQubit.range(n)
        circuit = cirq.Circuit(
            rows[name](*angles).on(*[qubits[w] for w in wires]) for name, wires, angles in gates
        )
        if not any(len(wires) > 2 for _, wires, _ in gates):
            circuit = cirq.merge_k_qubit_unitaries(circuit, k=2)
        ms = machine.entangler == "ms"
        gateset = cirq_ionq.AriaNativeGateset() if ms else cirq_ionq.ForteNativeGateset()
        made = cirq.optimize_for_target_gateset(circuit, gateset=gateset)
        names = [type(op.gate).__name__ for op in made.all_operations() if op.qubits]
        return counted(Counter(kinds[name] for name in names if name in kinds))

    return run


def _u(theta: float, phi: float, lam: float) -> object:
    from q_store.qir.registry import gate

    return gate("u").matrix(theta, phi, lam)


def compilers() -> dict[str, Callable[[list[Gate], int, IonqDevice, int], Counts]]:
    found: dict[str, Callable] = {"q-store": ours}
    for name, make in (
        ("qiskit-ionq", lambda: qiskit_compiler(False)),
        ("with plugin", lambda: qiskit_compiler(True)),
        ("cirq-ionq", cirq_compiler),
    ):
        try:
            found[name] = make()
        except ImportError as problem:
            print(f"{name}: not installed ({problem.name})")
    return found


def row(target: IonqDevice, counts: Counts) -> str:
    pulses, entanglers = counts
    known = target.characterization
    success = known.fidelity_1q**pulses * known.fidelity_2q**entanglers
    seconds = pulses * known.time_1q + entanglers * known.time_2q
    usd = Rates.load().rate(target.name).per_shot(pulses, entanglers, seconds) * SHOTS
    return f"{pulses:6d}/{entanglers:<5d} {success:6.3f} {1e3 * seconds:8.2f} ms {usd:9.2f} USD"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 8, 12, 16, 20])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--machines", nargs="+", default=["ionq.aria", "ionq.forte"])
    parser.add_argument("--peers", type=int, default=12, help="largest size for other compilers")
    parser.add_argument("--check", type=int, default=8, help="largest size that is checked")
    args = parser.parse_args()
    known = compilers()
    print(f"pulses/entanglers, success, time of a shot, price of {SHOTS} shots before a minimum")
    for family in args.families:
        for n in args.sizes:
            gates = list(FAMILIES[family](n))
            for name in args.machines:
                for tool, run in known.items():
                    if tool != "q-store" and n > args.peers:
                        continue
                    start = time.perf_counter()
                    text = row(device(name), run(gates, n, device(name), args.check))
                    spent = time.perf_counter() - start
                    print(
                        f"{family:8} {n:2d} {name:11} {tool:12} {text} {spent:7.2f} s", flush=True
                    )


if __name__ == "__main__":
    main()
