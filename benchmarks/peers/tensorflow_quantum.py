"""TensorFlow Quantum: its expectation op with adjoint gradients inside one tf.function."""

import cirq
import sympy
import tensorflow as tf
import tensorflow_quantum as tfq

from problem import Problem

TITLE = "TensorFlow Quantum adjoint"
PACKAGES = ("tensorflow-quantum", "tensorflow", "cirq-core")


def build(problem: Problem):
    inputs, weights, cotangent = (tf.constant(array) for array in problem.data())
    qubits = cirq.LineQubit.range(problem.n)
    names = [f"p{slot}" for slot in range(problem.n + 2 * problem.n * problem.layers)]
    programs = tf.repeat(tfq.convert_to_tensor([circuit(problem, qubits, names)]), problem.batch)
    paulis = tfq.convert_to_tensor([[cirq.Z(qubit) for qubit in qubits]] * problem.batch)
    expectation = tfq.differentiators.Adjoint().generate_differentiable_op(
        analytic_op=tfq.get_expectation_op()
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch((inputs, weights))
            shared = tf.tile(tf.reshape(weights, (1, -1)), (problem.batch, 1))
            angles = tf.concat((inputs, shared), axis=1)
            values = expectation(programs, tf.constant(names), angles, paulis)
        return values, *tape.gradient(values, (inputs, weights), output_gradients=cotangent)

    return step


def circuit(problem: Problem, qubits, names):
    angles = map(sympy.Symbol, names)
    built = cirq.Circuit(cirq.ry(next(angles))(qubit) for qubit in qubits)
    for _ in range(problem.layers):
        for qubit in qubits:
            built += [cirq.ry(next(angles))(qubit), cirq.rz(next(angles))(qubit)]
        built += [cirq.CNOT(qubits[first], qubits[second]) for first, second in problem.ring]
    return built
