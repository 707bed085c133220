"""Examples in docstrings run, and importing stays cheap."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

from q_store import frontends

MODULES = [m.name for m in pkgutil.walk_packages(frontends.__path__, "q_store.frontends.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


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
