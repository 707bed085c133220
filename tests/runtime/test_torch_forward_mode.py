"""Forward mode in torch: alone, in every nesting with reverse mode, and for states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch.func import hessian, jacfwd, jacrev, jvp, vmap

from q_store.qir.diagnostics import QStoreError
from q_store.torch import QuantumLayer

# torch's own forward mode makes its first rules with TorchScript, which is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
    """Shared, scaled and product parameters; gates of one and two frequencies."""
    circuit.ry(0, x[0]).crz(0, 1, w[0]).rx(1, x[0] * w[1]).cx(0, 1).ry(1, 2 * w[2]).rx(0, w[0])


def make(**options: Any) -> QuantumLayer:
    return QuantumLayer(circuit_fn, 2, dtype=torch.float64, seed=1, **options)


X = torch.linspace(0.2, 1.1, 3, dtype=torch.float64)[:, None]
W = torch.tensor([0.4, 1.3, -0.7], dtype=torch.float64)
LAYER = make()


def loss(w: Tensor) -> Tensor:
    return LAYER(X, weights=w).pow(2).sum()


@pytest.mark.parametrize("options", [{}, {"output": "probs"}, {"noise": "aria-1"}], ids=str)
def test_jacobians_of_both_modes_agree(options: dict[str, Any]) -> None:
    layer = make(**options)
    for function, at in ((layer, X), (lambda w: layer(X, weights=w), W)):
        assert torch.allclose(jacfwd(function)(at), jacrev(function)(at), atol=1e-12)


def test_torch_checks_the_gradients() -> None:
    layer = LAYER
    at = X.clone().requires_grad_(), W.clone().requires_grad_()

    def function(x: Tensor, w: Tensor) -> Tensor:
        return layer(x, weights=w)

    assert torch.autograd.gradcheck(
        function, at, check_forward_ad=True, check_batched_forward_grad=True
    )
    assert torch.autograd.gradgradcheck(function, at, check_fwd_over_rev=True)


def test_dual_numbers() -> None:
    layer, ones = LAYER, torch.ones_like(X)
    wanted = jvp(layer, (X,), (ones,))[1]
    with forward_ad.dual_level():
        found = forward_ad.unpack_dual(layer(forward_ad.make_dual(X, ones))).tangent
    assert torch.allclose(found, wanted, atol=1e-14)


def test_weights_of_each_sample() -> None:
    layer, w = LAYER, W + torch.arange(3.0, dtype=torch.float64)[:, None]
    found = jvp(lambda w: layer(X, weights=w), (w,), (torch.ones_like(w),))[1]
    rows = [
        jvp(lambda row, i=i: layer(X[i], weights=row), (w[i],), (torch.ones(3).double(),))[1]
        for i in range(3)
    ]
    assert torch.allclose(found, torch.stack(rows), atol=1e-14)


MODES: dict[str, Callable[..., Any]] = {"f": jacfwd, "r": jacrev}


@pytest.mark.parametrize("order", ["fr", "rf", "ff", "rr"])
def test_second_derivatives_in_every_nesting(order: str) -> None:
    found: Any = loss
    for mode in reversed(order):
        found = MODES[mode](found)
    assert torch.allclose(found(W), torch.autograd.functional.hessian(loss, W), atol=1e-12)


@pytest.mark.parametrize("order", ["frr", "rfr", "frf", "ffr", "fff", "rff"])
def test_third_derivatives_in_every_nesting(order: str) -> None:
    found: Any = loss
    for mode in reversed(order):
        found = MODES[mode](found)
    assert torch.allclose(found(W), jacrev(jacrev(jacrev(loss)))(W), atol=1e-11)


def test_hessians_of_every_sample() -> None:
    layer = LAYER
    found = vmap(hessian(lambda x: layer(x).sum()))(X)
    rows = [torch.autograd.functional.hessian(lambda x: layer(x).sum(), row) for row in X]
    assert torch.allclose(found, torch.stack(rows), atol=1e-12)


def test_states_under_transforms() -> None:
    layer = make(output="state")
    assert torch.allclose(vmap(layer)(X), layer(X), atol=1e-14)

    def chance(w: Tensor) -> Tensor:
        return layer(X, weights=w)[:, 1].abs().square()

    wanted = torch.autograd.functional.jacobian(chance, W)
    assert torch.allclose(jacrev(chance)(W), wanted, atol=1e-12)
    assert torch.allclose(jacfwd(chance)(W), wanted, atol=1e-12)


def test_samples_under_vmap() -> None:
    layer = make(output="samples", shots=4000)
    bits = vmap(layer, randomness="different")(X)
    assert bits.shape == (3, 4000, 2)
    assert bits.dtype is torch.uint8
    probs = make(output="probs")(X)
    counts = torch.stack(
        [(bits.long() @ torch.tensor([2, 1]) == k).double().mean(1) for k in range(4)], 1
    )
    assert torch.allclose(counts, probs, atol=0.04)


@pytest.mark.parametrize("options", [{"shots": 10}, {"gradient": "spsa"}], ids=str)
def test_estimates_have_no_forward_mode(options: dict[str, Any]) -> None:
    with pytest.raises(QStoreError, match="is differentiated in reverse mode only") as problem:
        jvp(make(**options), (X,), (X,))
    assert problem.value.code == "QS645"


def test_an_empty_batch() -> None:
    nothing = torch.zeros(0, 1, dtype=torch.float64)
    assert jacfwd(lambda w: LAYER(nothing, weights=w))(W).shape == (0, 2, 3)
