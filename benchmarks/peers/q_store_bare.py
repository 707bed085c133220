"""q-store without a framework: IR, default pipeline, executable, one call on numpy arrays."""

import numpy as np

from problem import Problem
from q_store.passes.manager import run_pipeline
from q_store.qir.angle import Angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func, Module
from q_store.qir.observables import Expval, PauliSum
from q_store.qir.types import f64
from q_store.runtime.backend import load
from q_store.targets.lower import lower

TITLE = "q-store, bare call"
PACKAGES = ("q-store", "numba", "numpy")


def build(problem: Problem):
    (func,) = run_pipeline("default", Module((circuit(problem),))).funcs
    program = load(lower(func), np.float32)
    inputs, weights, cotangent = problem.data()
    flat = weights.reshape(-1)

    def step():
        values, d_inputs, d_weights = program.value_and_vjp(inputs, flat, cotangent)
        return values, d_inputs, d_weights.reshape(weights.shape)

    return step


def circuit(problem: Problem) -> Func:
    """The circuit of the benchmark as IR."""
    build = FuncBuilder("layers", problem.n)
    x = build.param("x", f64(problem.n), "input")
    w = build.param("w", f64(2 * problem.n * problem.layers), "weight")
    slots = iter(range(2 * problem.n * problem.layers))
    for qubit in range(problem.n):
        build.gate("ry", [qubit], [Angle.of(x, qubit)])
    for _ in range(problem.layers):
        for qubit in range(problem.n):
            build.gate("ry", [qubit], [Angle.of(w, next(slots))])
            build.gate("rz", [qubit], [Angle.of(w, next(slots))])
        for pair in problem.ring:
            build.gate("cx", pair)
    return build.finish([Expval(PauliSum.z(qubit)) for qubit in range(problem.n)])
