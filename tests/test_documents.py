"""What the documents show, runs as printed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from q_store.passes.registry import PASSES
from q_store.plugins import unregister_gate, unregister_pass
from q_store.qir.registry import custom_gates
from q_store.runtime import config
from q_store.runtime.backends.table import BACKENDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


SNIPPETS = [
    pytest.param(code, id=f"{page.name}-{i}")
    for page in PAGES
    for i, code in enumerate(blocks(page, "python"))
]
COMMANDS = [
    pytest.param(line, id=line[:40])
    for page in PAGES
    for block in blocks(page, "sh")
    for line in block.splitlines()
    if line.startswith("qstorec ")
]


@pytest.fixture
def _settings_stay() -> Iterator[None]:
    """What a snippet configures or registers ends with it."""
    rows, passes = dict(BACKENDS), set(PASSES)
    yield
    for row in custom_gates():
        unregister_gate(row.mnemonic)
    config.reset()
    BACKENDS.clear()
    BACKENDS.update(rows)
    for name in set(PASSES) - passes:
        unregister_pass(name)


@pytest.mark.usefixtures("_settings_stay")
@pytest.mark.parametrize("code", SNIPPETS)
def test_python_snippets_run(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "<document>", "exec"), {"__name__": "document"})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_succeed(command: str, tmp_path: Path) -> None:
    """The files the commands name are the README's own and those of examples/dsl."""
    function, circuit = blocks(ROOT / "README.md", "python")[:2]
    (tmp_path / "model.py").write_text(function.partition("model = ")[0] + circuit)
    (tmp_path / "bell.qir").write_text(_BELL)
    (tmp_path / "circuit.qir").write_text(_BELL)
    shutil.copytree(ROOT / "examples" / "dsl", tmp_path, dirs_exist_ok=True)
    program = "import sys; from q_store.cli import main; sys.exit(main())"
    shell = f"qstorec() {{ '{sys.executable}' -c '{program}' \"$@\"; }}; {command}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


_BELL = """qir 1
func @bell(%theta: f64 weight) -> (f64) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.ry(%theta) %q0
  %q0.2, %q1.1 = q.cx %q0.1, %q1
  %e = m.observe %q0.2, %q1.1 [expval(Z0 Z1)]
  return %e
}
"""
