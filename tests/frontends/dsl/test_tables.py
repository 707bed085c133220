"""The grammar and its tables: free of conflicts, kept on disk, made again when that fails."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from q_store.frontends.dsl import tables as module
from q_store.frontends.dsl.syntax import ACTIONS
from q_store.frontends.dsl.tables import GRAMMAR, NODE, Tables, tables

PROGRAM = "qubits q[2]; h q[0]; cx q[0], q[1]; expect Z0 Z1"
READ = f"""
import sys
from q_store.frontends.dsl import from_dsl
from_dsl({PROGRAM!r})
print('lark' in sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache directory of its own, and no tables in memory."""
    monkeypatch.setenv("QSTORE_CACHE_DIR", str(tmp_path / "cache"))
    tables.cache_clear()
    yield tmp_path / "cache"
    tables.cache_clear()


def same(left: Tables, right: Tables) -> bool:
    return left._replace(pattern=right.pattern) == right and left.pattern.pattern == (
        right.pattern.pattern
    )


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark settles conflicts between shifting and reducing silently, unless asked."""
    from lark import Lark, logger

    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(caplog.handler)
    try:
        Lark(GRAMMAR.read_text(), parser="lalr", lexer="basic", debug=True)
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(level)
    assert [record.getMessage() for record in caplog.records] == []


def test_every_rule_makes_its_node_and_every_action_has_its_rule() -> None:
    assert {rule.action for rule in tables().rules if rule.kind == NODE} == set(ACTIONS)


def test_tables_are_kept_and_read_back(folder: Path) -> None:
    made = tables()
    (file,) = folder.iterdir()
    tables.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_compile", None)
        assert same(tables(), made)
    assert file.name.startswith("grammar-")


@pytest.mark.parametrize("damage", [b"", b"{}", b"0" * 64 + b"\n{}", None])
def test_a_damaged_file_is_made_again(folder: Path, damage: bytes | None) -> None:
    made = tables()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] if damage is None else damage)
    tables.cache_clear()
    assert same(tables(), made)
    assert file.read_bytes() == whole


def test_another_grammar_or_another_lark_has_another_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = module._cache_file()
    monkeypatch.setattr(module, "_lark_version", lambda: "99")
    second = module._cache_file()
    changed = tmp_path / "grammar.lark"
    changed.write_text(GRAMMAR.read_text() + "\n// changed\n")
    monkeypatch.setattr(module, "GRAMMAR", changed)
    assert len({first, second, module._cache_file()}) == 3


def test_the_version_of_lark_is_found() -> None:
    import lark

    assert module._lark_version() == lark.__version__


@pytest.mark.parametrize("place", ["/proc/nothing", "a file"])
def test_a_directory_that_cannot_be_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    if place == "a file":
        (tmp_path / place).write_text("")
        place = str(tmp_path / place)
    monkeypatch.setenv("QSTORE_CACHE_DIR", place)
    tables.cache_clear()
    assert tables().rules


def test_no_home_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(module, "cache_root", homeless)
    assert tables().rules


def test_a_file_that_cannot_be_moved_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "replace", refuse)
    assert tables().rules
    assert list(folder.iterdir()) == []


def test_processes_that_start_together(folder: Path) -> None:
    """Each reads or makes the same tables, and Lark is not imported once they are there."""
    environment = os.environ | {"QSTORE_CACHE_DIR": str(folder)}
    running = [
        subprocess.Popen([sys.executable, "-c", READ], env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    for process in running:
        process.communicate()
    assert len(list(folder.iterdir())) == 1
    again = subprocess.run(
        [sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True
    )
    assert again.stdout.strip() == "False"
