"""The cost model, `auto`, and calibration."""

import json
from collections.abc import Callable
from dataclasses import astuple
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from q_store import QStoreError, SimulatorConfig
from q_store.qir.builder import FuncBuilder
from q_store.qir.observables import Expval, PauliSum
from q_store.runtime import calibration, cost_model
from q_store.runtime.backend import backend_of, load, place
from q_store.runtime.backends import automatic
from q_store.runtime.backends.automatic import AutomaticProgram, candidates
from q_store.runtime.backends.placement import Placement
from q_store.runtime.batched import layout
from q_store.runtime.cost_model import Cost, Work, choose, key, work_of
from q_store.targets.executable import Executable
from q_store.targets.lower import lower
from q_store.testing.conformance import CHECKS, Subject
from q_store.testing.conformance_circuits import layers

KINDS = ("values", "gradient")


def without_turns() -> Executable:
    """Clifford gates alone."""
    builder = FuncBuilder("clifford", 3)
    for wire in range(3):
        builder.gate("x", [wire])
        builder.gate("cx", [wire, (wire + 1) % 3])
    return lower(builder.finish([Expval(PauliSum.z(0))]))


def costs(**per_call: float) -> dict[str, Cost]:
    """Backends whose calls take a fixed time, by names with `_` for the point."""
    return {
        key(name.replace("_", "."), kind, dtype): Cost(call, 0.0, 0.0, 0.0)
        for name, call in per_call.items()
        for kind in ("values", "gradient")
        for dtype in ("float32", "float64")
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A calibration file of our own."""
    path = tmp_path / "calibration.json"
    monkeypatch.setattr(cost_model, "calibration_file", lambda: path)
    return path


# --- estimates -------------------------------------------------------------------------------


def test_an_estimate_is_the_sum_of_its_parts() -> None:
    assert Cost(1000, 10, 3, 0.5).nanoseconds(Work(4, 7, 5)) == 1000 + 4 * (10 + 7 * (3 + 0.5 * 32))


def test_states_that_leave_the_caches_cost_more_for_each_lane() -> None:
    """Bytes of a state as large as the cache are half outside, of one three times as large 90 %."""
    cost = Cost(0.0, 0.0, 0.0, 1.0, beyond=0.5, cache=3 * 2.0**20)
    inside, outside = (cost.nanoseconds(Work(1, 1, n)) / 2**n for n in (8, 30))
    assert inside == pytest.approx(1.0, abs=1e-3)
    assert outside == pytest.approx(1.5, abs=1e-3)
    half = Cost(0.0, 0.0, 0.0, 0.0, beyond=1.0, cache=2.0**20)
    assert half.nanoseconds(Work(1, 1, 17, itemsize=4)) == 2**16
    assert half.nanoseconds(Work(1, 1, 16, itemsize=8)) == 2**15
    assert half.nanoseconds(Work(1, 1, 13, lanes=16)) == 16 * 2**12


def test_work_counts_lane_groups_samples_and_shifted_circuits() -> None:
    executable = layers(3, 2, 5).executable
    slots = int((np.diff(executable.a_indptr) > 0).sum())
    assert work_of(executable, "lightning.qubit", "gradient", 10, "float32").samples == 10
    assert work_of(executable, "qsim", "values", 10, "float32").samples == 10
    assert work_of(executable, "qsim", "gradient", 10, "float32").samples == 10 * (2 * slots + 1)
    assert work_of(executable, "batched", "values", 1, "float32").samples == 1
    assert work_of(executable, "batched", "values", 4096, "float32").samples < 4096
    assert work_of(executable, "batched", "values", 0, "float32").samples == 0
    assert work_of(executable, "lightning.qubit", "values", 10, "float64").lanes == 1
    joint = calibration.circuit(4, 3, "crx")
    assert work_of(joint, "qsim", "values", 1, "float32").joint == 12
    assert work_of(calibration.circuit(4, 3), "qsim", "values", 1, "float32").joint == 0
    assert work_of(executable, "batched", "values", 10, "float64").lanes > 1


def test_threads_share_a_state_of_many_qubits_in_some_backends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QSTORE_NUM_THREADS", "8")
    many, few = calibration.circuit(20, 2), calibration.circuit(13, 2)
    assert work_of(many, "qsim", "values", 1, "float32").threads == 8
    assert work_of(few, "qsim", "values", 1, "float32").threads == 1
    assert work_of(many, "lightning.qubit", "values", 1, "float32").threads == 1
    assert choose(many, 1, "values", ["batched", "qsim"], costs=cost_model.built_in()) == "qsim"
    half, whole = Work(1, 9, 10, threads=2), Work(1, 9, 10)
    amplitudes = Cost(0.0, 0.0, 0.0, 1.0, beyond=1.0)
    assert amplitudes.nanoseconds(half) == amplitudes.nanoseconds(whole) / 2


def test_the_embedded_engine_counts_what_its_plan_sweeps() -> None:
    """Clifford gates cost it nothing; gradients sweep back as well."""
    plain, more = layers(3, 2, 5).executable, calibration.circuit(3, 4)
    values, gradient = (work_of(plain, "batched", kind, 1, "float32") for kind in KINDS)
    assert gradient.gates > values.gates
    assert work_of(more, "batched", "values", 1, "float32").gates > 0
    assert work_of(without_turns(), "batched", "values", 1, "float32").gates < values.gates


def test_the_cheapest_is_chosen_and_the_first_where_nothing_is_known() -> None:
    executable, names = layers(3, 2, 5).executable, ["batched", "qsim", "lightning.qubit"]
    assert choose(executable, 1, "values", names, costs=costs(batched=2, qsim=1)) == "qsim"
    assert choose(executable, 1, "values", names, costs=costs(batched=1, qsim=2)) == "batched"
    assert choose(executable, 1, "values", names, costs={}) == "batched"


def test_the_built_in_costs_cover_our_backends() -> None:
    found = cost_model.built_in()
    for dtype in ("float32", "float64"):
        for name in [name for name in candidates(dtype) if name != "lightning.kokkos"]:
            for kind in ("values", "gradient"):
                assert min(found[key(name, kind, dtype)].nanoseconds(Work(2, 9, 4)), 1e12) > 0
    small = layers(5, 1, 3).executable
    assert choose(small, 32, "gradient", candidates("float32"), costs=found) == "batched"


def test_shift_rules_of_many_qubits_take_as_long_as_their_circuits() -> None:
    """Their own points are of few qubits, where amplitudes do not show."""
    known = {
        key("qsim", "gradient", "float32"): Cost(1e5, 1e3, 1e3, 0.0),
        key("qsim", "values", "float32"): Cost(1e5, 0.0, 1e3, 0.1),
        key("batched", "gradient", "float32"): Cost(1e4, 0.0, 90.0, 2.0),
    }
    many = layers(18, 2, 1).executable
    assert choose(many, 1, "gradient", ["qsim", "batched"], costs=known) == "batched"


# --- files -----------------------------------------------------------------------------------


def test_what_was_written_holds_on_this_machine(here: Path) -> None:
    assert cost_model.current() is cost_model.built_in()
    mine = costs(batched=7)
    assert cost_model.write(mine) == here
    assert cost_model.current() == mine
    assert not list(here.parent.glob(".*"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: "no json",
        lambda d: json.dumps(d | {"format": 1}),
        lambda d: json.dumps(d | {"format": 3}),
        lambda d: json.dumps(d | {"machine": {"processor": "another", "threads": 3}}),
        lambda d: json.dumps({"format": 2, "machine": d["machine"]}),
        lambda d: json.dumps(d | {"costs": {"batched values float32": {"call": 1}}}),
        lambda d: "[]",
    ],
    ids=["no json", "older", "newer", "other machine", "cut", "fields missing", "a list"],
)
def test_another_file_counts_as_none(damage: Callable[[Any], str], here: Path) -> None:
    cost_model.write(costs(batched=7))
    here.write_text(damage(json.loads(here.read_text())))
    assert cost_model.current() is cost_model.built_in()


# --- calibration -----------------------------------------------------------------------------


def test_exact_times_are_fitted_exactly() -> None:
    truth = Cost(2000.0, 300.0, 20.0, 0.5, 0.25, 0.75, 2.0**23)
    factors = product((1, 7), (3, 40), (2, 6, 20, 23), (1, 4), (4,), (0, 2))
    works = [Work(*each) for each in factors]
    points = [(work, truth.nanoseconds(work)) for work in works]
    found = calibration.fitted(points)
    assert astuple(found) == pytest.approx(astuple(truth), rel=1e-3)


def test_numbers_are_never_negative() -> None:
    points = [(Work(1, 1, 2), 100.0), (Work(9, 1, 2), 50.0), (Work(1, 30, 2), 20.0)]
    found = calibration.fitted(points)
    assert min(astuple(found)) >= 0


def test_small_states_say_nothing_about_large_ones() -> None:
    points = [(Work(1, g, n), 100.0 * g + 1.1**n) for g in (1, 9) for n in (2, 4, 6, 8)]
    assert calibration.fitted(points).beyond == 0.0


def test_calibration_measures_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "candidates", lambda dtype: ("batched", "lightning.qubit"))
    told: list[str] = []
    found = calibration.calibrate(told.append, ["float32"], [(2, 1, 1), (3, 2, 4), (6, 1, 2)])
    assert sorted(found) == sorted(
        key(name, kind, "float32")
        for name in ("batched", "lightning.qubit")
        for kind in ("values", "gradient")
    )
    assert len(told) == 4
    assert all(cost.nanoseconds(Work(1, 5, 3)) > 0 for cost in found.values())


# --- auto ------------------------------------------------------------------------------------


def test_few_qubits_stay_in_the_embedded_engine() -> None:
    assert place("auto", n_qubits=12) == Placement("batched")
    assert place("auto") == Placement("batched")
    assert place("auto", n_qubits=13) == Placement("auto")
    found = place(SimulatorConfig(precision="double", threads=1, batch_size=3), n_qubits=20)
    assert found == Placement("auto", precision="float64", threads=1, batch_size=3)


def test_every_call_goes_where_it_is_cheapest(monkeypatch: pytest.MonkeyPatch) -> None:
    case = layers(3, 2, 5)
    known = costs(batched=2) | {key("lightning.qubit", "values", "float64"): Cost(1, 0, 0, 0)}
    monkeypatch.setattr(cost_model, "current", lambda: known)
    program = load(case.executable, "float64", Placement("auto"))
    assert isinstance(program, AutomaticProgram)
    g = np.ones((5, case.executable.n_observables))
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("lightning.qubit", lambda: program.expvals(case.inputs, case.weights)),
        ("batched", lambda: program.value_and_vjp(case.inputs, case.weights, g)),
        ("lightning.qubit", lambda: program.forward(case.inputs, case.weights, False)),
        ("batched", lambda: program.forward(case.inputs, case.weights, True)),
        ("batched", lambda: program.backward(None, case.inputs, case.weights, g)),
    ]
    for wanted, call in calls:
        call()
        assert program.last == wanted
        assert backend_of(program, Placement("auto")) == wanted


def test_where_memory_is_too_short_the_embedded_engine_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lightning holds four states; what neither can hold says so."""
    known = costs(batched=2, lightning_qubit=1)
    monkeypatch.setattr(cost_model, "current", lambda: known)
    for free, fits in ((100 << 20, True), (1 << 20, False)):
        monkeypatch.setattr(layout, "available_memory", lambda free=free: free)
        program = load(calibration.circuit(22, 1), "float64", Placement("auto"))
        inputs, weights = np.zeros((1, 22)), np.zeros(44)
        if fits:
            assert np.allclose(program.expvals(inputs, weights), 1.0)
        else:
            with pytest.raises(QStoreError) as caught:
                program.expvals(inputs, weights)
            assert caught.value.code == "QS510"
        assert backend_of(program, Placement("auto")) == "batched"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Callable[[Subject], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that go to other backends in turn."""
    monkeypatch.setattr("q_store.testing.conformance.place", lambda *_, **__: Placement("auto"))
    monkeypatch.setattr("q_store.testing.conformance.backend_row", lambda _: _EMBEDDED)
    turns = iter(range(10**6))
    names = ("batched", "lightning.qubit", "qsim")
    monkeypatch.setattr(automatic, "choose", lambda *_: names[next(turns) % 3])
    check(Subject("auto", "float32"))


_EMBEDDED = automatic.backend_row("batched")
