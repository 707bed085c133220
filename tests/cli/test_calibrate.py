"""`qstorec calibrate`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from q_store.runtime import calibration, cost_model


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small grid on our own backend, and where the costs go."""
    path = tmp_path / "cache" / "calibration.json"
    monkeypatch.setattr(calibration, "GRID", ((2, 1, 1), (3, 1, 4)))
    monkeypatch.setattr(calibration, "candidates", lambda dtype: ("batched",))
    monkeypatch.setattr(cost_model, "calibration_file", lambda: path)
    return path


def test_the_costs_are_shown_and_kept(qstorec: Callable, kept: Path) -> None:
    done = qstorec("calibrate", "--dtype", "float32")
    assert done.code == 0
    assert "batched gradient float32" in done.out
    assert done.out.endswith(f"kept in {kept}\n")
    assert "measuring" in done.err
    assert "batched values float32" in json.loads(kept.read_text())["costs"]
    assert cost_model.current()["batched values float32"].call >= 0


def test_what_was_not_measured_stays(qstorec: Callable, kept: Path) -> None:
    done = qstorec("-q", "calibrate", "--dtype", "float32", "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert document["schema"] == "qstorec/calibrate/1"
    assert sorted(document["costs"]) == ["batched gradient float32", "batched values float32"]
    assert cost_model.built_in().keys() <= cost_model.current().keys()


def test_a_folder_that_cannot_be_written(qstorec: Callable, kept: Path) -> None:
    kept.parent.write_text("a file where the folder should be")
    done = qstorec("-q", "calibrate", "--dtype", "float32")
    assert done.code == 1
    assert done.err.startswith("error[QS706]: cannot write")
