"""The contract of `q_store.torch.QuantumLayer`."""

from __future__ import annotations

import copy
import io
import math
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference, torch_library
from q_store.runtime.function import CircuitFunction
from q_store.torch import QuantumLayer


def reupload(circuit: Any, inputs: Any, weights: Any, n_qubits: int) -> None:
    """Shared, scaled, repeated and non-affine parameters, and a four-term gate."""
    for q in range(n_qubits):
        circuit.ry(q, math.pi * inputs[q])
    for q in range(n_qubits):
        circuit.ry(q, weights[2 * q]).crz(q, (q + 1) % n_qubits, 0.5 * weights[2 * q + 1])
    circuit.rx(0, inputs[0] * inputs[1]).rz(1, weights[0] + 2 * inputs[1] - 0.3)
    for q in range(n_qubits):
        circuit.cx(q, (q + 1) % n_qubits)


def make(**options: Any) -> QuantumLayer:
    options.setdefault("observables", ["Z0", "X1 Y2 + 0.5*Z2"])
    options.setdefault("dtype", torch.float64)
    return QuantumLayer(reupload, 3, **options)


def features(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(*shape, generator=generator, dtype=dtype) * 2 - 1


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(QStoreError) as caught:
        action()
    return caught.value.code


class TestValues:
    def test_agrees_with_the_reference_simulator(self) -> None:
        layer = make()
        function = CircuitFunction(layer.func, "float64", "batched")
        x = features(4, 3)
        w = layer.weights.detach().numpy()
        expected = [reference.expvals(function.executable, row, w) for row in x.numpy()]
        assert np.allclose(layer(x).detach(), expected, atol=1e-12)

    def test_qubit_order(self) -> None:
        """Qubit 0 is the first output and the most significant bit."""
        layer = QuantumLayer(lambda circuit, x: circuit.x(0).rx(1, x[0]), 2)
        assert layer(torch.zeros(1)).tolist() == pytest.approx([-1, 1])
        probs = QuantumLayer(lambda circuit, x: circuit.x(0).rx(1, x[0]), 2, output="probs")
        assert probs(torch.zeros(1)).tolist() == pytest.approx([0, 0, 1, 0])

    def test_measured_qubits_are_the_default_observables(self) -> None:
        def circuit_fn(circuit: Any, x: Any) -> None:
            circuit.x(2).ry(0, x[0])
            circuit.measure(2)

        assert QuantumLayer(circuit_fn, 3)(torch.zeros(5, 1)).tolist() == [[-1.0]] * 5

    def test_state_has_its_phase(self) -> None:
        layer = QuantumLayer(lambda circuit, x: circuit.rz(0, x[0]), 1, output="state")
        state = layer(torch.tensor([[math.pi / 3]]))
        expected = [[complex(math.cos(math.pi / 6), -math.sin(math.pi / 6)), 0]]
        assert torch.allclose(state, torch.tensor(expected, dtype=torch.complex64))

    def test_samples_follow_the_probabilities(self) -> None:
        layer = QuantumLayer(
            lambda circuit, x: circuit.ry(0, x[0]).cx(0, 1), 2, output="samples", shots=4000, seed=7
        )
        bits = layer(torch.full((3, 1), math.pi / 3))
        assert bits.shape == (3, 4000, 2)
        assert bits.dtype == torch.uint8
        assert torch.equal(bits[..., 0], bits[..., 1])
        assert bits[..., 0].float().mean().item() == pytest.approx(0.25, abs=0.03)

    def test_training_flag_changes_nothing(self) -> None:
        layer, x = make(), features(2, 3)
        assert torch.equal(layer.train()(x), layer.eval()(x))


class TestShapes:
    @pytest.mark.parametrize("lead", [(), (1,), (257,), (2, 5), (2, 1, 3, 4), (0,), (3, 0)])
    def test_any_leading_shape(self, lead: tuple[int, ...]) -> None:
        layer = make()
        x = features(*lead, 3).requires_grad_()
        y = layer(x)
        assert y.shape == (*lead, 2)
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.shape == x.shape
        flat = layer(x.reshape(-1, 3)).reshape(y.shape)
        assert torch.allclose(y, flat, atol=1e-14)

    def test_empty_batch_has_zero_gradients(self) -> None:
        layer = make()
        layer(torch.empty(0, 3, dtype=torch.float64)).sum().backward()
        assert layer.weights.grad is not None
        assert not layer.weights.grad.any()

    def test_strided_inputs(self) -> None:
        layer, x = make(), features(3, 6)
        assert torch.allclose(layer(x.T[:6:2].T), layer(x.T[:6:2].T.contiguous()))

    def test_weights_per_sample(self) -> None:
        layer, x = make(), features(4, 3)
        w = features(4, 6).requires_grad_()
        y = layer(x, weights=w)
        rows = torch.stack([layer(x[i], weights=w[i]) for i in range(4)])
        assert torch.allclose(y, rows, atol=1e-13)
        (grad,) = torch.autograd.grad(y.sum(), w)
        (expected,) = torch.autograd.grad(rows.sum(), w)
        assert torch.allclose(grad, expected, atol=1e-13)

    def test_unused_features_are_named_once(self) -> None:
        layer = make()
        with pytest.warns(UserWarning, match=r"features \[3, 4\] are unused"):
            layer(features(2, 5))
        layer(features(2, 5))

    def test_weight_shapes(self) -> None:
        def circuit_fn(inputs: Any, alpha: Any, beta: Any) -> Any:
            from q_store import QuantumCircuit

            circuit = QuantumCircuit(2)
            return circuit.ry(0, inputs[0] + alpha[0, 1]).rz(1, beta).cx(0, 1)

        layer = QuantumLayer(circuit_fn, 2, weight_shapes={"alpha": (2, 3), "beta": ()})
        assert {n: tuple(p.shape) for n, p in layer.named_parameters()} == {
            "alpha": (2, 3),
            "beta": (),
        }
        layer(torch.ones(2, 1)).sum().backward()
        assert layer.alpha.grad is not None

    def test_string_parameters_in_order_of_appearance(self) -> None:
        def circuit_fn(circuit: Any) -> None:
            for i in (0, 10, 2):
                circuit.rx(0, param=f"p{i}")

        layer = QuantumLayer(circuit_fn, 1)
        assert layer.weight_names == ["p0", "p10", "p2"]
        assert [n for n, _ in layer.named_parameters()] == ["weights"]


class TestGradients:
    def test_gradcheck(self) -> None:
        layer, x = make(), features(2, 3).requires_grad_()
        w = layer.weights.detach().clone().requires_grad_()
        assert torch.autograd.gradcheck(lambda x, w: layer(x, weights=w), (x, w))

    def test_gradgradcheck(self) -> None:
        layer, x = make(), features(2, 3).requires_grad_()
        w = layer.weights.detach().clone().requires_grad_()
        assert torch.autograd.gradgradcheck(lambda x, w: layer(x, weights=w), (x, w))

    @pytest.mark.parametrize("output", ["probs", "state"])
    def test_gradcheck_of_other_outputs(self, output: str) -> None:
        layer = make(output=output, observables=None)
        x = features(2, 3).requires_grad_()
        w = layer.weights.detach().clone().requires_grad_()
        assert torch.autograd.gradcheck(lambda x, w: layer(x, weights=w), (x, w))

    def test_probabilities_differentiate_twice(self) -> None:
        layer = make(output="probs", observables=None)
        x = features(1, 3).requires_grad_()
        assert torch.autograd.gradgradcheck(layer, (x,))

    def test_parameter_shift_equals_adjoint(self) -> None:
        shift, adjoint, x = make(gradient="parameter_shift"), make(), features(3, 3)
        adjoint.load_state_dict(shift.state_dict())
        x.requires_grad_()
        wanted = torch.autograd.grad(adjoint(x).exp().sum(), (x, adjoint.weights))
        found = torch.autograd.grad(shift(x).exp().sum(), (x, shift.weights))
        assert torch.allclose(found[0], wanted[0], atol=1e-12)
        assert torch.allclose(found[1], wanted[1], atol=1e-12)

    def test_upstream_layers_learn(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 3), make(dtype=torch.float32), nn.Linear(2, 1))
        x, target = torch.randn(32, 5), torch.randn(32, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            loss = (model(x) - target).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert model[0].weight.grad.abs().min() > 0
        assert losses[-1] < 0.8 * losses[0]

    def test_nan_stays_in_its_sample(self) -> None:
        layer, x = make(), features(3, 3)
        x[1, 0] = math.nan
        assert layer(x).isnan().any(1).tolist() == [False, True, False]


class TestShots:
    def test_estimates_and_gradients_are_unbiased(self) -> None:
        exact, noisy = make(), make(shots=200, seed=5)
        noisy.load_state_dict(exact.state_dict())
        x = features(1, 3).expand(400, 3).clone().requires_grad_()
        found = noisy(x)
        wanted = exact(x[:1])
        assert torch.allclose(found.mean(0), wanted[0], atol=0.02)
        (grad,) = torch.autograd.grad(found.sum(), x)
        (expected,) = torch.autograd.grad(wanted.sum(), x)
        assert torch.allclose(grad.mean(0), expected[0], atol=0.05)

    def test_seeded_runs_repeat_and_calls_differ(self) -> None:
        first, second = make(shots=50, seed=3), make(shots=50, seed=3)
        x = features(4, 3)
        a, b = first(x), first(x)
        assert not torch.equal(a, b)
        assert torch.equal(a, second(x))
        assert torch.equal(b, second(x))


class TestDtypes:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_output_has_the_dtype_of_the_weights(self, dtype: torch.dtype) -> None:
        layer, exact = make(dtype=dtype), make()
        exact.weights.data.copy_(layer.weights.double())
        y = layer(features(3, 3))
        assert y.dtype is dtype
        assert torch.allclose(y.double(), exact(features(3, 3)), atol=2e-2)

    def test_integers_are_converted(self) -> None:
        layer = make()
        assert torch.allclose(
            layer(torch.ones(2, 3, dtype=torch.int64)), layer(torch.ones(2, 3).double())
        )

    def test_autocast_computes_in_single_precision(self) -> None:
        layer = make(dtype=torch.float32)
        x = features(2, 3, dtype=torch.float32).requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = layer(x)
        assert y.dtype is torch.float32
        y.sum().backward()
        assert x.grad is not None

    def test_module_conversion(self) -> None:
        layer = make(dtype=torch.float32).double()
        assert layer(features(2, 3)).dtype is torch.float64


class TestSaving:
    @pytest.mark.parametrize(
        "copy_of",
        [
            copy.deepcopy,
            lambda layer: pickle.loads(pickle.dumps(layer)),
            lambda layer: _through_torch_save(layer),
        ],
        ids=["deepcopy", "pickle", "torch.save"],
    )
    def test_a_copy_computes_the_same_and_trains_on(self, copy_of: Any) -> None:
        layer, x = make(), features(3, 3)
        found = copy_of(layer)
        assert torch.equal(found(x), layer(x))
        found(x).sum().backward()
        assert layer.weights.grad is None
        assert found.weight_names == layer.weight_names

    def test_state_dict_holds_only_the_weights(self) -> None:
        layer, other = make(), make()
        assert list(layer.state_dict()) == ["weights"]
        other.load_state_dict(layer.state_dict())
        assert torch.equal(other(features(2, 3)), layer(features(2, 3)))

    @pytest.mark.parametrize("key", ["quantum_weights", "q_weights.0", "weight"])
    def test_keys_of_older_layers(self, key: str) -> None:
        layer = make()
        layer.load_state_dict({key: torch.zeros(6)})
        assert not layer.weights.any()

    def test_wrong_shape_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="size mismatch for weights"):
            make().load_state_dict({"weights": torch.zeros(7)})

    def test_functional_call_uses_the_given_weights(self) -> None:
        layer, x = make(), features(2, 3)
        w = torch.zeros(6, dtype=torch.float64)
        found = torch.func.functional_call(layer, {"weights": w}, (x,))
        assert torch.equal(found, layer(x, weights=w))

    def test_seed_repeats_initial_weights(self) -> None:
        assert torch.equal(make(seed=4).weights, make(seed=4).weights)
        assert not torch.equal(make(seed=4).weights, make(seed=5).weights)

    def test_meta_device_and_to_empty(self) -> None:
        layer = make(device="meta")
        assert layer.weights.is_meta
        assert layer(torch.empty(2, 3, device="meta", dtype=torch.float64)).shape == (2, 2)
        layer = layer.to_empty(device="cpu")
        layer.reset_parameters()
        assert layer(features(2, 3)).shape == (2, 2)


