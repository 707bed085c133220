"""What the test suites of other packages expect of a layer, rewritten for the torch layer."""

from __future__ import annotations

import gc
import math
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from torch import Tensor, nn

from q_store import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.qir.observables import Expval, PauliSum, Probs
from q_store.qir.registry import all_gates
from q_store.torch import QuantumLayer
from tests.runtime.foreign_observables import TEXT, each_foreign
from tests.runtime.test_torch_layer import code_of, features, make, reupload


def differences(function: Callable[[Tensor], Tensor], at: Tensor, step: float = 1e-5) -> Tensor:
    """Central differences of a real value for every entry."""
    found = torch.zeros_like(at)
    for i in range(at.numel()):
        move = torch.zeros(at.numel(), dtype=at.dtype)
        move[i] = step
        moved = move.reshape(at.shape)
        found.view(-1)[i] = (function(at + moved) - function(at - moved)) / (2 * step)
    return found


class TestLearning:
    @pytest.mark.parametrize("options", [{}, {"shots": 1000, "seed": 3}], ids=["exact", "shots"])
    def test_a_power_of_x_learns_to_flip(self, options: dict[str, Any]) -> None:
        """The weight of X**a goes from 0.5 to 1, where <Z> is -1."""
        layer = QuantumLayer(
            lambda circuit, w: circuit.rx(0, math.pi * w[0]), 1, input_encoding=None, **options
        )
        with torch.no_grad():
            layer.weights.fill_(0.5)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.03)
        nothing = torch.empty(1, 0)
        for _ in range(40):
            optimizer.zero_grad()
            loss = (layer(nothing) + 1).square().sum()
            loss.backward()
            optimizer.step()
        assert layer.weights.item() == pytest.approx(1.0, abs=0.1)
        assert loss.item() == pytest.approx(0.0, abs=0.1)

    def test_a_network_that_gives_the_weights_learns(self) -> None:
        """A classical net controls the circuit; its output is the weights of each sample."""
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
        layer = QuantumLayer(
            lambda circuit, w: circuit.rx(0, w[0]).ry(0, w[1]), 1, input_encoding=None
        )
        commands = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
        target = torch.tensor([[1.0], [-1.0]])
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        for _ in range(30):
            optimizer.zero_grad()
            loss = (layer(torch.empty(2, 0), weights=net(commands)) - target).square().mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.05
        assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


class TestObservables:
    @each_foreign
    def test_those_of_other_libraries(self, make_observable: Callable[[], Any]) -> None:
        ours, theirs = make(observables=[TEXT]), make(observables=[make_observable()])
        theirs.load_state_dict(ours.state_dict())
        x = features(3, 3).requires_grad_()
        found = torch.autograd.grad(theirs(x).exp().sum(), (x, theirs.weights))
        wanted = torch.autograd.grad(ours(x).exp().sum(), (x, ours.weights))
        assert torch.equal(theirs(x), ours(x))
        for a, b in zip(found, wanted, strict=True):
            assert torch.equal(a, b)

    def test_several_measurements_stand_side_by_side(self) -> None:
        mixed = [Expval(PauliSum.parse("Z0")), Probs((1, 2))]
        layer = make(observables=mixed)
        x = features(10, 3).requires_grad_()
        y = layer(x)
        assert y.shape == (10, 5)
        z, probs = make(observables=["Z0"]), make(observables=None, output="probs")
        for other in (z, probs):
            other.load_state_dict(layer.state_dict())
        assert torch.allclose(y[:, :1], z(x))
        assert torch.allclose(y[:, 1:], probs(x).reshape(10, 2, 4).sum(1))
        assert torch.autograd.gradcheck(layer, (x[:2],))

    def test_probabilities_of_a_batch(self) -> None:
        layer = QuantumLayer(lambda circuit, x: circuit.ry(0, x[0]), 1, output="probs")
        found = layer(torch.linspace(0, 3, 10).unsqueeze(1))
        assert found.shape == (10, 2)
        assert torch.allclose(found.sum(1), torch.ones(10))

    @pytest.mark.parametrize("n", [4, 6])
    def test_energies_of_spin_chains(self, n: int) -> None:
        """The ground state, put in as amplitudes, has the ground energy and stays what it was."""
        terms = [f"-1*Z{q} Z{q + 1}" for q in range(n - 1)] + [f"-0.7*X{q}" for q in range(n)]
        energies, states = np.linalg.eigh(dense(n, [(q, q + 1) for q in range(n - 1)]))
        ground = torch.from_numpy(np.abs(states[:, 0]))
        options: dict[str, Any] = {"input_encoding": "amplitude", "dtype": torch.float64}
        nothing = QuantumCircuit(n)
        energy = QuantumLayer(nothing, observables=[" + ".join(terms)], **options)(ground)
        assert energy.item() == pytest.approx(energies[0], rel=1e-4)
        state = QuantumLayer(nothing, output="state", **options)(ground)
        assert abs(torch.dot(state, ground.to(state.dtype))) == pytest.approx(1.0, abs=1e-3)


