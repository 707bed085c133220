"""Drawings: goldens, folding, and every gate drawn."""

# The sign of a swap looks like a letter to the linter.
# ruff: noqa: RUF001

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given

from q_store import QuantumCircuit
from q_store.frontends.drawing.layout import angle_text
from q_store.frontends.symbols import scalar, vector
from q_store.qir.ops import Gate
from q_store.qir.registry import all_gates
from tests.frontends.circuits import circuits, example

X = vector("x")


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_a_circuit_with_everything() -> None:
    circuit = (
        QuantumCircuit(4)
        .h(0)
        .rx(1, np.pi * X[0] / 2)
        .cx(0, 2)
        .rzz(1, 2, "theta")
        .cz(0, 3)
        .ccx(0, 3, 1)
        .swap(0, 3)
        .crz(2, 0, 0.3)
        .phase(0.1)
        .phase("g")
        .measure(0, bit="c")
        .if_bit("c", QuantumCircuit(4).x(1), QuantumCircuit(4).rx(3, 0.1))
        .reset(2)
        .barrier(0, 1)
        .measure(1, 3)
        .expval("Z0")
    )
    assert lines(circuit.draw(width=0)) == lines(
        """
q0: ───────[H]────────●─────────────────●──●──╳──[RZ(0.3)]───[M c]─────░────────
                      │                 │  │  │      │
q1: ─[RX(π/2*x[0])]───┼──[RZZ(theta)]───┼──⊕──┼──────┼──────[if c]─────░────[M]─
                      │        │        │  │  │      │         │
q2: ──────────────────⊕──────[RZZ]──────┼──┼──┼──────●─────────┼─────[|0>]──────
                                        │  │  │                │
q3: ────────────────────────────────────●──●──╳─────────────[if c]──────────[M]─
global phase g + 0.1
if c: x 1; else: rx(0.1) 3
observe expval(Z0)
"""
    )


def test_wires_without_gates_and_gates_side_by_side() -> None:
    assert QuantumCircuit(1).draw() == "q0: ─"
    assert lines(QuantumCircuit(3).x(0).y(2).draw()) == ["q0: ─[X]─", "q1: ─────", "q2: ─[Y]─"]


def test_order_of_wires_is_shown_where_it_matters() -> None:
    text = QuantumCircuit(2).rzx(1, 0, np.pi).rxx(0, 1, 0.5).draw()
    assert lines(text) == [
        "q0: ───[RZX:1]────[RXX(0.5)]──",
        "          │            │",
        "q1: ─[RZX:0(π)]──────[RXX]────",
    ]


def test_folding() -> None:
    circuit = QuantumCircuit(2)
    for _ in range(20):
        circuit.h(0).cx(0, 1)
    text = circuit.draw(width=40)
    blocks = text.split("\n\n")
    assert len(blocks) == 5
    assert all(len(line) <= 40 for line in text.splitlines())
    assert text.count("⊕") == 20
    assert "\n\n" not in circuit.draw(width=0)
    assert circuit.draw(width=1).count("[H]") == 20


def test_wide_names_are_aligned() -> None:
    rows = [line for line in QuantumCircuit(11).h(0).draw().splitlines() if line]
    assert rows[0].startswith(" q0: ─")
    assert rows[10].startswith("q10: ─")


@pytest.mark.parametrize(
    ("angle", "text"),
    [
        (np.pi, "π"),
        (-np.pi / 2, "-π/2"),
        (3 * np.pi / 4, "3π/4"),
        (0.0, "0"),
        (0.123456, "0.1235"),
        (1e-9, "1e-09"),
        (100 * np.pi, "314.2"),
        (np.pi * scalar("t") - 1, "π*t - 1"),
        (np.sin(scalar("t")) / 3, "0.3333*sin(t)"),
    ],
)
def test_angles(angle: float, text: str) -> None:
    assert angle_text(angle) == text


@pytest.mark.parametrize("row", all_gates().values(), ids=all_gates())
def test_every_gate_is_drawn_on_its_wires_only(row: Gate) -> None:
    text = example(row, (row.wires or 0) + 1).draw(width=0)
    wires = [line for line in text.splitlines() if re.match(r" *q\d+: ", line)]
    assert [bool(re.search(r"[^─ ]", line.split(": ")[1])) for line in wires] == [
        position < (row.wires or 0) for position in range(len(wires))
    ]


@given(circuits(n_qubits=4))
def test_text_is_aligned_and_svg_is_well_formed(circuit: QuantumCircuit) -> None:
    circuit.rx(0, "a").measure_all()
    for block in circuit.draw(width=60).split("\n\n"):
        rows = [line for line in block.splitlines() if re.match(r" *q\d+: ", line)]
        assert len({len(row) for row in rows}) == 1
    root = ElementTree.fromstring(circuit.draw("svg"))
    assert root.tag.endswith("svg")
    assert circuit._repr_html_() == circuit.draw("svg")


def test_svg_escapes_and_titles() -> None:
    circuit = QuantumCircuit(2).reset(0).cx(0, 1).swap(0, 1).barrier().rx(0, "t").expval("Z0")
    svg = circuit.draw("svg")
    assert "|0&gt;" in svg
    assert "<title>RX(t)</title>" in svg
    assert "observe expval(Z0)" in svg
