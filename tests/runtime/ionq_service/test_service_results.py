"""Results of the local IonQ service: bit order, formats, noise, batches."""

from math import cos, pi, sin
from typing import Any

import numpy as np
import pytest

from q_store.frontends.circuit import QuantumCircuit
from q_store.ionq import IonQClient, local_service
from q_store.runtime.ionq_service.noise import of_machine, of_model
from q_store.targets.ionq.devices import DEVICES
from tests.runtime.ionq_service.local import BELL, Local, batch, job

X0 = [{"gate": "x", "target": 0}]


def artifacts(local: Local, shown: dict[str, Any]) -> dict[str, Any]:
    """Every artifact of a job by its format."""
    found = {}
    for name, one in shown["results"].items():
        if "id" in one:
            found[name] = local.get(f"/jobs/{shown['id']}/artifacts/{one['id']}")
    return found


def test_bit_k_of_a_key_is_qubit_k(local: Local) -> None:
    assert local.probabilities(job(X0, qubits=3)) == {"1": pytest.approx(1)}
    flipped = [{"gate": "x", "target": 1}, {"gate": "x", "target": 4}]
    assert local.probabilities(job(flipped, qubits=6)) == {"18": pytest.approx(1)}
    flipped = [{"gate": "x", "targets": [2], "controls": [0]}, *X0]
    assert local.probabilities(job(flipped)) == {"1": pytest.approx(1)}


def test_idle_qubits_cost_nothing_to_simulate(local: Local) -> None:
    flipped = [{"gate": "x", "target": 3}, {"gate": "x", "target": 35}]
    found = local.probabilities(job(flipped, "qpu.forte-1", shots=200, qubits=36))
    assert max(found, key=lambda key: found[key]) == str(2**3 + 2**35)


def test_a_circuit_without_gates_reads_zero(local: Local) -> None:
    assert local.probabilities(job([], qubits=2)) == {"0": pytest.approx(1)}
    nothing = [{"gate": "nop", "target": 0}]
    assert local.probabilities(job(nothing, gateset="native")) == {"0": pytest.approx(1)}


def test_every_format_tells_the_same(local: Local) -> None:
    circuit = [*X0, {"gate": "h", "target": 2}]
    shown = local.done(job(circuit, shots=64, noise={"model": "aria-1", "seed": 5}))
    found = artifacts(local, shown)
    assert len(found) == 6
    histogram = found["ionq.result.histogram.json.v1"]
    assert sum(histogram.values()) == 64
    assert found["ionq.result.probabilities.json.v1"] == {
        key: count / 64 for key, count in histogram.items()
    }
    texts = found["ionq.result.histogram.json.v2"]["histogram"]["registers"]["output_all"]
    assert texts == {format(int(key), "03b"): count for key, count in histogram.items()}
    shares = found["ionq.result.probabilities.json.v2"]["probabilities"]["registers"]
    assert shares["output_all"] == {key: count / 64 for key, count in texts.items()}
    shots = found["ionq.result.shots.json.v1"]
    assert {key: shots.count(key) for key in histogram} == histogram
    bits = [shot["registers"]["output_all"] for shot in found["ionq.result.shots.json.v2"]["shots"]]
    assert [str(sum(bit << k for k, bit in enumerate(shot))) for shot in bits] == shots
    where = shown["results"]
    assert local.get(where["histogram"]["url"]) == histogram
    assert local.get(where["shots"]["url"]) == shots


def test_the_ideal_simulator_gives_probabilities_only(local: Local) -> None:
    shown = local.done(job(shots=64))
    assert set(artifacts(local, shown)) == {
        "ionq.result.probabilities.json.v1",
        "ionq.result.probabilities.json.v2",
    }
    assert local.ask("GET", f"/jobs/{shown['id']}/results/shots").status == 404
    assert local.ask("GET", f"/jobs/{shown['id']}/artifacts/none").status == 404


def test_registers_of_several_circuits(local: Local) -> None:
    body = batch([BELL, X0])
    body["input"]["circuits"][1] |= {"qubits": 3, "registers": {"out": [2, 0, None]}}
    shown = local.done(body)
    child = local.get(f"/jobs/{shown['child_job_ids'][1]}")
    assert child["parent_job_id"] == shown["id"]
    found = artifacts(local, child)["ionq.result.probabilities.json.v2"]["probabilities"]
    # Bit 1 of the register is qubit 0; texts have the highest bit on the left.
    assert found["registers"] == {
        "output_all": {"001": pytest.approx(1)},
        "out": {"010": pytest.approx(1)},
    }
    both = artifacts(local, shown)["ionq.result.probabilities-aggregate.json.v1"]
    assert list(both) == shown["child_job_ids"]
    assert local.get(f"/jobs/{shown['id']}/results/probabilities/aggregated") == both


