"""Noisy circuits in layers and circuit functions, and on backends that cannot run them."""

import copy
import pickle

import numpy as np
import pytest
import torch

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.runtime.backend import load
from q_store.runtime.function import CircuitFunction, function_from_text
from q_store.runtime.noise import NoiseModel, noisy
from q_store.runtime.plain import plain_operations
from q_store.runtime.simulator_config import SimulatorConfig
from q_store.runtime.slots import slot_map
from q_store.targets.lower import lower
from q_store.torch import QuantumLayer

MODEL = NoiseModel.depolarizing(0.01, 0.05, readout=(0.02, 0.1))
TRAJECTORIES = SimulatorConfig(trajectories=50)


def circuit(c, x, w):
    for q in range(3):
        c.rx(q, x[q])
    c.ry(0, w[0]).cx(0, 1).rzz(1, 2, w[1]).ccx(0, 1, 2).amplitude_damping(0, 0.1)
    c.h(1).measure(1, bit="m").if_bit("m", QuantumCircuit(3).ry(2, 2 * w[0]).x(1)).rx(2, w[1])
    return c


def layer(**options):
    return QuantumLayer(circuit, 3, seed=3, dtype=torch.float64, **options)


X = torch.tensor([[0.3, 0.8, 1.2], [-0.5, 0.1, 2.0]], dtype=torch.float64)


def gradients(module):
    x = X.clone().requires_grad_()
    values = module(x)
    (values * torch.arange(1, 4)).sum().backward()
    return values.detach(), x.grad, module.weights.grad


def test_noise_of_a_layer_is_noise_of_its_circuit():
    traced = layer()
    by_hand = QuantumLayer(noisy(traced.func, MODEL), 3, seed=3, dtype=torch.float64)
    for mine, theirs in zip(gradients(layer(noise=MODEL)), gradients(by_hand), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-10, rtol=0)


def test_encodings_are_noisy_too():
    pure = QuantumLayer(None, 2, seed=3, dtype=torch.float64)
    noise = NoiseModel(one_qubit=[("depolarizing", 0.3)])
    noisy_layer = QuantumLayer(None, 2, seed=3, dtype=torch.float64, noise=noise)
    gates_on_a_wire = 4  # the encoding, RX, RY and RZ
    shrunk = pure(X[:, :2])[:, :1] * (1 - 0.4) ** gates_on_a_wire
    torch.testing.assert_close(noisy_layer(X[:, :2])[:, :1], shrunk, atol=1e-7, rtol=0)


def test_parameter_shift_gives_the_adjoint_gradients():
    """Conditional gates are shifted in their bodies."""
    exact, shifted = (
        gradients(layer(noise=MODEL)),
        gradients(layer(noise=MODEL, gradient="parameter_shift")),
    )
    for mine, theirs in zip(shifted, exact, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-10, rtol=0)


def test_second_derivatives():
    module = layer(noise=MODEL)
    x = X[:1].clone().requires_grad_()

    def loss(weights):
        return module(x, weights=weights).sum()

    hessian = torch.autograd.functional.hessian(loss, module.weights.detach())
    step, numeric = 1e-4, []
    for axis in torch.eye(2, dtype=torch.float64):
        slopes = []
        for sign in (1, -1):
            w = (module.weights.detach() + sign * step * axis).requires_grad_()
            slopes.append(torch.autograd.grad(loss(w), w)[0])
        numeric.append((slopes[0] - slopes[1]) / (2 * step))
    torch.testing.assert_close(hessian, torch.stack(numeric), atol=1e-6, rtol=0)


@pytest.mark.parametrize("backend", ["auto", TRAJECTORIES], ids=["exact", "trajectories"])
def test_shots_samples_and_seeds(backend):
    def run():
        shots = layer(noise=MODEL, shots=100, backend=backend)
        samples = layer(noise=MODEL, output="samples", shots=7, backend=backend)
        return [*gradients(shots), samples(X), shots(X)]

    first, second = run(), run()
    assert first[3].shape == (2, 7, 3)
    assert (first[0] != first[4]).any()
    for mine, theirs in zip(first, second, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_trajectories_follow_the_seed_of_the_layer():
    first, second = [gradients(layer(noise=MODEL, backend=TRAJECTORIES)) for _ in range(2)]
    exact = gradients(layer(noise=MODEL))
    for mine, again, wanted in zip(first, second, exact, strict=True):
        torch.testing.assert_close(mine, again, rtol=0, atol=0)
        assert (mine - wanted).abs().max() < 3
    assert (first[0] != exact[0]).any()


def test_probabilities_and_density_matrices():
    probs = layer(noise=MODEL, output="probs")(X)
    torch.testing.assert_close(probs.sum(1), torch.ones(2, dtype=torch.float64))
    matrices = layer(noise=NoiseModel.depolarizing(0.01, 0.05), output="state")
    x = X.clone().requires_grad_()
    rho = matrices(x)
    assert rho.shape == (2, 8, 8)
    purity = torch.einsum("bij,bji->b", rho, rho).real
    assert ((purity > 0.2) & (purity < 0.95)).all()
    purity.sum().backward()
    step = 1e-5
    shift = torch.zeros_like(X)
    shift[0, 1] = step
    found = [matrices(X + sign * shift) for sign in (1, -1)]
    up, down = [torch.einsum("bij,bji->b", r, r).real.sum() for r in found]
    assert x.grad[0, 1].item() == pytest.approx(((up - down) / (2 * step)).item(), abs=1e-7)


def test_copies_and_pickles_keep_the_noise():
    module = layer(noise=MODEL)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other(X), module(X))


