"""Executables with noise, measurements in the middle and resets: arrays, files, errors."""

from dataclasses import replace

import numpy as np
import pytest

from q_store.frontends.circuit import QuantumCircuit
from q_store.qir.diagnostics import QStoreError
from q_store.qir.parser import parse_module
from q_store.targets.executable import Conditions, Executable
from q_store.targets.lower import lower

NESTED = """
qir 1
func @main(%t: f64 weight) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.ry(%t) %q0
  %q0.2, %c0 = q.measure %q0.1
  %q0.3, %q1.1 = q.if %c0, %q0.2, %q1 {
    (%a, %b)
    %a.1 = n.bit_flip(0.25) %a
    %a.2, %c1 = q.measure %a.1
    %b.1 = q.if %c1, %b {
      (%d)
      %d.1 = q.rx(2.0*%t) %d
      yield %d.1
    } else {
      (%d)
      yield %d
    }
    yield %b.1, %a.2
  } else {
    (%a, %b)
    %a.1 = q.reset %a
    yield %a.1, %b
  }
  %s = m.observe %q0.3, %q1.1 [sample(0, 1)]
  return %s
}
"""


def nested():
    return lower(parse_module(NESTED).main)


def ops(executable):
    """Name, wires and conditions of every op."""
    ptr = executable.wire_ptr
    return [
        (
            executable.op_names[code],
            tuple(executable.wires[ptr[k] : ptr[k + 1]].tolist()),
            executable.conditions.of(k),
        )
        for k, code in enumerate(executable.opcode)
    ]


def test_bodies_are_written_out_with_their_conditions():
    assert ops(nested()) == [
        ("ry", (0,), ()),
        ("q.measure", (0,), ()),
        ("n.bit_flip", (0,), ((0, 1),)),
        ("q.measure", (0,), ((0, 1),)),
        ("rx", (1,), ((0, 1), (1, 1))),
        ("swap", (0, 1), ((0, 1),)),
        ("q.reset", (0,), ((0, 0),)),
    ]
    assert nested().effects == ("q.measure", "n.bit_flip", "q.reset")
    assert nested().n_bits == 2


def test_a_unitary_circuit_has_no_effects_and_no_conditions():
    executable = lower(QuantumCircuit(2).h(0).cx(0, 1).measure_all().to_ir())
    assert executable.effects == ()
    assert executable.n_bits == 0
    assert executable.conditions.of(1) == ()


def test_phases_of_one_outcome_are_dropped():
    body = QuantumCircuit(1).phase(0.5).x(0)
    circuit = QuantumCircuit(1).phase(0.25).h(0).measure(0, bit="c").if_bit("c", body)
    assert lower(circuit.to_ir()).phase_row.const == 0.25


def test_channels_keep_their_probabilities_as_slots():
    circuit = QuantumCircuit(2).pauli(1, 0.1, 0.2, 0.3).amplitude_damping(0, 0.4).sample()
    executable = lower(circuit.to_ir())
    assert executable.b.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert executable.slot_ptr.tolist() == [0, 3, 4]


def test_a_file_gives_back_the_same_executable(tmp_path):
    executable = nested()
    executable.save(tmp_path / "e.npz")
    loaded = Executable.load(tmp_path / "e.npz")
    assert loaded.key == executable.key
    assert ops(loaded) == ops(executable)


def file_format(executable, path):
    executable.save(path)
    with np.load(path) as archive:
        return int(archive["format"]), set(archive.files)


def test_files_of_unitary_circuits_stay_readable_by_older_versions(tmp_path):
    version, names = file_format(lower(QuantumCircuit(1).h(0).to_ir()), tmp_path / "old.npz")
    assert version == 1
    assert not any(name.startswith("condition") for name in names)
    assert file_format(nested(), tmp_path / "new.npz")[0] == 2


def test_the_key_covers_conditions():
    executable = nested()
    other = executable.conditions.literals.copy()
    other[0] ^= 1
    changed = replace(executable, conditions=replace(executable.conditions, literals=other))
    assert changed.key != executable.key


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(np.array([0, 1, 1, 1, 1, 1, 1, 1], np.int32), np.array([1], np.int32)),
        Conditions(np.array([0, 0, 0, 0, 0, 0, 0, 1], np.int32), np.array([4], np.int32)),
        Conditions(np.array([0, 0, 0, 0, 0, 0, 0, 1], np.int32), np.array([-1], np.int32)),
        Conditions(np.array([0, 0, 1], np.int32), np.array([1], np.int32)),
        Conditions(np.zeros(1, np.int32), np.array([1], np.int32)),
    ],
    ids=["too early", "no such bit", "negative", "wrong length", "no pointers"],
)
def test_conditions_that_do_not_fit_are_refused(tmp_path, conditions):
    replace(nested(), conditions=conditions).save(tmp_path / "e.npz")
    with pytest.raises(QStoreError) as caught:
        Executable.load(tmp_path / "e.npz")
    assert caught.value.code == "QS500"
    assert "condition" in str(caught.value)


def test_a_bit_that_is_an_argument_is_refused():
    text = """
    qir 1
    func @main(%c: bit) {
      %q0 = q.alloc 1
      %q0.1 = q.if %c, %q0 {
        (%a)
        yield %a
      } else {
        (%a)
        yield %a
      }
      %s = m.observe %q0.1 [sample(0)]
      return %s
    }
    """
    with pytest.raises(QStoreError) as caught:
        lower(parse_module(text).main)
    assert caught.value.code == "QS542"
    assert "%c" in str(caught.value)


@pytest.mark.parametrize("wrong", [-0.1, 1.5, np.nan])
def test_numbers_that_are_no_probabilities_are_refused(tmp_path, wrong):
    circuit = QuantumCircuit(1).append("bit_flip", 0, 0.1).append("readout", 0, 0.1, 0.2).sample()
    executable = lower(circuit.to_ir())
    changed = (
        replace(executable, b=np.array([wrong])),
        replace(executable, readout=np.array([wrong, 0.0])),
        replace(executable, readout=np.zeros(1)),
    )
    for other in changed:
        other.save(tmp_path / "e.npz")
        with pytest.raises(QStoreError) as caught:
            Executable.load(tmp_path / "e.npz")
        assert caught.value.code == "QS500"


def test_probabilities_that_depend_on_parameters_are_refused(tmp_path):
    circuit = QuantumCircuit(1).rx(0, param="t").append("bit_flip", 0, 0.1).sample()
    executable = lower(circuit.to_ir())
    moved = replace(executable, a_indptr=np.array([0, 0, 1], np.int32))
    moved.save(tmp_path / "e.npz")
    with pytest.raises(QStoreError) as caught:
        Executable.load(tmp_path / "e.npz")
    assert "probabilities" in str(caught.value)
