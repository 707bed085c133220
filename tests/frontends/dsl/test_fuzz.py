"""Damaged and generated programs: a function, or diagnostics with a place in the text; in bounded
time, and never another exception."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.frontends.dsl import from_dsl, to_dsl
from q_store.frontends.dsl.tables import tables
from q_store.qir.diagnostics import QStoreError
from q_store.qir.error_codes import EXPLANATIONS
from q_store.qir.verifier import verify

EXAMPLES = Path(__file__).parents[3] / "examples" / "dsl"
CORPUS = [path.read_text() for path in sorted(EXAMPLES.glob("*.qst"))]
TOKEN = re.compile(r"\s+|#[^\n]*|[^\W\d]\w*|\d+(?:\.\d+)?|\.\.|->|\*\*|.", re.DOTALL)
SPARE = [
    *tables().literals,
    *["q", "x", "w", "i", "n", "h", "cx", "rx", "ctrl", "inv", "pow", "phase", "c", "pi"],
    *["0", "1", "-1", "0.5", "1e9", "1e999", "99999999999999999999", "2**62", "X0", "Z", "I"],
    *["\n", ";", " ", "\t", "\r", "#", "//", "é", "٣", "\0", "'", '"', "\\", "$", "0..4", "q[0]"],
    *["sin", "sqrt(-1)", "1/0", "depolarizing", "{ }", "rx(x) q", "expect Z0", "as", "\u00a0"],
]


def problems(text: str) -> int:
    """Check what is said about a text; returns how many problems it has. A text that is right must
    give a right function, which prints as a program."""
    try:
        func = from_dsl(text, file="fuzz.qst")
    except QStoreError as problem:
        found = problem.diagnostics
    else:
        verify(func)
        if len(func.ops) < 2000:
            verify(from_dsl(to_dsl(func)))
        return 0
    assert 1 <= len(found) <= 20
    lines = text.split("\n")
    for diagnostic in found:
        assert diagnostic.code in EXPLANATIONS
        span = diagnostic.span
        assert span is not None
        assert span.file == "fuzz.qst"
        assert 1 <= span.line <= len(lines)
        assert span.source == lines[span.line - 1]
        assert 1 <= span.col < span.end_col <= len(span.source) + 2
        assert len(diagnostic.render()) < 4000
    return len(found)


@st.composite
def edited_tokens(draw: st.DrawFn) -> str:
    """An example with some tokens deleted, doubled, exchanged or inserted."""
    tokens = TOKEN.findall(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens) - 1))
        spare = draw(st.sampled_from(SPARE))
        edits = {
            "delete": [],
            "double": [tokens[at]] * 2,
            "insert": [spare, tokens[at]],
            "replace": [spare],
            "copy": [tokens[draw(st.integers(0, len(tokens) - 1))]],
        }
        tokens[at : at + 1] = edits[draw(st.sampled_from(sorted(edits)))]
    return "".join(tokens)


@st.composite
def edited_bytes(draw: st.DrawFn) -> str:
    """An example with bytes changed, read as Latin-1 so that it is always text."""
    data = bytearray(draw(st.sampled_from(CORPUS)).encode())
    for _ in range(draw(st.integers(1, 5))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return data.decode("latin-1")


@st.composite
def edited_lines(draw: st.DrawFn) -> str:
    """An example with lines deleted, doubled or moved, or cut off somewhere."""
    lines = draw(st.sampled_from(CORPUS)).split("\n")
    order = draw(st.lists(st.sampled_from(range(len(lines))), max_size=len(lines)))
    start = draw(st.integers(0, len(lines)))
    text = "\n".join([*lines[:start], *[lines[i] for i in order]])
    return text[: draw(st.integers(0, len(text)))]


@given(st.one_of(edited_tokens(), edited_bytes(), edited_lines()))
def test_damaged_programs(text: str) -> None:
    problems(text)


@given(st.one_of(st.text(), st.lists(st.sampled_from(SPARE)).map(" ".join)))
def test_any_text(text: str) -> None:
    problems(text)
    problems(f"qubits q[2]; input x[2]; weight w[2,2]\n{text}\nexpect Z0")
    problems(f"qubits q[2]; input x[2]\nrx({text}) q")
    problems(f"qubits q[2]; input x[2]\nexpect {text}")
    problems(f"qubits q[2]\ngate g(t) u, v {{ {text} }}\ng(0.5) q[0], q[1]")


# --- programs made from the grammar -----------------------------------------------------------

NAMES = st.sampled_from(["q", "a", "x", "w", "s", "n", "i", "j", "t", "y", "c", "u", "v"])
PAULIS = st.sampled_from(["X0", "Z1", "Y2", "Z[i]", "X[n-1]", "I", "Z[q[0]]"])


def expressions() -> st.SearchStrategy[str]:
    leaves = st.one_of(
        st.integers(0, 5).map(str),
        st.floats(0, 4).map(lambda number: f"{number:.3f}"),
        st.sampled_from(["pi", "n", "i", "s", "t", "x", "x[0]", "x[i]", "w[1, 0]", "w[0]", "y"]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*/%"), inner).map(" ".join),
            inner.map(lambda text: f"-({text})"),
            st.tuples(st.sampled_from(["sin", "sqrt", "abs", "floor"]), inner).map(
                lambda parts: f"{parts[0]}({parts[1]})"
            ),
            inner.map(lambda text: f"({text})**2"),
            inner.map(lambda text: f"sum(j in 0..2) j*({text})"),
        ),
        max_leaves=4,
    )


def operands() -> st.SearchStrategy[str]:
    return st.one_of(
        NAMES,
        st.sampled_from(["q[0]", "q[1]", "q[i]", "q[(i+1) % n]", "q[0..2]", "q[0, 2]", "a[0]"]),
    )


def steps() -> st.SearchStrategy[str]:
    modifiers = st.sampled_from(
        ["", "ctrl @ ", "inv @ ", "pow(2) @ ", "negctrl(2) @ ", "inv @ ctrl @ "]
    )
    gates = st.sampled_from(["h", "cx", "x", "ccx", "mine", "t"])
    rotations = st.sampled_from(["rx", "rzz", "p", "yours", "u", "phase"])
    places = st.lists(operands(), max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(modifiers, gates, places).map(lambda p: f"{p[0]}{p[1]} {p[2]}"),
        st.tuples(modifiers, rotations, expressions(), places).map(
            lambda p: f"{p[0]}{p[1]}({p[2]}) {p[3]}"
        ),
        st.tuples(expressions(), places).map(lambda p: f"noise bit_flip({p[0]}) {p[1]}"),
        places.map(lambda p: f"measure {p}" if p else "barrier"),
        st.tuples(operands(), NAMES).map(lambda p: f"measure {p[0]} -> {p[1]}"),
        st.tuples(NAMES, expressions()).map(lambda p: f"derived {p[0]} = {p[1]}"),
        st.tuples(NAMES, expressions()).map(lambda p: f"const {p[0]} = {p[1]}"),
        st.sampled_from(["reset q[0]", "barrier q", "barrier"]),
    )


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map("; ".join)
    return st.one_of(
        body.map(lambda text: f"for i in 0..n {{ {text} }}"),
        st.tuples(expressions(), body).map(lambda p: f"layer {p[0]} {{ {p[1]} }}"),
        st.tuples(body, body).map(lambda p: f"if c {{ {p[0]} }} else {{ {p[1]} }}"),
        st.tuples(expressions(), body).map(lambda p: f"gate mine(s) u {{ {p[1]} }}"),
    )


def endings() -> st.SearchStrategy[str]:
    terms = st.lists(st.one_of(PAULIS, expressions()), min_size=1, max_size=3).map("*".join)
    return st.one_of(
        st.lists(terms, min_size=1, max_size=3).map(lambda parts: f"expect {' + '.join(parts)}"),
        terms.map(lambda text: f"for i in 0..2 {{ expect {text} }}"),
        st.sampled_from(["probs q", "sample", "state as psi", "probs q[1], q[0] as p"]),
    )


HEAD = """
qubits q[4], a[1]
input x[4], s
weight w[2, 2]
const n = 4
gate mine u { x u }
gate yours(k) u, v { cx u, v; rz(k) v; for i in 0..2 { h u } }
measure a -> c
"""


@given(
    st.lists(st.one_of(steps(), st.recursive(steps(), blocks, max_leaves=5)), max_size=6),
    st.lists(endings(), max_size=2),
)
def test_generated_programs(body: list[str], end: list[str]) -> None:
    problems(HEAD + "\n".join([*body, *end]))


# --- hostile programs -------------------------------------------------------------------------

MANY = 20_000
Q = "qubits q[2]\ninput x[2]\n"
DOUBLING = "\n".join(f"gate g{i + 1} u {{ g{i} u; g{i} u }}" for i in range(40))
HOSTILE = {
    "many parentheses": Q + "rx(" + "(" * MANY,
    "many braces": Q + "for i in 0..2 {" * MANY,
    "many closing braces": Q + "}" * MANY,
    "many signs": Q + "rx(" + "-" * MANY + "1) q",
    "many powers": Q + "rx(2" + "**2" * MANY + ") q",
    "powers of powers": Q + "rx(" + "(" * 20 + "9" + "**9)" * 20 + ") q",
    "many at signs": Q + "inv @ " * MANY + "x",
    "many sums": Q + "expect " + "sum(i in 0..2) " * MANY + "Z0",
    "nested sums": Q + "expect " + "".join(f"sum(i{k} in 0..600000) " for k in range(20)) + "Z0",
    "a product of sums": Q + "expect " + " * ".join(["(X0 + Y0 + Z0 + X1 + Y1 + Z1)"] * 30) + "*2x",
    "a long loop": Q + "for i in 0..9**9 { }",
    "loops in loops": Q + "".join(f"for i{k} in 0..9 {{ " for k in range(20)) + "}" * 20,
    "a loop down": Q + "for i in 9**12..0 step -1 { h q }",
    "gates that double": Q + "gate g0 u { x u }\n" + DOUBLING + "\ng40 q[0]",
    "a large power": Q + "pow(9**9) @ x q[0]",
    "many controls": "qubits q[99]\nctrl(90) @ x " + ", ".join(f"q[{i}]" for i in range(91)),
    "controls of controls": "qubits q[30]\n"
    + "ctrl(9) @ " * 3
    + "ry(1) "
    + ", ".join(f"q[{i}]" for i in range(28)),
    "a large register": "qubits q[9**9]",
    "a large weight": Q + "weight w[9**5, 9**5]",
    "a weight of many dimensions": Q + "weight w[" + "1, " * MANY + "0]",
    "a large vector": "qubits q[2]; input x[2**20]; "
    + "; ".join(f"derived a{k} = x + x" for k in range(9)),
    "a long number": Q + "rx(" + "9" * MANY + ") q",
    "a long float": Q + "rx(0." + "9" * MANY + ") q",
    "a long name": Q + "rx(" + "a" * MANY + ") q",
    "long spaces": Q + " " * MANY + "$",
    "a long comment": Q + "#" + "x" * MANY + "\n$",
    "many line ends": "\n;" * MANY + "$",
    "many errors": Q + "$\n" * MANY,
    "many unknown names": Q + "\n".join(f"rx(a{k}) q" for k in range(5000)),
    "many unknown gates": Q + "\n".join(f"a{k} q" for k in range(5000)),
    "many definitions": Q + "\n".join(f"gate a{k} u {{ x u }}" for k in range(5000)) + "\n$",
    "many constants": Q + "\n".join(f"const a{k} = {k}" for k in range(5000)) + "\n$",
    "a state of many qubits": "qubits q[70]; state",
    "deep functions": Q
    + "derived y0 = sin(x[0])\n"
    + "\n".join(f"derived y{k + 1} = sin(y{k})" for k in range(200)),
    "many alternatives": "qubits q[1]; measure q -> c; " + "if c { x q } else " * MANY + "{ h q }",
    "null characters": "\0" * MANY,
}
LIMIT_S = 10.0
"""Generous, for busy machines; a few seconds of quadratic work are not what this looks for."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs_are_refused_in_bounded_time(name: str) -> None:
    start = time.process_time()
    assert problems(HOSTILE[name]) >= 1
    assert time.process_time() - start < LIMIT_S


