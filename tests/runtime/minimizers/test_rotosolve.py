"""`rotosolve`, the spectra of circuits it needs, and costs of circuits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import q_store
from q_store.optimizers import CircuitCost, rotosolve
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func
from q_store.runtime.gradients.spectrum import weight_spectra
from q_store.runtime.minimizers.trigonometric import Polynomial, interpolate, nodes
from q_store.torch import QuantumLayer
from tests.runtime.gradients.differentiating import example, made, random_circuits, traced
from tests.runtime.published import ising
from tests.runtime.test_torch_contract import dense

SPECTRA = [(1.0,), (2.0,), (0.5, 1.0), (1.0, 2.0, 3.0, 4.0), (1.0, 3.0), (2.0, 3.0), (1.0, 1.3)]


def polynomial(w: tuple[float, ...], seed: int) -> Polynomial:
    a, b = np.random.default_rng(seed).normal(size=(2, len(w)))
    return Polynomial(np.array(w), a, b, 0.3)


class TestPolynomials:
    @pytest.mark.parametrize("w", SPECTRA, ids=str)
    @pytest.mark.parametrize("seed", range(3))
    def test_values_at_nodes_decide_them(self, w: tuple[float, ...], seed: int) -> None:
        wanted = polynomial(w, seed)
        found = interpolate(w, wanted(nodes(w)))
        assert len(nodes(w)) == 2 * len(w) + 1
        t = np.linspace(-9.0, 9.0, 50)
        for order in range(3):
            assert np.allclose(found(t, order), wanted(t, order), atol=1e-9)

    @pytest.mark.parametrize("w", SPECTRA[:-1], ids=str)
    @pytest.mark.parametrize("seed", range(5))
    def test_the_least_value_of_a_period(self, w: tuple[float, ...], seed: int) -> None:
        f = polynomial(w, seed)
        best = f.minimum()
        period = np.linspace(-2 * math.pi, 2 * math.pi, 40001)
        assert f(best) <= f(period).min() + 1e-12
        assert f(best, 1) == pytest.approx(0.0, abs=1e-7)

    def test_the_nearest_of_equal_minima(self) -> None:
        zero, flat = np.zeros(2), np.zeros(1)
        both = Polynomial(np.array([1.0, 2.0]), np.array([0.0, 1.0]), zero, 0.0)
        assert abs(both.minimum()) == pytest.approx(math.pi / 2)
        assert Polynomial(np.array([1.0, 2.0]), zero, zero, 1.0).minimum() == 0.0
        assert Polynomial(np.array([1.0]), flat, -0.0 * flat, 1.0).minimum() == 0.0


class TestFunctions:
    def test_a_linear_sum_of_sines(self) -> None:
        """One iteration is enough, and a second one sees it."""
        sizes, shifts = np.arange(1.0, 11.0), np.linspace(0.0, 3.0, 10)
        found = rotosolve(
            lambda x: float(sizes @ np.sin(x + shifts)), np.zeros(10), frequencies=1.0
        )
        assert found.success
        assert found.fun == pytest.approx(-55.0)
        assert (found.nit, found.nfev) == (2, 2 * 3 * 10 + 1)

    @pytest.mark.parametrize("vectorized", [False, True])
    def test_frequencies_of_every_parameter(self, vectorized: bool) -> None:
        def fun(x: np.ndarray) -> Any:
            return np.sin(2 * x[..., 0]) + np.cos(x[..., 1]) + 0.5 * np.sin(3 * x[..., 1] + 0.2)

        found = rotosolve(fun, [0.1, 0.1], frequencies=[2.0, (1.0, 3.0)], vectorized=vectorized)
        grid = np.linspace(-math.pi, math.pi, 100001)
        least = (np.cos(grid) + 0.5 * np.sin(3 * grid + 0.2)).min()
        assert found.fun == pytest.approx(-1.0 + least, abs=1e-8)
        assert found.nfev == found.nit * (3 + 5) + 1

    def test_coupled_parameters(self) -> None:
        found = rotosolve(
            lambda x: math.cos(x[0, 0]) * math.sin(x[0, 1]) + 0.3 * math.cos(x[0, 1]),
            [[0.4, 0.2]],
            frequencies=1.0,
        )
        assert found.success
        assert found.x.shape == (1, 2)
        assert found.fun == pytest.approx(-math.sqrt(1.09))

    def test_a_callback_ends_the_run(self) -> None:
        found = rotosolve(lambda x: math.sin(x[0]), [0.0], frequencies=1.0, callback=lambda x: True)
        assert (found.nit, found.success) == (1, False)

    def test_few_iterations_are_not_enough(self) -> None:
        cost = CircuitCost(chain(4, 2))
        found = rotosolve(cost, np.full(cost.n_weights, 0.2), max_iterations=1)
        assert (found.nit, found.success) == (1, False)
        assert found.message == "not converged in 1 iterations"


def chain(n: int, layers: int) -> q_store.CompiledCircuit:
    circuit_fn, energy = ising(n, layers)
    return q_store.compile(circuit_fn, n, observables=[energy])


def ring(circuit: Any, w: Any) -> None:
    """QAOA of two layers for a ring of four sites: every weight is shared by four gates."""
    for q in range(4):
        circuit.h(q)
    for layer in range(2):
        for q in range(4):
            circuit.rzz(q, (q + 1) % 4, w[2 * layer])
        for q in range(4):
            circuit.rx(q, w[2 * layer + 1])


class TestGroundStates:
    def test_an_open_chain(self) -> None:
        """The energy of four open sites against the exact one."""
        cost = CircuitCost(chain(4, 4))
        assert set(cost.frequencies) == {(1.0,)}
        start = np.random.default_rng(2).normal(0.0, 0.3, cost.n_weights)
        found = rotosolve(cost, start, max_iterations=300, tolerance=1e-8)
        assert found.fun == pytest.approx(_ground(4), rel=1e-4)

    def test_a_ring_of_shared_weights(self) -> None:
        """Energy and fidelity; half as many layers as sites reach the ground state of a ring."""
        pairs = [(q, (q + 1) % 4) for q in range(4)]
        words = [f"-1*Z{a} Z{b}" for a, b in pairs] + [f"-0.7*X{q}" for q in range(4)]
        cost = CircuitCost(q_store.compile(ring, 4, observables=[" + ".join(words)]))
        assert cost.frequencies == ((1.0, 2.0, 3.0, 4.0),) * 4
        found = rotosolve(cost, np.full(4, 0.3), tolerance=1e-10)
        energies, states = np.linalg.eigh(dense(4, pairs))
        assert found.success
        assert found.nit < 30
        assert found.fun == pytest.approx(energies[0], abs=1e-8)
        assert np.abs(found.x).max() < 2 * math.pi
        state = q_store.compile(ring, 4, output="state")(w=found.x)
        assert abs(np.vdot(states[:, 0], state)) == pytest.approx(1.0, abs=1e-6)

    def test_values_from_shots(self) -> None:
        layer = QuantumLayer(
            lambda c, w: c.ry(0, w[0]).cx(0, 1).ry(1, w[1]),
            2,
            observables=["Z0 Z1 + X0"],
            input_encoding=None,
        )
        exact = rotosolve(CircuitCost(layer), [0.3, 0.2])
        noisy = rotosolve(CircuitCost(layer, shots=2000, seed=1), [0.3, 0.2], max_iterations=4)
        assert CircuitCost(layer)(noisy.x) == pytest.approx(exact.fun, abs=0.02)


def _ground(n: int) -> float:
    """The least eigenvalue of sum ZZ - sum X on an open chain."""
    index = np.arange(2**n)
    spin = 1 - 2 * (index[None, :] >> np.arange(n - 1, -1, -1)[:, None] & 1)
    matrix = np.diag(sum(spin[q] * spin[q + 1] for q in range(n - 1))).astype(float)
    for q in range(n):
        matrix[index, index ^ (1 << q)] -= 1.0
    return float(np.linalg.eigvalsh(matrix)[0])


def spectral_part(func: Func, seed: int, number: int) -> tuple[tuple[float, ...], np.ndarray]:
    """The spectrum of a weight, and how far values along a line in it are from that spectrum."""
    function = made(func)
    spectrum = weight_spectra(function.executable)[number]
    random = np.random.default_rng(seed)
    w = np.tile(random.normal(size=function.n_weights), (400, 1))
    t = random.uniform(-10.0, 10.0, 400)
    w[:, number] = t
    x = np.tile(random.normal(size=function.n_inputs), (400, 1))
    values = function.forward(x, w, False)[0]
    turned = np.outer(t, spectrum)
    basis = np.concatenate([np.ones((400, 1)), np.cos(turned), np.sin(turned)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return spectrum, np.abs(values - fitted)


class TestSpectra:
    def test_shared_scaled_and_controlled(self) -> None:
        def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
            circuit.ry(0, w[0]).crx(0, 1, w[1]).rx(0, 3 * w[2] + x[0]).rz(1, w[2])
            circuit.ry(1, -2 * w[3]).h(0).crz(1, 0, 2 * w[3])

        func = traced(circuit_fn, 2, ["Z0", "X0 Y1"])
        assert weight_spectra(made(func).executable) == (
            (1.0,),
            (0.5, 1.0),
            (1.0, 2.0, 3.0, 4.0),
            (1.0, 2.0, 3.0, 4.0),
        )
        for number in range(4):
            assert spectral_part(func, 0, number)[1].max() < 1e-9

    @settings(max_examples=40)
    @given(func=random_circuits(scalars=False), seed=st.integers(0, 99))
    def test_values_have_no_other_frequencies(self, func: Func, seed: int) -> None:
        count = made(func).n_weights
        assume(count > 0)
        spectrum, rest = spectral_part(func, seed, seed % count)
        assume(len(spectrum) < 100 and np.isfinite(rest).all())
        assert rest.max() < 1e-6

    def test_expressions_have_none(self) -> None:
        function = made(traced(example, 3))
        with pytest.raises(QStoreError, match=r"'w\[0\]' is in an expression") as problem:
            weight_spectra(function.executable)
        assert problem.value.code == "QS648"

    def test_too_many(self) -> None:
        def circuit_fn(circuit: Any, w: Any) -> None:
            for k in range(7):
                circuit.ry(0, math.sqrt(k + 1.37) * w[0]).h(0)

        with pytest.raises(QStoreError, match="more than 256 frequencies"):
            weight_spectra(made(traced(circuit_fn, 1)).executable)


class TestCosts:
    def test_means_over_samples_of_weighted_values(self) -> None:
        layer = QuantumLayer(
            lambda c, x, w: c.ry(0, x[0]).cx(0, 1).ry(1, w[0]).rx(0, w[1]), 2, seed=0
        ).double()
        x = np.array([[0.1], [0.7], [1.3]])
        cost = CircuitCost(layer, x, coefficients=[1.0, -2.0])
        points = np.random.default_rng(0).normal(size=(5, 2))
        function = made(layer.func)
        for point, found in zip(points, cost(points), strict=True):
            values = function.forward(x, point, False)[0]
            assert found == pytest.approx((values @ [1.0, -2.0]).mean())
            assert cost(point) == pytest.approx(found)
        assert rotosolve(cost, [0.0, 0.0]).fun <= cost(points).min()

    @pytest.mark.parametrize(
        ("action", "code", "words"),
        [
            (lambda cost: cost([0.0]), "QS646", r"weights must have shape \(2,\) or \(n, 2\)"),
            (lambda cost: CircuitCost(3), "QS646", "model must be a quantum layer"),
            (
                lambda cost: CircuitCost(cost.function, coefficients=[1.0]),
                "QS646",
                r"coefficients must have shape \(2,\), got \(1,\)",
            ),
            (lambda cost: CircuitCost(cost.function, [[1.0]]), "QS646", r"shape \(B, 0\)"),
            (lambda cost: CircuitCost(cost.function, shots=0), "QS646", "shots must be"),
            (lambda cost: CircuitCost(cost.function, seed="x"), "QS626", "seed must be"),
            (
                lambda cost: CircuitCost(q_store.compile(ring, 4, output="state")),
                "QS646",
                "model must give expectation values",
            ),
            (lambda cost: rotosolve(math.sin, [0.0]), "QS647", "frequencies must be given for"),
            (
                lambda cost: rotosolve(math.sin, [0.0], frequencies=[1.0, 2.0]),
                "QS647",
                "frequencies must be given for 1 parameters, got 2",
            ),
            (lambda cost: rotosolve(math.sin, [0.0], frequencies=-1.0), "QS644", "positive"),
            (lambda cost: rotosolve(cost, [0.0, 0.0, 0.0]), "QS647", "x0 must hold 2 weights"),
            (lambda cost: rotosolve(cost, [0, 0], max_iterations=0), "QS647", "max_iterations"),
        ],
    )
    def test_refusals(self, action: Callable[[CircuitCost], Any], code: str, words: str) -> None:
        cost = CircuitCost(made(traced(lambda c, w: c.ry(0, w[0]).crx(0, 1, w[1]), 2)))
        with pytest.raises(QStoreError, match=words) as problem:
            action(cost)
        assert problem.value.code == code
