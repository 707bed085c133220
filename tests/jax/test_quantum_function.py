"""`q_store.jax.quantum_function` under the transformations of JAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from q_store.jax import QuantumFunction, quantum_function
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference
from q_store.runtime.function import CircuitFunction
from tests.runtime.published import Case, Perturbed, check, each_case, each_perturbed


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def reupload(circuit: Any, inputs: Any, weights: Any, n_qubits: int) -> None:
    """Shared, scaled, repeated and non-affine parameters, and gates on up to three wires."""
    for q in range(n_qubits):
        circuit.ry(q, math.pi * inputs[q])
    for q in range(n_qubits):
        circuit.ry(q, weights[2 * q]).crz(q, (q + 1) % n_qubits, 0.5 * weights[2 * q + 1])
    circuit.rx(0, inputs[0] * inputs[1]).rz(1, weights[0] + 2 * inputs[1] - 0.3)
    circuit.ccx(0, 1, 2).rzx(2, 0, weights[1]).iswap(2, 1)


def make(**options: Any) -> QuantumFunction:
    options.setdefault("observables", ["Z0", "X1 Y2 + 0.5*Z2"])
    return quantum_function(reupload, 3, **options)


def features(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(1).random(shape) * 2 - 1)


def weights(*lead: int) -> Any:
    return jnp.asarray(np.random.default_rng(2).random((*lead, 6)) * 2)


def close(found: Any, wanted: Any, tolerance: float = 1e-12) -> None:
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        assert a.shape == b.shape
        assert np.allclose(a, b, atol=tolerance)


class TestValues:
    def test_agrees_with_the_reference_simulator(self) -> None:
        f, x, w = make(), features(4, 3), weights()
        exe = CircuitFunction(f.core.func, "float64", "batched").executable
        close(f(x, w), np.array([reference.expvals(exe, row, w) for row in x]))

    @pytest.mark.parametrize("lead", [(), (1,), (2, 5), (0,), (3, 0)])
    def test_any_leading_shape(self, lead: tuple[int, ...]) -> None:
        f, x, w = make(), features(*lead, 3), weights()
        close(f(x, w), f(x.reshape(-1, 3), w).reshape(*lead, 2))

    def test_weights_per_sample(self) -> None:
        f, x, w = make(), features(4, 3), weights(4)
        close(f(x, w), jnp.stack([f(x[i], w[i]) for i in range(4)]))

    def test_named_weights(self) -> None:
        def circuit_fn(circuit: Any, x: Any, alpha: Any, beta: Any) -> None:
            circuit.ry(0, x[0] + alpha[0, 1]).rz(1, beta).cx(0, 1)

        f = quantum_function(circuit_fn, 2, weight_shapes={"alpha": (2, 3), "beta": ()})
        w = f.init(jax.random.key(0))
        assert {name: part.shape for name, part in w.items()} == {"alpha": (2, 3), "beta": ()}
        grads = jax.grad(lambda w: f(features(2, 1), w).sum())(w)
        assert jax.tree.structure(grads) == jax.tree.structure(w)

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
    def test_dtypes(self, dtype: str) -> None:
        f, x, w = make(), features(2, 3), weights()
        y = f(x.astype(dtype), w.astype(dtype))
        assert y.dtype == dtype
        assert np.allclose(y.astype("float64"), f(x, w), atol=0.05)
        assert f(jnp.ones((2, 3), int), w).dtype == np.float64

    def test_probabilities_samples_states(self) -> None:
        def circuit_fn(circuit: Any, x: Any) -> None:
            circuit.x(0).ry(1, x[0])

        x = jnp.full((3, 1), math.pi / 3)
        close(
            quantum_function(circuit_fn, 2, output="probs")(x), np.array([[0, 0, 0.75, 0.25]] * 3)
        )
        bits = quantum_function(circuit_fn, 2, output="samples", shots=4000, seed=7)(x)
        assert bits.shape == (3, 4000, 2)
        assert bits[..., 1].mean() == pytest.approx(0.25, abs=0.03)
        state = quantum_function(lambda circuit, x: circuit.rz(0, x[0]), 1, output="state")(x[:1])
        close(state, np.array([[np.exp(-1j * math.pi / 6), 0]]))


class TestDerivatives:
    def test_jit_changes_nothing(self) -> None:
        f, x, w = make(), features(4, 3), weights()
        close(jax.jit(f)(x, w), f(x, w))
        grad = jax.grad(lambda x, w: (f(x, w) ** 3).sum(), (0, 1))
        close(jax.jit(grad)(x, w), grad(x, w))

    @pytest.mark.parametrize("per_sample", [False, True])
    def test_both_modes_twice(self, per_sample: bool) -> None:
        w = weights(1) if per_sample else weights()
        check_grads(make(), (features(1, 3), w), order=2, modes=["fwd", "rev"])

    def test_third_derivative(self) -> None:
        f = quantum_function(lambda circuit, x: circuit.ry(0, 2.0 * x[0]), 1, observables=["Z0"])
        g: Callable[[Any], Any] = lambda t: f(t[None])[0]  # noqa: E731
        for third in (jax.grad(jax.grad(jax.grad(g))), jax.jacfwd(jax.grad(jax.jacfwd(g)))):
            assert third(jnp.asarray(0.3)) == pytest.approx(8 * math.sin(0.6), abs=1e-10)

    def test_probabilities_and_states(self) -> None:
        f = make(output="probs", observables=None)
        check_grads(f, (features(1, 3), weights()), order=2, modes=["fwd", "rev"])
        psi = make(output="state", observables=None)
        ramp = jnp.arange(8) * (1 + 2j)

        def phased(x: Any, w: Any) -> Any:
            y = psi(x, w) * ramp
            return y.real + y.imag**2

        check_grads(phased, (features(2, 3), weights()), order=1, modes=["rev"])

    def test_jacobians_agree(self) -> None:
        f, x, w = make(), features(2, 3), weights()
        close(jax.jacrev(f, (0, 1))(x, w), jax.jacfwd(f, (0, 1))(x, w))

    def test_hessians_agree(self) -> None:
        f, x = make(), features(1, 3)
        energy: Callable[[Any], Any] = lambda w: (f(x, w) ** 2).sum()  # noqa: E731
        wanted = jax.hessian(energy)(weights())
        for other in (jax.jacrev(jax.jacrev(energy)), jax.jacfwd(jax.jacfwd(energy))):
            close(other(weights()), wanted)

    def test_parameter_shift_equals_adjoint(self) -> None:
        x, w = features(3, 3), weights()
        shift, adjoint = make(gradient="parameter_shift"), make()
        both = [
            jax.jit(jax.grad(lambda x, w, f=f: f(x, w).sum(), (0, 1)))(x, w)
            for f in (shift, adjoint)
        ]
        close(*both)
        assert shift.metrics()["gradient_variance"] > 0

    @pytest.mark.parametrize("kind", ["angle", "iqp", "amplitude"])
    def test_gradients_reach_encoded_features(self, kind: str) -> None:
        f = quantum_function(n_qubits=2, input_encoding=kind)
        w = f.init(jax.random.key(3))
        check_grads(lambda x: f(x, w), (features(1, 4) + 1.5,), order=2, modes=["rev"])

    @each_case
    def test_published_values(self, case: Case) -> None:
        f = quantum_function(
            case.circuit_fn, case.n_qubits, observables=case.observables, **case.options
        )

        def loss(x: Any, w: Any) -> Any:
            y = f(x, w)
            cotangent = jnp.asarray(case.cotangent or [1.0] * y.shape[0])
            return ((jnp.exp(y) if case.through_exp else y) * cotangent).sum()

        x, w = jnp.asarray(case.point, float), jnp.asarray(case.weights, float)
        by_x, by_w = jax.grad(loss, (0, 1))(x, w)
        check(case, f(x, w).tolist(), by_x.tolist(), by_w.tolist())

    @each_perturbed
    def test_published_perturbations(self, case: Perturbed) -> None:
        f = quantum_function(
            case.circuit_fn, 2, observables=case.observables, gradient=case.gradient, seed=1
        )
        case.check(jax.grad(lambda x: f(x, jnp.zeros(0)).sum())(jnp.asarray(case.point)))


class TestVmap:
    def test_over_inputs_weights_and_both(self) -> None:
        f, x, w = make(), features(5, 2, 3), weights(5)
        close(jax.vmap(f, (0, None))(x, w[0]), f(x, w[0]))
        close(jax.vmap(f, (1, None))(x.swapaxes(0, 1), w[0]), f(x, w[0]))
        close(jax.vmap(f, (None, 0))(x[0], w), jnp.stack([f(x[0], row) for row in w]))
        close(jax.vmap(f)(x, w), jnp.stack([f(x[i], w[i]) for i in range(5)]))

    def test_over_nothing(self) -> None:
        f, x, w = make(), features(0, 3), weights()
        slope = jax.grad(lambda w, x: f(x, w).sum())
        assert jax.jit(jax.vmap(f, (0, None)))(x, w).shape == (0, 2)
        assert jax.vmap(slope, (None, 0))(w, x).shape == (0, *w.shape)
        assert jax.vmap(slope, (0, None))(weights(0), features(4, 3)).shape == (0, *w.shape)

    def test_per_sample_gradients(self) -> None:
        f, x, w = make(), features(4, 3), weights()
        grad = jax.grad(lambda x, w: (f(x, w) ** 2).sum(), (0, 1))
        found = jax.jit(jax.vmap(grad, (0, None)))(x, w)
        rows = [grad(row, w) for row in x]
        close(found, jax.tree.map(lambda *parts: jnp.stack(parts), *rows))


class TestShots:
    def test_unbiased(self) -> None:
        exact, noisy = make(), make(shots=200, seed=5)
        x, w = jnp.tile(features(1, 3), (400, 1)), weights()
        assert np.allclose(noisy(x, w).mean(0), exact(x[0], w), atol=0.02)
        found = jax.jit(jax.grad(lambda w: noisy(x, w).mean(0).sum()))(w)
        assert np.allclose(found, jax.grad(lambda w: exact(x[0], w).sum())(w), atol=0.06)

    def test_keys_and_seeds_repeat(self) -> None:
        f, g, x, w = make(shots=50, seed=3), make(shots=50, seed=3), features(4, 3), weights()
        first, second = f(x, w), f(x, w)
        assert not np.array_equal(first, second)
        assert np.array_equal(first, g(x, w))
        key, other = jax.random.split(jax.random.key(0))
        assert np.array_equal(f(x, w, key=key), jax.jit(f)(x, w, key=key))
        assert not np.array_equal(f(x, w, key=key), f(x, w, key=other))


class TestErrors:
    @pytest.mark.parametrize(
        ("action", "code", "message"),
        [
            (lambda: make()(features(4, 2), weights()), "QS601", "reads 3 features, inputs have 2"),
            (lambda: make()(features(4, 3) + 0j, weights()), "QS602", "got complex128"),
            (lambda: make()(features(4, 3), weights()[:5]), "QS602", r"shape \(6,\).*got \(5,\)"),
            (lambda: make()(features(4, 3)), "QS602", r"got None"),
            (lambda: make()(features(4, 3), {"w": weights()}), "QS602", "keys .'weights'., got"),
            (lambda: make(observables=["ZZ"]), "QS107", "ZZ"),
            (lambda: make(backend="lightning.gpu", strict=True), "QS604", "lightning.gpu"),
        ],
    )
    def test_codes(self, action: Callable[[], object], code: str, message: str) -> None:
        with pytest.raises(QStoreError, match=message) as caught:
            action()
        assert caught.value.code == code


def test_training_learns() -> None:
    """A step compiled as a whole, with everything inside."""
    f = quantum_function(n_qubits=2, depth=2, observables=["Z0"])
    x = features(16, 2)
    target = jnp.sin(2 * x[:, :1]) * 0.5

    @jax.jit
    def step(w: Any) -> Any:
        loss, grad = jax.value_and_grad(lambda w: ((f(x, w) - target) ** 2).mean())(w)
        return w - 0.5 * grad, loss

    w = f.init(jax.random.key(1))
    losses = []
    for _ in range(30):
        w, loss = step(w)
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]
    assert f.metrics()["circuits_per_second"] > 0


def test_its_circuit_can_be_drawn_and_counted() -> None:
    assert make().circuit.count_ops()["crz"] == 3
