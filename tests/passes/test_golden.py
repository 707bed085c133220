"""Golden files: `// pipeline: …`, a module, `// ----`, the module it becomes.

With QSTORE_BLESS=1 in the environment the second half is written instead of compared.
"""

import os
import subprocess
import sys
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


def test_plain_circuits_are_optimised_without_numpy() -> None:
    path = FILES[0].with_name("default_on_a_layered_circuit.qir")
    code = (
        "import sys\n"
        "from q_store.passes.manager import run_pipeline\n"
        "from q_store.qir.parser import parse_module\n"
        f"run_pipeline('default', parse_module(open({str(path)!r}).read().partition('// --')[0]))\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