LARGE = {
    "many bits": "qubits q[20000]; measure q -> c; for i in 0..20000 { x q[i] }; if c[7] { h q }",
    "many branches": "qubits q[200]; measure q -> c\n"
    "for i in 0..200 { if c[i] { x q[i] } else { h q[i] } }",
    "bits of branches": "qubits q[1]; measure q -> c\n"
    "for i in 0..5000 { if c { measure q -> d; if d { x q } } }",
    "many observables": "qubits q[2000]; for i in 0..2000 { expect Z[i] }\n"
    "expect sum(i in 0..2000) Z[i]",
    "named results": "qubits q[1]\n" + "\n".join(f"expect Z0 as e{k}" for k in range(5000)),
    "constants": "qubits q[1]\n" + "\n".join(f"const a{k} = {k}; rx(a{k}) q" for k in range(3000)),
    "gates": "qubits q[1]\n" + "\n".join(f"gate g{k} u {{ h u }}\ng{k} q" for k in range(2000)),
    "a huge gate that is not used": "qubits q[1]\n"
    "gate unused(n) u { for i in 0..10**12 { h u } }; h q",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_programs_are_read_in_bounded_time(name: str) -> None:
    start = time.process_time()
    from_dsl(LARGE[name])
    assert time.process_time() - start < LIMIT_S


def test_a_long_sum_is_linear() -> None:
    terms = " + ".join(f"{k}*x[{k % 2}]" for k in range(20_000))
    start = time.process_time()
    assert problems(f"{Q}rx({terms}) q") == 0
    assert time.process_time() - start < LIMIT_S
