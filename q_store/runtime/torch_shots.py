"""Parameter-shift gradients and finite shots for the torch layer.

With shots, every Pauli word of every observable is measured on its own, `shots` times: its
estimate is a binomial draw around the exact expectation value, which is the exact distribution of
that experiment. Gradients come from the same experiment at shifted slots (Schuld et al.,
arXiv:1811.11184), so they are unbiased.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from q_store.runtime.function import CircuitFunction
from q_store.runtime.slots import slot_map


def sampled_expvals(
    function: CircuitFunction, inputs: Tensor, weights: Tensor, shots: int | None, seed: int
) -> Tensor:
    """Expectation values (B, width), exact when `shots` is None, with parameter-shift gradients."""
    slots = slot_map(function)
    device = inputs.device
    values: Tensor = _Shifted.apply(
        slots.slots(inputs.cpu(), weights.cpu()), slots.function, _Shots(shots, seed)
    )
    return values.to(device)


class _Shots:
    """How to estimate: exactly, or with this many shots from this stream of random numbers."""

    def __init__(self, shots: int | None, seed: int) -> None:
        self.shots = shots
        self.random = np.random.default_rng(seed)

    def estimate(self, function: CircuitFunction, slots: np.ndarray) -> np.ndarray:
        """Estimates (B, width) of the outputs at slots (B, S)."""
        nothing = np.empty(0, function.dtype)
        if self.shots is None:
            return function.forward(slots, nothing, False)[0]
        words = function.words
        exact = words.program.expvals(slots, nothing)
        up = self.random.binomial(self.shots, np.clip((1 + exact) / 2, 0, 1))
        estimates = 2 * up / self.shots - 1
        return np.asarray(estimates @ words.coefficients, dtype=function.dtype)


class _Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slots: Tensor, function: CircuitFunction, shots: _Shots) -> Tensor:
        ctx.function, ctx.shots = function, shots
        ctx.save_for_backward(slots)
        return torch.from_numpy(shots.estimate(function, slots.detach().numpy()))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        (slots,) = ctx.saved_tensors
        batch, n = slots.shape
        shift = torch.eye(n, dtype=slots.dtype) * (math.pi / 2)
        moved = (slots[:, None, None, :] + torch.stack([shift, -shift])).reshape(-1, n)
        found = ctx.shots.estimate(ctx.function, moved.numpy()).reshape(batch, 2, n, -1)
        jacobian = torch.from_numpy((found[:, 0] - found[:, 1]) / 2)
        return torch.einsum("be,bse->bs", grads[0], jacobian), None, None