def test_metrics_count_noisy_circuits():
    module = layer(noise=MODEL, shots=10)
    module(X).sum().backward()
    found = module.metrics()
    assert found["circuits_per_second"] > 0
    assert found["gradient_variance"] > 0


def test_a_function_travels_as_text():
    made = CircuitFunction(
        layer(noise=MODEL).core.function(3, "float64").func, "float64", "batched"
    )
    other = function_from_text(made.text)
    x, w = X.numpy(), np.array([0.3, 0.4])
    np.testing.assert_array_equal(made.forward(x, w, False)[0], other.forward(x, w, False)[0])


def test_slots_reach_into_bodies():
    made = CircuitFunction(layer().core.function(3, "float64").func, "float64", "batched")
    function = slot_map(made).function
    assert function.n_inputs >= 7
    assert function.n_weights == 0


def test_jax_differentiates_noisy_circuits():
    import jax

    from q_store.jax import quantum_function

    f = quantum_function(circuit, 3, noise=MODEL, seed=3)
    w = layer().weights.detach().numpy().astype(np.float32)
    values, pull = jax.vjp(f, X.numpy().astype(np.float32), w)
    exact = gradients(layer(noise=MODEL))
    np.testing.assert_allclose(values, exact[0], atol=1e-5)
    d_x, d_w = pull(np.broadcast_to(np.arange(1, 4, dtype=np.float32), values.shape))
    np.testing.assert_allclose(d_x, exact[1], atol=1e-4)
    np.testing.assert_allclose(d_w, exact[2], atol=1e-4)
    states = quantum_function(circuit, 3, noise=MODEL, output="state")
    assert states(X.numpy().astype(np.float32), w).shape == (2, 8, 8)


# --- backends ---------------------------------------------------------------------------------


def test_backends_without_noise_name_those_with_it():
    executable = lower(QuantumCircuit(2).h(0).bit_flip(1, 0.1).expval("Z0").to_ir())
    with pytest.raises(QStoreError) as caught:
        load(executable, np.float32, "lightning.qubit")
    assert caught.value.code == "QS540"
    text = str(caught.value)
    assert "n.bit_flip" in text
    assert "lightning.qubit" in text
    assert "batched" in text


def test_measuring_in_the_middle_is_refused_by_name():
    body = QuantumCircuit(2).x(1)
    executable = lower(QuantumCircuit(2).measure(0, bit="c").if_bit("c", body).sample().to_ir())
    with pytest.raises(QStoreError) as caught:
        load(executable, np.float32, "qsim")
    assert caught.value.code == "QS540"
    assert "q.measure" in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"trajectories": 0}, {"trajectories": 1.5}, {"seed": -1}, {"seed": "a"}]
)
def test_wrong_settings_are_refused(options):
    with pytest.raises(QStoreError) as caught:
        SimulatorConfig(**options)
    assert caught.value.code == "QS620"
    assert next(iter(options)) in str(caught.value)


def test_settings_of_trajectories_belong_to_the_embedded_engine():
    with pytest.raises(QStoreError) as caught:
        SimulatorConfig("lightning.qubit", trajectories=10)
    assert caught.value.code == "QS621"


@pytest.mark.parametrize("parts", [{"batch_size": 1}, {"precision": "single"}])
def test_shots_by_trajectories_in_parts_and_other_precisions(parts):
    """Means of k shots are multiples of 2/k, so each shot has a trajectory of its own."""
    config = SimulatorConfig(trajectories=5, **parts)
    found = layer(noise=MODEL, shots=20, backend=config)(X) * 10
    torch.testing.assert_close(found, found.round(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("noise", [MODEL, NoiseModel(readout=0.1)], ids=["channels", "reading"])
def test_plain_operations_refuse_noise(noise):
    made = layer(noise=noise)
    with pytest.raises(QStoreError) as caught, plain_operations():
        torch.export.export(made, (X,))
    assert caught.value.code == "QS540"
    assert "n." in str(caught.value)