def test_batches_of_like_and_unlike_circuits_keep_their_order(local: Local) -> None:
    angles = np.linspace(0.1, 3, 7)
    circuits = []
    for angle in angles:
        circuits.append([{"gate": "ry", "target": 0, "rotation": float(angle)}])
        circuits.append([{"gate": "x", "target": 0}] * 2 + [{"gate": "rx", "target": 1}
                        | {"rotation": float(angle)}])  # fmt: skip
    shown = local.done(batch(circuits))
    found = local.get(f"/jobs/{shown['id']}/results/probabilities")
    for index, angle in enumerate(angles):
        one, two = list(found.values())[2 * index : 2 * index + 2]
        assert one == {
            "0": pytest.approx(cos(angle / 2) ** 2),
            "1": pytest.approx(sin(angle / 2) ** 2),
        }
        assert two == {
            "0": pytest.approx(cos(angle / 2) ** 2),
            "2": pytest.approx(sin(angle / 2) ** 2),
        }


def drawn(random: np.random.Generator, gateset: str, names: list[str]) -> list[dict[str, Any]]:
    """Gates of these names on three qubits, with fresh numbers."""
    found = []
    for k, name in enumerate(names):
        pair = {"targets": [k % 3, (k + 1) % 3]}
        one = {"target": k % 3}
        number = float(random.uniform(-0.9, 0.9))
        if gateset == "native":
            extra = {
                "gpi": one | {"phase": number},
                "gpi2": one | {"phase": number},
                "zz": pair | {"angle": number},
                "ms": pair | {"phases": [number, 0.5 * number]} | ({"angle": 0.1} if k % 2 else {}),
            }
        else:
            extra = {
                "h": one,
                "rx": one | {"rotation": number},
                "xx": pair | {"rotation": number},
                "ry": one | {"rotation": number, "controls": [(k + 1) % 3, (k + 2) % 3]},
                "z": one | {"rotation": number, "control": (k + 1) % 3},
                "pauliexp": pair | {"terms": ["XY"], "coefficients": [number], "time": 0.7},
            }
        found.append({"gate": name, **extra[name]})
    return found


@pytest.mark.parametrize(
    ("gateset", "kinds"),
    [
        ("native", ["gpi", "gpi2", "zz", "ms"]),
        ("qis", ["h", "rx", "xx", "ry", "z"]),
        ("qis", ["h", "rx", "pauliexp"]),
    ],
)
def test_circuits_that_are_alike_run_as_if_they_were_alone(
    local: Local, gateset: str, kinds: list[str]
) -> None:
    random = np.random.default_rng(5)
    circuits = []
    for _ in range(3):
        names = [str(name) for name in random.choice(kinds, 9)]
        circuits += [drawn(random, gateset, names) for _ in range(3)]
    body = batch(circuits)
    body["input"]["gateset"] = gateset
    shown = local.done(body)
    together = local.get(f"/jobs/{shown['id']}/results/probabilities")
    for circuit, found in zip(circuits, together.values(), strict=True):
        alone = local.probabilities(job(circuit, gateset=gateset, qubits=3))
        keys = alone.keys() | found.keys()
        assert {key: found.get(key, 0.0) for key in keys} == pytest.approx(
            {key: alone.get(key, 0.0) for key in keys}, abs=1e-9
        )


def test_a_wrong_number_in_one_of_like_circuits_is_found(local: Local) -> None:
    circuits: list[list[dict[str, Any]]] = [
        [{"gate": "rx", "target": 0, "rotation": 0.5}],
        [{"gate": "rx", "target": 0, "rotation": "half"}],
    ]
    shown = local.done(batch(circuits))
    assert shown["failure"]["code"] == "InvalidInput"


