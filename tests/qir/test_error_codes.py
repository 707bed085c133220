"""Codes and explanations belong together, and diagnostics have three forms."""

import ast
import json
import pickle
import re
from collections import defaultdict
from pathlib import Path

import pytest

import q_store
from q_store.qir.diagnostics import (
    Diagnostic,
    QStoreError,
    Span,
    counted,
    did_you_mean,
    error,
)
from q_store.qir.error_codes import EXPLANATIONS, explain
from q_store.qir.location import PythonLocation, SourceText, TextLocation

PACKAGE = Path(q_store.__file__).parent
CODE = re.compile(r"QS\d{3}\Z")
DOCUMENTS = tuple(path.name for path in (PACKAGE / "qir").glob("error_codes*.py"))


def codes_in_code() -> dict[str, set[str]]:
    """Every string that is a code, by the modules that use it; docstrings do not count."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if path.name in DOCUMENTS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for code in [node.value] if CODE.match(node.value) else []:
                    found[code].add(path.name)
    return found


def test_every_code_has_an_explanation() -> None:
    used = codes_in_code()
    assert {code: used[code] for code in used.keys() - EXPLANATIONS.keys()} == {}


def test_every_explanation_is_of_a_code_in_use() -> None:
    assert EXPLANATIONS.keys() - codes_in_code().keys() == set()


def test_docstrings_name_known_codes() -> None:
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert set(re.findall(r"\bQS\d{3}\b", text)) <= EXPLANATIONS.keys()


def test_explanations_are_in_order_and_finished() -> None:
    assert list(EXPLANATIONS) == sorted(EXPLANATIONS)
    for code, found in EXPLANATIONS.items():
        assert CODE.match(code)
        assert found.title[0].islower() or found.title.split()[0].isupper() or "`" in found.title
        assert found.text.endswith(".")
        assert bool(found.wrong) <= bool(found.right)


def test_explain() -> None:
    assert explain("QS999") is None
    assert explain("QS302") == (
        "QS302: wire repeated\n\nA gate acts on distinct wires.\n\n"
        "  wrong:\n    circuit.cx(0, 0)\n\n  right:\n    circuit.cx(0, 1)"
    )


SPAN = Span("a.qir", 12, 3, 6, "  abc def", "here")


def test_the_human_form() -> None:
    problem = Diagnostic("QS101", "no", SPAN, notes=("one", "two"), help="write yes")
    assert str(problem).splitlines() == [
        "error[QS101]: no",
        "  --> a.qir:12:3",
        "   |",
        "12 |   abc def",
        "   |   ^^^ here",
        "  = note: one",
        "  = note: two",
        "  = help: write yes",
    ]


def test_the_short_form() -> None:
    assert Diagnostic("QS101", "no", SPAN).short() == "a.qir:12:3: error[QS101]: no"
    warning = Diagnostic("QS101", "no", severity="warning")
    assert warning.short() == "warning[QS101]: no"


def test_the_machine_form() -> None:
    problem = Diagnostic("QS101", "no\nno", SPAN, notes=("é",), help="h")
    text = problem.to_json()
    assert "\n" not in text
    assert json.loads(text) == {
        "schema": "qstorec/diagnostic/1",
        "code": "QS101",
        "severity": "error",
        "message": "no\nno",
        "spans": [{"file": "a.qir", "line": 12, "col": 3, "end_col": 6, "label": "here"}],
        "notes": ["é"],
        "help": "h",
        "rendered": problem.render(),
    }
    assert json.loads(Diagnostic("QS101", "no").to_json())["spans"] == []


@pytest.mark.parametrize(
    ("source", "col", "end", "shown"),
    [
        ("abc", 4, 5, ["abc", "   ^"]),
        ("\ta b", 2, 3, ["\ta b", "\t^"]),
        ("a\x1b[2Jb\r", 1, 2, ["a□[2Jb", "^"]),
        ("x" * 300, 1, 301, ["x" * 120 + "…", "^" * 120]),
        ("x" * 300, 300, 301, ["…" + "x" * 41, " " * 41 + "^"]),
        ("x" * 300, 100, 102, ["…" + "x" * 120 + "…", " " * 41 + "^^"]),
        ("x" * 120, 120, 121, ["x" * 120, " " * 119 + "^"]),
    ],
)
def test_lines_are_shown_safely(source: str, col: int, end: int, shown: list[str]) -> None:
    lines = Span("f", 1, col, end, source).render()
    assert [lines[2], lines[3]] == [f"1 | {shown[0]}", f"  | {shown[1]}"]


def test_endless_messages_are_cut() -> None:
    problem = Diagnostic("QS101", "m" * 10**6, notes=("n" * 10**6,), help="h" * 10**6)
    assert len(problem.render()) < 2000
    assert len(problem.short()) < 1000


def test_nothing_that_a_terminal_obeys_is_shown() -> None:
    span = Span("a\x1b]0;b", 1, 1, 2, "x")
    problem = Diagnostic("QS101", "\x1b[2J \ud800", span, notes=("\x07",), help="\x9b\n\tb")
    for text in (problem.render(), problem.short()):
        assert all(c.isprintable() or c in "\n\t" for c in text)
        assert text.encode()
    assert problem.short() == "a□]0;b:1:1: error[QS101]: □[2J □"


def test_errors_carry_diagnostics() -> None:
    problem = error("QS101", "no", span=SPAN, notes=["a"], help="b")
    both = QStoreError(*problem.diagnostics, Diagnostic("QS102", "nor"))
    assert both.code == "QS101"
    assert str(both).endswith("error[QS102]: nor")
    twin = pickle.loads(pickle.dumps(both))
    assert (twin.diagnostics, str(twin)) == (both.diagnostics, str(both))


def test_near_names() -> None:
    assert did_you_mean("cnt", ["cnot", "cx"]) == "did you mean `cnot`?"
    assert did_you_mean("zzzz", ["cnot"]) == ""
    assert did_you_mean("x" * 10**6, ["x" * 10**6]) == ""
    assert did_you_mean("v99999", [f"v{i}" for i in range(10**6)]) != ""
    assert (counted(1, "qubit"), counted(0, "qubit"), counted(2, "qubit")) == (
        "1 qubit",
        "0 qubits",
        "2 qubits",
    )


def test_places_in_text() -> None:
    source = SourceText("ab\ncd\r\n\nef", "t")
    assert TextLocation(source, 3, 5).span() == Span("t", 2, 1, 3, "cd\r")
    assert source.span(1, 5) == Span("t", 1, 2, 4, "ab")
    assert source.span(10, 10) == Span("t", 4, 3, 4, "ef")
    assert source.span(7, 8) == Span("t", 3, 1, 2, "")


def test_places_in_programs_that_are_gone() -> None:
    span = PythonLocation("/nowhere/x.py", 7).span()
    assert span.render() == [" --> /nowhere/x.py:7:1"]
