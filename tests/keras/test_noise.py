"""Noisy circuits in Keras layers, saved and loaded, and what cannot be exported."""

import numpy as np
import pytest
import tensorflow as tf

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.runtime.noise import NoiseModel
from q_store.tf import QuantumLayer

MODEL = NoiseModel.depolarizing(0.01, 0.05, readout=(0.02, 0.1))
X = np.array([[0.3, 0.8], [-0.5, 0.1]], np.float32)


def circuit(c, x, w):
    c.rx(0, x[0]).rx(1, x[1]).ry(0, w[0]).cx(0, 1).amplitude_damping(1, 0.2).ry(1, w[1])
    return c.measure(0, bit="m").if_bit("m", QuantumCircuit(2).x(1))


def test_a_model_with_noise_trains_saves_and_loads(tmp_path):
    layer = QuantumLayer(circuit, 2, noise=MODEL, seed=1)
    model = tf.keras.Sequential([tf.keras.Input((2,)), layer])
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((2, 2)), epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = tf.keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded(X), model(X), atol=1e-6)
    assert loaded.layers[-1].core.noise == MODEL


def test_density_matrices_have_their_shape():
    layer = QuantumLayer(circuit, 2, output="state", noise=MODEL)
    assert layer.compute_output_shape((None, 2)) == (None, 4, 4)
    assert layer(X).shape == (2, 4, 4)


def test_gradients_reach_inputs_and_weights():
    layer = QuantumLayer(circuit, 2, noise=MODEL, seed=1, dtype="float64")
    x = tf.constant(X, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) ** 2)
    d_x, d_w = tape.gradient(loss, [x, layer.trainable_variables[0]])
    step, shift = 1e-5, np.zeros((2, 2))
    shift[0, 0] = step
    up, down = [float(tf.reduce_sum(layer(X + sign * shift) ** 2)) for sign in (1, -1)]
    assert float(d_x[0, 0]) == pytest.approx((up - down) / (2 * step), abs=1e-6)
    assert np.abs(d_w).max() > 1e-3


def test_exports_refuse_noise_by_name(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input((2,)), QuantumLayer(circuit, 2)])
    with pytest.raises(QStoreError) as caught:
        model.export(tmp_path / "served")
    assert caught.value.code == "QS540"
    assert "n.amplitude_damping" in str(caught.value)
