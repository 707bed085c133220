"""Other libraries used as their manuals say, on the circuit of `problem.py`.

Each function takes a problem and gives a step: `forward` the values (batch, n), `gradient` the
values and the vector-Jacobian products to inputs and weights, flattened.
"""

import cirq
import numpy as np
import pennylane as qml
import qsimcirq
import qulacs
import sympy
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator

from problem import Problem


def angles(problem: Problem) -> np.ndarray:
    """All angles (batch, n + weights), inputs first, float64."""
    inputs, weights, _ = problem.data()
    rows = np.tile(weights.reshape(-1), (problem.batch, 1))
    return np.concatenate([inputs, rows], axis=1).astype(np.float64)


def cirq_qsim(problem: Problem, threads: int):
    """A parametrised Cirq circuit, resolved by qsimcirq's simulator for every sample."""
    rows = angles(problem)
    names = [f"s{k}" for k in range(rows.shape[1])]
    symbols = iter(sympy.symbols(names))
    qubits = cirq.LineQubit.range(problem.n)
    circuit = cirq.Circuit(cirq.ry(next(symbols))(q) for q in qubits)
    for _ in range(problem.layers):
        for q in qubits:
            circuit.append([cirq.ry(next(symbols))(q), cirq.rz(next(symbols))(q)])
        circuit.append(cirq.CNOT(qubits[a], qubits[b]) for a, b in problem.ring)
    wanted = [cirq.Z(q) + 0 for q in qubits]
    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(cpu_threads=threads))

    def forward():
        sweep = [cirq.ParamResolver(dict(zip(names, row, strict=True))) for row in rows.tolist()]
        found = simulator.simulate_expectation_values_sweep(circuit, wanted, sweep)
        return np.real(found)

    return forward


def _qnode(problem: Problem, method: str | None):
    device = qml.device("lightning.qubit", wires=problem.n, c_dtype=np.complex64)

    @qml.qnode(device, interface="torch", diff_method=method)
    def circuit(inputs, weights):
        for qubit in range(problem.n):
            qml.RY(inputs[:, qubit], wires=qubit)
        for layer in range(problem.layers):
            for qubit in range(problem.n):
                qml.RY(weights[layer, qubit, 0], wires=qubit)
                qml.RZ(weights[layer, qubit, 1], wires=qubit)
            for pair in problem.ring:
                qml.CNOT(wires=pair)
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(problem.n)]

    return circuit


def pennylane_forward(problem: Problem):
    circuit = _qnode(problem, None)
    inputs, weights, _ = map(torch.from_numpy, problem.data())
    return lambda: torch.stack(circuit(inputs, weights), dim=-1).numpy()


def pennylane_gradient(problem: Problem):
    circuit = _qnode(problem, "adjoint")
    inputs, weights, cotangent = map(torch.from_numpy, problem.data())
    inputs.requires_grad_()
    weights.requires_grad_()

    def gradient():
        values = torch.stack(circuit(inputs, weights), dim=-1)
        found = torch.autograd.grad(values, (inputs, weights), cotangent.to(values.dtype))
        return values.detach().numpy(), found[0].numpy(), found[1].numpy().reshape(-1)

    return gradient


def qiskit_aer(problem: Problem, threads: int):
    """One parametrised Qiskit circuit with its values saved, all samples as parameter binds."""
    rows = angles(problem)
    slots = ParameterVector("s", rows.shape[1])
    symbols = iter(slots)
    circuit = QuantumCircuit(problem.n)
    for q in range(problem.n):
        circuit.ry(next(symbols), q)
    for _ in range(problem.layers):
        for q in range(problem.n):
            circuit.ry(next(symbols), q)
            circuit.rz(next(symbols), q)
        for a, b in problem.ring:
            circuit.cx(a, b)
    for q in range(problem.n):
        circuit.save_expectation_value(SparsePauliOp("Z"), [q], label=str(q))
    simulator = AerSimulator(
        method="statevector", precision="single", max_parallel_threads=threads,
        max_parallel_experiments=0 if problem.n < 14 else 1,
    )  # fmt: skip

    def forward():
        binds = {slot: rows[:, k].tolist() for k, slot in enumerate(slots)}
        result = simulator.run([circuit], parameter_binds=[binds]).result()
        data = [result.data(k) for k in range(problem.batch)]
        return np.array([[part[str(q)] for q in range(problem.n)] for part in data])

    return forward


def _qulacs_circuit(problem: Problem):
    """Qulacs' rotations turn the other way round, and its qubit 0 is the last one here."""
    circuit = qulacs.ParametricQuantumCircuit(problem.n)
    for q in range(problem.n):
        circuit.add_parametric_RY_gate(q, 0.0)
    for _ in range(problem.layers):
        for q in range(problem.n):
            circuit.add_parametric_RY_gate(q, 0.0)
            circuit.add_parametric_RZ_gate(q, 0.0)
        for a, b in problem.ring:
            circuit.add_CNOT_gate(a, b)
    return circuit


def qulacs_forward(problem: Problem):
    circuit, rows = _qulacs_circuit(problem), -angles(problem)
    state = qulacs.QuantumState(problem.n)
    wanted = []
    for q in range(problem.n):
        observable = qulacs.Observable(problem.n)
        observable.add_operator(1.0, f"Z {q}")
        wanted.append(observable)

    def forward():
        found = np.empty((problem.batch, problem.n))
        for row, values in enumerate(rows.tolist()):
            for k, value in enumerate(values):
                circuit.set_parameter(k, value)
            state.set_zero_state()
            circuit.update_quantum_state(state)
            found[row] = [observable.get_expectation_value(state) for observable in wanted]
        return found

    return forward


def qulacs_gradient(problem: Problem):
    """Back-propagation of the sum of cotangent times Z, and the values."""
    circuit, rows = _qulacs_circuit(problem), -angles(problem)
    values = qulacs_forward(problem)
    cotangent = problem.data()[2]

    def gradient():
        found = np.empty(rows.shape)
        for row, numbers in enumerate(rows.tolist()):
            for k, value in enumerate(numbers):
                circuit.set_parameter(k, value)
            observable = qulacs.Observable(problem.n)
            for q in range(problem.n):
                observable.add_operator(float(cotangent[row, q]), f"Z {q}")
            found[row] = circuit.backprop(observable)
        return values(), -found[:, : problem.n], -found[:, problem.n :].sum(axis=0)

    return gradient