def test_native_gates_are_in_turns(local: Local) -> None:
    circuit = [
        {"gate": "gpi2", "target": 0, "phase": 0.25},
        {"gate": "ms", "targets": [0, 1], "phases": [0.0, 0.25], "angle": 0.1},
        {"gate": "zz", "targets": [0, 1], "angle": 0.2},
        {"gate": "gpi", "target": 1, "phase": 0.1},
    ]
    found = local.probabilities(job(circuit, gateset="native"))
    # exp(-i pi a X Y) on |+0>: the second qubit turns by 2 pi a about Y.
    stay, turn = cos(0.1 * pi) ** 2 / 2, sin(0.1 * pi) ** 2 / 2
    assert found == {
        "2": pytest.approx(stay),
        "3": pytest.approx(stay),
        "0": pytest.approx(turn),
        "1": pytest.approx(turn),
    }


def test_a_mixed_job_overrides_its_gate_set(local: Local) -> None:
    body = batch([X0, [{"gate": "gpi", "target": 0, "phase": 0.0}]])
    body["input"]["circuits"][1]["gateset"] = "native"
    shown = local.done(body)
    found = local.get(f"/jobs/{shown['id']}/results/probabilities")
    assert [*found.values()] == [{"1": pytest.approx(1)}] * 2


def test_openqasm_3(local: Local) -> None:
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c;'
        " x q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
    )
    body = {"type": "ionq.qasm3.v1", "backend": "simulator", "input": {"data": text}}
    assert local.probabilities(body) == {"2": pytest.approx(1)}
    shown = local.get("/jobs")["jobs"][0]
    assert shown["stats"] == {"qubits": 2, "circuits": 1, "gate_counts": {"1q": 1, "2q": 0}}
    assert artifacts(local, shown)["ionq.result.probabilities.json.v2"]["probabilities"] == {
        "registers": {"output_all": {"10": pytest.approx(1)}, "c": {"10": pytest.approx(1)}}
    }
    wrong = local.ask("POST", "/jobs", body | {"input": {"data": "OPENQASM 3; nothing"}})
    assert (wrong.status, wrong.content["validation"]["keys"]) == (400, ["input.data"])
    text = "OPENQASM 3.0; qubit q; bit c; c = measure q; if (c) { reset q; }"
    wrong = local.ask("POST", "/jobs", body | {"input": {"data": text}})
    assert "conditions on measured bits" in wrong.content["message"]
    text = "OPENQASM 3.0; input float a; qubit q; U(a, 0, 0) q;"
    wrong = local.ask("POST", "/jobs", body | {"input": {"data": text}})
    assert "no values" in wrong.content["message"]


