"""The Keras layer with gradient methods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from q_store import GradientConfig
from q_store.qir.diagnostics import QStoreError
from tests.keras.frameworks import (
    BACKEND,
    LEGACY,
    QuantumLayer,
    array,
    features,
    gradients,
    keras,
    make,
)


def slopes(layer: QuantumLayer, x: np.ndarray) -> np.ndarray:
    return gradients(lambda x: _sum(layer(x)), x)[0]


def _sum(values: Any) -> Any:
    if LEGACY:
        import tensorflow as tf

        return tf.reduce_sum(values)
    return keras.ops.sum(values)


@pytest.mark.parametrize(
    ("gradient", "tolerance"),
    [
        ("hadamard", 1e-9),
        ("finite_diff", 1e-5),
        (GradientConfig("spsa", samples=4000), 0.5),
        ("natural", 1e-9),
    ],
    ids=str,
)
def test_gradients_of_inputs(gradient: Any, tolerance: float) -> None:
    x = features(3, 3)
    assert np.allclose(slopes(make(gradient=gradient), x), slopes(make(), x), atol=tolerance)


def test_training_with_natural_gradients(tmp_path: Path) -> None:
    gradient = GradientConfig("natural", metric="diagonal", regularization=0.1)
    layer = make(gradient=gradient, dtype="float32", observables=["Z0"], name="quantum")
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    x = features(16, 3, dtype="float32")
    logs = model.fit(x, -np.ones((16, 1)), epochs=4, verbose=0).history
    assert logs["loss"][-1] < logs["loss"][0]
    assert logs["quantum/gradient_variance"][-1] > 0
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].core.gradient == gradient
    assert again.layers[-1].resolved_gradient == "natural"
    assert np.array_equal(array(again(x)), array(model(x)))


def test_a_method_without_options_stays_a_name() -> None:
    assert make(gradient="spsa").get_config()["gradient"] == "spsa"
    config = make(gradient=GradientConfig("spsa", samples=2)).get_config()["gradient"]
    assert config == {"method": "spsa", "samples": 2}


def test_estimates_are_differentiated_once() -> None:
    if BACKEND != "tensorflow":
        return
    import tensorflow as tf

    layer, x = make(gradient="spsa"), tf.constant(features(2, 3))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
        slope = inner.gradient(y, x)
    with pytest.raises(QStoreError, match="gives first derivatives only"):
        outer.gradient(slope, x)
