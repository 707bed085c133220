"""What `q_store.runtime.plain` needs of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from q_store.runtime import plain
from q_store.runtime.slots import AnyFunction, Arithmetic
from q_store.runtime.torch_arithmetic import TORCH


class TorchOperations:
    """See `q_store.runtime.plain.Operations`."""

    arithmetic: Arithmetic = TORCH

    def einsum(self, equation: str, *arrays: Tensor) -> Tensor:
        return torch.einsum(equation, *arrays)

    def reshape(self, array: Tensor, shape: Sequence[int]) -> Tensor:
        return array.reshape(tuple(shape))

    def joined(self, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(parts), dim=1)

    def columns(self, array: Tensor, index: Sequence[int]) -> Tensor:
        return array[:, list(index)]

    def cos_sin(self, array: Tensor) -> tuple[Tensor, Tensor]:
        return array.cos(), array.sin()

    def complex(self, real: Tensor, imag: Tensor) -> Tensor:
        return torch.complex(real, imag)

    def conj_real(self, array: Tensor) -> tuple[Tensor, Tensor]:
        return array.conj(), array.real if array.is_complex() else array

    def constant(self, array: Any, like: Tensor) -> Tensor:
        return torch.from_numpy(array.copy()).to(like.dtype)

    def repeated(self, row: Any, like: Tensor) -> Tensor:
        return torch.from_numpy(row).expand(like.shape[0], -1)


OPERATIONS: Final = TorchOperations()


def wanted() -> bool:
    """Whether a graph is traced now that must run without q-store.

    `torch.jit.trace` is one, too: all else it would keep as constants. Dynamo (`torch.compile`, and
    `torch.export` with `strict=True`) cannot ask and gets custom ops.
    """
    if is_traced():
        return True
    if not torch.compiler.is_compiling() or torch.compiler.is_dynamo_compiling():
        return False
    return plain.is_wanted() or plain.is_written_down()


def is_traced() -> bool:
    """Whether `torch.jit.trace` is running."""
    return torch._C._get_tracing_state() is not None


def values(function: AnyFunction, inputs: Tensor, weights: Tensor) -> Tensor:
    """See `q_store.runtime.plain.values`."""
    found: Tensor = plain.values(OPERATIONS, function, inputs, weights)
    return found


def samples(function: AnyFunction, inputs: Tensor, weights: Tensor, shots: int) -> Tensor:
    """Measured bits (B, shots, k), uint8, drawn by torch's generator."""
    probs = plain.sampled_probs(OPERATIONS, function, inputs, weights)
    outcomes = torch.multinomial(probs, shots, replacement=True)
    places = torch.arange(plain.sample_width(function)).flip(0)
    return ((outcomes.unsqueeze(-1) >> places) & 1).to(torch.uint8)
