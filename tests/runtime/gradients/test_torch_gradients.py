"""The torch layer with every gradient method."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from q_store import GradientConfig, gradients
from q_store.qir.diagnostics import QStoreError
from q_store.torch import QuantumLayer
from tests.runtime.gradients.differentiating import example

EXACT = ("adjoint", "parameter_shift", "hadamard")
SPSA = GradientConfig("spsa", samples=3000)


def make(**options: Any) -> QuantumLayer:
    options.setdefault("dtype", torch.float64)
    return QuantumLayer(example, 3, seed=1, **options)


def inputs(*shape: int, grad: bool = True) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_(grad)


def both(layer: QuantumLayer, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Gradients of a loss for inputs and weights."""
    loss = (layer(x) * torch.arange(1.0, 4.0)).sum()
    return torch.autograd.grad(loss, (x, layer.weights))


@pytest.mark.parametrize(
    ("gradient", "tolerance"),
    [*[(name, 1e-9) for name in EXACT], ("finite_diff", 1e-5), (SPSA, 0.4)],
    ids=str,
)
def test_gradients_of_inputs_and_weights(gradient: Any, tolerance: float) -> None:
    x = inputs(2, 3, 2)
    for found, wanted in zip(both(make(gradient=gradient), x), both(make(), x), strict=True):
        assert torch.allclose(found, wanted, atol=tolerance)


@pytest.mark.parametrize("gradient", EXACT)
def test_exact_methods_differentiate_any_number_of_times(gradient: str) -> None:
    layer, x = make(gradient=gradient), inputs(2, 2)
    assert torch.autograd.gradcheck(layer, x)
    assert torch.autograd.gradgradcheck(layer, x)


@pytest.mark.parametrize(
    "options", [{"gradient": "spsa"}, {"gradient": "natural"}, {"shots": 10}], ids=str
)
def test_estimates_are_differentiated_once(options: dict[str, Any]) -> None:
    layer, x = make(**options), inputs(2, 2)
    (slope,) = torch.autograd.grad(layer(x).sum(), x, create_graph=True)
    with pytest.raises(QStoreError, match="gives first derivatives only") as problem:
        slope.sum().backward()
    assert problem.value.code == "QS645"


def test_functional_transforms_of_estimates() -> None:
    layer, exact, x = make(gradient="finite_diff"), make(), inputs(4, 2, grad=False)

    def loss(model: QuantumLayer) -> Any:
        return lambda row: model(row).sum()

    whole = torch.func.grad(loss(exact))(x)
    assert torch.allclose(torch.func.grad(loss(layer))(x), whole, atol=1e-6)
    assert torch.allclose(torch.func.vmap(torch.func.grad(loss(layer)))(x), whole, atol=1e-6)
    weights = dict(layer.named_parameters())

    def of_weights(weights: dict[str, torch.Tensor], model: QuantumLayer) -> torch.Tensor:
        return torch.func.functional_call(model, weights, (x,)).sum(0)

    found, wanted = (torch.func.jacrev(of_weights)(weights, m) for m in (layer, exact))
    assert torch.allclose(found["weights"], wanted["weights"], atol=1e-6)


# Dynamo itself looks at `.grad` of what comes back from the break in its graph.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
def test_compiled_estimates_draw_anew() -> None:
    layer = make(shots=5)
    x = inputs(3, 2, grad=False)
    layer(x)
    compiled = torch.compile(layer, backend="eager")
    first, second = compiled(x), compiled(x)
    assert not torch.equal(first, second)
    first.sum().backward()
    assert layer.weights.grad is not None


@pytest.mark.parametrize("gradient", ["spsa", "hadamard", "parameter_shift"])
def test_shots_of_other_methods_are_unbiased(gradient: str) -> None:
    layer, x = make(gradient=gradient, shots=300), inputs(2, 2)
    runs = torch.stack([both(layer, x)[1] for _ in range(200)])
    error = runs.std(0) / len(runs) ** 0.5
    bias = 0.02 if gradient == "spsa" else 0.0
    assert torch.all((runs.mean(0) - both(make(), x)[1]).abs() < 4.5 * error + bias)


