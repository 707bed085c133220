"""Broken programs: a circuit or a diagnostic, whatever the text."""

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from q_store import QStoreError, from_qasm, to_qasm3
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.quick import take_gates
from q_store.testing.strategies import circuits

OLD = """OPENQASM 2.0; include "qelib1.inc";
qreg q[2]; qreg in[2]; creg c[2];
gate majority a,b,c { cx c,b; ccx a,b,c; }
u3(pi/2, -pi^2/4, ln(2)) q[0]; cx q,in; majority q[0],q[1],in[0];
measure q -> c; if(c==2) x q[0]; reset q[1]; barrier q,in; measure q[0]->c[0];
"""
NEW = """OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[4] c; int[8] i = 3; float f = 2.5;
array[int[32], 2, 2] a = {{1,2},{3,4}}; input float th; input array[float[64], 3] w;
i += a[1,0]; for int j in {0,2,3} { if (j == 2) { continue; } rx(j*f/i + w[1]*th) q[j]; }
while (i > 0) { i -= 1; h q[i%4]; } switch (i) { case 0 { x q[0]; } default { y q[0]; } }
gate ent(t) a, b { cx a, b; rz(2*t) b; ctrl @ gphase(t/2) a; } ent(th) q[0], q[1];
def g(qubit[2] r, angle t) -> float { rz(t) r; return t*2; } float k = g(q[1:2], 0.5);
c[0:1] = measure q[0:1]; if (c[0] == 1 && c[1] == 0) { reset q[2]; } else if (c[0:1] == 2)
{ x q[3]; }
box { delay[10ns] q[0]; } let al = q[{0,3}]; ctrl(2) @ pow(-2) @ p(pi**2) q[0], q[1], al;
bit b = "1010"[0]; output bit z; z = c[3]; negctrl @ gphase(1.0) q[0]; end;
"""
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
PIECES = (
    *("0", "-1", "99999999999", "1e400", "q", "pi", "(", ")", "[", "]", "{", "}", "@", "ctrl"),
    *("inv", "pow(0.3)", "measure", "if", "for", "gate", "**", "$3", '"', "\x00", "é", "//", "/*"),
    *("0x1F", "true", "input", "array", "#", "1.", ".5e3", ";", ":", "++", "<<", "%", "~", "!"),
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A program with a few tokens removed, repeated, exchanged or replaced."""
    tokens = TOKEN.findall(draw(st.sampled_from((OLD, NEW))))
    places = st.integers(0, len(tokens) - 1)
    for _ in range(draw(st.integers(1, 4))):
        here, there = draw(places) % len(tokens), draw(places) % len(tokens)
        kind = draw(st.integers(0, 5))
        if kind == 0:
            del tokens[here]
        elif kind == 1:
            tokens.insert(here, tokens[there])
        elif kind == 2:
            tokens[here], tokens[there] = tokens[there], tokens[here]
        elif kind == 3:
            tokens[here] = draw(st.sampled_from(PIECES))
        elif kind == 4:
            tokens[here:here] = tokens[there : there + 20]
        else:
            tokens[here] = draw(st.text(max_size=3))
    return "".join(tokens)


def survives(text: str) -> None:
    try:
        from_qasm(text).to_ir()
        return
    except QStoreError as caught:
        problem = caught
    span = problem.diagnostics[0].span
    assert span is None or 1 <= span.line <= len(text.split("\n"))
    assert str(problem)


@given(broken())
def test_broken_programs(text: str) -> None:
    survives(text)


@given(st.one_of(st.text(max_size=60), st.text(alphabet='qubit[2]; x(){}@"/*\n', max_size=60)))
def test_any_text(text: str) -> None:
    survives(text)


@given(circuits(mid_circuit=True), st.data())
def test_exports_with_changed_characters(func, data: st.DataObject) -> None:
    text = to_qasm3(func) if not any(arg.type.linear for arg in func.args) else NEW
    place = data.draw(st.integers(0, len(text) - 1))
    survives(text[:place] + data.draw(st.characters()) + text[place + 1 :])


@given(broken())
def test_the_short_way_changes_nothing(text: str) -> None:
    """Gates that the regular expression takes mean what they mean to the parser."""
    outcomes = []
    for take in (take_gates, lambda text, _: ([], text)):
        with patch("q_store.frontends.qasm.read.take_gates", take):
            try:
                outcomes.append(from_qasm(text).to_text())
            except QStoreError as problem:
                outcomes.append(problem.code)
    # Where a text has several mistakes, the two may not meet the same one first.
    mistakes = [outcome.startswith("QS") for outcome in outcomes]
    assert all(mistakes) or outcomes[0] == outcomes[1]


def test_places_of_nodes_stay_in_the_text() -> None:
    source = Source("ab\ncd", "f")
    assert (source.offset(2, 1), source.offset(99, 99)) == (4, 5)
