"""The contract of the Keras layer on every Keras and backend, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMMON = "test_layer.py test_export.py test_contract.py"


@pytest.mark.parametrize(
    ("files", "environment"),
    [
        (
            f"{COMMON} test_tensorflow.py",
            {"TF_USE_LEGACY_KERAS": "1"},
        ),
        (
            COMMON,
            {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"},
        ),
        (COMMON, {"KERAS_BACKEND": "torch"}),
    ],
    ids=["tf_keras", "keras on jax", "keras on torch"],
)
def test_the_same_contract(files: str, environment: dict[str, str]) -> None:
    paths = [str(HERE / name) for name in files.split()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
