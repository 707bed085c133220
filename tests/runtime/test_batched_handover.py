"""Final states that go from a forward call to its backward call without a copy."""

from __future__ import annotations

import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from q_store.qir.diagnostics import QStoreError
from q_store.runtime.batched.engine import BatchedProgram
from q_store.runtime.batched.handover import SPARE, FinalStates, Spare
from q_store.torch import QuantumLayer
from tests.runtime.batched_reference import random_circuit

N = 6
"""Qubits from which layers keep states."""


@pytest.fixture(name="program")
def _program() -> BatchedProgram:
    rng = np.random.default_rng(3)
    return BatchedProgram(random_circuit(rng, N, 60, 2, 3).executable(), np.float64, threads=2)


def numbers(program: BatchedProgram, batch: int = 20) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(4)
    g = rng.normal(size=(batch, program.n_outputs))
    return rng.normal(size=(batch, 2)), rng.normal(size=3), g


def same(found: Any, wanted: Any) -> None:
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_states_serve_once_and_gradients_stay(program: BatchedProgram) -> None:
    x, w, g = numbers(program)
    wanted = program.value_and_vjp(x, w, g)[1:]
    _, kept = program.forward(x, w, keep_state=True)
    assert kept is not None
    same(program.backward(kept, x, w, g), wanted)
    assert kept.take() is None
    same(program.backward(kept, x, w, g), wanted)


def test_the_backward_call_really_starts_from_them(program: BatchedProgram) -> None:
    """Without the states of the right inputs the gradients would be those of other inputs."""
    x, w, g = numbers(program)
    _, other = program.forward(x + 0.5, w, keep_state=True)
    assert not np.allclose(program.backward(other, x, w, g)[1], program.backward(None, x, w, g)[1])


def test_states_of_another_batch_are_refused(program: BatchedProgram) -> None:
    x, w, g = numbers(program, 40)
    _, kept = program.forward(x[:3], w, keep_state=True)
    with pytest.raises(QStoreError, match="saved must have shape") as caught:
        program.backward(kept, x, w, g)
    assert caught.value.code == "QS531"


def test_memory_comes_back_after_use_and_after_neglect(program: BatchedProgram) -> None:
    x, w, g = numbers(program)
    _, kept = program.forward(x, w, keep_state=True)
    place = kept.memory().ctypes.data
    program.backward(kept, x, w, g)
    _, again = program.forward(x, w, keep_state=True)
    assert again.memory().ctypes.data == place
    del again  # Nobody ever runs backward.
    gc.collect()
    _, third = program.forward(x, w, keep_state=True)
    assert third.memory().ctypes.data == place


def test_states_alive_together_do_not_share_memory(program: BatchedProgram) -> None:
    x, w, g = numbers(program)
    wanted = [program.value_and_vjp(x + shift, w, g)[1:] for shift in (0.0, 1.0, 2.0)]
    kept = [program.forward(x + shift, w, keep_state=True)[1] for shift in (0.0, 1.0, 2.0)]
    for shift in (2.0, 0.0, 1.0):
        at = int(shift)
        same(program.backward(kept[at], x + shift, w, g), wanted[at])


def test_spare_memory_is_bounded() -> None:
    spare = Spare(limit=4096)
    states = [FinalStates((1, 16, 2, 4), np.dtype(np.float64), spare) for _ in range(10)]
    assert states[0].memory().size == 1024
    states.clear()
    assert 0 < spare.held <= 4096
    huge = FinalStates((1, 1024, 2, 4), np.dtype(np.float64), spare)
    del huge
    assert spare.held <= 4096


def test_threads_keep_their_states_apart(program: BatchedProgram) -> None:
    x, w, g = numbers(program)
    wanted = [program.value_and_vjp(x + k, w, g)[1:] for k in range(4)]

    def work(k: int) -> bool:
        for _ in range(50):
            _, kept = program.forward(x + k, w, keep_state=True)
            same(program.backward(kept, x + k, w, g), wanted[k])
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
def test_a_fork_between_forward_and_backward(program: BatchedProgram) -> None:
    x, w, g = numbers(program)
    wanted = program.value_and_vjp(x, w, g)[1:]
    _, kept = program.forward(x, w, keep_state=True)
    child = os.fork()
    if child == 0:
        found = program.backward(kept, x, w, g)
        equal = all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
        os._exit(0 if equal else 1)
    same(program.backward(kept, x, w, g), wanted)
    assert os.waitpid(child, 0)[1] == 0


# --- in the torch layer ------------------------------------------------------------------------


def layer() -> QuantumLayer:
    return QuantumLayer(n_qubits=N, depth=2, dtype=torch.float64, seed=1)


def features() -> torch.Tensor:
    return torch.rand(5, N, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def test_a_graph_that_is_kept_runs_backward_again() -> None:
    module, x = layer(), features().requires_grad_()
    y = module(x)
    first = torch.autograd.grad(y.sum(), (x, module.weights), retain_graph=True)
    second = torch.autograd.grad(y.sum(), (x, module.weights), retain_graph=True)
    third = torch.autograd.grad((2 * y).sum(), (x, module.weights))
    for a, b, c in zip(first, second, third, strict=True):
        assert torch.equal(a, b)
        assert torch.allclose(2 * a, c, atol=1e-14)


def test_backward_through_the_gradient_after_a_plain_backward() -> None:
    module, x = layer(), features()[:1].requires_grad_()
    y = module(x).sum()
    (plain,) = torch.autograd.grad(y, x, retain_graph=True)
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    assert torch.allclose(slope, plain, atol=1e-12)
    (second,) = torch.autograd.grad(slope.sum(), x)
    step = 1e-5
    up, down = [
        torch.autograd.grad(module(x + s * torch.ones_like(x)).sum(), x)[0].sum()
        for s in (step, -step)
    ]
    assert second.sum().item() == pytest.approx(((up - down) / (2 * step)).item(), abs=1e-6)


def test_graphs_that_never_run_backward_leave_nothing_behind() -> None:
    module, x = layer(), features()
    module(x)
    gc.collect()
    held = SPARE.held
    for _ in range(50):
        module(x)
    gc.collect()
    assert SPARE.held == held
