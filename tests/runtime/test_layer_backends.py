"""Layers on every backend: values, gradients, settings, copies."""

import copy
import pickle

import numpy as np
import pytest
import torch

from q_store import QStoreError, SimulatorConfig, configure
from q_store.runtime import config
from q_store.torch import QuantumLayer

CONFIGS = (
    "qsim",
    "lightning.qubit",
    "aer",
    SimulatorConfig("aer", method="density_matrix", precision="double"),
    SimulatorConfig("lightning.qubit", precision="double", batch_size=2),
    SimulatorConfig("qsim", precision="single", fusion=3, threads=1),
)


@pytest.fixture(autouse=True)
def _fresh():
    yield
    config.reset()


def circuit_fn(circuit, inputs, weights):
    for q in range(3):
        circuit.ry(q, inputs[q]).rx(q, weights[q] * inputs[0])
    circuit.cx(0, 1).cx(1, 2).crz(2, 0, weights[3])


def layer(backend: object = None, **settings: object) -> QuantumLayer:
    settings = {"observables": ["Z0", "X1 Y2 + 0.5*Z1"], "seed": 3, **settings}
    return QuantumLayer(circuit_fn, 3, backend, **settings)


def inputs() -> torch.Tensor:
    return torch.linspace(-1, 1, 15).reshape(5, 3).requires_grad_()


def name_of(backend: object) -> str:
    return backend.backend if isinstance(backend, SimulatorConfig) else str(backend)


@pytest.mark.parametrize("backend", CONFIGS, ids=str)
@pytest.mark.parametrize("output", ["expval", "probs"])
def test_values_and_gradients_are_those_of_the_embedded_engine(backend: object, output: str):
    observables = ["Z0", "X1 Y2 + 0.5*Z1"] if output == "expval" else None
    found = []
    for name in ("batched", backend):
        made, x = layer(name, observables=observables, output=output), inputs()
        values = made(x)
        (values * torch.arange(values.shape[-1])).sum().backward()
        found.append((values, x.grad, made.weights.grad))
    for mine, theirs in zip(*found, strict=True):
        assert torch.allclose(mine, theirs, atol=2e-5)
        assert mine.dtype is theirs.dtype is torch.float32


@pytest.mark.parametrize("backend", CONFIGS, ids=str)
def test_what_ran_is_told_and_copies_run_there_too(backend: object) -> None:
    made = layer(backend)
    wanted = made(inputs())
    assert made.resolved_backend == name_of(backend)
    assert made.metrics()[f"backend_{name_of(backend)}"] == 1.0
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin.resolved_backend == name_of(backend)
        assert torch.allclose(twin(inputs()), wanted, atol=1e-6)


def test_second_derivatives_on_another_backend() -> None:
    values = []
    for backend in ("batched", "lightning.qubit"):
        made, x = layer(backend, dtype=torch.float64), inputs().double().detach().requires_grad_()
        (slope,) = torch.autograd.grad(made(x).sum(), x, create_graph=True)
        values.append(torch.autograd.grad(slope.square().sum(), x)[0])
    assert torch.allclose(values[0], values[1], atol=1e-9)


@pytest.mark.parametrize("backend", ["qsim", "lightning.qubit", "aer"])
def test_a_seed_draws_the_same_bits_everywhere(backend: str) -> None:
    settings = {"output": "samples", "shots": 50, "observables": None}
    wanted = layer("batched", **settings)(inputs())
    assert (layer(backend, **settings)(inputs()) == wanted).all()


def test_integers_of_numpy_are_seeds_and_settings() -> None:
    numpys = SimulatorConfig("batched", threads=np.int64(2), seed=np.uint8(5))
    assert numpys == SimulatorConfig("batched", threads=2, seed=5)
    assert type(numpys.seed) is int
    one, two = (layer("batched", shots=9, seed=seed) for seed in (3, np.int64(3)))
    assert type(two.seed) is int
    assert torch.equal(one(inputs()), two(inputs()))


def test_the_default_of_configure() -> None:
    configure(default_backend=SimulatorConfig("lightning.qubit", batch_size=3))
    made = layer()
    assert made.resolved_backend == "lightning.qubit"
    assert made.core.backend_config == {"backend": "lightning.qubit", "batch_size": 3}
    assert layer("batched").resolved_backend == "batched"
    again = layer(made.core.backend_config)
    assert torch.equal(again(inputs()), made(inputs()))


def test_many_qubits_on_auto_say_what_ran() -> None:
    made = QuantumLayer(None, 14, observables=["Z0"], in_features=14)
    assert made.resolved_backend == "batched"
    made(torch.rand(1, 14)).sum().backward()
    assert made.resolved_backend in ("batched", "lightning.qubit", "qsim")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"seed": "7"}, "QS626"),
        ({"seed": 2**62}, "QS626"),
        ({"seed": 1.5}, "QS626"),
        ({"seed": -1}, "QS626"),
        ({"backend": 7}, "QS620"),
        ({"backend": {"backend": "qsim", "fusions": 3}}, "QS620"),
        ({"backend": "lightning.gpu", "strict": True}, "QS604"),
        ({"backend": SimulatorConfig("qsim", device="GPU"), "strict": True}, "QS623"),
    ],
    ids=str,
)
def test_what_is_refused(settings: dict, code: str) -> None:
    with pytest.raises(QStoreError) as caught:
        layer(**settings)
    assert caught.value.code == code