def dense(n: int, pairs: list[tuple[int, int]]) -> np.ndarray:
    """-sum ZZ - 0.7 sum X as a matrix, qubit 0 most significant."""
    index = np.arange(2**n)
    spin = 1 - 2 * (index[None, :] >> np.arange(n - 1, -1, -1)[:, None] & 1)
    matrix = np.diag(-sum(spin[a] * spin[b] for a, b in pairs)).astype(float)
    for q in range(n):
        matrix[index, index ^ (1 << q)] -= 0.7
    return matrix


ROTATING = [name for name, row in all_gates().items() if row.angle_names and row.wires]


class TestGradients:
    @pytest.mark.parametrize("name", ROTATING)
    def test_every_gate_with_angles(self, name: str) -> None:
        """Values and signs of both derivatives, at a negative and a large angle."""
        row = all_gates()[name]
        angles = len(row.angle_names)

        def circuit_fn(circuit: Any, w: Any) -> None:
            for q in range(row.wires):
                circuit.ry(q, 0.3 + q).rx(q, 0.7 - q)
            circuit.append(name, range(row.wires), *[w[i] for i in range(angles)])
            for q in range(row.wires):
                circuit.rx(q, 0.4).ry(q, 1.1)

        words = [f"{'XYZ'[q % 3]}{q}" for q in range(row.wires)]
        layer = QuantumLayer(
            circuit_fn, row.wires, observables=words, input_encoding=None, dtype=torch.float64
        )
        nothing = torch.empty(1, 0, dtype=torch.float64)
        point = torch.linspace(-0.9, 2.1, angles, dtype=torch.float64)
        value = lambda w: layer(nothing, weights=w).sum()  # noqa: E731
        w = point.clone().requires_grad_()
        (found,) = torch.autograd.grad(value(w), w)
        assert torch.allclose(found, differences(value, point), atol=1e-7)

    @pytest.mark.parametrize("n", [5, 8, 10])
    def test_random_circuits_with_weights_of_each_sample(self, n: int) -> None:
        random = np.random.default_rng(n)

        def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
            for i in range(12):
                a, b = (int(q) for q in random.choice(n, 2, replace=False))
                circuit.rx(a, w[i % 6]).rzz(a, b, x[i % 3]).ry(b, 2 * w[(i + 1) % 6]).cz(a, b)

        layer = QuantumLayer(circuit_fn, n, dtype=torch.float64)
        x, w = features(2, 3), features(2, 6).requires_grad_()
        (found,) = torch.autograd.grad(layer(x, weights=w).sum(), w)
        value = lambda w: layer(x, weights=w).sum()  # noqa: E731
        assert torch.allclose(found, differences(value, w.detach()), atol=1e-6)

    def test_a_zero_cotangent_gives_zero(self) -> None:
        layer, x = make(), features(3, 3).requires_grad_()
        found = torch.autograd.grad(layer(x), (x, layer.weights), torch.zeros(3, 2).double())
        assert not any(grad.any() for grad in found)

    def test_a_batch_is_the_sum_of_its_samples(self) -> None:
        layer, x = make(), features(5, 3)
        (whole,) = torch.autograd.grad(layer(x).sum(), layer.weights)
        parts = [torch.autograd.grad(layer(row).sum(), layer.weights)[0] for row in x]
        assert torch.allclose(whole, torch.stack(parts).sum(0), atol=1e-12)

    def test_frozen_weights_and_inputs_need_no_gradient(self) -> None:
        layer, x = make(), features(3, 3)
        (wanted,) = torch.autograd.grad(layer(x).sum(), layer.weights)
        layer.requires_grad_(False)
        assert not layer(x).requires_grad
        moving = x.clone().requires_grad_()
        layer(moving).sum().backward()
        assert layer.weights.grad is None
        assert moving.grad is not None
        layer.requires_grad_(True)
        layer(x).sum().backward()
        assert torch.allclose(layer.weights.grad, wanted)

    def test_infinities_stay_in_their_sample(self) -> None:
        layer, x = make(), features(3, 3)
        x[2, 1] = math.inf
        y = layer(x)
        assert y.isfinite().all(1).tolist() == [True, True, False]

    @pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr], ids=str)
    # A beta state that every sparse CSR tensor warns of.
    @pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta:UserWarning")
    def test_sparse_features(self, layout: torch.layout) -> None:
        layer, x = make(), features(3, 3) * torch.eye(3)
        assert torch.equal(layer(x.to_sparse(layout=layout)), layer(x))
        given = x.to_sparse().requires_grad_()
        layer(given).sum().backward()
        dense = x.clone().requires_grad_()
        layer(dense).sum().backward()
        assert torch.allclose(given.grad.to_dense(), dense.grad * torch.eye(3))

    def test_tuple_of_expectations(self) -> None:
        layer = make(observables=("Z0", "Z1"))
        assert layer(features(5, 3)).shape == (5, 2)

    def test_single_and_double_precision_take_the_same_step(self) -> None:
        steps = []
        for dtype in (torch.float32, torch.float64):
            layer = make(dtype=dtype, seed=2)
            with torch.no_grad():
                layer.weights.copy_(torch.linspace(0.1, 2, 6))
            layer(features(4, 3)).sum().backward()
            torch.optim.SGD(layer.parameters(), lr=0.1).step()
            steps.append(layer.weights.detach().double())
        assert torch.allclose(*steps, atol=1e-5)


