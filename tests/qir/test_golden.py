"""What people see for wrong text: each `golden/NAME.qir` with its `NAME.err` beside it.

`QSTORE_BLESS=1 pytest tests/qir/test_golden.py` writes the `.err` files again; read the diff.
"""

import os
import re
from pathlib import Path

import pytest

from q_store.qir.diagnostics import QStoreError
from q_store.qir.error_codes import EXPLANATIONS
from q_store.qir.error_codes_dsl import TEXT_LANGUAGE
from q_store.qir.parser import parse_module

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(FOLDER.glob("*.qir"))


def refusal(path: Path) -> QStoreError:
    with pytest.raises(QStoreError) as caught:
        parse_module(path.read_bytes().decode(), path.name)
    return caught.value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_wrong_text_is_explained(path: Path) -> None:
    shown = str(refusal(path)) + "\n"
    expected = path.with_suffix(".err")
    if os.environ.get("QSTORE_BLESS"):
        expected.write_text(shown)
    assert shown == expected.read_text()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_problem_has_a_place(path: Path) -> None:
    lines = path.read_bytes().decode().split("\n")
    for found in refusal(path).diagnostics:
        assert found.span is not None
        assert found.span.file == path.name
        assert found.span.source == lines[found.span.line - 1]


def test_every_code_of_reading_and_verifying_is_shown() -> None:
    """Codes no text can cause: a missing function, a misplaced definition in memory, an unknown
    gate name outside IR text."""
    shown = {
        code
        for path in FOLDER.glob("*.err")
        for code in re.findall(r"error\[(QS\d+)\]", path.read_text())
    }
    of_the_ir = {code for code in EXPLANATIONS if code[2] in "12" and code not in TEXT_LANGUAGE}
    by_text = of_the_ir - {"QS103", "QS110", "QS204"}
    assert shown == by_text


def test_no_case_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.err")} == {path.stem for path in CASES}
