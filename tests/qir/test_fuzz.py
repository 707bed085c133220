"""Damaged text: always a diagnostic with a place inside the text, in bounded time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir.diagnostics import QStoreError
from q_store.qir.error_codes import EXPLANATIONS
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module

CORPUS = [
    "qir 1\nfunc @empty() {\n  return\n}\n",
    """qir 1
// a classifier
func @main(%x: f64[2] input, %w: f64[2,2] weight, %s: f64) -> (f64, f64[4]) attrs {n = "\\""} {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.ry(-%x[0] + 3.141592653589793) %q0
  %q1.1 = q.u(0.5*%w[0,1] - 1e-3, -2.0, %s) %q1 // wide
  q.phase(0.5)
  %t = f.sin(2.0*%s)
  %q0.2, %q1.2 = q.crx(%t) %q0.1, %q1.1
  %e, %p = m.observe %q0.2, %q1.2 [expval(0.5*X0 Z1 - Z0), probs(1, 0)]
  return %e, %p
}

func @noisy(%q: qubit) -> (qubit) {
  %q.1 = n.depolarizing(0.01) %q
  %q.2, %c = q.measure %q.1
  %q.3 = q.reset %q.2
  %q.4 = q.if %c, %q.3 {
    (%a)
    %b = q.x %a
    yield %b
  } else {
    (%a)
    yield %a
  }
  %q.5 = q.barrier %q.4
  return %q.5
}
""",
]
SPARE = [
    "%",
    "@",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "*",
    "+",
    "-",
    "->",
    "//",
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "99999999999",
    "qir",
    "func",
    "return",
    "yield",
    "else",
    "attrs",
    "input",
    "weight",
    "qubit",
    "f64",
    "bit",
    "q.h",
    "q.if",
    "q.alloc",
    "m.observe",
    "n.pauli",
    "f.mul",
    "expval",
    "probs",
    "sample",
    "state",
    "%q",
    "%q.1",
    "%x",
    "%w[0]",
    "%q0.1",
    "@main",
    "X0",
    "X0Y0",
    "ZI",
    "I",
    "é",
    "٣",
    "□",
    "\\",
    "\n",
    "\t",
    " ",
    '"',
]
TOKEN = re.compile(r"\s+|[%@]?[\w.]+|.", re.DOTALL)


def refusal(text: str) -> QStoreError | None:
    """What reading complains about; text that is right must print and read back."""
    try:
        module = parse_module(text, "fuzz.qir")
    except QStoreError as problem:
        return problem
    printed = print_module(module)
    assert print_module(parse_module(printed)) == printed
    return None


def check(text: str) -> int:
    """Check what is said about a text; returns how many problems it has."""
    problem = refusal(text)
    found = problem.diagnostics if problem else ()
    assert len(found) <= 20
    lines = text.split("\n")
    for diagnostic in found:
        assert diagnostic.code in EXPLANATIONS
        span = diagnostic.span
        assert span is not None
        assert 1 <= span.line <= len(lines)
        assert span.source == lines[span.line - 1]
        assert 1 <= span.col < span.end_col <= len(span.source) + 2
        assert len(diagnostic.render()) < 4000
    return len(found)


@st.composite
def edited_tokens(draw: st.DrawFn) -> str:
    """A text of the corpus with some tokens deleted, doubled, exchanged or inserted."""
    tokens = TOKEN.findall(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens) - 1))
        other = draw(st.integers(0, len(tokens) - 1))
        spare = draw(st.sampled_from(SPARE))
        edits = {
            "delete": [],
            "double": [tokens[at]] * 2,
            "insert": [spare, tokens[at]],
            "replace": [spare],
            "copy": [tokens[other]],
        }
        tokens[at : at + 1] = edits[draw(st.sampled_from(sorted(edits)))]
    return "".join(tokens)


@st.composite
def edited_bytes(draw: st.DrawFn) -> str:
    """A text of the corpus with bytes changed, read as Latin-1 so that it is always text."""
    data = bytearray(draw(st.sampled_from(CORPUS)).encode())
    for _ in range(draw(st.integers(1, 5))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return data.decode("latin-1")


@st.composite
def edited_lines(draw: st.DrawFn) -> str:
    """A text of the corpus with lines deleted, doubled or moved, or cut off somewhere."""
    lines = draw(st.sampled_from(CORPUS)).split("\n")
    order = draw(st.lists(st.sampled_from(range(len(lines))), max_size=len(lines)))
    start = draw(st.integers(0, len(lines)))
    text = "\n".join([*lines[:start], *[lines[i] for i in sorted(order)]])
    return text[: draw(st.integers(0, len(text)))]


@given(st.one_of(edited_tokens(), edited_bytes(), edited_lines()))
def test_damaged_programs(text: str) -> None:
    check(text)


@given(st.one_of(st.text(), st.lists(st.sampled_from(SPARE)).map(" ".join)))
def test_any_text(text: str) -> None:
    check(text)
    check(f"qir 1\n{text}")
    check(f"qir 1\nfunc @f(%q: qubit, %x: f64[2]) {{\n  {text}\n  return %q\n}}\n")
    check(f"qir 1\nfunc @f() -> (f64) attrs {{a = {text}}} {{\n  return\n}}\n")


@pytest.mark.parametrize("text", CORPUS)
def test_the_corpus_is_right(text: str) -> None:
    parse_module(text)


def body(text: str) -> str:
    return f"qir 1\nfunc @f(%q: qubit, %x: f64) {{\n  {text}\n  return %q\n}}\n"


MILLION = 10**6
HOSTILE = {
    "a long word": body("q." + "a" * MILLION),
    "a long name": body("%" + "a" * MILLION + " = q.h %q"),
    "a long undefined name": body("%a = q.h %" + "b" * MILLION),
    "long spaces": body(" " * MILLION + "?"),
    "long tabs": body("\t " * MILLION + "?"),
    "a long comment": body("//" + "/ " * MILLION + "\n  ?"),
    "long digits": body("q.phase(" + "9" * MILLION + ")"),
    "a long index": body("q.phase(%x[" + "9" * MILLION + "])"),
    "a long extent": f"qir 1\nfunc @f(%x: f64[{'9' * MILLION}]) {{\n",
    "many extents": f"qir 1\nfunc @f(%x: f64[{'9,' * MILLION}]) {{\n",
    "a long version": "qir " + "9" * MILLION,
    "a long attribute": f"qir 1\nfunc @f() attrs {{a = {'9' * MILLION}}} {{\n return\n}}\n",
    "a long string": f'qir 1\nfunc @f() attrs {{a = "{"x" * MILLION}',
    "long escapes": f'qir 1\nfunc @f() attrs {{a = "{chr(92) * MILLION}',
    "many signs": body("q.phase(" + "+-" * MILLION + "1)"),
    "many terms": body("q.phase(" + "%x + " * 100_000 + "?)"),
    "many brackets": body("(" * MILLION),
    "many operands": body("%a = q.h " + "%q, " * 100_000 + "%q"),
    "many undefined operands": body("%a = q.h " + "%r, " * 100_000 + "%q"),
    "many results": body(", ".join(f"%a{i}" for i in range(100_000)) + " = q.h %q"),
    "many paulis": body(f"%e = m.observe %q [expval({'Z0 ' * 300_000})]"),
    "an open pauli sum": body("%e = m.observe %q [expval(" + "Z0 + " * 100_000),
    "many probs": body(f"%e = m.observe %q [probs({'0, ' * 100_000})]"),
    "deep bodies": body("q.if %q {\n()\n" * 100_000),
    "deep bodies that open wrong": body("q.if %q {\n" * 100_000),
    "many functions": "qir 1\n" + "func @f() {\n  return\n}\n" * 50_000,
    "no header": "%q" * MILLION,
    "null characters": "\0" * MILLION,
    "many lines": "qir 1\n" + "\n" * MILLION + "?",
    "a state of many qubits": body(
        ", ".join(f"%a{i}" for i in range(20_000))
        + " = q.alloc 20000\n  %s = m.observe "
        + ", ".join(f"%a{i}" for i in range(20_000))
        + " [state]"
    ),
    "a wrong line before many": body(
        "?\n" + "".join(f"  %q.{i} = q.h %p.{i}\n" for i in range(50_000))
    ),
}
LIMIT_S = 10.0
"""Generous, for busy machines; a few seconds of quadratic work are not what this looks for."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_in_bounded_time(name: str) -> None:
    start = time.process_time()
    assert check(HOSTILE[name]) >= 1
    assert time.process_time() - start < LIMIT_S
