"""Every method against the adjoint method: random circuits, every gate, inputs, batches, shots."""

from __future__ import annotations

import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import q_store
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func
from q_store.qir.observables import Expval, PauliSum, Probs
from q_store.qir.parser import parse_module
from q_store.qir.registry import all_gates
from q_store.qir.types import f64
from q_store.runtime.function import CircuitFunction, function_from_text
from q_store.runtime.gradient_config import GradientConfig
from q_store.runtime.gradients.estimate import Estimate
from q_store.runtime.gradients.gate_slots import gate_slots
from q_store.runtime.gradients.method import Call
from q_store.runtime.gradients.sampler import Sampler
from q_store.runtime.gradients.table import METHODS
from tests.runtime.gradients.differentiating import example, made, points, random_circuits, traced

ANGLED = [name for name, row in all_gates().items() if row.angle_names and row.wires]
DIFFERENCES = {
    scheme: {"method": "finite_diff", "scheme": scheme} for scheme in ("forward", "backward")
}
TOLERANCES = {
    "parameter_shift": 1e-8,
    "hadamard": 1e-8,
    "finite_diff": 1e-5,
}


def gradients(func: Func, gradient: Any, batch: int = 3, seed: int = 0) -> list[np.ndarray]:
    function = made(func, gradient)
    x, w, g = points(function, batch, seed)
    return list(function.backward(None, x, w, g))


def assert_near(found: list[np.ndarray], wanted: list[np.ndarray], tolerance: float) -> None:
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert np.max(np.abs(a - b), initial=0) <= tolerance * (1 + np.max(np.abs(b), initial=0))


def one_gate(mnemonic: str) -> Func:
    """A gate between others, its first angle shared and the others expressions."""
    row = all_gates()[mnemonic]
    wires = row.wires or 0
    builder = FuncBuilder(mnemonic, wires + (wires < 3))
    x = builder.param("x", f64(1), "input")
    w = builder.param("w", f64(len(row.angle_names)))
    for wire in range(len(builder.wires)):
        builder.gate("ry", [wire], [0.4 + 0.3 * wire])
        builder.gate("rx", [wire], [0.2 * wire - 0.7])
    refs = [((w, (i,)), 1.0) for i in range(len(row.angle_names))]
    from q_store.qir.angle import Angle

    angles = [Angle.sum(0.1 * i, [ref, ((x, (0,)), 0.5)]) for i, ref in enumerate(refs)]
    builder.gate(row, list(range(wires))[::-1], angles)
    builder.gate("ry", [0], [Angle.sum(0.3, [((w, (0,)), -2.0)])])
    for wire in range(len(builder.wires)):
        builder.gate("ry", [wire], [0.9 - 0.2 * wire])
        builder.gate("rz", [wire], [0.5])
        builder.gate("rx", [wire], [0.3 + 0.2 * wire])
    words = ["Z0", "X0", "Y0", *[f"Z0 X{q}" for q in range(1, len(builder.wires))]]
    return builder.finish([Expval(PauliSum.parse(word)) for word in words])


@pytest.mark.parametrize("method", TOLERANCES)
@pytest.mark.parametrize("mnemonic", ANGLED)
def test_every_gate(mnemonic: str, method: str) -> None:
    func = one_gate(mnemonic)
    assert_near(gradients(func, method), gradients(func, "adjoint"), TOLERANCES[method])


@pytest.mark.parametrize("mnemonic", ANGLED)
def test_gates_are_shifted_by_their_own_rule(mnemonic: str) -> None:
    frequencies = gate_slots(made(one_gate(mnemonic))).frequencies
    assert frequencies == (*all_gates()[mnemonic].frequencies, (1.0,))


@pytest.mark.parametrize("method", ["parameter_shift", "hadamard"])
@settings(max_examples=40)
@given(func=random_circuits())
def test_random_circuits(method: str, func: Func) -> None:
    wanted = gradients(func, "adjoint")
    assume(all(np.isfinite(part).all() for part in wanted))
    assert_near(gradients(func, method), wanted, TOLERANCES[method])


@pytest.mark.parametrize("method", ["parameter_shift", "hadamard"])
def test_names_of_angles_may_stand_for_constants(method: str) -> None:
    func = parse_module("""
    qir 1
    func @main(%x: f64 input, %w: f64) -> (f64) {
      %none = f.affine(0.25)
      %same = f.affine(%x + 0.5)
      %q0, %q1 = q.alloc 2
      %a = q.ry(%w) %q0
      %b, %c = q.xx_plus_yy(%x, %none) %a, %q1
      %d = q.rx(%same - %x) %b
      %e = q.rz(%same) %d
      %f = m.observe %e, %c [expval(X0 Z1 + Y0)]
      return %f
    }""").main
    assert_near(gradients(func, method), gradients(func, "adjoint"), TOLERANCES[method])


