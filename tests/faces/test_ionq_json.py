"""IonQ's JSON and client as `q_store.ionq` offers them."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import q_store
from q_store import QuantumCircuit
from q_store.frontends.ionq import read_ionq_json
from q_store.ionq import (
    IonQOptimizer,
    from_ionq_json,
    job_options,
    to_ionq_circuits,
    to_ionq_json,
)
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Module
from q_store.runtime.reference_func import unitary_of_func


def ghz() -> QuantumCircuit:
    return QuantumCircuit(3, name="ghz").h(0).cx(0, 1).cx(1, 2).measure_all()


def gates(body: dict[str, Any]) -> set[str]:
    return {gate["gate"] for gate in body["input"]["circuit"]}


def test_without_a_gate_set_a_circuit_is_taken_as_it_is() -> None:
    assert gates(to_ionq_json(ghz())) == {"h", "cnot"}
    native = IonQOptimizer("ionq.forte").optimize(ghz())
    body = to_ionq_json(native, target="ionq.forte")
    assert body["input"]["gateset"] == "native"
    # Native to another machine: IonQ's compiler takes it as a circuit of ordinary gates.
    assert to_ionq_json(native, target="ionq.aria")["input"]["gateset"] == "qis"


@pytest.mark.parametrize(
    ("options", "entangler"),
    [
        ({"target": "ionq.forte"}, "zz"),
        ({"target": "ionq.aria"}, "ms"),
        ({"noise": "aria-1"}, "ms"),
        ({"noise": "forte-1"}, "zz"),
        ({}, "zz"),
    ],
)
def test_native_programs_are_those_of_the_machine_or_its_model(
    options: dict, entangler: str
) -> None:
    body = to_ionq_json(ghz(), gateset="native", **options)
    assert entangler in gates(body)
    assert gates(body) <= {"gpi", "gpi2", entangler}
    state = unitary_of_func(read_ionq_json(body).main, {})[:, 0]
    np.testing.assert_allclose(np.abs(state) ** 2, [0.5, 0, 0, 0, 0, 0, 0, 0.5], atol=1e-9)


def test_lists_modules_and_texts() -> None:
    text = "qir 1\nfunc @one() -> (qubit) {\n  %q = q.alloc 1\n  %q.1 = q.x %q\n  return %q.1\n}\n"
    module = Module((ghz().to_ir(), QuantumCircuit(1, name="other").x(0).to_ir()))
    for several in ([ghz(), text], module):
        body = to_ionq_json(several)
        assert body["type"] == "ionq.multi-circuit.v1"
        assert len(from_ionq_json(body)) == 2
    assert to_ionq_json(text)["type"] == "ionq.circuit.v1"


def test_circuits_made_before_are_taken_as_they_are() -> None:
    made = to_ionq_circuits(ghz(), gateset="native", target="ionq.forte")
    assert to_ionq_circuits(made) == made
    assert to_ionq_circuits(made[0]) == made


def test_circuits_read_are_circuits_like_others() -> None:
    (again,) = from_ionq_json(to_ionq_json(ghz(), shots=10))
    assert again == ghz()
    function = q_store.compile(again, output="probs")
    np.testing.assert_allclose(np.ravel(function()), [0.5, 0, 0, 0, 0, 0, 0, 0.5], atol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gateset": "QIS"}, "QS732.*gateset must be 'qis' or 'native'"),
        ({"target": "ionq.harmony", "gateset": "native"}, "QS423"),
        ({"shot": 3}, "QS732.*no option `shot`"),
    ],
)
def test_options_that_are_wrong(options: dict, message: str) -> None:
    wide = QuantumCircuit(12).h(0).measure_all()
    with pytest.raises(QStoreError, match=message):
        to_ionq_json(wide, **options)


def test_options_have_the_names_of_the_job() -> None:
    assert job_options(shots=3, target="ionq.forte").shots == 3


def test_the_client_says_which_extra_it_needs() -> None:
    program = (
        "import sys\nsys.modules['requests'] = None\n"
        "import q_store.ionq\nprint(q_store.ionq.to_ionq_json.__name__)\n"
        "q_store.ionq.IonQClient\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "to_ionq_json\n"
    assert "QS801" in done.stderr
    assert "pip install 'q-store[ionq]'" in done.stderr
