"""Executables: files, content hashes, and what a wrong file gets."""

import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store
from q_store.qir.diagnostics import QStoreError
from q_store.targets.executable import (
    FORMAT,
    AffineRow,
    ClassicalProgram,
    Executable,
    Output,
    inconsistency,
)


def ints(*values):
    return np.array(values, np.int32)


def example():
    return Executable(
        n_qubits=2,
        op_names=("rx", "cx"),
        opcode=ints(0, 1),
        wire_ptr=ints(0, 1, 3),
        wires=ints(1, 0, 1),
        slot_ptr=ints(0, 1, 1),
        n_inputs=1,
        n_weights=1,
        input_names=("x[0]",),
        weight_names=("θ",),
        a_indptr=ints(0, 2),
        a_indices=ints(0, 2),
        a_data=np.array([2.0, 1.0]),
        b=np.array([0.25]),
        classical=ClassicalProgram(
            ("sin",), ints(0), ints(0, 1), ints(0, 1), ints(1), np.ones(1), np.zeros(1)
        ),
        phase_row=AffineRow(ints(1), np.array([0.5]), 0.125),
        outputs=(Output("expval", 0, 1), Output("sample", qubits=(1, 0), shots=10)),
        term_ptr=ints(0, 2),
        term_x=np.array([0, 2], np.uint64),
        term_z=np.array([1, 3], np.uint64),
        term_coef=np.array([1.0, -0.5]),
    )


def code_of(call, *args):
    with pytest.raises(QStoreError) as caught:
        call(*args)
    return caught.value.code


def test_a_file_gives_back_the_same_executable(tmp_path):
    path = tmp_path / "circuit.npz"
    example().save(path)
    loaded = Executable.load(path)
    assert loaded.key == example().key
    assert loaded.outputs == example().outputs
    assert loaded.weight_names == ("θ",)
    assert loaded.n_derived == 1
    assert loaded.n_observables == 1
    for entry in fields(Executable):
        value = getattr(example(), entry.name)
        if isinstance(value, np.ndarray):
            found = getattr(loaded, entry.name)
            np.testing.assert_array_equal(found, value)
            assert found.dtype == value.dtype
    assert [p.name for p in tmp_path.iterdir()] == ["circuit.npz"]


def test_the_empty_executable_survives_a_file(tmp_path):
    Executable(1).save(tmp_path / "e")
    assert Executable.load(tmp_path / "e").key == Executable(1).key


def test_the_key_covers_every_field():
    base = example()
    changes = {
        "n_qubits": 3,
        "op_names": ("ry", "cx"),
        "opcode": ints(1, 1),
        "wires": ints(0, 0, 1),
        "input_names": ("x",),
        "a_data": np.array([2.0, 1.5]),
        "b": np.array([0.5]),
        "classical": replace(base.classical, const=np.ones(1)),
        "phase_row": replace(base.phase_row, const=0.0),
        "outputs": base.outputs[:1],
        "term_x": np.array([1, 2], np.uint64),
        "term_coef": np.array([1.0, 0.5]),
    }
    keys = {replace(base, **{name: value}).key for name, value in changes.items()}
    assert len(keys | {base.key}) == len(changes) + 1
    assert example().key == base.key


def test_missing_and_unreadable_files(tmp_path):
    assert code_of(Executable.load, tmp_path / "none.npz") == "QS501"
    assert code_of(Executable.load, tmp_path) == "QS501"
    assert code_of(example().save, tmp_path / "no" / "folder.npz") == "QS501"
    assert list(tmp_path.iterdir()) == []


def rewritten(tmp_path, **changes):
    """The example's file with some entries replaced, or removed where None."""
    path = tmp_path / "changed.npz"
    example().save(path)
    with np.load(path) as archive:
        entries = {name: archive[name] for name in archive.files}
    entries |= changes
    np.savez(path, **{name: value for name, value in entries.items() if value is not None})
    return path


def test_a_newer_format_is_told_apart_from_damage(tmp_path):
    assert code_of(Executable.load, rewritten(tmp_path, format=np.int64(FORMAT + 1))) == "QS503"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": None},
        {"format": np.array("1")},
        {"header": None},
        {"header": np.array("{")},
        {"header": np.array("[]")},
        {"header": np.array([1, 2])},
        {"opcode": None},
        {"opcode": ints(0, 7)},
        {"opcode": np.array([0.0, 1.0])},
        {"wires": ints(0, 0, 2)},
        {"wire_ptr": ints(0, 2, 1)},
        {"a_indices": ints(0, 3)},
        {"term_x": np.array([0, 4], np.uint64)},
        {"classical_indices": ints(2)},
        {"term_ptr": ints()},
        {"b": np.zeros((1, 1))},
    ],
)
def test_inconsistent_files_are_refused(tmp_path, changes):
    assert code_of(Executable.load, rewritten(tmp_path, **changes)) == "QS500"


def test_outputs_are_checked():
    base = example()
    assert inconsistency(base) == ""
    for bad in (Output("expval", 0, 2), Output("mean"), Output("probs", qubits=(0, 0))):
        assert "output 0" in inconsistency(replace(base, outputs=(bad,)))


def test_pickled_objects_are_never_loaded(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, format=np.int64(1), header=np.array([print], dtype=object))
    assert code_of(Executable.load, path) == "QS500"


@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_raise_nothing_but_diagnostics(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damage") / "circuit.npz"
    example().save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content))
    code = ""
    try:
        Executable.load(path)
    except QStoreError as problem:
        code = problem.code
    assert code in ("", "QS500", "QS503")


def test_the_file_holds_plain_arrays_only(tmp_path):
    example().save(tmp_path / "c.npz")
    with zipfile.ZipFile(tmp_path / "c.npz") as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())


@pytest.mark.parametrize("n", [65, 100])
def test_observables_of_more_qubits_than_a_mask_has_bits(n):
    wide = q_store.compile(f"qubits q[{n}]; weight t; ry(t) q[0]; expect Z0")
    with pytest.raises(QStoreError, match=f"observables of {n} qubits") as caught:
        _ = wide.executable
    assert caught.value.code == "QS505"
    last = q_store.compile(f"qubits q[{n}]; weight t; ry(t) q[0]; expect Z{n - 1}").executable
    assert last.term_z.tolist() == [1]
