"""The torch layer inside torch's own tools: loaders, averaging, parametrizations, export, DDP."""

from __future__ import annotations

import copy
import math
import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from q_store.torch import QuantumLayer, plain_operations


def circuit_fn(circuit: Any, inputs: Any, weights: Any, n_qubits: int) -> None:
    for q in range(n_qubits):
        circuit.ry(q, inputs[q]).rz(q, weights[q])
    for q in range(n_qubits):
        circuit.cx(q, (q + 1) % n_qubits).ry(q, weights[n_qubits + q])


def make(**options: Any) -> QuantumLayer:
    return QuantumLayer(circuit_fn, 2, dtype=torch.float64, seed=1, **options)


class Encoded(Dataset[Tensor]):
    """A data set whose worker runs a quantum layer."""

    def __init__(self, layer: QuantumLayer) -> None:
        self.layer = layer

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return self.layer(torch.full((2,), float(index), dtype=torch.float64)).detach()


# JAX, where some other test has loaded it, warns of its own threads at every fork.
@pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
@pytest.mark.parametrize("context", ["spawn", "fork"])
def test_a_layer_travels_into_loader_workers(context: str) -> None:
    layer = make()
    loader = DataLoader(
        Encoded(layer),
        batch_size=2,
        num_workers=1,
        multiprocessing_context=multiprocessing.get_context(context),
    )
    found = torch.cat(list(loader))
    x = torch.arange(4, dtype=torch.float64)[:, None].expand(4, 2)
    assert torch.allclose(found, layer(x), atol=1e-12)


def test_exponential_moving_average() -> None:
    model = nn.Sequential(nn.Linear(3, 2).double(), make())
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    average.update_parameters(model)
    before = copy.deepcopy(model[1].weights.data)
    with torch.no_grad():
        model[1].weights.add_(1.0)
    average.update_parameters(model)
    x = torch.rand(4, 3, dtype=torch.float64)
    expected = model[1](model[0](x), weights=before + 0.5)
    assert torch.allclose(average(x), expected, atol=1e-12)


def test_tied_weights_receive_both_gradients() -> None:
    first, second = make(), make()
    second.weights = first.weights
    x = torch.rand(3, 2, dtype=torch.float64)
    (second(first(x)).sum()).backward()
    both = first.weights.grad
    assert second.weights.grad is both
    w = first.weights.detach().clone().requires_grad_()
    (expected,) = torch.autograd.grad(second(first(x, weights=w), weights=w).sum(), w)
    assert torch.allclose(both, expected, atol=1e-12)


def test_parametrized_weights() -> None:
    class Wrapped(nn.Module):
        def forward(self, w: Tensor) -> Tensor:
            return math.pi * torch.tanh(w)

    layer = make()
    raw = layer.weights.detach().clone()
    parametrize.register_parametrization(layer, "weights", Wrapped())
    x = torch.rand(3, 2, dtype=torch.float64)
    assert torch.allclose(layer(x), make()(x, weights=math.pi * torch.tanh(raw)), atol=1e-12)
    layer(x).sum().backward()
    assert layer.parametrizations.weights.original.grad is not None


def test_exported_program_runs_in_another_process(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 2).double(), make())
    x = torch.rand(5, 3, dtype=torch.float64)
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: batch},))
    torch.export.save(program, tmp_path / "model.pt2")
    torch.save({"x": x[:3], "y": model(x[:3]).detach()}, tmp_path / "expected.pt")
    script = (
        "import torch, q_store.torch\n"
        "m = torch.export.load('model.pt2').module()\n"
        "e = torch.load('expected.pt')\n"
        "assert torch.allclose(m(e['x']), e['y'], atol=1e-12)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"output": "probs"},
        {"output": "state"},
        {"output": "samples", "shots": 4000},
        {"shots": 3},
    ],
    ids=str,
)
def test_programs_of_plain_operations_run_without_q_store(
    options: dict[str, Any], tmp_path: Path
) -> None:
    layer, x = make(**options), torch.rand(5, 2, dtype=torch.float64)
    batch = torch.export.Dim("batch", min=2, max=1024)
    with plain_operations():
        program = torch.export.export(layer, (x,), dynamic_shapes=({0: batch},))
    names = {str(node.target) for node in program.graph.nodes if node.op == "call_function"}
    assert not any(name.startswith("q_store") for name in names)
    found = program.module()(x[:3])
    if options.get("output") == "samples":
        probs = make(output="probs")(x[:3])
        outcomes = found.long() @ torch.tensor([2, 1])
        counts = torch.stack([(outcomes == k).double().mean(1) for k in range(4)], 1)
        assert torch.allclose(counts, probs, atol=0.05)
    else:
        exact = make(output=options.get("output", "expval"))
        assert torch.allclose(found, exact(x[:3]), atol=1e-12)


# TorchScript is on its way out, and says so.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize(
    "options", [{}, {"output": "probs"}, {"output": "state"}, {"output": "samples", "shots": 5}]
)
def test_traced_programs_are_no_constants(options: dict[str, Any], tmp_path: Path) -> None:
    layer, x = make(**options), torch.rand(5, 2, dtype=torch.float64)
    torch.jit.trace(layer, x, check_trace=False).save(tmp_path / "model.pt")
    other = torch.rand(3, 2, dtype=torch.float64)
    found = torch.jit.load(tmp_path / "model.pt")(other)
    assert found.shape == layer(other).shape
    if options.get("output") != "samples":
        assert torch.allclose(found, layer(other), atol=1e-12)


_WORKER = """
import gc, sys, torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP
from q_store.torch import QuantumLayer

def circuit_fn(circuit, inputs, weights, n_qubits):
    for q in range(n_qubits):
        circuit.ry(q, inputs[q]).rz(q, weights[q])
    for q in range(n_qubits):
        circuit.cx(q, (q + 1) % n_qubits).ry(q, weights[n_qubits + q])

rank, store = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(3, 2).double(), QuantumLayer(circuit_fn, 2, dtype=torch.float64, seed=1)
)
x = torch.rand(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
parallel = DDP(model)
parallel(x[4 * rank : 4 * rank + 4]).mean().backward()
found = [p.grad.clone() for p in model.parameters()]
model.zero_grad()
model(x).mean().backward()
for f, p in zip(found, model.parameters()):
    assert torch.allclose(f, p.grad, atol=1e-12), (rank, f, p.grad)
# While the wrapper holds the group, gloo's threads outlive it and may abort an interpreter that is
# being taken down (pytorch/pytorch#179291).
del parallel
gc.collect()
dist.barrier()
dist.destroy_process_group()
"""


def test_two_processes_equal_one_large_batch(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(_WORKER)
    workers = [
        subprocess.Popen(
            [sys.executable, str(script), str(rank), str(tmp_path / "store")],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], errors
