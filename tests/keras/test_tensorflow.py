"""The Keras layer in TensorFlow: graphs, tapes, higher derivatives, SavedModels, TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from q_store.qir.diagnostics import QStoreError
from q_store.runtime import reference
from q_store.runtime.batched.layout import WORKSPACE
from q_store.tf import QuantumLayer, plain_operations
from tests.keras.frameworks import LEGACY, features, keras, make, reupload
from tests.keras.test_layer import compiled, data, model_of
from tests.runtime.published import ising

WEIGHTS = tf.constant(np.linspace(0.3, 2.1, 6))
OUTPUTS = [
    pytest.param({}, id="expval"),
    pytest.param({"output": "probs", "observables": None}, id="probs"),
    pytest.param({"output": "state", "observables": None}, id="state"),
]


def real(y: Any) -> Any:
    """A real function of outputs that depends on phases."""
    if y.dtype.is_complex:
        ramp = tf.cast(tf.complex(tf.range(8.0), 1.0), y.dtype)
        return tf.math.real(y * ramp) + tf.math.imag(y)
    return y


def value_and_gradients(layer: QuantumLayer) -> Callable[[Any, Any], Any]:
    def run(x: Any, w: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch((x, w))
            loss = tf.reduce_sum(real(layer(x, weights=w)) ** 3)
        return (loss, *tape.gradient(loss, (x, w)))

    return run


def close(found: Any, wanted: Any, tolerance: float = 1e-10) -> None:
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        assert a.shape == b.shape
        assert np.allclose(a, b, atol=tolerance)


class TestGraphs:
    @pytest.mark.parametrize("options", OUTPUTS)
    def test_graph_equals_eager(self, options: dict[str, Any]) -> None:
        run = value_and_gradients(make(**options))
        x = tf.constant(features(4, 3))
        close(tf.function(run)(x, WEIGHTS), run(x, WEIGHTS))

    @pytest.mark.parametrize("options", OUTPUTS)
    def test_plain_operations_equal_the_engine(self, options: dict[str, Any]) -> None:
        run = value_and_gradients(make(**options))
        x = tf.constant(features(4, 3))
        wanted = run(x, WEIGHTS)
        with plain_operations():
            close(run(x, WEIGHTS), wanted)

    def test_xla(self) -> None:
        def circuit_fn(circuit: Any, x: Any, w: Any) -> None:
            circuit.ry(0, x[0]).crz(0, 1, w[0] * x[1])

        layer = QuantumLayer(circuit_fn, 2, observables=["X0 Y1 + Z0"], dtype="float64")
        run = value_and_gradients(layer)
        x, w = tf.constant(features(2, 2)), WEIGHTS[:1]
        close(tf.function(run, jit_compile=True)(x, w), run(x, w))

    def test_batches_of_unknown_size_in_a_graph(self) -> None:
        layer = make()
        signature = [tf.TensorSpec([None, None, 3], tf.float64)]
        graph = tf.function(lambda x: layer(x), input_signature=signature, autograph=False)
        assert graph.get_concrete_function().structured_outputs.shape.as_list() == [None, None, 2]
        for shape in ((4, 2, 3), (1, 7, 3), (0, 5, 3)):
            x = tf.constant(features(*shape))
            close(graph(x), layer(x), 1e-14)

    @pytest.mark.parametrize(
        "options", [{"run_eagerly": True}, {"steps_per_execution": 2}], ids=str
    )
    def test_ways_to_compile_a_model(self, options: dict[str, Any]) -> None:
        model = compiled(model_of(), **options)
        history = model.fit(*data(), batch_size=12, epochs=2, verbose=0).history
        assert history["loss"][1] < history["loss"][0]
        assert history["quantum/gradient_variance"][1] > 0

    def test_models_compiled_with_xla(self) -> None:
        """Keras 3 asks the layer first and trains without XLA; tf_keras runs plain operations."""
        layer = QuantumLayer(n_qubits=2, name="quantum", seed=0)
        model = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(3)])
        if LEGACY:
            model = compiled(model, jit_compile=True)
        else:
            with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
                model = compiled(model, jit_compile=True)
        x, y = data()
        assert np.isfinite(model.fit(x[:, :2], y, 48, verbose=0).history["loss"]).all()

    def test_mixed_precision_scales_the_loss(self) -> None:
        model = compiled(model_of(dtype="mixed_float16"))
        history = model.fit(*data(), epochs=3, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]

    def test_transverse_field_ising_ground_state(self) -> None:
        circuit_fn, energy = ising(6, layers=6)
        layer = QuantumLayer(
            circuit_fn,
            6,
            observables=[energy],
            input_encoding=None,
            initializer="small",
            seed=3,
            dtype="float64",
        )
        nothing = tf.zeros((1, 0), tf.float64)
        layer(nothing)
        w = tf.Variable(layer.quantum_weights["weights"])
        optimizer = keras.optimizers.Adam(0.01)

        @tf.function(autograph=False)
        def step() -> Any:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(nothing, weights=tf.convert_to_tensor(w)))
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
            return loss

        losses = [float(step()) for _ in range(500)]
        assert losses[-1] == pytest.approx(-7.27, abs=0.05)


def test_sparse_features() -> None:
    layer, x = make(dtype="float32"), features(3, 3, dtype="float32") * np.eye(3, dtype="float32")
    inputs = keras.Input((3,), sparse=True)
    model = keras.Model(inputs, layer(inputs))
    sparse = tf.sparse.from_dense(x)
    close(model(sparse), layer(x), 1e-6)
    dense = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((sparse.values, dense))
        found = layer(tf.SparseTensor(sparse.indices, sparse.values, sparse.dense_shape))
        wanted = layer(dense)
    by_entry = tape.gradient(wanted, dense)
    close(tape.gradient(found, sparse.values), tf.linalg.diag_part(by_entry), 1e-6)


def test_threads_of_tensorflow_keep_their_memory() -> None:
    """To Python they are new threads at every call."""
    seen: list[int] = []

    def host(x: np.ndarray) -> np.ndarray:
        seen.append(WORKSPACE.get("in tensorflow", 1 << 12).address)
        return x

    step = tf.function(lambda x: tf.numpy_function(host, [x], tf.float32))
    for _ in range(20):
        step(tf.zeros(1))
    assert len({*seen}) == 1


class TestDerivatives:
    @pytest.mark.parametrize("mode", [lambda f: f, tf.function], ids=["eager", "graph"])
    def test_jacobians_and_persistent_tapes(self, mode: Any) -> None:
        layer, x = make(), tf.constant(features(2, 3))

        def run(x: Any, w: Any) -> Any:
            with tf.GradientTape(persistent=True) as tape:
                tape.watch((x, w))
                y = layer(x, weights=w)
            return tape.jacobian(y, w), tape.jacobian(y, x), tape.batch_jacobian(y, x)

        by_w, by_x, by_row = mode(run)(x, WEIGHTS)
        values = lambda w: layer(x, weights=tf.constant(w)).numpy().ravel()  # noqa: E731
        wanted = reference.finite_difference(values, WEIGHTS.numpy())
        assert np.allclose(by_w.numpy().reshape(4, 6), wanted, atol=1e-6)
        assert np.allclose(by_x[0, :, 0], by_row[0], atol=1e-12)
        assert not np.any(by_x[0, :, 1])

    @pytest.mark.parametrize("options", OUTPUTS[:2])
    @pytest.mark.parametrize("mode", [lambda f: f, tf.function], ids=["eager", "graph"])
    def test_second_derivatives(self, mode: Any, options: dict[str, Any]) -> None:
        """The engine's own against those of plain operations."""
        layer, x = make(**options), tf.constant(features(2, 3))

        def run(x: Any, w: Any) -> Any:
            with tf.GradientTape() as outer:
                outer.watch((x, w))
                loss, by_x, by_w = value_and_gradients(layer)(x, w)
                norm = loss + tf.reduce_sum(by_x**2) + tf.reduce_sum(by_w**3)
            return outer.gradient(norm, (x, w))

        found = mode(run)(x, WEIGHTS)
        with plain_operations():
            close(found, run(x, WEIGHTS), 1e-8)

    @pytest.mark.parametrize("options", OUTPUTS)
    @pytest.mark.parametrize("mode", [lambda f: f, tf.function], ids=["eager", "graph"])
    def test_forward_mode(self, mode: Any, options: dict[str, Any]) -> None:
        layer, x = make(**options), tf.constant(features(2, 3))
        tangent = tf.constant(features(2, 3) + 0.1)

        def run(x: Any) -> Any:
            with tf.autodiff.ForwardAccumulator(x, tangent) as followed:
                y = real(layer(x, weights=WEIGHTS))
            return followed.jvp(y)

        with tf.GradientTape() as tape:
            tape.watch(x)
            y = real(layer(x, weights=WEIGHTS))
        wanted = tf.einsum("bij,bj->bi", tape.batch_jacobian(y, x), tangent)
        close(mode(run)(x), wanted)

    def test_forward_over_reverse(self) -> None:
        layer, x = make(), tf.constant(features(2, 3))
        tangent = tf.ones_like(WEIGHTS)
        with tf.autodiff.ForwardAccumulator(WEIGHTS, tangent) as followed:
            by_w = value_and_gradients(layer)(x, WEIGHTS)[2]
        with tf.GradientTape() as outer:
            outer.watch(WEIGHTS)
            again = value_and_gradients(layer)(x, WEIGHTS)[2]
        close(followed.jvp(by_w), outer.gradient(again, WEIGHTS, tangent), 1e-9)

    def test_estimates_have_no_forward_mode(self) -> None:
        layer, x = make(shots=10), tf.constant(features(2, 3))
        with (
            tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)),
            pytest.raises(QStoreError, match="is differentiated in reverse mode only"),
        ):
            layer(x)

    def test_third_derivative(self) -> None:
        layer = QuantumLayer(
            lambda circuit, x: circuit.ry(0, 2.0 * x[0]), 1, observables=["Z0"], dtype="float64"
        )
        x = tf.constant([[0.3]], tf.float64)
        with tf.GradientTape() as third:
            third.watch(x)
            with tf.GradientTape() as second:
                second.watch(x)
                with tf.GradientTape() as first:
                    first.watch(x)
                    y = layer(x)
                dy = first.gradient(y, x)
            ddy = second.gradient(dy, x)
        assert float(third.gradient(ddy, x)[0, 0]) == pytest.approx(8 * np.sin(0.6), abs=1e-10)

    def test_empty_batch_has_zero_gradients(self) -> None:
        found = value_and_gradients(make())(tf.zeros((0, 3), tf.float64), WEIGHTS)
        close(found, (tf.zeros((), tf.float64), tf.zeros((0, 3), tf.float64), 0 * WEIGHTS))


