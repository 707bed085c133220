"""The command as a process: pipes, signals, colours, internal errors, start-up."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from q_store.cli import main
from q_store.command import listing
from q_store.command.output import Output, paint, table

ENTRY = [sys.executable, "-m", "q_store"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def process(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ENTRY, *argv], capture_output=True, text=True, env=ENVIRONMENT, **options
    )


def test_programs_go_through_pipes(folder: Path) -> None:
    first = process("compile", "bell.qir", "-p", "")
    second = process("compile", "-", "-p", "cancel", input=first.stdout)
    third = process("compile", "-", input=second.stdout)
    assert (first.returncode, second.returncode, third.returncode) == (0, 0, 0)
    assert third.stdout == process("compile", "bell.qir").stdout


def test_the_same_bytes_every_time(folder: Path) -> None:
    runs = {process("compile", "bell.qir", "--emit", "stats-json").stdout for _ in range(2)}
    assert len(runs) == 1


def test_a_closed_pipe_ends_quietly(folder: Path) -> None:
    for argv in (["gates", "--markdown"], ["compile", "bell.qir"]):
        with subprocess.Popen(
            [*ENTRY, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 141


def test_interrupts_end_with_130(folder: Path) -> None:
    # A suite started in the background of a shell inherits that interrupts are ignored.
    (folder / "slow.py").write_text(
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [*ENTRY, "compile", "slow.py:x"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == "interrupted\n"
        assert running.wait(20) == 130


def test_help_imports_next_to_nothing() -> None:
    report = process("--help")
    assert report.returncode == 0
    program = (
        "import sys\nfrom q_store.cli import main\nmain(['--help'])\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    loaded = set(done.stderr.split())
    heavy = {"numpy", "numba", "torch", "rich", "lark", "dataclasses", "inspect", "json", "difflib"}
    assert loaded.isdisjoint(heavy)
    ours = {name for name in loaded if name.startswith("q_store.")}
    assert ours == {
        "q_store.cli",
        "q_store.command",
        "q_store.command.arguments",
        "q_store.command.exit_codes",
        "q_store.command.ionq_arguments",
        "q_store.command.ionq_serving",
        "q_store.command.main",
        "q_store.command.output",
    }


@pytest.mark.parametrize(
    "argv",
    [["compile", "bell.qir"], ["-q", "validate", "bell.qir"], ["passes"], ["explain", "QS201"]],
)
def test_commands_without_numbers_do_without_numpy(folder: Path, argv: list[str]) -> None:
    program = (
        f"import sys\nfrom q_store.cli import main\nassert main({argv!r}) == 0\n"
        "assert 'numpy' not in sys.modules, 'numpy'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert (done.returncode, done.stderr) == (0, "")


def best(argv: list[str]) -> float:
    """Seconds of the quickest of some runs."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, env=ENVIRONMENT, check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def test_help_starts_quickly() -> None:
    """60 ms beyond a bare interpreter on an idle machine; three times that on a busy one."""
    assert best([*ENTRY, "--help"]) - best([sys.executable, "-c", "pass"]) < 0.18


# --- internal errors --------------------------------------------------------------------------


