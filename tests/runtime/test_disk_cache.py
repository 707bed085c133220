"""Byte strings on disk: whole or not there, bounded, and shared by processes."""

import logging
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest

from q_store import compile, configure
from q_store.qir.diagnostics import QStoreError
from q_store.runtime import compile_cache, config
from q_store.runtime.disk_cache import DiskCache


def key(number: int) -> str:
    return f"{number:064x}"[::-1]


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*.entry"))


def test_what_was_put_is_there_again(tmp_path: Path) -> None:
    store = DiskCache(tmp_path, 1000)
    assert store.get(key(1)) is None
    store.put(key(1), b"one\ntwo")
    assert store.get(key(1)) == b"one\ntwo"
    assert DiskCache(tmp_path, 1000).get(key(1)) == b"one\ntwo"
    assert store.get(key(2)) is None


@pytest.mark.parametrize(
    "damage",
    [lambda d: d[:-1], lambda d: d + b"x", lambda d: b"", lambda d: d.replace(b"e", b"f")],
    ids=["cut", "longer", "empty", "changed"],
)
def test_damage_is_found_and_the_entry_made_anew(
    damage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = DiskCache(tmp_path, 1000)
    store.put(key(1), b"eleven")
    (path,) = entries(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING, "q_store"):
        assert store.get(key(1)) is None
    assert "is damaged" in caplog.text
    assert entries(tmp_path) == []
    store.put(key(1), b"eleven")
    assert store.get(key(1)) == b"eleven"


def test_the_folder_is_bounded_and_keeps_what_is_used(tmp_path: Path) -> None:
    store = DiskCache(tmp_path, 20_000)
    long_ago = time.time() - 1000
    for number in range(100):
        store.put(key(number), bytes(1000))
        for path in entries(tmp_path):
            if path.name.startswith(key(number)):
                os.utime(path, (long_ago + number, long_ago + number))
        if number:
            assert store.get(key(0)) is not None
        size = sum(path.stat().st_size for path in entries(tmp_path))
        assert size <= 20_000
    assert store.get(key(99)) is not None
    assert store.get(key(50)) is None


def test_what_does_not_fit_is_not_kept(tmp_path: Path) -> None:
    store = DiskCache(tmp_path, 10)
    store.put(key(1), bytes(11))
    DiskCache(tmp_path, 0).put(key(2), b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    store = DiskCache(tmp_path / "file" / "folder", 1000)
    with caplog.at_level(logging.WARNING, "q_store"):
        store.put(key(1), b"one")
        store.put(key(2), b"two")
    assert caplog.text.count("cannot write the cache") == 1
    assert store.get(key(1)) is None


def test_abandoned_files_go(tmp_path: Path) -> None:
    old = tmp_path / "ab" / ".x.tmp"
    old.parent.mkdir()
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    DiskCache(tmp_path, 1000).put(key(1), b"one")
    assert not old.exists()


def hammer(folder: str, number: int) -> int:
    """Write and read while others do; the number of entries that were not what they should be."""
    store = DiskCache(Path(folder), 30_000)
    wrong = 0
    for turn in range(200):
        which = (turn * 7 + number) % 40
        content = f"{which} ".encode() * 300
        found = store.get(key(which))
        wrong += found not in (None, content)
        store.put(key(which), content)
    return wrong


def test_processes_share_a_folder(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(hammer, [(str(tmp_path), number) for number in range(3)])
    assert found == [0, 0, 0]
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 60_000
    assert not list(tmp_path.glob("??/.*"))


# --- compiled circuits -----------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # The kernels stay where they are: compiling them anew takes long.
    monkeypatch.setattr(compile_cache, "cache_root", lambda: tmp_path)
    yield tmp_path / "circuits"
    config.reset()


def test_configure_names_the_folder(tmp_path: Path) -> None:
    configure(cache_dir=tmp_path)
    try:
        assert compile(large()).executable.n_qubits == 3
    finally:
        config.reset()
    assert len(entries(tmp_path / "circuits")) == 1


def large(angle: float = 0.1) -> str:
    turns = "".join(f"rx(t + {angle + k}) q[{k % 3}]; cx q[0], q[1]; " for k in range(300))
    return f"qubits q[3]; weight t; {turns} expect Z0; expect X0 Y2"


def test_large_circuits_are_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile(large())
    wanted = first(t=0.3)
    assert len(entries(cache)) == 1
    with monkeypatch.context() as patch:
        patch.setattr("q_store.compiled.run_pipeline", None)
        again = compile(large())
        assert again.executable.key == first.executable.key
        assert again(t=0.3) == wanted
    assert compile(large(0.2))(t=0.3) != wanted
    assert np.allclose(compile(large(), passes="")(t=0.3), wanted)
    assert len(entries(cache)) == 3


def test_other_sources_make_other_entries(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compile(large()).executable
    monkeypatch.setattr(compile_cache, "_stamp", lambda: "newer")
    assert compile(large()).executable
    assert len(entries(cache)) == 2


def test_a_damaged_executable_is_compiled_again(cache: Path) -> None:
    wanted = compile(large())(t=0.3)
    (path,) = entries(cache)
    store = DiskCache(cache, 10_000_000)
    store.put(path.name.removesuffix(".entry"), b"an entry whose checksum is right")
    assert compile(large())(t=0.3) == wanted


def test_small_circuits_and_a_bound_of_zero_leave_no_files(cache: Path) -> None:
    compile("qubits q[1]; weight t; rx(t) q[0]; expect Z0")(t=0.3)
    assert not cache.exists()
    configure(cache_bytes=0)
    assert compile(large()).executable
    assert not cache.exists()


def test_errors_of_reading_are_not_hidden(cache: Path) -> None:
    with pytest.raises(QStoreError):
        compile(large(), passes="no-such-pass")