class TestExport:
    def test_saved_model_of_a_bare_module(self, tmp_path: Path) -> None:
        layer = make(dtype="float32")
        layer.build((None, 3))
        module = tf.Module()
        spec = tf.TensorSpec([None, 3], tf.float32)
        module.weights = list(layer.quantum_weights.values())
        module.serve = tf.function(lambda x: layer(x), input_signature=[spec], autograph=False)
        tf.saved_model.save(module, str(tmp_path / "exported"))
        x = features(5, 3, dtype="float32")
        loaded = tf.saved_model.load(str(tmp_path / "exported"))
        close(loaded.serve(tf.constant(x)), layer(x), 1e-5)

    def test_samples_are_drawn_by_tensorflow(self) -> None:
        layer = make(output="samples", shots=3000, observables=None)
        probs = make(output="probs", observables=None)
        x = tf.constant(features(2, 3))
        with plain_operations():
            bits = layer(x, weights=WEIGHTS)
        assert bits.shape == (2, 3000, 3)
        assert bits.dtype == tf.uint8
        outcomes = bits.numpy() @ np.array([4, 2, 1])
        counts = [np.bincount(row, minlength=8) / 3000 for row in outcomes]
        assert np.allclose(counts, probs(x, weights=WEIGHTS), atol=0.04)