def test_a_seed_repeats_random_directions() -> None:
    x = inputs(2, 2)
    first, second, other = (both(make(gradient="spsa"), x)[1] for _ in range(3))
    assert torch.equal(first, second)
    assert torch.equal(first, other)
    layer = make(gradient="spsa")
    assert not torch.equal(both(layer, x)[1], both(layer, x)[1])


def test_a_natural_step() -> None:
    layer, plain, x = make(gradient=GradientConfig("natural", metric="full")), make(), inputs(5, 2)
    by_input, by_weight = both(plain, x)
    natural_input, natural = both(layer, x)
    assert torch.allclose(natural_input, by_input)
    step = gradients.natural_gradient(plain, by_weight, x, metric="full")
    assert np.allclose(step, natural.numpy())
    torch.optim.SGD(layer.parameters(), lr=0.1).step()


def test_metrics_tell_the_variance_of_what_training_gets() -> None:
    for gradient in ("spsa", "natural", "finite_diff", "parameter_shift", "hadamard"):
        layer = make(gradient=gradient)
        for _ in range(2):
            layer.zero_grad()
            layer(inputs(3, 2, grad=False)).sum().backward()
        layer.metrics(reset=True)
        layer.zero_grad()
        layer(inputs(3, 2, grad=False)).sum().backward()
        usage = layer.core.usage
        found = layer.metrics()
        assert found["gradient_variance"] == pytest.approx(layer.weights.grad.numpy().var())
        assert (usage.calls, usage.gradients) == (1, 1)
        assert found["circuit_ms"] > 0


def test_spsa_costs_two_circuits_per_direction() -> None:
    layer = make(gradient=GradientConfig("spsa", samples=4))
    layer(inputs(3, 2)).sum().backward()
    assert layer.core.usage.circuits == 3 * (1 + 2 * 4)


def test_it_travels() -> None:
    config = GradientConfig("finite_diff", epsilon=0.25)
    layer, x = make(gradient={"method": "finite_diff", "epsilon": 0.25}), inputs(2, 2)
    assert layer.gradient == config
    assert layer.resolved_gradient == "finite_diff"
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    for other in (
        pickle.loads(pickle.dumps(layer)),
        torch.load(buffer, weights_only=False),
    ):
        assert other.gradient == config
        for a, b in zip(both(other, x), both(layer, x), strict=True):
            assert torch.equal(a, b)


def test_auto() -> None:
    assert make().resolved_gradient == "adjoint"
    assert make(shots=10).resolved_gradient == "parameter_shift"
    assert make().gradient == GradientConfig()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"gradient": "parameter_shfit"}, "QS640"),
        ({"gradient": {"method": "adjoint", "samples": 3}}, "QS641"),
        ({"gradient": "adjoint", "shots": 10}, "QS642"),
        ({"gradient": "spsa", "output": "samples", "shots": 10}, "QS642"),
        ({"gradient": "spsa", "output": "state"}, "QS642"),
        ({"gradient": GradientConfig("natural", metric="full"), "shots": 3}, "QS642"),
        ({"gradient": "hadamard", "noise": "aria-1"}, "QS643"),
    ],
    ids=str,
)
def test_refusals(options: dict[str, Any], code: str) -> None:
    with pytest.raises(QStoreError) as problem:
        make(**options)
    assert problem.value.code == code


def test_questions_to_a_layer() -> None:
    layer, x = make(), inputs(2, 2)
    found = gradients.jacobian(layer, x)
    assert np.allclose(found.values, layer(x).detach().numpy())
    loss = np.arange(1.0, 4.0)
    by_input, by_weight = both(layer, x)
    assert np.allclose(np.einsum("bwf,w->bf", found.inputs, loss), by_input)
    assert np.allclose(np.einsum("bwp,w->p", found.weights, loss), by_weight)
    second = torch.autograd.functional.hessian(lambda row: layer(row)[:, 1].sum(), x[:1].detach())
    assert np.allclose(gradients.hessian(layer, x)[0, 1, :2, :2], second.reshape(2, 2))
    assert gradients.metric_tensor(layer, x).shape == (4, 4)
