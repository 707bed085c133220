"""The demo: a hybrid quantum-classical model learns real pictures.

Trains a small network with a quantum layer in its middle, and a classical network of nearly the
same number of parameters beside it. Shows what the compiler did to the circuit, loss and accuracy
per epoch, samples per second, and saves a confusion matrix.

    make demo                         # everything, set-up included
    python examples/demo.py --help    # options
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import torch
from pictures import Pictures, load_pictures
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sklearn.metrics import ConfusionMatrixDisplay
from torch import nn

from q_store.passes.manager import PassManager
from q_store.qir.func import Module
from q_store.torch import QuantumLayer

mpl.use("Agg")
console = Console()


LAYERS = 2


def circuit_fn(circuit, inputs, weights, n_qubits):
    """One feature per qubit as an angle, then layers that turn every qubit and entangle a ring."""
    for q in range(n_qubits):
        circuit.ry(q, math.pi / 2 * inputs[q])
    for layer in range(LAYERS):
        for q in range(n_qubits):
            circuit.ry(q, weights[layer, q, 0]).rz(q, weights[layer, q, 1])
        for q in range(n_qubits):
            circuit.cx(q, (q + 1) % n_qubits)


def observables(n_qubits):
    """Z and X on every qubit, and the correlations of neighbours on the ring."""
    ring = [(q, (q + 1) % n_qubits) for q in range(n_qubits)]
    return [f"{p}{q}" for p in "ZX" for q in range(n_qubits)] + [f"Z{q} Z{r}" for q, r in ring]


class Hybrid(nn.Module):
    """Pixels to one feature per qubit, the circuit, and a linear read-out of its observables."""

    def __init__(self, pixels: int, classes: int, n_qubits: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(pixels, n_qubits), nn.Tanh())
        self.quantum = QuantumLayer(
            circuit_fn,
            n_qubits,
            observables=observables(n_qubits),
            weight_shapes={"weights": (LAYERS, n_qubits, 2)},
            initializer="small",
        )
        self.read_out = nn.Linear(self.quantum.out_features, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.read_out(self.quantum(self.features(x)))


def classical_twin(pixels: int, classes: int, parameters: int) -> nn.Module:
    """A one-hidden-layer network with the nearest number of parameters."""
    width = max(1, round((parameters - classes) / (pixels + classes + 1)))
    return nn.Sequential(nn.Linear(pixels, width), nn.Tanh(), nn.Linear(width, classes))


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def batches(data: Pictures, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    for rows in torch.randperm(len(x)).split(size):
        yield x[rows], y[rows]


@torch.no_grad()
def predict(model: nn.Module, data: Pictures) -> torch.Tensor:
    model.eval()
    classes: torch.Tensor = model(torch.from_numpy(data.test_x)).argmax(1)
    return classes


def accuracy(model: nn.Module, data: Pictures) -> float:
    return float((predict(model, data).numpy() == data.test_y).mean())


def train(
    name: str, model: nn.Module, data: Pictures, epochs: int, size: int
) -> tuple[float, float]:
    """Train with Adam; returns test accuracy and training samples per second."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    # The first call loads the kernels, or compiles them on a new machine; that is no training time.
    model(torch.from_numpy(data.train_x[:size])).sum().backward()
    seconds, seen = 0.0, 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(name, total=epochs * math.ceil(len(data.train_x) / size))
        for epoch in range(1, epochs + 1):
            model.train()
            total = 0.0
            start = time.perf_counter()
            for x, y in batches(data, size):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(x)
                seen += len(x)
                progress.advance(bar)
            seconds += time.perf_counter() - start
            progress.console.print(
                f"  {name:9} epoch {epoch:2}: loss {total / len(data.train_x):.3f}, "
                f"test accuracy {accuracy(model, data):.1%}"
            )
    return accuracy(model, data), seen / seconds


def compile_report(layer: QuantumLayer) -> None:
    """What each pass did to the circuit."""
    run = PassManager("default").run(Module((layer.func,)))
    table = Table(title="compile report", title_justify="left")
    for column in ("pass", "gates before", "gates after", "ms"):
        table.add_column(column, justify="left" if column == "pass" else "right")
    for record in run.records:
        name = "  " * record.depth + record.name
        before, after = record.gates_before, record.gates_after
        table.add_row(name, str(before), str(after), f"{record.wall_ms:.2f}")
    console.print(table)


def save_confusion(model: nn.Module, data: Pictures, path: Path) -> None:
    display = ConfusionMatrixDisplay.from_predictions(
        data.test_y,
        predict(model, data).numpy(),
        display_labels=data.classes,
        xticks_rotation=60,
        colorbar=False,
    )
    display.figure_.set_size_inches(7, 7)
    display.figure_.tight_layout()
    display.figure_.savefig(path, dpi=120)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--qubits", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--train", type=int, default=6000, help="pictures to train on, at most")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for what is saved")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    # Too small for torch's thread pool to pay; the circuit has threads of its own.
    torch.set_num_threads(1)
    data = load_pictures(options.out, options.train, test=2000)
    pixels, classes = data.train_x.shape[1], len(data.classes)
    console.print(
        f"Pictures: {data.source}; {len(data.train_x)} to train, {len(data.test_x)} to test"
    )

    hybrid = Hybrid(pixels, classes, options.qubits)
    twin = classical_twin(pixels, classes, count(hybrid))
    compile_report(hybrid.quantum)

    table = Table(title="result", title_justify="left")
    for column in ("model", "parameters", "test accuracy", "samples/s"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, model in (("hybrid", hybrid), ("classical", twin)):
        found, rate = train(name, model, data, options.epochs, options.batch)
        table.add_row(name, str(count(model)), f"{found:.1%}", f"{rate:,.0f}")
    console.print(table)
    picture = options.out / "confusion.png"
    save_confusion(hybrid, data, picture)
    console.print(f"Confusion matrix of the hybrid model: {picture}")


if __name__ == "__main__":
    main()
