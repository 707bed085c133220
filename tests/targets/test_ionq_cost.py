"""Machines, prices and estimates."""

from importlib.resources import files
from pathlib import Path

import pytest

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.targets.ionq.cost import compile_native, estimate, is_native, op_costs
from q_store.targets.ionq.devices import DEVICES, device
from q_store.targets.ionq.rates import Rate, Rates, rate_from_estimate

BELL = QuantumCircuit(2).h(0).cx(0, 1).measure_all().to_ir()


def test_machines_are_found_by_any_name() -> None:
    assert device("ionq.forte") is device("forte") is device("qpu.forte-1")
    assert (device("ionq.aria").entangler, device("ionq.tempo").entangler) == ("ms", "zz")
    with pytest.raises(QStoreError, match=r"QS420.*\n.*ionq.forte"):
        device("ionq.fort")


@pytest.mark.parametrize("name", DEVICES)
def test_every_number_has_a_source_and_a_date(name: str) -> None:
    known = DEVICES[name].characterization
    assert known is None or (known.source and known.date)
    low, high = DEVICES[name].angle_range
    assert (low, high) in ((0.0, 0.25), (-0.25, 0.25))
    for rate in Rates.load().routes(name):
        assert rate.source
        assert rate.date


def test_a_characterisation_replaces_numbers() -> None:
    payload = {
        "id": "abc",
        "date": "2026-11-01T00:00:00Z",
        "qubits": 3,
        "connectivity": [[1, 0], [1, 2]],
        "fidelity": {"1q": {"mean": 0.999}, "2q": {"median": 0.99}, "spam": {"median": 0.98}},
        "timing": {"1q": 1e-4, "2q": 9e-4, "readout": 0.0002, "reset": 1e-5, "t1": 10, "t2": None},
    }
    live = device("ionq.forte").characterized(payload)
    known = live.characterization
    assert known is not None
    assert (known.fidelity_1q, known.fidelity_2q, known.fidelity_spam) == (0.999, 0.99, 0.98)
    assert (known.time_2q, known.time_readout, known.t1, known.t2) == (9e-4, 0.0002, 10, 1.0)
    assert (live.qubits, live.connectivity) == (3, {(0, 1), (1, 2)})
    assert "abc" in known.source
    full = device("ionq.forte").characterized({"qubits": 2, "connectivity": [[0, 1]]})
    assert full.connectivity is None
    with pytest.raises(QStoreError, match="QS427"):
        device("ionq.forte").characterized({"timing": {"1q": "fast"}})


def test_an_estimate_of_a_bell_pair() -> None:
    target = device("ionq.forte")
    func = compile_native(BELL, target)
    assert is_native(func, target)
    assert compile_native(func, target) is func
    found = estimate(func, target, 200)
    assert (found.gates_1q, found.gates_2q, found.native_gate_count) == (3, 1, 4)
    assert (found.optimized_depth, found.entangling_depth) == (3, 1)
    assert found.shot_seconds == pytest.approx(3 * 130e-6 + 950e-6)
    assert found.success == pytest.approx(0.9998**3 * 0.993 * 0.995**2)
    assert found.cost_per_shot == pytest.approx(3 * 0.0001645 + 0.001121)
    assert found.total_cost == 25.7899
    assert dict(found.other_routes) == {"braket": pytest.approx(0.30 + 200 * 0.08)}
    assert found.as_dict()["route"] == "azure"


def test_routes_and_mitigation() -> None:
    target = device("ionq.forte")
    func = compile_native(BELL, target)
    braket = estimate(func, target, 100, route="braket")
    assert braket.total_cost == pytest.approx(8.30)
    assert estimate(func, target, 100, route="braket", mitigation=True).total_cost is None
    assert estimate(func, target, 100, mitigation=True).total_cost == 168.195
    many = estimate(func, target, 10_000, rates=Rates.load())
    assert many.total_cost == pytest.approx(max(25.7899, 10_000 * (3 * 0.0001645 + 0.001121)))
    with pytest.raises(QStoreError, match="QS424"):
        estimate(func, target, 100, route="pigeon")