def test_stock_tensorboard_has_the_quantum_scalars(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = compiled(model_of())
    callback = keras.callbacks.TensorBoard(log_dir=str(tmp_path), histogram_freq=1)
    history = model.fit(*data(), epochs=2, verbose=0, callbacks=[callback]).history
    events = EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0}).Reload()
    for name in (
        "circuit_ms",
        "circuits_per_second",
        "gradient_variance",
        "cost_usd",
        "backend_batched",
    ):
        tag = f"epoch_quantum/{name}"
        written = [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
        assert written == pytest.approx(history[f"quantum/{name}"], rel=1e-5)


def test_text_is_refused() -> None:
    with pytest.raises(QStoreError, match="inputs must be real numbers, got string") as caught:
        make()(tf.constant([["a", "b", "c"]]))
    assert caught.value.code == "QS602"


def test_names_of_the_package() -> None:
    import q_store.keras
    import q_store.tensorflow

    assert q_store.keras.QuantumLayer is q_store.tensorflow.QuantumLayer is QuantumLayer
    assert issubclass(QuantumLayer, tf.keras.layers.Layer)


def test_reupload_uses_every_kind_of_gate() -> None:
    """So that the comparisons above mean something."""
    text = make().get_config()["circuit_fn"]
    kinds = ("q.ry", "q.crz", "q.rx", "q.rz", "f.mul", "q.ccx", "q.rzx", "q.iswap", "q.cx")
    assert [kind for kind in kinds if kind not in text] == []
    assert reupload.__doc__
