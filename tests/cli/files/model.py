"""Circuits in every form `FILE.py:NAME` takes, and mistakes users make."""

import numpy as np

from q_store import QuantumCircuit
from q_store.qir.parser import parse_module

print("the file prints this while it is loaded")

bell = QuantumCircuit(2).h(0).cx(0, 1)
module = parse_module("qir 1\nfunc @main() {\n  return\n}\nfunc @second() {\n  return\n}\n")
func = module.main
number = 3


class Holder:
    inner = bell


def make(width=2):
    circuit = QuantumCircuit(width)
    circuit.rx(0, param="theta")
    circuit.measure_all()
    return circuit


def make_func():
    return bell.to_ir()


def circuit_fn(circuit, inputs, weights):
    print("tracing prints this")
    for i in range(circuit.n_qubits):
        circuit.ry(i, inputs[i])
        circuit.rz(i, weights[i] * np.pi)
    circuit.cx(0, 1)


def measured():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure(0, bit="b")
    circuit.reset(0)
    return circuit


def lost_key():
    return {}["theta"]


def leaves():
    raise SystemExit(3)


def wrong_wires():
    return QuantumCircuit(2).cx(0, 0)


def helper_fails(circuit, weights):
    nested(circuit)


def nested(circuit):
    circuit.rx(0, "a" + 1)


def unclear(apples):
    return bell
