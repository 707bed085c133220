"""The snippets of the specification as printed, with every accepted form of `circuit_fn`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.runtime.circuit_forms import FORMS, fills_in

# Section 1.
HYBRID_MODEL = """
import tensorflow as tf
from q_store.tf import QuantumLayer

# Build a hybrid model with Keras
model = tf.keras.Sequential([
    tf.keras.layers.Dense(32, activation='relu'),
    QuantumLayer(
        circuit_fn=my_quantum_circuit,
        n_qubits=4,
        backend='qsim'  # GPU-accelerated simulator
    ),
    tf.keras.layers.Dense(10, activation='softmax')
])

# Standard Keras compilation and training
model.compile(
    optimizer='adam',
    loss='sparse_categorical_crossentropy',
    metrics=['accuracy']
)

model.fit(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
"""

# Section 9.
TENSORBOARD = """
from q_store.tf import QuantumLayer
import tensorflow as tf

# TensorBoard automatically tracks quantum metrics
tensorboard_callback = tf.keras.callbacks.TensorBoard(
    log_dir='./logs',
    histogram_freq=1
)

model.fit(
    x_train, y_train,
    epochs=10,
    callbacks=[tensorboard_callback]
)
"""

# The migration guide.
FIRST_LAYER = """
import tensorflow as tf
from q_store.tf import QuantumLayer

# Use standard Keras API
model = tf.keras.Sequential([
    QuantumLayer(circuit_fn=my_circuit, n_qubits=4)
])

model.compile(optimizer='adam', loss='mse')
model.fit(x_train, y_train, epochs=10)
"""


def names(features: int, classes: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x = rng.random((24, features)).astype("float32")
    y = rng.integers(0, classes, 24)
    return {"x_train": x[:16], "y_train": y[:16], "x_val": x[16:], "y_val": y[16:]}


def run(snippet: str, **given: Any) -> dict[str, Any]:
    # Fewer epochs than printed: what is tested is that the lines work.
    scope: dict[str, Any] = {"__name__": "specification", **given}
    exec(compile(snippet.replace("epochs=10", "epochs=1"), "<specification>", "exec"), scope)
    return scope


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore:the circuit reads features 0..3 of 32:UserWarning")
def test_hybrid_model(form: str) -> None:
    scope = run(HYBRID_MODEL, my_quantum_circuit=FORMS[form](), **names(8, 10))
    model = scope["model"]
    assert model.layers[1].resolved_backend == "qsim"
    assert model.layers[1].out_features == 4
    assert model.predict(scope["x_val"], verbose=0).shape == (8, 10)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = names(4, 2)
    given["y_train"] = np.tile(given["y_train"][:, None], 4).astype("float32")
    scope = run(FIRST_LAYER, my_circuit=fills_in, **given)
    run(TENSORBOARD, **given, model=scope["model"])
    assert list((tmp_path / "logs" / "train").iterdir())
    assert isinstance(scope["model"].layers[0], tf.keras.layers.Layer)
