"""Running `qstorec` in this process, in a folder with the example files."""

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from q_store.cli import main

FILES = Path(__file__).parent / "files"
BROKEN = {
    "syntax.py": "def f(:\n    pass\n",
    "imports.py": "import q_store.nothing_here\n",
}
"""Python files that do not even load, kept from the linters."""


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory: a copy of the example files."""
    for path in FILES.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    for name, text in BROKEN.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    # Commands add folders and modules of users; they go when the test ends.
    monkeypatch.setattr("sys.path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def qstorec(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Call `main` with arguments and, as `stdin`, the bytes of standard input."""

    def call(*argv: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(argv)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call
