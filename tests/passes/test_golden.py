"""Golden files: `// pipeline: …`, a module, `// ----`, the module it becomes.

With QSTORE_BLESS=1 in the environment the second half is written instead of compared.
"""

import os
from pathlib import Path

import pytest

from q_store.passes.manager import run_pipeline
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module

HEADER, CUT = "// pipeline: ", "// ----\n"
FILES = sorted((Path(__file__).parent / "golden").glob("*.qir"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    source, _, expected = path.read_text().partition(CUT)
    assert source.startswith(HEADER)
    pipeline = source.partition("\n")[0].removeprefix(HEADER)
    made = print_module(run_pipeline(pipeline, parse_module(source, path.name)))
    if os.environ.get("QSTORE_BLESS"):
        path.write_text(source + CUT + made)
    assert made == expected


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 15