MIDDLE = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] mid;
bit last;
ry(1.0) q[0];
mid[1] = measure q[0];
cx q[0], q[1];
x q[0];
mid[0] = measure q[1];
reset q[1];
last = measure q[0];
"""


@pytest.mark.parametrize("noise", [None, {"model": "forte-1", "seed": 5}])
def test_measurements_in_the_middle(local: Local, noise: dict[str, Any] | None) -> None:
    """Both bits of `mid` are the first outcome, `last` and qubit 0 its opposite, qubit 1 is 0."""
    body = {"type": "ionq.qasm3.v1", "backend": "simulator", "input": {"data": MIDDLE}}
    body |= {"shots": 4000} | ({} if noise is None else {"noise": noise})
    shown = local.done(body)
    assert shown["stats"]["qubits"] == 2
    found = artifacts(local, shown)
    one = np.sin(0.5) ** 2
    close = {"abs": 1e-9 if noise is None else 0.04}
    registers = found["ionq.result.probabilities.json.v2"]["probabilities"]["registers"]
    assert registers["mid"]["11"] == pytest.approx(one, **close)
    assert registers["last"]["0"] == pytest.approx(one, **close)
    assert registers["output_all"]["01"] == pytest.approx(1 - one, **close)
    plain = found["ionq.result.probabilities.json.v1"]
    assert plain["0"] == pytest.approx(one, **close)
    assert set(plain) <= {"0", "1", "2", "3"}
    assert sum(plain.values()) == pytest.approx(1)
    if noise is None:
        return
    shots = [shot["registers"] for shot in found["ionq.result.shots.json.v2"]["shots"]]
    assert len(shots) == 4000
    agree = [s["mid"][0] == s["mid"][1] != s["last"][0] for s in shots]
    assert 0.97 < np.mean(agree) < 1.0
    assert all(s["output_all"][0] == s["last"][0] for s in shots)
    assert found["ionq.result.shots.json.v1"] == [
        str(s["output_all"][0] + 2 * s["output_all"][1]) for s in shots
    ]


def test_our_client_measures_in_the_middle() -> None:
    circuit = QuantumCircuit(2).ry(0, param="a").measure(0, bit="m").cx(0, 1).x(0).reset(1).h(1)
    with local_service() as service, IonQClient("any", url=service.url) as ionq:
        job = ionq.submit(circuit.sample(0), values={"a": 1.0}, noise="forte-1", shots=2000, seed=4)
        result = job.wait(timeout=60, poll=0.01).result()
        (again,) = ionq.job(job.id).results()
    assert result.memory is not None
    assert sum(result.counts().values()) == len(result.memory) == 2000
    assert result.probabilities["1"] == pytest.approx(cos(0.5) ** 2, abs=0.05)
    assert again.probabilities == result.probabilities


def test_measurements_in_the_middle_on_machines(local: Local) -> None:
    body = {"type": "ionq.qasm3.v1", "backend": "qpu.forte-1", "input": {"data": MIDDLE}}
    shown = local.done(body | {"shots": 500})
    assert "ionq.native.v1" not in artifacts(local, shown)
    assert local.done(body | {"dry_run": True})["status"] == "completed"


def test_noise_has_the_published_strength(local: Local) -> None:
    """A chain of entanglers that undo each other: what is left wrong is the noise."""
    pairs = 20
    chain = [
        {"gate": "zz", "targets": [0, 1], "angle": 0.25 if k % 2 else -0.25}
        for k in range(2 * pairs)
    ]
    shots = 20_000
    noise = {"model": "forte-1", "seed": 1}
    found = local.probabilities(job(chain, gateset="native", shots=shots, noise=noise))
    rate = 0.00494933
    # After n channels of rate r a pair is mixed with weight 1 - (1 - r)**n.
    mixed = 1 - (1 - rate) ** (2 * pairs)
    wanted = 1 - 0.75 * mixed
    assert found["0"] == pytest.approx(wanted, abs=5 * np.sqrt(wanted * (1 - wanted) / shots))


def test_noise_of_pulses_has_the_published_strength(local: Local) -> None:
    pulses = 200
    chain = [{"gate": "gpi", "target": 0, "phase": 0.3} for _ in range(pulses)]
    shots = 20_000
    body = job(chain, gateset="native", shots=shots, noise={"model": "aria-1", "seed": 1})
    wanted = 1 - 0.5 * (1 - (1 - 0.0005) ** pulses)
    found = local.probabilities(body)
    assert found["0"] == pytest.approx(wanted, abs=5 * np.sqrt(wanted * (1 - wanted) / shots))


def test_unpublished_rates_follow_from_fidelities() -> None:
    enterprise = of_machine(DEVICES["ionq.forte-enterprise"])
    assert enterprise.chances == (pytest.approx(0.0002), pytest.approx(0.0075))
    assert of_model("ideal") is None
    two = of_model("aria-2")
    assert two is not None
    assert two.chances == (pytest.approx(0.75 * 0.00065733), pytest.approx(15 / 16 * 0.01856))


def test_seeds_repeat_results(local: Local) -> None:
    def run(seed: int | None) -> Any:
        noise = {"model": "aria-1"} | ({} if seed is None else {"seed": seed})
        return local.probabilities(job(shots=1000, noise=noise))

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert run(None) != run(None)


def test_a_dry_run_compiles_and_does_not_run(local: Local) -> None:
    circuit = [{"gate": "h", "target": 1}, {"gate": "cnot", "control": 1, "target": 3}]
    shown = local.done(job(circuit, "qpu.forte-1", dry_run=True))
    assert (shown["status"], shown["results"], shown["dry_run"]) == ("completed", None, True)
    one = shown["output"]["compilation"]["compiled_circuits"]["ionq.native.v1"]
    program = local.get(f"/jobs/{shown['id']}/artifacts/{one['id']}")
    gates = [gate["gate"] for gate in program["circuit"]]
    assert gates.count("zz") == 1
    assert set(gates) <= {"gpi", "gpi2", "zz"}
    played = local.probabilities(job(program["circuit"], gateset="native", qubits=4))
    assert played == {"0": pytest.approx(0.5), "10": pytest.approx(0.5)}
    assert local.get(f"/jobs/{shown['id']}/cost")["cost"]["value"] == 0.0
