"""Gate methods are what the tables say."""

import inspect
from keyword import iskeyword
from pathlib import Path

import pytest

from q_store import QuantumCircuit
from q_store.frontends import gate_methods
from q_store.frontends.gate_methods import GateMethods
from q_store.frontends.generate_gate_methods import main, sources, wire_names
from q_store.qir.dialects import NOISE, Channel
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates

FOLDER = Path(gate_methods.__file__).parent


@pytest.mark.parametrize("file", sources())
def test_generated_modules_are_fresh(file: str) -> None:
    """Run `python -m q_store.frontends.generate_gate_methods` after changing a table."""
    assert (FOLDER / file).read_text() == sources()[file]


def test_generating_writes_the_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from q_store.frontends import generate_gate_methods

    (tmp_path / "gate_methods").mkdir()
    monkeypatch.setattr(generate_gate_methods, "__file__", str(tmp_path / "generate.py"))
    main()
    assert {path.name for path in (tmp_path / "gate_methods").iterdir()} == set(sources())


@pytest.mark.parametrize("row", all_gates().values(), ids=all_gates())
def test_every_gate_is_a_method_under_all_its_names(row: Gate) -> None:
    wires, angles = (
        list(range(row.wires or 0)),
        [0.1 * (i + 1) for i in range(len(row.angle_names))],
    )
    by_name = QuantumCircuit(5).append(row.name, wires, *angles)
    for name in (row.mnemonic, *row.aliases):
        if not iskeyword(name):
            assert getattr(QuantumCircuit(5), name)(*wires, *angles) == by_name
            keywords = dict(
                zip([*wire_names(row), *row.angle_names], [*wires, *angles], strict=True)
            )
            assert getattr(QuantumCircuit(5), name)(**keywords) == by_name
        assert QuantumCircuit(5).append(name, wires, *angles) == by_name


@pytest.mark.parametrize("row", [row for row in all_gates().values() if row.angle_names], ids=repr)
def test_every_angle_can_be_a_named_parameter(row: Gate) -> None:
    names = [f"t{i}" for i in range(len(row.angle_names))]
    keyword = {"param": names[0]} if len(names) == 1 else {"params": names}
    circuit = getattr(QuantumCircuit(5), row.mnemonic)(*range(row.wires or 0), **keyword)
    assert circuit.parameters == tuple(names)


@pytest.mark.parametrize("row", NOISE, ids=repr)
def test_every_channel_is_a_method(row: Channel) -> None:
    wires, probabilities = range(row.wires or 0), [0.05] * len(row.angle_names)
    circuit = getattr(QuantumCircuit(2), row.mnemonic)(*wires, *probabilities)
    assert circuit == QuantumCircuit(2).append(row.mnemonic, wires, *probabilities)
    assert circuit[0].row is row


def test_methods_are_documented_and_typed() -> None:
    for name, method in inspect.getmembers(GateMethods, inspect.isfunction):
        if not name.startswith("_"):
            assert method.__doc__
            assert inspect.signature(method).return_annotation == "Self"
    assert {"rx", "cnot", "depolarizing", "ms"} <= set(dir(QuantumCircuit(1)))


def test_no_gate_hides_another_method() -> None:
    gates = {name for row in all_gates().values() for name in (row.mnemonic, *row.aliases)}
    gates |= {row.mnemonic for row in NOISE}
    assert gates.isdisjoint(vars(QuantumCircuit))