def _through_torch_save(layer: QuantumLayer) -> QuantumLayer:
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    found: QuantumLayer = torch.load(buffer, weights_only=False)
    return found


class TestTransforms:
    def test_compiles_without_a_break(self) -> None:
        model = nn.Sequential(nn.Linear(4, 3), make(dtype=torch.float32), nn.Linear(2, 1))
        x = features(5, 4, dtype=torch.float32)
        compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
        eager_loss = model(x).square().sum()
        wanted = torch.autograd.grad(eager_loss, list(model.parameters()))
        loss = compiled(x).square().sum()
        found = torch.autograd.grad(loss, list(model.parameters()))
        assert torch.allclose(loss, eager_loss, atol=1e-5)
        for f, w in zip(found, wanted, strict=True):
            assert torch.allclose(f, w, atol=1e-5)

    def test_the_custom_op_passes_torch_s_own_checks(self) -> None:
        layer = make()
        function = layer._function(3, torch.float64)
        x, w = features(5, 3).requires_grad_(), layer.weights.detach().requires_grad_()
        torch.library.opcheck(torch.ops.q_store.evaluate.default, (x, w, function.text))

    def test_a_compiled_vmap_is_one_larger_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        layer, x, w = make(), features(2, 3), features(5, 6)
        wanted = torch.stack([layer(x, weights=row) for row in w])
        mapped = torch.func.vmap(lambda w: layer(x, weights=w))
        function, batches = layer._function(3, torch.float64), []

        def count(inputs: Any, *others: Any) -> Any:
            batches.append(len(inputs))
            return function.forward(inputs, *others)

        spy = SimpleNamespace(forward=count, width=function.width)
        monkeypatch.setattr(torch_library, "function_from_text", lambda _: spy)
        found = torch.compile(mapped, fullgraph=True, backend="aot_eager")(w)
        assert torch.allclose(found, wanted, atol=1e-14)
        assert batches == [10]

    def test_tensors_without_data(self) -> None:
        with FakeTensorMode():
            found = make()(torch.rand(5, 3))
        assert isinstance(found, FakeTensor)
        assert found.shape == (5, 2)

    def test_vmap_equals_a_batch(self) -> None:
        layer, x = make(), features(4, 2, 3)
        assert torch.allclose(torch.func.vmap(layer)(x), layer(x), atol=1e-14)

    def test_vmap_over_weights(self) -> None:
        layer, x, w = make(), features(2, 3), features(5, 6)
        found = torch.func.vmap(lambda w: layer(x, weights=w))(w)
        assert torch.allclose(found, torch.stack([layer(x, weights=row) for row in w]), atol=1e-14)

    def test_per_sample_gradients(self) -> None:
        layer, x = make(), features(4, 3)
        params = dict(layer.named_parameters())

        def loss(p: dict[str, Tensor], row: Tensor) -> Tensor:
            return torch.func.functional_call(layer, p, (row,)).square().sum()

        found = torch.func.vmap(torch.func.grad(loss), (None, 0))(params, x)["weights"]
        for i in range(4):
            (wanted,) = torch.autograd.grad(layer(x[i]).square().sum(), layer.weights)
            assert torch.allclose(found[i], wanted, atol=1e-12)

    def test_hessian_by_nested_jacrev(self) -> None:
        layer, x = make(), features(1, 3)

        def energy(w: Tensor) -> Tensor:
            return layer(x, weights=w)[0, 0]

        w = layer.weights.detach()
        found = torch.func.jacrev(torch.func.jacrev(energy))(w)
        wanted = torch.autograd.functional.hessian(energy, w)
        assert torch.allclose(found, wanted, atol=1e-12)


