"""The arithmetic of slots in torch."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from q_store.runtime.program import Real

_NAMES: Final = {"power": "pow"}
"""numpy functions whose torch function has another name."""


class TorchArithmetic:
    """See `q_store.runtime.slots.Arithmetic`."""

    def parameters(self, inputs: Tensor, weights: Tensor) -> Tensor:
        shared = weights.expand(inputs.shape[0], -1) if weights.dim() == 1 else weights
        return torch.cat([inputs, shared], dim=1)

    def affine(self, matrix: Real, const: Real, params: Tensor) -> Tensor:
        # Made from numpy each time: a tensor made while a transform runs must not outlive it.
        return params @ torch.from_numpy(matrix).T + torch.from_numpy(const)

    def derive(self, ufunc: str, args: Tensor, params: Tensor) -> Tensor:
        function: Any = getattr(torch, _NAMES.get(ufunc, ufunc))
        return torch.cat([params, function(*args.unbind(1)).unsqueeze(1)], dim=1)


TORCH: Final = TorchArithmetic()