@settings(max_examples=20)
@given(func=random_circuits(scalars=False))
def test_random_circuits_by_finite_differences(func: Func) -> None:
    wanted = gradients(func, "adjoint")
    assert_near(gradients(func, "finite_diff"), wanted, 1e-5)
    for scheme in DIFFERENCES.values():
        assert_near(gradients(func, scheme), wanted, 1e-4)


@settings(max_examples=20)
@given(func=random_circuits(mid_circuit=True, noise=True))
def test_random_circuits_with_noise_and_measurements(func: Func) -> None:
    wanted = gradients(func, "adjoint")
    assume(all(np.isfinite(part).all() for part in wanted))
    assert_near(gradients(func, "parameter_shift"), wanted, 1e-8)


@pytest.mark.parametrize("method", [*TOLERANCES, *DIFFERENCES])
@pytest.mark.parametrize("per_sample", [False, True])
def test_shared_scaled_and_product_parameters(method: str, per_sample: bool) -> None:
    func = traced(example, 3, ["Z0 X1", "Z2 + 0.3*Y0"])
    found = []
    for gradient in (DIFFERENCES.get(method, method), "adjoint"):
        function = made(func, gradient)
        x, w, g = points(function, batch=4)
        if per_sample:
            w = w + 0.1 * np.arange(4)[:, None]
        found.append(function.backward(None, x, w, g))
    assert_near(*found, TOLERANCES.get(method, 1e-6))


@pytest.mark.parametrize("method", ["parameter_shift", "hadamard", "finite_diff"])
def test_probabilities(method: str) -> None:
    func = traced(example, 3)
    last = func.observe
    assert last is not None
    from q_store.frontends.observing import with_observations

    mixed = with_observations(func, [Expval(PauliSum.z(1)), Probs((2, 0)), Probs((1,))])
    assert_near(gradients(mixed, method), gradients(mixed, "adjoint"), TOLERANCES[method])


