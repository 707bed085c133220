"""Faces without their framework say what to install."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_IMPORTING = """
import sys
for name in {hidden!r}:
    sys.modules[name] = None
from q_store.qir.diagnostics import QStoreError
try:
    import {face}
except QStoreError as problem:
    print(problem.code, problem)
"""


@pytest.mark.parametrize(
    ("face", "hidden", "legacy", "extra"),
    [
        ("q_store.torch", ["torch"], "", "torch"),
        ("q_store.tf", ["tensorflow"], "", "tf"),
        ("q_store.tensorflow", ["tensorflow"], "", "tf"),
        ("q_store.keras", ["keras"], "", "keras"),
        ("q_store.keras", ["tf_keras"], "1", "tf-legacy"),
        ("q_store.jax", ["jax"], "", "jax"),
    ],
)
def test_the_extra_is_named(face: str, hidden: list[str], legacy: str, extra: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTING.format(hidden=hidden, face=face)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": legacy},
    )
    assert done.stdout.startswith("QS801")
    assert f"pip install 'q-store[{extra}]'" in done.stdout
