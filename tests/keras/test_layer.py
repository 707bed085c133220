"""The contract of the Keras layer; `test_generations.py` runs it on every Keras and backend."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from q_store.keras import QuantumLayer
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference
from q_store.runtime.function import CircuitFunction
from tests.keras.frameworks import (
    BACKEND,
    LEGACY,
    array,
    constant,
    exp,
    features,
    gradients,
    keras,
    make,
    total,
)
from tests.runtime.published import Case, Perturbed, check, each_case, each_perturbed

WEIGHTS = np.linspace(0.3, 2.1, 6)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(QStoreError) as caught:
        action()
    return caught.value.code


def test_its_circuit_can_be_drawn_and_counted() -> None:
    layer = QuantumLayer(n_qubits=2)
    before = sum(layer.circuit.count_ops().values())
    layer.build((None, 2))
    assert sum(layer.circuit.count_ops().values()) == before + 2
    assert layer.circuit.draw()


class TestValues:
    def test_agrees_with_the_reference_simulator(self) -> None:
        layer, x = make(), features(4, 3)
        exe = CircuitFunction(layer.func, "float64", "batched").executable
        found = array(layer(x))
        w = array(layer.quantum_weights["weights"])
        assert np.allclose(found, [reference.expvals(exe, row, w) for row in x], atol=1e-12)

    @pytest.mark.parametrize("lead", [(), (1,), (2, 5), (2, 1, 3), (0,), (3, 0)])
    def test_any_leading_shape(self, lead: tuple[int, ...]) -> None:
        layer, x = make(), features(*lead, 3)
        found = array(layer(x))
        assert found.shape == (*lead, 2)
        assert np.allclose(found.reshape(-1, 2), array(layer(x.reshape(-1, 3))), atol=1e-14)

    def test_weights_per_sample(self) -> None:
        layer, x = make(), features(4, 3)
        w = np.random.default_rng(2).random((4, 6))
        rows = [array(layer(x[i], weights=w[i])) for i in range(4)]
        assert np.allclose(array(layer(x, weights=w)), rows, atol=1e-13)

    def test_training_flag_changes_nothing(self) -> None:
        layer, x = make(), features(2, 3)
        both = [array(layer(x, training=flag)) for flag in (True, False)]
        assert np.array_equal(*both)

    def test_integers_are_converted(self) -> None:
        layer = make()
        ones = array(layer(np.ones((2, 3), "int32")))
        assert np.allclose(ones, array(layer(np.ones((2, 3)))))

    def test_nan_stays_in_its_sample(self) -> None:
        layer, x = make(), features(3, 3)
        x[1, 0] = np.nan
        assert np.isnan(array(layer(x))).any(1).tolist() == [False, True, False]

    def test_probabilities_and_samples(self) -> None:
        def circuit_fn(circuit: Any, x: Any) -> None:
            circuit.x(0).ry(1, x[0])

        point = np.full((3, 1), np.pi / 3)
        probs = array(QuantumLayer(circuit_fn, 2, output="probs")(point))
        assert np.allclose(probs, [[0, 0, 0.75, 0.25]] * 3, atol=1e-6)
        layer = QuantumLayer(circuit_fn, 2, output="samples", shots=4000, seed=7)
        bits = array(layer(point))
        assert bits.shape == (3, 4000, 2)
        assert bits.dtype == np.uint8
        assert bits[..., 0].all()
        assert bits[..., 1].mean() == pytest.approx(0.25, abs=0.03)

    def test_states_are_complex_and_have_their_phase(self) -> None:
        layer = QuantumLayer(lambda circuit, x: circuit.rz(0, x[0]), 1, output="state")
        found = array(layer(np.array([[np.pi / 3]])))
        assert np.allclose(found, [[np.exp(-1j * np.pi / 6), 0]], atol=1e-6)

    @pytest.mark.parametrize("kind", ["angle", "iqp", "amplitude"])
    def test_gradients_reach_encoded_features(self, kind: str) -> None:
        layer = QuantumLayer(n_qubits=2, input_encoding=kind, dtype="float64", seed=1)
        x = features(2, 4) + 1.5
        (grad,) = gradients(lambda x: total(layer(x)), x)
        assert np.allclose(grad, _differences(lambda x: array(layer(x)).sum(), x), atol=1e-6)


class TestGradients:
    def test_inputs_and_weights(self) -> None:
        layer, x = make(), features(3, 3)
        found = gradients(lambda x, w: total(layer(x, weights=w) ** 2), x, WEIGHTS)
        value = lambda x, w: (array(layer(x, weights=w)) ** 2).sum()  # noqa: E731
        assert np.allclose(found[0], _differences(lambda x: value(x, WEIGHTS), x), atol=1e-6)
        assert np.allclose(found[1], _differences(lambda w: value(x, w), WEIGHTS), atol=1e-6)

    def test_parameter_shift_equals_adjoint(self) -> None:
        shift, adjoint, x = make(gradient="parameter_shift"), make(), features(3, 3)
        both = [
            gradients(lambda x, w, use=use: total(use(x, weights=w)), x, WEIGHTS)
            for use in (shift, adjoint)
        ]
        for found, wanted in zip(*both, strict=True):
            assert np.allclose(found, wanted, atol=1e-12)
        assert shift.quantum_metrics()["gradient_variance"] > 0

    def test_shots_are_unbiased_and_seeded(self) -> None:
        exact, x = make(), np.repeat(features(1, 3), 400, axis=0)
        noisy = [make(shots=200, seed=5) for _ in range(2)]
        found = array(noisy[0](x, weights=WEIGHTS))
        wanted = array(exact(x[:1], weights=WEIGHTS))[0]
        assert np.allclose(found.mean(0), wanted, atol=0.02)
        assert np.array_equal(found, array(noisy[1](x, weights=WEIGHTS)))
        assert not np.array_equal(found, array(noisy[0](x, weights=WEIGHTS)))
        (grad,) = gradients(lambda x: total(noisy[0](x, weights=WEIGHTS)), x)
        (slope,) = gradients(lambda x: total(exact(x, weights=WEIGHTS)), x[:1])
        assert np.allclose(grad.mean(0), slope[0], atol=0.06)

    @each_case
    def test_published_values(self, case: Case) -> None:
        layer = QuantumLayer(
            case.circuit_fn,
            case.n_qubits,
            observables=case.observables,
            dtype="float64",
            **case.options,
        )
        x, w = np.array([case.point]), np.array(case.weights)
        values = array(layer(x, weights=w))[0]
        cotangent = constant(np.array(case.cotangent or [1.0] * len(values), dtype="float64"))

        def loss(x: Any, w: Any) -> Any:
            y = layer(x, weights=w)
            return total((exp(y) if case.through_exp else y) * cotangent)

        by_x, by_w = gradients(loss, x, w)
        check(case, values.tolist(), by_x[0].tolist(), by_w.tolist())

    @each_perturbed
    def test_published_perturbations(self, case: Perturbed) -> None:
        layer = QuantumLayer(
            case.circuit_fn,
            2,
            observables=case.observables,
            gradient=case.gradient,
            dtype="float64",
            seed=1,
        )
        case.check(gradients(lambda x: total(layer(x)), case.point)[0])


class TestKeras:
    def test_static_shapes(self) -> None:
        inputs = keras.Input((5, 3))
        outputs = make()(inputs)
        assert tuple(outputs.shape) == (None, 5, 2)
        model = keras.Model(inputs, outputs)
        assert model.predict(features(4, 5, 3), verbose=0).shape == (4, 5, 2)
        assert make().compute_output_shape((None, 7, 3)) == (None, 7, 2)
        samples = make(output="samples", shots=9, observables=None)
        assert samples.compute_output_shape((None, 3)) == (None, 9, 3)

    @pytest.mark.parametrize(
        ("policy", "dtype"),
        [("float32", "float32"), ("mixed_float16", "float16"), ("mixed_bfloat16", "bfloat16")],
    )
    def test_dtype_policies(self, policy: str, dtype: str) -> None:
        layer, exact, x = make(dtype=policy), make(), features(3, 3)
        y = layer(x)
        assert str(y.dtype).split(".")[-1].strip("'<> ") == dtype or y.dtype.name == dtype
        w = layer.quantum_weights["weights"]
        assert array(w).dtype == np.float32
        wanted = array(exact(x, weights=array(w).astype("float64")))
        assert np.allclose(array(keras_float(y)), wanted, atol=3e-2)

    def test_a_compiler_of_graphs_has_nothing_to_say(self) -> None:
        """Dynamo warns of every function with a cache that it meets."""
        layer, x = make(), constant(features(4, 3))
        wanted = array(layer(x))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = array(graph_of(layer)(x))
        assert not [each for each in said if "lru_cache" in str(each.message)]
        np.testing.assert_allclose(found, wanted, atol=1e-6)

    def test_regularizer_constraint_initializer(self) -> None:
        layer = make(
            initializer="ones",
            regularizer=keras.regularizers.L2(0.5),
            constraint=keras.constraints.NonNeg(),
            dtype="float32",
        )
        layer(features(2, 3))
        assert float(array(layer.losses[0])) == pytest.approx(3.0)
        assert layer.quantum_weights["weights"].constraint is not None
        given = make(initializer=keras.initializers.Constant(0.25))
        given(features(2, 3))
        assert (array(given.quantum_weights["weights"]) == 0.25).all()

    def test_seed_repeats_initial_weights(self) -> None:
        def drawn(seed: int) -> np.ndarray:
            layer = make(seed=seed)
            layer.build((None, 3))
            return array(layer.quantum_weights["weights"])

        assert np.array_equal(drawn(4), drawn(4))
        assert np.array_equal(drawn(4), drawn(np.int64(4)))
        assert not np.array_equal(drawn(4), drawn(5))
        assert 0 <= drawn(4).min() <= drawn(4).max() < 2 * np.pi

    def test_named_weights(self) -> None:
        def circuit_fn(circuit: Any, x: Any, alpha: Any, beta: Any) -> None:
            circuit.ry(0, x[0] + alpha[0, 1]).rz(1, beta).cx(0, 1)

        layer = QuantumLayer(circuit_fn, 2, weight_shapes={"alpha": (2, 3), "beta": ()})
        layer(features(2, 1))
        shapes = {name: tuple(var.shape) for name, var in layer.quantum_weights.items()}
        assert shapes == {"alpha": (2, 3), "beta": ()}
        assert len(layer.trainable_weights) == 2

    def test_unused_features_are_named_once(self) -> None:
        layer = make()
        with pytest.warns(UserWarning, match=r"features \[3, 4\] are unused"):
            layer(features(2, 5))
        layer(features(2, 5))


def keras_float(tensor: Any) -> Any:
    if LEGACY:
        import tensorflow as tf

        return tf.cast(tensor, tf.float32)
    return keras.ops.cast(tensor, "float32")


def graph_of(layer: Any) -> Any:
    """The layer as its framework compiles it where Keras has the layer compiled."""
    if BACKEND == "torch":
        import torch

        return torch.compile(layer, backend="eager")
    if BACKEND == "jax":
        import jax

        return jax.jit(layer)
    return layer


def model_of(**options: Any) -> Any:
    layers = keras.layers
    options.setdefault("dtype", "float32")
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(3, activation="tanh"),
            make(name="quantum", **options),
            layers.Dense(3),
        ]
    )


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((48, 8)).astype("float32")
    return x, np.argmax(x[:, :3], axis=1)


def compiled(model: Any, **options: Any) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"], **options)
    return model


class TestTraining:
    def test_learns_and_reports(self) -> None:
        keras.utils.set_random_seed(0)
        model = compiled(model_of())
        before = array(model.layers[1].quantum_weights["weights"])
        x, y = data()
        history = model.fit(x, y, batch_size=16, epochs=6, verbose=0, validation_split=0.25).history
        assert history["loss"][-1] < 0.9 * history["loss"][0]
        assert not np.allclose(before, array(model.layers[1].quantum_weights["weights"]))
        extra = {key for key in history if key.startswith("quantum/")}
        assert {key.partition("/")[2] for key in extra} == {
            "circuit_ms",
            "circuits_per_second",
            "gradient_variance",
            "cost_usd",
            "backend_batched",
        }
        assert all(value > 0 for value in history["quantum/gradient_variance"])
        assert history["quantum/cost_usd"] == [0.0] * 6
        assert history["quantum/backend_batched"] == [1.0] * 6
        assert len(model.evaluate(x, y, verbose=0)) == 2

    def test_logs_of_one_batch_are_about_that_batch(self) -> None:
        """Not on JAX, where nothing orders the reading after the callbacks of the step; logs of
        an epoch are read when it is over."""
        model = compiled(model_of())
        x, y = data()
        for _ in range(3):
            logs = model.train_on_batch(x, y, return_dict=True)
            assert float(logs["quantum/circuit_ms"]) > 0 or BACKEND == "jax"
            assert float(logs["quantum/gradient_variance"]) > 0 or BACKEND == "jax"

    def test_metrics_can_be_left_out(self) -> None:
        model = compiled(model_of(metrics=False))
        history = model.fit(*data(), epochs=1, verbose=0).history
        assert set(history) == {"loss", "accuracy"}
        assert model.layers[1].quantum_metrics() == {}

    def test_shots_train(self) -> None:
        model = compiled(model_of(shots=100))
        history = model.fit(*data(), epochs=1, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        assert history["quantum/gradient_variance"][0] > 0

    def test_per_sample_weights_from_a_network(self) -> None:
        inputs = keras.Input((8,))
        angles = keras.layers.Dense(6)(inputs)
        outputs = make(dtype="float32", trainable=False)(inputs[:, :3], weights=angles)
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.Adam(0.1), "mse")
        x = data()[0]
        losses = model.fit(x, x[:, :2] * 0, epochs=5, verbose=0).history["loss"]
        assert losses[-1] < losses[0]


class TestSaving:
    def test_configuration_makes_the_layer_again(self) -> None:
        layer = make(regularizer="l2", initializer="small", shots=7, gradient="parameter_shift")
        config = layer.get_config()
        assert "q.crz" in config["circuit_fn"]
        again = QuantumLayer.from_config(config)
        assert again.get_config() == config

    def test_a_newer_configuration_is_refused(self) -> None:
        config = make().get_config() | {"format": 2}
        with pytest.raises(QStoreError, match="at most 1, got 2"):
            QuantumLayer.from_config(config)
        assert code_of(lambda: QuantumLayer.from_config(config)) == "QS606"

    def test_clones(self) -> None:
        model = model_of()
        again = keras.models.clone_model(model)
        again.set_weights(model.get_weights())
        x = data()[0]
        assert np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))

    @pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
    def test_a_model_without_a_shape_is_saved_too(self, tmp_path: Path) -> None:
        model = keras.Sequential([make()])
        assert model.layers[0].quantum_weights == {}
        model.save(tmp_path / "m.keras")
        again = keras.models.load_model(tmp_path / "m.keras")
        assert again(features(5, 3)).shape == (5, 2)

    def test_weights_files(self, tmp_path: Path) -> None:
        model, other, x = model_of(seed=1), model_of(seed=2), data()[0]
        model.save_weights(tmp_path / "a.weights.h5")
        other.load_weights(tmp_path / "a.weights.h5")
        assert np.array_equal(model.predict(x, verbose=0), other.predict(x, verbose=0))

    def test_weights_of_another_circuit_are_refused(self, tmp_path: Path) -> None:
        first = QuantumLayer(n_qubits=3, depth=1, name="quantum")
        second = QuantumLayer(n_qubits=3, depth=2, name="quantum")
        models = [keras.Sequential([keras.Input((3,)), layer]) for layer in (first, second)]
        models[0].save_weights(tmp_path / "a.weights.h5")
        message = r"QS607.*'weights' of layer 'quantum' must have shape \(18,\), got \(9,\)"
        # Keras 3 collects what goes wrong into an error of its own.
        with pytest.raises((QStoreError, ValueError), match=message):
            models[1].load_weights(tmp_path / "a.weights.h5")
        with pytest.raises(QStoreError, match=message):
            second.load_own_variables({"0": np.zeros(9)})

    def test_a_process_that_never_saw_the_function(self, tmp_path: Path) -> None:
        model, (x, y) = compiled(model_of()), data()
        model.fit(x, y, epochs=1, verbose=0)
        model.save(tmp_path / "m.keras")
        np.savez(tmp_path / "x.npz", x=x, y=y, wanted=model.predict(x, verbose=0))
        done = subprocess.run(
            [sys.executable, "-c", _LOADING.format(keras=keras.__name__)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=_environment(),
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[-1] == "same-and-trained"


_LOADING = """
import numpy as np
import {keras} as keras
import q_store.keras

