"""Exported models serve in processes that have the framework and nothing of q-store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from q_store.keras import QuantumLayer
from tests.keras.frameworks import BACKEND, features, keras
from tests.keras.test_layer import compiled, data, model_of

_SAVED_MODEL = """
import tensorflow as tf

def serve(path, x):
    loaded = tf.saved_model.load(path)
    run = getattr(loaded, "serve", None) or loaded.signatures["serving_default"]
    found = run(tf.constant(x))
    return next(iter(found.values())) if isinstance(found, dict) else found
"""

_EXPORTED_PROGRAM = """
import torch

def serve(path, x):
    return torch.export.load(path + ".pt2").module()(torch.from_numpy(x)).detach()
"""

_SERVING = """
import sys
import numpy as np

given = np.load("given.npz")
np.savez("found.npz", **{name: np.asarray(serve(name, given[name])) for name in given})
assert not any(name.split(".")[0] == "q_store" for name in sys.modules)
"""


def served(folder: Path, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs of the models exported to `folder`, by name, in a process of its own."""
    np.savez(folder / "given.npz", **given)
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", (_EXPORTED_PROGRAM if IN_TORCH else _SAVED_MODEL) + _SERVING],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "found.npz"))


IN_TORCH = BACKEND == "torch"
"""Keras 3 on torch has no SavedModel; it writes torch's own format, for a batch of one."""


def export(model: Any, path: Path) -> None:
    if IN_TORCH:
        model.export(f"{path}.pt2", format="torch", verbose=False)
    else:
        model.export(str(path))


def trained() -> Any:
    model = compiled(model_of())
    model.fit(*data(), epochs=1, verbose=0)
    return model


def alone(features: int = 4, **options: Any) -> Any:
    layer = QuantumLayer(n_qubits=2, seed=3, dtype="float32", **options)
    return keras.Sequential([keras.Input((features,)), layer])


@pytest.mark.filterwarnings("ignore:No complete tensor found in the group:UserWarning")
# Keras asks JAX for what JAX is about to drop.
@pytest.mark.filterwarnings("ignore:The `native_serialization` parameter:DeprecationWarning")
def test_exported_models_serve_without_q_store(tmp_path: Path) -> None:
    models = {
        "trained": trained(),
        "probs": alone(output="probs"),
        "shots": alone(shots=5),
        "basis": alone(2, input_encoding="basis"),
        **{kind: alone(input_encoding=kind) for kind in ("angle", "iqp", "amplitude")},
    }
    given, wanted = {}, {}
    for name, model in models.items():
        export(model, tmp_path / name)
        rows = 1 if IN_TORCH else 5
        x = data()[0][:rows] if name == "trained" else features(rows, 4, dtype="float32") + 1.5
        x = x[:, :2] if name == "basis" else x
        # An exported model has no stream of random numbers of ours: its values are exact.
        exact = alone() if name == "shots" else model
        given[name], wanted[name] = x, exact.predict(x, verbose=0)
    for name, found in served(tmp_path, given).items():
        assert np.allclose(found, wanted[name], atol=1e-5), name