class TestLayers:
    def test_every_gate_survives_pickling(self) -> None:
        """Products, scaled and shared angles included."""
        names = [name for name, row in all_gates().items() if 0 < row.wires <= 3]

        def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
            for k, name in enumerate(names):
                row = all_gates()[name]
                angles = [0.5 * w[k % 3] + x[0] * x[1] - 0.25 for _ in row.angle_names]
                circuit.append(name, [(k + q) % 3 for q in range(row.wires)], *angles)
                circuit.ry(k % 3, 0.3 * k)

        layer = QuantumLayer(circuit_fn, 3, dtype=torch.float64)
        again = pickle.loads(pickle.dumps(layer))
        x = features(2, 2)
        assert torch.equal(again(x), layer(x))

    @pytest.mark.parametrize("name", ["uniform", "normal", "small", "zeros", "ones"])
    def test_initializers(self, name: str) -> None:
        w = QuantumLayer(n_qubits=4, depth=9, initializer=name, seed=1).weights
        low, high, spread = {
            "uniform": (0.0, 2 * math.pi, 2 * math.pi / math.sqrt(12)),
            "normal": (-5.0, 5.0, 1.0),
            "small": (-0.05, 0.05, 0.01),
            "zeros": (0.0, 0.0, 0.0),
            "ones": (1.0, 1.0, 0.0),
        }[name]
        assert low <= w.min() <= w.max() <= high
        assert w.std().item() == pytest.approx(spread, rel=0.3)
        given = QuantumLayer(n_qubits=2, initializer=nn.init.ones_)
        assert (given.weights == 1).all()

    # Looking at a graph reads `grad` of every tensor in it.
    @pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
    @pytest.mark.parametrize("own_data", [True, False])
    def test_no_breaks_in_a_graph_compiled_before_the_first_call(self, own_data: bool) -> None:
        """The circuit is built while torch traces, without torch looking on."""
        layer = make(dtype=torch.float32) if own_data else QuantumLayer(n_qubits=2)
        model = nn.Sequential(nn.Linear(4, 3), layer, nn.Linear(2, 1))
        explained = torch._dynamo.explain(model)(features(5, 4, dtype=torch.float32))
        assert explained.graph_break_count == 0
        assert explained.graph_count == 1

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_autocast_within_a_model(self, dtype: torch.dtype) -> None:
        model = nn.Sequential(nn.Linear(4, 3), make(dtype=torch.float32), nn.Linear(2, 1))
        x = features(5, 4, dtype=torch.float32)
        with torch.autocast("cpu", dtype=dtype):
            y = model(x)
        assert y.dtype is dtype
        assert torch.allclose(y.float(), model(x), atol=0.05)
        y.float().sum().backward()
        assert model[0].weight.grad.isfinite().all()

    def test_gradient_scaling(self) -> None:
        """A scaled loss of a half precision layer gives the gradient times the scale."""
        layer = make(dtype=torch.float16)
        x = features(4, 3, dtype=torch.float16)
        (plain,) = torch.autograd.grad(layer(x).sum(), layer.weights)
        (scaled,) = torch.autograd.grad(layer(x).sum() * 64, layer.weights)
        assert torch.allclose(scaled, plain * 64, rtol=1e-2)

    def test_channels_of_an_image(self) -> None:
        """(batch, channels, height, width, features) in, the same shape but the last out."""
        layer, x = make(), features(2, 3, 4, 5, 3)
        y = layer(x)
        assert y.shape == (2, 3, 4, 5, 2)
        assert torch.allclose(y[1, 2, 3, 4], layer(x[1, 2, 3, 4]), atol=1e-14)
        channels_last = x.permute(0, 4, 2, 3, 1).contiguous().permute(0, 4, 2, 3, 1)
        assert torch.equal(layer(channels_last), y)

    def test_the_first_call_is_quick_and_memory_stays(self) -> None:
        layer = QuantumLayer(n_qubits=6, depth=2, seed=1)
        layer(torch.rand(2, 6)).sum().backward()  # Loads the kernels.
        start = time.process_time()
        fresh = QuantumLayer(reupload, 3)
        fresh(torch.rand(2, 3)).sum().backward()
        assert time.process_time() - start < 0.1
        x = torch.rand(32, 6, requires_grad=True)

        def steps(count: int) -> None:
            for _ in range(count):
                layer(x).sum().backward()

        steps(100)
        gc.collect()
        before = resident_bytes()
        steps(1000)
        gc.collect()
        assert resident_bytes() - before < 4 << 20


def resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("ends", "output", "width"),
    [
        (lambda c: c.sample(1).expval("Z0"), "expval", 1),
        (lambda c: c.expval("Z0", "X1").state(), "expval", 2),
        (lambda c: c.probs(1).expval("Z0"), "expval", 3),
        (lambda c: c.probs(0).probs(1, 0), "expval", 6),
        (lambda c: c.probs(0).probs(1), "probs", 4),
        (lambda c: c.state(), "state", 4),
    ],
)
def test_out_features_is_the_width_of_the_output(
    ends: Callable[[QuantumCircuit], QuantumCircuit], output: str, width: int
) -> None:
    layer = QuantumLayer(ends(QuantumCircuit(2).ry(0, "x[0]").ry(1, "t")), output=output)
    assert layer.out_features == layer(features(3, 1)).shape[-1] == width


def test_a_circuit_that_gives_a_state_alone_has_no_values() -> None:
    with pytest.raises(QStoreError, match=r"output='expval', but .* ends with state alone"):
        QuantumLayer(QuantumCircuit(2).ry(0, "x[0]").state())


def counting(circuit: QuantumCircuit, x: Any, w: Any) -> None:
    """A function that asks how many features there are."""
    for q, value in enumerate(x):
        circuit.ry(q % 2, value)
    circuit.rx(0, x[-1] * len(x)).rz(1, w[0] + x.shape[0])