def test_gates_have_costs() -> None:
    target = device("ionq.aria")
    func = compile_native(BELL, target)
    costs = op_costs(func, target, Rates.load().rate("ionq.aria"))
    assert [cost.gate for cost in costs].count("ms") == 1
    assert sum(cost.usd for cost in costs) == pytest.approx(
        estimate(func, target, 1).cost_per_shot or 0
    )
    assert sorted({round(cost.error or 0, 9) for cost in costs}) == [0.0005, 0.004]
    with pytest.raises(QStoreError, match="QS425"):
        op_costs(BELL, target)


def test_unpriced_and_free_machines() -> None:
    tempo = device("ionq.tempo")
    found = estimate(compile_native(BELL, tempo), tempo, 10)
    assert (found.route, found.total_cost, found.shot_seconds) == ("none", None, None)
    simulator = device("ionq.simulator")
    assert compile_native(BELL, simulator) is BELL
    free = estimate(BELL, simulator, 10)
    assert (free.total_cost, free.success, free.native_gate_count) == (0.0, 1.0, 2)


@pytest.mark.parametrize("shots", [0, -1, 2.5, True, 10**7, "10"])
def test_shots_out_of_range(shots: object) -> None:
    with pytest.raises(QStoreError, match="QS426"):
        estimate(BELL, device("ionq.simulator"), shots)


def test_too_many_qubits() -> None:
    with pytest.raises(QStoreError, match="QS423"):
        compile_native(QuantumCircuit(40).to_ir(), device("ionq.forte"))


# --- files of rates ---------------------------------------------------------------------------


def test_a_file_replaces_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[ionq."ionq.forte"]\nrule = "seconds"\nusd_second = 2.0\n')
    rates = Rates.load(path)
    assert rates.rate("ionq.forte").route == "ionq"
    assert rates.rate("ionq.forte", "azure") == Rates.load().rate("ionq.forte", "azure")
    target = device("ionq.forte")
    found = estimate(compile_native(BELL, target), target, 100, rates=rates)
    assert found.total_cost == pytest.approx(2.0 * 100 * (3 * 130e-6 + 950e-6))
    monkeypatch.setenv("QSTORE_IONQ_RATES", str(path))
    assert Rates.load().rate("ionq.forte").rule == "seconds"


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "format = 2",
        "azure = 3",
        '[azure."ionq.forte"]\nrule = "gates"',
        '[azure."ionq.forte"]\nrule = "gate-shots"\nusd_1q = 0.1',
        '[azure."ionq.forte"]\nrule = "free"\nprize = 0.1',
        '[azure."ionq.forte"]\nrule = "seconds"\nusd_second = -1',
        '[azure."ionq.forte"]\nrule = "seconds"\nusd_second = "1"',
        '[azure."ionq.forte"]\nrule = []',
    ],
)
def test_unusable_files(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(QStoreError, match=r"QS421.*bad.toml"):
        Rates.load(path)


def test_the_package_carries_its_rates() -> None:
    text = files("q_store.targets.ionq").joinpath("rates.toml").read_text()
    assert "gate-shots" in text


def test_the_rate_card_of_an_estimate() -> None:
    card = {
        "estimated_at": "2026-11-01",
        "rate_card": {
            "rates": [
                {"unit": "gates", "cost_1q_gate": 1e-4, "cost_2q_gate": 1e-3, "job_cost_minimum": 5}
            ]
        },
    }
    rate = rate_from_estimate(card, "ionq.forte")
    assert rate == Rate(
        "ionq",
        "ionq.forte",
        "gate-shots",
        usd_1q=1e-4,
        usd_2q=1e-3,
        minimum=5.0,
        minimum_mitigated=5.0,
        source=rate.source,
        date="2026-11-01",
    )
    assert Rates.load().with_rate(rate).rate("ionq.forte") is rate
    seconds = {"rate_card": {"rates": [{"unit": "compute_second", "unit_cost": 2}]}}
    assert rate_from_estimate(seconds, "ionq.forte").usd_second == 2.0
    for broken in ({}, {"rate_card": {"rates": []}}):
        with pytest.raises(QStoreError, match="QS421"):
            rate_from_estimate(broken, "ionq.forte")


def test_totals_are_decimal():
    rate = Rate("r", "", "gate-shots", usd_1q=0.0001645, usd_2q=0.001121, source="test")
    assert rate.total(8, 28, None, 1000, False) == 32.704
