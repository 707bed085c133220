"""Files are read and written whole, or not at all."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from q_store.command import files
from q_store.qir.diagnostics import QStoreError


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_output_goes_to_files(qstorec: Callable, folder: Path) -> None:
    done = qstorec("compile", "bell.qir", "--emit", "ir=a.qir,drawing=a.svg,stats", "-o", "a.txt")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (folder / "a.qir").read_text() == qstorec("compile", "bell.qir").out
    assert (folder / "a.svg").read_text().startswith("<svg")
    assert (folder / "a.txt").read_text() == qstorec("compile", "bell.qir", "--emit", "stats").out
    assert qstorec("draw", "bell.qir", "--format", "svg", "-o", "b.svg").out == ""
    assert (folder / "b.svg").read_text().startswith("<svg")


def test_emit_can_be_repeated(qstorec: Callable, folder: Path) -> None:
    done = qstorec("compile", "bell.qir", "--emit", "executable=a.npz", "--emit", "ir")
    assert done.out.startswith("qir 1\n")
    assert (folder / "a.npz").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "argv",
    [
        ["compile", "wrong.qir", "-o", "out"],
        ["compile", "model.py:lost_key", "-o", "out"],
        ["compile", "misread.qir", "--emit", "ir=out,executable=x.npz"],
        ["compile", "bell.qir", "--emit", "ir=out,stats=nowhere/stats"],
        ["compile", "bell.qir", "-p", "cancl", "-o", "out"],
        ["draw", "wrong.qir", "-o", "out"],
    ],
)
def test_failure_writes_nothing(qstorec: Callable, folder: Path, argv: list[str]) -> None:
    (folder / "out").write_text("precious")
    before = listing(folder)
    done = qstorec(*argv)
    assert (done.code, done.out) == (1, "")
    assert listing(folder) == before
    assert (folder / "out").read_text() == "precious"


def test_a_program_can_be_compiled_in_place(qstorec: Callable, folder: Path) -> None:
    expected = qstorec("compile", "bell.qir").out
    assert qstorec("compile", "bell.qir", "-o", "bell.qir").code == 0
    assert (folder / "bell.qir").read_text() == expected


def test_mode_and_links_are_kept(qstorec: Callable, folder: Path) -> None:
    (folder / "real").write_text("old")
    (folder / "real").chmod(0o640)
    (folder / "link").symlink_to("real")
    assert qstorec("compile", "bell.qir", "-o", "link").code == 0
    assert (folder / "link").is_symlink()
    assert (folder / "real").read_text().startswith("qir 1")
    assert stat.S_IMODE((folder / "real").stat().st_mode) == 0o640


def test_devices_are_written_to(qstorec: Callable) -> None:
    assert qstorec("compile", "bell.qir", "-o", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


def test_refused_moves_leave_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    before = listing(folder)
    with pytest.raises(QStoreError, match="cannot write new: Permission denied") as caught:
        files.write_files([("new", b"data")])
    assert caught.value.code == "QS706"
    assert listing(folder) == before


def test_permissions(qstorec: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    done = qstorec("compile", "bell.qir")
    assert (done.code, done.err) == (1, "error[QS701]: cannot read bell.qir: Permission denied\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(range(256)), "QS702"),
        (b"\x7fELF\0\0", "QS702"),
        (b"qir 1\n\xff\xfe", "QS702"),
        (b"", "QS101"),
        (b"OPENQASM 3;", "QS377"),
        ("﻿qir 1\n".encode(), None),
        (b"qir 1\r\nfunc @f() {\r\n  return\r\n}\r\n", None),
    ],
)
def test_what_files_may_hold(
    qstorec: Callable, folder: Path, data: bytes, code: str | None
) -> None:
    (folder / "new").write_bytes(data)
    done = qstorec("validate", "new")
    piped = qstorec("validate", "-", stdin=data)
    if code is None:
        assert (done.code, piped.code) == (0, 0)
    else:
        assert (done.code, piped.code) == (1, 1)
        assert done.err.startswith(f"error[{code}]: ")
        assert piped.err.startswith(f"error[{code}]: ")


def test_standard_input_has_a_name(qstorec: Callable) -> None:
    done = qstorec("compile", "-", stdin=b"qir 1\nfunc\n")
    assert "--> <stdin>:2:5" in done.err


def test_names_that_are_none(qstorec: Callable) -> None:
    done = qstorec("compile", "a\0b")
    assert (done.code, done.err.startswith("error[QS701]")) == (1, True)
    done = qstorec("compile", "bell.qir", "-o", "a\0b")
    assert (done.code, done.err.startswith("error[QS706]")) == (1, True)
    assert qstorec("compile", "x" * 5000).code == 1