def test_internal_errors_leave_a_reproducer(
    qstorec: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(args: object, out: object) -> int:
        raise ZeroDivisionError("of\nours")

    monkeypatch.setattr(listing, "list_gates", broken)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    done = qstorec("gates", "bell.qir")
    assert (done.code, done.out) == (70, "")
    (line,) = done.err.splitlines()
    assert line.startswith("internal error: ZeroDivisionError: of ours (")
    (path,) = re.findall(r"send (\S+)\)", line)
    kept = Path(path).read_text()
    assert "command: qstorec gates bell.qir" in kept
    assert "Traceback" in kept
    assert "--- bell.qir\nqir 1" in kept


def test_reproducers_that_cannot_be_written(
    qstorec: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(args: object, out: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(listing, "list_gates", broken)
    monkeypatch.setattr("tempfile.tempdir", str(folder / "nowhere"))
    done = qstorec("gates")
    assert done.code == 70
    assert "no reproducer could be written: No such file or directory" in done.err


# --- streams ----------------------------------------------------------------------------------


class Full(io.StringIO):
    """Standard output on a disk without room."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def _refuse(self, name: str) -> None:
        if name == self.at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(self, text: str) -> int:
        self._refuse("write")
        return super().write(text)

    def flush(self) -> None:
        self._refuse("flush")


@pytest.mark.parametrize("at", ["write", "flush"])
def test_a_full_disk_is_a_diagnostic(
    at: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for argv in (["compile", "bell.qir"], ["--version"], ["gates", "rx"]):
        monkeypatch.setattr("sys.stdout", Full(at))
        assert main(argv) == 1
        said = capsys.readouterr().err
        assert said == "error[QS706]: cannot write to standard output: No space left on device\n"


class Terminal:
    def isatty(self) -> bool:
        return True


class Pipe:
    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("color", "variables", "stream", "colored"),
    [
        ("auto", {}, Terminal(), True),
        ("auto", {}, Pipe(), False),
        ("auto", {"TERM": "dumb"}, Terminal(), False),
        ("auto", {"NO_COLOR": "1"}, Terminal(), False),
        ("auto", {"NO_COLOR": ""}, Terminal(), True),
        ("auto", {"FORCE_COLOR": "1"}, Pipe(), True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, Pipe(), False),
        ("never", {"FORCE_COLOR": "1"}, Terminal(), False),
        ("always", {"NO_COLOR": "1"}, Pipe(), True),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch,
    color: str,
    variables: dict[str, str],
    stream: Terminal | Pipe,
    colored: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Output(color).colored(stream) is colored


def test_paint_only_adds_colours() -> None:
    text = (
        "error[QS101]: a ^ b\n  --> f:1:1\n  |\n1 | x ^^ |\n  | ^^ label\n  = note: n\n  = help: h"
    )
    painted = paint(text)
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == text
    assert painted.splitlines()[3].endswith(" x ^^ |")


def test_data_is_never_coloured(qstorec: Callable) -> None:
    plain = qstorec("compile", "bell.qir").out
    assert qstorec("compile", "bell.qir", "--color", "always").out == plain


def test_tables() -> None:
    assert table([("a", "bb", "c"), ("aaa", "1", "")], "<>") == "a    bb  c\naaa   1\n"


# --- listings ---------------------------------------------------------------------------------


def test_listings_have_everything(qstorec: Callable) -> None:
    from q_store.passes.registry import PASSES
    from q_store.qir.error_codes import EXPLANATIONS
    from q_store.qir.registry import all_gates

    gates = qstorec("gates").out.splitlines()
    assert [line.split()[0] for line in gates[1:]] == [row.name for row in all_gates().values()]
    passes = qstorec("passes").out
    assert all(f"{name} " in passes for name in PASSES)
    codes = qstorec("explain").out.splitlines()
    assert [line.split()[0] for line in codes] == list(EXPLANATIONS)
    for name in PASSES:
        assert qstorec("passes", name).out.startswith(f"{name}\n\n  ")
    for code in EXPLANATIONS:
        assert qstorec("explain", code).out.startswith(f"{code}: ")
    for name in all_gates():
        assert qstorec("gates", name).out.startswith(f"### `{name}")


def test_listings_are_documents(qstorec: Callable) -> None:
    for command in ("gates", "passes", "explain", "doctor"):
        document = json.loads(qstorec(command, "--json").out)
        assert document["schema"] == f"qstorec/{command}/1"
    assert qstorec("gates", "--markdown").out.startswith("# Gates\n")
    assert qstorec("passes", "--markdown").out.startswith("### `")
    assert qstorec("explain", "--markdown").out.startswith("### QS")


def test_doctor(qstorec: Callable, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("QSTORE_CACHE_DIR", str(folder / "cache"))
    (folder / "cache").mkdir()
    (folder / "cache" / "kernel").write_bytes(b"x" * 2**20)
    done = qstorec("doctor")
    assert (done.code, done.err) == (0, "")
    assert f"{folder / 'cache'} (1.0 MiB)" in done.out
    assert re.search(r"^numpy +\d", done.out, re.M)


def test_timing_is_talk(qstorec: Callable) -> None:
    done = qstorec("compile", "bell.qir", "--timing")
    assert done.out == qstorec("compile", "bell.qir").out
    lines = done.err.splitlines()
    assert lines[0].split() == ["pass", "ms", "share", "gates", "2q"]
    assert any(line.split()[0] == "cancel" and line.endswith("changed") for line in lines)
    assert lines[-1].startswith("read ")
    assert qstorec("-q", "compile", "bell.qir").err == ""
