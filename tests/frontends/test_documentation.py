"""Examples in docstrings run, every error has an explanation, and importing stays cheap."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from q_store import frontends
from q_store.qir.error_codes import EXPLANATIONS

MODULES = [m.name for m in pkgutil.walk_packages(frontends.__path__, "q_store.frontends.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_code_is_explained_and_every_explanation_used() -> None:
    folder = Path(next(iter(frontends.__path__)))
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    raised = set(re.findall(r'"(QS\d{3})"', text))
    assert raised <= set(EXPLANATIONS)
    assert {code for code in EXPLANATIONS if code.startswith("QS3")} <= raised


def test_building_a_circuit_imports_no_numpy() -> None:
    program = (
        "import sys\nfrom q_store import QuantumCircuit\n"
        "from q_store.frontends.trace import trace_circuit\n"
        "c = QuantumCircuit(3).h(0).rx(1, 'w[0]').controlled(2).inverse()\n"
        "trace_circuit(lambda x: c.compose(QuantumCircuit(1).rx(0, 2 * x[0]))).func\n"
        "c.draw(), c.to_text()\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