class TestNumberOfFeatures:
    def test_is_known_to_the_circuit_function_when_it_is_given(self) -> None:
        layer = QuantumLayer(counting, 2, in_features=3)
        assert layer.in_features == layer.func.args[0].type.size == 3
        assert layer(features(4, 3)).shape == (4, 2)

    def test_is_asked_for_where_it_is_needed(self) -> None:
        with pytest.raises(QStoreError, match="in_features=") as caught:
            QuantumLayer(counting, 2)
        assert caught.value.code == "QS316"

    def test_templates_of_pennylane_need_it(self) -> None:
        def templates(inputs: Any, weights: Any) -> Any:
            qml.AngleEmbedding(inputs, wires=range(2))
            qml.BasicEntanglerLayers(weights, wires=range(2))
            return qml.expval(qml.Z(0) @ qml.Z(1))

        node = qml.QNode(templates, qml.device("default.qubit", wires=2))
        shapes = {"weights": (3, 2)}
        layer = QuantumLayer(node, weight_shapes=shapes, in_features=2, dtype=torch.float64)
        x = features(5, 2)
        torch.testing.assert_close(layer(x)[:, 0], node(x, layer.weights.reshape(3, 2)))
        with pytest.raises(QStoreError, match="in_features=") as caught:
            QuantumLayer(node, weight_shapes=shapes)
        assert caught.value.code == "QS316"


class TestErrors:
    @pytest.mark.parametrize(
        ("action", "code", "words"),
        [
            (lambda: make()(features(4, 2)), "QS601", "reads 3 features, inputs have 2"),
            (lambda: make(in_features=2), "QS601", "in_features=2"),
            (lambda: make()(features(4, 3) + 0j), "QS602", "real numbers, got complex128"),
            (lambda: make(observables=["Q0"]), "QS107", "Q0"),
            (lambda: make(observables=["Z7"]), "QS301", "qubit 7"),
            (lambda: make(observables=[3.5]), "QS107", "3.5"),
            (lambda: make(observables=[]), "QS335", r"got \[\]"),
            (lambda: make(shots="many"), "QS602", "shots must be a positive integer.*'many'"),
            (lambda: make(shots=-1), "QS602", "got -1"),
            (lambda: make(backend="qsmi"), "QS603", "qsim"),
            (lambda: make(backend="tensor"), "QS603", "known: batched, .*, auto"),
            (lambda: make(dtype="float64"), "QS602", "such as torch.float32, got 'float64'"),
            (lambda: make(in_features="3"), "QS602", "in_features must be .* got '3'"),
            (lambda: make()(np.zeros((2, 3))), "QS602", "a torch tensor, got numpy.ndarray"),
            (lambda: make()([0.1, 0.2, 0.3]), "QS602", "a torch tensor, got builtins.list"),
            (lambda: make()(features(2, 3), weights=[0.0]), "QS602", "weights must be a torch"),
            (lambda: make()(features(2, 3), weights=torch.zeros(5)), "QS602", r"got \(5,\)"),
        ],
    )
    def test_names_what_was_expected_and_what_came(
        self, action: Callable[[], object], code: str, words: str
    ) -> None:
        with pytest.raises(QStoreError, match=words) as caught:
            action()
        assert caught.value.code == code

    def test_weights_of_another_circuit(self) -> None:
        small, large = QuantumLayer(n_qubits=2), QuantumLayer(n_qubits=2, depth=3)
        with pytest.raises(
            RuntimeError, match=r"weights.*torch.Size\(\[6\]\).*torch.Size\(\[18\]\)"
        ):
            large.load_state_dict(small.state_dict())

    def test_a_state_of_a_newer_version(self) -> None:
        model = nn.Sequential(nn.Linear(4, 3), make(dtype=torch.float32))
        state = model.state_dict()
        assert state._metadata["1"]["version"] == 1
        state._metadata["1"]["version"] = 2
        with pytest.raises(QStoreError, match="at most 1, got 2") as caught:
            model.load_state_dict(state)
        assert caught.value.code == "QS606"

    def test_a_pickle_of_a_newer_version(self) -> None:
        state = make().core.__getstate__()
        state["func"] = state["func"].replace("qir 1", "qir 999", 1)
        core = make().core
        assert code_of(lambda: core.__setstate__(state)).startswith("QS")
