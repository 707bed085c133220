"""Examples in docstrings run, and importing stays cheap."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from q_store import frontends

MODULES = [m.name for m in pkgutil.walk_packages(frontends.__path__, "q_store.frontends.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_lists_of_other_libraries_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/make_interop.py writes the tables; every circuit of Qiskit's library is in its list."""
    docs = Path(__file__).parents[2] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        qiskit, cirq = map(importlib.import_module, ("interop_qiskit", "interop_cirq"))
    assert qiskit.unlisted() == []
    tables = re.findall(r"<!-- (?!end).+?<!-- end", (docs / "interop.md").read_text(), re.S)
    listed = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", "".join(tables), re.M))
    assert list(listed) == [*qiskit.CIRCUITS, *cirq.CIRCUITS]
    assert all(re.match(r"equal; |QS\d{3}: ", result) for result in listed.values())


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