class TestEncodings:
    def test_a_circuit_without_data_gets_angles(self) -> None:
        """32 features on 4 qubits, as the specification's example has them."""
        model = nn.Sequential(nn.Linear(8, 32), QuantumLayer(depth=1, n_qubits=4))
        x = torch.randn(3, 8)
        model(x).sum().backward()
        assert model[1](torch.randn(3, 32)).shape == (3, 4)
        assert model[0].weight.grad.abs().sum() > 0

    def test_no_encoding(self) -> None:
        layer = QuantumLayer(n_qubits=2, input_encoding=None)
        assert layer(torch.empty(3, 0)).shape == (3, 2)

    @pytest.mark.parametrize("kind", ["angle", "iqp", "amplitude"])
    def test_gradients_reach_the_features(self, kind: str) -> None:
        layer = QuantumLayer(n_qubits=2, input_encoding=kind, dtype=torch.float64)
        x = (features(2, 4) + 1.5).requires_grad_()
        assert torch.autograd.gradcheck(layer, (x,))

    def test_gradients_reach_bits(self) -> None:
        layer = QuantumLayer(n_qubits=2, input_encoding="basis", dtype=torch.float64)
        x = torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(layer, (x,))


class TestErrors:
    @pytest.mark.parametrize(
        ("action", "code"),
        [
            (lambda: make()(features(2, 2)), "QS601"),
            (lambda: make()(torch.tensor(1.0)), "QS601"),
            (lambda: make(in_features=1), "QS601"),
            (lambda: make(output="expvals"), "QS602"),
            (lambda: make(gradient="magic"), "QS640"),
            (lambda: make(initializer="he"), "QS602"),
            (lambda: make(shots=0), "QS602"),
            (lambda: make(output="samples", observables=None), "QS602"),
            (lambda: make(output="probs", observables=None, shots=3), "QS602"),
            (lambda: make(dtype=torch.int32), "QS602"),
            (lambda: make()(features(2, 3), weights=torch.zeros(5)), "QS602"),
            (lambda: make()(features(2, 3), weights=torch.zeros(3, 6)), "QS602"),
            (lambda: make(backend="qsmi"), "QS603"),
            (lambda: make(backend="lightning.gpu", strict=True), "QS604"),
            (lambda: make(observables=["ZZ"]), "QS107"),
        ],
    )
    def test_codes(self, action: Callable[[], object], code: str) -> None:
        assert code_of(action) == code

    def test_a_missing_backend_falls_back_with_one_warning(self) -> None:
        with pytest.warns(RuntimeWarning, match="running on 'batched'"):
            layer = make(backend="lightning.gpu")
        assert layer.backend == "lightning.gpu"
        assert layer.resolved_backend == "batched"

    def test_the_message_names_argument_expected_and_got(self) -> None:
        with pytest.raises(QStoreError, match="reads 3 features, inputs have 2"):
            make()(features(4, 2))

    def test_its_circuit_can_be_drawn_and_counted(self) -> None:
        assert make().circuit.count_ops() == {"ry": 6, "crz": 3, "rx": 1, "rz": 1, "cx": 3}
        assert "RY(π*inputs[0])" in make().circuit.draw()

    def test_its_circuit_has_the_encoding(self) -> None:
        encoded, bare = QuantumLayer(n_qubits=3, in_features=3), QuantumLayer(n_qubits=3)
        assert encoded.circuit.count_ops()["ry"] == bare.circuit.count_ops()["ry"] + 3

    def test_repr(self) -> None:
        assert "in_features=3, out_features=2, n_qubits=3, weights=6" in repr(make())
        assert repr(make(shots=100, gradient="spsa")).endswith(", shots=100, gradient='spsa')")
        assert "noise='aria-1'" in repr(make(noise="aria-1"))
        assert "noise=NoiseModel(" in repr(make(noise={"one_qubit": [("bit_flip", 0.1)]}))
