"""Circuits and jobs as IonQ's JSON: valid by our JSON Schema, and the circuit that was meant."""

import json
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.ionq import read_circuits, read_ionq_json
from q_store.frontends.qasm import from_qasm, is_qasm
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.observables import Sample, State
from q_store.qir.registry import all_gates
from q_store.runtime.reference_func import unitary_of_func
from q_store.targets.ionq.devices import device
from q_store.targets.ionq.json.circuits import IonqCircuit, ionq_circuits
from q_store.targets.ionq.json.job import JobOptions, body_text, job_body
from q_store.targets.ionq.json.prepare import prepared
from q_store.targets.ionq.json.schema import job_schema
from q_store.testing.strategies import circuits
from tests.targets.test_ionq_values import layered

VALIDATORS = {api: Draft202012Validator(job_schema(api)) for api in ("v0.4", "v0.3")}


def body(made: list[IonqCircuit], **options: Any) -> dict[str, Any]:
    """A job body, validated as text."""
    api = options.get("api", "v0.4")
    found = json.loads(body_text(job_body(made, JobOptions(**options))))
    VALIDATORS[api].validate(found)
    return found


def native(func: Func, machine: str = "forte", level: int = 1) -> Func:
    return run_pipeline(f"ionq-native{{device={machine} level={level}}}", Module((func,))).main


@st.composite
def numeric(draw: st.DrawFn, max_ops: int) -> Func:
    """Circuits without parameters that end in something a machine can give."""
    func = draw(circuits(max_qubits=4, max_ops=max_ops, parameters=False, observed=True))
    circuit = QuantumCircuit.from_ir(func)
    circuit._observations = [o for o in circuit.observations if not isinstance(o, State)]
    return circuit.to_ir()


def distribution(func: Func) -> np.ndarray:
    return np.abs(unitary_of_func(func, {})[:, 0]) ** 2


def same_up_to_phase(made: np.ndarray, wanted: np.ndarray) -> None:
    assert made.shape == wanted.shape
    assert abs(np.vdot(made, wanted)) / len(made) == pytest.approx(1.0, abs=1e-9)


