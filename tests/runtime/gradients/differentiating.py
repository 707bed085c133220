"""Circuit functions for tests of gradient methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from q_store.frontends.observing import with_observations
from q_store.frontends.trace import trace_circuit
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum
from q_store.runtime.function import CircuitFunction
from q_store.testing import strategies

OBSERVABLES = ("Z0", "0.5*X0 - 0.3*Y0 + 0.2")


def traced(circuit_fn: Any, n_qubits: int, observables: Sequence[str] | None = None) -> Func:
    """The traced circuit, with Z on every qubit unless observables are named."""
    return trace_circuit(circuit_fn, n_qubits, observables=observables).func


def example(circuit: Any, x: Any, w: Any) -> None:
    """Shared, scaled, repeated and non-affine parameters; gates of one and several frequencies."""
    circuit.ry(0, x[0]).crx(0, 1, 2 * x[1] + w[0]).rzz(1, 2, w[0] * w[1]).p(1, w[3])
    circuit.cu(0, 2, w[1], w[2], x[0], w[3]).cx(0, 1).ry(2, w[2]).rx(0, 0.5 * w[2])
    circuit.crz(1, 2, w[0]).rx(1, w[0])


def points(function: CircuitFunction, batch: int = 3, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Inputs (B, F), weights (P,) and a cotangent (B, width)."""
    random = np.random.default_rng(seed)
    exe = function.executable
    x = random.normal(size=(batch, exe.n_inputs))
    w = random.normal(size=exe.n_weights)
    g = random.normal(size=(batch, function.width))
    return tuple(a.astype(function.dtype) for a in (x, w, g))


@st.composite
def random_circuits(draw: st.DrawFn, **options: Any) -> Func:
    """Random circuits over the whole gate table, with expectation values at their end."""
    func = draw(strategies.circuits(observed=True, max_qubits=3, max_ops=10, **options))
    found = [Expval(PauliSum.parse(text)) for text in OBSERVABLES]
    found += [Expval(PauliSum.z(qubit)) for qubit in range(1, func.n_qubits)]
    return with_observations(func, found)


def made(func: Func, gradient: Any = "auto", dtype: str = "float64") -> CircuitFunction:
    """A circuit function of the embedded engine."""
    return CircuitFunction(func, dtype, "batched", gradient)
