"""`FILE.py:NAME`: what is found, and what goes wrong in users' files."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def test_what_files_print_is_talk(qstorec: Callable) -> None:
    done = qstorec("compile", "model.py:circuit_fn", "--n-qubits", "2")
    assert done.out.startswith("qir 1\n")
    assert done.err.splitlines() == [
        "the file prints this while it is loaded",
        "tracing prints this",
    ]


def test_neighbours_can_be_imported(qstorec: Callable, folder: Path) -> None:
    (folder / "part.py").write_text(
        "from q_store import QuantumCircuit\nhalf = QuantumCircuit(1)\n"
    )
    sub = folder / "sub"
    sub.mkdir()
    (sub / "whole.py").write_text("from other import one\nboth = one.copy()\n")
    (sub / "other.py").write_text("from q_store import QuantumCircuit\none = QuantumCircuit(1)\n")
    assert qstorec("validate", "sub/whole.py:both").code == 0
    assert qstorec("validate", "part.py:half").code == 0


def test_a_file_named_like_a_module_does_not_replace_it(qstorec: Callable, folder: Path) -> None:
    import json

    (folder / "json.py").write_text("from q_store import QuantumCircuit\nc = QuantumCircuit(1)\n")
    assert qstorec("validate", "json.py:c").code == 0
    assert sys.modules["json"] is json


def test_nothing_is_left_beside_the_file(qstorec: Callable, folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    qstorec("validate", "model.py:bell")
    assert {path.name for path in folder.iterdir()} == before


def test_dataclasses_and_guards_work(qstorec: Callable, folder: Path) -> None:
    (folder / "fancy.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from q_store import QuantumCircuit\n"
        "@dataclass\nclass Model:\n    width: int = 2\n"
        "    def circuit(self):\n        return QuantumCircuit(self.width)\n"
        "model = Model()\n"
        "if __name__ == '__main__':\n    raise SystemExit('not a script here')\n"
    )
    assert qstorec("validate", "fancy.py:model.circuit").code == 0


def test_syntax_errors_have_a_place(qstorec: Callable) -> None:
    done = qstorec("compile", "syntax.py:f")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[QS704]: syntax.py raised SyntaxError: ")
    assert "--> syntax.py:1:7" in done.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
        ("raise KeyError", "KeyError"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("exit(2)", "SystemExit: 2"),
        ("raise ExceptionGroup('many', [ValueError(1)])", "ExceptionGroup: many"),
        ("f = lambda: f()", "RecursionError"),
        ("class Odd(BaseException): pass\nraise Odd", "Odd"),
    ],
)
def test_exceptions_are_the_users(qstorec: Callable, folder: Path, body: str, said: str) -> None:
    (folder / "bad.py").write_text(f"{body}\n")
    done = qstorec("compile", "bad.py:f")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[QS704]: bad.py raised ")
    assert said in done.err
    assert "Traceback" not in done.err
    assert "user_code.py" not in done.err


def test_a_function_that_gives_something_else(qstorec: Callable, folder: Path) -> None:
    (folder / "odd.py").write_text("def nothing(): pass\ndef text(): return 'qir 1'\n")
    for name in ("nothing", "text"):
        done = qstorec("compile", f"odd.py:{name}")
        assert (done.code, done.err[:12]) == (1, "error[QS705]")


def test_broken_functions_are_verified(qstorec: Callable, folder: Path) -> None:
    (folder / "made.py").write_text(
        "from q_store.qir.func import Func\nfrom q_store.qir.types import QUBIT\n"
        "from q_store.qir.values import Value\n"
        "f = Func('f', (Value(QUBIT, 'q'),), (None,), (), ())\n"
    )
    assert qstorec("compile", "made.py:f").err.startswith("error[QS202]")
