"""The choice of `auto` against stored measurements: a regression of the model, not of the clock.

`measured_backends.json` is what `benchmarks/backends.py auto --cpu --json` wrote, with rings of CX
and of CRX, on the machine that the built-in costs are from, with one thread.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from q_store.runtime import cost_model
from q_store.runtime.backends.automatic import FROM_QUBITS
from q_store.runtime.calibration import circuit

DATA = Path(__file__).with_name("measured_backends.json")
ROWS: list[dict[str, Any]] = json.loads(DATA.read_text())


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTORE_NUM_THREADS", "1")


def label(row: dict[str, Any]) -> str:
    circuit = f"{row['n']} qubits, {row['layers']} layers of {row['entangler']}"
    return f"{circuit}, batch {row['batch']}, {row['kind']}"


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_the_choice_is_within_a_fifth_of_the_best(row: dict[str, Any]) -> None:
    chosen, times = "batched", row["ms"]
    if row["n"] >= FROM_QUBITS:
        executable = circuit(row["n"], row["layers"], row["entangler"])
        chosen = cost_model.choose(
            executable, row["batch"], row["kind"], list(times), costs=cost_model.built_in()
        )
    assert times[chosen] <= 1.2 * min(times.values())


def test_the_grid_has_every_size_and_kind() -> None:
    """And points where each backend is the fastest, so that a wrong model fails."""
    assert {min(row["ms"], key=row["ms"].__getitem__) for row in ROWS} >= {"batched", "qsim"}
    assert {row["n"] for row in ROWS} >= {2, 4, 8, 12, 14, 16, 18, 20, 22}
    assert {row["batch"] for row in ROWS} >= {1, 32}
    assert {row["kind"] for row in ROWS} == {"values", "gradient"}
    assert max(row["layers"] for row in ROWS) >= 10