model = keras.models.load_model("m.keras")
data = np.load("x.npz")
assert np.allclose(model.predict(data["x"], verbose=0), data["wanted"], atol=1e-6)
before = model.evaluate(data["x"], data["y"], verbose=0)[0]
model.fit(data["x"], data["y"], epochs=5, verbose=0)
assert model.evaluate(data["x"], data["y"], verbose=0)[0] < before
print("same-and-trained")
"""


def _environment() -> dict[str, str]:
    import os

    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root}


class TestErrors:
    @pytest.mark.parametrize(
        ("action", "code"),
        [
            (lambda: make()(features(2, 2)), "QS601"),
            (lambda: make()(keras.Input((2,))), "QS601"),
            (lambda: make(in_features=1), "QS601"),
            (lambda: make(output="expvals"), "QS602"),
            (lambda: make(initializer="he"), "QS602"),
            (lambda: make(shots=0), "QS602"),
            (lambda: make()(features(2, 3).astype("complex64")), "QS602"),
            (lambda: make()(features(2, 3), weights=np.zeros(5)), "QS602"),
            (lambda: make()(features(2, 3), weights=np.zeros((3, 6))), "QS602"),
            (lambda: make(backend="qsmi"), "QS603"),
            (lambda: make(backend="lightning.gpu", strict=True), "QS604"),
            (lambda: make(observables=["ZZ"]), "QS107"),
        ],
    )
    def test_codes(self, action: Callable[[], object], code: str) -> None:
        assert code_of(action) == code

    def test_the_message_names_argument_expected_and_got(self) -> None:
        with pytest.raises(QStoreError, match="inputs must be real numbers, got complex64"):
            make()(features(2, 3).astype("complex64"))
        layer = QuantumLayer(n_qubits=2)
        layer(features(2, 4))
        with pytest.raises(QStoreError, match="inputs must have 4 features, got 5"):
            layer(features(2, 5))

    def test_a_missing_backend_falls_back_with_one_warning(self) -> None:
        with pytest.warns(RuntimeWarning, match="running on 'batched'"):
            layer = make(backend="lightning.gpu")
        assert layer.resolved_backend == "batched"
        assert layer.get_config()["backend"] == "lightning.gpu"


def _differences(function: Callable[[np.ndarray], Any], at: np.ndarray) -> np.ndarray:
    flat = lambda x: np.atleast_1d(function(x.reshape(at.shape)))  # noqa: E731
    return reference.finite_difference(flat, at.ravel()).reshape(at.shape)


def test_the_backend_is_the_one_the_run_is_for() -> None:
    assert _expected() == (BACKEND, LEGACY)


def _expected() -> tuple[str, bool]:
    import os

    legacy = bool(os.environ.get("TF_USE_LEGACY_KERAS"))
    return ("tensorflow" if legacy else os.environ.get("KERAS_BACKEND", "tensorflow")), legacy
