"""What people see for wrong programs: each `golden/NAME.qst` with its `NAME.err` beside it.

`QSTORE_BLESS=1 pytest tests/frontends/dsl/test_golden.py` writes the `.err` files again; read the
diff.
"""

import os
import re
from pathlib import Path

import pytest

from q_store.frontends.dsl import from_dsl
from q_store.qir.diagnostics import QStoreError
from q_store.qir.error_codes_dsl import TEXT_LANGUAGE

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(FOLDER.glob("*.qst"))


def refusal(path: Path) -> QStoreError:
    with pytest.raises(QStoreError) as caught:
        from_dsl(path.read_text(encoding="utf-8"), file=path.name)
    return caught.value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_wrong_programs_are_explained(path: Path) -> None:
    problem = refusal(path)
    shown = f"{problem}\n"
    expected = path.with_suffix(".err")
    if os.environ.get("QSTORE_BLESS"):
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")
    lines = path.read_text(encoding="utf-8").split("\n")
    for found in problem.diagnostics:
        assert found.span is not None
        assert found.span.source == lines[found.span.line - 1]


def test_every_code_is_shown() -> None:
    """But those that no text alone can cause: values from outside that do not fit, and functions
    that cannot be written down."""
    shown = {
        code
        for path in FOLDER.glob("*.err")
        for code in re.findall(r"error\[(QS\d+)\]", path.read_text(encoding="utf-8"))
    }
    assert TEXT_LANGUAGE.keys() - shown == {"QS140"}


def test_no_case_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.err")} == {path.stem for path in CASES}
