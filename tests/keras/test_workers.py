"""The snippet of the specification for several workers, on two processes, with both Kerases."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

# Section 5, and what it takes for granted: a circuit, and a data set, which TensorFlow wants made
# after the strategy.
_WORKER = """
import sys
import numpy as np
import tensorflow as tf
from tests.runtime.circuit_forms import fills_in as my_circuit

import tensorflow as tf
from q_store.tf import QuantumLayer

# Standard TensorFlow distributed strategy
strategy = tf.distribute.MultiWorkerMirroredStrategy()

tf.keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x, y = rng.random((32, 4)).astype("float32"), rng.integers(0, 10, 32)
train_dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
train_dataset = train_dataset.with_options(options)

with strategy.scope():
    model = tf.keras.Sequential([
        QuantumLayer(circuit_fn=my_circuit, n_qubits=4),
        tf.keras.layers.Dense(10, activation='softmax')
    ])

    model.compile(
        optimizer='adam',
        loss='sparse_categorical_crossentropy'
    )

# Automatically distributes across workers
history = model.fit(train_dataset, epochs=2)
np.savez(sys.argv[1], loss=history.history["loss"], *model.get_weights())
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(name: str, folder: Path, legacy: str, cluster: dict[str, object]) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_USE_LEGACY_KERAS": legacy,
        "KERAS_BACKEND": "tensorflow",
        "TF_CONFIG": json.dumps(cluster),
    }
    with (folder / f"{name}.err").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", _WORKER, name],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


@pytest.mark.parametrize("legacy", ["0", "1"], ids=["Keras 3", "tf_keras"])
def test_two_workers_train_like_one(legacy: str, tmp_path: Path) -> None:
    ports = free_ports(2)
    workers = [f"127.0.0.1:{port}" for port in ports]
    # One generation is compared with a process of its own; the other would only cost time.
    started = {} if legacy == "1" else {"alone": start("alone", tmp_path, legacy, {})}
    for rank in range(2):
        task = {"type": "worker", "index": rank}
        cluster = {"cluster": {"worker": workers}, "task": task}
        started[f"worker{rank}"] = start(f"worker{rank}", tmp_path, legacy, cluster)
    found = {}
    for name, process in started.items():
        assert process.wait(300) == 0, (tmp_path / f"{name}.err").read_text()[-3000:]
        with np.load(tmp_path / f"{name}.npz") as saved:
            found[name] = dict(saved)
    for key, value in found["worker0"].items():
        assert np.array_equal(value, found["worker1"][key])
        assert np.allclose(value, found.get("alone", found["worker0"])[key], atol=1e-5), key
    assert found["worker0"]["loss"][1] < found["worker0"]["loss"][0]