def wire_order(tensor: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Rows of a unitary or entries of a state with qubit `order[i]` in place i."""
    n = len(order)
    shaped = tensor.reshape((2,) * n + (-1,)).transpose([*order, n])
    return shaped.reshape(tensor.shape)


# --- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["v0.4", "v0.3"])
@pytest.mark.parametrize("pauliexp", [False, True])
def test_qis_circuits_come_back(api: str, pauliexp: bool) -> None:
    @settings(max_examples=40)
    @given(numeric(12))
    def check(func: Func) -> None:
        (made,) = ionq_circuits(func, pauliexp=pauliexp)
        read = read_ionq_json(body([made], api=api), strict=not pauliexp and api == "v0.4").main
        same_up_to_phase(
            wire_order(unitary_of_func(read, {}), made.wires), unitary_of_func(func, {})
        )
        registers = tuple(Sample(register) for register in made.registers)
        if api == "v0.4" or len(registers) == 1:
            assert read.observe.observations == registers

    check()


@pytest.mark.parametrize("machine", ["aria", "forte"])
def test_native_circuits_come_back(machine: str) -> None:
    """What is left of frames does not show in a measurement, so distributions are compared."""

    @settings(max_examples=40)
    @given(numeric(10))
    def check(func: Func) -> None:
        target = f"ionq.{machine}"
        compiled = native(func, machine)
        (made,) = ionq_circuits(compiled, gateset="native", device=device(target))
        read = read_ionq_json(body([made], target=target), strict=True).main
        got = wire_order(distribution(read), made.wires)
        np.testing.assert_allclose(got, distribution(func), atol=1e-9)

    check()


@pytest.mark.parametrize("machine", ["aria", "forte"])
def test_compiling_for_a_job_keeps_what_is_measured(machine: str) -> None:
    """Gates that nothing measured depends on may go, so only measured bits are compared."""

    @settings(max_examples=30)
    @given(numeric(10), st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
    def check(func: Func, wanted: list[int]) -> None:
        circuit = QuantumCircuit.from_ir(func)
        qubits = [qubit for qubit in wanted if qubit < circuit.n_qubits] or [0]
        circuit._observations = [Sample(tuple(qubits))]
        ready, gateset = prepared(circuit.to_ir(), device(f"ionq.{machine}"), "native", level=1)
        (made,) = ionq_circuits(ready, gateset=gateset)
        read = read_ionq_json(body([made], target=f"ionq.{machine}"), strict=True).main
        (register,) = made.registers
        np.testing.assert_allclose(
            marginal(distribution(read), register), marginal(distribution(func), qubits), atol=1e-9
        )

    check()


def marginal(probabilities: np.ndarray, qubits: Sequence[int]) -> np.ndarray:
    n = len(probabilities).bit_length() - 1
    rest = [q for q in range(n) if q not in qubits]
    shaped = probabilities.reshape((2,) * n).transpose([*qubits, *rest])
    return shaped.reshape(2 ** len(qubits), -1).sum(axis=1)


def test_a_native_program_without_frames_left_keeps_its_unitary() -> None:
    circuit = QuantumCircuit(3).gpi(0, 0.3).gpi2(1, -2.0).ms(0, 2, 0.2, 0.4, 1.1).zz(1, 2, -0.7)
    (made,) = ionq_circuits(circuit.gpi2(0, 3.0).to_ir(), gateset="native")
    assert [gate["gate"] for gate in made.gates] == ["gpi", "gpi2", "ms", "zz", "gpi2"]
    read = read_ionq_json(body([made])).main
    same_up_to_phase(unitary_of_func(read, {}), unitary_of_func(circuit.to_ir(), {}))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True), st.booleans())
def test_the_measurement_map_is_kept(qubits: list[int], as_native: bool) -> None:
    circuit = QuantumCircuit(4).x(1).swap(1, 3).x(2).sample(*qubits)
    func = native(circuit.to_ir()) if as_native else circuit.to_ir()
    (made,) = ionq_circuits(func, gateset="native" if as_native else "qis")
    for options in ({}, {"api": "v0.3"}):
        read = read_ionq_json(body([made], **options)).main
        (register,) = read.observe.observations
        state = int(np.argmax(distribution(read)))
        # Qubits 2 and 3 are 1 in the circuit as written.
        bits = [state >> (3 - qubit) & 1 for qubit in register.qubits]
        assert bits == [int(qubit in (2, 3)) for qubit in qubits]
        if not as_native:
            assert register.qubits == tuple(qubits)


def test_swaps_in_a_native_program_are_an_order_of_qubits() -> None:
    circuit = QuantumCircuit(3).gpi(0, 0.0).swap(0, 2).gpi(1, 0.0).swap(1, 2).measure_all()
    (made,) = ionq_circuits(circuit.to_ir(), gateset="native")
    assert made.gates == (
        {"gate": "gpi", "target": 0, "phase": 0.0},
        {"gate": "gpi", "target": 1, "phase": 0.0},
    )
    assert made.wires == (2, 0, 1)
    read = read_ionq_json(body([made])).main
    got = wire_order(distribution(read), made.wires)
    np.testing.assert_allclose(got, distribution(circuit.to_ir()), atol=1e-12)


def test_wires_that_end_in_another_order_are_said() -> None:
    """`ionq-native` makes swaps a new order of wires, which the map has to know."""
    func = native(QuantumCircuit(3).x(0).swap(0, 2).measure_all().to_ir())
    (made,) = ionq_circuits(func, gateset="native")
    assert made.registers == ((2, 1, 0),)
    assert body([made])["metadata"] == {"qstore_measured": "2,1,0"}
    assert len(made.gates) == 1


# --- parameters and ranges --------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["aria", "forte"])
@pytest.mark.parametrize("flips", ["play", "read"])
def test_a_program_is_compiled_once_and_written_for_many_values(machine: str, flips: str) -> None:
    circuit = layered()
    func = native(circuit.to_ir(), machine, level=3)
    names = [arg.name for arg in func.args]
    rows = np.random.default_rng(5).uniform(-9, 9, (8, 3))
    order = [i for name in names for i in ({"x": [0], "w": [1, 2]}[name])]
    made = ionq_circuits(func, gateset="native", values=rows[:, order], flips=flips)
    module = read_ionq_json(body(made, target=f"ionq.{machine}"))
    for row, one, read in zip(rows, made, module.funcs, strict=True):
        wanted = distribution(circuit.bind({"x": row[:1], "w": row[1:]}).to_ir())
        np.testing.assert_allclose(wire_order(distribution(read), one.wires), wanted, atol=1e-9)
    assert any(one.flipped for one in made) == (flips == "read" and machine == "aria")


def test_every_gate_of_the_table_can_be_written() -> None:
    for row in all_gates().values():
        angles = [0.1 * (i + 1) for i in range(len(row.angle_names))]
        circuit = QuantumCircuit(row.wires or 1)
        circuit.append(row.mnemonic, range(row.wires or 0), *angles)
        (made,) = ionq_circuits(circuit.to_ir())
        read = read_ionq_json(body([made]), strict=True).main
        same_up_to_phase(unitary_of_func(read, {}), unitary_of_func(circuit.to_ir(), {}))


def test_a_circuit_without_gates_gets_some_that_do_nothing() -> None:
    for gateset in ("qis", "native"):
        (made,) = ionq_circuits(QuantumCircuit(2).to_ir(), gateset=gateset)
        read = read_ionq_json(body([made])).main
        same_up_to_phase(unitary_of_func(read, {}), np.eye(4))


@pytest.mark.parametrize(
    ("targets", "term"),
    [([0, 1, 2], "ZYX"), ([2, 0], "YX"), ([3, 1, 0, 2], "XXZY"), ([1, 0], "XZ")],
)
def test_an_exponential_comes_back_as_one(targets: list[int], term: str) -> None:
    gate = {"gate": "pauliexp", "targets": targets, "terms": [term], "time": 0.4}
    document = {"gateset": "qis", "qubits": 4, "circuit": [{**gate, "coefficients": [-0.5]}]}
    func = read_ionq_json(document).main
    (made,) = ionq_circuits(func, pauliexp=True)
    (found,) = body([made])["input"]["circuit"]
    assert found["gate"] == "pauliexp"
    letters = dict(zip(found["targets"], found["terms"][0][::-1], strict=True))
    assert letters == dict(zip(targets, term[::-1], strict=True))
    assert found["time"] * found["coefficients"][0] == pytest.approx(-0.2)
    # Without being asked for, it is written in gates that the published format has.
    assert "pauliexp" not in {gate["gate"] for gate in ionq_circuits(func)[0].gates}


@given(
    st.lists(
        st.sampled_from(["h 0", "h 1", "s 0", "sdg 2", "sx 1", "cx 0 1", "cx 1 2", "cz 0 2"]),
        max_size=6,
    ),
    st.booleans(),
    st.sampled_from(["rz", "rx", "rzz"]),
)
def test_rotations_between_gates_that_undo_each_other(
    frame: list[str], whole: bool, name: str
) -> None:
    circuit = QuantumCircuit(3).rx(0, 0.3)
    inner = QuantumCircuit(3)
    for text in frame:
        gate, *wires = text.split()
        inner.append(gate, [int(wire) for wire in wires])
    around = inner if whole else QuantumCircuit(3).compose(inner).h(1)
    circuit = circuit.compose(inner).append(name, [0, 1] if name == "rzz" else [1], 0.7)
    circuit = circuit.compose(around.inverse()).cx(2, 0)
    (made,) = ionq_circuits(circuit.to_ir(), pauliexp=True)
    same_up_to_phase(
        unitary_of_func(read_ionq_json(body([made])).main, {}),
        unitary_of_func(circuit.to_ir(), {}),
    )


def test_every_frame_of_three_gates() -> None:
    frames = ["h 0", "s 1", "sdg 2", "sx 1", "cx 0 1", "cx 1 2", "cz 0 2"]
    found = 0
    for frame in product(frames, repeat=3):
        inner = QuantumCircuit(3)
        for text in frame:
            gate, *wires = text.split()
            inner.append(gate, [int(wire) for wire in wires])
        circuit = inner.copy().rzz(1, 2, 0.7).compose(inner.inverse())
        (made,) = ionq_circuits(circuit.to_ir(), pauliexp=True)
        found += any(gate["gate"] == "pauliexp" for gate in made.gates)
        (read,) = read_circuits({"gateset": "qis", "qubits": 3, "circuit": list(made.gates)})
        same_up_to_phase(unitary_of_func(read.to_ir(), {}), unitary_of_func(circuit.to_ir(), {}))
    assert found > 100


def test_a_gate_elsewhere_between_them_stays() -> None:
    circuit = QuantumCircuit(3).sx(1).cx(0, 1).rz(1, 0.7).rx(2, 0.2).cx(0, 1).sxdg(1).h(2)
    (made,) = ionq_circuits(circuit.to_ir(), pauliexp=True)
    read = read_ionq_json(body([made])).main
    same_up_to_phase(unitary_of_func(read, {}), unitary_of_func(circuit.to_ir(), {}))


def test_expectation_values_need_every_wire() -> None:
    circuit = QuantumCircuit(3).h(0)
    (samples,) = ionq_circuits(circuit.copy().sample(2).sample(1, 0).to_ir())
    assert samples.registers == ((2,), (1, 0))
    (both,) = ionq_circuits(circuit.copy().sample(2).expval("Z0").to_ir())
    assert both.registers == ((0, 1, 2),)


# --- job bodies -------------------------------------------------------------------------------


def bell() -> list[IonqCircuit]:
    return ionq_circuits(QuantumCircuit(2, name="bell").h(0).cx(0, 1).measure_all().to_ir())


def test_a_job_body_has_everything_in_its_place() -> None:
    made = body(
        bell(),
        target="ionq.forte",
        shots=1000,
        name="my job",
        metadata={"team": "qml"},
        debiasing=False,
        symmetry_verification=True,
        compilation={"opt": 0, "precision": "1E-3"},
        dry_run=True,
        session="s-1",
    )
    gates = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
    assert made == {
        "type": "ionq.circuit.v1",
        "backend": "qpu.forte-1",
        "settings": {
            "error_mitigation": {"debiasing": False, "symmetry_verification": True},
            "compilation": {"opt": 0, "precision": "1E-3"},
        },
        "dry_run": True,
        "session_id": "s-1",
        "shots": 1000,
        "name": "my job",
        "input": {"gateset": "qis", "qubits": 2, "circuit": gates},
        "metadata": {"team": "qml"},
    }


def test_version_0_3() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1).sample(1, 0)
    made = body(
        ionq_circuits(circuit.to_ir()),
        api="v0.3",
        shots=200,
        debiasing=False,
        noise="aria-1",
        seed=7,
    )
    assert made["target"] == "simulator"
    assert made["input"]["format"] == "ionq.circuit.v0"
    assert made["registers"] == {"meas_mapped": [1, 0]}
    assert made["error_mitigation"] == {"debias": False}
    assert made["noise"] == {"model": "aria-1", "seed": 7}


def test_gate_sets_may_be_mixed_in_a_job() -> None:
    circuit = QuantumCircuit(2, name="two").h(0).measure_all()
    made = [*bell(), *ionq_circuits(native(circuit.to_ir()), gateset="native")]
    found = body(made)
    assert [item["gateset"] for item in found["input"]["circuits"]] == ["qis", "native"]
    assert [func.name for func in read_ionq_json(found, strict=True).funcs] == ["bell", "two"]


WRONG = [
    ("QS420", {"target": "ionq.fort"}, "unknown target"),
    ("QS426", {"shots": 0}, "from 1 to 1000000, got 0"),
    ("QS426", {"target": "ionq.forte", "shots": 10_001}, "from 1 to 10000, got 10001"),
    ("QS426", {"shots": 10.0}, "whole number"),
    ("QS732", {"noise": "forte"}, "unknown noise model 'forte'"),
    ("QS732", {"noise": "forte-1", "target": "ionq.forte"}, "is for the simulator"),
    ("QS732", {"seed": 3}, "seed goes with a noise model"),
    ("QS732", {"noise": "ideal", "seed": 2**31}, "1 to 2147483647"),
    ("QS732", {"name": ""}, "name must be a text"),
    ("QS732", {"session": 7}, "session must be a text"),
    ("QS732", {"metadata": {"a": 1}}, "metadata must map texts to texts"),
    ("QS732", {"compilation": {"level": 3}}, "no setting `level`"),
    ("QS732", {"api": "v0.2"}, "api must be"),
    ("QS732", {"api": "v0.3", "dry_run": True}, "dry_run needs api='v0.4'"),
]


@pytest.mark.parametrize(("code", "options", "message"), WRONG)
def test_options_that_are_unusable(code: str, options: dict, message: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        job_body(bell(), JobOptions(**options))
    assert caught.value.code == code


def test_too_much_for_a_job() -> None:
    for size, options, message in (
        (30, {}, "`ionq.simulator` has 29 qubits, the circuit `main` 30"),
        (26, {"noise": "aria-1"}, "`aria-1` takes 25 qubits"),
    ):
        wide = ionq_circuits(QuantumCircuit(size).h(0).to_ir())
        with pytest.raises(QStoreError, match=message) as caught:
            job_body(wide, JobOptions(**options))
        assert caught.value.code == "QS423"
    many = bell() * 5001
    long = IonqCircuit("x", "qis", 1, ({"gate": "h", "target": 0},) * 80_000, (0,), ((0,),))
    for circuits_of_job in (many, [long, long]):
        with pytest.raises(QStoreError, match="QS733"):
            job_body(circuits_of_job, JobOptions())
    with pytest.raises(QStoreError, match=r"QS733.*11\.\d MB.*10 MB"):
        body_text(
            job_body([IonqCircuit(**{**_fields(long), "gates": long.gates * 6})], JobOptions())
        )
    with pytest.raises(QStoreError, match="at least one circuit"):
        job_body([], JobOptions())


def _fields(circuit: IonqCircuit) -> dict[str, Any]:
    return {name: getattr(circuit, name) for name in IonqCircuit.__slots__}


def test_debiasing_with_few_shots_is_a_warning() -> None:
    with pytest.warns(RuntimeWarning, match="QS734"):
        job_body(bell(), JobOptions(target="ionq.forte", shots=100, debiasing=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        job_body(bell(), JobOptions(target="ionq.forte", shots=500, debiasing=True))


@pytest.mark.parametrize(
    ("circuit", "message", "way_out"),
    [
        (
            lambda: QuantumCircuit(2).measure(0, bit="c").if_bit("c", QuantumCircuit(2).x(1)),
            "`q.if` cannot be written",
            "gates that depend on it into controls",
        ),
        (
            lambda: QuantumCircuit(1).depolarizing(0, 0.1),
            "`n.depolarizing` cannot be written",
            "noise='forte-1'",
        ),
        (lambda: QuantumCircuit(1).h(0).state(), "no machine can give", "observe expectation"),
    ],
)
def test_what_the_format_cannot_express(circuit: Any, message: str, way_out: str) -> None:
    with pytest.raises(QStoreError, match=message) as caught:
        ionq_circuits(circuit().to_ir())
    assert caught.value.code == "QS731"
    assert way_out in str(caught.value)


def in_the_middle() -> QuantumCircuit:
    circuit = QuantumCircuit(3).ry(0, param="t").measure(0, bit="m").x(0).reset(1)
    return circuit.cx(0, 1).swap(1, 2).iswap(0, 1)


def test_measurements_in_the_middle_are_openqasm_3() -> None:
    func = in_the_middle().sample(2, 0).to_ir()
    made = ionq_circuits(func, values=[[0.3], [1.4]])
    found = [body([circuit], noise="forte-1", shots=100) for circuit in made]
    for job, angle in zip(found, (0.3, 1.4), strict=True):
        assert (job["type"], [*job["input"]]) == ("ionq.qasm3.v1", ["data"])
        assert job["metadata"] == {"qstore_measured": "2,0"}
        again = from_qasm(job["input"]["data"])
        assert again.observations == (Sample((0, 1, 2)),)
        assert [step.row.name for step in again].count("q.measure") == 1
        assert f"ry({angle}) q[0];" in job["input"]["data"]
        (circuit,) = read_circuits(job)
        assert circuit.n_qubits == 3
    with pytest.raises(QStoreError, match=r"QS733.*a job of its own, got 2 circuits"):
        job_body(made, JobOptions())
    with pytest.raises(QStoreError, match=r"QS732.*need api='v0\.4'"):
        job_body(made[:1], JobOptions(api="v0.3"))
    with pytest.raises(QStoreError, match=r"QS731.*not written with native gates"):
        ionq_circuits(func, gateset="native", values=[[0.3]])
    with pytest.raises(QStoreError, match="QS730"):
        ionq_circuits(func)


def test_native_gates_are_those_of_the_machine() -> None:
    func = native(QuantumCircuit(2).h(0).cx(0, 1).to_ir(), "aria")
    assert ionq_circuits(func, gateset="native", device=device("ionq.simulator"))
    with pytest.raises(QStoreError, match=r"`ms` is not native to `ionq\.forte`") as caught:
        ionq_circuits(func, gateset="native", device=device("ionq.forte"))
    assert caught.value.code == "QS425"
    with pytest.raises(QStoreError, match=r"QS425.*`h` is not native"):
        ionq_circuits(QuantumCircuit(1).h(0).to_ir(), gateset="native")


# --- beside other tools -----------------------------------------------------------------------

BODIES = json.loads((Path(__file__).parents[1] / "frontends/ionq/bodies.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "entry",
    # Terms that do not commute are the service's own approximation; reading refuses them.
    [
        e
        for e in BODIES
        if e["id"].startswith("qk_qis_") and "body" in e and "noncommuting" not in e["id"]
    ],
    ids=lambda entry: entry["id"],
)
def test_what_we_send_means_what_qiskit_sends(entry: dict) -> None:
    """The same gates by their unitaries, the same shots, noise, mitigation and session.

    Not the same text: qiskit-ionq writes a controlled X as `x` with `controls`, a phase gate as `z`
    with a rotation, and `seed: null`, which the schema does not allow.
    """
    sent = entry["body"]
    assert is_qasm(entry["circuits"][0])
    circuit = from_qasm(entry["circuits"][0])
    noise = (sent.get("noise") or {}).get("model")
    mitigation = sent.get("settings", {}).get("error_mitigation", {})
    made = body(
        ionq_circuits(circuit.to_ir()),
        target=sent["backend"],
        shots=sent["shots"],
        name=sent["name"],
        noise=noise,
        debiasing=mitigation.get("debiasing"),
        dry_run=sent.get("dry_run", False),
        session=sent.get("session_id"),
    )
    for key in ("type", "backend", "shots", "name", "session_id", "dry_run", "settings"):
        assert made.get(key) == sent.get(key)
    assert made["input"]["qubits"] == sent["input"]["qubits"]
    theirs, ours = (read_ionq_json(one).main for one in (sent, made))
    assert ours.observe.observations == theirs.observe.observations
    same_up_to_phase(unitary_of_func(ours, {}), unitary_of_func(theirs, {}))


@pytest.mark.parametrize(
    "entry",
    # cirq-ionq writes the angle of `zz` as `phase`, which our bodies do not.
    [e for e in BODIES if "_native" in e["id"] and "body" in e and e["id"] != "cq_native_forte_zz"],
    ids=lambda entry: entry["id"],
)
def test_native_gates_are_written_as_other_tools_write_them(entry: dict) -> None:
    """Gate by gate the same, phases up to whole turns."""
    sent = entry["body"]["input"]
    theirs = [item["circuit"] for item in sent.get("circuits", [sent])]
    for gates, func in zip(theirs, read_ionq_json(entry["body"]).funcs, strict=True):
        (made,) = ionq_circuits(func, gateset="native")
        assert len(made.gates) == len(gates)
        for ours, wanted in zip(made.gates, gates, strict=True):
            wanted = dict(wanted)
            if ours["gate"] == "zz":
                wanted.setdefault("angle", wanted.pop("phase", None))
            assert ours.keys() == wanted.keys()
            for key, value in ours.items():
                if key in ("gate", "target", "targets"):
                    assert value == wanted[key]
                else:
                    turns = np.subtract(value, wanted[key])
                    whole = 0 if key == "angle" else np.round(turns)
                    np.testing.assert_allclose(turns, whole, atol=1e-12)