@pytest.mark.parametrize("method", [*TOLERANCES, "spsa", "natural"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_dtypes_and_empty_batches(method: str, dtype: str) -> None:
    function = made(traced(example, 3), method, dtype)
    for batch in (0, 1, 5):
        x, w, g = points(function, batch)
        for weights in (w, np.tile(w, (batch, 1))):
            d_x, d_w = function.backward(None, x, weights, g)
            assert (d_x.shape, d_w.shape) == (x.shape, weights.shape)
            assert d_x.dtype == d_w.dtype == np.dtype(dtype)
            assert np.isfinite(d_x).all()
            assert np.isfinite(d_w).all()


@pytest.mark.parametrize("method", [*TOLERANCES, "natural"])
def test_samples_that_are_not_finite_stay_alone(method: str) -> None:
    func = traced(lambda circuit, x, w: circuit.ry(0, x[0]).rx(0, w[0]).cx(0, 1), 2)
    function = made(func, method)
    x, w, g = points(function, 3)
    x[1] = np.nan
    d_x, _ = function.backward(None, x, w, g)
    assert np.isfinite(d_x[[0, 2]]).all()
    assert np.isnan(d_x[1]).all()


def test_circuits_without_parameters() -> None:
    func = traced(lambda circuit: circuit.h(0).cx(0, 1), 2)
    for method in METHODS:
        function = made(func, method)
        d_x, d_w = function.backward(None, np.zeros((2, 0)), np.zeros(0), np.ones((2, 2)))
        assert (d_x.shape, d_w.shape) == ((2, 0), (0,))


def test_a_function_travels_with_its_method() -> None:
    function = made(traced(example, 3), {"method": "finite_diff", "epsilon": 0.3})
    x, w, g = points(function)
    for other in (pickle.loads(pickle.dumps(function)), function_from_text(function.text)):
        assert other.gradient == GradientConfig("finite_diff", epsilon=0.3)
        assert_near(other.backward(None, x, w, g), function.backward(None, x, w, g), 1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_kept_for_a_function_goes_with_it(method: str) -> None:
    function = made(traced(example, 3), method)
    function.backward(None, *points(function))
    seen = weakref.ref(function)
    del function
    gc.collect()
    assert seen() is None


def test_epsilon_is_obeyed() -> None:
    func = traced(lambda circuit, w: circuit.rx(0, w[0]), 1)
    x, w, g = np.zeros((1, 0)), np.array([0.4]), np.ones((1, 1))
    for scheme, slope in (
        ("central", -np.sin(0.4) * np.sin(0.5) / 0.5),
        ("forward", (np.cos(0.9) - np.cos(0.4)) / 0.5),
        ("backward", (np.cos(0.4) - np.cos(-0.1)) / 0.5),
    ):
        config = GradientConfig("finite_diff", epsilon=0.5, scheme=scheme)
        assert made(func, config).backward(None, x, w, g)[1] == pytest.approx([slope])


@pytest.mark.parametrize("method", METHODS)
def test_derivatives_of_every_value(method: str) -> None:
    """Their products with a cotangent are the vector-Jacobian products."""
    function = made(traced(example, 3))
    x, w, g = points(function)
    config = GradientConfig(method)
    calls = [Call(function, x, w, Sampler(seed=3)) for _ in range(2)]
    found = METHODS[method](config).derivatives(calls[0]).values
    assert found.shape == (3, 3, 6)
    d_x, d_w = METHODS[method](config).vjp(calls[1], g)
    joined = np.einsum("bwp,bw->bp", found, g)
    assert joined[:, :2] == pytest.approx(d_x)
    assert joined[:, 2:].sum(axis=0) == pytest.approx(d_w)


def test_only_wanted_gradients_cost_circuits() -> None:
    function = made(traced(lambda c, x, w: c.ry(0, x[0]).rx(0, w[0]).ry(0, x[0] * w[1]), 1))
    slots = gate_slots(function)
    assert len(slots.plan((True, False)).variants) == 4
    assert len(slots.plan((False, True)).variants) == 4
    assert len(slots.plan().variants) == 6


@pytest.mark.parametrize("method", ["parameter_shift", "hadamard", "finite_diff", "spsa"])
def test_shots_are_unbiased_with_true_standard_errors(method: str) -> None:
    """Over many seeds, estimates scatter around the exact derivatives as their variances say."""
    func = traced(lambda c, x, w: c.ry(0, x[0]).crx(0, 1, w[0]).ry(1, 2 * w[1]).rz(0, w[0]), 2)
    function = made(func)
    x, w, _ = points(function, 1)
    config = GradientConfig("spsa", samples=40) if method == "spsa" else GradientConfig(method)
    way = METHODS[method](config)
    exact = METHODS["adjoint"](config).derivatives(Call(function, x, w, Sampler())).values
    runs = [way.derivatives(Call(function, x, w, Sampler(500, seed))) for seed in range(200)]
    found = np.array([run.values for run in runs])
    variance = np.mean([run.variance for run in runs], axis=0)
    spread = found.var(axis=0, ddof=1)
    assert np.allclose(spread, variance, rtol=0.5, atol=1e-6)
    bias = 0.01 if method in ("finite_diff", "spsa") else 0.0
    assert np.all(np.abs(found.mean(axis=0) - exact) <= 4.5 * np.sqrt(variance / 200) + bias)


def test_spsa_is_unbiased_without_shots() -> None:
    """Its mean over directions is the gradient, and averaging divides its variance."""
    function = made(traced(example, 3))
    x, w, g = points(function, 2)
    exact = np.concatenate([part.ravel() for part in function.backward(None, x, w, g)])
    spreads = []
    for samples in (1, 16):
        estimate = Estimate(GradientConfig("spsa", samples=samples, epsilon=1e-3))
        runs = np.array(
            [
                np.concatenate([p.ravel() for p in estimate.vjp(function, x, w, g, seed)])
                for seed in range(400)
            ]
        )
        error = np.sqrt(runs.var(axis=0, ddof=1) / len(runs))
        assert np.all(np.abs(runs.mean(axis=0) - exact) <= 4.5 * error + 1e-5)
        spreads.append(runs.var(axis=0).sum())
    assert spreads[0] / spreads[1] == pytest.approx(16, rel=0.3)


def test_equal_seeds_give_equal_draws() -> None:
    function = made(traced(example, 3))
    x, w, g = points(function)
    estimate = Estimate(GradientConfig("spsa"), shots=20)
    first, again, other = (estimate.vjp(function, x, w, g, seed) for seed in (1, 1, 2))
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])
    values = [estimate.values(function, x, w, seed) for seed in (1, 1, 2)]
    assert np.array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])


def test_adjoint_needs_a_backend_that_has_it() -> None:
    func = traced(example, 3)
    with pytest.raises(QStoreError, match="'qsim' has no adjoint method") as problem:
        CircuitFunction(func, "float32", "qsim", "adjoint")
    assert problem.value.code == "QS642"


@pytest.mark.parametrize("method", ["hadamard", "natural"])
def test_methods_for_gates_alone(method: str) -> None:
    func = traced(lambda c, x, w: c.ry(0, x[0]).reset(0).rx(0, w[0]), 1)
    function = made(func, method)
    with pytest.raises(QStoreError, match=f"'{method}' needs a circuit of gates alone") as problem:
        function.backward(None, np.zeros((1, 1)), np.zeros(1), np.ones((1, 1)))
    assert problem.value.code == "QS643"


@pytest.mark.parametrize("method", ["adjoint", "parameter_shift", "hadamard", "finite_diff"])
def test_a_parameter_without_influence_has_slope_zero(method: str) -> None:
    text = "qir 1\nfunc @main(%a: f64 weight) -> (f64) {\n  %q = q.alloc 1\n"
    text += "  %e = m.observe %q [expval(Z0)]\n  return %e\n}\n"
    slopes = q_store.compile(text, passes="").gradient({"a": 0.3}, method=method)
    assert slopes["a"] == 0.0
